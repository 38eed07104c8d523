import type { Place as FilePlace } from "../../core/errors.js";
import { decimal, isNotFinite } from "../text-lines.js";
import { meshError } from "./mesh.js";

export type Place = Omit<FilePlace, "file">;

/** Bytes a number of each type of a binary file, and how it is read. `vtkIdType` is an int in files, whatever the program had. */
const TYPES: Record<string, { bytes: number; get(view: DataView, at: number): number }> = {
  char: { bytes: 1, get: (view, at) => view.getInt8(at) },
  signed_char: { bytes: 1, get: (view, at) => view.getInt8(at) },
  vtktypeint8: { bytes: 1, get: (view, at) => view.getInt8(at) },
  unsigned_char: { bytes: 1, get: (view, at) => view.getUint8(at) },
  vtktypeuint8: { bytes: 1, get: (view, at) => view.getUint8(at) },
  short: { bytes: 2, get: (view, at) => view.getInt16(at) },
  vtktypeint16: { bytes: 2, get: (view, at) => view.getInt16(at) },
  unsigned_short: { bytes: 2, get: (view, at) => view.getUint16(at) },
  vtktypeuint16: { bytes: 2, get: (view, at) => view.getUint16(at) },
  int: { bytes: 4, get: (view, at) => view.getInt32(at) },
  vtkidtype: { bytes: 4, get: (view, at) => view.getInt32(at) },
  vtktypeint32: { bytes: 4, get: (view, at) => view.getInt32(at) },
  unsigned_int: { bytes: 4, get: (view, at) => view.getUint32(at) },
  vtktypeuint32: { bytes: 4, get: (view, at) => view.getUint32(at) },
  long: { bytes: 8, get: (view, at) => Number(view.getBigInt64(at)) },
  long_long: { bytes: 8, get: (view, at) => Number(view.getBigInt64(at)) },
  vtktypeint64: { bytes: 8, get: (view, at) => Number(view.getBigInt64(at)) },
  unsigned_long: { bytes: 8, get: (view, at) => Number(view.getBigUint64(at)) },
  unsigned_long_long: { bytes: 8, get: (view, at) => Number(view.getBigUint64(at)) },
  vtktypeuint64: { bytes: 8, get: (view, at) => Number(view.getBigUint64(at)) },
  float: { bytes: 4, get: (view, at) => view.getFloat32(at) },
  double: { bytes: 8, get: (view, at) => view.getFloat64(at) },
};
const LF = 10;
const CR = 13;
const isBlank = (byte: number) => byte === 32 || (byte >= 9 && byte <= 13);

/** Goes through a legacy VTK file: words between blanks, and lists of numbers as text or big-endian bytes. Errors say the line or the byte. */
export class VtkCursor {
  binary = false;
  #at = 0;
  /** Where the numbers of the last list stand, for errors about them. */
  #numbers = { from: 0, bytes: 0 };

  constructor(
    private readonly bytes: Uint8Array,
    readonly name: string,
  ) {}

