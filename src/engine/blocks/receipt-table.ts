import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { compareKeys } from "../../stores/keys.js";
import { contentLine } from "../folder-contents.js";
import type { ObjectReceipt } from "../task.js";

/**
 * Receipts of blocks: a row of 24 bytes each, in pages of 2^18 rows. A page is one object, `receipts/<stage>/<page>.bin`:
 *
 * | bytes | what |
 * |---|---|
 * | 0–3 | `EMRT` |
 * | 4–7 | 1, the format |
 * | 8–11 | rows of this page |
 * | 12–15 | CRC-32 of all that follows |
 * | 16– | a bit for each row, the lowest first: its block is done |
 * | … | the rows |
 *
 * A row has the CRC-32 of the block's bytes (u32), the number of its objects (u32), their size together (float64) and a tag (u64) that says
 * whether they are still those that were written. All numbers are little-endian.
 */
export const PAGE_ROWS = 2 ** 18;
export const ROW_BYTES = 24;
const HEAD_BYTES = 16;
const MAGIC = 0x54524d45;
const FORMAT = 1;

/** A row, decoded. */
export interface BlockReceipt {
  /** CRC-32 of the object's bytes; of several objects that of the text that lists them, as receipts of folders have it. */
  readonly crc32: number;
  readonly objects: number;
  readonly size: number;
  readonly tag: bigint;
}

/** A block's row. @param given its objects, in any order */
export function rowOf(given: readonly ObjectReceipt[]): Buffer {
  const row = Buffer.alloc(ROW_BYTES);
  if (given.length === 0) return row;
  const outputs = given.toSorted((a, b) => compareKeys(a.key, b.key));
  row.writeUInt32LE(checksumOf(outputs), 0);
  row.writeUInt32LE(outputs.length, 4);
  row.writeDoubleLE(
    outputs.reduce((sum, { size }) => sum + size, 0),
    8,
  );
  row.writeBigUInt64LE(
    outputs.reduce((sum, output) => BigInt.asUintN(64, sum + objectTag(output)), 0n),
    16,
  );
  return row;
}

export function receiptOfRow(row: Buffer): BlockReceipt {
  return {
    crc32: row.readUInt32LE(0),
    objects: row.readUInt32LE(4),
    size: row.readDoubleLE(8),
    tag: row.readBigUInt64LE(16),
  };
}

/** Whether two attempts at a block gave the same bytes; the tag tells versions of objects, not bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a.subarray(0, 16), b.subarray(0, 16)) === 0;
}

/**
 * An object's part of its block's tag. Tags of objects are added modulo 2^64, so that a listing may come in any order.
 */
export function objectTag({ key, size, etag, modifiedMs }: Pick<ObjectReceipt, "key" | "size" | "etag" | "modifiedMs">): bigint {
  const text = `${key}\0${size}\0${etag ?? modifiedMs ?? ""}`;
  return createHash("sha256").update(text).digest().readBigUInt64LE(0);
}

function checksumOf(outputs: readonly ObjectReceipt[]): number {
  if (outputs.length === 1) return Number.parseInt(outputs[0]!.crc32, 16);
  let crc = 0;
  for (const output of outputs) crc = crc32(contentLine("", output), crc);
  return crc;
}

/** Some consecutive rows in memory. */
export interface ReceiptPage {
  readonly rows: number;
  has(row: number): boolean;
  /** Valid until the row is set again. */
  get(row: number): Buffer;
  set(row: number, receipt: Uint8Array): void;
  /** Forgets a row: its block is to be done again. */
  clear(row: number): void;
  /** The page as it lies in a store. */
  encode(): Buffer;
}

export const bitmapBytes = (rows: number): number => Math.ceil(rows / 8);
/** Byte range of one row of a page in its object. */
export const rowRange = (rows: number, row: number) => ({
  offset: HEAD_BYTES + bitmapBytes(rows) + row * ROW_BYTES,
  length: ROW_BYTES,
});

export function emptyPage(rows: number): ReceiptPage {
  return pageOver(Buffer.alloc(HEAD_BYTES + bitmapBytes(rows) + rows * ROW_BYTES), rows);
}

/** @returns undefined for bytes that are no such page, or are damaged: what it proved is then done again */
export function parsePage(bytes: Uint8Array, rows: number): ReceiptPage | undefined {
  const page = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (page.length !== HEAD_BYTES + bitmapBytes(rows) + rows * ROW_BYTES) return undefined;
  const [magic, format, count, crc] = [0, 4, 8, 12].map((at) => page.readUInt32LE(at));
  if (magic !== MAGIC || format !== FORMAT || count !== rows || crc !== crc32(page.subarray(HEAD_BYTES))) return undefined;
  return pageOver(page, rows);
}

function pageOver(bytes: Buffer, rows: number): ReceiptPage {
  const bits = bytes.subarray(HEAD_BYTES, HEAD_BYTES + bitmapBytes(rows));
  const start = HEAD_BYTES + bits.length;
  const check = (row: number) => {
    if (!(row >= 0 && row < rows)) throw new EmporiumError("INTERNAL", `row ${row} of a page of ${counted(rows, "receipt")}`);
  };
  return {
    rows,
    has: (row) => hasBit(bits, row),
    get: (row) => bytes.subarray(start + row * ROW_BYTES, start + (row + 1) * ROW_BYTES),
    set(row, receipt) {
      check(row);
      bytes.set(receipt, start + row * ROW_BYTES);
      bits[row >>> 3]! |= 1 << (row & 7);
    },
    clear(row) {
      check(row);
      bits[row >>> 3]! &= ~(1 << (row & 7));
    },
    encode() {
      bytes.writeUInt32LE(MAGIC, 0);
      bytes.writeUInt32LE(FORMAT, 4);
      bytes.writeUInt32LE(rows, 8);
      bytes.writeUInt32LE(crc32(bytes.subarray(HEAD_BYTES)), 12);
      return bytes;
    },
  };
}

export function hasBit(bits: Uint8Array, at: number): boolean {
  return ((bits[at >>> 3]! >>> (at & 7)) & 1) === 1;
}
