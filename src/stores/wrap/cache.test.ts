import { describe, expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { memoryStore } from "../memory.js";
import { withCache } from "./cache.js";
import { withFaults } from "./faults.js";

async function setup(options: { bytesMax?: number } = {}) {
  const clock = manualClock();
  const memory = memoryStore();
  const body = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
  await memory.write("a", body);
  const counted = withFaults(memory, {});
  return { clock, memory, body, store: withCache(counted, { clock, ...options }), log: counted.plan.log };
}

describe("withCache", () => {
  it("brings a header once, however small the pieces", async () => {
    const { store, body, log } = await setup();
    for (const [offset, length] of [
      [0, 4],
      [1000, 24],
      [4, 200],
      [65_000, 536],
    ] as const) {
      expect(await store.read("a", { offset, length })).toEqual(body.slice(offset, offset + length));
    }
    expect(log).toEqual(["read a"]);
  });

  it("shares one request among those that ask at once, and remembers stats", async () => {
    const { store, log } = await setup();
    await Promise.all([store.stat("a"), store.stat("a"), store.stat("a")]);
    await store.stat("absent");
    await store.stat("absent");
    expect(log).toEqual(["stat a", "stat absent"]);
  });

  it("asks again after a while, and after a write", async () => {
    const { store, log, clock } = await setup();
    await store.stat("a");
    clock.advance(10_001);
    await store.stat("a");
    await store.write("a", new Uint8Array(3));
    expect((await store.stat("a"))?.size).toBe(3);
    expect(await store.read("a", { offset: 0, length: 100 })).toHaveLength(3);
    expect(log).toEqual(["stat a", "stat a", "write a", "stat a", "read a"]);
  });

  it("does not keep one version's bytes for another", async () => {
    const { store, memory, log } = await setup();
    const before = await memory.stat("a");
    await store.read("a", { offset: 0, length: 4 }, { ifMatch: before!.etag });
    await memory.write("a", new Uint8Array(10).fill(9));
    const after = await memory.stat("a");
    expect(await store.read("a", { offset: 0, length: 4 }, { ifMatch: after!.etag })).toEqual(new Uint8Array(4).fill(9));
    expect(log).toHaveLength(2);
  });

  it("keeps no voxels, and no more than its bytes", async () => {
    const { store, log } = await setup({ bytesMax: 150_000 });
    await store.read("a", { offset: 0, length: 290_000 });
    await store.read("a", { offset: 0, length: 290_000 });
    expect(log).toHaveLength(2);
    for (const offset of [70_000, 130_000, 190_000]) await store.read("a", { offset, length: 60_000 });
    await store.read("a", { offset: 190_000, length: 60_000 });
    expect(log).toHaveLength(5);
    await store.read("a", { offset: 70_000, length: 60_000 });
    expect(log).toHaveLength(6);
  });

  it("forgets failures", async () => {
    const clock = manualClock();
    const memory = memoryStore();
    await memory.write("a", new Uint8Array(5));
    const store = withCache(withFaults(memory, { failAt: 1 }), { clock });
    await expect(store.stat("a")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect((await store.stat("a"))?.size).toBe(5);
  });

  it("hands out bytes that may be changed", async () => {
    const { store, body } = await setup();
    (await store.read("a", { offset: 0, length: 10 }))!.fill(0);
    expect(await store.read("a", { offset: 0, length: 10 })).toEqual(body.slice(0, 10));
  });
});
