import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { KERNELS_WASM } from "./wasm.js";

/** Bytes of one page of WebAssembly memory, and the most pages that 32-bit addresses reach (4 GiB). */
export const PAGE_BYTES = 65_536;
export const PAGES_MAX = 65_536;

/** Scratch that `pack` needs: the hash table of the LZ4 encoder. Its contents do not matter, before or after. */
export const HASH_TABLE_BYTES = 16_384;

/** Bins of `histogram`, uint32 each. */
export const HISTOGRAM_BINS = 65_536;

/** Types that `convert` reads. `meanZYXOf`, `meanYXOf` and `statsOf` take the first four, and float32 besides. */
export const CONVERT = {
  int8: 0,
  uint8: 1,
  int16: 2,
  uint16: 3,
  float16: 4,
  /** Bytes that were unsigned in a file whose header promises signed ones: a stored u becomes u - 128. */
  int8Flipped: 5,
  /** Two voxels a byte, low nibble first. A row with an odd length ends at a byte border, so convert row by row. */
  uint4: 6,
  int32: 7,
  uint32: 8,
  float64: 9,
  float32: 10,
} as const;

export type ConvertKind = keyof typeof CONVERT;

/** Integer types that a volume may be kept in. */
export type IntegerKind = (typeof CONVERT)["int8" | "uint8" | "int16" | "uint16" | "int32" | "uint32"];

/** Integer types and float32: the types whose means and statistics are computed without a conversion. */
export type VoxelKind = (typeof CONVERT)["int8" | "uint8" | "int16" | "uint16" | "float32"];

/**
 * The compiled kernels over one memory. Every address is in bytes from the start of the memory and needs no alignment; `srcRow`
 * and `dstRow` are the distances of two rows' starts in bytes; planes are C order, `h` rows of `w` voxels. Nothing is checked: an
 * address or a length beyond the caller's own region reads or writes what lies there, or traps at the end of the memory.
 *
 * An instance is not re-entrant, but instances in several threads may work in one memory on regions of their own.
 */
export interface Kernels {
  /** `n` voxels of type `kind` as float32. The regions may not overlap, but 4-byte kinds may be converted in place. */
  convert(kind: number, src: number, dst: number, n: number): void;

  /** Reverses the bytes of `n` elements of 2, 4 or 8 bytes in place; other sizes change nothing. */
  swap(itemBytes: number, at: number, n: number): void;

  /**
   * 2×2×2 mean of two float32 planes (`src1` 0: of one): `ceil(h/2)` rows of `ceil(w/2)` float32 at `dst`. `zero` 0: mean of the
   * voxels that exist; else missing ones count as zeros (scikit-image's `block_reduce`). Does not depend on where a row is cut,
   * at even columns.
   */
  meanZYX(src0: number, src1: number, dst: number, h: number, w: number, srcRow: number, dstRow: number, zero: number): void;

  /** 1×2×2 mean of one float32 plane, otherwise as `meanZYX`. */
  meanYX(src: number, dst: number, h: number, w: number, srcRow: number, dstRow: number, zero: number): void;

  /** `meanZYX` of int8, uint8, int16, uint16 or float32 voxels. The result is float32 and equals that of converting first. */
  meanZYXOf(
    kind: VoxelKind,
    src0: number,
    src1: number,
    dst: number,
    h: number,
    w: number,
    srcRow: number,
    dstRow: number,
    zero: number,
  ): void;

  /** `meanYX` of int8, uint8, int16, uint16 or float32 voxels. */
  meanYXOf(kind: VoxelKind, src: number, dst: number, h: number, w: number, srcRow: number, dstRow: number, zero: number): void;

  /**
   * `meanZYX` of integers that stay of their type: the mean rounded to the nearest, halves to the even one. Exact, whatever the sum. Of
   * 4-bit voxels nothing: they are kept as uint8.
   */
  roundedMeanZYX(
    kind: IntegerKind,
    src0: number,
    src1: number,
    dst: number,
    h: number,
    w: number,
    srcRow: number,
    dstRow: number,
    zero: number,
  ): void;

  /** `roundedMeanZYX` of one plane: 1×2×2. */
  roundedMeanYX(
    kind: IntegerKind,
    src: number,
    dst: number,
    h: number,
    w: number,
    srcRow: number,
    dstRow: number,
    zero: number,
  ): void;

  /** `n` integers of type `kind` as they are kept: `int8Flipped` becomes int8, `uint4` uint8, others are copied. In place, but for uint4. */
  integers(kind: number, src: number, dst: number, n: number): void;

  /** Masks, one byte a voxel: 1 where any of the 2×2×2 voxels is not 0. `src1` 0: there is no second plane. */
  anyZYX(src0: number, src1: number, dst: number, h: number, w: number, srcRow: number, dstRow: number): void;

