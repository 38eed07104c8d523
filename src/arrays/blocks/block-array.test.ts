import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { memoryVolume } from "../../../test/memory-volume.js";
import type { Triple } from "../../core/box.js";
import { freeBuffers } from "../../system/garbage.js";
import { blocksOfVolume } from "./block-array.js";
import type { EpochState } from "./epoch.js";
import type { BlocksRequest } from "./sequence.js";

/** Bytes that are in use. */
function held(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const CUBE: BlocksRequest = { shape: [2, 2, 2], order: "scan" };
const cube = (pause?: (signal?: AbortSignal) => Promise<void>) =>
  memoryVolume([{ shape: [6, 6, 6], voxelSizeNm: [4, 2, 1] }], pause);

describe("blocks", () => {
  it("A1: a million handles read nothing, and take 20 MiB at most", async () => {
    const volume = memoryVolume([{ shape: [100, 100, 100] }]);
    freeBuffers();
    const before = held();
    let [count, ids, most] = [0, 0, 0];
    for await (const block of blocksOfVolume(volume).blocks({ shape: [1, 1, 1] })) {
      count++;
      ids += block.id;
      if (count % 250_000 > 0) continue;
      freeBuffers();
      most = Math.max(most, held() - before);
    }
    expect([count, ids]).toEqual([1_000_000, 499_999_500_000]);
    expect(volume.reads).toEqual([]);
    expect(most).toBeLessThan(20 * 2 ** 20);
  });

  it("says where a block lies, in voxels and in the world, and gives its voxels", async () => {
    const volume = cube();
    for await (const block of blocksOfVolume(volume).blocks({ ...CUBE, halo: 1, prefetch: 0 })) {
      if (block.id !== 13) continue; // the middle one
      expect(block.core).toEqual({ start: [2, 2, 2], stop: [4, 4, 4] });
      expect(block.box).toEqual({ start: [1, 1, 1], stop: [5, 5, 5] });
      // a voxel fills half of its size on both sides of its center
      expect(block.nm).toEqual({ start: [6, 3, 1.5], size: [8, 4, 2] });
      const { data, valid, shape } = await block.read();
      expect([data[0], data.at(-1), shape, valid]).toEqual([43, 172, [4, 4, 4], block.box]);
    }
    expect(volume.reads).toHaveLength(1);
  });

  it("reads ahead once a block is read: no more than stated, in the order to come", async () => {
    const volume = cube();
    const blocks = blocksOfVolume(volume).blocks({ ...CUBE, prefetch: 3 });
    const iterator = blocks[Symbol.asyncIterator]();
    const first = (await iterator.next()).value!;
    expect(volume.reads).toHaveLength(0);
    await first.read();
    expect(volume.reads.map(({ box }) => box.start)).toEqual([
      [0, 0, 0],
      [0, 0, 2],
      [0, 0, 4],
      [0, 2, 0],
    ]);
    expect(blocks.held).toEqual({ blocks: 1, ahead: 3, bytes: 4 * 32 });
    first.release();
    const second = (await iterator.next()).value!;
    expect([...(await second.read()).data]).toEqual([2, 3, 8, 9, 38, 39, 44, 45]);
    expect(volume.reads).toHaveLength(5); // its own had been read already
    await second.read();
    second.release();
    second.release();
    expect(blocks.held).toEqual({ blocks: 0, ahead: 3, bytes: 3 * 32 });
    await iterator.return?.();
    expect(blocks.held).toEqual({ blocks: 0, ahead: 0, bytes: 0 });
  });

  it("reads ahead up to a number of bytes, and always what is asked for", async () => {
    const volume = cube();
    const blocks = blocksOfVolume(volume).blocks({ ...CUBE, prefetch: 10, prefetchBytes: 70 });
    const kept = [];
    for await (const block of blocks) {
      await block.read();
      expect(blocks.held.bytes).toBeLessThanOrEqual(Math.max(70, blocks.held.blocks * 32));
      kept.push(block);
    }
    expect(volume.reads).toHaveLength(27);
    expect(blocks.held).toEqual({ blocks: 27, ahead: 0, bytes: 27 * 32 });
    for (const block of kept) block.release();
    expect(blocks.held.bytes).toBe(0);
  });

  it("stops what it reads ahead when the loop is left, and waits for it", async () => {
    let waiting = 0;
    const volume = cube(async (signal) => {
      if (++waiting === 1) return;
      await new Promise<void>((resolve) => signal!.addEventListener("abort", () => resolve()));
    });
    const blocks = blocksOfVolume(volume).blocks({ ...CUBE, prefetch: 5 });
    for await (const block of blocks) {
      await block.read();
      expect(volume.running).toBe(5);
      block.release();
      break;
    }
    expect(volume.running).toBe(0);
    expect(blocks.held).toEqual({ blocks: 0, ahead: 0, bytes: 0 });
  });

  it("forgets what it read ahead for a block that was passed over", async () => {
    const volume = cube();
    const blocks = blocksOfVolume(volume).blocks({ ...CUBE, prefetch: 2 });
    let first = true;
    for await (const block of blocks) {
      if (first) await block.read();
      block.release();
      first = false;
    }
    expect(blocks.held).toEqual({ blocks: 0, ahead: 0, bytes: 0 });
    expect(volume.reads).toHaveLength(3);
  });

  it("tells a failure where the block is read, lets it be tried again, and holds nothing of it", async () => {
    let reads = 0;
    const volume = cube(async () => {
      if (++reads === 2) throw new Error("no answer");
    });
    const blocks = blocksOfVolume(volume).blocks({ ...CUBE, prefetch: 1 });
    const failed: number[] = [];
    for await (const block of blocks) {
      const data = await block.read().catch(() => {
        failed.push(block.id);
        return block.read();
      });
      expect(data.data).toHaveLength(8);
      block.release();
    }
    await setImmediate();
    expect(failed).toEqual([1]);
    expect(blocks.held).toEqual({ blocks: 0, ahead: 0, bytes: 0 });
  });

  it("a signal ends the loop", async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const loop = async () => {
      for await (const block of blocksOfVolume(cube()).blocks({ ...CUBE, signal: stop.signal })) {
        seen.push(block.id);
        if (block.id === 4) stop.abort(new Error("enough"));
      }
    };
    await expect(loop()).rejects.toThrow("enough");
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });

  it("goes on where an epoch was left", async () => {
    const request: BlocksRequest = { shape: [2, 2, 2], order: "shuffle", seed: 5, epoch: 3, shard: { rank: 1, world: 2 } };
    const all: [number, EpochState][] = [];
    for await (const block of blocksOfVolume(cube()).blocks(request)) all.push([block.id, block.next]);
    expect(all).toHaveLength(13);
    const [, state] = all[4]!;
    expect(state).toEqual({ seed: 5, epoch: 3, position: 5 });
    const rest: number[] = [];
    const resumed = { shape: [2, 2, 2] as Triple, order: "shuffle" as const, shard: { rank: 1, world: 2 }, resumeFrom: state };
    for await (const block of blocksOfVolume(cube()).blocks(resumed)) rest.push(block.id);
    expect(rest).toEqual(all.slice(5).map(([id]) => id));
  });
});

