import type { EmporiumError, Place as FilePlace } from "../../core/errors.js";
import { meshError } from "./mesh.js";

export type Place = Omit<FilePlace, "file">;

const LF = 10;
const CR = 13;
const isBlank = (byte: number) => byte === 32 || (byte >= 9 && byte <= 13);

/** Goes through a legacy VTK file by words and lines. Errors name the line, or the byte in a binary file. */
export class VtkCursor {
  binary = false;
  at = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly name: string,
  ) {}

  /** The line of the next word, or its byte in a binary file, where lines mean nothing. */
  place(): Place {
    this.skipBlanks();
    return this.binary ? { byte: this.at } : { line: this.#lineAt(this.at) };
  }

  /** The rest of this line. At the end of the file: undefined. */
  line(): string | undefined {
    if (this.at >= this.bytes.length) return undefined;
    let end = this.at;
    while (end < this.bytes.length && this.bytes[end] !== LF && this.bytes[end] !== CR) end++;
    const text = new TextDecoder().decode(this.bytes.subarray(this.at, Math.min(end, this.at + 1024)));
    this.at = this.bytes[end] === CR && this.bytes[end + 1] === LF ? end + 2 : end + 1;
    return text;
  }

  /** The next word. At the end of the file: undefined. */
  word(): string | undefined {
    this.skipBlanks();
    const start = this.at;
    while (this.at < this.bytes.length && !isBlank(this.bytes[this.at]!)) this.at++;
    return start === this.at ? undefined : latin(this.bytes, start, Math.min(this.at, start + 200));
  }

  wordOr(wanted: string): string {
    const word = this.word();
    if (word === undefined) throw this.cut(`the file ends before ${wanted}`);
    return word;
  }

  isNext(word: string): boolean {
    const before = this.at;
    const found = this.word();
    this.at = before;
    return found?.toUpperCase() === word;
  }

  /** A number of things. Nothing is allocated for it. */
  count(what: string): number {
    const place = this.place();
    const word = this.wordOr(what);
    if (!/^\d{1,15}$/.test(word)) throw this.field(place, `${JSON.stringify(word.slice(0, 40))} for ${what}`);
    return Number(word);
  }

  /** Goes behind a block that ends with an empty line. */
  skipPastEmptyLine(): void {
    this.line();
    for (;;) {
      const text = this.line();
      if (text === undefined || text.trim() === "") return;
    }
  }

  skipBlanks(): void {
    while (this.at < this.bytes.length && isBlank(this.bytes[this.at]!)) this.at++;
  }

  #lineAt(end: number): number {
    let line = 1;
    for (let at = 0; at < end; at++) {
      if (this.bytes[at] === LF || (this.bytes[at] === CR && this.bytes[at + 1] !== LF)) line++;
    }
    return line;
  }

  field(place: Place, message: string): EmporiumError {
    return meshError("FORMAT_FIELD", this.name, place, message);
  }

  unsupported(place: Place, message: string, hint?: string): EmporiumError {
    return meshError("FORMAT_UNSUPPORTED", this.name, place, message, hint);
  }

  cut(message: string): EmporiumError {
    const place = this.binary ? { byte: this.at } : { line: this.#lineAt(this.at) };
    return meshError("FORMAT_TRUNCATED", this.name, place, message, "copy the file again: it was cut short");
  }
}

function latin(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
