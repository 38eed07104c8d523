import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import type { EmporiumError } from "../../core/errors.js";
import { quoted, starError } from "./errors.js";
import { type LineChunk, lineChunks } from "./lines.js";
import { LongText, Pairs, RowInPieces, Rows } from "./rows.js";
import type { StarBatch, StarHeader, StarPick } from "./table.js";
import { tokenise, tokens, UNCLOSED_QUOTE } from "./tokens.js";
import { textOf } from "./values.js";

/** Says what is wanted of a table: columns of its rows, none of them (`skip`), or that the file has been read far enough (`stop`). */
export type PickTable = (table: StarHeader) => StarPick | "skip" | "stop";

/**
 * Reads a STAR file of any length from front to back, in the memory of one batch. `pick` is asked at each table; pairs are asked for when
 * they have ended, since only then their names are known.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line; FORMAT_TRUNCATED; FORMAT_UNKNOWN where there is no `data_` at all; FORMAT_LIMIT;
 *   FORMAT_UNSUPPORTED. Tables that are not picked may hold what they like.
 */
export async function* scanStar(source: RandomAccess, pick: PickTable, read?: ReadOptions): AsyncGenerator<StarBatch> {
  const scan = new Scan(source.name, pick);
  for await (const chunk of lineChunks(source, read)) {
    scan.feed(chunk);
    yield* scan.ready.splice(0);
    if (scan.stopped) return;
  }
  scan.finish();
  yield* scan.ready.splice(0);
}

const COLUMNS_MAX = 4096;
const PAIRS_BYTES_MAX = 16 * 1024 * 1024;
const TEXT_BYTES_MAX = 16 * 1024 * 1024;
const SEMICOLON = 0x3b;
const UNDERSCORE = 0x5f;
const HASH = 0x23;
const SMALL_D = 0x64;
const SMALL_L = 0x6c;

/** Where a scan stands: what the next line means depends on it. */
class Scan {
  readonly ready: StarBatch[] = [];
  stopped = false;
  private line = 0;
  /** `rows`: of a loop that was picked; `skipped`: of one that was not. */
  private state: "before" | "block" | "header" | "rows" | "skipped" = "before";
  private block = { name: "", line: 0, empty: true };
  private columns: string[] = [];
  private pairs = new Pairs();
  private rows: Rows | undefined;
  /** A row that lacked values where its line ended. */
  private pieces: RowInPieces | undefined;
  /** A text between semicolons that has not ended. */
  private text: LongText | undefined;
  /** What is wrong with the table so far: thrown if somebody wants it. */
  private fault: EmporiumError | undefined;
  private readonly names = tokens(COLUMNS_MAX);

  constructor(
    private readonly name: string,
    private readonly pick: PickTable,
  ) {}

  feed({ bytes, start, end, lineEnd }: LineChunk): void {
    for (let at = start; at < end && !this.stopped; ) {
      let stop = bytes.indexOf(lineEnd, at);
      if (stop < 0 || stop > end) stop = end;
      this.line++;
      if (this.text) this.lineOfText(bytes, at, stop);
      else this.lineOfValues(bytes, at, stop);
      at = stop + 1;
    }
  }

  finish(): void {
    if (this.text) throw this.cutShort(this.text.line, "the text that is opened by ; does not end, it begins");
    if (this.pieces) throw this.cutShort(this.pieces.line, this.wrongCount(this.pieces.values.length));
    this.endTable();
    if (this.state === "before") {
      const hint = "check that this is the STAR file you meant";
      throw starError(this.name, undefined, "no data_ block, a STAR file has one at least", hint, "FORMAT_UNKNOWN");
    }
  }