  /** The line of the next word, or its byte in a binary file, where lines mean nothing. */
  place(): Place {
    this.#skipBlanks();
    return this.binary ? { byte: this.#at } : { line: this.#lineAt(this.#at) };
  }

  /** The rest of this line. At the end of the file: undefined. */
  line(): string | undefined {
    if (this.#at >= this.bytes.length) return undefined;
    let end = this.#at;
    while (end < this.bytes.length && this.bytes[end] !== LF && this.bytes[end] !== CR) end++;
    const text = new TextDecoder().decode(this.bytes.subarray(this.#at, Math.min(end, this.#at + 1024)));
    this.#at = this.bytes[end] === CR && this.bytes[end + 1] === LF ? end + 2 : end + 1;
    return text;
  }

  /** The next word. At the end of the file: undefined. */
  word(): string | undefined {
    this.#skipBlanks();
    const start = this.#at;
    while (this.#at < this.bytes.length && !isBlank(this.bytes[this.#at]!)) this.#at++;
    return start === this.#at ? undefined : latin(this.bytes, start, Math.min(this.#at, start + 200));
  }

  wordOr(wanted: string): string {
    const word = this.word();
    if (word === undefined) throw this.#cut(`the file ends before ${wanted}`);
    return word;
  }

  isNext(word: string): boolean {
    const before = this.#at;
    const found = this.word();
    this.#at = before;
    return found?.toUpperCase() === word;
  }

  /** A number of things. Nothing is allocated for it. */
  count(what: string): number {
    const place = this.place();
    const word = this.wordOr(what);
    if (!/^\d{1,15}$/.test(word))
      throw meshError("FORMAT_FIELD", this.name, place, `${JSON.stringify(word.slice(0, 40))} for ${what}`);
    return Number(word);
  }

  /** A list of numbers of one type, which begins behind this line in a binary file. */
  numbers(count: number, type: string, what: string): Float64Array {
    const kind = TYPES[type.toLowerCase()];
    if (!kind)
      throw meshError(
        "FORMAT_UNSUPPORTED",
        this.name,
        this.place(),
        `${what} of type ${JSON.stringify(type.slice(0, 40))}, a number type is wanted`,
      );
    return this.binary ? this.#binaryNumbers(count, kind, what) : this.#textNumbers(count, what);
  }

  #binaryNumbers(count: number, { bytes, get }: (typeof TYPES)[string], what: string): Float64Array {
    this.line();
    const left = Math.max(0, this.bytes.length - this.#at);
    if (count * bytes > left) throw this.#cut(`${count} numbers of ${what} are ${count * bytes} bytes, ${left} are left`);
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.#at, count * bytes);
    const numbers = new Float64Array(count);
    for (let at = 0; at < count; at++) numbers[at] = get(view, at * bytes);
    this.#numbers = { from: this.#at, bytes };
    this.#at += count * bytes;
    return numbers;
  }

  #textNumbers(count: number, what: string): Float64Array {
    this.#skipBlanks();
    // each has a digit, and a blank before the next
    const left = Math.ceil((this.bytes.length - this.#at) / 2);
    if (count > left) throw this.#cut(`${count} numbers of ${what}, ${this.bytes.length - this.#at} bytes are left`);
    const numbers = new Float64Array(count);
    this.#numbers = { from: this.#at, bytes: 0 };
    for (let at = 0; at < count; at++) {
      const place = this.#at;
      const word = this.wordOr(`number ${at} of the ${count} of ${what}`);
      const value = decimal(word) ?? (isNotFinite(word) ? Number.NaN : undefined);
      if (value === undefined) {
        this.#at = place;
        throw meshError(
          "FORMAT_FIELD",
          this.name,
          this.place(),
          `${JSON.stringify(word.slice(0, 40))} among ${what}, a number is wanted`,
        );
      }
      numbers[at] = value;
    }
    return numbers;
  }

  /** Says where the numbers of the list just read stand. */
  placeOfNumber(): (at: number) => Place {
    const { from, bytes } = this.#numbers;
    if (bytes > 0) return (at) => ({ byte: from + at * bytes });
    return (at) => {
      const again = new VtkCursor(this.bytes, this.name);
      again.#at = from;
      for (let skipped = 0; skipped < at; skipped++) again.word();
      return again.place();
    };
  }

  /** Goes behind a block that ends with an empty line. */
  skipPastEmptyLine(): void {
    this.line();
    for (;;) {
      const text = this.line();
      if (text === undefined || text.trim() === "") return;
    }
  }

  #skipBlanks(): void {
    while (this.#at < this.bytes.length && isBlank(this.bytes[this.#at]!)) this.#at++;
  }

  #lineAt(end: number): number {
    let line = 1;
    for (let at = 0; at < end; at++) {
      if (this.bytes[at] === LF || (this.bytes[at] === CR && this.bytes[at + 1] !== LF)) line++;
    }
    return line;
  }

  #cut(message: string) {
    const hint = "copy the file again: it was cut short";
    return meshError(
      "FORMAT_TRUNCATED",
      this.name,
      this.binary ? { byte: this.#at } : { line: this.#lineAt(this.#at) },
      message,
      hint,
    );
  }
}

function latin(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
