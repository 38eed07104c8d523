import { type Triple, volumeOf } from "../../../core/box.js";
import { ITEM_BYTES } from "../../../core/dtype.js";
import type { Group } from "./fuse.js";
import { PARTS_AT_ONCE, partOf, piecesBytes } from "./parts.js";
import { needed, type Reach } from "./reach.js";
import { objectShape, type StoredArray } from "./stored-array.js";

/** Bytes that all blocks read together, and how many of them were read before by another block. */
export function bytesOf({ root, block, reads }: Group): { read: number; again: number } {
  let [read, again] = [0, 0];
  for (const [{ facts }, reach] of reads) {
    const axes = [0, 1, 2].map((axis) => lengthsRead(root.facts.shape[axis]!, block[axis]!, facts.shape[axis]!, reach, axis));
    const itemBytes = ITEM_BYTES[facts.dtype];
    const all = axes.reduce((product, { sum }) => product * sum, itemBytes);
    read += all;
    again += all - axes.reduce((product, { once }) => product * once, itemBytes);
  }
  return { read, again };
}

/** Along one axis: the lengths of what the blocks read, added, and the length of what is read at all. */
function lengthsRead(shape: number, block: number, their: number, { scale, origin, halo }: Reach, axis: number) {
  const begin = (at: number) => Math.max(0, at * scale[axis]! + origin[axis]! - halo[axis]!);
  const end = (at: number) => Math.min(their, at * scale[axis]! + origin[axis]! + halo[axis]!);
  let sum = 0;
  for (let at = 0; at < shape; at += block) sum += end(Math.min(at + block, shape)) - begin(at);
  return { sum, once: end(shape) - begin(0) };
}

/** Bytes per voxel that filters hold beside their input and output: rows of double precision. */
const WORK_BYTES = 16;

/** Bytes per voxel that operators without a halo hold: a row at a time, or means in double precision. */
const PLAIN_BYTES = 8;

/**
 * Most bytes that a block holds: all boxes of its nodes, working memory of the largest operator, and an object while it is
 * written.
 */
export function memoryOf(group: Group, array: StoredArray): number {
  const part = partOf(group, array);
  if (!part) return blockMemory(group, array);
  return PARTS_AT_ONCE * blockMemory({ ...group, block: part }, { ...array, shard: null }) + piecesBytes(part, array);
}

function blockMemory({ root, block, members, reads }: Group, array: StoredArray): number {
  const boxes = [...reads, ...members].map(([{ facts }, reach]) => {
    const box = needed(block, reach).map((length, axis) => Math.min(length, facts.shape[axis]!)) as Triple;
    return { voxels: volumeOf(box), bytes: volumeOf(box) * ITEM_BYTES[facts.dtype] };
  });
  const isPlain = root.kind === "local" && [...members.keys()].every(({ bound }) => bound.halo.every((length) => length === 0));
  const work = isPlain ? volumeOf(block) * PLAIN_BYTES : Math.max(...boxes.map(({ voxels }) => voxels)) * WORK_BYTES;
  const object = volumeOf(objectShape(array)) * ITEM_BYTES[array.dtype];
  return boxes.reduce((sum, { bytes }) => sum + bytes, 0) + work + 3 * object;
}
