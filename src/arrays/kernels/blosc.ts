import { type Box, boxShape, type Triple, volumeOf } from "../../core/box.js";
import { EmporiumError, type Place } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import {
  BLOSC_RESULT,
  bloscScratchBytes,
  HASH_TABLE_BYTES,
  instantiateKernels,
  type Kernels,
  kernelModule,
  PAGE_BYTES,
  packedBytesMax,
  sharedMemory,
  ZSTD_WORK_BYTES,
} from "./kernels.js";

/** Bytes of a Blosc-1 header. The offset table follows: one int32 a block, from the start of the frame. */
export const BLOSC_HEADER_BYTES = 16;

const VERSION = 2;
const LZ4_VERSION = 1;
const FLAG_SHUFFLE = 0x01;
const FLAG_MEMCPYED = 0x02;
const CODEC_LZ4 = 1 << 5;
const CODEC_ZSTD = 4 << 5;

/** Bytes of memory that are kept from one call to the next; the rest, which a larger chunk needed, is given back. */
const KEPT_BYTES = 64 * 1024 * 1024;

/**
 * Voxels as a Blosc-1 frame: byte shuffle, LZ4. Any Blosc reads it (zarr: `{id: "blosc", cname: "lz4", shuffle: 1}`).
 *
 * @param itemBytes bytes of a voxel, 1 to 255. A remainder of less than a voxel is kept as it is.
 * @param blockBytes plain bytes of a block: what a reader decodes at least. Rounded down to whole voxels.
 * @throws {EmporiumError} FORMAT_LIMIT past `LIMITS.chunkBytes`.
 */
export function encodeBlosc(
  voxels: Uint8Array,
  itemBytes: number,
  { blockBytes = 65_536 }: { blockBytes?: number } = {},
): Uint8Array<ArrayBuffer> {
  const plainBytes = voxels.length;
  checkLimit(plainBytes, undefined);
  const item = Number.isInteger(itemBytes) && itemBytes >= 1 && itemBytes <= 255 ? itemBytes : 1;
  const wanted = Math.min(plainBytes, Math.max(item, blockBytes));
  const size = Math.max(Math.min(item, plainBytes), wanted - (wanted % item));
  const blocks = plainBytes === 0 ? 0 : Math.ceil(plainBytes / size);
  const first = BLOSC_HEADER_BYTES + 4 * blocks;
  const src = 0;
  const block = align(src + plainBytes);
  const table = align(block + size);
  const out = table + HASH_TABLE_BYTES;
  const { kernels, bytes } = workspace(out + blocks * packedBytesMax(item, Math.ceil(size / item)));
  bytes.set(voxels, src);
  const offsets: number[] = [];
  let at = out;
  for (let from = 0; from < plainBytes; from += size) {
    const length = Math.min(size, plainBytes - from);
    const n = Math.floor(length / item);
    kernels.gather(item, src + from, n * item, n, 1, n, 1, block, n, 0);
    bytes.copyWithin(block + n * item, src + from + n * item, src + from + length);
    offsets.push(first + at - out);
    const split = length === size && item <= 16 && n * item === length;
    at += split ? kernels.pack(item, block, n, at, table) : kernels.pack(1, block, length, at, table);
  }
  const frameBytes = first + at - out;
  if (frameBytes < plainBytes + BLOSC_HEADER_BYTES || plainBytes === 0) {
    const frame = new Uint8Array(frameBytes);
    frame.set(bloscHeader({ itemBytes: item, plainBytes, blockBytes: size, frameBytes, offsets }));
    frame.set(bytes.subarray(out, at), first);
    return frame;
  }
  // Nothing is gained: the frame holds the plain bytes.
  const frame = new Uint8Array(BLOSC_HEADER_BYTES + plainBytes);
  frame.set(bloscHeader({ itemBytes: item, plainBytes, blockBytes: size, frameBytes: frame.length, offsets: [] }));
  frame[2]! |= FLAG_MEMCPYED;
  frame.set(voxels, BLOSC_HEADER_BYTES);
  return frame;
}

