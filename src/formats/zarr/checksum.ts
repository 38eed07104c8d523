import { crc32c } from "../../core/crc32c.js";
import { EmporiumError } from "../../core/errors.js";

export const CHECKSUM_BYTES = 4;

/** The bytes and their CRC-32C, 4 bytes, little-endian: Zarr's codec `crc32c`. */
export function withChecksum(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length + CHECKSUM_BYTES);
  result.set(bytes);
  new DataView(result.buffer).setUint32(bytes.length, crc32c(bytes), true);
  return result;
}

/** @throws {EmporiumError} FORMAT_CORRUPT when the checksum at the end is not that of the bytes before it. */
export function withoutChecksum(bytes: Uint8Array, name: string): Uint8Array {
  const length = bytes.length - CHECKSUM_BYTES;
  const wanted = length < 0 ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(length, true);
  const body = bytes.subarray(0, Math.max(0, length));
  const found = crc32c(body);
  if (found === wanted) return body;
  const hex = (sum: number) => sum.toString(16).padStart(8, "0");
  throw new EmporiumError(
    "FORMAT_CORRUPT",
    wanted === undefined
      ? `${name}: ${bytes.length} bytes, the checksum alone has ${CHECKSUM_BYTES}`
      : `${name}: crc32c ${hex(found)}, stored is ${hex(wanted)}`,
    { place: { file: name }, hint: "copy the chunk again: it is damaged or cut short" },
  );
}
