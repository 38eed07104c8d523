import type { Comparison } from "../compare.js";
import type { Cell, Mark, Table } from "../table.js";

/** The tables to print. */
export type Which = "both" | "images" | "acquisition";

export function comparedTables({ images, acquisition }: Comparison, which: Which): Table[] {
  return which === "images" ? [images] : which === "acquisition" ? [acquisition] : [images, acquisition];
}

/** The comparison's tables without empty ones, unless an empty one was requested alone. */
export function filledTables(comparison: Comparison, which: Which): Table[] {
  const isFilled = ({ rows }: Table) => rows.some((row) => row.slice(1).some(({ text }) => text !== null));
  return comparedTables(comparison, which).filter((table) => which !== "both" || comparison.compat || isFilled(table));
}

/** `220 pA (0.22 nA)`; null if the value is unknown. */
export function wholeText({ text, original }: Cell): string | null {
  return text === null || original === undefined ? text : `${text} (${original})`;
}

/** The same with marks: `(web)` for values of the portal, `[1]` for a contradiction under the table. */
export function markedText(cell: Cell): string | null {
  const text = wholeText(cell);
  if (text === null) return null;
  const { marks = [], conflicts = [] } = cell;
  const from = marks.length === 0 ? [] : [`(${marks.map(markText).join(", ")})`];
  return [text, ...from, ...conflicts.map((index) => `[${index + 1}]`)].join(" ");
}

/** `web`, `z: web`. */
export function markText({ source, axis }: Mark): string {
  return axis === undefined ? source : `${axis}: ${source}`;
}
