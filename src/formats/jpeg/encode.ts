import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import type { JpegPicture } from "./decode.js";
import { ZIGZAG } from "./scan.js";
import { forwardTransform } from "./transform.js";

/** A JPEG counts its rows and columns with 16 bits, of which libjpeg takes so many. */
export const JPEG_SIDE_MAX = 65_500;

/** The tables of T.81's annex K, in the order of rows and columns. */
const LUMINANCE = [
  ...[
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80,
    62,
  ],
  ...[18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101],
  ...[72, 92, 95, 98, 112, 100, 103, 99],
];
const CHROMINANCE = [
  ...[
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99,
    99,
  ],
  ...Array.from({ length: 32 }, () => 99),
];
const DC_COUNTS = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const DC_SYMBOLS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const AC_COUNTS = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d];
const AC_SYMBOLS = [
  ...[
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71, 0x14, 0x32, 0x81,
  ],
  ...[
    0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18,
  ],
  ...[
    0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48,
  ],
  ...[
    0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75,
  ],
  ...[
    0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
  ],
  ...[
    0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3,
  ],
  ...[
    0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5,
  ],
  ...[0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa],
];

/**
 * A picture of one or three channels (grey; red, green, blue) as baseline JPEG, no channel coarser than another.
 *
 * @param quality 1 to 100, as libjpeg scales its tables.
 * @throws {EmporiumError} FORMAT_FIELD for another number of channels, FORMAT_LIMIT past `JPEG_SIDE_MAX`.
 */
export function encodeJpeg({ width, height, channels, data }: JpegPicture, quality = 90): Uint8Array {
  if ((channels !== 1 && channels !== 3) || data.length !== width * height * channels) {
    const message = `${counted(data.length, "byte")}, ${counted(channels, "channel")}: a JPEG of ${width}×${height} has 1 or 3`;
    throw new EmporiumError("FORMAT_FIELD", message);
  }
  if (width > JPEG_SIDE_MAX || height > JPEG_SIDE_MAX) {
    throw new EmporiumError("FORMAT_LIMIT", `${width}×${height} pixels, a JPEG has ${JPEG_SIDE_MAX} at most along a side`);
  }
  const tables = [LUMINANCE, CHROMINANCE].slice(0, channels === 1 ? 1 : 2).map((table) => scaled(table, quality));
  const out = new ScanWriter(1024 + data.length);
  out.words([0xffd8]);
  out.segment(0xe0, [...text("JFIF\0"), 1, 1, 0, 0, 1, 0, 1, 0, 0]);
  for (const [i, table] of tables.entries()) out.segment(0xdb, [i, ...Array.from(ZIGZAG, (at) => table[at]!)]);
  const components = Array.from({ length: channels }, (_, i) => [i + 1, 0x11, Math.min(i, 1)]);
  out.segment(0xc0, [8, height >> 8, height & 255, width >> 8, width & 255, channels, ...components.flat()]);
  out.segment(0xc4, [0x00, ...DC_COUNTS, ...DC_SYMBOLS, 0x10, ...AC_COUNTS, ...AC_SYMBOLS]);
  out.segment(0xda, [channels, ...components.flatMap(([id]) => [id!, 0]), 0, 63, 0]);
  const block = new Int32Array(64);
  const predictions = new Int32Array(channels);
  for (let y = 0; y < height; y += 8) {
    for (let x = 0; x < width; x += 8) {
      for (let channel = 0; channel < channels; channel++) {
        fillBlock(block, { width, height, channels, data }, x, y, channel);
        forwardTransform(block);
        predictions[channel] = writeBlock(out, block, tables[Math.min(channel, 1)]!, predictions[channel]!);
      }
    }
  }
  out.align();
  out.words([0xffd9]);
  return out.bytes();
}

function scaled(table: readonly number[], quality: number): number[] {
  const whole = Math.min(100, Math.max(1, Math.round(quality)));
  const percent = whole < 50 ? Math.floor(5000 / whole) : 200 - 2 * whole;
  return table.map((value) => Math.min(255, Math.max(1, Math.floor((value * percent + 50) / 100))));
}

