import { EmporiumError } from "../../core/errors.js";
import { type BlockOrder, mapped, type OrderRequest } from "./order.js";
import { keyedPermutation } from "./permutation.js";

/** Some of the blocks of a grid, which can be counted and found by their number among them. */
export interface Selection {
  readonly count: number;
  has(id: number): boolean;
  /** Id of the block number `index` of the selection, in the order of ids. */
  at(index: number): number;
}

/** Blocks between two stored counts of a selection. */
const STRIDE = 1024;

/** @param has called for each block twice at most, and again near those that are looked up */
export function selectionOf(blocks: number, has: (id: number) => boolean): Selection {
  const before = new Float64Array(Math.ceil(blocks / STRIDE) + 1);
  for (let id = 0, count = 0; id < blocks; ) {
    if (has(id)) count++;
    id++;
    if (id % STRIDE === 0 || id === blocks) before[Math.ceil(id / STRIDE)] = count;
  }
  return { count: before.at(-1)!, has, at: (index) => find(before, has, index) };
}

function find(before: Float64Array, has: (id: number) => boolean, index: number): number {
  let [low, high] = [0, before.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (before[middle]! <= index) low = middle;
    else high = middle;
  }
  let left = index - before[low]!;
  for (let id = low * STRIDE; ; id++) if (has(id) && left-- === 0) return id;
}

/**
 * Only the selected blocks of an order. C order and the order at random go straight to a position; along a curve and in windows of shards, every
 * block before it costs a step.
 */
export function selectedOrder(all: BlockOrder, selection: Selection, request: OrderRequest): BlockOrder {
  const { count, has, at } = selection;
  const { order, seed = 0, epoch = 0, buffered } = request;
  if (order === "scan" || (order === "shuffle" && !buffered)) {
    const placeOf = order === "scan" ? (position: number) => position : keyedPermutation(count, [seed, epoch]);
    return { count, from: (position) => mapped(position, count, (place) => at(placeOf(place))) };
  }
  function* from(position: number): Generator<number> {
    let skip = position;
    for (const id of all.from(0)) {
      if (!has(id)) continue;
      if (skip > 0) skip--;
      else yield id;
    }
  }
  return { count, from };
}

/** Shares of the classes 0 (below the mask's threshold) and 1, in any unit: `{ 0: 1, 1: 3 }` takes three of class 1 for each of class 0. */
export type ClassShares = Readonly<Record<0 | 1, number>>;

export interface BalancedOrder extends BlockOrder {
  /** Frequency of the block's class among all blocks, divided by its frequency in the order. */
  weightOf(id: number): number;
}

/**
 * Blocks of two classes, each with its share: among any first positions of the order too, within one block. A class is gone through in a new random order
 * each time it is used up, so blocks of a small class come several times, each as often as the others within one time. An epoch has as many
 * positions as the classes with a share have blocks.
 *
 * @throws {EmporiumError} USAGE: shares that are none, or a share of a class without blocks
 */
export function balancedOrder(
  classes: readonly [Selection, Selection],
  shares: ClassShares,
  keys: readonly number[],
): BalancedOrder {
  const [zero, one] = [shares[0], shares[1]];
  if (!(zero >= 0 && one >= 0 && zero + one > 0 && Number.isFinite(zero + one)))
    throw new EmporiumError("USAGE", `balance: expected shares of 0 or more, found ${zero} and ${one}`);
  const share = one / (zero + one);
  const sizes = classes.map(({ count }, index) => (shares[index as 0 | 1] > 0 ? count : 0)) as [number, number];
  for (const index of [0, 1] as const) {
    if (shares[index] > 0 && sizes[index] === 0)
      throw new EmporiumError("USAGE", `balance: class ${index} has a share, and no block is of it`, {
        hint: "lower atLeast, or leave balance out",
      });
  }
  const count = sizes[0] + sizes[1];
  const turns = classes.map((selection, index) => turnsOf(selection, [...keys, index]));
  function* from(position: number): Generator<number> {
    for (let at = position; at < count; at++) {
      const ones = Math.floor(at * share);
      yield Math.floor((at + 1) * share) > ones ? turns[1]!(ones) : turns[0]!(at - ones);
    }
  }
  const weights = [sizes[0] / count / (1 - share), sizes[1] / count / share];
  return { count, from, weightOf: (id) => weights[classes[1].has(id) ? 1 : 0]! };
}

/** The draw number `index` of a class: turn after turn through all of it, each in an order of its own. */
function turnsOf(selection: Selection, keys: readonly number[]): (index: number) => number {
  let turn = -1;
  let permuted = (index: number) => index;
  return (index) => {
    const now = Math.floor(index / selection.count);
    if (now !== turn) [turn, permuted] = [now, keyedPermutation(selection.count, [...keys, now])];
    return selection.at(permuted(index % selection.count));
  };
}
