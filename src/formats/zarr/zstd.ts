import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { badDistance, copyForward, copyMatch, tooLong } from "./lz4.js";
import {
  corruptZstd,
  decodeHuffman,
  type FseTable,
  fseTable,
  type HuffmanTable,
  ReverseBits,
  readFseTable,
  readHuffmanTable,
  singleSymbol,
} from "./zstd-entropy.js";

const MAGIC = 0xfd2fb528;
const BLOCK_BYTES_MAX = 128 * 1024;

/**
 * Decodes Zstandard frames into `plain`, which they must fill exactly. No dictionaries; content checksums are not verified. In
 * TypeScript, because the WebAssembly builds leak stack with every damaged stream.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_UNSUPPORTED (dictionary)
 * Source: RFC 8878.
 */
export function decodeZstd(bytes: Uint8Array, plain: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let out = 0;
  do {
    need(bytes, at, 8);
    const magic = view.getUint32(at, true);
    if (magic >>> 4 === 0x184d2a5) {
      at += 8 + view.getUint32(at + 4, true); // a frame for others to read
      if (at > bytes.length) throw corruptZstd("a skippable frame is cut short");
      continue;
    }
    if (magic !== MAGIC) throw corruptZstd("not a zstd frame");
    ({ at, out } = decodeFrame(bytes, at + 4, plain, out));
  } while (at < bytes.length);
  if (out !== plain.length) throw corruptZstd(`the stream ends after ${out} of ${counted(plain.length, "byte")}`);
}

/** State that one block of a frame hands on to the next. */
interface FrameState {
  /** Position in the output at which the frame begins: matches do not reach further back. */
  start: number;
  repeats: [number, number, number];
  huffman: HuffmanTable | undefined;
  tables: Partial<Record<"literals" | "offsets" | "matches", FseTable>>;
}

function decodeFrame(bytes: Uint8Array, from: number, plain: Uint8Array, start: number): { at: number; out: number } {
  need(bytes, from, 1);
  const descriptor = bytes[from]!;
  const singleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 8) !== 0) throw corruptZstd("a reserved bit of the frame header is set");
  let at = from + (singleSegment ? 1 : 2);
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
  const sizeBytes = descriptor >> 6 === 0 ? (singleSegment ? 1 : 0) : 2 ** (descriptor >> 6);
  need(bytes, at, dictionaryBytes + sizeBytes);
  if (bytes.subarray(at, at + dictionaryBytes).some((byte) => byte !== 0)) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", "the stream needs a dictionary");
  }
  at += dictionaryBytes;
  let promised = 0;
  for (let i = sizeBytes - 1; i >= 0; i--) promised = promised * 256 + bytes[at + i]!;
  if (sizeBytes === 2) promised += 256;
  if (sizeBytes > 0 && promised > plain.length - start) throw tooLong(plain.length);
  at += sizeBytes;

  const state: FrameState = { start, repeats: [1, 4, 8], huffman: undefined, tables: {} };
  let out = start;
  for (let last = false; !last; ) {
    need(bytes, at, 3);
    const header = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    at += 3;
    last = (header & 1) !== 0;
    const kind = (header >> 1) & 3;
    const length = header >> 3;
    if (length > BLOCK_BYTES_MAX)
      throw corruptZstd(`a block of ${counted(length, "byte")}; at most ${BLOCK_BYTES_MAX} are allowed`);
    const stored = kind === 1 ? 1 : length;
    need(bytes, at, stored);
    if (kind === 2) out = decodeBlock(bytes.subarray(at, at + length), plain, out, state);
    else if (kind === 3) throw corruptZstd("a block of a kind that does not exist");
    else {
      if (out + length > plain.length) throw tooLong(plain.length);
      if (kind === 0) plain.set(bytes.subarray(at, at + length), out);
      else plain.fill(bytes[at]!, out, out + length);
      out += length;
    }
    at += stored;
  }
  if ((descriptor & 4) !== 0) {
    need(bytes, at, 4);
    at += 4;
  }
  if (sizeBytes > 0 && out - start !== promised)
    throw corruptZstd(`a frame of ${counted(out - start, "byte")} that promises ${promised}`);
  return { at, out };
}

function decodeBlock(block: Uint8Array, plain: Uint8Array, out: number, state: FrameState): number {
  const { literals, length } = readLiterals(block, state);
  return decodeSequences(block.subarray(length), literals, plain, out, state);
}

