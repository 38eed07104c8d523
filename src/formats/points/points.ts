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

/** Type of point, as the lines of the portal's point files name it. */
export type PointKind = "point" | "orientedPoint" | "instancePoint";

/** Files in the folder of the one that is read. */
export interface FilesBeside {
  names(): Promise<readonly string[]>;
  /** @param path relative to the folder. Undefined where there is no such file, and for what leads out of the place. */
  open(path: string): Promise<RandomAccess | undefined>;
}

/**
 * Settings for a point file in a configuration. A reader uses those that its format knows and ignores the rest, as the portal
 * does.
 */
export interface PointOptions {
  readonly kind: PointKind;
  /** Every coordinate is divided by it: a number above 0. */
  readonly binning: number;
  /** For plain points: which of the first three columns of a table, or of the coordinates of any other format, are x, y, z. */
  readonly columns: "xyz" | "zyx";
  /** For points with orientation or instance. `zyx` reverses coordinates and flips matrices on both axes. */
  readonly order: "xyz" | "zyx";
  /** Delimiter between the columns of a table: one character. */
  readonly delimiter: string;
  /** Keeps the rows of this tomogram; all rows where it is undefined. */
  readonly filterValue?: string | undefined;
  /** Called at the end with the number of rows that `filterValue` left out. */
  readonly onLeftOut?: ((rows: number) => void) | undefined;
  /** The tomogram that the points lie in. Formats with coordinates from its centre need it. */
  readonly tomogram?:
    | { readonly sizeVoxels: readonly [x: number, y: number, z: number]; readonly voxelSpacingAngstrom: number }
    | undefined;
  /**
   * As the reference: instances are numbered by position, not by the file's ids, and RELION 4's subtomogram rotation is ignored.
   * Default false.
   */
  readonly compat?: boolean | undefined;
  /** Other files of the folder, for formats that are spread over several files. */
  readonly beside?: FilesBeside | undefined;
}

/** Whether the configuration exchanges x and z: plain points have `columns`, all others `order`, as the portal has it. */
export function isReversed({ kind, columns, order }: Pick<PointOptions, "kind" | "columns" | "order">): boolean {
  return (kind === "point" ? columns : order) === "zyx";
}

/**
 * Reads one format.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line or byte, FORMAT_TRUNCATED, FORMAT_UNKNOWN, FORMAT_LIMIT
 */
export type ReadPoints = (source: RandomAccess, options: PointOptions, read?: ReadOptions) => AsyncIterable<PointBatch>;