  private lineOfValues(bytes: Uint8Array, lineStart: number, end: number): void {
    let at = lineStart;
    while (at < end && bytes[at]! <= 32) at++;
    if (at === end) return;
    const first = bytes[at]!;
    if (first === HASH) return;
    if (first === SMALL_D && this.beginsBlock(bytes, at, end)) return;
    if (this.state === "before") return; // a title, as some programs write
    if (first === SEMICOLON && at === lineStart) {
      this.text = new LongText(this.line);
      this.text.add(bytes, at + 1, end);
    } else if (first === SMALL_L && startsWith(bytes, at, end, "loop_") && (at + 5 === end || bytes[at + 5]! <= 32)) {
      this.block.empty = false;
      this.endTable();
      this.state = "header";
      this.columns = [];
      this.addColumns(bytes, at + 5, end);
    } else if (first === UNDERSCORE) {
      if (this.state === "header") this.addColumns(bytes, at, end);
      else this.addPair(bytes, at, end);
    } else this.addValues(bytes, at, end);
  }

  /** `data_NAME`, alone in its line: in a row of several values a name may begin like that. */
  private beginsBlock(bytes: Uint8Array, at: number, end: number): boolean {
    if (!startsWith(bytes, at, end, "data_")) return false;
    let stop = at;
    while (stop < end && bytes[stop]! > 32) stop++;
    let next = stop;
    while (next < end && bytes[next]! <= 32) next++;
    if (next < end && bytes[next] !== HASH) return false;
    this.endTable();
    this.fault = undefined;
    this.block = { name: textOf(bytes, at + 5, stop), line: this.line, empty: true };
    this.state = "block";
    return true;
  }

  private addColumns(bytes: Uint8Array, from: number, end: number): void {
    const count = tokenise(bytes, from, end, this.names, 0);
    if (count === UNCLOSED_QUOTE) this.blame("a quote that is not closed");
    for (let i = 0; i < Math.min(count, COLUMNS_MAX); i++) {
      const [start, stop] = [this.names.starts[i]!, this.names.ends[i]!];
      if (bytes[start] !== UNDERSCORE)
        this.blame(`${quoted(textOf(bytes, start, stop))} among the column names, which begin with _`);
      this.columns.push(textOf(bytes, start + 1, stop));
    }
    if (this.columns.length > COLUMNS_MAX || count > COLUMNS_MAX) throw this.tooMany(`more than ${COLUMNS_MAX} columns`);
  }

  private addPair(bytes: Uint8Array, at: number, end: number): void {
    if (this.state !== "block") {
      this.endTable();
      this.state = "block";
    }
    this.block.empty = false;
    const count = tokenise(bytes, at, end, this.names, 0);
    if (count === UNCLOSED_QUOTE) this.blame("a quote that is not closed");
    const [nameEnd, valueStart, valueEnd] = [this.names.ends[0]!, this.names.starts[1]!, this.names.ends[1]!];
    const name = textOf(bytes, at + 1, nameEnd);
    if (count > 2) this.blame(`${count - 1} values for ${quoted(name)}, one was expected`);
    // Where a text is empty older versions of RELION write nothing at all.
    this.pairs.add(name, count >= 2 ? bytes.slice(valueStart, valueEnd) : undefined, this.line);
    if (this.pairs.bytes > PAIRS_BYTES_MAX || this.pairs.names.length > COLUMNS_MAX) {
      throw this.tooMany("more names and values in one block than are read");
    }
  }

  private addValues(bytes: Uint8Array, at: number, end: number): void {
    if (this.state === "header") this.beginRows();
    if (this.state === "block") {
      this.blame(`${quoted(textOf(bytes, at, Math.min(end, at + 50)).trim())} where a name with _, loop_ or data_ was expected`);
    }
    const { rows, pieces } = this;
    if (!rows) return;
    if (pieces && !pieces.hasText) throw starError(this.name, pieces.line, this.wrongCount(pieces.values.length));
    const count = tokenise(bytes, at, end, rows.tokens, 0);
    if (count === UNCLOSED_QUOTE) throw starError(this.name, this.line, "a quote that is not closed");
    if (count > rows.width) throw starError(this.name, this.line, this.wrongCount(`more than ${rows.width}`));
    if (count === rows.width && !pieces) {
      rows.add(bytes, this.line);
      return;
    }
    this.pieces ??= new RowInPieces([], this.line);
    this.pieces.append(bytes, rows.tokens, count);
    this.addPieces();
  }

