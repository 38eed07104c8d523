import { csvCells, unguarded } from "../../../formats/table/csv-line.js";
import { parseTable, type TableRow } from "../../../formats/table/delimited.js";
import { encodePath } from "./path-bytes.js";

/** Spreadsheets save with `;` where a comma is the decimal mark. */
export type Separator = "," | ";" | "\t";

/** By the first line with names of columns. */
export function separatorOf(header: string): Separator {
  if (header.includes("\t")) return "\t";
  return header.includes(";") && !header.includes(",") ? ";" : ",";
}

/** Rows of a table that this program wrote, perhaps edited and saved by a spreadsheet. Removes the guard against formulas. */
export function parseCsv(text: string, file: string, separator = separatorOf(firstLine(text))): TableRow[] {
  return parseTable(text, separator, file).map((row) => ({ ...row, cells: row.cells.map(unguarded) }));
}

/** The first line that is not blank. */
export function firstLine(text: string): string {
  return /^[^\S\r\n]*\S.*$/m.exec(text)?.[0] ?? "";
}

/** One line with its end, guarded against formulas of spreadsheets. */
export function csvLine(cells: readonly (string | number | undefined)[]): string {
  return `${csvCells(cells.map((cell) => (cell === undefined ? "" : String(cell))))}\n`;
}

/** Names are written as the bytes that the disk has. */
export function csvBytes(text: string): Buffer {
  return encodePath(text);
}
