import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";

/** Entropy coding of Zstandard: bit streams, FSE tables, Huffman trees (RFC 8878 §4). */

export function corruptZstd(message: string): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", message);
}

/**
 * A bit stream that is read from its end. The last byte has a marker bit above the first bit. Bits before the beginning read as 0
 * and make `left` negative: the caller decides whether that is an error.
 */
export class ReverseBits {
  left: number;
  constructor(private readonly bytes: Uint8Array) {
    const last = bytes.at(-1) ?? 0;
    if (last === 0) throw corruptZstd("a bit stream without its end marker");
    this.left = 8 * (bytes.length - 1) + 31 - Math.clz32(last);
  }

  /** The next `count` (0 to 24) bits without taking them. */
  peek(count: number): number {
    const from = this.left - count;
    const { bytes } = this;
    if (from < 0) return this.left <= 0 ? 0 : (bits32(bytes, 0) & ((1 << this.left) - 1)) << -from;
    return (bits32(bytes, from >> 3) >>> (from & 7)) & ((1 << count) - 1);
  }

  read(count: number): number {
    const value = this.peek(count);
    this.left -= count;
    return value;
  }

  /** Up to 31 bits. */
  readLong(count: number): number {
    if (count <= 24) return this.read(count);
    const high = this.read(count - 16);
    return high * 65536 + this.read(16);
  }
}

/** Four bytes, little-endian; those past the end read as 0. */
function bits32(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

/** Decoding table of finite state entropy: what each state stands for, and how the next one is found. */
export interface FseTable {
  accuracy: number;
  symbols: Uint8Array;
  bits: Uint8Array;
  bases: Uint16Array;
}

/** The table of one symbol, which takes no bits. */
export function singleSymbol(symbol: number): FseTable {
  return { accuracy: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) };
}

