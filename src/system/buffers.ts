import { pageBuffer } from "./page-memory.js";

/** Buffers that are used again. A new buffer for each file and part would keep the garbage collector busy. */
export interface Buffers {
  /** A buffer of at least so many bytes, with any contents. */
  take(bytes: number): Buffer;
  /** Gives a buffer back. After this nothing may use it, sockets included. */
  give(buffer: Buffer): void;
}

const BYTES_MIN = 4 * 1024;
/**
 * Buffers of this size and more begin on a page, for transfers past the page cache. Each costs some address space, so that
 * smaller ones are plain.
 */
const ON_PAGES_BYTES = 8 * 2 ** 20;

/** @param heldMax bytes that are kept for later. */
export function makeBuffers(heldMax: number): Buffers {
  const spare = new Map<number, Buffer[]>();
  let held = 0;
  return {
    take(bytes) {
      const length = Math.max(BYTES_MIN, 2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
      const found = spare.get(length)?.pop();
      if (found) held -= length;
      return found ?? (length < ON_PAGES_BYTES ? Buffer.allocUnsafeSlow(length) : pageBuffer(length));
    },
    give(buffer) {
      if (held + buffer.length > heldMax) return;
      held += buffer.length;
      const same = spare.get(buffer.length);
      if (same) same.push(buffer);
      else spare.set(buffer.length, [buffer]);
    },
  };
}
