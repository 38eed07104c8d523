/** Behind apostrophes, too: one of them would be taken for the guard. */
const FORMULA = /^'*[=+\-@\t\r＝＋－＠]/;
/** Numbers as JSON and Python write them: those a spreadsheet may have. */
const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i;

/**
 * Cells as a line of CSV (RFC 4180), without line end. Text that a spreadsheet would take for a formula gets an apostrophe, which
 * `unguarded` removes; numbers stay numbers.
 */
export function csvCells(cells: readonly string[], separator: "," | ";" | "\t" = ","): string {
  return cells.map((cell) => field(cell, separator)).join(separator);
}

function field(text: string, separator: string): string {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /["\r\n]/.test(safe) || safe.includes(separator) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A cell as it was before `csvCells` guarded it. */
export function unguarded(text: string): string {
  return text.startsWith("'") && FORMULA.test(text.slice(1)) ? text.slice(1) : text;
}
