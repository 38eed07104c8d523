import { boxShape, type Triple, volumeOf } from "../../core/box.js";
import { ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { counted } from "../../core/units.js";
import { type NumberArray, viewAs } from "../../formats/zarr/elements.js";
import { inOrder } from "../../system/parallel.js";
import type { Block, BlockSequence } from "./blocks.js";
import type { BlockData } from "./edges.js";
import type { EpochState } from "./epoch.js";
import { requireWhole } from "./order.js";

/** Blocks of one shape, array by array in memory that lies together. */
export interface Batch {
  /** Blocks: `size`, or fewer at the end of an epoch. */
  readonly size: number;
  /** Voxels of each array by its name, `[size, z, y, x]` in C order. */
  readonly arrays: Readonly<Record<string, NumberArray>>;
  /** Shape `[size, z, y, x]` of every array: all have the grid's. */
  readonly shape: readonly [n: number, z: number, y: number, x: number];
  readonly ids: Float64Array;
  /** Three numbers a block: the first voxel of its box `[z, y, x]`, in voxels of the grid; below 0 where the box is padded. */
  readonly origins: Float64Array;
  /** Factor for each block's loss that undoes the oversampling of `balance`; all 1 without it. */
  readonly weights: Float32Array;
  /** State after this batch, for `resumeFrom`. */
  readonly next: EpochState;
}

export interface BatchOptions {
  /** Blocks of a batch. */
  readonly size: number;
  /** Leave out the last batch where it has fewer blocks. Default false. */
  readonly dropLast?: boolean | undefined;
  /** Batches that are made before they are asked for, once one has been. Default 1. */
  readonly prefetch?: number | undefined;
  /** Bytes of the batches that are made at a time; one is always made. Default 256 MiB. */
  readonly prefetchBytes?: number | undefined;
  /** Memory for an array of a batch, such as a slot of shared memory. Default: memory of its own. Called once a name and batch. */
  readonly allocate?: ((name: string, bytes: number) => Uint8Array | Promise<Uint8Array>) | undefined;
}

/**
 * @param open the blocks to lay together, anew for each loop; they are read until the signal says that the loop was left
 * @throws {EmporiumError} USAGE
 */
export function batchesOf(
  open: (signal: AbortSignal) => BlockSequence<Record<string, BlockData>>,
  bytesOfBlock: number,
  options: BatchOptions,
): AsyncIterable<Batch> {
  const { size, prefetch = 1, prefetchBytes = LIMITS.memoryBytes / 2 } = options;
  requireWhole(size, "size of a batch", 1);
  requireWhole(prefetch, "prefetch", 0);
  const fitting = Math.floor(prefetchBytes / Math.max(1, size * bytesOfBlock));
  const atOnce = Math.max(1, Math.min(prefetch + 1, fitting));
  return {
    [Symbol.asyncIterator]() {
      const stop = new AbortController();
      const batches = inOrder(groupsOf(open(stop.signal), options), atOnce, (group) => batchOf(group, options));
      return {
        next: () => batches.next(),
        return(value?: unknown) {
          // what is being made ahead ends now, and is waited for
          stop.abort(new EmporiumError("CANCELLED", "the batches were stopped"));
          return batches.return(value);
        },
      };
    },
  };
}

async function* groupsOf<T>(blocks: AsyncIterable<T>, { size, dropLast = false }: BatchOptions): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const block of blocks) {
    group.push(block);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0 && !dropLast) yield group;
}

async function batchOf(blocks: readonly Block<Record<string, BlockData>>[], options: BatchOptions): Promise<Batch> {
  const reads = blocks.map((block) => block.read());
  try {
    const first = await reads[0]!;
    const names = Object.keys(first);
    const memory = new Map<string, Uint8Array>();
    for (const name of names) memory.set(name, await allocated(name, blocks.length * first[name]!.data.byteLength, options));
    await Promise.all(reads.map(async (read, index) => layIn(await read, index, memory)));
    const arrays = Object.fromEntries(names.map((name) => [name, viewAs(memory.get(name)!, first[name]!.dtype)]));
    return { ...factsOf(blocks), arrays };
  } finally {
    await Promise.allSettled(reads);
    for (const block of blocks) block.release();
  }
}

async function allocated(name: string, bytes: number, { allocate }: BatchOptions): Promise<Uint8Array> {
  const memory = (await allocate?.(name, bytes)) ?? new Uint8Array(bytes);
  if (memory.byteLength === bytes) return memory;
  throw new EmporiumError(
    "USAGE",
    `the array ${name} of a batch takes ${counted(bytes, "byte")}, but ${memory.byteLength} were given`,
  );
}

function layIn(data: Record<string, BlockData>, index: number, memory: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, { data: voxels }] of Object.entries(data)) {
    const bytes = new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength);
    memory.get(name)!.set(bytes, index * bytes.length);
  }
}

function factsOf(blocks: readonly Block<unknown>[]): Omit<Batch, "arrays"> {
  return {
    size: blocks.length,
    shape: [blocks.length, ...boxShape(blocks[0]!.box)],
    ids: Float64Array.from(blocks, ({ id }) => id),
    origins: Float64Array.from(blocks.flatMap(({ box }) => box.start)),
    weights: Float32Array.from(blocks, ({ weight }) => weight),
    next: blocks.at(-1)!.next,
  };
}

/** Bytes of a block's arrays. */
export function bytesOfArrays(shape: Triple, dtypes: readonly (keyof typeof ITEM_BYTES)[]): number {
  return dtypes.reduce((sum, dtype) => sum + volumeOf(shape) * ITEM_BYTES[dtype], 0);
}
