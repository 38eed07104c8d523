import { ceilDiv, type Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import type { ReadGrid } from "./grid.js";
import { type HilbertRange, hilbertCell } from "./hilbert.js";
import { keyedPermutation } from "./permutation.js";
import type { BlockLevel } from "./volume.js";

/**
 * In which order blocks come. `docs/guides/block-orders.md` says when to take which.
 *
 * - `locality`: along a Hilbert curve over the shards, in each shard along one over its chunks, and in each chunk over its blocks. A block belongs to
 *   the shard and the chunk in which it begins, halo aside.
 * - `scan`: C order, `x` fastest.
 * - `shuffle`: at random, by `seed` and `epoch`; with `buffered` only among the blocks of so many shards at a time.
 */
export type OrderName = "locality" | "scan" | "shuffle";

export interface OrderRequest {
  /** Order of the blocks. Default `locality`. */
  readonly order?: OrderName | undefined;
  /** Seed of the order `shuffle`, a whole number. Default 0. */
  readonly seed?: number | undefined;
  /** Epoch of the order `shuffle`: each number gives another order. Default 0. */
  readonly epoch?: number | undefined;
  /**
   * For `shuffle`: takes this many random shards at a time (chunks where there are no shards), and shuffles the blocks that begin
   * in them.
   */
  readonly buffered?: { readonly shards: number } | undefined;
}

/** The blocks of one epoch in their order; each exactly once. */
export interface BlockOrder {
  readonly count: number;
  /** Ids of the blocks at the positions `position`, `position + 1`, … */
  from(position: number): Iterable<number>;
}

/** @throws {EmporiumError} USAGE: options that do not go together, or invalid numbers */
export function orderOf(grid: ReadGrid, level: Pick<BlockLevel, "chunk" | "shard">, request: OrderRequest = {}): BlockOrder {
  const { order = "locality", seed = 0, epoch = 0, buffered } = request;
  requireWhole(seed, "seed", Number.MIN_SAFE_INTEGER);
  requireWhole(epoch, "epoch", 0);
  if (buffered) requireWhole(buffered.shards, "buffered.shards", 1);
  if (buffered && order !== "shuffle")
    throw new EmporiumError("USAGE", `buffered goes with the order shuffle, not with ${order}`);
  const { count } = grid;
  if (order === "scan") return { count, from: (position) => mapped(position, count, (at) => at) };
  if (order === "locality") return { count, from: (position) => mapped(position, count, localityOf(grid, level)) };
  if (buffered) return bufferedOrder(grid, level, [seed, epoch], buffered.shards);
  const permuted = keyedPermutation(count, [seed, epoch]);
  return { count, from: (position) => mapped(position, count, permuted) };
}

export function requireWhole(value: number, what: string, min: number): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw new EmporiumError(
    "USAGE",
    `${what}: expected a whole number${min > Number.MIN_SAFE_INTEGER ? ` of ${min} or more` : ""}, found ${value}`,
  );
}

/** Ids of the places from `position` on, by a formula. */
export function* mapped(position: number, count: number, idAt: (position: number) => number): Generator<number> {
  for (let at = position; at < count; at++) yield idAt(at);
}

/** One level of nesting: cells of `size` voxels, the first of which holds the beginning of the region. */
function cellsOf({ roi, step, counts }: ReadGrid, size: Triple) {
  const first = roi.start.map((start, axis) => Math.floor(start / size[axis]!)) as Triple;
  const lastStart = counts.map((count, axis) => roi.start[axis]! + (count - 1) * step[axis]!);
  return {
    cells: lastStart.map((start, axis) => Math.floor(start / size[axis]!) - first[axis]! + 1) as Triple,
    /** Index of the first block that begins in the cell or behind it. */
    begin: (axis: number, cell: number) =>
      Math.max(0, Math.ceil(((first[axis]! + cell) * size[axis]! - roi.start[axis]!) / step[axis]!)),
  };
}

