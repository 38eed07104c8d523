import { hasBit } from "./receipt-table.js";

/** Some of consecutive blocks, a bit each. */
export interface BlockSet {
  readonly size: number;
  has(block: number): boolean;
  add(block: number): void;
  /** The lowest bit first. */
  readonly bytes: Uint8Array;
}

/** @param count of all blocks @param bytes of a set that was kept */
export function blockSet(count: number, bytes: Uint8Array = new Uint8Array(Math.ceil(count / 8))): BlockSet {
  let size = 0;
  const has = (block: number) => hasBit(bytes, block); // no bit is set of one that is not there
  for (let block = 0; block < count; block++) if (hasBit(bytes, block)) size++;
  return {
    get size() {
      return size;
    },
    has,
    add(block) {
      if (has(block)) return;
      bytes[block >>> 3]! |= 1 << (block & 7);
      size++;
    },
    bytes,
  };
}
