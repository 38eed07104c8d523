import { describe, expect, it } from "vitest";
import { memoryStore } from "../stores/memory/store.js";
import { isSame, objectCrc } from "./receipts.js";

describe("an object that was seen before", () => {
  it.each<[what: string, before: Parameters<typeof isSame>[0], now: Parameters<typeof isSame>[1], same: boolean]>([
    ["another size", { size: 1, etag: "a", modifiedMs: 5 }, { size: 2, etag: "a", modifiedMs: 5 }, false],
    ["one etag", { size: 1, etag: "a", modifiedMs: 5 }, { size: 1, etag: "a", modifiedMs: 6 }, true],
    ["another etag", { size: 1, etag: "a", modifiedMs: 5 }, { size: 1, etag: "b", modifiedMs: 5 }, false],
    ["an etag now alone, one time", { size: 1, modifiedMs: 5 }, { size: 1, etag: "a", modifiedMs: 5 }, true],
    ["an etag before alone, another time", { size: 1, etag: "a", modifiedMs: 5 }, { size: 1, modifiedMs: 6 }, false],
    ["no time now", { size: 1, modifiedMs: 5 }, { size: 1 }, true],
    ["no time before", { size: 1 }, { size: 1, modifiedMs: 5 }, true],
  ])("%s", (_what, before, now, same) => {
    expect(isSame(before, now)).toBe(same);
  });
});

describe("the CRC-32 of an object", () => {
  const store = memoryStore();
  // the check value of the algorithm (Rocksoft's model, CRC-32/ISO-HDLC)
  it("is that of its bytes, of none too", async () => {
    await store.write("check", new TextEncoder().encode("123456789"));
    await store.write("empty", new Uint8Array(0));
    expect(await objectCrc(store, "check", 9)).toBe("cbf43926");
    expect(await objectCrc(store, "empty", 0)).toBe("00000000");
  });

  it("is undefined for another size, and for what is absent", async () => {
    expect(await objectCrc(store, "check", 10)).toBeUndefined();
    expect(await objectCrc(store, "gone", 0)).toBeUndefined();
  });
});
