// Decoder of Zstandard frames (RFC 8878) for unverified bytes, without dictionaries. Content checksums are not compared.
//
// The verdicts are those of formats/zarr/zstd.ts. A read never leaves the bytes that were given, a write never leaves the output or the work
// space, and bytes of neither have an influence that this call did not write.
import { copyMatch } from "./lz4-decode";
import {
  accuracy, bitsOf, buildSingle, buildStates, first, LITERAL_LENGTHS, MATCH_LENGTHS, OFFSETS, predefined, readProbabilities, readTree,
  STATES_WORK, upcoming, width,
} from "./zstd-entropy";

const MAGIC: u32 = 0xfd2fb528;
const BLOCK_MAX: u32 = 131072;

// The work space: literals of a block with room for wide loads, the table of literals, the three tables of sequences, what builds tables.
const LITERALS_AT: usize = 0, TREE_AT: usize = 131136, TABLES_AT: usize = TREE_AT + 4096, TABLE_BYTES: usize = 4096;
const WEIGHTS_AT: usize = TABLES_AT + 3 * TABLE_BYTES, SMALL_AT: usize = WEIGHTS_AT + 256, BUILD_AT: usize = SMALL_AT + 512;
/** As ZSTD_WORK_BYTES of ../kernels.ts says. */
export const ZSTD_WORK: u32 = <u32>(BUILD_AT + STATES_WORK);

let work: usize = 0;
// What blocks of one frame hand on to the next: the last three distances, the tree's width (0: none), accuracies of tables (-1: none).
let frameStart: usize = 0, repeat1: u32 = 1, repeat2: u32 = 4, repeat3: u32 = 8, treeWidth: u32 = 0;
let accuracyL: i32 = -1, accuracyO: i32 = -1, accuracyM: i32 = -1;
// Literals of a block, and where its sequences begin.
let literals: usize = 0, literalsEnd: usize = 0, literalsWild: usize = 0;

/**
 * Decodes [src, srcEnd) to [dst, dstEnd). Returns as soon as `want` bytes are there; where that is all of the output, the frames must end
 * exactly with it. False: they are broken, or need a dictionary.
 */
export function decompressZstd(src: usize, srcEnd: usize, dst: usize, dstEnd: usize, want: u32, workspace: usize): bool {
  work = workspace;
  const stop = dst + <usize>want, whole = stop == dstEnd;
  let at = src, out = dst;
  do {
    if (srcEnd - at < 8) return false;
    const magic = load<u32>(at);
    if (magic >> 4 == 0x184d2a5) { // A frame for others to read.
      const length = load<u32>(at, 4);
      at += 8;
      if (length > <u32>(srcEnd - at)) return false;
      at += <usize>length;
      continue;
    }
    if (magic != MAGIC) return false;
    at += 4;
    const descriptor = <u32>load<u8>(at), isSingle = (descriptor & 0x20) != 0;
    if ((descriptor & 8) != 0) return false;
    at += isSingle ? 1 : 2;
    const dictionaryBytes: u32 = descriptor & 3 ? 1 << ((descriptor & 3) - 1) : 0;
    const sizeBytes: u32 = descriptor >> 6 ? 1 << (descriptor >> 6) : isSingle ? 1 : 0;
    if (at > srcEnd || <u32>(srcEnd - at) < dictionaryBytes + sizeBytes) return false;
    for (let i: u32 = 0; i < dictionaryBytes; i++) if (load<u8>(at++) != 0) return false;
    let promised: u64 = sizeBytes == 2 ? 256 : 0;
    for (let i: u32 = 0; i < sizeBytes; i++) promised += (<u64>load<u8>(at++)) << (8 * <u64>i);
    if (promised > <u64>(dstEnd - out)) return false;
    frameStart = out;
    repeat1 = 1;
    repeat2 = 4;
    repeat3 = 8;
    treeWidth = 0;
    accuracyL = accuracyO = accuracyM = -1;
    for (let last = false; !last; ) {
      if (srcEnd - at < 3) return false;
      const header = <u32>load<u16>(at) | ((<u32>load<u8>(at, 2)) << 16), kind = (header >> 1) & 3, length = header >> 3;
      at += 3;
      last = (header & 1) != 0;
      if (length > BLOCK_MAX || kind == 3 || <u32>(srcEnd - at) < (kind == 1 ? 1 : length)) return false;
      if (kind == 2) {
        out = decodeBlock(at, at + length, out, dstEnd, srcEnd);
        if (out == 0) return false;
      } else {
        if (length > <u32>(dstEnd - out)) return false;
        if (kind == 0) memory.copy(out, at, length);
        else memory.fill(out, load<u8>(at), length);
        out += length;
      }
      if (!whole && out >= stop) return true;
      at += kind == 1 ? 1 : length;
    }
    if ((descriptor & 4) != 0) {
      if (srcEnd - at < 4) return false;
      at += 4;
    }
    if (sizeBytes > 0 && <u64>(out - frameStart) != promised) return false;
  } while (at < srcEnd);
  return out == dstEnd;
}

