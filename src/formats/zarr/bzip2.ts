import { EmporiumError } from "../../core/errors.js";

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const GROUP = 50;
const LENGTH_MAX = 20;

/**
 * Decodes bzip2 streams into `plain`, which they must fill exactly, and compares the checksum of every block.
 *
 * In TypeScript, as the packages at hand are Node streams, which a browser does not have.
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_UNSUPPORTED (blocks of versions before 0.9.5)
 * Source: the bzip2 1.0.8 sources; the format has no other specification.
 */
export function decodeBzip2(bytes: Uint8Array, plain: Uint8Array): void {
  const bits = new Bits(bytes);
  let out = 0;
  do {
    if (bits.read(16) !== 0x425a || bits.read(8) !== 0x68) throw corrupt("not a bzip2 stream");
    const level = bits.read(8) - 0x30;
    if (level < 1 || level > 9) throw corrupt(`block size ${level}, wanted 1 to 9`);
    for (;;) {
      const magic = bits.read(24) * 2 ** 24 + bits.read(24);
      const checksum = bits.read(16) * 2 ** 16 + bits.read(16);
      if (magic === END_MAGIC) break;
      if (magic !== BLOCK_MAGIC) throw corrupt("neither a block nor the end of the stream");
      const end = decodeBlock(bits, level * 100_000, plain, out);
      if (crcOf(plain.subarray(out, end)) !== checksum) throw corrupt("a block's checksum is not that of its bytes");
      out = end;
    }
    bits.align();
  } while (!bits.atEnd);
  if (out !== plain.length) throw corrupt(`the stream ends after ${out} of ${plain.length} bytes`);
}

/** One block; gives the place behind its bytes in the output. */
function decodeBlock(bits: Bits, sizeMax: number, plain: Uint8Array, start: number): number {
  if (bits.read(1) === 1) throw new EmporiumError("FORMAT_UNSUPPORTED", "randomised blocks (before bzip2 0.9.5) are not read");
  const origin = bits.read(24);
  const symbols = readSymbols(bits);
  const tableCount = bits.read(3);
  const selectorCount = bits.read(15);
  if (tableCount < 2 || tableCount > 6 || selectorCount < 1) throw corrupt(`${tableCount} tables, ${selectorCount} selectors`);
  const selectors = readSelectors(bits, selectorCount, tableCount);
  const tables = Array.from({ length: tableCount }, () => readTable(bits, symbols.length + 2));
  const { last, counts } = readMoves(bits, symbols, selectors, tables, sizeMax);
  if (origin >= last.length) throw corrupt(`the block begins at ${origin} of ${last.length}`);
  return untransform(last, counts, origin, plain, start);
}

/** The bytes that occur, ascending. */
function readSymbols(bits: Bits): number[] {
  const groups = bits.read(16);
  const symbols: number[] = [];
  for (let group = 0; group < 16; group++) {
    if ((groups & (0x8000 >> group)) === 0) continue;
    const members = bits.read(16);
    for (let i = 0; i < 16; i++) if ((members & (0x8000 >> i)) !== 0) symbols.push(16 * group + i);
  }
  if (symbols.length === 0) throw corrupt("a block without symbols");
  return symbols;
}

function readSelectors(bits: Bits, count: number, tableCount: number): Uint8Array {
  const order = Array.from({ length: tableCount }, (_, i) => i);
  const selectors = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let place = 0;
    while (bits.read(1) === 1) if (++place >= tableCount) throw corrupt("a selector of no table");
    const [table] = order.splice(place, 1);
    order.unshift(table!);
    selectors[i] = table!;
  }
  return selectors;
}

/** A canonical Huffman code: for each length the first code, the first place of its symbols, and the symbols by code. */
interface Table {
  limits: Int32Array;
  offsets: Int32Array;
  symbols: Uint16Array;
}

