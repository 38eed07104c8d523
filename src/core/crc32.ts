/**
 * CRC-32 (zlib's polynomial) arithmetic. Checksums of pieces combine, crc(A ++ B) from crc(A), crc(B) and the length of B, so the checksum
 * of an object follows from pieces that several workers write and a header that is written last, without reading it again.
 */
const POLYNOMIAL = 0xedb88320;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let c = byte;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
  return c >>> 0;
});

/** Plain CRC-32, for small inputs and browsers; Node's `zlib.crc32` is many times faster and equal. */
export function crc32(bytes: Uint8Array, start = 0): number {
  let c = ~start;
  for (let i = 0; i < bytes.length; i++) c = TABLE[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}

/** Product of two polynomials over GF(2), bit-reversed, modulo the CRC's. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product >>> 0;
}

const powers = new Map<number, number>();

/** x^(8·length): the factor for a CRC that `length` more bytes follow. */
function shift(length: number): number {
  let result = powers.get(length);
  if (result === undefined) {
    result = 0x80000000;
    let base = 0x00800000; // x^8
    for (let n = length; n > 0; n = Math.floor(n / 2)) {
      if (n % 2 === 1) result = multiply(result, base);
      base = multiply(base, base);
    }
    if (powers.size > 4096) powers.clear();
    powers.set(length, result);
  }
  return result;
}

/** CRC-32 of A ++ B. */
export function combineCrc32(crcA: number, crcB: number, lengthB: number): number {
  return (multiply(crcA, shift(lengthB)) ^ crcB) >>> 0;
}

/** Eight lower-case hexadecimal digits, as receipts carry it. */
export function crcText(crc: number): string {
  return (crc >>> 0).toString(16).padStart(8, "0");
}
