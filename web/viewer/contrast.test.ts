import { describe, expect, it } from "vitest";
import { testFacts } from "../../test/viewer-facts.js";
import { greyOf, shifted, visibleLimits, volumeLimits } from "./contrast.js";
import { commandOf } from "./keys.js";
import type { Plane } from "./planes.js";

const plain = { low: 0, high: 100, gamma: 1, isInverted: false };

describe("contrast", () => {
  it("is linear between the limits, bent by gamma, turned by invert", () => {
    expect([-5, 0, 50, 100, 200].map((value) => greyOf(value, plain))).toEqual([0, 0, 128, 255, 255]);
    expect(greyOf(25, { ...plain, gamma: 2 })).toBe(128);
    expect(greyOf(25, { ...plain, isInverted: true })).toBe(191);
    expect(greyOf(Number.NaN, { ...plain, isInverted: true })).toBe(0);
  });

  it("auto looks at what is visible only", () => {
    const data = Float32Array.from({ length: 200 * 200 }, (_, i) => (i % 200 < 100 ? i % 100 : 1e6));
    const plane = { rows: 200, columns: 200, dtype: "float32", data } as unknown as Plane;
    // numpy.percentile(arange(100), [1, 99]) of each row
    expect(visibleLimits(plane, [0, 0, 200, 100])).toEqual({ low: expect.closeTo(0.99, 1), high: expect.closeTo(98.01, 1) });
  });

  it("auto of the volume goes by its histogram", () => {
    const facts = testFacts({ histogram: { min: 0, max: 100, counts: Array(100).fill(10) } });
    expect(volumeLimits(facts)).toEqual({ low: expect.closeTo(1, 9), high: expect.closeTo(99, 9) });
  });

  it("one end never passes the other", () => {
    const facts = testFacts({ histogram: { min: 0, max: 100, counts: [1] } });
    expect(shifted(plain, facts, { low: 1 }).low).toBe(1);
    expect(shifted(plain, facts, { low: 200 })).toBe(plain);
  });
});

describe("keys", () => {
  const key = (name: string, more = {}) => ({
    key: name,
    shiftKey: false,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...more,
  });
  it("do what the table says, single signs only where they are allowed", () => {
    expect(commandOf(key("PageDown"), false)).toEqual({ do: "section", by: 1 });
    expect(commandOf(key("PageUp", { shiftKey: true }), true)).toEqual({ do: "section", by: -10 });
    expect(commandOf(key("A", { shiftKey: true }), true)).toEqual({ do: "autoVolume" });
    expect(commandOf(key("S", { shiftKey: true }), true)).toEqual({ do: "slab", by: -1 });
    expect(commandOf(key("a"), false)).toBeUndefined();
    expect(commandOf(key("c", { ctrlKey: true }), true)).toBeUndefined();
    expect(commandOf(key("q"), true)).toBeUndefined();
    expect(commandOf(key("toString"), true)).toBeUndefined();
  });
});
