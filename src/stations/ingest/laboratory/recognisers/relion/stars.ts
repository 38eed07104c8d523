import { readStar, type StarTable } from "../../../../../formats/star/read.js";
import type { StarHeader } from "../../../../../formats/star/table.js";
import type { Laboratory } from "../../survey/laboratory.js";
import { orReason } from "../common/reading.js";

/** A row of a table by the names of its columns. */
export type Row = ReadonlyMap<string, string>;

/** Tables of a STAR file by the name in the laboratory; a reason for a broken one. */
export async function starTables(
  laboratory: Laboratory,
  path: string,
  want?: (table: StarHeader) => "read" | "skip" | "stop",
): Promise<readonly StarTable[] | { readonly reason: string }> {
  const read = await orReason(async () => {
    const source = await laboratory.open(path);
    return readStar({ name: path, size: () => source.size(), read: source.read.bind(source) }, want);
  });
  return "reason" in read ? read : read.value;
}

export function rowsOf({ columns, rows }: StarTable): Row[] {
  return rows.map((values) => new Map(columns.map((column, at) => [column, values[at]!])));
}

/** A number above 0; undefined for everything else, such as `N/A`. */
export function positiveIn(row: Row, column: string): number | undefined {
  const value = Number(row.get(column));
  return Number.isFinite(value) && value > 0 ? value : undefined;
}
