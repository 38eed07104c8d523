import { starError } from "../star/errors.js";
import type { StarTable } from "../star/read.js";
import type { StarHeader } from "../star/table.js";
import { isOptics, pixelOfRow, pixelSizesOf, readTablesBeside } from "./optics.js";
import { Columns, hasColumn, type ParticlePlan, readParticles } from "./particles.js";
import type { PointBatch, PointOptions, ReadPoints } from "./points.js";
import { poseOf } from "./relion-pose.js";

/**
 * RELION 4's `data_optics` and `data_particles`: pixels, origins in Å, tomograms named by `rlnTomoName`.
 *
 * position = (coordinate − S · origin / pixel) / binning, R = S · R(rot, tilt, psi)
 *
 * The pixel is `rlnImagePixelSize` of the row's optics group, which is the portal's choice; `rlnTomoTiltSeriesPixelSize` where
 * that is missing. S is the rotation that a subtomogram was extracted with (`rlnTomoSubtomogramRot/Tilt/Psi`), identity in most
 * files; the portal, and so `compat`, skips it. Origins that are absent are 0.
 */
export const readRelion4: ReadPoints = async function* (source, options, read): AsyncGenerator<PointBatch> {
  const needs = (table: StarHeader) => (isParticles(table) ? hasColumn("rlnOriginXAngst")(table) : undefined);
  const tables = await readTablesBeside(source, isOptics, needs, read);
  yield* readParticles(source, options, isParticles, (table) => planOf(table, options, tables, source.name), read);
};

const PIXEL_COLUMNS = ["rlnImagePixelSize", "rlnTomoTiltSeriesPixelSize", "rlnMicrographPixelSize"];

const isParticles = hasColumn("rlnCoordinateX");

function planOf(table: StarHeader, options: PointOptions, tables: readonly StarTable[], file: string): ParticlePlan {
  const columns = new Columns(table, file);
  const [x, y, z] = columns.need("rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ");
  const pose = poseOf(columns, options, options.compat === true);
  const pixels = pose.hasOrigin ? pixelSizesOf(tables, PIXEL_COLUMNS, file) : undefined;
  if (pose.hasOrigin && !pixels) {
    throw starError(file, table.line, "origins in Å and no data_optics with rlnImagePixelSize, which turns them into pixels");
  }
  const pixelOf = pixels ? pixelOfRow(pixels, columns) : () => 1;
  const { binning } = options;
  return {
    numbers: columns.places,
    keep: columns.filter(options.filterValue, ["rlnTomoName", "rlnMicrographName"]),
    place: (read, row, out, offset, line) => {
      pose.originAngstrom(read, row, out, offset);
      const pixel = pixelOf(read, row, line);
      out[offset] = (read[x]![row]! - out[offset]! / pixel) / binning;
      out[offset + 1] = (read[y]![row]! - out[offset + 1]! / pixel) / binning;
      out[offset + 2] = (read[z]![row]! - out[offset + 2]! / pixel) / binning;
    },
    turn: pose.turn,
  };
}
