import { readCopick } from "./copick.js";
import { readCsv, readCsvWithHeader, readTsv } from "./csv.js";
import { readImodPoints } from "./imod.js";
import type { PointKind, ReadPoints } from "./points.js";
import { readRelion3 } from "./relion3.js";
import { readRelion4 } from "./relion4.js";
import { readRelion5 } from "./relion5.js";
import { readStopgap } from "./stopgap.js";
import { readTardis } from "./tardis.js";
import { readTomoman } from "./tomoman.js";
import { readWarp } from "./warp.js";

export interface PointReader {
  readonly read: ReadPoints;
  /** What the format can give. */
  readonly kinds: readonly PointKind[];
  /** Its files hold the points of many tomograms and have nothing but a number to tell them apart: a filter must be given. */
  readonly needsFilter?: boolean;
}

/** Every `file_format` of a point source. relion5_star and warp_star are our own: the portal reads neither. */
export const POINT_READERS: Readonly<Record<string, PointReader>> = {
  csv: { read: readCsv, kinds: ["point"] },
  csv_with_header: { read: readCsvWithHeader, kinds: ["point"] },
  tsv: { read: readTsv, kinds: ["point"] },
  mod: { read: readImodPoints, kinds: ["point", "orientedPoint"] },
  relion3_star: { read: readRelion3, kinds: ["point", "orientedPoint"] },
  relion4_star: { read: readRelion4, kinds: ["point", "orientedPoint"] },
  relion5_star: { read: readRelion5, kinds: ["point", "orientedPoint"] },
  tomoman_relion_star: { read: readTomoman, kinds: ["point", "orientedPoint"] },
  stopgap_star: { read: readStopgap, kinds: ["orientedPoint"], needsFilter: true },
  warp_star: { read: readWarp, kinds: ["point", "orientedPoint"] },
  copick: { read: readCopick, kinds: ["point", "orientedPoint", "instancePoint"] },
  tardis: { read: readTardis, kinds: ["instancePoint"] },
};