/** Answers where the output of the block ends, 0 where it is broken. */
function decodeBlock(at: usize, end: usize, out: usize, dstEnd: usize, srcEnd: usize): usize {
  const taken = readLiterals(at, end, srcEnd);
  return taken < 0 ? 0 : decodeSequences(at + taken, end, out, dstEnd);
}

/** Answers the bytes that the literals took, -1 where they are broken. */
function readLiterals(at: usize, end: usize, srcEnd: usize): i32 {
  if (at >= end) return -1;
  const kind = <u32>load<u8>(at) & 3, format = (<u32>load<u8>(at) >> 2) & 3;
  const headerBytes: u32 = kind < 2 ? (format == 1 ? 2 : format == 3 ? 3 : 1) : max(3, format + 2);
  if (<u32>(end - at) < headerBytes) return -1;
  let header: u64 = 0;
  for (let i: u32 = 0; i < headerBytes; i++) header |= (<u64>load<u8>(at + i)) << (8 * <u64>i);
  const body = at + headerBytes;
  if (kind < 2) {
    const size = <u32>(header >> (format & 1 ? 4 : 3)), stored: u32 = kind == 1 ? 1 : size;
    if (<u32>(end - body) < stored || size > BLOCK_MAX) return -1;
    if (kind == 1) {
      memory.fill(work + LITERALS_AT, load<u8>(body), size);
      literals = work + LITERALS_AT;
      literalsWild = work + TREE_AT;
    } else {
      literals = body;
      literalsWild = srcEnd;
    }
    literalsEnd = literals + size;
    return headerBytes + stored;
  }
  const sizeBits: u64 = format < 2 ? 10 : format == 2 ? 14 : 18, mask: u64 = (1 << sizeBits) - 1;
  const size = <u32>((header >> 4) & mask), stored = <u32>(header >> (4 + sizeBits));
  if (<u32>(end - body) < stored || size > BLOCK_MAX) return -1;
  let from = body;
  const to = body + stored;
  if (kind == 2) {
    const length = readTree(from, to, work + TREE_AT, work + WEIGHTS_AT, work + SMALL_AT, work + BUILD_AT);
    if (length < 0) return -1;
    treeWidth = width;
    from += length;
  }
  if (treeWidth == 0) return -1;
  literals = work + LITERALS_AT;
  literalsEnd = literals + size;
  literalsWild = work + TREE_AT;
  const good = format == 0 ? decodeStream(from, bitsOf(from, to), literals, literalsEnd) : decodeStreams(from, to, size);
  return good ? headerBytes + stored : -1;
}