/** The literals of a block, and the bytes that they took. */
function readLiterals(block: Uint8Array, state: FrameState): { literals: Uint8Array; length: number } {
  need(block, 0, 1);
  const first = block[0]!;
  const kind = first & 3;
  const format = (first >> 2) & 3;
  const headerBytes = kind < 2 ? [1, 2, 1, 3][format]! : [3, 3, 4, 5][format]!;
  need(block, 0, headerBytes);
  // at most 40 bits: past what integers of 32 bits hold
  let header = 0;
  for (let i = headerBytes - 1; i >= 0; i--) header = header * 256 + block[i]!;
  if (kind < 2) {
    const size = Math.floor(header / (format % 2 === 0 ? 8 : 16));
    const stored = kind === 1 ? 1 : size;
    need(block, headerBytes, stored);
    if (size > BLOCK_BYTES_MAX) throw corruptZstd(`${size} literals in a block; at most ${BLOCK_BYTES_MAX} are allowed`);
    const literals =
      kind === 1 ? new Uint8Array(size).fill(block[headerBytes]!) : block.subarray(headerBytes, headerBytes + size);
    return { literals, length: headerBytes + stored };
  }
  const sizeBits = [10, 10, 14, 18][format]!;
  const size = Math.floor(header / 16) % 2 ** sizeBits;
  const stored = Math.floor(header / 2 ** (4 + sizeBits));
  need(block, headerBytes, stored);
  if (size > BLOCK_BYTES_MAX) throw corruptZstd(`${size} literals in a block; at most ${BLOCK_BYTES_MAX} are allowed`);
  let packed = block.subarray(headerBytes, headerBytes + stored);
  if (kind === 2) {
    const { table, length } = readHuffmanTable(packed);
    state.huffman = table;
    packed = packed.subarray(length);
  }
  if (!state.huffman) throw corruptZstd("a block repeats a Huffman tree that there is not");
  const literals = new Uint8Array(size);
  if (format === 0) decodeHuffman(packed, state.huffman, literals);
  else decodeFourStreams(packed, state.huffman, literals);
  return { literals, length: headerBytes + stored };
}

/** Four streams of a quarter each, after the lengths of the first three. */
function decodeFourStreams(packed: Uint8Array, table: HuffmanTable, literals: Uint8Array): void {
  need(packed, 0, 6);
  const quarter = Math.ceil(literals.length / 4);
  if (3 * quarter > literals.length) throw corruptZstd(`${literals.length} literals in four streams`);
  let at = 6;
  for (let i = 0; i < 4; i++) {
    const length = i < 3 ? packed[2 * i]! | (packed[2 * i + 1]! << 8) : packed.length - at;
    if (length < 0) throw corruptZstd("streams of literals are cut short");
    need(packed, at, length);
    decodeHuffman(packed.subarray(at, at + length), table, literals.subarray(i * quarter, i < 3 ? (i + 1) * quarter : undefined));
    at += length;
  }
}

/** Least value of each code, and the bits that are added to it (RFC 8878 §3.1.1.3.2.1). */
interface Codes {
  bases: readonly number[];
  bits: readonly number[];
  accuracyMax: number;
  predefined: FseTable;
}

function codes(plainCodes: number, offset: number, bits: readonly number[], accuracyMax: number, predefined: FseTable): Codes {
  const allBits = [...Array<number>(plainCodes).fill(0), ...bits];
  const bases: number[] = [];
  let base = offset;
  for (const width of allBits) {
    bases.push(base);
    base += 2 ** width;
  }
  return { bases, bits: allBits, accuracyMax, predefined };
}

