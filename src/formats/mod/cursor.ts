import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError, type ErrorCode } from "../../core/errors.js";
import { counted } from "../../core/units.js";

const WINDOW_BYTES = 1024 * 1024;

/** Reads a model from front to back in windows of 1 MiB. Skipped bytes outside of the window are not fetched. */
export class ModCursor {
  #window: Uint8Array = new Uint8Array(0);
  #start = 0;
  at = 0;

  private constructor(
    readonly source: RandomAccess,
    readonly sizeBytes: number,
    readonly options: ReadOptions | undefined,
  ) {}

  static async open(source: RandomAccess, options?: ReadOptions): Promise<ModCursor> {
    return new ModCursor(source, await source.size(), options);
  }

  get left(): number {
    return this.sizeBytes - this.at;
  }

  /** The next `length` bytes, which are passed. They share memory with the window. */
  async take(length: number, what: string): Promise<DataView> {
    const view = await this.peek(length, what);
    this.at += length;
    return view;
  }

  /** The same without passing them. */
  async peek(length: number, what: string): Promise<DataView> {
    this.require(length, what);
    if (this.at < this.#start || this.at + length > this.#start + this.#window.length) await this.#fetch(length);
    return new DataView(this.#window.buffer, this.#window.byteOffset + this.at - this.#start, length);
  }

  skip(length: number, what: string): void {
    this.require(length, what);
    this.at += length;
  }

  /** Bytes must be there before anything is made for them. */
  require(length: number, what: string): void {
    if (length <= this.left) return;
    throw this.fail(
      "FORMAT_TRUNCATED",
      this.at,
      `${counted(length, "byte")} of ${what} at byte ${this.at}, the file has ${this.sizeBytes}`,
    );
  }

  fail(code: ErrorCode, byte: number, message: string): EmporiumError {
    const hint = "copy the file again, or save it again with 3dmod: it was cut short or is damaged";
    return new EmporiumError(code, `${this.source.name}: ${message}`, { place: { file: this.source.name, byte }, hint });
  }

  async #fetch(length: number): Promise<void> {
    const wanted = Math.min(Math.max(length, WINDOW_BYTES), this.left);
    this.#window = await this.source.read({ offset: this.at, length: wanted }, this.options);
    this.#start = this.at;
    if (this.#window.length >= length) return;
    const message = `${this.source.name}: it became shorter than ${counted(this.sizeBytes, "byte")} while it was read`;
    throw new EmporiumError("SOURCE_CHANGED", message, {
      place: { file: this.source.name, byte: this.at + this.#window.length },
    });
  }
}
