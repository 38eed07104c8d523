import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { quoted, starError } from "../star/errors.js";
import { findStarColumn, twice } from "../star/read.js";
import { scanStar } from "../star/scan.js";
import type { StarHeader } from "../star/table.js";
import { equalTo, type ValueTest } from "../star/values.js";
import { isReversed, type PointBatch, type PointOptions } from "./points.js";
import { flipRotation } from "./rotation.js";

/**
 * Conversion of rows of a particle table to points. Both functions take the columns read, the index of a row, and the place for
 * the result.
 */
export interface ParticlePlan {
  /** Indices of the columns to be read as numbers: the contents of `columns`. */
  readonly numbers: readonly number[];
  /** Rows of other tomograms are skipped. */
  readonly keep: { readonly column: number; readonly test: ValueTest } | undefined;
  place(columns: readonly Float64Array[], row: number, out: Float64Array, offset: number, line: number): void;
  /** Absent where no orientation is wanted. */
  turn?: ((columns: readonly Float64Array[], row: number, out: Float64Array, offset: number) => void) | undefined;
}

/**
 * The particles of a STAR file of any length, in its order.
 *
 * @param isParticles tells the one table that holds them. @param planOf is asked once, when its columns are known.
 * @throws {EmporiumError} FORMAT_UNKNOWN where no table is one, FORMAT_FIELD where two are.
 */
export async function* readParticles(
  source: RandomAccess,
  options: PointOptions,
  isParticles: (table: StarHeader) => boolean,
  planOf: (table: StarHeader) => ParticlePlan,
  read?: ReadOptions,
): AsyncGenerator<PointBatch> {
  let found: StarHeader | undefined;
  let plan: ParticlePlan | undefined;
  let leftOut = 0;
  const batches = scanStar(
    source,
    (table) => {
      if (!isParticles(table)) return "skip";
      if (found) throw twice(source.name, table);
      found = table;
      plan = planOf(table);
      const { keep } = plan;
      if (!keep) return plan;
      const test: ValueTest = (bytes, start, end) => {
        const isKept = keep.test(bytes, start, end);
        if (!isKept) leftOut++;
        return isKept;
      };
      return { ...plan, keep: { column: keep.column, test } };
    },
    read,
  );
  for await (const { count, numbers, lines } of batches) {
    const { place, turn } = plan!;
    const positions = new Float64Array(3 * count);
    const rotations = turn && new Float64Array(9 * count);
    for (let row = 0; row < count; row++) {
      place(numbers, row, positions, 3 * row, lines[row]!);
      if (rotations) turn(numbers, row, rotations, 9 * row);
    }
    if (isReversed(options)) reversePoints(positions, rotations, count);
    yield { count, positions, rotations };
  }
  if (!found) throw noParticles(source.name);
  options.onLeftOut?.(leftOut);
}

/** Positions and matrices over (z, y, x), in place. */
export function reversePoints(positions: Float64Array, rotations: Float64Array | undefined, count: number): void {
  for (let i = 0; i < count; i++) {
    const x = positions[3 * i]!;
    positions[3 * i] = positions[3 * i + 2]!;
    positions[3 * i + 2] = x;
    if (rotations) flipRotation(rotations, 9 * i);
  }
}

/** Columns of one table in progress into a plan: each is read once and known by its place among those read. */
export class Columns {
  readonly places: number[] = [];

  constructor(
    readonly table: StarHeader,
    readonly file: string,
  ) {}

  /** All of these columns, or none: a table without one of them does not have the others to use. */
  find<const T extends readonly string[]>(...names: T): { [K in keyof T]: number } | undefined {
    const found = names.map((name) => findStarColumn(this.table, name, this.file));
    if (found.includes(undefined)) return undefined;
    return found.map((column) => this.places.push(column!) - 1) as { [K in keyof T]: number };
  }

  /** @throws {EmporiumError} FORMAT_FIELD that names those that are missing */
  need<const T extends readonly string[]>(...names: T): { [K in keyof T]: number } {
    const found = this.find(...names);
    if (found) return found;
    const missing = names.filter((name) => !this.table.columns.includes(name));
    const hint = "check file_format: programs use different names for columns of particles";
    throw starError(this.file, this.table.line, `no column ${missing.join(", ")} in the table data_${this.table.name}`, hint);
  }

  /** A test of the first of `names` that the table has; undefined where no value is asked for. */
  filter(value: string | undefined, names: readonly string[], test = equalTo): ParticlePlan["keep"] {
    if (value === undefined) return undefined;
    for (const name of names) {
      const column = findStarColumn(this.table, name, this.file);
      if (column !== undefined) return { column, test: test(value) };
    }
    const message = `no column ${names.join(" or ")} to look for ${quoted(value)} in, in the table data_${this.table.name}`;
    throw starError(this.file, this.table.line, message, "leave filter_value out if all particles are of one tomogram");
  }
}

/** A test of tables: true for those that have one of the columns. */
export const hasColumn =
  (...names: string[]) =>
  (table: StarHeader): boolean =>
    names.some((name) => table.columns.includes(name));

function noParticles(file: string): Error {
  const message = "no table of particles: none has coordinates under the names of this format";
  return starError(file, undefined, message, "check file_format", "FORMAT_UNKNOWN");
}
