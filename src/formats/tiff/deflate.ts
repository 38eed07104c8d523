import { unzlibSync } from "fflate";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";

/** Writers fill up to even or aligned lengths behind the checksum. */
const PADDING_MAX = 64;

/**
 * Decodes a zlib stream into `plain`, which must come out full, and checks its checksum. The platform's streams are slow for
 * thousands of small strips, and refuse the padding of some writers.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT
 */
export function decodeDeflate(bytes: Uint8Array, plain: Uint8Array): void {
  let length: number;
  try {
    length = unzlibSync(bytes, { out: plain }).length;
  } catch (cause) {
    throw corrupt(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (length !== plain.length) throw corrupt(`the stream ends after ${length} of ${counted(plain.length, "byte")}`);
  const sum = adler32(plain);
  for (let at = bytes.length - 4; at >= Math.max(0, bytes.length - 4 - PADDING_MAX); at--) {
    const stored = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    if (stored === sum) return;
  }
  throw corrupt("the checksum is not that of the bytes");
}

/** The checksum of zlib streams (RFC 1950). */
export function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  // the sums stay below 2^32 for so many bytes
  for (let start = 0; start < bytes.length; start += 5552) {
    const stop = Math.min(start + 5552, bytes.length);
    for (let at = start; at < stop; at++) {
      a += bytes[at]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return ((b << 16) | a) >>> 0;
}

function corrupt(message: string, cause?: unknown): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", message, { cause });
}
