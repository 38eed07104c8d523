import { starError } from "../star/errors.js";
import { findStarColumn } from "../star/read.js";
import type { StarHeader } from "../star/table.js";
import type { ValueTest } from "../star/values.js";
import { Columns, type ParticlePlan, readParticles } from "./particles.js";
import type { ReadPoints } from "./points.js";

/**
 * crYOLO's boxes of a tomogram (`.cbox`, table `cryolo`), in voxels.
 *
 * position = (CoordinateX + Width / 2, CoordinateY + Height / 2, CoordinateZ) / binning
 *
 * X and Y are of a box's corner, Z is of its centre: so the box manager of the same authors reads and writes it, and in its files
 * the slices with particles (`cryolo_include`) are the Zs. All boxes are taken, whatever their confidence.
 *
 * Source: `io/cbox.py` in MPI-Dortmund/napari-boxmanager.
 *
 * @throws {EmporiumError} FORMAT_FIELD for boxes of an image, which have no z
 */
export const readCryolo: ReadPoints = (source, options, read) =>
  readParticles(source, options, isBoxes, (table) => planOf(table, source.name, options.binning), read);

const isBoxes = ({ name, columns }: StarHeader): boolean => name === "cryolo" && columns.includes("CoordinateX");

function planOf(table: StarHeader, file: string, binning: number): ParticlePlan {
  const columns = new Columns(table, file);
  const z = findStarColumn(table, "CoordinateZ", file);
  if (z === undefined) throw flat(file, table.line);
  const corners = columns.need("CoordinateX", "CoordinateY", "CoordinateZ");
  const sizes = columns.need("Width", "Height");
  return {
    numbers: columns.places,
    keep: { column: z, test: hasZ(file) },
    place: (read, row, out, offset) => {
      for (let axis = 0; axis < 2; axis++)
        out[offset + axis] = (read[corners[axis]!]![row]! + read[sizes[axis]!]![row]! / 2) / binning;
      out[offset + 2] = read[corners[2]]![row]! / binning;
    },
  };
}

/** Keeps every row, and refuses the file at the first `<NA>`. */
function hasZ(file: string): ValueTest {
  return (bytes, start, end) => {
    if (end - start === 4 && bytes[start] === 0x3c && bytes[start + 1] === 0x4e) throw flat(file, undefined);
    return true;
  };
}

function flat(file: string, line: number | undefined): Error {
  const message = "boxes of a two-dimensional image: CoordinateZ is missing or <NA>; expected points of a tomogram";
  const hint = "trace the boxes through the tomogram with crYOLO (--tomogram), and give the file in CBOX_3D";
  return starError(file, line, message, hint);
}
