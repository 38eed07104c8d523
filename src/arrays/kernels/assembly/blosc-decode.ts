// Blosc-1 frames (c-blosc, README_CHUNK_FORMAT.rst): all of it, a range of its plain bytes, or a box of the C-order chunk that it holds,
// decoded no further than needed.
//
// A frame is not believed: every length in it is compared with the room that is really there before it is used. A read never leaves the
// bytes that were given, a write never leaves the output or the scratch, and bytes of neither have an influence that this call did not
// write: a match reaches back to bytes of its own stream only, and a stream must fill exactly what the header promises.
import { decompress } from "./lz4-decode";
import { unshuffle2, unshuffle4, unshuffle8 } from "./shuffle";
import { decompressZstd, ZSTD_WORK } from "./zstd-decode";

// Results, the same as BLOSC_RESULT in ../kernels.ts.
const OK: i32 = 0;
/** Not a Blosc-1 frame, or its sizes contradict each other. */
const BAD_HEADER: i32 = -1;
/** A valid frame for another decoder: another inner codec, or bit-shuffled. */
const UNSUPPORTED: i32 = -2;
/** It points outside of the bytes that were given. */
const OUTSIDE: i32 = -3;
/** A stream is broken, or has another length than promised. */
const BAD_STREAM: i32 = -4;
/** The caller's box or range does not fit the frame, or scratch or output are too small. */
const BAD_ARGUMENT: i32 = -5;

const HEADER: u32 = 16;
const SHUFFLE: u32 = 1, MEMCPYED: u32 = 2, BITSHUFFLE: u32 = 4, RESERVED: u32 = 8, NO_SPLIT: u32 = 16;
const CODEC_LZ4: u32 = 1, CODEC_ZSTD: u32 = 4, CODEC_VERSION: u32 = 1;
/** c-blosc splits a block only into at most so many streams (BLOSC_MAX_SPLITS) of at least so many bytes (BLOSC_MIN_BUFFERSIZE). */
const SPLITS_MAX: u32 = 16, SPLIT_MIN: u32 = 128;
/** Scratch: addresses of up to 255 streams, a decoded block, what a 16-byte store may touch behind it, and for zstd its work space. */
const POINTERS: u32 = 1024, SLACK: u32 = 64;

// The frame that is open.
let flags: u32 = 0, itemBytes: u32 = 1, plainBytes: u32 = 0, blockBytes: u32 = 0;
/** Address of the offset table. Frame bytes [windowFrom, windowTo) lie at `window`. */
let table: usize = 0, window: usize = 0, windowFrom: u32 = 0, windowTo: u32 = 0;
let pointers: usize = 0, buffer: usize = 0, zstdWork: usize = 0;

// The block that is decoded, -1 for none: its plain bytes in order at `plainAt`, or its shuffled streams at `pointers`.
let current: i32 = -1, currentBytes: u32 = 0, inOrder: bool = false, plainAt: usize = 0;

export function openFrame(head: usize, headBytes: u32, at: usize, from: u32, to: u32, scratch: usize, scratchBytes: u32): i32 {
  current = -1;
  plainBytes = 0;
  if (headBytes < HEADER) return BAD_HEADER;
  const frameBytes = load<u32>(head, 12), plain = load<u32>(head, 4);
  flags = load<u8>(head, 2);
  itemBytes = load<u8>(head, 3);
  blockBytes = load<u32>(head, 8);
  if (load<u8>(head) != 2 || (flags & RESERVED) != 0 || itemBytes == 0) return BAD_HEADER;
  if (plain > <u32>i32.MAX_VALUE || frameBytes > <u32>i32.MAX_VALUE || frameBytes < HEADER || from > to || to > frameBytes) return BAD_HEADER;
  if (plain == 0) return OK;
  if (blockBytes == 0 || blockBytes > <u32>i32.MAX_VALUE) return BAD_HEADER;
  table = head + HEADER;
  window = at;
  windowFrom = from;
  windowTo = to;
  pointers = scratch;
  buffer = scratch + POINTERS;
  zstdWork = 0;
  if (flags & MEMCPYED) {
    if (frameBytes != plain + HEADER) return BAD_HEADER;
  } else {
    const blocks = (plain - 1) / blockBytes + 1;
    if (blocks > (frameBytes - HEADER) / 4) return BAD_HEADER;
    const codec = flags >> 5, block = <u64>min(blockBytes, plain) + POINTERS + SLACK;
    if ((codec != CODEC_LZ4 && codec != CODEC_ZSTD) || <u32>load<u8>(head, 1) != CODEC_VERSION || (flags & BITSHUFFLE) != 0) return UNSUPPORTED;
    // Scratch without a work space for zstd is that of a caller who has another decoder.
    if (codec == CODEC_ZSTD && <u64>scratchBytes < block + ZSTD_WORK) return UNSUPPORTED;
    if (blocks > (headBytes - HEADER) / 4) return OUTSIDE;
    if (<u64>scratchBytes < block) return BAD_ARGUMENT;
    zstdWork = codec == CODEC_ZSTD ? scratch + <usize>block : 0;
  }
  plainBytes = plain;
  return OK;
}

