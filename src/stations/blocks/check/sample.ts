import { type BlockData, readBox } from "../../../arrays/blocks/edges.js";
import { coreOf, gridOf } from "../../../arrays/blocks/grid.js";
import { orderOf } from "../../../arrays/blocks/order.js";
import type { BlockLevel, BlockVolume } from "../../../arrays/blocks/volume.js";
import type { LoadedLevel } from "../../../arrays/loader/volume.js";
import { type Box, ceilDiv, intersect, type Triple, volumeOf } from "../../../core/box.js";
import { ITEM_BYTES } from "../../../core/dtype.js";
import { type EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { formatBytes } from "../../../core/units.js";
import { float16ToNumber } from "../../../formats/mrc/read.js";
import { mapLimit } from "../../../system/parallel.js";

/** Voxels of a sampled block along each axis, blocks of the finest level and of the others, and values that percentiles are made of. */
const BLOCK = 64;
const FINEST_BLOCKS = 48;
const OTHER_BLOCKS = 6;
const VALUES = 200_000;

/** Reads at a time, and chunks of a level, not stored, whose place in the next level is looked at. */
const AT_ONCE = 8;
const ABSENT_CHUNKS = 200;

/** Statistics of one sampled block. */
export interface SampledBlock {
  readonly level: number;
  readonly box: Box;
  /** Least and largest of the finite voxels; infinities where there is none. */
  readonly min: number;
  readonly max: number;
  readonly notFinite: number;
  /** Chunks that are not stored, and all; undefined where the format has none. */
  readonly chunks?: { readonly absent: readonly Triple[]; readonly all: number } | undefined;
  /** Error of a block that cannot be read. */
  readonly fault?: EmporiumError | undefined;
}

export interface Sample {
  readonly blocks: readonly SampledBlock[];
  /** Finite values of the finest level, ascending. */
  readonly values: Float64Array;
  /** Chunks that are not stored, though a coarser level shows data there. */
  readonly lost: readonly { readonly level: number; readonly cell: Triple }[];
  /** Levels of which fewer blocks were read, because each would take so much to decode. */
  readonly notes: readonly string[];
}

/** Reads some blocks of each level, spread evenly along its locality order. */
export async function sampleVolume(
  volume: BlockVolume,
  { sampleBytes = Number.POSITIVE_INFINITY, signal }: { sampleBytes?: number | undefined; signal?: AbortSignal | undefined } = {},
): Promise<Sample> {
  const blocks: SampledBlock[] = [];
  const values: number[] = [];
  const lost: { level: number; cell: Triple }[] = [];
  const notes: string[] = [];
  for (const [index, level] of volume.levels.entries()) {
    const into = index === 0 ? values : undefined;
    const { boxes, wanted, bytes } = boxesOf(volume.levels, index, sampleBytes);
    if (boxes.length < wanted)
      notes.push(
        `level ${index}: ${boxes.length} of ${wanted} sample blocks were read, since each takes ${formatBytes(bytes)} to decode`,
      );
    const sampled = await mapLimit(boxes, AT_ONCE, (box) => sampleBlock(level, index, box, into, signal));
    blocks.push(...sampled);
    const absent = sampled.flatMap(({ chunks }) => chunks?.absent ?? []).slice(0, ABSENT_CHUNKS);
    const isGone = await mapLimit(absent, AT_ONCE, (cell) => isLost(volume, index, cell, signal));
    lost.push(...absent.filter((_, at) => isGone[at]).map((cell) => ({ level: index, cell })));
  }
  return { blocks, values: Float64Array.from(values).sort(), lost, notes };
}

/** Boxes of a level, how many there would be without the limit, and the bytes that are decoded for each. */
function boxesOf(
  levels: readonly BlockLevel[],
  index: number,
  limit: number,
): { readonly boxes: Box[]; readonly wanted: number; readonly bytes: number } {
  const level = levels[index]!;
  const shape = level.shape.map((length) => Math.min(BLOCK, length)) as Triple;
  const grid = gridOf(levels, { shape, level: index });
  const order = orderOf(grid, level);
  // a block lies in one chunk, or in a few that are smaller
  const bytes = Math.max(volumeOf(level.chunk), volumeOf(shape)) * ITEM_BYTES[level.dtype];
  const wanted = Math.min(order.count, index === 0 ? FINEST_BLOCKS : OTHER_BLOCKS);
  const count = Math.min(wanted, Math.max(1, Math.floor(limit / bytes)));
  const boxes = Array.from({ length: count }, (_, at) => {
    const position = Math.floor(((at + 0.5) * order.count) / count);
    const [id] = order.from(position);
    return coreOf(grid, id!);
  });
  return { boxes, wanted, bytes };
}

async function sampleBlock(
  level: BlockLevel,
  index: number,
  box: Box,
  values: number[] | undefined,
  signal: AbortSignal | undefined,
): Promise<SampledBlock> {
  signal?.throwIfAborted();
  const nothing = { level: index, box, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, notFinite: 0 };
  try {
    const data = await readBox(level, box, { signal });
    const seen = look(data, values);
    return {
      ...nothing,
      ...seen,
      chunks: isStored(level, box, seen) ? { absent: [], all: 1 } : await chunksOf(level, box, signal),
    };
  } catch (error) {
    if (isEmporiumError(error) && /^(FORMAT_|STORE_ABSENT|STORE_PROTOCOL)/.test(error.code)) return { ...nothing, fault: error };
    throw error;
  }
}

function look({ data, dtype }: BlockData, values: number[] | undefined): Pick<SampledBlock, "min" | "max" | "notFinite"> {
  const step = Math.max(1, ceilDiv(data.length * FINEST_BLOCKS, VALUES));
  let [min, max, notFinite] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let at = 0; at < data.length; at++) {
    const value = dtype === "float16" ? float16ToNumber(data[at] as number) : Number(data[at]);
    if (!Number.isFinite(value)) {
      notFinite++;
      continue;
    }
    if (value < min) min = value;
    if (value > max) max = value;
    if (values && at % step === 0) values.push(value);
  }
  return { min, max, notFinite };
}