/**
 * The plain bytes of a Blosc-1 frame; undefined if another decoder is needed (an inner codec other than LZ4 and zstd, bit shuffle).
 *
 * @throws {EmporiumError} FORMAT_CORRUPT for a broken frame; FORMAT_LIMIT if it promises more than `LIMITS.chunkBytes`.
 */
export function decodeBlosc(frame: Uint8Array, place?: Place): Uint8Array<ArrayBuffer> | undefined {
  return withFrame(
    frame,
    ({ plainBytes }) => plainBytes,
    place,
    (kernels, at, { plainBytes }) => kernels.decodeFrame(at, plainBytes),
  );
}

/**
 * A box of the C-order chunk that a frame holds, tightly packed; only the Blosc blocks that the box touches are decoded.
 *
 * @param shape the chunk's, in voxels of `itemBytes`; `box` lies inside it.
 * @throws {EmporiumError} as `decodeBlosc`; FORMAT_CORRUPT too where the frame does not hold a chunk of that shape.
 */
export function decodeBloscBox(
  frame: Uint8Array,
  shape: Triple,
  itemBytes: number,
  box: Box,
  place?: Place,
): Uint8Array<ArrayBuffer> | undefined {
  const [z, y, x] = boxShape(box);
  if (z <= 0 || y <= 0 || x <= 0) return new Uint8Array(0);
  return withFrame(frame, boxSize(shape, itemBytes, box, place), place, boxOf(shape, itemBytes, box));
}

/** Bytes of a box of a chunk, where the frame holds a chunk of that shape. */
function boxSize(shape: Triple, itemBytes: number, box: Box, place: Place | undefined): SizeOf {
  const chunkBytes = volumeOf(shape) * itemBytes;
  return ({ plainBytes }) => {
    if (plainBytes !== chunkBytes) {
      throw new EmporiumError("FORMAT_CORRUPT", `a Blosc frame of ${plainBytes} plain bytes, the chunk has ${chunkBytes}`, {
        place,
      });
    }
    return volumeOf(boxShape(box)) * itemBytes;
  };
}

function boxOf(shape: Triple, itemBytes: number, box: Box): Decode {
  const { start, stop } = box;
  const [, y, x] = boxShape(box);
  const row = x * itemBytes;
  return (kernels, at) =>
    kernels.decodeBox(
      shape[0],
      shape[1],
      shape[2] * itemBytes,
      start[0],
      stop[0],
      start[1],
      stop[1],
      start[2] * itemBytes,
      stop[2] * itemBytes,
      at,
      row,
      y * row,
    );
}

export interface BloscHeader {
  itemBytes: number;
  plainBytes: number;
  /** Plain bytes of a block; the last one may hold fewer. */
  blockBytes: number;
  frameBytes: number;
}

/**
 * The sizes that the first `BLOSC_HEADER_BYTES` bytes of a frame promise, not yet believed.
 *
 * @throws {EmporiumError} FORMAT_CORRUPT where there are fewer.
 */
export function readBloscHeader(head: Uint8Array, place?: Place): BloscHeader {
  if (head.length < BLOSC_HEADER_BYTES) {
    throw new EmporiumError(
      "FORMAT_CORRUPT",
      `a Blosc frame of ${counted(head.length, "byte")}, its header alone has ${BLOSC_HEADER_BYTES}`,
      {
        place,
      },
    );
  }
  const view = new DataView(head.buffer, head.byteOffset, BLOSC_HEADER_BYTES);
  return {
    itemBytes: view.getUint8(3),
    plainBytes: view.getUint32(4, true),
    blockBytes: view.getUint32(8, true),
    frameBytes: view.getUint32(12, true),
  };
}

