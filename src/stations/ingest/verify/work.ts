import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { BloscFrame } from "../../../arrays/kernels/blosc.js";
import type { Triple } from "../../../core/box.js";
import type { ByteRange } from "../../../core/bytes.js";
import { isEmporiumError } from "../../../core/errors.js";
import { chunkGrid, positions } from "../../../formats/zarr/chunks.js";
import {
  type ArrayPlace,
  type Box3,
  cellShape,
  fillOf,
  type InOrder,
  isPartly,
  objectKey,
  openArray,
  type Reader,
  shapeOf,
} from "./array-place.js";
import { compareLevels, type Differing, type LevelComparison, type LevelRule } from "./levels.js";

/** Checksum of `[offset, offset + length)` of an object. */
export interface SumJob {
  kind: "sum";
  key: string;
  offset: number;
  length: number;
  sha256: boolean;
  /** The object is lines of JSON: each must be one. */
  lines: boolean;
}

/** The level above: its rule, and the share of chunks that is compared in addition to the first and last one. */
export interface Above {
  array: ArrayPlace;
  factors: Triple;
  rule: LevelRule;
  share: number;
}

/** One object of an array, a chunk or a shard: its checksum, whether it decodes, and whether the level above follows from it. */
export interface ChunkJob {
  kind: "chunk";
  key: string;
  size: number | undefined;
  array: ArrayPlace;
  /** `[z, y, x]` in the grid of objects. */
  position: Triple;
  sha256: boolean;
  above?: Above | undefined;
}

/** Differences between the voxels of an MRC file and those of level 0. */
export interface TwinComparison {
  voxels: number;
  wrong: number;
  first?: { at: Triple; mrc: number; zarr: number } | undefined;
  /** Voxels of this file that do not fit level 1, where the other file's do. Not all are asked for where many differ. */
  oddMrc: number;
  oddZarr: number;
}

export interface JobResult {
  /** Bytes read; undefined where there is no such object. */
  size?: number | undefined;
  crc32?: number | undefined;
  sha256?: string | undefined;
  /** Why it does not decode. */
  fault?: string | undefined;
  /** All its voxels are the fill value. */
  fill?: boolean | undefined;
  level?: LevelComparison | undefined;
  twin?: TwinComparison | undefined;
  /** For an absent chunk: whether the box of the level above that was made of it is fill. */
  aboveFill?: boolean | undefined;
}

const PIECE_BYTES = 8 * 1024 * 1024;

export async function sum({ key, offset, length, sha256, lines }: SumJob, reader: Reader): Promise<JobResult> {
  const sums = sumsOf(sha256);
  const check = lines ? lineCheck() : undefined;
  const pieces = reader.inOrder?.(key, { offset, length }) ?? inPieces(key, { offset, length }, reader);
  try {
    let done = 0;
    do {
      const bytes = await pieces.lend(offset + done);
      if (!bytes) return {};
      if (bytes.length === 0) break;
      sums.add(bytes);
      check?.add(bytes);
      done += bytes.length;
    } while (done < length);
  } finally {
    await pieces.close();
  }
  return { ...sums.result(), fault: check?.end() };
}

/** For readers that do not read ahead. */
function inPieces(key: string, { offset, length }: ByteRange, reader: Reader): InOrder {
  const piece = new Uint8Array(Math.min(PIECE_BYTES, length));
  return {
    lend(position) {
      const wanted = Math.min(PIECE_BYTES, offset + length - position);
      return reader.read(key, { offset: position, length: wanted }, (size) => piece.subarray(0, size));
    },
    close: async () => {},
  };
}

/** Checksums of bytes that come piece by piece. */
function sumsOf(sha256: boolean) {
  const hash = sha256 ? createHash("sha256") : undefined;
  let size = 0;
  let crc = 0;
  return {
    add(bytes: Uint8Array): void {
      size += bytes.length;
      crc = crc32(bytes, crc);
      hash?.update(bytes);
    },
    result: () => ({ size, crc32: crc, sha256: hash?.digest("hex") }),
  };
}

/** Longest line of JSON that is looked at. */
const LINE_LENGTH_MAX = 16 * 1024 * 1024;

