import { acquisition } from "./acquisition.js";
import { alignment } from "./alignment.js";
import { annotation } from "./annotation.js";
import { dataset } from "./dataset.js";
import { deposition } from "./deposition.js";
import { frame } from "./frame.js";
import { gain } from "./gain.js";
import { identifiedObject } from "./identified-object.js";
import type { Importer } from "./importer.js";
import { keyImage } from "./key-image.js";
import { datasetKeyPhoto, depositionKeyPhoto } from "./key-photos.js";
import { run } from "./run.js";
import { tiltseries } from "./tiltseries.js";
import { ctf, rawtilt } from "./tiltseries-files.js";
import { tomogram } from "./tomogram.js";
import { viewConfig } from "./view-config.js";
import { voxelSpacing } from "./voxel-spacing.js";

/**
 * Every kind that is imported, in the order of `model/kinds.ts` but where one asks for what another has planned: each stands behind those, and an
 * entity's own metadata behind all that lies in it. What is found has no order: it is looked for when it is first asked for.
 */
export const IMPORTERS: readonly Importer[] = [
  gain,
  acquisition,
  frame,
  tiltseries,
  rawtilt,
  ctf,
  voxelSpacing,
  alignment,
  tomogram,
  annotation,
  keyImage,
  viewConfig,
  identifiedObject,
  run,
  datasetKeyPhoto,
  dataset,
  depositionKeyPhoto,
  deposition,
];
