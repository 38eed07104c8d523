import { EmporiumError } from "../../core/errors.js";

export interface TableRow {
  readonly cells: readonly string[];
  /** Line of its first cell, from 1. */
  readonly line: number;
}

/**
 * Comma- or tab-separated text as Python's `csv` reads it: fields in double quotes may hold separators, line ends and doubled quotes; any of
 * the three line ends; rows without a cell are left out. A byte order mark at the start is dropped.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX for a quoted field that never ends.
 */
export function parseTable(text: string, separator: "," | "\t", file: string): TableRow[] {
  const rows: TableRow[] = [];
  let cells: string[] = [];
  let cell = "";
  let line = 1;
  let rowLine = 1;
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let begun = false; // a field, if only by a quote
  const endRow = () => {
    if (cells.length > 0 || begun) rows.push({ cells: [...cells, cell], line: rowLine });
    cells = [];
    cell = "";
    begun = false;
    rowLine = line;
  };
  while (at < text.length) {
    const char = text[at]!;
    if (char === '"' && !begun) {
      begun = true;
      const quoteLine = line;
      for (at++; ; at++) {
        if (at >= text.length) {
          throw new EmporiumError("CONFIG_SYNTAX", "a quoted field has no end", {
            place: { file, line: quoteLine },
            hint: 'close it with "',
          });
        }
        if (text[at] === "\n") line++;
        if (text[at] !== '"') cell += text[at];
        else if (text[at + 1] === '"') cell += text[at++];
        else break;
      }
    } else if (char === separator) {
      cells.push(cell);
      cell = "";
      begun = false;
    } else if (char === "\n" || char === "\r") {
      if (char === "\r" && text[at + 1] === "\n") at++;
      line++;
      endRow();
    } else {
      cell += char;
      begun = true;
    }
    at++;
  }
  endRow();
  return rows;
}