/** Four streams of a quarter each, after the lengths of the first three. */
function decodeStreams(from: usize, to: usize, size: u32): bool {
  if (to - from < 6) return false;
  const quarter: u32 = (size + 3) >> 2;
  if (<u32>3 * quarter > size) return false;
  const a = from + 6, b = a + load<u16>(from), c = b + load<u16>(from, 2), d = c + load<u16>(from, 4);
  if (d > to) return false;
  let leftA = bitsOf(a, b), leftB = bitsOf(b, c), leftC = bitsOf(c, d), leftD = bitsOf(d, to);
  let outA = literals, outB = outA + quarter, outC = outB + quarter, outD = outC + quarter;
  const endA = outB, endB = outC, endC = outD, table = work + TREE_AT, shift = <u64>(64 - treeWidth);
  // Four streams side by side keep the processor busy: one alone waits for each code's length.
  while (literalsEnd - outD >= 5 && min(min(leftA, leftB), min(leftC, leftD)) >= 64) {
    let bitsA = upcoming(a, leftA), bitsB = upcoming(b, leftB), bitsC = upcoming(c, leftC), bitsD = upcoming(d, leftD);
    for (let i: usize = 0; i < 5; i++) {
      const codeA = <u32>load<u16>(table + (<usize>(bitsA >> shift) << 1)), codeB = <u32>load<u16>(table + (<usize>(bitsB >> shift) << 1));
      const codeC = <u32>load<u16>(table + (<usize>(bitsC >> shift) << 1)), codeD = <u32>load<u16>(table + (<usize>(bitsD >> shift) << 1));
      store<u8>(outA + i, <u8>codeA);
      store<u8>(outB + i, <u8>codeB);
      store<u8>(outC + i, <u8>codeC);
      store<u8>(outD + i, <u8>codeD);
      bitsA <<= <u64>(codeA >> 8);
      bitsB <<= <u64>(codeB >> 8);
      bitsC <<= <u64>(codeC >> 8);
      bitsD <<= <u64>(codeD >> 8);
      leftA -= <i32>(codeA >> 8);
      leftB -= <i32>(codeB >> 8);
      leftC -= <i32>(codeC >> 8);
      leftD -= <i32>(codeD >> 8);
    }
    outA += 5;
    outB += 5;
    outC += 5;
    outD += 5;
  }
  return decodeStream(a, leftA, outA, endA) && decodeStream(b, leftB, outB, endB) && decodeStream(c, leftC, outC, endC) && decodeStream(d, leftD, outD, literalsEnd);
}

/** One stream into all of [out, end); it must end exactly there. */
function decodeStream(start: usize, bits: i32, to: usize, end: usize): bool {
  const table = work + TREE_AT, shift = <u64>(64 - treeWidth);
  let left = bits, out = to;
  if (left < 0) return false;
  while (out < end) {
    let next = upcoming(start, left);
    for (let n = min<usize>(5, end - out); n > 0; n--) {
      const code = <u32>load<u16>(table + (<usize>(next >> shift) << 1));
      store<u8>(out++, <u8>code);
      next <<= <u64>(code >> 8);
      left -= <i32>(code >> 8);
    }
    if (left < 0) return false;
  }
  return left == 0;
}

/** The table of a kind of numbers, for one block. Answers where its description ends, 0 where it is broken. */
function readTable(at: usize, end: usize, mode: u32, kind: u32, accuracyMax: u32, symbolMax: u32, previous: i32): usize {
  const table = work + TABLES_AT + <usize>(kind - 1) * TABLE_BYTES, build = work + BUILD_AT;
  if (mode == 3) return previous < 0 ? 0 : at;
  let length: i32 = 0;
  if (mode == 1) {
    if (at >= end || <u32>load<u8>(at) > symbolMax) return 0;
    buildSingle(table, kind, load<u8>(at), build);
    return at + 1;
  }
  if (mode == 0) predefined(kind, build);
  else length = readProbabilities(at, end, accuracyMax, symbolMax, build);
  if (length < 0) return 0;
  buildStates(table, kind, build);
  return at + length;
}

