import { describe, expect, it } from "vitest";
import type { Triple } from "../../../core/box.js";
import { bricksOf } from "./bricks.js";
import { bytesOf, memoryOf } from "./costs.js";
import type { Group } from "./fuse.js";
import type { GraphNode } from "./nodes.js";
import { partOf } from "./parts.js";
import type { Reach } from "./reach.js";
import type { StoredArray } from "./stored-array.js";

interface Given {
  shape?: Triple;
  block?: Triple;
  chunk?: Triple;
  halo?: Triple;
  scale?: Triple;
  origin?: Triple;
  read?: Triple;
  operator?: string;
}

/** A group of one operator that reads one input. */
function groupOf(given: Given = {}): Group {
  const { shape = [40, 40, 40], block = [10, 10, 10], chunk = [10, 10, 10], read = shape } = given;
  const reach: Reach = { scale: given.scale ?? [1, 1, 1], origin: given.origin ?? [0, 0, 0], halo: given.halo ?? [0, 0, 0] };
  const input = { kind: "read", name: "in", facts: { shape: read, dtype: "uint16" }, chunk } as unknown as GraphNode;
  const root = {
    kind: "local",
    name: "out",
    operator: given.operator ?? "gaussian",
    facts: { shape, dtype: "uint16" },
    bound: { halo: reach.halo, params: {} },
    from: [input],
  } as unknown as GraphNode;
  const own: Reach = { scale: [1, 1, 1], origin: [0, 0, 0], halo: [0, 0, 0] };
  return { root, block, members: new Map([[root, own]]), reads: new Map([[input, reach]]) } as unknown as Group;
}

describe("the order of blocks", () => {
  const bricks = (given: Given) => {
    const numbers = bricksOf(groupOf(given), () => ({ chunk: [1, 1, 1] }) as unknown as StoredArray);
    return numbers?.kind === "bricks" ? numbers.size : numbers;
  };

  it("is C order where each block has chunks of its own, or a row of chunks is a row of blocks", () => {
    expect(bricks({})).toBeUndefined();
    expect(bricks({ chunk: [1, 1, 1] })).toBeUndefined();
    expect(bricks({ chunk: [10, 10, 30] })).toBeUndefined();
    expect(bricks({ chunk: [10, 20, 40] })).toBeUndefined();
    expect(bricks({ chunk: [20, 40, 40] })).toBeUndefined();
  });

  it("is by bricks of the blocks in a chunk, and of four blocks at least along each edge where they read around themselves", () => {
    expect(bricks({ chunk: [20, 20, 20] })).toEqual([2, 2, 2]);
    expect(bricks({ chunk: [10, 20, 20] })).toEqual([1, 2, 2]);
    expect(bricks({ chunk: [20, 40, 20] })).toEqual([2, 4, 2]);
    expect(bricks({ chunk: [40, 40, 40], scale: [2, 2, 2], read: [80, 80, 80] })).toEqual([2, 2, 2]);
    expect(bricks({ shape: [80, 80, 80], halo: [0, 1, 0] })).toEqual([4, 4, 4]);
    expect(bricks({ shape: [80, 80, 30], halo: [0, 1, 0] })).toEqual([4, 4, 3]);
  });
});

describe("bytes that blocks read", () => {
  it("are those of the input once, and of halos again between blocks", () => {
    expect(bytesOf(groupOf({}))).toEqual({ read: 2 * 40 ** 3, again: 0 });
    // along z the blocks read 11, 12, 12 and 11 of 40
    expect(bytesOf(groupOf({ halo: [1, 0, 0] }))).toEqual({ read: 2 * 46 * 1600, again: 2 * 6 * 1600 });
    // two blocks of 10 and one of 5, each with 2 voxels on both sides, as far as there are any: 12 + 14 + 7 of 25
    expect(bytesOf(groupOf({ shape: [25, 10, 10], halo: [2, 0, 0] }))).toEqual({ read: 2 * 33 * 100, again: 2 * 8 * 100 });
    expect(bytesOf(groupOf({ shape: [20, 20, 20], read: [40, 40, 40], scale: [2, 2, 2] }))).toEqual({
      read: 2 * 40 ** 3,
      again: 0,
    });
  });
});

describe("parts of a shard", () => {
  const array = (shard: Triple | null, chunk: Triple = [10, 10, 10]) =>
    ({ shape: [40, 40, 40], dtype: "uint16", chunk, shard }) as unknown as StoredArray;
  const part = (given: Given, stored = array([40, 40, 40])) => partOf(groupOf({ block: [40, 40, 40], ...given }), stored);

  it("are its chunks, as many together as a chunk of what is read covers", () => {
    expect(part({})).toEqual([10, 10, 10]);
    expect(part({ chunk: [20, 15, 5] })).toEqual([20, 20, 10]);
    // three chunks do not divide the shard of four
    expect(part({ chunk: [20, 25, 5] })).toEqual([10, 10, 10]);
    expect(part({ chunk: [80, 10, 10] })).toEqual([40, 10, 10]);
  });

  it("are none without shards, of one chunk, or where blocks read around themselves", () => {
    expect(part({}, array(null))).toBeUndefined();
    expect(part({}, array([10, 10, 10]))).toBeUndefined();
    expect(part({ halo: [0, 0, 1] })).toBeUndefined();
    expect(part({ operator: "external" })).toBeUndefined();
  });

  it("take less memory than the shard as a whole", () => {
    const group = groupOf({ block: [40, 40, 40] });
    expect(memoryOf(group, array([40, 40, 40]))).toBeLessThan(
      memoryOf(groupOf({ block: [40, 40, 40], halo: [1, 1, 1] }), array([40, 40, 40])),
    );
  });
});
