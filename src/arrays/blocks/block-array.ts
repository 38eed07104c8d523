import type { Box, Triple } from "../../core/box.js";
import { boxShape } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { type Batch, type BatchOptions, batchesOf, bytesOfArrays } from "./batches.js";
import { type BlockInput, type BlockSequence, type Epoch, type ReadAheadOptions, readBlocks } from "./blocks.js";
import { type BlockData, readBox } from "./edges.js";
import { type EpochState, type ShardRequest, shareOf } from "./epoch.js";
import { type GridRequest, gridOf, levelAt } from "./grid.js";
import { type OrderRequest, orderOf, requireWhole } from "./order.js";
import type { BlockLevel, BlockVolume } from "./volume.js";
import { filledBy } from "./world.js";

/** Which blocks, in which order, and how far ahead they are read. */
export interface BlocksRequest extends GridRequest, OrderRequest, ReadAheadOptions {
  /** This reader's part of the epoch. Default: all of it. */
  readonly shard?: ShardRequest | undefined;
  /** Go on where an epoch was left: its seed and epoch hold, whatever else is stated. */
  readonly resumeFrom?: EpochState | undefined;
}

/** As {@link BlocksRequest}, in batches; `prefetch` counts batches. */
export interface BatchesRequest extends Omit<BlocksRequest, "edge">, BatchOptions {
  /** Default `reflect`. All blocks of a batch have one shape, so they cannot shrink. */
  readonly edge?: "reflect" | "constant" | undefined;
}

/** A source of blocks: a volume, or several in one grid. */
export interface BlockArrays<T> {
  /**
   * The blocks of one epoch. Nothing is read before a block's `read`.
   *
   * @throws {EmporiumError} USAGE
   */
  blocks(request: BlocksRequest): BlockSequence<T>;
  /** @throws {EmporiumError} USAGE */
  batches(request: BatchesRequest): AsyncIterable<Batch>;
}

/** The name of the array in batches of one volume. */
const ONLY_ARRAY = "data";

/** One volume, block by block. */
export function blocksOfVolume(volume: BlockVolume): BlockArrays<BlockData> {
  const inputOf = (request: GridRequest): BlockInput<BlockData> => {
    const level = levelAt(volume.levels, request.level ?? 0, volume.name);
    const grid = gridOf(volume.levels, request, volume.name);
    return {
      grid,
      read: (box, signal) => readBox(level, box, { ...grid, signal }),
      bytesOf: (box) => bytesOfArrays(boxShape(box), [level.dtype]),
      nmOf: nmOf(level),
    };
  };
  return {
    blocks: (request) => sequenceOf(inputOf(request), volume, request),
    batches(request) {
      const input = inputOf(request);
      const named: BlockInput<Record<string, BlockData>> = {
        ...input,
        read: async (box, signal) => ({ [ONLY_ARRAY]: await input.read(box, signal) }),
      };
      return inBatches(named, volume, request);
    },
  };
}

/** Batches of an input. Blocks are read by the batches that need them, not ahead of these. */
function inBatches(
  input: BlockInput<Record<string, BlockData>>,
  gridOwner: BlockVolume,
  request: BatchesRequest,
): AsyncIterable<Batch> {
  if (input.grid.edge === "shrink") {
    throw new EmporiumError("USAGE", "blocks of a batch have one shape, and with the edge rule shrink they differ", {
      hint: "choose the edge rule reflect or constant",
    });
  }
  const { shape, halo } = input.grid;
  const padded = shape.map((length, axis) => length + 2 * halo[axis]!) as Triple;
  const bytes = input.bytesOf({ start: [0, 0, 0], stop: padded });
  return batchesOf(sequenceOf(input, gridOwner, { ...request, prefetch: 0 }), bytes, request);
}

/** @param gridOwner the volume whose level the grid is in */
export function sequenceOf<T>(input: BlockInput<T>, gridOwner: BlockVolume, request: BlocksRequest): BlockSequence<T> {
  const level = levelAt(gridOwner.levels, request.level ?? 0, gridOwner.name);
  const { resumeFrom, prefetch = 0 } = request;
  requireWhole(prefetch, "prefetch", 0);
  requireWhole(resumeFrom?.position ?? 0, "resumeFrom.position", 0);
  const { seed, epoch } = { seed: request.seed ?? 0, epoch: request.epoch ?? 0, ...resumeFrom };
  const order = orderOf(input.grid, level, { ...request, seed, epoch });
  const share = shareOf(order.count, request.shard);
  const open = async (): Promise<Epoch> => ({ order, share, seed, epoch, weightOf: () => 1 });
  return readBlocks(input, open, resumeFrom?.position ?? 0, request);
}

/** Where the level has no voxel size, its voxels count as 1 nm. */
export function nmOf(level: BlockLevel) {
  const size = level.voxelSizeNm.map((nm) => nm ?? 1) as Triple;
  return (box: Box) => filledBy(box, size, level.offsetNm);
}
