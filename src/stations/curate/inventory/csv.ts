import { csvCells, unguarded } from "../../../formats/table/csv-line.js";
import { parseTable, type TableRow } from "../../../formats/table/delimited.js";
import { encodePath } from "./path-bytes.js";

/** Rows of a table of ours, or of one that a person has edited: cells that were guarded against spreadsheets are as they were. */
export function parseCsv(text: string, file: string, separator: "," | "\t" = ","): TableRow[] {
  return parseTable(text, separator, file).map((row) => ({ ...row, cells: row.cells.map(unguarded) }));
}

/** One line with its end, guarded against spreadsheets. */
export function csvLine(cells: readonly (string | number | undefined)[]): string {
  return `${csvCells(cells.map((cell) => (cell === undefined ? "" : String(cell))))}\n`;
}

/** Names go out as the bytes that the disk has. */
export function csvBytes(text: string): Buffer {
  return encodePath(text);
}
