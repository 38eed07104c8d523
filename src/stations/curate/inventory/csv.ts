import { EmporiumError } from "../../../core/errors.js";
import { encodePath } from "./path-bytes.js";

export interface CsvRow {
  readonly cells: readonly string[];
  /** Line of its first cell, from 1. */
  readonly line: number;
}

/**
 * CSV as RFC 4180 has it, read as spreadsheets and Python write it: any of three line ends, a byte order mark at the start, quotes with separators and line
 * ends in them. Lines without a cell are left out.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX for a quoted field that never ends.
 */
export function parseCsv(text: string, file: string, separator = ","): CsvRow[] {
  const rows: CsvRow[] = [];
  let [cells, cell, line, rowLine] = [[] as string[], "", 1, 1];
  let begun = false;
  const endRow = () => {
    if (cells.length > 0 || begun) rows.push({ cells: [...cells, cell].map(unguarded), line: rowLine });
    cells = [];
    cell = "";
    begun = false;
    rowLine = line;
  };
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (at < text.length) {
    const char = text[at]!;
    if (char === '"' && !begun) {
      const end = quoteEnd(text, at, file, line);
      const inside = text.slice(at + 1, end);
      line += inside.split("\n").length - 1;
      cell += inside.replaceAll('""', '"');
      begun = true;
      at = end;
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

function quoteEnd(text: string, from: number, file: string, line: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 2)) if (text[at + 1] !== '"') return at;
  throw new EmporiumError("CONFIG_SYNTAX", `${file}: a quoted field has no end`, {
    place: { file, line },
    hint: 'close it with "',
  });
}

const FORMULA = /^[=+\-@\t\r＝＋－＠]/;
const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i;

/**
 * One line of CSV with its end. Names go out as the bytes that the disk has. A text that a spreadsheet would take for a formula gets an apostrophe before it,
 * which `parseCsv` takes away again.
 */
export function csvLine(cells: readonly (string | number | undefined)[]): string {
  return `${cells.map(field).join(",")}\n`;
}

export function csvBytes(text: string): Buffer {
  return encodePath(text);
}

function field(value: string | number | undefined): string {
  if (value === undefined) return "";
  const text = String(value);
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function unguarded(text: string): string {
  return text.startsWith("'") && FORMULA.test(text.slice(1)) ? text.slice(1) : text;
}
