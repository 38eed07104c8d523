import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Box, boxShape, type Triple, volumeOf } from "../../../core/box.js";
import { crcText } from "../../../core/crc32.js";
import type { Task, TaskContext } from "../../../engine/task.js";
import { parseZarrV3Array } from "../../../formats/zarr/v3-metadata.js";
import { encodeV3Chunk } from "../../../formats/zarr/v3-write.js";
import { memoryStore } from "../../../stores/memory/store.js";
import { accessArray, arrayDocument } from "./array-access.js";
import type { StoredArray } from "./stored-array.js";
import { writeShards } from "./write-objects.js";

const ARRAY: StoredArray = {
  format: "zarr3",
  folder: "a/0/",
  shape: [20, 30, 45],
  dtype: "uint16",
  chunk: [4, 8, 8],
  shard: [16, 16, 32],
  codec: "raw",
  offset: null,
};

/** Numbers by place; nothing where x is below 16, so that whole chunks are left out. */
const voxel = (z: number, y: number, x: number) => (x < 16 ? 0 : (z * 31 + y) * 47 + x);

function valuesOf(box: Box, shape: Triple): Uint16Array {
  const values = new Uint16Array(volumeOf(shape));
  for (let z = box.start[0]; z < box.stop[0]; z++)
    for (let y = box.start[1]; y < box.stop[1]; y++)
      for (let x = box.start[2]; x < box.stop[2]; x++)
        values[((z - box.start[0]) * shape[1] + y - box.start[1]) * shape[2] + x - box.start[2]] = voxel(z, y, x);
  return values;
}

describe("a shard that is computed in parts", () => {
  it.each<[string, Triple]>([
    ["chunks", [4, 8, 8]],
    ["several chunks, in another order than they are stored", [8, 16, 16]],
    ["whole shards", [16, 16, 32]],
  ])("has the bytes of one that is encoded whole: %s", async (_, part) => {
    const target = memoryStore();
    const context = { target, signal: new AbortController().signal } as TaskContext;
    const block = { start: [16, 16, 0], shape: [4, 14, 45] };
    const boxes: Box[] = [];
    const outcome = await writeShards(
      { params: { block, part } } as unknown as Task,
      ARRAY,
      accessArray(target, ARRAY).shard!,
      context,
      (_phase, work) => work(),
      async (box) => {
        boxes.push(box);
        return { data: valuesOf(box, boxShape(box)), dtype: "uint16", box, whole: ARRAY.shape };
      },
    );
    expect(outcome.outputs.map(({ key }) => key)).toEqual(["a/0/c/1/1/0", "a/0/c/1/1/1"]);
    expect(Math.max(...boxes.map((box) => volumeOf(boxShape(box))))).toBeLessThanOrEqual(volumeOf(part));
    const meta = parseZarrV3Array(new TextEncoder().encode(arrayDocument(ARRAY).text));
    for (const [at, receipt] of outcome.outputs.entries()) {
      const box: Box = { start: [16, 16, 32 * at], stop: [20, 30, at === 0 ? 32 : 45] };
      const plain = new Uint8Array(valuesOf(box, ARRAY.shard!).buffer);
      const wanted = await encodeV3Chunk(plain, meta);
      expect(await target.read(receipt.key)).toEqual(wanted);
      expect([receipt.size, receipt.crc32]).toEqual([wanted.length, crcText(crc32(wanted))]);
    }
  });
});
