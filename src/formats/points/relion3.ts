import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import type { StarHeader } from "../star/table.js";
import { isOptics, pixelOfRow, pixelSizesOf, readTablesBeside } from "./optics.js";
import { Columns, hasColumn, type ParticlePlan, readParticles } from "./particles.js";
import type { PointBatch, PointOptions, ReadPoints } from "./points.js";
import { relionRotation } from "./rotation.js";
import { scipyRelionRotation } from "./scipy-rotation.js";

/**
 * RELION 3 and programs that write its tables (Warp 1, Dynamo's converters): pixels, `rlnOriginX/Y/Z` in pixels where there are
 * any, tomograms named by `rlnMicrographName`.
 *
 * position = (coordinate − origin) / binning
 *
 * RELION 3.1 moved origins to Å and pixel sizes to `data_optics`; such a file is read with both. Origins in Å without that block
 * are skipped, as the portal does: nothing says what a pixel is.
 */
export const readRelion3: ReadPoints = (source, options, read) =>
  readPixels(source, options, ["rlnMicrographName", "rlnTomoName"], read);

/** Reads tables of RELION 3's kind whose tomograms have the first of these names that there is. */
export async function* readPixels(
  source: RandomAccess,
  options: PointOptions,
  filterColumns: readonly string[],
  read: ReadOptions | undefined,
): AsyncGenerator<PointBatch> {
  const tables = await readTablesBeside(
    source,
    isOptics,
    (table) => (isParticles(table) ? hasOriginsInAngstrom(table) : undefined),
    read,
  );
  yield* readParticles(
    source,
    options,
    isParticles,
    (table): ParticlePlan => {
      const columns = new Columns(table, source.name);
      const [x, y, z] = columns.need("rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ");
      const pixels = hasOriginsInAngstrom(table) ? pixelSizesOf(tables, ["rlnImagePixelSize"], source.name) : undefined;
      const origins = pixels
        ? columns.find("rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst")
        : columns.find("rlnOriginX", "rlnOriginY", "rlnOriginZ");
      const pixelOf = pixels ? pixelOfRow(pixels, columns) : () => 1;
      const { binning } = options;
      return {
        numbers: columns.places,
        keep: columns.filter(options.filterValue, filterColumns),
        place: (read, row, out, offset, line) => {
          const pixel = pixelOf(read, row, line);
          out[offset] = (read[x]![row]! - (origins ? read[origins[0]]![row]! / pixel : 0)) / binning;
          out[offset + 1] = (read[y]![row]! - (origins ? read[origins[1]]![row]! / pixel : 0)) / binning;
          out[offset + 2] = (read[z]![row]! - (origins ? read[origins[2]]![row]! / pixel : 0)) / binning;
        },
        turn: turnByAngles(columns, options),
      };
    },
    read,
  );
}

/** Orientations by RELION's three angles, which only oriented points need. */
export function turnByAngles(columns: Columns, { kind, compat }: PointOptions): ParticlePlan["turn"] {
  if (kind !== "orientedPoint") return undefined;
  const [rot, tilt, psi] = columns.need("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi");
  const rotation = compat ? scipyRelionRotation : relionRotation;
  return (read, row, out, offset) => rotation(read[rot]![row]!, read[tilt]![row]!, read[psi]![row]!, out, offset);
}

const isParticles = hasColumn("rlnCoordinateX");
const hasOriginsInAngstrom = (table: StarHeader) => hasColumn("rlnOriginXAngst")(table) && !hasColumn("rlnOriginX")(table);
