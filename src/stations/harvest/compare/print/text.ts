import type { Comparison } from "../compare.js";
import type { Cell, Table } from "../table.js";
import { filledTables, markedText, type Which } from "./parts.js";

/** Both tables in aligned columns for a terminal, with the contradictions under them. */
export function comparisonText(comparison: Comparison, which: Which): string {
  const { conflicts, notes } = comparison;
  const parts = filledTables(comparison, which).map(alignedTable);
  if (conflicts.length > 0) {
    const lines = conflicts.map(({ dataset, field, says }, index) => `  [${index + 1}] ${dataset}, ${field}: ${says}`);
    parts.push(["Contradictions", ...lines].join("\n"));
  }
  if (notes.length > 0) parts.push(["Notes", ...notes.map(({ dataset, says }) => `  ${dataset}: ${says}`)].join("\n"));
  return parts.join("\n\n");
}

function alignedTable({ columns, rows }: Table): string {
  const lines = [columns.map(({ key }) => key), ...rows.map((row) => row.map(absentAsDash))];
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column]!))));
  const aligned = (line: readonly string[]) =>
    line
      .map((text, column) => text + " ".repeat(widths[column]! - widthOf(text)))
      .join(" | ")
      .trimEnd();
  const [head = [], ...body] = lines;
  return [aligned(head), widths.map((width) => "-".repeat(width)).join("-|-"), ...body.map(aligned)].join("\n");
}

function absentAsDash(cell: Cell): string {
  return markedText(cell) ?? "–";
}

/** The width in columns of a terminal. Counts characters. */
function widthOf(text: string): number {
  return [...text].length;
}
