import type { Box, Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { type Batch, type BatchOptions, batchesOf } from "./batches.js";
import { type BlockInput, type BlockSequence, type Epoch, type ReadAheadOptions, readBlocks } from "./blocks.js";
import type { BlockData } from "./edges.js";
import { type EpochState, type ShardRequest, shareOf } from "./epoch.js";
import { type GridRequest, levelAt } from "./grid.js";
import { coverageOf, type GridPlace, type MaskRequest, thresholdOf } from "./mask.js";
import { type BlockOrder, type OrderRequest, orderOf, requireWhole } from "./order.js";
import { balancedOrder, selectedOrder, selectionOf } from "./selection.js";
import type { BlockLevel, BlockVolume } from "./volume.js";
import { filledBy } from "./world.js";

/** Selection and order of blocks, and the number that is read ahead. */
export interface BlocksRequest extends GridRequest, OrderRequest, ReadAheadOptions {
  /** Mask that selects blocks. Default: all blocks, each once. */
  readonly mask?: MaskRequest | undefined;
  /** This reader's part of the epoch. Default: all of it. */
  readonly shard?: ShardRequest | undefined;
  /** State of an epoch from which to go on: its seed and epoch hold, whatever else is stated. */
  readonly resumeFrom?: EpochState | undefined;
}

/** As {@link BlocksRequest}, in batches; `prefetch` counts batches. */
export interface BatchesRequest extends Omit<BlocksRequest, "edge">, BatchOptions {
  /** Rule for voxels beyond the level's edges. Default `reflect`. All blocks of a batch have one shape, so they cannot shrink. */
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

/** Batches of an input. Blocks are read by the batches that need them, not ahead of these. */
export function inBatches(
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
  const open = (signal?: AbortSignal) => {
    const both = request.signal && signal ? AbortSignal.any([request.signal, signal]) : (signal ?? request.signal);
    return sequenceOf(input, gridOwner, { ...request, prefetch: 0, signal: both });
  };
  open(); // refuses what is wrong now, and not in the loop
  return batchesOf(open, bytes, request);
}

/** @param gridOwner the volume whose level defines the grid */
export function sequenceOf<T>(input: BlockInput<T>, gridOwner: BlockVolume, request: BlocksRequest): BlockSequence<T> {
  const level = levelAt(gridOwner.levels, request.level ?? 0, gridOwner.name);
  const { resumeFrom, prefetch = 0 } = request;
  requireWhole(prefetch, "prefetch", 0);
  requireWhole(resumeFrom?.position ?? 0, "resumeFrom.position", 0);
  const { seed, epoch } = { seed: request.seed ?? 0, epoch: request.epoch ?? 0, ...resumeFrom };
  const asked = { ...request, seed, epoch };
  const all = orderOf(input.grid, level, asked);
  shareOf(all.count, request.shard); // refused before anything is read
  if (request.mask) requireMask(request.mask, request);
  const open = async (): Promise<Epoch> => {
    const { order, weightOf } = await pickedBy(request.mask, { grid: input.grid, level, name: gridOwner.name }, asked, all);
    return { order, share: shareOf(order.count, request.shard), seed, epoch, weightOf };
  };
  return readBlocks(input, open, resumeFrom?.position ?? 0, request);
}

function requireMask(mask: MaskRequest, { order, buffered }: BlocksRequest): void {
  thresholdOf(mask);
  if (mask.balance && (order !== "shuffle" || buffered))
    throw new EmporiumError("USAGE", "mask.balance goes with the order shuffle, not buffered");
}

/** The blocks that a mask leaves of an order. */
async function pickedBy(
  mask: MaskRequest | undefined,
  place: GridPlace,
  asked: BlocksRequest,
  all: BlockOrder,
): Promise<Pick<Epoch, "order" | "weightOf">> {
  const weightOf = () => 1;
  if (mask === undefined) return { order: all, weightOf };
  const coverage = await coverageOf(mask, place, asked.signal);
  const least = thresholdOf(mask);
  const inside = selectionOf(all.count, (id) => coverage[id]! >= least);
  if (mask.balance) {
    const outside = selectionOf(all.count, (id) => coverage[id]! < least);
    const order = balancedOrder([outside, inside], mask.balance, [asked.seed ?? 0, asked.epoch ?? 0]);
    return { order, weightOf: order.weightOf };
  }
  return { order: selectedOrder(all, inside, asked), weightOf };
}

/** Returns the function from boxes to their region in nm; a voxel size that the level does not have counts as 1 nm. */
export function nmOf(level: BlockLevel) {
  const size = level.voxelSizeNm.map((nm) => nm ?? 1) as Triple;
  return (box: Box) => filledBy(box, size, level.offsetNm);
}