export function decodeZstd(src: usize, srcBytes: u32, dst: usize, dstBytes: u32, want: u32, work: usize): i32 {
  if (want > dstBytes) return BAD_ARGUMENT;
  return decompressZstd(src, src + srcBytes, dst, dst + dstBytes, want, work) ? OK : BAD_STREAM;
}

export function decodeFrame(dst: usize, dstBytes: u32): i32 {
  if (dstBytes < plainBytes) return BAD_ARGUMENT;
  return plainBytes == 0 ? OK : decodeRange(0, plainBytes, dst);
}

export function decodeRange(from: u32, to: u32, dst: usize): i32 {
  return decodeBox(1, 1, plainBytes, 0, 1, 0, 1, from, to, dst, plainBytes, plainBytes);
}

export function decodeBox(planes: u32, rows: u32, row: u32, z0: u32, z1: u32, y0: u32, y1: u32, x0: u32, x1: u32, dst: usize, rowStride: u32, planeStride: u32): i32 {
  if (z0 >= z1 || y0 >= y1 || x0 >= x1 || z1 > planes || y1 > rows || x1 > row) return BAD_ARGUMENT;
  if (<u64>planes * rows > <u64>plainBytes || <u64>planes * rows * row != <u64>plainBytes) return BAD_ARGUMENT;
  // Whole rows make a plane one long row; whole planes do the same to the chunk.
  if (x0 == 0 && x1 == row && rowStride == row) {
    x0 = y0 * row;
    x1 = y1 * row;
    row *= rows;
    y0 = 0;
    y1 = 1;
    if (x0 == 0 && x1 == row && planeStride == row) {
      x0 = z0 * row;
      x1 = z1 * row;
      row *= planes;
      z0 = 0;
      z1 = 1;
    }
    rows = 1;
  }
  const plane = rows * row, width = x1 - x0;
  const even = itemBytes == 2 && ((blockBytes | row | x0 | x1) & 1) == 0;
  for (let z = z0; z < z1; z++) {
    for (let y = y0; y < y1; y++) {
      if (even && current >= 0 && !inOrder) { // Rows of the block that is decoded.
        const first = <u32>current * blockBytes, last = first + (currentBytes & ~1), a = pointer(0), b = pointer(1);
        let p = z * plane + y * row + x0, to = dst + (z - z0) * planeStride + (y - y0) * rowStride;
        for (; y < y1 && p >= first && p < last && width <= last - p; y++, p += row, to += rowStride) {
          unshuffle2(a + ((p - first) >> 1), b + ((p - first) >> 1), to, width >> 1);
        }
        if (y == y1) break;
      }
      let p = z * plane + y * row + x0, to = dst + (z - z0) * planeStride + (y - y0) * rowStride;
      const end = p + (x1 - x0);
      while (p < end) {
        const block = p / blockBytes, first = block * blockBytes, size = min(blockBytes, plainBytes - first);
        const n = min(end, first + size) - p;
        if (<i32>block != current) {
          const need = lastByte(first + size, plane, row, y0, y1, x0, x1, z1) - first;
          const result = decodeBlock(block, need, n == size ? to : 0);
          if (result != OK) {
            current = -1;
            return result;
          }
        }
        if (!inOrder || plainAt != to || n != size) copyOut(p - first, p - first + n, to);
        p += n;
        to += n;
      }
    }
  }
  current = -1; // How far the block was decoded depends on this box.
  return OK;
}

/** End of the last byte of the box that lies before `limit`, where there is one. */
function lastByte(limit: u32, plane: u32, row: u32, y0: u32, y1: u32, x0: u32, x1: u32, z1: u32): u32 {
  let z = min(z1 - 1, (limit - 1) / plane);
  const rest = <i64>limit - 1 - <i64>z * plane - x0;
  let y: i64 = rest < 0 ? -1 : min<i64>(<i64>y1 - 1, rest / row);
  if (y < <i64>y0) { // The box begins behind the limit in this plane: its last row in the plane before is meant.
    z--;
    y = <i64>y1 - 1;
  }
  return min(limit, z * plane + <u32>y * row + x1);
}

/**
 * Makes a block readable by `copyOut`, at least its first `need` plain bytes. A raw stream is not copied but read from the frame.
 * `direct`, where not 0, is where all of the block goes in the end: what is not shuffled is decoded right there.
 */