/** Bytes of a frame's header with its table of blocks; of a frame that holds plain bytes the header alone. */
export function bloscHeadBytes(head: Uint8Array, { plainBytes, blockBytes, frameBytes }: BloscHeader): number {
  const blocks = plainBytes === 0 ? 0 : Math.ceil(plainBytes / Math.max(1, blockBytes));
  return Math.min(frameBytes, BLOSC_HEADER_BYTES + ((head[2]! & FLAG_MEMCPYED) === 0 ? 4 * blocks : 0));
}

/**
 * The range `[from, to)` of a frame's bytes that holds the plain bytes `[first, end)`. Blocks may lie in any order: a block ends
 * where the next one in the file begins. Offsets outside of the frame are not detected here: the kernels compare each with the
 * bytes that are there.
 *
 * @param head `bloscHeadBytes` of the frame.
 */
export function bloscRange(head: Uint8Array, header: BloscHeader, first: number, end: number): { from: number; to: number } {
  const { blockBytes, frameBytes } = header;
  if (head[2]! & FLAG_MEMCPYED) {
    // the kernels go by blocks here, too
    return { from: BLOSC_HEADER_BYTES + first - (first % Math.max(1, blockBytes)), to: BLOSC_HEADER_BYTES + end };
  }
  const blocks = Math.floor((bloscHeadBytes(head, header) - BLOSC_HEADER_BYTES) / 4);
  const table = new DataView(head.buffer, head.byteOffset + BLOSC_HEADER_BYTES, 4 * blocks);
  let from = frameBytes;
  let last = 0;
  const behind = Math.min(blocks, Math.ceil(end / blockBytes));
  for (let block = Math.floor(first / blockBytes); block < behind; block++) {
    const offset = table.getUint32(4 * block, true);
    from = Math.min(from, offset);
    last = Math.max(last, offset);
  }
  let to = frameBytes;
  for (let block = 0; block < blocks; block++) {
    const offset = table.getUint32(4 * block, true);
    if (offset > last && offset < to) to = offset;
  }
  return { from, to: Math.max(from, to) };
}

/**
 * Header and offset table of a frame whose blocks were made by `gather` and `pack`: `BLOSC_HEADER_BYTES + 4 * offsets.length`
 * bytes. They can be written last, in the room left for them before the blocks.
 *
 * @param blockBytes a multiple of `itemBytes`, at most `plainBytes`.
 * @param frameBytes header and table included.
 * @param offsets offset of each block in the frame, in the order of the plain bytes; the blocks may lie in any order.
 */
export function bloscHeader({
  itemBytes,
  plainBytes,
  blockBytes,
  frameBytes,
  offsets,
}: BloscHeader & { offsets: ArrayLike<number> }): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(BLOSC_HEADER_BYTES + 4 * offsets.length);
  const view = new DataView(header.buffer);
  header.set([VERSION, LZ4_VERSION, FLAG_SHUFFLE | CODEC_LZ4, itemBytes]);
  view.setUint32(4, plainBytes, true);
  view.setUint32(8, blockBytes, true);
  view.setUint32(12, frameBytes, true);
  for (let block = 0; block < offsets.length; block++) view.setUint32(BLOSC_HEADER_BYTES + 4 * block, offsets[block]!, true);
  return header;
}

/**
 * A frame that stays in the kernels' memory while boxes of it are decoded, so that a chunk is copied at most once: all of it (`room`), or a
 * window that moves along it (`open`, then `window` before each box). The memory keeps the size of the largest.
 */
export class BloscFrame {
  private own: Workspace | undefined;
  private lying: Lying = { storedBytes: 0, headBytes: 0, at: 0, from: 0, to: 0 };

  /** Room for a frame, for the caller to fill. What was there before is gone. */
  room(frameBytes: number): Uint8Array {
    this.lying = { storedBytes: frameBytes, headBytes: frameBytes, at: 0, from: 0, to: frameBytes };
    return this.workspace(frameBytes).bytes.subarray(0, frameBytes);
  }

  /**
   * Begins with a frame of which a window will be here.
   *
   * @param head `bloscHeadBytes` of it, or what there is of them.
   */
  open(head: Uint8Array, storedBytes: number): void {
    const at = align(head.length);
    this.lying = { storedBytes, headBytes: head.length, at, from: 0, to: 0 };
    this.workspace(at).bytes.set(head, 0);
  }

