import { starError } from "../star/errors.js";
import { findStarColumn, type StarTable } from "../star/read.js";
import type { StarHeader } from "../star/table.js";
import { ofTomogramNamed } from "../star/tomogram-name.js";
import { isOptics, numberIn, pixelOfRow, pixelSizesOf, readTablesBeside } from "./optics.js";
import { Columns, hasColumn, type ParticlePlan, readParticles } from "./particles.js";
import type { PointBatch, PointOptions, ReadPoints } from "./points.js";
import { poseOf } from "./relion-pose.js";
import { seriesNamed } from "./series-named.js";

/**
 * RELION 5's particles: Å from the tomogram's centre (`rlnCenteredCoordinateX/Y/ZAngst`), or pixels of the tilt series as in version 4.
 *
 *     from the centre: position = (coordinate − S · origin) / spacing + size / 2
 *     in pixels:       position = (coordinate − S · origin / pixel) / binning           R = S · R(rot, tilt, psi)
 *
 * - The centre is at half the size, which for an even number of voxels is the voxel right of the middle, as in RELION's own code.
 * - `spacing` is `binning` where that is not 1, since in Å that is what it says; else the tomogram's. `size`, in voxels, is the tomogram's.
 * - Where no tomogram is known the file may say of itself: a table of tomograms beside the particles (`rlnTomoName`, `rlnTomoSizeX/Y/Z`,
 *   `rlnTomoTiltSeriesPixelSize`) gives pixels of the tilt series, divided by `binning`.
 * - `pixel` is `rlnTomoTiltSeriesPixelSize` of the row's optics group. S and origins: `poseOf`.
 *
 * Source: `ParticleSet::getParticleCoordDecenteredPixel` in RELION's `src/jaz/tomography/particle_set.cpp`, version 5.
 */
export const readRelion5: ReadPoints = async function* (source, options, read): AsyncGenerator<PointBatch> {
  const needs = (table: StarHeader) => {
    if (!isParticles(table)) return undefined;
    return isCentred(table) ? !options.tomogram : hasColumn("rlnOriginXAngst")(table);
  };
  const tables = await readTablesBeside(source, (table) => isOptics(table) || isTomograms(table), needs, read);
  const planOf = (table: StarHeader) => (isCentred(table) ? centredPlan : pixelPlan)(table, options, tables, source.name);
  yield* readParticles(source, options, isParticles, planOf, read);
};

const CENTRED = ["rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst"] as const;
const SIZES = ["rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"] as const;
const NAMES = ["rlnTomoName", "rlnMicrographName"];

const isCentred = hasColumn(CENTRED[0]);
const isParticles = hasColumn(CENTRED[0], "rlnCoordinateX");
const isTomograms = (table: StarHeader) => SIZES.every((name) => table.columns.includes(name));

function centredPlan(table: StarHeader, options: PointOptions, tables: readonly StarTable[], file: string): ParticlePlan {
  const columns = new Columns(table, file);
  const coordinates = columns.need(...CENTRED);
  const pose = poseOf(columns, options, false);
  const frame = frameOf(options, tables, file);
  return {
    numbers: columns.places,
    keep: columns.filter(options.filterValue, NAMES, seriesNamed),
    place: (read, row, out, offset) => {
      pose.originAngstrom(read, row, out, offset);
      for (let i = 0; i < 3; i++) {
        out[offset + i] = (read[coordinates[i]!]![row]! - out[offset + i]!) / frame.spacingAngstrom + frame.centre[i]!;
      }
    },
    turn: pose.turn,
  };
}

/** Voxel spacing and centre of the result's frame, in Å and voxels. */
function frameOf({ tomogram, binning, filterValue }: PointOptions, tables: readonly StarTable[], file: string) {
  if (tomogram) {
    const spacingAngstrom = binning === 1 ? tomogram.voxelSpacingAngstrom : binning;
    return { spacingAngstrom, centre: tomogram.sizeVoxels.map((length) => length / 2) };
  }
  const found = tables
    .filter(isTomograms)
    .flatMap((table) => table.rows.map((values, row) => ({ table, values, line: table.lines[row]! })));
  const cellOf = ({ table, values }: (typeof found)[number], column: string) => {
    const at = findStarColumn(table, column, file);
    return at === undefined ? undefined : values[at];
  };
  const named = found.length === 1 ? found : ofTomogramNamed(found, (row) => cellOf(row, "rlnTomoName"), filterValue);
  const [row] = named;
  if (!row || named.length > 1) {
    const message = "coordinates are relative to the tomogram's centre, and no tomogram at this voxel spacing gives its size";
    throw starError(file, undefined, message, "check the voxel spacing, or import the tomogram with the annotation");
  }
  const [x, y, z, pixel] = [...SIZES, "rlnTomoTiltSeriesPixelSize"].map((column) => {
    const value = numberIn(cellOf(row, column) ?? "");
    if (!(value > 0))
      throw starError(file, row.line, `${column} is ${cellOf(row, column) ?? "missing"}; expected a number above 0`);
    return value;
  });
  return { spacingAngstrom: pixel! * binning, centre: [x!, y!, z!].map((length) => length / 2 / binning) };
}

function pixelPlan(table: StarHeader, options: PointOptions, tables: readonly StarTable[], file: string): ParticlePlan {
  const columns = new Columns(table, file);
  const coordinates = columns.need("rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ");
  const pose = poseOf(columns, options, false);
  const pixels = pose.hasOrigin ? pixelSizesOf(tables, ["rlnTomoTiltSeriesPixelSize", "rlnImagePixelSize"], file) : undefined;
  if (pose.hasOrigin && !pixels) {
    const message = "origins in Å and no data_optics with rlnTomoTiltSeriesPixelSize, which turns them into pixels";
    throw starError(file, table.line, message);
  }
  const pixelOf = pixels ? pixelOfRow(pixels, columns) : () => 1;
  return {
    numbers: columns.places,
    keep: columns.filter(options.filterValue, NAMES, seriesNamed),
    place: (read, row, out, offset, line) => {
      pose.originAngstrom(read, row, out, offset);
      const pixel = pixelOf(read, row, line);
      for (let i = 0; i < 3; i++) {
        out[offset + i] = (read[coordinates[i]!]![row]! - out[offset + i]! / pixel) / options.binning;
      }
    },
    turn: pose.turn,
  };
}