  /** `anyZYX` of one plane: 1×2×2. */
  anyYX(src: number, dst: number, h: number, w: number, srcRow: number, dstRow: number): void;

  /** Labels, uint16: the first voxel of each 2×2×2, so labels never mix. The second plane is not looked at. */
  strideZYX(src0: number, src1: number, dst: number, h: number, w: number, srcRow: number, dstRow: number): void;

  /** Labels, uint16: the first voxel of each 1×2×2. */
  strideYX(src: number, dst: number, h: number, w: number, srcRow: number, dstRow: number): void;

  /** Sets one byte at `dst` for each of `n` float32: 1 where the voxel equals `label`, else 0. Returns how many are 1. */
  selectEqual(src: number, dst: number, n: number, label: number): number;

  /** One byte at `dst` for each of `n` float32: 1 if the voxel is at least `threshold`; 0 for NaN. Returns how many are 1. */
  selectAtLeast(src: number, dst: number, n: number, threshold: number): number;

  /**
   * `n` float32 as uint16 labels at `dst`, up to the first voxel that is no whole number from 0 to 65535; returns its index, or
   * `n`. Regions must not overlap.
   */
  toLabels(src: number, dst: number, n: number): number;

  /**
   * Resamples a row of `n` float32 to `m`: for target voxels `x0 … x0 + w`, the sum of source voxel × overlap, as float64 at
   * `dst`. A source voxel counts as `m` long and a target voxel as `n`, so that overlaps are whole numbers.
   */
  overlapSum(src: number, dst: number, n: number, m: number, x0: number, w: number): void;

  /** The same of bytes that are 0 or 1: 1 where one that is 1 is overlapped. */
  overlapAny(src: number, dst: number, n: number, m: number, x0: number, w: number): void;

  /** Adds `n` float64 times `weight` to those at `dst`. */
  addScaled(src: number, dst: number, n: number, weight: number): void;

  /** Sets the bits of `n` bytes in those at `dst`. */
  addAny(src: number, dst: number, n: number): void;

  /**
   * Sets one byte at `dst` for each of `n` float64: 1 where the value divided by `whole`, rounded to float32, is at least
   * `threshold`; else 0.
   */
  selectMean(src: number, dst: number, n: number, whole: number, threshold: number): void;

  /** Adds `n` uint16 to the 65,536 uint32 counts at `table`. A count that reaches 2^32 - 1 stays there. */
  countLabels(src: number, n: number, table: number): void;

  /**
   * Statistics of the finite among `n` float32, as five float64 at `out` (8-byte aligned), summed in float64. Without any, min is
   * Infinity and max -Infinity. Partial results combine by min, max and +.
   */
  stats(src: number, n: number, out: number): void;

  /** `stats` of integers or float32 voxels. Sums of one- and two-byte integers are exact up to 2^53. */
  statsOf(kind: VoxelKind | IntegerKind, src: number, n: number, out: number): void;

  /** Adds `n` float32 to the `HISTOGRAM_BINS` uint32 counts at `table`; histogram.ts reads them. The caller clears the table. */
  histogram(src: number, n: number, table: number): void;

  /**
   * Byte-shuffles a window of `w`×`h` elements of `itemBytes` (1, 2, 4; others are slow), rows `srcRowBytes` apart, into elements
   * `at … at + cw·ch` of a block of `blockVoxels`. The rest of cw×ch becomes 0.
   */
  gather(
    itemBytes: number,
    src: number,
    srcRowBytes: number,
    w: number,
    h: number,
    cw: number,
    ch: number,
    block: number,
    blockVoxels: number,
    at: number,
  ): void;

  /**
   * Packs a shuffled block as in a Blosc-1 frame, LZ4 inside; returns the bytes written, at most `packedBytesMax(itemBytes,
   * voxels)`. Full blocks are split into `itemBytes` streams. A shorter last block is not: pass `pack(1, block, voxels *
   * itemBytes, …)`. `hashTable`: `HASH_TABLE_BYTES` of scratch.
   */
  pack(itemBytes: number, block: number, voxels: number, dst: number, hashTable: number): number;

  /** Inverse of the byte shuffle for `bytes` bytes of one block, such as another codec has decompressed. */
  unshuffle(itemBytes: number, src: number, dst: number, bytes: number): void;

  /**
   * Opens a Blosc-1 frame, until the next one is opened; the regions given must stay as they are. Answers a `BLOSC_RESULT`.
   *
   * @param head header and offset table, `headBytes` of them (a frame copied by c-blosc without compression has no table).
   * @param window address of the frame's bytes [from, to). For a whole frame in one piece: window = head, from = 0, to = its
   *   length.
   * @param scratch `bloscScratchBytes(blockBytes)` bytes, and `ZSTD_WORK_BYTES` for a frame with zstd inside: without these it is unsupported.
   */
  openFrame(
    head: number,
    headBytes: number,
    window: number,
    from: number,
    to: number,
    scratch: number,
    scratchBytes: number,
  ): number;

