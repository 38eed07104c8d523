import { describe, expect, it } from "vitest";
import { type MemoryLevel, memoryVolume } from "../../../test/memory-volume.js";
import type { Triple } from "../../core/box.js";
import { memoryStore } from "../../stores/memory/store.js";
import { blocksOfVolume } from "./block-array.js";
import type { MaskRequest } from "./mask.js";
import type { BlocksRequest } from "./sequence.js";

const volume = () => memoryVolume([{ shape: [16, 16, 16], voxelSizeNm: [2, 2, 2] }]);
const request: BlocksRequest = { shape: [4, 4, 4], order: "scan", prefetch: 0 };

/** 1 in the half where z is small, and in one voxel of the other. */
const halfMask = (level: Partial<MemoryLevel> = {}) =>
  memoryVolume([
    {
      shape: [16, 16, 16],
      voxelSizeNm: [2, 2, 2],
      chunk: [5, 5, 5],
      dtype: "uint8",
      value: (z, y, x) => (z < 8 || (z === 15 && y === 15 && x === 15) ? 1 : 0),
      ...level,
    },
  ]);

async function idsOf(mask: MaskRequest, more: Partial<BlocksRequest> = {}): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of blocksOfVolume(volume()).blocks({ ...request, ...more, mask })) ids.push(id);
  return ids;
}

const range = (start: number, stop: number) => Array.from({ length: stop - start }, (_, at) => start + at);

describe("mask", () => {
  it("takes the blocks that it covers enough of", async () => {
    // 4 layers of 16 blocks; the last voxel lies in the last block, which has 64
    expect(await idsOf({ source: halfMask() })).toEqual([...range(0, 32), 63]);
    expect(await idsOf({ source: halfMask(), atLeast: 0.05 })).toEqual(range(0, 32));
    expect(await idsOf({ source: halfMask(), atLeast: 1 })).toEqual(range(0, 32));
    expect(await idsOf({ source: halfMask({ value: () => 0 }) })).toEqual([]);
  });

  it("reads each chunk of the mask once, and no voxel of the volume", async () => {
    const source = halfMask();
    const image = volume();
    for await (const _ of blocksOfVolume(image).blocks({ ...request, mask: { source } }));
    expect(source.reads).toHaveLength(4 ** 3);
    expect(new Set(source.reads.map(({ box }) => JSON.stringify(box))).size).toBe(4 ** 3);
    expect(image.reads).toEqual([]);
  });

  it("counts shares where the border of the mask goes through blocks", async () => {
    // z < 6: the second layer is half covered
    const source = halfMask({ value: (z) => (z < 6 ? 7 : 0) });
    expect(await idsOf({ source, atLeast: 0.5 })).toEqual(range(0, 32));
    expect(await idsOf({ source, atLeast: 0.51 })).toEqual(range(0, 16));
  });

  it("lies in the same world: voxels of another size, another origin, and nothing outside", async () => {
    // voxels of 4 nm, the first of which covers the first two of the volume; only the lower half of x is there
    const coarse = halfMask({ shape: [8, 8, 4], voxelSizeNm: [4, 4, 4], offsetNm: [1, 1, 1], value: () => 1 });
    expect(await idsOf({ source: coarse, atLeast: 1 })).toEqual(range(0, 64).filter((id) => id % 4 < 2));
    // the same, moved by one block along x
    const moved = halfMask({ shape: [8, 8, 4], voxelSizeNm: [4, 4, 4], offsetNm: [1, 1, 9], value: () => 1 });
    expect(await idsOf({ source: moved, atLeast: 1 })).toEqual(range(0, 64).filter((id) => id % 4 === 1 || id % 4 === 2));
    // voxels larger than a block: the one that holds its middle counts
    const huge = halfMask({ shape: [1, 1, 2], voxelSizeNm: [32, 32, 16], offsetNm: [15, 15, 7], value: (_z, _y, x) => x });
    expect(await idsOf({ source: huge, atLeast: 1 })).toEqual(range(0, 64).filter((id) => id % 4 >= 2));
  });

  it("reads the coarsest level that tells shares finely enough", async () => {
    const levels = [1, 2, 4, 8].map(
      (factor): MemoryLevel => ({
        shape: [64 / factor, 64 / factor, 64 / factor],
        voxelSizeNm: [factor, factor, factor],
        offsetNm: [(factor - 1) / 2, (factor - 1) / 2, (factor - 1) / 2],
        dtype: "uint8",
        value: () => 1,
      }),
    );
    const source = memoryVolume(levels);
    const image = memoryVolume([{ shape: [64, 64, 64] }]);
    // a block of 32 spans 8 voxels of level 2, and 4 of level 3
    for await (const _ of blocksOfVolume(image).blocks({ ...request, shape: [32, 32, 32], mask: { source } }));
    expect(source.reads.map(({ level }) => level)).toEqual([2]);
  });

  it("counts blocks that overlap, and those of a region", async () => {
    const roi = { voxel: { start: [4, 0, 0] as Triple, size: [8, 16, 16] as Triple } };
    const overlapping = { shape: [4, 16, 16] as Triple, step: [2, 16, 16] as Triple, roi };
    // blocks from z = 4, 6 and 8: covered to 1, 1/2 and 0
    expect(await idsOf({ source: halfMask(), atLeast: 0.4 }, overlapping)).toEqual([0, 1]);
    expect(await idsOf({ source: halfMask(), atLeast: 0.6 }, overlapping)).toEqual([0]);
  });

  it.each<Partial<BlocksRequest>>([
    { order: "scan" },
    { order: "locality" },
    { order: "shuffle", seed: 4 },
    { order: "shuffle", seed: 4, buffered: { shards: 2 } },
  ])("%j: its blocks once each, split among ranks, and resumed", async (order) => {
    const mask = { source: halfMask() };
    const all = await idsOf(mask, order);
    expect(all.toSorted((a, b) => a - b)).toEqual([...range(0, 32), 63]);
    const parts = await Promise.all([0, 1, 2].map((rank) => idsOf(mask, { ...order, shard: { rank, world: 3 } })));
    expect(parts.map(({ length }) => length)).toEqual([11, 11, 11]);
    expect(parts.flat()).toEqual(all);
    expect(await idsOf(mask, { ...order, resumeFrom: { seed: 4, epoch: 0, position: 20 } })).toEqual(all.slice(20));
  });

  it("counts once while the mask is open, for each grid", async () => {
    const source = halfMask();
    const first = await idsOf({ source });
    expect(await idsOf({ source }, { order: "shuffle", epoch: 1 })).toHaveLength(first.length);
    expect(source.reads).toHaveLength(64);
    await idsOf({ source }, { shape: [8, 8, 8] });
    expect(source.reads).toHaveLength(128);
  });

  it("keeps what it counted in a store, by the mask's version and the grid", async () => {
    const cache = memoryStore();
    const first = await idsOf({ source: halfMask(), cache });
    const again = halfMask();
    expect(await idsOf({ source: again, cache })).toEqual(first);
    expect(again.reads).toEqual([]);
    await idsOf({ source: again, cache }, { shape: [8, 8, 8] });
    expect(again.reads).toHaveLength(64);
    const changed = Object.assign(halfMask({ value: () => 1 }), { identity: [{ key: "zarr.json", size: 1, etag: "two" }] });
    expect(await idsOf({ source: changed, cache })).toEqual(range(0, 64));
    // nothing tells its versions apart
    const unversioned = () => Object.assign(halfMask(), { identity: [{ key: "zarr.json", size: 1 }] });
    await idsOf({ source: unversioned(), cache });
    const second = unversioned();
    await idsOf({ source: second, cache });
    expect(second.reads).toHaveLength(64);
  });

  it.each<Partial<MaskRequest> & Partial<BlocksRequest>>([
    { atLeast: 1.5 },
    { atLeast: Number.NaN },
    { balance: { 0: 1, 1: 1 } },
    { balance: { 0: 1, 1: 1 }, order: "shuffle", buffered: { shards: 2 } },
  ])("refuses %j", ({ atLeast, balance, ...more }) => {
    const mask = { source: halfMask(), atLeast, balance };
    expect(() => blocksOfVolume(volume()).blocks({ ...request, ...more, mask })).toThrow(
      expect.objectContaining({ code: "USAGE" }),
    );
  });
});