  /** The range of the frame's bytes that a box needs. @throws {EmporiumError} FORMAT_CORRUPT if it holds no chunk of that shape */
  rangeOf(shape: Triple, itemBytes: number, { start, stop }: Box, place?: Place): { from: number; to: number } {
    const head = this.workspace(0).bytes.subarray(0, this.lying.headBytes);
    const header = headerIn(head, this.lying.storedBytes, place);
    boxSize(shape, itemBytes, { start, stop }, place)(header);
    const at = (z: number, y: number, x: number) => ((z * shape[1] + y) * shape[2] + x) * itemBytes;
    return bloscRange(head, header, at(start[0], start[1], start[2]), at(stop[0] - 1, stop[1] - 1, stop[2]));
  }

  /**
   * Moves the window to bytes `[from, to)` of the frame. What of them is here already stays.
   *
   * @returns room for the rest, for the caller to fill with the bytes of the frame from `at` to `to`.
   */
  window(from: number, to: number): { at: number; room: Uint8Array } {
    const { lying } = this;
    const isNext = from >= lying.from && from <= lying.to;
    const { bytes } = this.workspace(lying.at + to - from);
    if (isNext) bytes.copyWithin(lying.at, lying.at + from - lying.from, lying.at + lying.to - lying.from);
    const at = isNext ? Math.min(lying.to, to) : from;
    this.lying = { ...lying, from, to };
    return { at, room: bytes.subarray(lying.at + at - from, lying.at + to - from) };
  }

  /** As `decodeBloscBox`, of the frame that is in the room. */
  decodeBox(shape: Triple, itemBytes: number, box: Box, place?: Place): Uint8Array<ArrayBuffer> | undefined {
    return this.lendBox(shape, itemBytes, box, place)?.slice() as Uint8Array<ArrayBuffer> | undefined;
  }

  /** As `decodeBox`, in the memory of the frame: until the next call of anything here. Copies of megabytes are collected late. */
  lendBox(shape: Triple, itemBytes: number, box: Box, place?: Place): Uint8Array | undefined {
    const [z, y, x] = boxShape(box);
    if (z <= 0 || y <= 0 || x <= 0) return new Uint8Array(0);
    return inFrame(
      this.workspace(0).bytes,
      this.lying,
      (wanted) => this.workspace(wanted),
      boxSize(shape, itemBytes, box, place),
      place,
      boxOf(shape, itemBytes, box),
    );
  }

  private workspace(wanted: number): Workspace {
    this.own = grown(this.own, wanted);
    return this.own;
  }
}

/** A frame in a memory: its head at the beginning, bytes `[from, to)` of it at an address. A whole one is its own head, and lies at 0. */
interface Lying {
  storedBytes: number;
  headBytes: number;
  at: number;
  from: number;
  to: number;
}

type SizeOf = (header: BloscHeader) => number;
type Decode = (kernels: Kernels, at: number, header: BloscHeader) => number;

/** Opens a frame in the workspace of this thread and lets `decode` fill `sizeOf(header)` bytes at an address. */
function withFrame(
  frame: Uint8Array,
  sizeOf: SizeOf,
  place: Place | undefined,
  decode: Decode,
): Uint8Array<ArrayBuffer> | undefined {
  const load = (wanted: number) => {
    const space = workspace(wanted);
    space.bytes.set(frame, 0);
    return space;
  };
  const whole = { storedBytes: frame.length, headBytes: frame.length, at: 0, from: 0, to: frame.length };
  return inFrame(frame, whole, load, sizeOf, place, decode)?.slice() as Uint8Array<ArrayBuffer> | undefined;
}