/** 8×8 samples less 128; the last row and column are repeated where the picture ends. */
function fillBlock(
  block: Int32Array,
  { width, height, channels, data }: JpegPicture,
  x0: number,
  y0: number,
  channel: number,
): void {
  for (let y = 0; y < 8; y++) {
    const row = Math.min(y0 + y, height - 1) * width;
    for (let x = 0; x < 8; x++) {
      const at = (row + Math.min(x0 + x, width - 1)) * channels;
      block[8 * y + x] = (channels === 1 ? data[at]! : ycc(data[at]!, data[at + 1]!, data[at + 2]!, channel)) - 128;
    }
  }
}

function ycc(r: number, g: number, b: number, channel: number): number {
  if (channel === 0) return (19595 * r + 38470 * g + 7471 * b + 32768) >> 16;
  if (channel === 1) return (-11059 * r - 21709 * g + 32768 * b + (128 << 16) + 32767) >> 16;
  return (32768 * r - 27439 * g - 5329 * b + (128 << 16) + 32767) >> 16;
}

/** Writes a block's coefficients; gives the first one, which the next block's is counted from. */
function writeBlock(out: ScanWriter, block: Int32Array, table: readonly number[], prediction: number): number {
  const quantized = (at: number) => {
    const divisor = 8 * table[at]!;
    const size = Math.floor((Math.abs(block[at]!) + divisor / 2) / divisor);
    return block[at]! < 0 ? -size : size;
  };
  const first = quantized(0);
  out.number(DC_CODES, 0, first - prediction);
  let run = 0;
  for (let k = 1; k < 64; k++) {
    const value = quantized(ZIGZAG[k]!);
    if (value === 0) {
      run++;
      continue;
    }
    for (; run > 15; run -= 16) out.code(AC_CODES, 0xf0);
    out.number(AC_CODES, run << 4, value);
    run = 0;
  }
  if (run > 0) out.code(AC_CODES, 0);
  return first;
}

/** By symbol: length of its code times 65536 plus the code. */
function codesOf(counts: readonly number[], symbols: readonly number[]): Uint32Array {
  const codes = new Uint32Array(256);
  let code = 0;
  let at = 0;
  for (const [i, count] of counts.entries()) {
    for (let n = 0; n < count; n++) codes[symbols[at++]!] = (i + 1) * 65536 + code++;
    code <<= 1;
  }
  return codes;
}

const DC_CODES = codesOf(DC_COUNTS, DC_SYMBOLS);
const AC_CODES = codesOf(AC_COUNTS, AC_SYMBOLS);

class ScanWriter {
  #bytes: Uint8Array;
  #length = 0;
  #held = 0;
  #count = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  words(words: readonly number[]): void {
    for (const word of words) {
      this.#push(word >> 8);
      this.#push(word & 255);
    }
  }

  segment(marker: number, body: readonly number[]): void {
    this.words([0xff00 + marker, body.length + 2]);
    for (const byte of body) this.#push(byte);
  }

  code(codes: Uint32Array, symbol: number): void {
    const entry = codes[symbol]!;
    this.#put(entry & 65535, entry >>> 16);
  }

  /** The symbol of a number's length, and the number. */
  number(codes: Uint32Array, symbol: number, value: number): void {
    const bits = 32 - Math.clz32(Math.abs(value));
    this.code(codes, symbol + bits);
    this.#put(value < 0 ? value + 2 ** bits - 1 : value, bits);
  }

  align(): void {
    if (this.#count > 0) this.#put(2 ** (8 - this.#count) - 1, 8 - this.#count);
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #put(value: number, bits: number): void {
    this.#held = (this.#held << bits) | value;
    this.#count += bits;
    while (this.#count >= 8) {
      this.#count -= 8;
      const byte = (this.#held >>> this.#count) & 255;
      this.#push(byte);
      if (byte === 0xff) this.#push(0);
    }
    this.#held &= (1 << this.#count) - 1;
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length++] = byte;
  }
}

function text(value: string): number[] {
  return Array.from(value, (letter) => letter.charCodeAt(0));
}
