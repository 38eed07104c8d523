import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import type { EmporiumError } from "../../core/errors.js";
import { starError, tooMany } from "./errors.js";
import { type LineChunk, lineChunks } from "./lines.js";
import { LongText } from "./rows.js";
import type { StarBatch } from "./table.js";
import { Picker, type PickTable, TableBuilder } from "./table-builder.js";
import { textOf } from "./values.js";

/**
 * Reads a STAR file of any length from front to back, in the memory of one batch. `pick` is asked at each table; pairs are asked
 * for when they have ended, since only then their names are known.
 *
 * @throws {EmporiumError} FORMAT_FIELD with the line; FORMAT_TRUNCATED; FORMAT_UNKNOWN where there is no `data_` at all;
 *   FORMAT_LIMIT; FORMAT_UNSUPPORTED. Tables that are not picked may hold what they like.
 */
export async function* scanStar(source: RandomAccess, pick: PickTable, read?: ReadOptions): AsyncGenerator<StarBatch> {
  const table = new TableBuilder(new Picker(source.name, pick));
  const scan = new Scan(source.name, table);
  for await (const chunk of lineChunks(source, read)) {
    scan.feed(chunk);
    yield* table.ready.splice(0);
    if (table.picker.stopped) return;
  }
  scan.finish();
  yield* table.ready.splice(0);
}

const TEXT_BYTES_MAX = 16 * 1024 * 1024;
const SEMICOLON = 0x3b;
const UNDERSCORE = 0x5f;
const HASH = 0x23;
const SMALL_D = 0x64;
const SMALL_L = 0x6c;

/** Tells lines apart: what the next one means depends on the table that is being read. */
class Scan {
  /** A text between semicolons that has not ended. */
  private text: LongText | undefined;

  constructor(
    private readonly name: string,
    private readonly table: TableBuilder,
  ) {}

  feed({ bytes, start, end, lineEnd }: LineChunk): void {
    const { table } = this;
    for (let at = start; at < end && !table.picker.stopped; ) {
      let stop = bytes.indexOf(lineEnd, at);
      if (stop < 0 || stop > end) stop = end;
      table.line++;
      if (this.text) this.lineOfText(bytes, at, stop);
      else this.lineOfValues(bytes, at, stop);
      at = stop + 1;
    }
  }

  finish(): void {
    const { text, table } = this;
    if (text) throw cutShort(this.name, text.line, "the text that is opened by ; does not end, it begins");
    if (table.loop?.pieces) throw cutShort(this.name, table.loop.pieces.line, table.loop.wrongCount());
    table.end();
    if (table.state === "before") {
      const hint = "check that this is the STAR file you meant";
      throw starError(this.name, undefined, "no data_ block, a STAR file has one at least", hint, "FORMAT_UNKNOWN");
    }
  }

  private lineOfValues(bytes: Uint8Array, lineStart: number, end: number): void {
    const { table } = this;
    let at = lineStart;
    while (at < end && bytes[at]! <= 32) at++;
    if (at === end) return;
    const first = bytes[at]!;
    if (first === HASH) return;
    if (first === SMALL_D && this.beginsBlock(bytes, at, end)) return;
    if (table.state === "before") return; // a title, as some programs write
    if (first === SEMICOLON && at === lineStart) {
      this.text = new LongText(table.line);
      this.text.add(bytes, at + 1, end);
    } else if (first === SMALL_L && startsWith(bytes, at, end, "loop_") && (at + 5 === end || bytes[at + 5]! <= 32)) {
      table.beginLoop();
      table.addColumns(bytes, at + 5, end);
    } else if (first === UNDERSCORE) {
      if (table.state === "header") table.addColumns(bytes, at, end);
      else table.addPair(bytes, at, end);
    } else if (table.loop) table.loop.addLine(bytes, at, end, table.line);
    else table.addValues(bytes, at, end);
  }

  /** `data_NAME`, alone in its line: in a row of several values a name may begin like that. */
  private beginsBlock(bytes: Uint8Array, at: number, end: number): boolean {
    if (!startsWith(bytes, at, end, "data_")) return false;
    let stop = at;
    while (stop < end && bytes[stop]! > 32) stop++;
    let next = stop;
    while (next < end && bytes[next]! <= 32) next++;
    if (next < end && bytes[next] !== HASH) return false;
    this.table.beginBlock(textOf(bytes, at + 5, stop));
    return true;
  }

  private lineOfText(bytes: Uint8Array, at: number, end: number): void {
    const { table } = this;
    const text = this.text!;
    if (at === end || bytes[at] !== SEMICOLON) {
      text.add(bytes, at, end);
      if (text.length > TEXT_BYTES_MAX) throw tooMany(this.name, table.line, `a text of more than ${TEXT_BYTES_MAX} bytes`);
      return;
    }
    this.text = undefined;
    table.addText(text.bytes(), text.line);
    let next = at + 1;
    while (next < end && bytes[next]! <= 32) next++;
    if (next < end && bytes[next] !== HASH) table.addValues(bytes, next, end);
  }
}

function cutShort(name: string, line: number, message: string): EmporiumError {
  return starError(name, line, message, "copy the file again: it was cut short", "FORMAT_TRUNCATED");
}

function startsWith(bytes: Uint8Array, at: number, end: number, word: string): boolean {
  if (end - at < word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) return false;
  return true;
}