/** @throws {EmporiumError} FORMAT_CORRUPT, FORMAT_LIMIT */
function headerIn(head: Uint8Array, storedBytes: number, place: Place | undefined): BloscHeader {
  const header = readBloscHeader(head, place);
  checkLimit(header.plainBytes, place);
  if (header.frameBytes !== storedBytes) {
    throw new EmporiumError(
      "FORMAT_CORRUPT",
      `a Blosc frame of ${counted(storedBytes, "byte")}, its header says ${header.frameBytes}`,
      {
        place,
      },
    );
  }
  return header;
}

/**
 * @param memory begins with the frame's head.
 * @param load gives a workspace of so many bytes with the frame where it lies. Returns a part of it.
 */
function inFrame(
  memory: Uint8Array,
  { storedBytes, headBytes, at: window, from, to }: Lying,
  load: (wanted: number) => Workspace,
  sizeOf: SizeOf,
  place: Place | undefined,
  decode: Decode,
): Uint8Array | undefined {
  const head = memory.subarray(0, headBytes);
  const header = headerIn(head, storedBytes, place);
  const size = sizeOf(header);
  const scratch = align(Math.max(headBytes, window + to - from));
  const workBytes = (head[2]! & 0xe0) === CODEC_ZSTD ? ZSTD_WORK_BYTES : 0;
  const scratchBytes = bloscScratchBytes(Math.min(header.blockBytes, header.plainBytes)) + workBytes;
  const at = align(scratch + scratchBytes);
  const { kernels, bytes } = load(at + size);
  const opened = kernels.openFrame(0, headBytes, window, from, to, scratch, scratchBytes);
  if (opened === BLOSC_RESULT.unsupported) return undefined;
  const result = opened === BLOSC_RESULT.ok && size > 0 ? decode(kernels, at, header) : opened;
  if (result === BLOSC_RESULT.badArgument) throw new EmporiumError("INTERNAL", "a box that is outside of its chunk");
  if (result !== BLOSC_RESULT.ok) throw new EmporiumError("FORMAT_CORRUPT", faultOf(result), { place });
  return bytes.subarray(at, at + size);
}

function faultOf(result: number): string {
  switch (result) {
    case BLOSC_RESULT.badHeader:
      return "these 16 bytes are no valid Blosc-1 header";
    case BLOSC_RESULT.outside:
      return "a Blosc frame points behind its own end";
    default:
      return "a Blosc frame whose compressed data is broken or not of the promised length";
  }
}

function checkLimit(plainBytes: number, place: Place | undefined): void {
  if (plainBytes <= LIMITS.chunkBytes) return;
  throw new EmporiumError("FORMAT_LIMIT", `a chunk of ${counted(plainBytes, "byte")}, at most ${LIMITS.chunkBytes} are allowed`, {
    place,
  });
}

interface Workspace {
  memory: WebAssembly.Memory;
  kernels: Kernels;
  bytes: Uint8Array;
}

let own: Workspace | undefined;

/** Kernels over at least `wanted` bytes of memory of this thread. The contents are anything, and serve until the next call. */
export function workspace(wanted: number): Workspace {
  if (own && own.memory.buffer.byteLength > KEPT_BYTES && wanted <= KEPT_BYTES) own = undefined;
  own = grown(own, wanted);
  return own;
}

/** A workspace that holds what it held, and has room for `wanted` bytes. */
function grown(space: Workspace | undefined, wanted: number): Workspace {
  if (!space) {
    const memory = sharedMemory(wanted);
    return { memory, kernels: instantiateKernels(kernelModule(), memory), bytes: new Uint8Array(memory.buffer) };
  }
  const lacking = wanted - space.memory.buffer.byteLength;
  if (lacking <= 0) return space;
  try {
    space.memory.grow(Math.ceil(lacking / PAGE_BYTES));
  } catch (cause) {
    throw new EmporiumError("MEMORY_LIMIT", `no room for ${counted(wanted, "byte")} of shared memory`, { cause });
  }
  return { ...space, bytes: new Uint8Array(space.memory.buffer) };
}

function align(address: number): number {
  return Math.ceil(address / 16) * 16;
}
