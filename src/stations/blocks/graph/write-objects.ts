import type { Block } from "../../../arrays/operators/block.js";
import { type Box, boxShape, type Triple, volumeOf } from "../../../core/box.js";
import { ITEM_BYTES } from "../../../core/dtype.js";
import { publishObject, publishPieces } from "../../../engine/atomic.js";
import type { BlockParams } from "../../../engine/blocks/block-stage.js";
import { chunkKey } from "../../../engine/blocks/chunk-outputs.js";
import type { ObjectReceipt, Task, TaskContext, TaskOutcome } from "../../../engine/task.js";
import { chunkBoxes } from "../../../formats/precomputed/grid.js";
import { copyElements, stridesOf } from "../../../formats/zarr/read.js";
import type { ShardEncoder } from "../../../formats/zarr/v3-write.js";
import { inOrder } from "../../../system/parallel.js";
import { PARTS_AT_ONCE } from "./parts.js";
import { type ArrayAccess, objectShape, outputsOf, type StoredArray } from "./stored-array.js";
import { storing, type Timing } from "./timing.js";

/** Writes every object of a block, each whole: where objects are padded, what lies behind the end of the array is zeros. */
export async function writeObjects(
  value: Block,
  array: StoredArray,
  access: ArrayAccess,
  context: TaskContext,
  time: Timing["time"],
): Promise<TaskOutcome> {
  const object = objectShape(array);
  const receipts: ObjectReceipt[] = [];
  for (const box of chunkBoxes(boxShape(value.box), object)) {
    const stored = access.isPadded ? object : boxShape(box);
    const key = keyAt(array, moved(box, value.box.start));
    const encoded = await time("encode", () => access.encode(cut(value, box, stored), stored));
    receipts.push(await time("store", () => publishObject(context, key, encoded)));
  }
  return { outputs: receipts };
}

/**
 * Writes the shards of a block, each whole, computing them in parts.
 *
 * @param compute the voxels of a box of the array
 */
export async function writeShards(
  { params }: Task,
  array: StoredArray,
  encoder: ShardEncoder,
  context: TaskContext,
  time: Timing["time"],
  compute: (box: Box) => Promise<Block>,
): Promise<TaskOutcome> {
  const { block, part } = params as unknown as { block: BlockParams; part: Triple };
  const receipts: ObjectReceipt[] = [];
  for (const box of chunkBoxes([...block.shape], array.shard!)) {
    const shard = moved(box, [...block.start]);
    const encode: ShardEncoder["encode"] = (plain) => time("encode", () => encoder.encode(plain));
    const stored = storing(time);
    const pieces = shardPieces(shard, array, part, { ...encoder, encode }, compute);
    try {
      receipts.push(await publishPieces(context, keyAt(array, shard), stored.pieces(pieces)));
    } finally {
      await stored.end();
    }
  }
  return { outputs: receipts };
}

/** The bytes of a shard: its chunks in C order, and the index. Chunks that come before their turn wait. */
async function* shardPieces(
  shard: Box,
  { chunk }: StoredArray,
  part: Triple,
  encoder: ShardEncoder,
  compute: (box: Box) => Promise<Block>,
): AsyncGenerator<Uint8Array> {
  const [, ny, nx] = encoder.grid as Triple;
  const numberAt = ({ start }: Box) => start.reduce((number, at, axis) => number * [0, ny, nx][axis]! + at / chunk[axis]!, 0);
  // what lies behind the end of the array is left out
  const lengths = new Array<number | undefined>(volumeOf(encoder.grid as Triple)).fill(undefined);
  const ready = new Map<number, Uint8Array | undefined>();
  const numbers = [...chunkBoxes(boxShape(shard), chunk)].map(numberAt);
  let next = 0;
  for await (const value of inOrder(chunkBoxes(boxShape(shard), part), PARTS_AT_ONCE, (box) =>
    compute(moved(box, shard.start)),
  )) {
    const within = value.box.start.map((at, axis) => at - shard.start[axis]!) as Triple;
    for (const box of chunkBoxes(boxShape(value.box), chunk))
      ready.set(numberAt(moved(box, within)), await encoder.encode(cut(value, box, chunk)));
    for (; ready.has(numbers[next]!); next++) {
      const bytes = ready.get(numbers[next]!);
      ready.delete(numbers[next]!);
      lengths[numbers[next]!] = bytes?.length;
      if (bytes) yield bytes;
    }
  }
  yield encoder.index(lengths);
}

/** The voxels of a part of a block, with zeros up to a shape. */
function cut(
  { data, box: whole, dtype }: Pick<Block, "data" | "box"> & { dtype: StoredArray["dtype"] },
  box: Box,
  to: Triple,
): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const [shape, size] = [boxShape(whole), boxShape(box)];
  if (volumeOf(size) === volumeOf(shape) && volumeOf(size) === volumeOf(to)) return bytes;
  const itemBytes = ITEM_BYTES[dtype];
  const strides = stridesOf(shape, "C");
  const offset = box.start.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
  const plain = new Uint8Array(volumeOf(to) * itemBytes);
  copyElements({ bytes, strides, offset }, { bytes: plain, strides: stridesOf(to, "C"), offset: 0 }, size, itemBytes);
  return plain;
}

function moved({ start, stop }: Box, by: Triple): Box {
  const added = (at: Triple): Triple => [at[0] + by[0], at[1] + by[1], at[2] + by[2]];
  return { start: added(start), stop: added(stop) };
}

/** The key of the object that begins where a box does. */
function keyAt(array: StoredArray, { start }: Box): string {
  const object = objectShape(array);
  const cell = start.map((at, axis) => at / object[axis]!) as Triple;
  return chunkKey(outputsOf(array), { shape: array.shape, block: object }, cell);
}