/** Position in the order `locality` → id of the block. Blocks of the chunk that was asked for last are found without its shard. */
function localityOf(grid: ReadGrid, { chunk, shard }: Pick<BlockLevel, "chunk" | "shard">): (position: number) => number {
  const all: HilbertRange = { low: [0, 0, 0], high: grid.counts };
  const tiers = [...(shard ? [cellsOf(grid, shard)] : []), cellsOf(grid, chunk)];
  const blocks = { cells: grid.counts, begin: (_axis: number, cell: number) => cell };
  let inChunk: HilbertRange & { from: number; to: number } = { ...all, from: 0, to: 0 };
  return (position) => {
    if (position < inChunk.from || position >= inChunk.to) {
      let found = { ...all, position };
      for (const tier of tiers) found = hilbertCell(tier, found, found.position);
      const from = position - found.position;
      inChunk = { ...found, from, to: from + countIn(found) };
    }
    const { low, high } = inChunk;
    const cells = low.map((first, axis) => high[axis]! - first) as Triple;
    const { low: at } = hilbertCell(
      { cells, begin: (axis, cell) => low[axis]! + blocks.begin(axis, cell) },
      inChunk,
      position - inChunk.from,
    );
    return idOf(grid, at);
  };
}

function countIn({ low, high }: HilbertRange): number {
  return low.reduce((product, first, axis) => product * (high[axis]! - first), 1);
}

function idOf({ counts: [, y, x] }: ReadGrid, [atZ, atY, atX]: Triple): number {
  return (atZ * y + atY) * x + atX;
}

/**
 * Shuffles the shards, then the blocks of each `shards` consecutive ones among each other. Nothing but the window's shards is held; to begin at a
 * position costs a step for each shard before it.
 */
function bufferedOrder(
  grid: ReadGrid,
  { chunk, shard }: Pick<BlockLevel, "chunk" | "shard">,
  keys: readonly number[],
  shards: number,
): BlockOrder {
  const { cells, begin } = cellsOf(grid, shard ?? chunk);
  const shardCount = cells[0] * cells[1] * cells[2];
  const shardAt = keyedPermutation(shardCount, keys);
  const rangeOf = (position: number): HilbertRange => {
    const [, y, x] = cells;
    const index = shardAt(position);
    const at: Triple = [Math.floor(index / (x * y)), Math.floor(index / x) % y, index % x];
    const bound = (cell: number, axis: number) => Math.min(grid.counts[axis]!, begin(axis, cell));
    return { low: at.map(bound) as Triple, high: at.map((cell, axis) => bound(cell + 1, axis)) as Triple };
  };
  function* from(position: number): Generator<number> {
    let skip = position;
    for (let window = 0; window < ceilDiv(shardCount, shards); window++) {
      const ranges: HilbertRange[] = [];
      for (let at = window * shards; at < Math.min(shardCount, (window + 1) * shards); at++) ranges.push(rangeOf(at));
      const total = ranges.reduce((sum, range) => sum + countIn(range), 0);
      const permuted = keyedPermutation(total, [...keys, window]);
      for (let at = skip; at < total; at++) yield idOf(grid, blockIn(ranges, permuted(at)));
      skip = Math.max(0, skip - total);
    }
  }
  return { count: grid.count, from };
}

/** Block number `index` of those in the ranges, one range behind the other. */
function blockIn(ranges: readonly HilbertRange[], index: number): Triple {
  let rest = index;
  for (const range of ranges) {
    const count = countIn(range);
    if (rest >= count) {
      rest -= count;
      continue;
    }
    const { low, high } = range;
    const [y, x] = [high[1] - low[1], high[2] - low[2]];
    return [low[0] + Math.floor(rest / (x * y)), low[1] + (Math.floor(rest / x) % y), low[2] + (rest % x)];
  }
  throw new EmporiumError("INTERNAL", `block ${index} of a window that has fewer`);
}
