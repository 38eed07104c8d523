import { counted } from "../../core/units.js";
import { quoted, starError } from "./errors.js";
import type { StarBatch, StarHeader, StarPick } from "./table.js";
import { type Tokens, tokenise, tokens, UNCLOSED_QUOTE } from "./tokens.js";
import { numberOf, textOf } from "./values.js";

const ROWS_OF_BATCH = 8192;

/** Rows of one table in progress into batches. */
export class Rows {
  readonly width: number;
  /** Places of the values in the row that is to be added. */
  readonly tokens: Tokens;
  private readonly numberColumns: readonly number[];
  private readonly textColumns: readonly number[];
  private numbers: Float64Array[] = [];
  private texts: string[][] = [];
  private lines = new Uint32Array(0);
  private count = 0;

  constructor(
    private readonly name: string,
    private readonly table: StarHeader,
    private readonly pick: StarPick,
    private readonly ready: StarBatch[],
  ) {
    this.width = table.columns.length;
    this.tokens = tokens(this.width);
    this.numberColumns = pick.numbers ?? [];
    this.textColumns = pick.texts ?? [];
  }

  /** Takes the row whose values `tokens` finds in `bytes`. */
  add(bytes: Uint8Array, line: number): void {
    const { starts, ends } = this.tokens;
    const { keep } = this.pick;
    if (keep && !keep.test(bytes, starts[keep.column]!, ends[keep.column]!)) return;
    if (this.count === this.lines.length) this.begin();
    const at = this.count;
    for (let i = 0; i < this.numberColumns.length; i++) {
      const column = this.numberColumns[i]!;
      const value = numberOf(bytes, starts[column]!, ends[column]!);
      if (Number.isNaN(value)) throw this.notANumber(column, textOf(bytes, starts[column]!, ends[column]!), line);
      this.numbers[i]![at] = value;
    }
    for (let i = 0; i < this.textColumns.length; i++) {
      const column = this.textColumns[i]!;
      this.texts[i]!.push(textOf(bytes, starts[column]!, ends[column]!));
    }
    this.lines[at] = line;
    this.count++;
  }

  /** Hands over the rows that no full batch has taken. */
  flush(): void {
    if (this.count === 0) return;
    const { table, count, texts } = this;
    const numbers = this.numbers.map((column) => column.subarray(0, count));
    this.ready.push({ table, count, numbers, texts, lines: this.lines.subarray(0, count) });
    this.lines = new Uint32Array(0);
    this.count = 0;
  }

  private begin(): void {
    this.flush();
    const capacity = this.table.kind === "pairs" ? 1 : ROWS_OF_BATCH;
    this.numbers = this.numberColumns.map(() => new Float64Array(capacity));
    this.texts = this.textColumns.map(() => []);
    this.lines = new Uint32Array(capacity);
  }

  private notANumber(column: number, text: string, line: number): Error {
    return starError(this.name, line, `${this.table.columns[column]} is ${quoted(text)}; expected a number`);
  }
}

/** Rows of a loop, usually one a line. A row that contains a text of several lines continues over the lines behind it. */
export class LoopRows {
  /** A row that lacked values where its line ended. */
  pieces: RowInPieces | undefined;

  constructor(
    private readonly name: string,
    private readonly rows: Rows,
  ) {}

  addLine(bytes: Uint8Array, at: number, end: number, line: number): void {
    const { rows, pieces } = this;
    if (pieces && !pieces.hasText) throw starError(this.name, pieces.line, this.wrongCount());
    const count = tokenise(bytes, at, end, rows.tokens, 0);
    if (count === UNCLOSED_QUOTE) throw starError(this.name, line, "a quote that is not closed");
    if (count > rows.width) throw starError(this.name, line, this.wrongCount(`more than ${rows.width}`));
    if (count === rows.width && !pieces) {
      rows.add(bytes, line);
      return;
    }
    this.pieces ??= new RowInPieces([], line);
    this.pieces.append(bytes, rows.tokens, count);
    this.addPieces(this.pieces);
  }