/** Whether the voxels show that their one chunk is stored: one that is not holds the same value everywhere. */
function isStored({ chunk }: BlockLevel, { start, stop }: Box, { min, max }: Pick<SampledBlock, "min" | "max">): boolean {
  const isOneChunk = start.every((at, axis) => Math.floor(at / chunk[axis]!) === Math.floor((stop[axis]! - 1) / chunk[axis]!));
  return isOneChunk && min < max;
}

/** Formats that store no chunks refuse to give them. */
async function chunksOf(level: BlockLevel, box: Box, signal: AbortSignal | undefined): Promise<SampledBlock["chunks"]> {
  const { readStored } = level as Partial<LoadedLevel>;
  if (readStored === undefined) return undefined;
  try {
    const { chunks } = await readStored(box, { signal });
    return { absent: chunks.filter(({ absent }) => absent).map(({ cell }) => cell), all: chunks.length };
  } catch (error) {
    if (isEmporiumError(error) && error.code === "FORMAT_UNSUPPORTED") return undefined;
    throw error;
  }
}

/** Whether the next coarser level has a voxel that is not 0 inside a chunk that is not stored. */
async function isLost({ levels }: BlockVolume, index: number, cell: Triple, signal: AbortSignal | undefined): Promise<boolean> {
  const [level, coarser] = [levels[index]!, levels[index + 1]];
  if (coarser === undefined) return false;
  const inside = (edge: number, axis: number, round: (at: number) => number) =>
    round((Math.min(edge * level.chunk[axis]!, level.shape[axis]!) * coarser.shape[axis]!) / level.shape[axis]!);
  // a coarse voxel at the border may come of the chunk beside it
  const box: Box = {
    start: cell.map((at, axis) => inside(at, axis, Math.ceil)) as Triple,
    stop: cell.map((at, axis) => inside(at + 1, axis, Math.floor)) as Triple,
  };
  const part = intersect(box, { start: [0, 0, 0], stop: coarser.shape });
  if (part === undefined) return false;
  const { data } = await readBox(coarser, part, { signal });
  return data.some((value: number | bigint) => Number(value) !== 0);
}
