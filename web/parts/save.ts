import { csvCells } from "../../src/formats/table/csv-line.js";

export type Cell = string | number | boolean | null | undefined;

/** A table as a file has it. */
export interface FileTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Milliseconds for which a browser may take a file. */
const KEPT_MS = 10_000;

/** A table as CSV: RFC 4180, UTF-8, guarded against formulas of spreadsheets. What is absent is empty. */
export function csvOf({ columns, rows }: FileTable): string {
  return [columns, ...rows].map((cells) => `${csvCells(cells.map((cell) => String(cell ?? "")))}\r\n`).join("");
}

/** Gives whoever reads the page a file. */
export function saveFile(body: BlobPart, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([body], { type }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}

/** A file with more rows is for the tables themselves. */
const ROWS_MAX = 200_000;

/** One page of rows, from an offset on; the one after the last is empty. */
export type RowsFrom<Row> = (offset: number, signal: AbortSignal) => Promise<readonly Row[]>;

/** All rows of a list, as far as a file has them. @param told is called with their number so far */
export async function allRows<Row>(
  from: RowsFrom<Row>,
  total: number,
  signal: AbortSignal,
  told: (rows: number) => void,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  while (rows.length < Math.min(total, ROWS_MAX)) {
    const more = await from(rows.length, signal);
    if (more.length === 0) break;
    rows.push(...more);
    told(rows.length);
  }
  return rows;
}
