import type { Column, ListSpec } from "./spec.js";

/** Gives rows of a list to the browser as a file. */
export function saveRows<Row extends { readonly id: number }>(
  kind: "csv" | "json",
  spec: ListSpec<Row>,
  rows: readonly Row[],
): void {
  const text = kind === "csv" ? csvOf(spec.columns, rows) : `${JSON.stringify(rows, null, 2)}\n`;
  save(text, `${spec.many}.${kind}`, kind === "csv" ? "text/csv" : "application/json");
}

/** Rows as RFC 4180 has them: each column's value, or the text of its cell. */
function csvOf<Row extends { readonly id: number }>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const quoted = (value: unknown) => {
    const text = value === null || value === undefined ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = rows.map((row) => [row.id, ...columns.map(({ value, cell }) => (value ? value(row) : cell(row)))]);
  return [["id", ...columns.map(({ id }) => id)], ...lines].map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
}

function save(text: string, name: string, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
