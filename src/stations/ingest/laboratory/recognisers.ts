import type { Recogniser } from "./claims.js";
import { aretomo } from "./recognisers/aretomo/recognise.js";
import { configured } from "./recognisers/configured/recognise.js";
import { copick } from "./recognisers/copick/recognise.js";
import { copies } from "./recognisers/copies/recognise.js";
import { cryolo } from "./recognisers/cryolo/recognise.js";
import { cryosparc } from "./recognisers/cryosparc/recognise.js";
import { deepetpicker } from "./recognisers/deepetpicker/recognise.js";
import { deepfinder } from "./recognisers/deepfinder/recognise.js";
import { denoisers } from "./recognisers/denoisers/recognise.js";
import { dynamo } from "./recognisers/dynamo/recognise.js";
import { eman2 } from "./recognisers/eman2/recognise.js";
import { emclarity } from "./recognisers/emclarity/recognise.js";
import { emdb } from "./recognisers/emdb/recognise.js";
import { epu } from "./recognisers/epu/recognise.js";
import { halves } from "./recognisers/halves/recognise.js";
import { i3 } from "./recognisers/i3/recognise.js";
import { imod } from "./recognisers/imod/recognise.js";
import { leavings } from "./recognisers/leavings/recognise.js";
import { light } from "./recognisers/light/recognise.js";
import { maps } from "./recognisers/maps/recognise.js";
import { particleAverages } from "./recognisers/particle-averages/recognise.js";
import { peet } from "./recognisers/peet/recognise.js";
import { portal } from "./recognisers/portal/recognise.js";
import { protomo } from "./recognisers/protomo/recognise.js";
import { pytom } from "./recognisers/pytom/recognise.js";
import { relion } from "./recognisers/relion/recognise.js";
import { scipion } from "./recognisers/scipion/recognise.js";
import { segmenters } from "./recognisers/segmenters/recognise.js";
import { serialem } from "./recognisers/serialem/recognise.js";
import { stopgap } from "./recognisers/stopgap/recognise.js";
import { tomo5 } from "./recognisers/tomo5/recognise.js";
import { tomoman } from "./recognisers/tomoman/recognise.js";
import { warp } from "./recognisers/warp/recognise.js";

/** Programs whose bookkeeping is known: a row and a folder each. Their order says nothing. */
export const RECOGNISERS: readonly Recogniser[] = [
  imod,
  serialem,
  tomo5,
  warp,
  relion,
  scipion,
  aretomo,
  dynamo,
  peet,
  eman2,
  emclarity,
  stopgap,
  tomoman,
  protomo,
  i3,
  pytom,
  copick,
  cryolo,
  deepetpicker,
  deepfinder,
  denoisers,
  segmenters,
  halves,
  particleAverages,
  epu,
  cryosparc,
  maps,
  light,
  copies,
  leavings,
  portal,
  emdb,
  configured,
];