const LITERAL_LENGTHS = codes(
  16,
  0,
  [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  9,
  fseTable([4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1], 6),
);
const MATCH_LENGTHS = codes(
  32,
  3,
  [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  9,
  fseTable([1, 4, 3, 2, 2, 2, 2, 2, 2, ...Array<number>(37).fill(1), -1, -1, -1, -1, -1, -1, -1], 6),
);
const OFFSETS: Codes = {
  bases: Array.from({ length: 32 }, (_, code) => 2 ** code),
  bits: Array.from({ length: 32 }, (_, code) => code),
  accuracyMax: 8,
  predefined: fseTable([1, 1, 1, 1, 1, 1, 2, 2, 2, ...Array<number>(15).fill(1), -1, -1, -1, -1, -1], 5),
};

function decodeSequences(section: Uint8Array, literals: Uint8Array, plain: Uint8Array, from: number, state: FrameState): number {
  let out = from;
  let taken = 0;
  const { count, at: tablesAt } = sequenceCount(section);
  if (count > 0) {
    need(section, tablesAt, 1);
    const modes = section[tablesAt]!;
    if ((modes & 3) !== 0) throw corruptZstd("reserved bits of a block's sequences are set");
    let at = tablesAt + 1;
    const table = (name: keyof FrameState["tables"], mode: number, { accuracyMax, predefined, bases }: Codes): FseTable => {
      const read = readSequenceTable(section.subarray(at), mode, accuracyMax, bases.length - 1, predefined, state.tables[name]);
      at += read.length;
      state.tables[name] = read.table;
      return read.table;
    };
    const ofLiterals = table("literals", modes >> 6, LITERAL_LENGTHS);
    const ofOffsets = table("offsets", (modes >> 4) & 3, OFFSETS);
    const ofMatches = table("matches", (modes >> 2) & 3, MATCH_LENGTHS);
    const stream = new ReverseBits(section.subarray(at));
    let literalState = stream.read(ofLiterals.accuracy);
    let offsetState = stream.read(ofOffsets.accuracy);
    let matchState = stream.read(ofMatches.accuracy);
    for (let i = 0; i < count; i++) {
      const [literalCode, offsetCode, matchCode] = [
        ofLiterals.symbols[literalState]!,
        ofOffsets.symbols[offsetState]!,
        ofMatches.symbols[matchState]!,
      ];
      const offsetValue = OFFSETS.bases[offsetCode]! + stream.readLong(OFFSETS.bits[offsetCode]!);
      const matchLength = MATCH_LENGTHS.bases[matchCode]! + stream.read(MATCH_LENGTHS.bits[matchCode]!);
      const literalLength = LITERAL_LENGTHS.bases[literalCode]! + stream.read(LITERAL_LENGTHS.bits[literalCode]!);
      if (i < count - 1) {
        literalState = ofLiterals.bases[literalState]! + stream.read(ofLiterals.bits[literalState]!);
        matchState = ofMatches.bases[matchState]! + stream.read(ofMatches.bits[matchState]!);
        offsetState = ofOffsets.bases[offsetState]! + stream.read(ofOffsets.bits[offsetState]!);
      }
      if (stream.left < 0) throw corruptZstd("the sequences of a block are cut short");
      if (taken + literalLength > literals.length)
        throw corruptZstd(`more than the ${literals.length} literals of a block are used`);
      if (out + literalLength + matchLength > plain.length) throw tooLong(plain.length);
      copyForward(literals, taken, plain, out, literalLength);
      taken += literalLength;
      out += literalLength;
      const distance = distanceOf(offsetValue, literalLength, state.repeats);
      if (distance === 0 || distance > out - state.start) throw badDistance(distance, out - state.start);
      copyMatch(plain, out, distance, matchLength);
      out += matchLength;
    }
    if (stream.left !== 0) throw corruptZstd(`${counted(stream.left, "bit")} too many in a block's sequences`);
  } else if (tablesAt !== section.length) throw corruptZstd("bytes too many in a block");
  const rest = literals.length - taken;
  if (out + rest > plain.length) throw tooLong(plain.length);
  plain.set(literals.subarray(taken), out);
  if (out + rest - from > BLOCK_BYTES_MAX) throw corruptZstd(`a block of more than ${BLOCK_BYTES_MAX} bytes`);
  return out + rest;
}

function sequenceCount(section: Uint8Array): { count: number; at: number } {
  need(section, 0, 1);
  const first = section[0]!;
  if (first < 128) return { count: first, at: 1 };
  if (first < 255) {
    need(section, 1, 1);
    return { count: ((first - 128) << 8) + section[1]!, at: 2 };
  }
  need(section, 1, 2);
  return { count: section[1]! + (section[2]! << 8) + 0x7f00, at: 3 };
}

function readSequenceTable(
  bytes: Uint8Array,
  mode: number,
  accuracyMax: number,
  symbolMax: number,
  predefined: FseTable,
  previous: FseTable | undefined,
): { table: FseTable; length: number } {
  if (mode === 0) return { table: predefined, length: 0 };
  if (mode === 1) {
    need(bytes, 0, 1);
    if (bytes[0]! > symbolMax) throw corruptZstd(`code ${bytes[0]} in a block's sequences, ${symbolMax} is the last`);
    return { table: singleSymbol(bytes[0]!), length: 1 };
  }
  if (mode === 2) return readFseTable(bytes, accuracyMax, symbolMax);
  if (!previous) throw corruptZstd("a block repeats a table that there is not");
  return { table: previous, length: 0 };
}

/** Values 1 to 3 are the last three distances; without literals before the match they count one further. */
function distanceOf(value: number, literalLength: number, repeats: FrameState["repeats"]): number {
  const index = value > 3 ? 3 : value - 1 + (literalLength === 0 ? 1 : 0);
  const distance = value > 3 ? value - 3 : index < 3 ? repeats[index]! : repeats[0] - 1;
  if (index === 0) return distance;
  if (index > 1) repeats[2] = repeats[1];
  repeats[1] = repeats[0];
  repeats[0] = distance;
  return distance;
}

function need(bytes: Uint8Array, at: number, count: number): void {
  if (at + count > bytes.length) throw corruptZstd("the stream is cut short");
}
