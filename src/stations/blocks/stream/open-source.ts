import type { Block, BlockInput } from "../../../arrays/blocks/blocks.js";
import { type BlockData, readBox } from "../../../arrays/blocks/edges.js";
import { gridOf, levelAt, type ReadGrid } from "../../../arrays/blocks/grid.js";
import { type BlocksRequest, sequenceOf } from "../../../arrays/blocks/sequence.js";
import type { BlockVolume } from "../../../arrays/blocks/volume.js";
import { openBlockVolume } from "../../../arrays/loader/volume.js";
import { type Box, boxShape, type Triple, volumeOf } from "../../../core/box.js";
import { type DType, ITEM_BYTES } from "../../../core/dtype.js";
import { EmporiumError } from "../../../core/errors.js";
import type { StoreOptions } from "../../../stores/location.js";
import type { BatchArray, BatchSource, Share, StreamBatch, StreamFacts } from "./batch.js";

/** Which blocks of which volumes. */
export interface StreamRequest
  extends Omit<BlocksRequest, "shard" | "resumeFrom" | "epoch" | "prefetch" | "prefetchBytes" | "edge"> {
  readonly volumes: readonly NamedLocation[];
  /** Blocks of a batch. */
  readonly batch: number;
  /** Blocks of a batch have one shape, so they cannot shrink at the edges. */
  readonly edge?: "reflect" | "constant" | undefined;
  /** Of the chunks that are kept and the blocks that are read ahead, over all volumes and clients. */
  readonly memoryBytes: number;
  readonly threads?: number | undefined;
  readonly store?: StoreOptions | undefined;
}

/** A volume, and what its array is called. */
export interface NamedLocation {
  readonly name: string;
  readonly location: string;
}

type Arrays = Record<string, BlockData>;
type OpenVolumes = Readonly<Record<string, BlockVolume>>;

/** Of the memory: chunks of all volumes; blocks that are read ahead for one client. */
const CACHE_SHARE = 1 / 2;
const AHEAD_SHARE = 1 / 4;

/**
 * Opens the volumes. Their levels must have one shape: block `[z, y, x]` is read at the same voxels of each.
 *
 * @throws {EmporiumError} USAGE, and what opening a volume throws
 */
export async function openBatchSource(request: StreamRequest): Promise<BatchSource> {
  const { memoryBytes, threads, store, signal } = request;
  const open: Record<string, BlockVolume> = {};
  const close = async () => {
    await Promise.all(Object.values(open).map((volume) => volume.close()));
  };
  const options = { memoryBytes: Math.floor((memoryBytes * CACHE_SHARE) / request.volumes.length), threads, store, signal };
  try {
    for (const { name, location } of request.volumes) {
      if (Object.hasOwn(open, name))
        throw new EmporiumError("USAGE", `two volumes are called ${name}`, { hint: "name them: image=… labels=…" });
      open[name] = await openBlockVolume(location, options);
    }
    return { ...sourceOf(open, request), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws {EmporiumError} USAGE */
export function sourceOf(volumes: OpenVolumes, request: Omit<StreamRequest, "volumes">): Omit<BatchSource, "close"> {
  const [owner] = Object.values(volumes);
  const grid = gridOf(owner!.levels, request, owner!.name);
  const input = inputOf(volumes, grid, request.level ?? 0);
  const { batch, seed = 0, memoryBytes } = request;
  return {
    facts: factsOf(volumes, grid, request),
    batches({ rank, world, epoch, skip }: Share, signal: AbortSignal) {
      const sequence = sequenceOf(input, owner!, {
        ...request,
        shard: { rank, world },
        resumeFrom: { seed, epoch, position: skip * batch },
        prefetch: 2 * batch,
        prefetchBytes: memoryBytes * AHEAD_SHARE,
        signal,
      });
      return groupsOf(sequence, batch);
    },
  };
}

function factsOf(volumes: OpenVolumes, grid: ReadGrid, request: Omit<StreamRequest, "volumes">): StreamFacts {
  const shape = grid.shape.map((length, axis) => length + 2 * grid.halo[axis]!) as Triple;
  const arrays: Record<string, { dtype: DType; shape: Triple }> = {};
  let blockBytes = 0;
  for (const [name, volume] of Object.entries(volumes)) {
    const { dtype } = levelAt(volume.levels, request.level ?? 0, volume.name);
    arrays[name] = { dtype, shape };
    blockBytes += volumeOf(shape) * ITEM_BYTES[dtype];
  }
  return { arrays, blocks: grid.count, batch: request.batch, batchBytes: request.batch * blockBytes };
}

function inputOf(volumes: OpenVolumes, grid: ReadGrid, index: number): BlockInput<Arrays> {
  const levels = Object.entries(volumes).map(([name, volume]) => ({ name, level: levelAt(volume.levels, index, volume.name) }));
  for (const { name, level } of levels) {
    if (level.shape.join() === grid.bounds.join()) continue;
    throw new EmporiumError(
      "USAGE",
      `${name} has ${level.shape.join("×")} voxels, ${levels[0]!.name} has ${grid.bounds.join("×")}`,
      {
        hint: "volumes of one stream have the same voxels: choose a level, or resample one of them",
      },
    );
  }
  return {
    grid,
    async read(box, signal) {
      const read = levels.map(async ({ name, level }) => [name, await readBox(level, box, { ...grid, signal })] as const);
      return Object.fromEntries(await Promise.all(read));
    },
    bytesOf: (box: Box) => levels.reduce((sum, { level }) => sum + volumeOf(boxShape(box)) * ITEM_BYTES[level.dtype], 0),
    nmOf: () => ({ start: [0, 0, 0], size: [0, 0, 0] }),
  };
}

async function* groupsOf(blocks: AsyncIterable<Block<Arrays>>, size: number): AsyncGenerator<StreamBatch, void, void> {
  let group: Block<Arrays>[] = [];
  for await (const block of blocks) {
    block.read().catch(() => {}); // told when the batch is complete
    group.push(block);
    if (group.length < size) continue;
    yield await batchOf(group);
    group = [];
  }
  if (group.length > 0) yield await batchOf(group);
}

/** The blocks as they were read: they are laid together where they are written, which saves a copy. */
async function batchOf(blocks: readonly Block<Arrays>[]): Promise<StreamBatch> {
  const read = await Promise.all(blocks.map((block) => block.read()));
  const arrays: Record<string, BatchArray> = {};
  for (const [name, { dtype, shape }] of Object.entries(read[0]!)) {
    const pieces = read.map((block) => bytesOf(block[name]!));
    arrays[name] = { dtype, shape: [blocks.length, ...shape], pieces };
  }
  return {
    arrays,
    origins: blocks.map(({ box }) => box.start),
    ids: blocks.map(({ id }) => id),
    weights: blocks.map(({ weight }) => weight),
    done: () => {
      for (const block of blocks) block.release();
    },
  };
}

function bytesOf({ data }: BlockData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