describe("batches", () => {
  const request = { shape: [2, 2, 2] as Triple, order: "scan" as const, size: 4 };

  it("lays blocks behind each other, with their ids, origins and weights", async () => {
    const batches = [];
    for await (const batch of blocksOfVolume(cube()).batches({ ...request, halo: [0, 0, 1] })) batches.push(batch);
    expect(batches.map(({ size }) => size)).toEqual([4, 4, 4, 4, 4, 4, 3]);
    const [first, second] = batches;
    expect(first!.shape).toEqual([4, 2, 2, 4]);
    expect([...first!.ids]).toEqual([0, 1, 2, 3]);
    expect([...first!.origins]).toEqual([0, 0, -1, 0, 0, 1, 0, 0, 3, 0, 2, -1]);
    expect([...first!.weights]).toEqual([1, 1, 1, 1]);
    // reflected at x = 0: 0 | 0 1 2
    expect([...first!.arrays.data!.slice(0, 4)]).toEqual([0, 0, 1, 2]);
    expect([...first!.arrays.data!.slice(16, 20)]).toEqual([1, 2, 3, 4]);
    expect(second!.next).toEqual({ seed: 0, epoch: 0, position: 8 });
    expect([...batches[6]!.ids]).toEqual([24, 25, 26]);
  });

  it("leaves out the rest where that is wanted, and takes memory that it is given", async () => {
    const asked: [string, number][] = [];
    const slots = new Uint8Array(7 * 128);
    const batches = [];
    const allocate = (name: string, bytes: number) => {
      asked.push([name, bytes]);
      return slots.subarray((asked.length - 1) * 128, asked.length * 128);
    };
    for await (const batch of blocksOfVolume(cube()).batches({ ...request, dropLast: true, allocate })) batches.push(batch);
    expect(asked).toEqual(new Array(6).fill(["data", 128]));
    expect(batches[5]!.arrays.data!.buffer).toBe(slots.buffer);
    expect(new Float32Array(slots.buffer)[32]).toBe(batches[1]!.arrays.data![0]);
  });

  it("makes as many batches ahead as stated, and leaves nothing when the loop is left", async () => {
    const volume = cube();
    for await (const batch of blocksOfVolume(volume).batches({ ...request, prefetch: 2 })) {
      expect(batch.ids[0]).toBe(0);
      expect(volume.reads).toHaveLength(12);
      break;
    }
    expect(volume.running).toBe(0);
    const narrow = cube();
    for await (const _ of blocksOfVolume(narrow).batches({ ...request, prefetch: 2, prefetchBytes: 1 })) {
      expect(narrow.reads).toHaveLength(4);
      break;
    }
  });

  it("stops what it makes ahead when the loop is left, and can be gone through again", async () => {
    let waiting = 0;
    const volume = cube(async (signal) => {
      if (++waiting <= 4 || waiting > 8) return;
      await new Promise<void>((resolve) => signal!.addEventListener("abort", () => resolve()));
    });
    const batches = blocksOfVolume(volume).batches({ ...request, prefetch: 1 });
    for await (const batch of batches) {
      expect([batch.ids[0], volume.running]).toEqual([0, 4]);
      break;
    }
    expect([volume.running, waiting]).toEqual([0, 8]);
    let again = 0;
    for await (const { size } of batches) again += size;
    expect(again).toBe(27);
  });

  it.each([{ size: 0 }, { prefetch: -1 }, { edge: "shrink" as "reflect" }])("refuses %j", (wrong) => {
    expect(() => blocksOfVolume(cube()).batches({ ...request, ...wrong })).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  it("refuses memory of the wrong size", async () => {
    const batches = blocksOfVolume(cube()).batches({ ...request, allocate: () => new Uint8Array(3) });
    await expect(batches[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "USAGE" });
  });
});
