import { concat } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const GROUP = 50;
const LENGTH_MAX = 20;

/** Plain bytes that come at once: a block of 900 kB may hold 46 MB. */
const PIECE_BYTES = 128 * 1024;
/** Most bytes of the stream that one block can take: 900,000 codes of 20 bits, and its tables. */
const STORED_MAX = 3 * 2 ** 20;
/** Changes of length from one code to the next: the longest is 20 bits. */
const CHANGES_MAX = 64;
/** Symbols between two pauses: some milliseconds. */
const PAUSE_SYMBOLS = 16 * 1024;

/** Plain bytes; or a place where the caller may do something else, or must give more of the stream, undefined at its end. */
type Bzip2Step = Uint8Array<ArrayBuffer> | "pause" | "more";

/**
 * Decodes bzip2 streams into `plain`, which they must fill exactly, and compares the checksum of every block.
 *
 * In TypeScript, as the packages at hand are Node streams, which a browser does not have.
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_UNSUPPORTED (blocks of versions before 0.9.5)
 * Source: the bzip2 1.0.8 sources; the format has no other specification.
 */
export function decodeBzip2(bytes: Uint8Array, plain: Uint8Array): void {
  const steps = bunzip2();
  let input: Uint8Array | undefined = bytes;
  let out = 0;
  for (let step = steps.next(); !step.done; ) {
    if (typeof step.value !== "string") {
      if (out + step.value.length > plain.length) throw tooLong(plain.length);
      plain.set(step.value, out);
      out += step.value.length;
    }
    const isAsked = step.value === "more";
    step = steps.next(isAsked ? input : undefined);
    if (isAsked) input = undefined;
  }
  if (out !== plain.length) throw corrupt(`the stream ends after ${out} of ${plain.length} bytes`);
}

/**
 * Decodes bzip2 streams, one after the other, step by step: whoever needs the first bytes alone stops there. Memory: a block, some
 * 5 MB, and what of the stream was given and not yet used.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT (a checksum when its block has come), FORMAT_UNSUPPORTED
 */
export function* bunzip2(): Generator<Bzip2Step, void, Uint8Array | undefined> {
  const bits = new Bits();
  let level: number | undefined;
  let work: Workspace | undefined;
  for (let streams = 0; ; ) {
    const mark = bits.mark();
    try {
      if (level === undefined) {
        level = readLevel(bits);
        if (work?.last.length !== level * 100_000) work = workspace(level * 100_000);
        streams++;
      } else if (!(yield* decodeBlock(bits, work!))) level = undefined;
    } catch (error) {
      if (!(error instanceof CutShort)) throw error;
      if (bits.since(mark) > STORED_MAX) throw corrupt(`a block goes on past ${STORED_MAX} bytes`);
      const more: Uint8Array | undefined = yield "more";
      if (more) bits.append(mark, more);
      else if (level === undefined && streams > 0 && bits.atEnd) return;
      else throw corrupt("the stream is cut short");
    }
  }
}

/** The head of a stream: hundred thousands of bytes that a block may have. */
function readLevel(bits: Bits): number {
  if (bits.read(16) !== 0x425a || bits.read(8) !== 0x68) throw corrupt("not a bzip2 stream");
  const level = bits.read(8) - 0x30;
  if (level < 1 || level > 9) throw corrupt(`block size ${level}; expected 1 to 9`);
  return level;
}

interface Workspace {
  /** The last column of a block's sorted rotations. */
  readonly last: Uint8Array;
  readonly next: Uint32Array;
}

const workspace = (size: number): Workspace => ({ last: new Uint8Array(size), next: new Uint32Array(size) });

