import { EmporiumError } from "../../../core/errors.js";

export interface CsvCell {
  readonly text: string;
  /** From 1, of its first character. */
  readonly line: number;
  readonly column: number;
  /** Written in quotes: then `""` is an empty text and not a missing one. */
  readonly quoted: boolean;
}

/**
 * The records of comma-separated text: fields in double quotes may hold commas, line ends and doubled quotes; LF, CRLF or CR; empty lines are
 * left out, and so is a byte order mark.
 *
 * @throws {EmporiumError} CONFIG_SYNTAX for a quoted field that never ends, or that text follows.
 */
export function parseCsv(text: string, file: string): CsvCell[][] {
  const records: CsvCell[][] = [];
  let record: CsvCell[] = [];
  let line = 1;
  let lineStart = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let at = lineStart;
  const fail = (what: string, hint: string, cell: { line: number; column: number }) =>
    new EmporiumError("CONFIG_SYNTAX", what, { place: { file, line: cell.line, column: cell.column }, hint });
  while (at <= text.length) {
    const start = { line, column: at - lineStart + 1 };
    let value = "";
    const quoted = text[at] === '"';
    if (quoted) {
      for (at++; ; at++) {
        const char = text[at];
        if (char === undefined) throw fail("a quoted field has no end", 'close it with "', start);
        if (char === '"') {
          if (text[at + 1] !== '"') break;
          at++;
        }
        if (char === "\n" || (char === "\r" && text[at + 1] !== "\n")) [line, lineStart] = [line + 1, at + 1];
        value += char;
      }
      at++;
      if (at < text.length && !",\r\n".includes(text[at]!)) {
        throw fail("text follows a quoted field", 'write a quote inside a field as ""', { line, column: at - lineStart + 1 });
      }
    } else {
      const from = at;
      while (at < text.length && !",\r\n".includes(text[at]!)) at++;
      value = text.slice(from, at);
    }
    record.push({ text: value, ...start, quoted });
    if (text[at] === ",") {
      at++;
      continue;
    }
    if (record.length > 1 || quoted || value.trim() !== "") records.push(record);
    record = [];
    if (text[at] === "\r" && text[at + 1] === "\n") at++;
    at++;
    line++;
    lineStart = at;
  }
  return records;
}
