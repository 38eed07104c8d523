import { starError } from "../star/errors.js";
import type { StarTable } from "../star/read.js";
import type { StarHeader } from "../star/table.js";
import { isOptics, pixelOfRow, pixelSizesOf, readTablesBeside } from "./optics.js";
import { Columns, hasColumn, type ParticlePlan, readParticles } from "./particles.js";
import type { PointBatch, PointOptions, ReadPoints } from "./points.js";
import { turnByAngles } from "./relion3.js";
import { relionRotation } from "./rotation.js";
import { seriesNamed } from "./series-named.js";

/**
 * Particles of Warp, WarpTools and M, distinguished by their columns.
 *
 * - **M's species** (`wrpCoordinateX1 …`): Å from the first voxel's centre. position = coordinate / spacing, where `spacing` is
 *   `binning` where that is not 1, since in Å that is what it says, else the tomogram's. Of a pose that changes with the dose the
 *   first is taken. Tomograms are named by `wrpSourceName`.
 * - **What WarpTools exchanges with RELION** (`rlnCoordinateX …`): pixels. position = (coordinate − origin) / binning; origins
 *   are pixels, or Å over the row's `rlnPixelSize`, else over the `rlnImagePixelSize` of its optics group. Tomograms are named by
 *   `rlnMicrographName`, else `rlnTomoName`.
 *
 * The name of a tomogram is that of its `.tomostar`, which the filter may leave off together with folders before it: Warp itself
 * looks at the name alone.
 *
 * Sources: `ParticleStarParsing` in warpem/warp's MTools; docs/reference/warptools/tomogram_particle_files.md there.
 */
export const readWarp: ReadPoints = async function* (source, options, read): AsyncGenerator<PointBatch> {
  const needs = (table: StarHeader) => (isParticles(table) ? needsPixel(table) : undefined);
  const tables = await readTablesBeside(source, isOptics, needs, read);
  const planOf = (table: StarHeader) =>
    hasColumn("rlnCoordinateX")(table)
      ? exchangePlan(table, options, tables, source.name)
      : speciesPlan(table, options, source.name);
  yield* readParticles(source, options, isParticles, planOf, read);
};

/**
 * Peaks of WarpTools' template matching (`warp_tiltseries/matching/X_10.00Apx_emd_15854.star`): RELION's columns, but coordinates are normalised, from 0 to
 * 1 over the volume: what `ts_export_particles` takes with `--normalized_coords`.
 *
 *     position = coordinate · size
 *
 * `size`, in voxels, is the tomogram's. Warp means that of the volume before it rounds it to an even number of voxels: less than a voxel's difference. The
 * format has no binning. Tomograms are named as in `readWarp`.
 *
 * @throws {EmporiumError} FORMAT_FIELD for coordinates that are no parts of 1, for a binning other than 1, and where no tomogram is known.
 *
 * Source: `TiltSeries.MatchFull` in warpem/warp's WarpLib: `PositionF = Position / VolumeDimensionsPhysical`.
 */
export const readWarpMatching: ReadPoints = async function* (source, options, read): AsyncGenerator<PointBatch> {
  yield* readParticles(source, options, hasColumn(COORDINATES[0]), (table) => matchingPlan(table, options, source.name), read);
};

const COORDINATES = ["rlnCoordinateX", "rlnCoordinateY", "rlnCoordinateZ"] as const;
const EXCHANGE_NAMES = ["rlnMicrographName", "rlnTomoName"];

const isParticles = hasColumn("wrpCoordinateX1", "wrpCoordinateX", "rlnCoordinateX");
const needsPixel = (table: StarHeader) =>
  hasColumn("rlnOriginXAngst")(table) && !hasColumn("rlnOriginX", "rlnPixelSize", "rlnImagePixelSize")(table);

