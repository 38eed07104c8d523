import { crc32 } from "../../core/crc32.js";
import { crc32c } from "../../core/crc32c.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";

export const CHECKSUM_BYTES = 4;

/** Sums of 4 bytes that stand before or after the bytes they are of, little-endian. */
export type ChecksumName = "crc32c" | "crc32" | "adler32" | "fletcher32";

const SUMS: Record<ChecksumName, (bytes: Uint8Array) => number> = { crc32c, crc32, adler32, fletcher32 };

export interface ChecksumOptions {
  /** Default CRC-32C: Zarr's codec `crc32c`. The others are numcodecs'. */
  sum?: ChecksumName | undefined;
  /** Default false: the sum follows the bytes. */
  atStart?: boolean | undefined;
}

/** The bytes and their checksum. */
export function withChecksum(bytes: Uint8Array, { sum = "crc32c", atStart = false }: ChecksumOptions = {}): Uint8Array {
  const result = new Uint8Array(bytes.length + CHECKSUM_BYTES);
  result.set(bytes, atStart ? CHECKSUM_BYTES : 0);
  new DataView(result.buffer).setUint32(atStart ? 0 : bytes.length, SUMS[sum](bytes), true);
  return result;
}

/** @throws {EmporiumError} FORMAT_CORRUPT when the checksum is not that of the other bytes. */
export function withoutChecksum(
  bytes: Uint8Array,
  name: string,
  { sum = "crc32c", atStart = false }: ChecksumOptions = {},
): Uint8Array {
  const length = bytes.length - CHECKSUM_BYTES;
  const wanted = length < 0 ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(atStart ? 0 : length, true);
  const body = atStart ? bytes.subarray(CHECKSUM_BYTES) : bytes.subarray(0, Math.max(0, length));
  const found = SUMS[sum](body);
  if (found === wanted) return body;
  const hex = (value: number) => value.toString(16).padStart(8, "0");
  throw new EmporiumError(
    "FORMAT_CORRUPT",
    wanted === undefined
      ? `${name}: ${counted(bytes.length, "byte")}, the checksum alone has ${CHECKSUM_BYTES}`
      : `${name}: ${sum} ${hex(found)}, stored is ${hex(wanted)}`,
    { place: { file: name }, hint: "copy the chunk again: it is damaged or cut short" },
  );
}

const ADLER = 65521;

/** Adler-32, RFC 1950. */
export function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (let at = 0; at < bytes.length; ) {
    // so many bytes keep both sums below 2^32
    for (const end = Math.min(bytes.length, at + 5552); at < end; at++) {
      low += bytes[at]!;
      high += low;
    }
    low %= ADLER;
    high %= ADLER;
  }
  return ((high << 16) | low) >>> 0;
}

/** Fletcher-32 as HDF5 and numcodecs have it: words of 16 bits, big-endian, the last one filled up with 0. */
export function fletcher32(bytes: Uint8Array): number {
  const fold = (sum: number) => (sum & 0xffff) + (sum >>> 16);
  let low = 0;
  let high = 0;
  const even = bytes.length - (bytes.length % 2);
  for (let at = 0; at < even; ) {
    for (const end = Math.min(even, at + 720); at < end; at += 2) {
      low += (bytes[at]! << 8) | bytes[at + 1]!;
      high += low;
    }
    low = fold(low);
    high = fold(high);
  }
  if (even < bytes.length) {
    low = fold(low + (bytes[even]! << 8));
    high = fold(high + low);
  }
  return ((fold(high) << 16) | fold(low)) >>> 0;
}
