import type { RandomAccess, ReadOptions } from "../../core/bytes.js";

/** Some points of a file, in its order. Readers yield them in batches, so that a list of any length needs the memory of one. */
export interface PointBatch {
  readonly count: number;
  /** Voxels of the annotation's tomogram, from 0: x, y, z of each point; 3 · `count` numbers. */
  readonly positions: Float64Array;
  /** Rotates the reference particle into its pose in the tomogram: row-major 3×3 over (x, y, z), 9 · `count` numbers. */
  readonly rotations?: Float64Array | undefined;
  /** Whole numbers from 0. Of instances only. */
  readonly instanceIds?: Float64Array | undefined;
}

/** What the lines of the portal's point files are called. */
export type PointKind = "point" | "orientedPoint" | "instancePoint";

/** What a configuration may say of a point file. A reader uses what its format knows and ignores the rest, as the portal does. */
export interface PointOptions {
  readonly kind: PointKind;
  /** Every coordinate is divided by it: a number above 0. */
  readonly binning: number;
  /** Which of the first three columns of a table, or of a model's coordinates, is x, y, z. */
  readonly columns: "xyz" | "zyx";
  /** `zyx` reverses coordinates and flips matrices on both axes. */
  readonly order: "xyz" | "zyx";
  /** Between the columns of a table: one character. */
  readonly delimiter: string;
  /** Keeps the rows of this tomogram; all rows where it is undefined. */
  readonly filterValue?: string | undefined;
  /** The tomogram that the points lie in. Formats with coordinates from its centre need it. */
  readonly tomogram?:
    | { readonly sizeVoxels: readonly [x: number, y: number, z: number]; readonly voxelSpacingAngstrom: number }
    | undefined;
  /**
   * As the reference: instances are numbered by position, not by the file's ids, and RELION 4's subtomogram rotation is ignored.
   * Default false.
   */
  readonly compat?: boolean | undefined;
}

/**
 * Reads one format.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line or byte, FORMAT_TRUNCATED, FORMAT_UNKNOWN, FORMAT_LIMIT
 */
export type ReadPoints = (source: RandomAccess, options: PointOptions, read?: ReadOptions) => AsyncIterable<PointBatch>;
