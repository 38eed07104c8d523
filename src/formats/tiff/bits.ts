import type { PixelType } from "./pixel-type.js";

/** Bytes of a row of samples as they are stored: a row ends with its last byte. */
export function packedRowBytes(samples: number, bits: number): number {
  return Math.ceil((samples * bits) / 8);
}

/**
 * Rows of packed samples, highest bit first, as whole numbers in host byte order.
 *
 * @param samples number of samples in a row.
 */
export function unpackRows(
  packed: Uint8Array,
  rows: number,
  samples: number,
  { bits, itemBytes, signed }: PixelType,
): Uint8Array {
  const plain = new Uint8Array(rows * samples * itemBytes);
  const rowBytes = packedRowBytes(samples, bits);
  if (itemBytes === 8) return unpackWide(packed, plain, rows, samples, bits, signed);
  const values = itemBytes === 1 ? plain : itemBytes === 2 ? new Uint16Array(plain.buffer) : new Uint32Array(plain.buffer);
  const wrap = signed ? 2 ** bits : 0;
  const half = 2 ** (bits - 1);
  for (let row = 0; row < rows; row++) {
    let [held, heldBits, at] = [0, 0, row * rowBytes];
    const out = row * samples;
    for (let i = 0; i < samples; i++) {
      // up to 31 + 7 bits: past what 32-bit operators hold, so by arithmetic
      while (heldBits < bits) {
        held = held * 256 + packed[at++]!;
        heldBits += 8;
      }
      const scale = 2 ** (heldBits - bits);
      const value = Math.floor(held / scale);
      held -= value * scale;
      heldBits -= bits;
      values[out + i] = wrap > 0 && value >= half ? value - wrap : value;
    }
  }
  return plain;
}

function unpackWide(
  packed: Uint8Array,
  plain: Uint8Array,
  rows: number,
  samples: number,
  bits: number,
  signed: boolean,
): Uint8Array {
  const values = new BigUint64Array(plain.buffer);
  const rowBytes = packedRowBytes(samples, bits);
  const width = BigInt(bits);
  for (let row = 0; row < rows; row++) {
    let [held, heldBits, at] = [0n, 0n, row * rowBytes];
    for (let i = 0; i < samples; i++) {
      while (heldBits < width) {
        held = (held << 8n) | BigInt(packed[at++]!);
        heldBits += 8n;
      }
      heldBits -= width;
      const value = held >> heldBits;
      held &= (1n << heldBits) - 1n;
      values[row * samples + i] = signed ? BigInt.asUintN(64, BigInt.asIntN(bits, value)) : value;
    }
  }
  return plain;
}

/** Real numbers of 24 bits (sign, 7 bits of exponent, 16 of fraction), as TIFF's technical note 3 has them, as float32. */
export function widenFloat24(stored: Uint8Array, littleEndian: boolean): Uint8Array {
  const count = Math.floor(stored.length / 3);
  const values = new Float32Array(count);
  const [high, low] = littleEndian ? [2, 0] : [0, 2];
  for (let i = 0; i < count; i++) {
    const bits = (stored[3 * i + high]! << 16) | (stored[3 * i + 1]! << 8) | stored[3 * i + low]!;
    const sign = bits & 0x800000 ? -1 : 1;
    const exponent = (bits >> 16) & 127;
    const fraction = bits & 0xffff;
    if (exponent === 127) values[i] = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    else values[i] = exponent === 0 ? sign * fraction * 2 ** -78 : sign * (1 + fraction / 65536) * 2 ** (exponent - 63);
  }
  return new Uint8Array(values.buffer);
}

const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) => {
  let turned = 0;
  for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) turned |= 128 >> bit;
  return turned;
});

/** Bytes with their bits turned round (FillOrder 2); a copy. */
export function reverseBits(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => REVERSED[byte]!);
}
