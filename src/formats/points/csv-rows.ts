import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { decimal, isNotFinite } from "../text-lines.js";
import { lineBlocks, tooLong } from "./csv-lines.js";

/** One row: the line it begins in, from 1, and its first columns as text. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

export interface CsvLayout {
  /** One character. Where it is a space, any run of blanks separates. */
  readonly delimiter: string;
  /** The first line is dropped. */
  readonly header: boolean;
  /**
   * Looks at all cells of that line, and throws where they say that this is not the table that was meant.
   * @param width of the first row: its number of cells; undefined where there is none
   */
  readonly checkHeader?: ((cells: readonly string[], width?: number) => void) | undefined;
  /** Number of wanted columns. Those behind them are not looked at. */
  readonly columns: number;
  /** Number of columns that are kept. Default: all wanted ones. */
  readonly kept?: number | undefined;
}

/**
 * The rows of a delimited table, block by block. Rows without any text are skipped. Quotes are those of Python's `csv` reader:
 * one counts where a cell begins, a doubled one stands for itself, and between two of them delimiters and line ends are text.
 *
 * @throws {EmporiumError} FORMAT_FIELD for a row of too few columns or a quote that is never closed; FORMAT_LIMIT as
 *   `lineBlocks`.
 */
export async function* csvRows(source: RandomAccess, layout: CsvLayout, read?: ReadOptions): AsyncGenerator<CsvRow[]> {
  const { delimiter, header, checkHeader, columns, kept = columns } = layout;
  let open: QuotedRecord | undefined;
  let head: readonly string[] | undefined;
  for await (const { firstLine, lines } of lineBlocks(source, read)) {
    const rows: CsvRow[] = [];
    for (const [at, text] of lines.entries()) {
      let line = firstLine + at;
      let cells: readonly string[];
      if (open || text.includes('"')) {
        open ??= new QuotedRecord(delimiter, line);
        open.feed(text);
        if (open.length > LIMITS.recordLength) throw tooLong(source.name, open.line);
        if (open.inQuotes) continue;
        ({ line, cells } = open);
        open = undefined;
        if (delimiter === " ") cells = cells.filter((cell) => cell !== "");
        if (cells.every(isBlank)) continue;
      } else {
        cells = delimiter === " " ? text.trim().split(/\s+/, kept) : text.split(delimiter, kept);
        if (isBlank(cells[0]!) && isBlank(text.replaceAll(delimiter, ""))) continue;
      }
      if (header && line === 1) {
        head = text.includes('"') || line < firstLine + at ? cells : splitAll(text, delimiter);
        continue;
      }
      if (head) {
        checkHeader?.(head, text.includes('"') || line < firstLine + at ? cells.length : splitAll(text, delimiter).length);
        head = undefined;
      }
      if (cells.length < columns) throw tooFew(source.name, line, cells.length, layout);
      rows.push({ line, cells });
    }
    if (rows.length > 0) yield rows;
  }
  if (head) checkHeader?.(head);
  if (open) {
    throw new EmporiumError("FORMAT_FIELD", `${source.name}: a quote opened in line ${open.line} is never closed`, {
      place: { file: source.name, line: open.line },
      hint: "close the quote, or leave it out",
    });
  }
}

/**
 * The number of one cell, as Python's `float` reads it, and finite. Without `1_000`, which Python knows and no table means.
 *
 * @throws {EmporiumError} FORMAT_FIELD.
 */
export function csvNumber(file: string, { line, cells }: CsvRow, column: number): number {
  const text = cells[column]!.trim();
  // `Number` is twice as fast as `decimal`, but differs for empty text and behind a 0 (hexadecimal).
  const plain = text !== "" && (text.charCodeAt(0) !== ZERO || text.length < 3) ? Number(text) : Number.NaN;
  const value = Number.isFinite(plain) ? plain : decimal(text);
  if (value !== undefined) return value;
  const found = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  const wanted = isNotFinite(text) ? "expected a finite number" : "expected a number";
  throw new EmporiumError("FORMAT_FIELD", `${file}: ${found} in column ${column + 1} of line ${line}, ${wanted}`, {
    place: { file, line },
    hint: line === 1 ? "where the first line holds names, the format is csv_with_header" : "check the delimiter, and this row",
  });
}

const ZERO = 48;

function splitAll(text: string, delimiter: string): string[] {
  return delimiter === " " ? text.trim().split(/\s+/) : text.split(delimiter);
}

function isBlank(text: string): boolean {
  return text === "" || text.trim() === "";
}

function tooFew(file: string, line: number, found: number, { delimiter, columns }: CsvLayout): EmporiumError {
  const between = JSON.stringify(delimiter);
  return new EmporiumError(
    "FORMAT_FIELD",
    `${file}: ${counted(found, "column")} in line ${line}; expected ${columns} between ${between}`,
    {
      place: { file, line },
      hint: "give the delimiter that this file has",
    },
  );
}

/** A record with quotes, fed line by line until none is open. Each character is looked at once, however many lines there are. */
class QuotedRecord {
  readonly cells: string[] = [];
  inQuotes = false;
  /** Characters so far. */
  length = 0;
  #cell = "";

  constructor(
    readonly delimiter: string,
    readonly line: number,
  ) {}

  feed(text: string): void {
    this.length += text.length + 1;
    if (this.inQuotes) this.#cell += "\n";
    let begins = !this.inQuotes;
    for (let i = 0; i < text.length; i++) {
      const letter = text[i]!;
      if (this.inQuotes) {
        if (letter !== '"') this.#cell += letter;
        else if (text[i + 1] === '"') this.#cell += text[i++];
        else this.inQuotes = false;
      } else if (letter === this.delimiter) {
        this.#end();
        begins = true;
        continue;
      } else if (letter === '"' && begins) this.inQuotes = true;
      else this.#cell += letter;
      begins = false;
    }
    if (!this.inQuotes) this.#end();
  }

  #end(): void {
    this.cells.push(this.#cell);
    this.#cell = "";
  }
}
