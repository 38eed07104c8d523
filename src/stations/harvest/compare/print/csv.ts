import { csvCells } from "../../../../formats/table/csv-line.js";
import type { Comparison } from "../compare.js";
import type { Cell, Table } from "../table.js";
import { filledTables, type Which, wholeText } from "./parts.js";

/** Both tables as CSV (RFC 4180, UTF-8), with an empty line between them. A third table has the contradictions. */
export function comparisonCsv(comparison: Comparison, which: Which): string {
  const { compat, conflicts, images } = comparison;
  const parts = filledTables(comparison, which).map((table) => csvTable(table, table === images && !compat));
  if (conflicts.length > 0) {
    parts.push(
      csvLines([["dataset", "field", "contradiction"], ...conflicts.map(({ dataset, field, says }) => [dataset, field, says])]),
    );
  }
  return parts.join("\n\n");
}

/** @param sourced adds a column for values that are not the file's own */
function csvTable({ columns, rows }: Table, sourced: boolean): string {
  const sources = (row: readonly Cell[]) =>
    columns
      .flatMap(({ key }, column) =>
        (row[column]!.marks ?? []).map(({ source, axis }) => `${key}${axis ? `.${axis}` : ""}: ${source}`),
      )
      .join("; ");
  return csvLines([
    [...columns.map(({ key }) => key), ...(sourced ? ["sources"] : [])],
    ...rows.map((row) => [...row.map((cell) => wholeText(cell) ?? ""), ...(sourced ? [sources(row)] : [])]),
  ]);
}

function csvLines(lines: readonly (readonly string[])[]): string {
  return lines.map((cells) => csvCells(cells)).join("\n");
}