/** Each line that is not blank must be a JSON document. Gives the first fault. */
function lineCheck() {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  let number = 0;
  let fault: string | undefined;
  const line = (text: string) => {
    number++;
    if (fault !== undefined || text.trim() === "") return;
    try {
      JSON.parse(text);
    } catch {
      fault = `line ${number} is not JSON`;
    }
  };
  const take = (text: string) => {
    const all = (rest + text).split("\n");
    rest = all.pop()!;
    for (const one of all) line(one);
    if (rest.length > LINE_LENGTH_MAX) fault ??= `line ${number + 1} is longer than ${LINE_LENGTH_MAX} characters`;
  };
  const guarded = (step: () => void) => {
    if (fault !== undefined) return;
    try {
      step();
    } catch {
      fault = `the text is not UTF-8 near line ${number + 1}`;
    }
  };
  return {
    add: (bytes: Uint8Array) => guarded(() => take(decoder.decode(bytes, { stream: true }))),
    end(): string | undefined {
      guarded(() => {
        take(decoder.decode());
        line(rest);
      });
      return fault;
    },
  };
}

/** Objects up to this size are read once and kept while they are decoded; larger ones (shards) are read by chunk. */
const KEPT_BYTES = 256 * 1024 * 1024;

/**
 * Unused frames, of one level and of the one above it: their memory is reused. A thread that reads files has one pair, since it
 * runs one job at a time.
 */
const idleFrames: Frames[] = [];

export interface Frames {
  own: BloscFrame;
  upper: BloscFrame;
}

export async function withFrames<T>(work: (frames: Frames) => Promise<T>): Promise<T> {
  const frames = idleFrames.pop() ?? { own: new BloscFrame(), upper: new BloscFrame() };
  try {
    return await work(frames);
  } finally {
    idleFrames.push(frames);
  }
}

export function checkChunk(job: ChunkJob, reader: Reader): Promise<JobResult> {
  return withFrames((frames) => checkChunkIn(frames, job, reader));
}

async function checkChunkIn(
  frames: Frames,
  { key, size, array, position, sha256, above }: ChunkJob,
  reader: Reader,
): Promise<JobResult> {
  const own = openArray(array, reader, frames.own);
  const upper = above && openArray(above.array, reader, frames.upper);
  if (size === undefined) return { aboveFill: above && upper && (await isAboveFill(array, position, above, upper, reader)) };
  let result: JobResult;
  let along: Awaited<ReturnType<typeof own.summed>>;
  const sums = sumsOf(sha256);
  if (isPartly(array) && reader.isNear) {
    along = await own.summed(key, sums);
    if (!along) return {};
    result = {};
  } else if (size <= KEPT_BYTES && isPartly(array)) {
    const stored = await own.whole(key);
    if (!stored) return {};
    sums.add(stored);
    result = sums.result();
  } else {
    result = await sum({ kind: "sum", key, offset: 0, length: size, sha256, lines: false }, reader);
    if (result.size === undefined) return {};
  }
  try {
    const cells = await checkCells(own, upper, { array, position, above });
    await along?.end();
    return { ...(along ? sums.result() : result), ...cells };
  } finally {
    await along?.close();
  }
}

/** Decodes the cells of an object, and compares what is asked for with the level above. */
async function checkCells(
  own: ReturnType<typeof openArray>,
  upper: ReturnType<typeof openArray> | undefined,
  { array, position, above }: Pick<ChunkJob, "array" | "position" | "above">,
): Promise<Pick<JobResult, "fault" | "fill" | "level">> {
  const result: Pick<JobResult, "level"> = {};
  const element = fillOf(array);
  let fill = true;
  for (const { box, cell } of cellsOf(array, position)) {
    const isCompared = above !== undefined && isAsked(array, cell, above.share);
    for (const slab of slabsOf(array, box)) {
      let voxels: Uint8Array;
      try {
        voxels = await own.read(slab);
      } catch (error) {
        return { ...result, fault: reasonOf(error) };
      }
      fill &&= isFill(voxels, element);
      if (!isCompared) continue;
      // an unreadable level above is reported when its own objects are checked
      const coarse = await upper!.read(halved(slab, above.factors)).catch(() => undefined);
      if (!coarse) continue;
      const compared = compareLevels(voxels, shapeOf(slab), coarse, above.factors, above.rule, array.meta.type.dtype);
      result.level = joined(result.level, compared, halved(slab, above.factors).start);
    }
  }
  return { ...result, fill };
}