function decodeBlock(block: u32, need: u32, direct: usize): i32 {
  const first = block * blockBytes, size = min(blockBytes, plainBytes - first);
  currentBytes = size;
  current = -1;
  if (flags & MEMCPYED) {
    const at = HEADER + first;
    if (at < windowFrom || at > windowTo || need > windowTo - at) return OUTSIDE;
    inOrder = true;
    plainAt = window + (at - windowFrom);
    current = <i32>block;
    return OK;
  }
  const shuffled = (flags & SHUFFLE) != 0 && itemBytes > 1, elements = size / itemBytes;
  const split = !(flags & NO_SPLIT) && size == blockBytes && itemBytes <= SPLITS_MAX && elements >= SPLIT_MIN;
  const streams: u32 = split ? itemBytes : 1, length = size / streams;
  if (length * streams != size) return BAD_HEADER;
  const inPlace = !shuffled && direct != 0, out = inPlace ? direct : buffer, wild = out + size + (inPlace ? 0 : SLACK);
  inOrder = !shuffled;
  plainAt = out;
  let at = load<u32>(table + (<usize>block << 2));
  for (let s: u32 = 0; s < streams; s++) {
    const want = wanted(s, split, shuffled, need, length, elements);
    if (want == 0) break;
    if (at < windowFrom || at > windowTo || windowTo - at < 4) return OUTSIDE;
    const packed = load<u32>(window + (at - windowFrom));
    at += 4;
    if (packed > windowTo - at) return OUTSIDE;
    const src = window + (at - windowFrom), dst = out + s * length;
    at += packed;
    let where = dst;
    if (packed == length) {
      if (shuffled || streams == 1) where = src;
      else memory.copy(dst, src, want);
    } else if (zstdWork != 0) {
      if (!decompressZstd(src, src + packed, dst, dst + length, want, zstdWork)) return BAD_STREAM;
    } else if (!decompress(src, src + packed, dst, dst + length, wild, want)) return BAD_STREAM;
    if (!shuffled) {
      if (streams == 1) plainAt = where;
    } else if (split) setPointer(s, where);
    else for (let k: u32 = 0; k < itemBytes; k++) setPointer(k, where + k * elements);
  }
  current = <i32>block;
  return OK;
}

/** How many bytes of stream `s` the first `need` plain bytes of the block take. */
// @ts-ignore: decorator
@inline
function wanted(s: u32, split: bool, shuffled: bool, need: u32, length: u32, elements: u32): u32 {
  if (!shuffled) return need <= s * length ? 0 : min(length, need - s * length);
  const touched = (need + itemBytes - 1) / itemBytes;
  if (split) return min(length, touched);
  return need > elements * itemBytes ? length : min(length, (itemBytes - 1) * elements + touched);
}

// @ts-ignore: decorator
@inline
function setPointer(k: u32, address: usize): void {
  store<u32>(pointers + (k << 2), <u32>address);
}

// @ts-ignore: decorator
@inline
function pointer(k: u32): usize {
  return <usize>load<u32>(pointers + (k << 2));
}

/** Plain bytes [from, to) of the current block to dst. */
function copyOut(from: u32, to: u32, dst: usize): void {
  if (inOrder) {
    copyRow(plainAt + from, dst, to - from);
    return;
  }
  const item = itemBytes, woven = (currentBytes / item) * item; // Bytes behind `woven` are stored as they are.
  let p = from;
  for (; p < to && p < woven && p % item != 0; p++) store<u8>(dst + (p - from), load<u8>(pointer(p % item) + p / item));
  const n = p < min(to, woven) ? (min(to, woven) - p) / item : 0, e = p / item, out = dst + (p - from);
  if (item == 4) unshuffle4(pointer(0) + e, pointer(1) + e, pointer(2) + e, pointer(3) + e, out, n);
  else if (item == 2) unshuffle2(pointer(0) + e, pointer(1) + e, out, n);
  else if (item == 8) {
    unshuffle8(pointer(0) + e, pointer(1) + e, pointer(2) + e, pointer(3) + e, pointer(4) + e, pointer(5) + e, pointer(6) + e, pointer(7) + e, out, n);
  } else {
    for (let k: u32 = 0; k < item; k++) {
      for (let i: u32 = 0, source = pointer(k) + e, target = out + k; i < n; i++, source++, target += item) store<u8>(target, load<u8>(source));
    }
  }
  p += n * item;
  for (; p < to && p < woven; p++) store<u8>(dst + (p - from), load<u8>(pointer(p % item) + p / item));
  for (; p < to; p++) store<u8>(dst + (p - from), load<u8>(pointer(0) + p)); // Only a block in one stream has such bytes.
}

// @ts-ignore: decorator
@inline
function copyRow(src: usize, dst: usize, n: u32): void {
  if (n < 16 || n > 512) {
    memory.copy(dst, src, n);
    return;
  }
  const last = <usize>n - 16;
  for (let i: usize = 0; i < last; i += 16) v128.store(dst + i, v128.load(src + i));
  v128.store(dst + last, v128.load(src + last));
}

export function copyBox(src: usize, rows: u32, row: u32, z0: u32, z1: u32, y0: u32, y1: u32, x0: u32, x1: u32, dst: usize, rowStride: u32, planeStride: u32): void {
  for (let z = z0; z < z1; z++) {
    for (let y = y0; y < y1; y++) {
      copyRow(src + <usize>((z * rows + y) * row + x0), dst + (z - z0) * planeStride + (y - y0) * rowStride, x1 - x0);
    }
  }
}
