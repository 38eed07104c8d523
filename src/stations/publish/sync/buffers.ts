/** Buffers that are used again. A new buffer for each file and part would keep the garbage collector busy. */
export interface Buffers {
  /** At least so many bytes, with any contents. */
  take(bytes: number): Buffer;
  /** After this nothing may use the buffer, sockets included. */
  give(buffer: Buffer): void;
}

const BYTES_MIN = 4 * 1024;

/** @param heldMax bytes that are kept for later. */
export function makeBuffers(heldMax: number): Buffers {
  const spare = new Map<number, Buffer[]>();
  let held = 0;
  return {
    take(bytes) {
      const length = Math.max(BYTES_MIN, 2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
      const found = spare.get(length)?.pop();
      if (found) held -= length;
      return found ?? Buffer.allocUnsafeSlow(length);
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
