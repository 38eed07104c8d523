import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryVolume } from "../../../test/memory-volume.js";
import type { Triple } from "../../core/box.js";
import { idsOf, shareOf } from "./epoch.js";
import { coreOf, gridOf } from "./grid.js";
import { type OrderRequest, orderOf } from "./order.js";

const triple = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
const ORDERS: OrderRequest[] = [
  { order: "locality" },
  { order: "scan" },
  { order: "shuffle", seed: 3, epoch: 1 },
  { order: "shuffle", seed: 3, buffered: { shards: 3 } },
];

/** A grid of blocks along x alone. */
function line(length: number) {
  return gridOf(memoryVolume([{ shape: [1, 1, length] }]).levels, { shape: [1, 1, 1] });
}

describe("orderOf", () => {
  it.each(ORDERS)("%j: each block once, for any shapes and regions", (request) => {
    const cases = fc.record({
      shape: triple(40),
      block: triple(12),
      step: triple(12),
      chunk: triple(9),
      shards: triple(3),
      from: triple(20),
    });
    fc.assert(
      fc.property(cases, ({ shape, block, step, chunk, shards, from }) => {
        const { levels } = memoryVolume([{ shape }]);
        const roi = {
          voxel: { start: from.map((at, axis) => Math.min(at, shape[axis]! - 1)) as Triple, size: [50, 50, 50] as Triple },
        };
        const grid = gridOf(levels, { shape: block, step, roi });
        const shard = chunk.map((length, axis) => length * shards[axis]!) as Triple;
        const order = orderOf(grid, { chunk, shard }, request);
        const ids = [...order.from(0)];
        expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: grid.count }, (_, id) => id));
        const middle = Math.floor(grid.count / 2);
        expect([...order.from(middle)]).toEqual(ids.slice(middle));
      }),
      { numRuns: 200 },
    );
  });

  it("locality: finishes a chunk before the next, and a shard before the next", () => {
    const { levels } = memoryVolume([{ shape: [48, 48, 48] }]);
    const grid = gridOf(levels, { shape: [4, 4, 4] });
    const ids = [...orderOf(grid, { chunk: [8, 8, 8], shard: [24, 24, 24] }, { order: "locality" }).from(0)];
    for (const [size, count] of [
      [8, 216],
      [24, 8],
    ] as const) {
      const cells = ids.map((id) =>
        coreOf(grid, id)
          .start.map((at) => Math.floor(at / size))
          .join(),
      );
      expect(cells.filter((cell, at) => cell !== cells[at - 1])).toHaveLength(count);
      expect(new Set(cells).size).toBe(count);
    }
  });

  it("buffered: opens so many shards at a time, and mixes their blocks", () => {
    const { levels } = memoryVolume([{ shape: [64, 64, 64] }]);
    const grid = gridOf(levels, { shape: [4, 4, 4] });
    const ids = [...orderOf(grid, { chunk: [16, 16, 16] }, { order: "shuffle", seed: 1, buffered: { shards: 4 } }).from(0)];
    const shardOf = (id: number) =>
      coreOf(grid, id)
        .start.map((at) => Math.floor(at / 16))
        .join();
    const windows = Array.from({ length: 16 }, (_, window) => ids.slice(window * 256, (window + 1) * 256).map(shardOf));
    for (const window of windows) expect(new Set(window).size).toBe(4);
    expect(new Set(windows.flatMap((window) => [...new Set(window)])).size).toBe(64);
    // neighbors in the order share a shard with probability 63/255 if the window is well mixed: 63 of 255, σ < 7
    const pairs = windows.map((window) => window.filter((shard, at) => shard === window[at - 1]).length);
    for (const same of pairs) expect(Math.abs(same - 63)).toBeLessThan(35);
  });

  it("shuffle: another order each epoch and for each seed, the same each time", () => {
    const grid = line(1000);
    const ids = (request: OrderRequest) =>
      [...orderOf(grid, { chunk: [1, 1, 10] }, { order: "shuffle", ...request }).from(0)].join();
    const all = [{}, { epoch: 1 }, { seed: 1 }, { buffered: { shards: 5 } }, { buffered: { shards: 5 }, epoch: 1 }].map(ids);
    expect(new Set(all).size).toBe(all.length);
    expect(ids({ epoch: 1 })).toBe(all[1]);
  });

  it.each<OrderRequest>([
    { order: "scan", buffered: { shards: 2 } },
    { order: "shuffle", buffered: { shards: 0 } },
    { order: "shuffle", seed: 0.5 },
    { order: "shuffle", epoch: -1 },
  ])("refuses %j", (request) => {
    expect(() => orderOf(line(10), { chunk: [1, 1, 1] }, request)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

describe("shareOf", () => {
  it.each([0, 1, 3, 7, 8, 100, 101])(
    "splits %i positions among ranks without overlap or loss; sizes differ by one at most",
    (count) => {
      for (const world of [1, 2, 3, 8]) {
        const shares = Array.from({ length: world }, (_, rank) => shareOf(count, { rank, world }));
        const positions = shares.flatMap((share) => Array.from({ length: share.count }, (_, at) => share.start + at));
        expect(positions).toEqual(Array.from({ length: count }, (_, at) => at));
        const sizes = shares.map((share) => share.count);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }
    },
  );

  it.each([1, 2, 3, 7, 8, 100, 101])("pad: every rank gets as many of %i, and no block is left out", (count) => {
    for (const world of [1, 2, 3, 8]) {
      const order = orderOf(line(count), { chunk: [1, 1, 1] }, { order: "scan" });
      const parts = Array.from({ length: world }, (_, rank) => [...idsOf(order, shareOf(count, { rank, world, pad: true }))]);
      for (const part of parts) expect(part).toHaveLength(Math.ceil(count / world));
      expect(new Set(parts.flat()).size).toBe(count);
      expect([...idsOf(order, shareOf(count, { rank: world - 1, world, pad: true }), 1)]).toEqual(parts.at(-1)!.slice(1));
    }
  });

  it.each([
    { rank: 2, world: 2 },
    { rank: -1, world: 2 },
    { rank: 0, world: 0 },
    { rank: 0.5, world: 2 },
  ])("refuses %j", (request) => {
    expect(() => shareOf(10, request)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
