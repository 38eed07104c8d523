import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { LIMITS } from "../../core/limits.js";
import { quoted, starError } from "./errors.js";
import { scanStar } from "./scan.js";
import type { StarHeader } from "./table.js";

/** A table of a STAR file with all of its values as text. Pairs are a table of one row. */
export interface StarTable extends StarHeader {
  /** Rows with as many texts each as there are columns. */
  readonly rows: readonly (readonly string[])[];
  /** The line of each row, from 1. */
  readonly lines: readonly number[];
}

/**
 * The tables of a small STAR file, in its order; blocks of one name are all there. For long ones there is `scanStar`.
 *
 * @param want says of each table whether it is to be read, skipped, or the end of what is needed. Default: all are read.
 * @throws {EmporiumError} FORMAT_FIELD with the line, FORMAT_UNKNOWN, FORMAT_UNSUPPORTED; FORMAT_LIMIT past `LIMITS.headerBytes`
 *   of values.
 */
export async function readStar(
  source: RandomAccess,
  want: (table: StarHeader) => "read" | "skip" | "stop" = () => "read",
  read?: ReadOptions,
): Promise<StarTable[]> {
  const tables = new Map<StarHeader, { rows: string[][]; lines: number[] }>();
  let room: number = LIMITS.headerBytes;
  const batches = scanStar(
    source,
    (table) => {
      const answer = want(table);
      if (answer !== "read") return answer;
      tables.set(table, { rows: [], lines: [] });
      return { texts: table.columns.map((_, i) => i) };
    },
    read,
  );
  for await (const { table, count, texts, lines } of batches) {
    const found = tables.get(table)!;
    for (let row = 0; row < count; row++) {
      const values = texts.map((column) => column[row]!);
      room -= values.reduce((sum, value) => sum + value.length + BYTES_OF_TEXT, 0);
      if (room < 0) {
        const hint = "check that this is the right file: real ones have a few kilobytes";
        throw starError(source.name, lines[row], `more than ${LIMITS.headerBytes} bytes of values`, hint, "FORMAT_LIMIT");
      }
      found.rows.push(values);
      found.lines.push(lines[row]!);
    }
  }
  return [...tables].map(([table, { rows, lines }]) => ({ ...table, rows, lines }));
}

/** Memory of a text besides its letters, in bytes. */
const BYTES_OF_TEXT = 16;

/**
 * The one table of that name; undefined where there is none.
 *
 * @throws {EmporiumError} FORMAT_FIELD where there are several.
 */
export function findStarTable(tables: readonly StarTable[], name: string, file: string): StarTable | undefined {
  const [first, second] = tables.filter((table) => table.name === name);
  if (second) throw twice(file, second);
  return first;
}

/**
 * The place of a column; undefined where there is none.
 *
 * @throws {EmporiumError} FORMAT_FIELD where the table has it twice.
 */
export function findStarColumn(table: StarHeader, column: string, file: string): number | undefined {
  const at = table.columns.indexOf(column);
  if (at >= 0 && table.columns.includes(column, at + 1)) {
    throw starError(file, table.line, `the column ${quoted(column)} appears twice in data_${table.name}`);
  }
  return at < 0 ? undefined : at;
}

/** A file with two blocks of a name, one of which was asked for. */
export function twice(file: string, second: StarHeader): Error {
  const message = `a second block data_${second.name}; expected one`;
  return starError(file, second.line, message, "leave the block that is meant, or give each its own name");
}