describe("balance", () => {
  /** 4 of 64 blocks are of class 1. */
  const corner = () => halfMask({ value: (z, y) => (z < 4 && y < 4 ? 1 : 0) });
  const shuffled = { order: "shuffle" as const, seed: 2, prefetch: 0 };

  it("takes classes in their shares, each class evenly, with weights that undo it", async () => {
    const mask: MaskRequest = { source: corner(), atLeast: 0.5, balance: { 0: 0.5, 1: 0.5 } };
    const weights = new Map<number, number>();
    const ids: number[] = [];
    for await (const block of blocksOfVolume(volume()).blocks({ ...request, ...shuffled, mask })) {
      ids.push(block.id);
      weights.set(block.id, block.weight);
    }
    expect(ids).toHaveLength(64);
    const ones = ids.filter((id) => id < 4);
    expect(ones).toHaveLength(32);
    // each of the four comes eight times, once in each turn
    for (let turn = 0; turn < 8; turn++) expect(ones.slice(4 * turn, 4 * turn + 4).sort()).toEqual([0, 1, 2, 3]);
    expect(new Set(ids.filter((id) => id >= 4)).size).toBe(32);
    // 4 of 64 are drawn as half of all: 1/16 of the blocks, 1/2 of the draws
    expect(weights.get(0)).toBeCloseTo(1 / 8, 12);
    expect(weights.get(ids.find((id) => id >= 4)!)).toBeCloseTo(60 / 32, 12);
    const sum = ids.reduce((total, id) => total + weights.get(id)!, 0);
    expect(sum).toBeCloseTo(64, 9);
  });

  it("gives weights to batches, and goes on in the middle", async () => {
    const mask: MaskRequest = { source: corner(), atLeast: 0.5, balance: { 0: 3, 1: 1 } };
    const batches = [];
    for await (const batch of blocksOfVolume(volume()).batches({ ...shuffled, shape: [4, 4, 4], size: 8, mask }))
      batches.push(batch);
    for (const { weights } of batches) expect([...weights].filter((weight) => weight < 1)).toHaveLength(2);
    const resumeFrom = batches[2]!.next;
    const rest = blocksOfVolume(volume()).batches({ ...shuffled, shape: [4, 4, 4], size: 8, mask, resumeFrom });
    for await (const batch of rest) {
      expect([...batch.ids]).toEqual([...batches[3]!.ids]);
      break;
    }
  });

  it("a class without a share is left out; one without blocks is refused", async () => {
    const shares = { 0: 0, 1: 2 };
    expect((await idsOf({ source: corner(), balance: shares }, shuffled)).sort()).toEqual([0, 1, 2, 3]);
    const empty = { source: halfMask({ value: () => 0 }), balance: { 0: 1, 1: 1 } };
    await expect(idsOf(empty, shuffled)).rejects.toMatchObject({ code: "USAGE" });
    await expect(idsOf({ source: corner(), balance: { 0: -1, 1: 2 } }, shuffled)).rejects.toMatchObject({ code: "USAGE" });
  });
});
