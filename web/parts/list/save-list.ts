import { count } from "../format.js";
import { allRows, type Cell, csvOf, type FileTable, saveFile } from "../save.js";
import type { Column, ListSpec } from "./spec.js";
import type { ListState } from "./state.js";

/** Rows of one question for a file. */
const BATCH = 200;

/** A list as it is filtered and ordered, or the rows of it that are selected. */
interface SavedList<Row extends { readonly id: number }> {
  readonly spec: ListSpec<Row>;
  readonly state: ListState;
  readonly total: number;
  readonly selected: ReadonlyMap<number, Row>;
}

/** Saves all rows of a list, or those that are selected. @returns words for rows that the file does not have */
export async function saveList<Row extends { readonly id: number }>(
  kind: "csv" | "json",
  { spec, state: { where, orderBy }, total, selected }: SavedList<Row>,
  signal: AbortSignal,
  told: (rows: number) => void,
): Promise<string | undefined> {
  const from = (offset: number) => spec.rows({ where, orderBy, offset, limit: BATCH }, signal);
  const rows = selected.size > 0 ? [...selected.values()] : await allRows(from, total, signal, told);
  const text = kind === "csv" ? csvOf(tableOf(spec.columns, rows)) : `${JSON.stringify(rows, null, 2)}\n`;
  saveFile(text, `${spec.many}.${kind}`, kind === "csv" ? "text/csv" : "application/json");
  return selected.size > 0 || rows.length >= total ? undefined : `⚠ The file has ${count(rows.length)} of ${count(total)} rows.`;
}

/** Each column's value, or the text of its cell. */
function tableOf<Row extends { readonly id: number }>(columns: readonly Column<Row>[], rows: readonly Row[]): FileTable {
  return {
    columns: ["id", ...columns.map(({ id }) => id)],
    rows: rows.map((row) => [row.id, ...columns.map(({ value, cell }) => (value ? value(row) : (cell(row) as Cell)))]),
  };
}
