import { ceilDiv } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { type BlockOrder, requireWhole } from "./order.js";

/** Position in an epoch from which `resumeFrom` continues. Plain JSON. */
export interface EpochState {
  readonly seed: number;
  readonly epoch: number;
  /** Blocks of this rank that came before. */
  readonly position: number;
}

/**
 * One of several readers that share an epoch. Ranks take consecutive parts of the order, which differ in size by one block at most. With `pad`
 * all ranks get the same number: those that would get one less repeat a block.
 */
export interface ShardRequest {
  /** Number of this reader among `world` ranks, from 0. */
  readonly rank: number;
  readonly world: number;
  readonly pad?: boolean | undefined;
}

/** Positions of an epoch that one rank reads: `count` of them from `start` on; the last position is followed by the first. */
export interface Share {
  readonly start: number;
  readonly count: number;
}

/** @throws {EmporiumError} USAGE */
export function shareOf(count: number, { rank, world, pad = false }: ShardRequest = { rank: 0, world: 1 }): Share {
  requireWhole(world, "shard.world", 1);
  requireWhole(rank, "shard.rank", 0);
  if (rank >= world) throw new EmporiumError("USAGE", `shard.rank is ${rank}; it must be below shard.world, which is ${world}`);
  const [small, larger] = [Math.floor(count / world), count % world];
  if (!pad) return { start: rank * small + Math.min(rank, larger), count: small + (rank < larger ? 1 : 0) };
  const each = ceilDiv(count, world);
  // the parts overlap where they must, by the blocks that are repeated
  return { start: count === 0 ? 0 : (rank * small + Math.min(rank, larger)) % count, count: each };
}

/** Ids of a share, from its place `position` on. */
export function* idsOf(order: BlockOrder, { start, count }: Share, position = 0): Generator<number> {
  let left = count - position;
  // a second turn only where the share reaches past the end
  for (let at = start + position; left > 0; at = order.count) {
    for (const id of order.from(at % order.count)) {
      if (left-- <= 0) return;
      yield id;
    }
  }
}
