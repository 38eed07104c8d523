import { EmporiumError } from "../../core/errors.js";

export interface TableRow {
  readonly cells: readonly string[];
  /** Line of its first cell, from 1. */
  readonly line: number;
  /** Column at which each cell begins in its line, from 1. */
  readonly columns: readonly number[];
  /**
   * Offset of the row in the text. `raw` holds its cells as they are written: joined by the separator they are the text of the
   * row.
   */
  readonly at: number;
  readonly raw: readonly string[];
}

export interface TableOptions {
  /** Refuse text behind a quoted field; Python's `csv` adds it to the field. */
  strict?: boolean | undefined;
}

/**
 * Text separated by commas, semicolons or tabs as Python's `csv` reads it: fields in double quotes may hold separators, line ends and doubled quotes; LF,
 * CRLF or CR; empty lines are left out, and so is a byte order mark.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX for a quoted field that never ends.
 */
export function parseTable(
  text: string,
  separator: "," | ";" | "\t",
  file: string,
  { strict = false }: TableOptions = {},
): TableRow[] {
  const rows: TableRow[] = [];
  const ends = `${separator}\r\n`;
  let cells: string[] = [];
  let columns: number[] = [];
  let raw: string[] = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let lineStart = at;
  let line = 1;
  let rowLine = 1;
  let rowAt = at;
  const fail = (what: string, hint: string, place: { line: number; column: number }) =>
    new EmporiumError("CONFIG_SYNTAX", what, { place: { file, ...place }, hint });
  while (at <= text.length) {
    const start = { line, column: at - lineStart + 1 };
    const cellAt = at;
    let cell = "";
    const quoted = text[at] === '"';
    if (quoted) {
      for (at++; ; at++) {
        const char = text[at];
        if (char === undefined) throw fail("a quoted field has no end", 'close it with "', start);
        if (char === '"' && text[++at] !== '"') break;
        if (char === "\n" || (char === "\r" && text[at + 1] !== "\n")) [line, lineStart] = [line + 1, at + 1];
        cell += char;
      }
    }
    const from = at;
    while (at < text.length && !ends.includes(text[at]!)) at++;
    if (strict && quoted && at > from)
      throw fail("text follows a quoted field", 'write a quote inside a field as ""', { line, column: from - lineStart + 1 });
    cells.push(cell + text.slice(from, at));
    columns.push(start.column);
    raw.push(text.slice(cellAt, at));
    if (text[at] === separator) {
      at++;
      continue;
    }
    if (cells.length > 1 || quoted || cells[0] !== "") rows.push({ cells, columns, line: rowLine, at: rowAt, raw });
    [cells, columns, raw] = [[], [], []];
    at += text.startsWith("\r\n", at) ? 2 : 1;
    [lineStart, rowLine, rowAt] = [at, ++line, at];
  }
  return rows;
}
