import { readStar } from "../../../../../formats/star/read.js";
import { mapLimit } from "../../../../../system/parallel.js";
import type { Claim } from "../../claims.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { orReason } from "../common/reading.js";

const BYTES_MAX = 16 * 1024 * 1024;
const READS_IN_FLIGHT = 4;
const PLACES = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"];
const ANGLES = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"];

/**
 * Lists of points of programs that have RELION's columns and numbers of their own: MemBrain-pick's clusters are Å from the first corner, and have places and
 * angles alone; pytom-match-pick counts voxels, whose size in Å is in a column that is µm elsewhere.
 *
 * Sources: `store_clusters` in clustering/inference_clustering.py and the page "Importing STAR files from MemBrain-pick into Relion-5" of
 * https://github.com/CellArchLab/MemBrain-pick; https://sbc-utrecht.github.io/pytom-match-pick/Developers
 */
export async function pickedPoints(laboratory: Laboratory): Promise<Claim[]> {
  const stars = laboratory.files.filter(
    ({ path, format, size }) => /_(?:clusters|particles)\.star$/i.test(path) && format === "text" && size <= BYTES_MAX,
  );
  const claims = await mapLimit(stars, READS_IN_FLIGHT, async ({ path }): Promise<Claim | undefined> => {
    const read = await orReason(async () =>
      readStar(await laboratory.open(path), ({ columns }) => (PLACES.every((one) => columns.includes(one)) ? "read" : "skip")),
    );
    const table = "value" in read ? read.value.find(({ columns }) => columns.includes(PLACES[0]!)) : undefined;
    if (!table) return undefined;
    const { columns, rows } = table;
    const isAll = (names: readonly string[]) => columns.length === names.length && names.every((one) => columns.includes(one));
    if (/_clusters\.star$/i.test(path) && isAll([...PLACES, ...ANGLES])) {
      const points = { format: "relion3_star", shape: "OrientedPoint", unit: "Å" } as const;
      return {
        path,
        role: "points",
        because: "MemBrain-pick calls its clusters so, which are in Å",
        strength: "bookkeeping",
        software: "MemBrain-pick",
        details: { points },
      };
    }
    const pixel = Number(rows[0]?.[columns.indexOf("rlnDetectorPixelSize")]);
    if (!columns.includes("rlnLCCmax") || columns.includes("rlnMagnification") || !(pixel > 0)) return undefined;
    const points = {
      format: "relion3_star",
      shape: "OrientedPoint",
      rowName: "rlnMicrographName",
      unit: "pixels",
      pixelAngstrom: pixel,
    } as const;
    return {
      path,
      role: "points",
      because: "its columns are those of pytom-match-pick",
      strength: "bookkeeping",
      software: "pytom-match-pick",
      details: { points },
    };
  });
  return claims.filter((claim) => claim !== undefined);
}