  private addPieces(): void {
    const [rows, pieces] = [this.rows!, this.pieces!];
    if (pieces.values.length > rows.width) throw starError(this.name, pieces.line, this.wrongCount(pieces.values.length));
    if (pieces.values.length < rows.width) return;
    rows.add(pieces.joinedInto(rows.tokens), pieces.line);
    this.pieces = undefined;
  }

  private lineOfText(bytes: Uint8Array, at: number, end: number): void {
    const text = this.text!;
    if (at === end || bytes[at] !== SEMICOLON) {
      text.add(bytes, at, end);
      if (text.length > TEXT_BYTES_MAX) throw this.tooMany(`a text of more than ${TEXT_BYTES_MAX} bytes`);
      return;
    }
    this.text = undefined;
    this.addText(text.bytes(), text.line);
    let next = at + 1;
    while (next < end && bytes[next]! <= 32) next++;
    if (next < end && bytes[next] !== HASH) this.addValues(bytes, next, end);
  }

  private addText(value: Uint8Array, line: number): void {
    if (this.state === "header") this.beginRows();
    if (this.rows) {
      this.pieces ??= new RowInPieces([], line);
      this.pieces.hasText = true;
      this.pieces.values.push(value);
      this.addPieces();
    } else if (this.state === "block" && !this.pairs.complete(value)) this.blame("a text that belongs to no name");
  }

  private beginRows(): void {
    if (this.columns.length === 0) this.blame("a loop_ without columns: names that begin with _ were expected");
    const table: StarHeader = { name: this.block.name, kind: "loop", columns: this.columns, line: this.block.line };
    const answer = this.ask(table);
    this.state = answer ? "rows" : "skipped";
    this.rows = answer && new Rows(this.name, table, answer, this.ready);
  }

  /** Whatever table is being read has no more rows. */
  private endTable(): void {
    if (this.pieces) throw starError(this.name, this.pieces.line, this.wrongCount(this.pieces.values.length));
    if (this.state === "header") this.beginRows();
    this.rows?.flush();
    this.rows = undefined;
    if (this.state === "block" && (this.pairs.names.length > 0 || this.block.empty)) this.endPairs();
  }

  private endPairs(): void {
    const { pairs } = this;
    this.pairs = new Pairs();
    const table: StarHeader = { name: this.block.name, kind: "pairs", columns: pairs.names, line: this.block.line };
    const answer = this.ask(table);
    if (!answer || pairs.names.length === 0) return;
    const rows = new Rows(this.name, table, answer, this.ready);
    rows.add(new RowInPieces(pairs.values, pairs.line).joinedInto(rows.tokens), pairs.line);
    rows.flush();
  }

  private ask(table: StarHeader): StarPick | undefined {
    const answer = this.stopped ? "stop" : this.pick(table);
    const { fault } = this;
    this.fault = undefined;
    if (answer === "stop") this.stopped = true;
    if (typeof answer === "string") return undefined;
    if (fault) throw fault;
    return answer;
  }

  private blame(message: string): void {
    this.fault ??= starError(this.name, this.line, message);
  }

  private wrongCount(found: number | string): string {
    return `a row of ${found} values, its loop has ${this.rows!.width} columns,`;
  }

  private cutShort(line: number, message: string): EmporiumError {
    return starError(this.name, line, message, "copy the file again: it was cut short", "FORMAT_TRUNCATED");
  }

  private tooMany(message: string): EmporiumError {
    return starError(this.name, this.line, message, "check that this is the STAR file you meant", "FORMAT_LIMIT");
  }
}

function startsWith(bytes: Uint8Array, at: number, end: number, word: string): boolean {
  if (end - at < word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false;
  return true;
}
