import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";

const WINDOW_BYTES = 64 * 1024;

/**
 * Reads a source from front to back in windows of 64 KiB. Pixel arrays are skipped, so a tag tree of 100 KB around an image of 1
 * GB takes a few requests.
 */
export class Cursor {
  #window: Uint8Array = new Uint8Array(0);
  #start = 0;
  #fetchedBytes = 0;
  at = 0;

  private constructor(
    readonly source: RandomAccess,
    readonly sizeBytes: number,
    readonly options: ReadOptions | undefined,
  ) {}

  static async open(source: RandomAccess, options?: ReadOptions): Promise<Cursor> {
    return new Cursor(source, await source.size(), options);
  }

  /** The next `length` bytes, which are passed. They share memory with the window. */
  async take(length: number, what: string): Promise<DataView> {
    if (this.at + length > this.sizeBytes) {
      throw new EmporiumError(
        "FORMAT_TRUNCATED",
        `${this.source.name}: ${counted(length, "byte")} of ${what} at byte ${this.at}, the file has ${this.sizeBytes}`,
        {
          place: { file: this.source.name, byte: this.at },
          hint: "copy the file again: it was cut short, or its header is damaged",
        },
      );
    }
    if (this.at < this.#start || this.at + length > this.#start + this.#window.length) await this.#fetch(length);
    const view = new DataView(this.#window.buffer, this.#window.byteOffset + this.at - this.#start, length);
    this.at += length;
    return view;
  }

  /** Passes over bytes that are not read; they must be there. */
  skip(length: number, what: string): void {
    if (this.at + length > this.sizeBytes) {
      throw new EmporiumError(
        "FORMAT_TRUNCATED",
        `${this.source.name}: ${what} of ${counted(length, "byte")} begins at byte ${this.at}, the file has ${this.sizeBytes}`,
        { place: { file: this.source.name, byte: this.sizeBytes }, hint: "copy the file again: it was cut short" },
      );
    }
    this.at += length;
  }

  async #fetch(length: number): Promise<void> {
    const wanted = Math.min(Math.max(length, WINDOW_BYTES), this.sizeBytes - this.at);
    this.#fetchedBytes += wanted;
    if (this.#fetchedBytes > LIMITS.headerBytes) {
      throw new EmporiumError(
        "FORMAT_LIMIT",
        `${this.source.name}: the tags fill more than ${LIMITS.headerBytes} bytes, up to byte ${this.at}`,
        { place: { file: this.source.name, byte: this.at }, hint: "save the image again without its additional tags" },
      );
    }
    this.#window = await this.source.read({ offset: this.at, length: wanted }, this.options);
    this.#start = this.at;
    if (this.#window.length < length) {
      throw new EmporiumError(
        "SOURCE_CHANGED",
        `${this.source.name}: it became shorter than ${counted(this.sizeBytes, "byte")} while it was read`,
        {
          place: { file: this.source.name, byte: this.at + this.#window.length },
        },
      );
    }
  }
}
