/**
 * CRC-32C (Castagnoli), the checksum of Zarr's `crc32c` codec and of shard indexes: RFC 3720, polynomial 0x1edc6f41, reflected. Eight bytes a
 * step ("slicing by 8"): eight tables of 256, the n-th for a byte that n more bytes follow. About four times a table of one.
 */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables after one another. */
const TABLES = new Uint32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let c = byte;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
  TABLES[byte] = c;
}
for (let at = 256; at < TABLES.length; at++) TABLES[at] = TABLES[TABLES[at - 256]! & 255]! ^ (TABLES[at - 256]! >>> 8);

/** The checksum of `bytes`, or of what came before and `bytes`: `crc32c(b, crc32c(a))` is that of a ++ b. */
export function crc32c(bytes: Uint8Array, start = 0): number {
  const t = TABLES;
  let c = ~start;
  let i = 0;
  for (const end = bytes.length - 7; i < end; i += 8) {
    c ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    c =
      t[0x700 | (c & 255)]! ^
      t[0x600 | ((c >>> 8) & 255)]! ^
      t[0x500 | ((c >>> 16) & 255)]! ^
      t[0x400 | (c >>> 24)]! ^
      t[0x300 | bytes[i + 4]!]! ^
      t[0x200 | bytes[i + 5]!]! ^
      t[0x100 | bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < bytes.length; i++) c = t[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}