/** The cells of an object that hold voxels of the array, with their place among all cells of the array. */
export function* cellsOf(array: ArrayPlace, position: Triple): Generator<{ box: Box3; cell: number[] }> {
  const { shape, chunks } = array.meta;
  const cell = cellShape(array);
  const first = position.map((p, axis) => Math.floor((p * chunks[axis]!) / cell[axis]!));
  const end = position.map((p, axis) => Math.ceil(Math.min((p + 1) * chunks[axis]!, shape[axis]!) / cell[axis]!));
  for (const at of positions(first, end)) {
    const start = at.map((c, axis) => c * cell[axis]!) as Triple;
    yield { box: { start, stop: start.map((from, axis) => Math.min(from + cell[axis]!, shape[axis]!)) as Triple }, cell: at };
  }
}

/** Whether a cell is compared with the level above: the first, the last, which has odd edges, and a `share` of all by a hash. */
function isAsked(array: ArrayPlace, cell: readonly number[], share: number): boolean {
  if (share >= 1) return true;
  const grid = chunkGrid(array.meta.shape, cellShape(array));
  const isEnd = cell.every((c) => c === 0) || cell.every((c, axis) => c === grid[axis]! - 1);
  return isEnd || crc32(`${array.folder} ${cell.join(" ")}`) < share * 2 ** 32;
}

/** Voxels that are decoded at once. Few, so that the next ones are read meanwhile, and both fit a core's cache. */
const SLAB_BYTES = 2 * 1024 * 1024;

/** A box cut along z at even planes, where parts of a chunk can be decoded. */
export function* slabsOf(array: ArrayPlace, box: Box3): Generator<Box3> {
  const [nz] = shapeOf(box);
  // of the chunk, also where the array ends in the middle of it: its blocks are read whole
  const [, rows, columns] = array.meta.chunks as Triple;
  const planes = isPartly(array) ? Math.max(2, Math.floor(SLAB_BYTES / (rows * columns * array.meta.type.itemBytes)) & ~1) : nz;
  for (let z = 0; z < nz; z += planes) {
    const from = box.start[0] + z;
    const to = Math.min(from + planes, box.stop[0]);
    yield { start: [from, box.start[1], box.start[2]], stop: [to, box.stop[1], box.stop[2]] };
  }
}

/** @param corner first voxel of the box that was compared, in voxels of the level above. */
function joined(before: LevelComparison | undefined, now: LevelComparison, corner: Triple): LevelComparison {
  const moved = (one: Differing | undefined) => one && { ...one, at: one.at.map((v, axis) => v + corner[axis]!) as Triple };
  return {
    voxels: (before?.voxels ?? 0) + now.voxels,
    wrong: (before?.wrong ?? 0) + now.wrong,
    first: before?.first ?? moved(now.first),
    inexact: (before?.inexact ?? 0) + now.inexact,
    firstInexact: before?.firstInexact ?? moved(now.firstInexact),
    present: (before?.present ?? 0) + now.present,
    zeros: (before?.zeros ?? 0) + now.zeros,
  };
}

/** The voxels of the level above that were made of a box. */
export function halved({ start, stop }: Box3, factors: Triple): Box3 {
  return {
    start: start.map((from, axis) => from / factors[axis]!) as Triple,
    stop: stop.map((to, axis) => Math.ceil(to / factors[axis]!)) as Triple,
  };
}

/** Whether all that was made of an object is fill; undefined where it cannot be read, or is not there itself. */
async function isAboveFill(
  array: ArrayPlace,
  position: Triple,
  { array: above, factors }: Above,
  upper: ReturnType<typeof openArray>,
  reader: Reader,
): Promise<boolean | undefined> {
  const element = fillOf(above);
  let isThere = false;
  for (const { box } of cellsOf(array, position)) {
    const part = halved(box, factors);
    isThere ||= await hasObject(above, part, reader);
    const coarse = isThere ? await upper.read(part).catch(() => undefined) : undefined;
    if (!coarse) return undefined;
    if (!isFill(coarse, element)) return false;
  }
  return true;
}

async function hasObject(array: ArrayPlace, { start }: Box3, reader: Reader): Promise<boolean> {
  const position = start.map((from, axis) => Math.floor(from / array.meta.chunks[axis]!));
  return (await reader.size(objectKey(array, position))) !== undefined;
}

/** Every element equals the first, and that is the fill value: two comparisons of memory. */
function isFill(bytes: Uint8Array, element: Uint8Array): boolean {
  const size = element.length;
  if (Buffer.compare(bytes.subarray(0, size), element) !== 0) return false;
  return Buffer.compare(bytes.subarray(size), bytes.subarray(0, bytes.length - size)) === 0;
}

function reasonOf(error: unknown): string {
  if (isEmporiumError(error)) return error.message;
  return error instanceof Error ? error.message : String(error);
}