export function fseTable(probabilities: readonly number[], accuracy: number): FseTable {
  const size = 1 << accuracy;
  const symbols = new Uint8Array(size);
  const next = new Uint16Array(probabilities.length);
  let high = size;
  probabilities.forEach((probability, symbol) => {
    if (probability === -1) symbols[--high] = symbol; // "less than one": a state of its own at the end
    next[symbol] = Math.abs(probability);
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let position = 0;
  probabilities.forEach((probability, symbol) => {
    for (let i = 0; i < probability; i++) {
      symbols[position] = symbol;
      do position = (position + step) & (size - 1);
      while (position >= high);
    }
  });
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const count = next[symbols[state]!]!++;
    bits[state] = accuracy - (31 - Math.clz32(count));
    bases[state] = (count << bits[state]!) - size;
  }
  return { accuracy, symbols, bits, bases };
}

/** A table's description, and the bytes that it took. */
export function readFseTable(bytes: Uint8Array, accuracyMax: number, symbolMax: number): { table: FseTable; length: number } {
  let at = 0;
  const read = (count: number): number => {
    if (at + count > 8 * bytes.length + 7) throw corruptZstd("a table of probabilities is cut short");
    const value = (bits32(bytes, at >> 3) >>> (at & 7)) & ((1 << count) - 1);
    at += count;
    return value;
  };
  const accuracy = read(4) + 5;
  if (accuracy > accuracyMax) throw corruptZstd(`a table of 2^${accuracy} states, 2^${accuracyMax} at most are allowed`);
  const probabilities: number[] = [];
  let remaining = 1 << accuracy;
  while (remaining > 0) {
    const width = 32 - Math.clz32(remaining + 1);
    const small = (1 << width) - 1 - (remaining + 1);
    let value = read(width);
    const low = value & ((1 << (width - 1)) - 1);
    if (low < small) {
      at--; // small values take one bit less
      value = low;
    } else if (value > (1 << (width - 1)) - 1) value -= small;
    const probability = value - 1;
    remaining -= Math.abs(probability);
    probabilities.push(probability);
    if (probability === 0) {
      let zeros: number;
      do {
        zeros = read(2);
        for (let i = 0; i < zeros; i++) probabilities.push(0);
      } while (zeros === 3);
    }
    if (probabilities.length > symbolMax + 1) throw corruptZstd(`a table of more than ${counted(symbolMax + 1, "symbol")}`);
  }
  const length = (at + 7) >> 3;
  if (remaining !== 0 || length > bytes.length) throw corruptZstd("a table of probabilities that do not add up");
  return { table: fseTable(probabilities, accuracy), length };
}

/** Lookup by the next `width` bits: symbol and the bits that it really took. */
export interface HuffmanTable {
  width: number;
  symbols: Uint8Array;
  bits: Uint8Array;
}

/** A Huffman tree's description, and the bytes that it took. */
export function readHuffmanTable(bytes: Uint8Array): { table: HuffmanTable; length: number } {
  const head = bytes[0];
  if (head === undefined) throw corruptZstd("a Huffman tree is cut short");
  const count = head - 127;
  const length = 1 + (head < 128 ? head : (count + 1) >> 1);
  if (length > bytes.length) throw corruptZstd("a Huffman tree is cut short");
  const body = bytes.subarray(1, length);
  const weights =
    head < 128
      ? readWeights(body)
      : Array.from({ length: count }, (_, i) => (i % 2 === 0 ? body[i >> 1]! >> 4 : body[i >> 1]! & 15));
  return { table: huffmanTable(weights), length };
}

/** Weights written with two FSE states by turns, until the bits run out. */
function readWeights(bytes: Uint8Array): number[] {
  const { table, length } = readFseTable(bytes, 6, 255);
  const stream = new ReverseBits(bytes.subarray(length));
  const states = [stream.read(table.accuracy), stream.read(table.accuracy)];
  if (stream.left < 0) throw corruptZstd("the weights of a Huffman tree are cut short");
  const weights: number[] = [];
  for (let turn = 0; ; turn ^= 1) {
    const state = states[turn]!;
    weights.push(table.symbols[state]!);
    states[turn] = table.bases[state]! + stream.read(table.bits[state]!);
    if (stream.left < 0) {
      weights.push(table.symbols[states[turn ^ 1]!]!);
      break;
    }
    if (weights.length > 254) throw corruptZstd("a Huffman tree of more than 256 symbols");
  }
  return weights;
}

/** The last symbol's weight is not written: it fills the tree up to a power of two. */
function huffmanTable(written: readonly number[]): HuffmanTable {
  let sum = 0;
  for (const weight of written) {
    if (weight > 11) throw corruptZstd(`a weight of ${weight} in a Huffman tree; at most 11 are allowed`);
    if (weight > 0) sum += 1 << (weight - 1);
  }
  if (sum === 0) throw corruptZstd("a Huffman tree without symbols");
  const width = 32 - Math.clz32(sum);
  const rest = (1 << width) - sum;
  if (width > 11 || (rest & (rest - 1)) !== 0 || written.length > 255) throw corruptZstd("a Huffman tree that is not full");
  const weights = [...written, 32 - Math.clz32(rest)];
  const symbols = new Uint8Array(1 << width);
  const bits = new Uint8Array(1 << width);
  let at = 0;
  for (let weight = 1; weight <= width; weight++) {
    for (let symbol = 0; symbol < weights.length; symbol++) {
      if (weights[symbol] !== weight) continue;
      symbols.fill(symbol, at, at + (1 << (weight - 1)));
      bits.fill(width + 1 - weight, at, at + (1 << (weight - 1)));
      at += 1 << (weight - 1);
    }
  }
  return { width, symbols, bits };
}

/** Decodes one stream into all of `out`; it must end exactly there. */
export function decodeHuffman(bytes: Uint8Array, { width, symbols, bits }: HuffmanTable, out: Uint8Array): void {
  const stream = new ReverseBits(bytes);
  for (let i = 0; i < out.length; i++) {
    const code = stream.peek(width);
    out[i] = symbols[code]!;
    stream.left -= bits[code]!;
    if (stream.left < 0) throw corruptZstd("a stream of literals is cut short");
  }
  if (stream.left !== 0) throw corruptZstd(`${counted(stream.left, "bit")} too many in a stream of literals`);
}
