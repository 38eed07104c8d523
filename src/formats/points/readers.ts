import { readCopick } from "./copick.js";
import { readCryolo } from "./cryolo.js";
import { readCsv, readCsvWithHeader, readTsv } from "./csv.js";
import { readDynamo } from "./dynamo.js";
import { readEman2Box, readEman2Json } from "./eman2.js";
import { readImodPoints } from "./imod.js";
import { readPeet } from "./peet.js";
import type { PointKind, ReadPoints } from "./points.js";
import { readRelion3 } from "./relion3.js";
import { readRelion4 } from "./relion4.js";
import { readRelion5 } from "./relion5.js";
import { readStopgap } from "./stopgap.js";
import { readTardis } from "./tardis.js";
import { readTomoman } from "./tomoman.js";
import { readTomotwin } from "./tomotwin.js";
import { readWarp } from "./warp.js";

export interface PointReader {
  readonly read: ReadPoints;
  /** What the format can give. */
  readonly kinds: readonly PointKind[];
  /** Its files hold the points of many tomograms and have nothing but a number to distinguish them: a filter must be given. */
  readonly needsFilter?: boolean;
  /** The file is held whole, as bytes and as objects: ten times its size. All others are read a batch at a time. */
  readonly isWhole?: boolean;
}

/** Readers of formats that the portal does not have. */
export const OWN_POINT_READERS = {
  relion5_star: { read: readRelion5, kinds: ["point", "orientedPoint"] },
  warp_star: { read: readWarp, kinds: ["point", "orientedPoint"] },
  dynamo_tbl: { read: readDynamo, kinds: ["point", "orientedPoint"] },
  peet_motl: { read: readPeet, kinds: ["point", "orientedPoint"] },
  eman2_box: { read: readEman2Box, kinds: ["point"] },
  eman2_json: { read: readEman2Json, kinds: ["point"], isWhole: true },
  cryolo_cbox: { read: readCryolo, kinds: ["point"] },
  tomotwin_tloc: { read: readTomotwin, kinds: ["point"], isWhole: true },
} as const satisfies Readonly<Record<string, PointReader>>;

/** Every `file_format` of a point source. */
export const POINT_READERS: Readonly<Record<string, PointReader>> = {
  csv: { read: readCsv, kinds: ["point"] },
  csv_with_header: { read: readCsvWithHeader, kinds: ["point"] },
  tsv: { read: readTsv, kinds: ["point"] },
  mod: { read: readImodPoints, kinds: ["point", "orientedPoint"] },
  relion3_star: { read: readRelion3, kinds: ["point", "orientedPoint"] },
  relion4_star: { read: readRelion4, kinds: ["point", "orientedPoint"] },
  tomoman_relion_star: { read: readTomoman, kinds: ["point", "orientedPoint"] },
  stopgap_star: { read: readStopgap, kinds: ["orientedPoint"], needsFilter: true },
  copick: { read: readCopick, kinds: ["point", "orientedPoint", "instancePoint"], isWhole: true },
  tardis: { read: readTardis, kinds: ["instancePoint"] },
  ...OWN_POINT_READERS,
};