function readTable(bits: Bits, alphabet: number): Table {
  const lengths = new Uint8Array(alphabet);
  let length = bits.read(5);
  for (let symbol = 0; symbol < alphabet; symbol++) {
    for (;;) {
      if (length < 1 || length > LENGTH_MAX) throw corrupt(`a code of ${length} bits`);
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  const symbols = new Uint16Array(alphabet);
  const limits = new Int32Array(LENGTH_MAX + 1).fill(-1);
  const offsets = new Int32Array(LENGTH_MAX + 1);
  let [code, place] = [0, 0];
  for (let bitsLong = 1; bitsLong <= LENGTH_MAX; bitsLong++) {
    offsets[bitsLong] = place - code;
    for (let symbol = 0; symbol < alphabet; symbol++) {
      if (lengths[symbol] !== bitsLong) continue;
      symbols[place++] = symbol;
      code++;
    }
    limits[bitsLong] = code - 1;
    code <<= 1;
  }
  return { limits, offsets, symbols };
}

function readCode(bits: Bits, { limits, offsets, symbols }: Table): number {
  let code = 0;
  for (let length = 1; length <= LENGTH_MAX; length++) {
    code = (code << 1) | bits.read(1);
    if (code <= limits[length]!) {
      const symbol = symbols[code + offsets[length]!];
      if (symbol !== undefined) return symbol;
      break;
    }
  }
  throw corrupt("a code of no symbol");
}

/** Undoes Huffman codes, runs of zeros and move-to-front: the last column of the sorted block. */
function readMoves(bits: Bits, symbols: readonly number[], selectors: Uint8Array, tables: readonly Table[], sizeMax: number) {
  const end = symbols.length + 1;
  const front = [...symbols];
  const last = new Uint8Array(sizeMax);
  const counts = new Int32Array(256);
  let [size, group, inGroup, run, weight] = [0, 0, 0, 0, 1];
  let table = tables[selectors[0]!]!;
  const flush = () => {
    if (size + run > sizeMax) throw corrupt(`a block of more than ${sizeMax} bytes`);
    last.fill(front[0]!, size, size + run);
    counts[front[0]!]! += run;
    size += run;
    [run, weight] = [0, 1];
  };
  for (;;) {
    if (inGroup === GROUP) {
      if (++group >= selectors.length) throw corrupt("more codes than selectors");
      table = tables[selectors[group]!]!;
      inGroup = 0;
    }
    inGroup++;
    const symbol = readCode(bits, table);
    if (symbol <= 1) {
      run += weight << symbol;
      weight <<= 1;
      if (run > sizeMax) throw corrupt(`a block of more than ${sizeMax} bytes`);
      continue;
    }
    if (run > 0) flush();
    if (symbol === end) break;
    const [byte] = front.splice(symbol - 1, 1);
    front.unshift(byte!);
    if (size >= sizeMax) throw corrupt(`a block of more than ${sizeMax} bytes`);
    last[size++] = byte!;
    counts[byte!]!++;
  }
  return { last: last.subarray(0, size), counts };
}

/** Undoes the sorting, then the runs: four equal bytes are followed by how many more there are. */
function untransform(last: Uint8Array, counts: Int32Array, origin: number, plain: Uint8Array, start: number): number {
  const next = new Uint32Array(last.length);
  const places = new Int32Array(256);
  for (let byte = 1; byte < 256; byte++) places[byte] = places[byte - 1]! + counts[byte - 1]!;
  for (let i = 0; i < last.length; i++) next[places[last[i]!]!++] = i;
  let at = next[origin]!;
  let [out, previous, equal] = [start, -1, 0];
  for (let i = 0; i < last.length; i++) {
    const byte = last[at]!;
    at = next[at]!;
    if (equal === 4) {
      if (out + byte > plain.length) throw tooLong(plain.length);
      plain.fill(previous, out, out + byte);
      out += byte;
      [previous, equal] = [-1, 0];
      continue;
    }
    equal = byte === previous ? equal + 1 : 1;
    previous = byte;
    if (out >= plain.length) throw tooLong(plain.length);
    plain[out++] = byte;
  }
  return out;
}

/** Bits, highest first. */
class Bits {
  #at = 0;
  #held = 0;
  #heldBits = 0;
  constructor(private readonly bytes: Uint8Array) {}

  /** Up to 24 bits. */
  read(count: number): number {
    while (this.#heldBits < count) {
      if (this.#at >= this.bytes.length) throw corrupt("the stream is cut short");
      this.#held = ((this.#held << 8) | this.bytes[this.#at++]!) >>> 0;
      this.#heldBits += 8;
    }
    this.#heldBits -= count;
    const value = (this.#held >>> this.#heldBits) & ((1 << count) - 1);
    this.#held &= (1 << this.#heldBits) - 1;
    return value;
  }

  align(): void {
    this.#heldBits = 0;
    this.#held = 0;
  }

  get atEnd(): boolean {
    return this.#at >= this.bytes.length;
  }
}

const CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** bzip2's CRC-32: that of zip, highest bit first. */
function crcOf(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc << 8) ^ CRC[((crc >>> 24) ^ byte) & 255]!;
  return ~crc >>> 0;
}

function tooLong(plainBytes: number): EmporiumError {
  return corrupt(`the stream goes on past the ${plainBytes} bytes that it should have`);
}

function corrupt(message: string): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", message);
}