function decodeSequences(from: usize, end: usize, to: usize, dstEnd: usize): usize {
  let at = from, out = to;
  if (at >= end) return 0;
  let count = <u32>load<u8>(at++);
  if (count > 127) {
    if (end - at < (count == 255 ? 2 : 1)) return 0;
    if (count == 255) {
      count = <u32>load<u16>(at) + 0x7f00;
      at += 2;
    } else count = ((count - 128) << 8) + <u32>load<u8>(at++);
  }
  if (count == 0) {
    if (at != end) return 0;
  } else {
    if (at >= end) return 0;
    const modes = <u32>load<u8>(at++);
    if ((modes & 3) != 0) return 0;
    at = readTable(at, end, modes >> 6, LITERAL_LENGTHS, 9, 35, accuracyL);
    if (at == 0) return 0;
    if (modes >> 6 != 3) accuracyL = accuracy;
    at = readTable(at, end, (modes >> 4) & 3, OFFSETS, 8, 31, accuracyO);
    if (at == 0) return 0;
    if (((modes >> 4) & 3) != 3) accuracyO = accuracy;
    at = readTable(at, end, (modes >> 2) & 3, MATCH_LENGTHS, 9, 52, accuracyM);
    if (at == 0) return 0;
    if (((modes >> 2) & 3) != 3) accuracyM = accuracy;
    out = runSequences(at, end, count, out, dstEnd);
    if (out == 0) return 0;
  }
  const rest = literalsEnd - literals;
  if (rest > dstEnd - out || out + rest - to > <usize>BLOCK_MAX) return 0;
  memory.copy(out, literals, rest);
  return out + rest;
}

function runSequences(start: usize, end: usize, count: u32, to: usize, dstEnd: usize): usize {
  let left = bitsOf(start, end), out = to, source = literals;
  if (left < 0) return 0;
  const tableL = work + TABLES_AT, tableO = tableL + TABLE_BYTES, tableM = tableO + TABLE_BYTES;
  let bits = upcoming(start, left);
  let atL = tableL + (first(bits, accuracyL) << 3);
  bits <<= <u64>accuracyL;
  let atO = tableO + (first(bits, accuracyO) << 3);
  bits <<= <u64>accuracyO;
  let atM = tableM + (first(bits, accuracyM) << 3);
  left -= accuracyL + accuracyO + accuracyM;
  for (let i: u32 = 0; i < count; i++) {
    const bitsL = <u32>load<u8>(atL, 4), bitsO = <u32>load<u8>(atO, 4), bitsM = <u32>load<u8>(atM, 4);
    bits = upcoming(start, left);
    const value = load<u32>(atO) + first(bits, bitsO);
    bits <<= <u64>bitsO;
    left -= <i32>bitsO;
    if (bitsO + bitsM + bitsL > 57) bits = upcoming(start, left);
    const length = load<u32>(atM) + first(bits, bitsM);
    bits <<= <u64>bitsM;
    const copied = load<u32>(atL) + first(bits, bitsL);
    left -= <i32>(bitsM + bitsL);
    if (i + 1 < count) {
      bits = upcoming(start, left);
      const nextL = <u32>load<u8>(atL, 5), nextM = <u32>load<u8>(atM, 5), nextO = <u32>load<u8>(atO, 5);
      atL = tableL + ((<u32>load<u16>(atL, 6) + first(bits, nextL)) << 3);
      bits <<= <u64>nextL;
      atM = tableM + ((<u32>load<u16>(atM, 6) + first(bits, nextM)) << 3);
      bits <<= <u64>nextM;
      atO = tableO + ((<u32>load<u16>(atO, 6) + first(bits, nextO)) << 3);
      left -= <i32>(nextL + nextM + nextO);
    }
    if (left < 0 || copied > <u32>(literalsEnd - source) || <u64>copied + length > <u64>(dstEnd - out)) return 0;
    if (copied <= 32 && dstEnd - out >= 32 && literalsWild - source >= 32) {
      v128.store(out, v128.load(source));
      if (copied > 16) v128.store(out, v128.load(source, 16), 16);
    } else memory.copy(out, source, copied);
    source += copied;
    out += copied;
    const distance = distanceOf(value, copied);
    if (distance == 0 || distance > <u32>(out - frameStart)) return 0;
    copyMatch(out, distance, length, dstEnd);
    out += length;
  }
  literals = source;
  return left == 0 ? out : 0;
}

/** Values 1 to 3 are the last three distances; without literals before the match they count one further. */
// @ts-ignore: decorator
@inline
function distanceOf(value: u32, copied: u32): u32 {
  const index = value > 3 ? 3 : value - 1 + (copied == 0 ? 1 : 0);
  if (index == 0) return repeat1;
  const distance = value > 3 ? value - 3 : index == 1 ? repeat2 : index == 2 ? repeat3 : repeat1 - 1;
  if (index > 1) repeat3 = repeat2;
  repeat2 = repeat1;
  repeat1 = distance;
  return distance;
}