  addText(value: Uint8Array, line: number): void {
    this.pieces ??= new RowInPieces([], line);
    this.pieces.hasText = true;
    this.pieces.values.push(value);
    this.addPieces(this.pieces);
  }

  end(): void {
    if (this.pieces) throw starError(this.name, this.pieces.line, this.wrongCount());
    this.rows.flush();
  }

  wrongCount(found: number | string = this.pieces!.values.length): string {
    const values = typeof found === "number" ? counted(found, "value") : `${found} values`;
    return `a row of ${values}, its loop has ${counted(this.rows.width, "column")},`;
  }

  private addPieces(pieces: RowInPieces): void {
    if (pieces.values.length > this.rows.width) throw starError(this.name, pieces.line, this.wrongCount());
    if (pieces.values.length < this.rows.width) return;
    this.rows.add(pieces.joinedInto(this.rows.tokens), pieces.line);
    this.pieces = undefined;
  }
}

/** A row whose values no one line holds. */
class RowInPieces {
  /** A text of several lines is among the values, so that more of them may follow in the next line. */
  hasText = false;

  constructor(
    readonly values: Uint8Array[],
    readonly line: number,
  ) {}

  append(bytes: Uint8Array, { starts, ends }: Tokens, count: number): void {
    for (let i = 0; i < count; i++) this.values.push(bytes.slice(starts[i], ends[i]));
  }

  /** All values in one array; `into` says where each lies. */
  joinedInto({ starts, ends }: Tokens): Uint8Array {
    const bytes = new Uint8Array(this.values.reduce((sum, value) => sum + value.length, 0));
    let at = 0;
    for (const [i, value] of this.values.entries()) {
      bytes.set(value, at);
      starts[i] = at;
      at += value.length;
      ends[i] = at;
    }
    return bytes;
  }
}

/** Names and values of one block. */
export class Pairs {
  readonly names: string[] = [];
  readonly values: Uint8Array[] = [];
  /** Line of the first pair. */
  line = 0;
  bytes = 0;
  private lastLacksValue = false;

  /** Takes `_NAME VALUE`. @returns the fault of the line, if it has one */
  addLine(bytes: Uint8Array, at: number, end: number, tokens: Tokens, line: number): string | undefined {
    const count = tokenise(bytes, at, end, tokens, 0);
    const name = textOf(bytes, at + 1, tokens.ends[0]!);
    // Where a text is empty older versions of RELION write nothing at all.
    const value = count >= 2 ? bytes.slice(tokens.starts[1], tokens.ends[1]) : undefined;
    if (this.names.length === 0) this.line = line;
    this.lastLacksValue = value === undefined;
    this.names.push(name);
    this.values.push(value ?? new Uint8Array(0));
    this.bytes += name.length + (value?.length ?? 0);
    if (count === UNCLOSED_QUOTE) return "a quote that is not closed";
    return count > 2 ? `${counted(count - 1, "value")} for ${quoted(name)}; expected one` : undefined;
  }

  /** Gives a text to the last name. @returns false where that has a value already */
  complete(value: Uint8Array): boolean {
    if (!this.lastLacksValue) return false;
    this.values[this.values.length - 1] = value;
    this.bytes += value.length;
    this.lastLacksValue = false;
    return true;
  }

  addTo(rows: Rows): void {
    rows.add(new RowInPieces(this.values, this.line).joinedInto(rows.tokens), this.line);
    rows.flush();
  }
}

/** A text between semicolons, which grows by lines. */
export class LongText {
  length = 0;
  private room = new Uint8Array(256);

  constructor(readonly line: number) {}

  add(bytes: Uint8Array, at: number, end: number): void {
    const stop = end > at && bytes[end - 1] === CR ? end - 1 : end;
    const length = this.length + stop - at + 1;
    if (length > this.room.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.room.length));
      larger.set(this.room.subarray(0, this.length));
      this.room = larger;
    }
    this.room.set(bytes.subarray(at, stop), this.length);
    this.room[length - 1] = LF;
    this.length = length;
  }

  /** Without the line end before the closing semicolon. */
  bytes(): Uint8Array {
    return this.room.subarray(0, this.length - 1);
  }
}

const CR = 0x0d;
const LF = 0x0a;