function speciesPlan(table: StarHeader, options: PointOptions, file: string): ParticlePlan {
  const columns = new Columns(table, file);
  const numbered = hasColumn("wrpCoordinateX1")(table) ? "1" : "";
  const coordinates = columns.need(`wrpCoordinateX${numbered}`, `wrpCoordinateY${numbered}`, `wrpCoordinateZ${numbered}`);
  const { binning, tomogram } = options;
  const spacingAngstrom = binning === 1 && tomogram ? tomogram.voxelSpacingAngstrom : binning;
  const turned = hasColumn("wrpAngleRot1")(table) ? "1" : "";
  const angles =
    options.kind === "orientedPoint"
      ? columns.need(`wrpAngleRot${turned}`, `wrpAngleTilt${turned}`, `wrpAnglePsi${turned}`)
      : undefined;
  return {
    numbers: columns.places,
    keep: columns.filter(options.filterValue, ["wrpSourceName"], seriesNamed),
    place: (read, row, out, offset) => {
      for (let i = 0; i < 3; i++) out[offset + i] = read[coordinates[i]!]![row]! / spacingAngstrom;
    },
    turn:
      angles &&
      ((read, row, out, offset) =>
        relionRotation(read[angles[0]]![row]!, read[angles[1]]![row]!, read[angles[2]]![row]!, out, offset)),
  };
}

function exchangePlan(table: StarHeader, options: PointOptions, tables: readonly StarTable[], file: string): ParticlePlan {
  const columns = new Columns(table, file);
  const coordinates = columns.need(...COORDINATES);
  const inPixels = columns.find("rlnOriginX", "rlnOriginY", "rlnOriginZ");
  const origins = inPixels ?? columns.find("rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst");
  const pixelOf = origins && !inPixels ? pixelOfOrigins(columns, tables) : () => 1;
  return {
    numbers: columns.places,
    keep: columns.filter(options.filterValue, EXCHANGE_NAMES, seriesNamed),
    place: (read, row, out, offset, line) => {
      const pixel = pixelOf(read, row, line);
      for (let i = 0; i < 3; i++) {
        const origin = origins ? read[origins[i]!]![row]! / pixel : 0;
        out[offset + i] = (read[coordinates[i]!]![row]! - origin) / options.binning;
      }
    },
    turn: turnByAngles(columns, options),
  };
}

/** Poses may be refined to a place a little outside; pixels are far from it. */
const PARTS_MARGIN = 0.5;

function matchingPlan(table: StarHeader, options: PointOptions, file: string): ParticlePlan {
  const { tomogram, binning } = options;
  if (binning !== 1) {
    const message = `a binning of ${binning} for normalised coordinates, which have none`;
    throw starError(file, table.line, message, "leave binning out, or use warp_star for coordinates in pixels");
  }
  if (!tomogram) {
    const message = "coordinates are parts of the tomogram's size, and no tomogram at this voxel spacing gives it";
    throw starError(file, table.line, message, "check the voxel spacing, or import the tomogram with the annotation");
  }
  const columns = new Columns(table, file);
  const coordinates = columns.need(...COORDINATES);
  return {
    numbers: columns.places,
    keep: columns.filter(options.filterValue, EXCHANGE_NAMES, seriesNamed),
    place: (read, row, out, offset, line) => {
      for (let i = 0; i < 3; i++) {
        const part = read[coordinates[i]!]![row]!;
        if (part < -PARTS_MARGIN || part > 1 + PARTS_MARGIN) {
          const message = `${COORDINATES[i]} is ${part}; expected a part of the tomogram's size, from 0 to 1,`;
          throw starError(file, line, message, "use warp_star where coordinates are pixels, as WarpTools exports them");
        }
        out[offset + i] = part * tomogram.sizeVoxels[i]!;
      }
    },
    turn: turnByAngles(columns, options),
  };
}

function pixelOfOrigins(columns: Columns, tables: readonly StarTable[]): ReturnType<typeof pixelOfRow> {
  const ofRow = columns.find("rlnPixelSize") ?? columns.find("rlnImagePixelSize");
  if (ofRow) {
    return (read, row, line) => {
      const pixel = read[ofRow[0]]![row]!;
      if (!(pixel > 0)) throw starError(columns.file, line, `a pixel size of ${pixel}; expected one above 0`);
      return pixel;
    };
  }
  const pixels = pixelSizesOf(tables, ["rlnPixelSize", "rlnImagePixelSize"], columns.file);
  if (pixels) return pixelOfRow(pixels, columns);
  const message = "origins in Å and neither rlnPixelSize nor rlnImagePixelSize, which turn them into pixels";
  throw starError(columns.file, columns.table.line, message, "add one of them: Warp refuses such a file as well");
}
