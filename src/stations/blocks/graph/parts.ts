import { type Triple, volumeOf } from "../../../core/box.js";
import { ITEM_BYTES } from "../../../core/dtype.js";
import { PIECES_BYTES } from "../../../engine/atomic.js";
import { externalOf } from "./external/node.js";
import type { Group } from "./fuse.js";
import { each } from "./reach.js";
import type { StoredArray } from "./stored-array.js";

/** Parts that are computed at once: one is encoded while the next is read. */
export const PARTS_AT_ONCE = 2;

/** Bytes of a part beyond which it is not enlarged to whole chunks of what is read. */
const PART_BYTES = 32 * 2 ** 20;

/**
 * The parts in which a stage computes its shards, so that none sits whole in memory: chunks of the shard, as many together as a chunk of what is read
 * covers. Undefined where a block is computed at once: there are no shards, what parts need of their neighbours would be computed twice, or a person's
 * program computes.
 */
export function partOf({ root, members, reads }: Group, { shape, dtype, chunk, shard }: StoredArray): Triple | undefined {
  if (root.kind !== "local" || !shard || shard.every((length, axis) => length === chunk[axis])) return undefined;
  // a program sees the blocks that the plan shows
  if ([...members.keys()].some(externalOf)) return undefined;
  if ([...members.values(), ...reads.values()].some(({ halo }) => halo.some((length) => length > 0))) return undefined;
  const wanted = each((axis) => {
    const most = Math.min(shard[axis]!, Math.ceil(shape[axis]! / chunk[axis]!) * chunk[axis]!);
    const read = [...reads].map(([node, { scale }]) => (node.kind === "read" ? node.chunk[axis]! / scale[axis]! : 1));
    const least = Math.max(chunk[axis]!, ...read);
    return Math.min(most, Math.ceil(least / chunk[axis]!) * chunk[axis]!);
  });
  const divides = wanted.every((length, axis) => shard[axis]! % length === 0);
  return divides && volumeOf(wanted) * ITEM_BYTES[dtype] <= PART_BYTES ? wanted : chunk;
}

/** Bytes that a task holds beside its parts: chunks that wait for those before them, and pieces that are being sent. */
export function piecesBytes(part: Triple, { dtype, chunk, shard }: StoredArray): number {
  const itemBytes = ITEM_BYTES[dtype];
  const [, y, x] = shard!;
  const waiting = part[0] > chunk[0] ? part[0] * y * x : part[1] > chunk[1] ? chunk[0] * part[1] * x : 0;
  // a small shard does not fill what is sent at once; what is encoded may be a little larger than its voxels
  return waiting * itemBytes + Math.min(PIECES_BYTES, 2 * volumeOf(shard!) * itemBytes);
}
