import { csvCells, unguarded } from "../../../formats/table/csv-line.js";
import { parseTable, type TableRow } from "../../../formats/table/delimited.js";
import { encodePath } from "./path-bytes.js";

/** Rows of a table that this program wrote, perhaps edited. Removes the guard against formulas of spreadsheets. */
export function parseCsv(text: string, file: string, separator: "," | "\t" = ","): TableRow[] {
  return parseTable(text, separator, file).map((row) => ({ ...row, cells: row.cells.map(unguarded) }));
}

/** One line with its end, guarded against formulas of spreadsheets. */
export function csvLine(cells: readonly (string | number | undefined)[]): string {
  return `${csvCells(cells.map((cell) => (cell === undefined ? "" : String(cell))))}\n`;
}

/** Names are written as the bytes that the disk has. */
export function csvBytes(text: string): Buffer {
  return encodePath(text);
}