  /** All plain bytes of the open frame. Answers a `BLOSC_RESULT`; after a failure `dst` holds anything. */
  decodeFrame(dst: number, dstBytes: number): number;

  /** Plain bytes [from, to) of the open frame, of which only the blocks that hold them are touched. */
  decodeRange(from: number, to: number, dst: number): number;

  /**
   * The box [z0, z1) × [y0, y1) × [x0, x1) of the open frame of `planes` × `rows` × `row` BYTES in C order; x counts bytes.
   * Decodes each Blosc block at most once, and only to the box's last byte.
   *
   * @param rowStride, planeStride distances in bytes at `dst`, which must have room for them.
   */
  decodeBox(
    planes: number,
    rows: number,
    row: number,
    z0: number,
    z1: number,
    y0: number,
    y1: number,
    x0: number,
    x1: number,
    dst: number,
    rowStride: number,
    planeStride: number,
  ): number;

  /**
   * Decodes Zstandard frames of `dstBytes` plain bytes as far as their first `want`; where that is all, they must end exactly there. Dictionaries
   * are not known, content checksums not compared. Answers `ok` or `badStream`.
   *
   * @param work `ZSTD_WORK_BYTES` of scratch.
   */
  decodeZstd(src: number, srcBytes: number, dst: number, dstBytes: number, want: number, work: number): number;

  /** The same box of a chunk that lies at `src` in plain bytes. */
  copyBox(
    src: number,
    rows: number,
    row: number,
    z0: number,
    z1: number,
    y0: number,
    y1: number,
    x0: number,
    x1: number,
    dst: number,
    rowStride: number,
    planeStride: number,
  ): void;
}

/** Return values of `openFrame` and the decoders. */
export const BLOSC_RESULT = {
  ok: 0,
  /** Not a Blosc-1 frame, or its sizes contradict each other. */
  badHeader: -1,
  /** A valid frame for another decoder: another inner codec than LZ4, or bit-shuffled. */
  unsupported: -2,
  /** The frame points outside of the bytes that were given. */
  outside: -3,
  /** Compressed data is broken, or has another length than the header promises. */
  badStream: -4,
  /** The caller's box or range does not fit the frame, or scratch or output are too small. */
  badArgument: -5,
} as const;

/** Scratch that decoding zstd needs: the literals of a block, and tables. */
export const ZSTD_WORK_BYTES = 150_336;

/** Scratch memory of `openFrame` for this block size: addresses of the streams, one block, and padding for wide stores. */
export function bloscScratchBytes(blockBytes: number): number {
  return 1024 + blockBytes + 64;
}

/** Room that `pack` needs for its output. */
export function packedBytesMax(itemBytes: number, voxels: number): number {
  return itemBytes * (voxels + 4);
}

let compiled: WebAssembly.Module | undefined;

/** The kernels, compiled once in this thread. A module can be posted to workers, which then need not compile it. */
export function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(KERNELS_WASM), (character) => character.charCodeAt(0)));
  return compiled;
}

/** The kernels over `memory`, which must be shared: see `sharedMemory`. */
export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const compiledKernels = exports as unknown as Omit<Kernels, "strideZYX">;
  return {
    ...compiledKernels,
    strideZYX: (src0, _src1, dst, h, w, srcRow, dstRow) => compiledKernels.strideYX(src0, dst, h, w, srcRow, dstRow),
  };
}

/**
 * Shared memory of at least `bytes`. It may grow to `maximumBytes` (default 4 GiB); only pages in use cost memory.
 *
 * @throws {EmporiumError} MEMORY_LIMIT if 32-bit addresses do not suffice, or the system refuses.
 */
export function sharedMemory(bytes: number, maximumBytes: number = PAGES_MAX * PAGE_BYTES): WebAssembly.Memory {
  const initial = Math.max(1, Math.ceil(bytes / PAGE_BYTES));
  if (initial > PAGES_MAX)
    throw new EmporiumError(
      "MEMORY_LIMIT",
      `${counted(bytes, "byte")} of shared memory are needed, but only 4 GiB can be addressed`,
    );
  const maximum = Math.min(PAGES_MAX, Math.max(initial, Math.ceil(maximumBytes / PAGE_BYTES)));
  try {
    return new WebAssembly.Memory({ initial, maximum, shared: true });
  } catch (cause) {
    throw new EmporiumError("MEMORY_LIMIT", `no room for ${counted(bytes, "byte")} of shared memory`, { cause });
  }
}