/** @returns false at the end of a stream. */
function* decodeBlock(bits: Bits, work: Workspace): Generator<Bzip2Step, boolean, Uint8Array | undefined> {
  const magic = bits.read(24) * 2 ** 24 + bits.read(24);
  const checksum = bits.read(16) * 2 ** 16 + bits.read(16);
  if (magic === END_MAGIC) {
    bits.align();
    return false;
  }
  if (magic !== BLOCK_MAGIC) throw corrupt("neither a block nor the end of the stream");
  if (bits.read(1) === 1) throw new EmporiumError("FORMAT_UNSUPPORTED", "randomised blocks (before bzip2 0.9.5) are not read");
  const origin = bits.read(24);
  const symbols = readSymbols(bits);
  const tableCount = bits.read(3);
  const selectorCount = bits.read(15);
  if (tableCount < 2 || tableCount > 6 || selectorCount < 1)
    throw corrupt(`${counted(tableCount, "table")}, ${selectorCount} selectors`);
  const selectors = readSelectors(bits, selectorCount, tableCount);
  const tables = Array.from({ length: tableCount }, () => readTable(bits, symbols.length + 2));
  const { size, counts } = yield* readMoves(bits, symbols, selectors, tables, work.last);
  if (origin >= size) throw corrupt(`the block begins at ${origin} of ${size}`);
  let sum = -1;
  for (const piece of untransform(work, size, counts, origin)) {
    sum = summed(sum, piece);
    yield piece;
  }
  if (~sum >>> 0 !== checksum) throw corrupt("a block's checksum is not that of its bytes");
  return true;
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
    for (let changes = 0; ; changes++) {
      if (length < 1 || length > LENGTH_MAX || changes > CHANGES_MAX) throw corrupt(`a code of ${length} bits`);
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

/** Undoes Huffman codes, runs of zeros and move-to-front: the last column of the sorted block. */
function* readMoves(
  bits: Bits,
  symbols: readonly number[],
  selectors: Uint8Array,
  tables: readonly Table[],
  last: Uint8Array,
): Generator<Bzip2Step, { size: number; counts: Int32Array }, Uint8Array | undefined> {
  const sizeMax = last.length;
  const end = symbols.length + 1;
  const front = Uint8Array.from(symbols);
  const counts = new Int32Array(256);
  let [size, group, inGroup, run, weight] = [0, 0, 0, 0, 1];
  let table = tables[selectors[0]!]!;
  const flush = () => {
    if (size + run > sizeMax) throw corrupt(`a block of more than ${counted(sizeMax, "byte")}`);
    last.fill(front[0]!, size, size + run);
    counts[front[0]!]! += run;
    size += run;
    [run, weight] = [0, 1];
  };
  for (let count = 1; ; count++) {
    if (count % PAUSE_SYMBOLS === 0) yield "pause";
    if (inGroup === GROUP) {
      if (++group >= selectors.length) throw corrupt("more codes than selectors");
      table = tables[selectors[group]!]!;
      inGroup = 0;
    }
    inGroup++;
    const symbol = bits.readCode(table);
    if (symbol <= 1) {
      run += weight << symbol;
      weight <<= 1;
      if (run > sizeMax) throw corrupt(`a block of more than ${counted(sizeMax, "byte")}`);
      continue;
    }
    if (run > 0) flush();
    if (symbol === end) break;
    const byte = front[symbol - 1]!;
    front.copyWithin(1, 0, symbol - 1);
    front[0] = byte;
    if (size >= sizeMax) throw corrupt(`a block of more than ${sizeMax} bytes`);
    last[size++] = byte;
    counts[byte]!++;
  }
  return { size, counts };
}

/** Undoes the sorting, then the runs: four equal bytes are followed by how many more there are. */
function* untransform({ last, next }: Workspace, size: number, counts: Int32Array, origin: number) {
  const places = new Int32Array(256);
  for (let byte = 1; byte < 256; byte++) places[byte] = places[byte - 1]! + counts[byte - 1]!;
  for (let i = 0; i < size; i++) next[places[last[i]!]!++] = i;
  let piece = new Uint8Array(PIECE_BYTES);
  let at = next[origin]!;
  let [out, previous, equal] = [0, -1, 0];
  for (let i = 0; i < size; i++) {
    const byte = last[at]!;
    at = next[at]!;
    if (out > PIECE_BYTES - 255) {
      yield piece.subarray(0, out);
      piece = new Uint8Array(PIECE_BYTES);
      out = 0;
    }
    if (equal === 4) {
      piece.fill(previous, out, out + byte);
      out += byte;
      [previous, equal] = [-1, 0];
      continue;
    }
    equal = byte === previous ? equal + 1 : 1;
    previous = byte;
    piece[out++] = byte;
  }
  if (out > 0) yield piece.subarray(0, out);
}

/** The part of the stream that was given ends inside a block or header. */
class CutShort extends Error {}

/** Bits, highest first. */
class Bits {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #held = 0;
  #heldBits = 0;

  /** Up to 24 bits. @throws {CutShort} */
  read(count: number): number {
    while (this.#heldBits < count) {
      if (this.#at >= this.#bytes.length) throw new CutShort();
      this.#held = ((this.#held << 8) | this.#bytes[this.#at++]!) >>> 0;
      this.#heldBits += 8;
    }
    this.#heldBits -= count;
    const value = (this.#held >>> this.#heldBits) & ((1 << count) - 1);
    this.#held &= (1 << this.#heldBits) - 1;
    return value;
  }

  /** The symbol of a code. */
  readCode({ limits, offsets, symbols }: Table): number {
    while (this.#heldBits <= 24 && this.#at < this.#bytes.length) {
      this.#held = ((this.#held << 8) | this.#bytes[this.#at++]!) >>> 0;
      this.#heldBits += 8;
    }
    const longest = Math.min(LENGTH_MAX, this.#heldBits);
    for (let length = 1; length <= longest; length++) {
      const code = this.#held >>> (this.#heldBits - length);
      if (code > limits[length]!) continue;
      const symbol = symbols[code + offsets[length]!];
      if (symbol === undefined) break;
      this.#heldBits -= length;
      this.#held &= (1 << this.#heldBits) - 1;
      return symbol;
    }
    if (longest < LENGTH_MAX) throw new CutShort();
    throw corrupt("a code of no symbol");
  }

  align(): void {
    this.#heldBits -= this.#heldBits % 8;
    this.#held &= this.#heldBits === 32 ? -1 : (1 << this.#heldBits) - 1;
    this.#held >>>= 0;
  }

  /** A place to go back to. */
  mark(): { at: number; held: number; heldBits: number } {
    return { at: this.#at, held: this.#held, heldBits: this.#heldBits };
  }

  /** Goes back to a place, and forgets what lies before it. */
  append({ at, held, heldBits }: ReturnType<Bits["mark"]>, more: Uint8Array): void {
    this.#bytes = at === this.#bytes.length ? more : concat([this.#bytes.subarray(at), more]);
    [this.#at, this.#held, this.#heldBits] = [0, held, heldBits];
  }

  /** Bytes from a place to where it ends now. */
  since({ at }: ReturnType<Bits["mark"]>): number {
    return this.#bytes.length - at;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length && this.#heldBits === 0;
  }
}

const CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** bzip2's CRC-32, before its bits are inverted: that of zip, highest bit first. */
function summed(sum: number, bytes: Uint8Array): number {
  let crc = sum;
  for (let i = 0; i < bytes.length; i++) crc = (crc << 8) ^ CRC[((crc >>> 24) ^ bytes[i]!) & 255]!;
  return crc;
}

function tooLong(plainBytes: number): EmporiumError {
  return corrupt(`the stream goes on past the ${counted(plainBytes, "byte")} that it should have`);
}

function corrupt(message: string): EmporiumError {
  return new EmporiumError("FORMAT_CORRUPT", message);
}
