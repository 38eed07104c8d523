import { describe, expect, it } from "vitest";
import { testFacts } from "../../test/viewer-facts.js";
import { defaultContrast, greyOf, shifted, visibleLimits, volumeLimits } from "./contrast.js";
import { commandOf } from "./keys.js";
import type { Plane } from "./planes.js";

const plain = { low: 0, high: 100, gamma: 1, isInverted: false };

describe("contrast", () => {
  it("is linear between the limits, bent by gamma, turned by invert", () => {
    expect([-5, 0, 50, 100, 200].map((value) => greyOf(value, plain))).toEqual([0, 0, 128, 255, 255]);
    expect(greyOf(25, { ...plain, gamma: 2 })).toBe(128);
    expect(greyOf(25, { ...plain, isInverted: true })).toBe(191);
    expect(greyOf(20, { ...plain, low: 10, high: 30 })).toBe(128);
    expect(greyOf(Number.NaN, { ...plain, isInverted: true })).toBe(0);
  });

  it("auto looks at what is visible only", () => {
    const data = Float32Array.from({ length: 200 * 200 }, (_, i) => (i % 200 < 100 ? i % 100 : 1e6));
    const plane = { rows: 200, columns: 200, dtype: "float32", data } as unknown as Plane;
    // numpy.percentile(arange(100), [1, 99]) of each row
    expect(visibleLimits(plane, [0, 0, 200, 100])).toEqual({ low: expect.closeTo(0.99, 1), high: expect.closeTo(98.01, 1) });
  });

  it("auto begins and ends where the visible part does", () => {
    const data = Float32Array.from({ length: 40 * 50 }, (_, i) => i);
    const plane = { rows: 40, columns: 50, dtype: "float32", data } as unknown as Plane;
    // row 7, columns 11 and 12
    const { low, high } = visibleLimits(plane, [7, 11, 8, 13]);
    expect([low >= 361, high <= 362, low < high]).toEqual([true, true, true]);
  });

  it("auto of the volume goes by its histogram", () => {
    const sparse = testFacts({ histogram: { min: 0, max: 100, counts: Array(100).fill(1) } });
    expect(volumeLimits(sparse)).toEqual({ low: expect.closeTo(1, 9), high: expect.closeTo(99, 9) });
    const facts = testFacts({ histogram: { min: 0, max: 100, counts: Array(100).fill(10) } });
    expect(volumeLimits(facts)).toEqual({ low: expect.closeTo(1, 9), high: expect.closeTo(99, 9) });
  });

  it("begins with the limits of the volume, neither bent nor turned", () => {
    const facts = testFacts({ limits: { low: -1.23456789, high: 2, from: "sample" } });
    expect(defaultContrast(facts)).toEqual({ low: -1.23457, high: 2, gamma: 1, isInverted: false });
  });

  it("of a volume of one value something is seen", () => {
    const flat = { min: 7, max: 7, counts: [10] };
    expect(volumeLimits(testFacts({ histogram: flat }))).toEqual({ low: 7, high: 8 });
    const far = { min: 100, max: 300, counts: [0, 50, 50, 0] };
    expect(volumeLimits(testFacts({ histogram: far }))).toEqual({ low: 151, high: 249 });
  });

  it("a step is a hundredth of the histogram's range", () => {
    const facts = testFacts({ histogram: { min: 100, max: 300, counts: [1] } });
    expect(shifted(plain, facts, { high: -1 })).toEqual({ ...plain, high: 98 });
    expect(shifted(plain, testFacts({ histogram: { min: 7, max: 7, counts: [1] } }), { low: 1 }).low).toBe(1);
  });

  it("one end never passes the other", () => {
    const facts = testFacts({ histogram: { min: 0, max: 100, counts: [1] } });
    expect(shifted(plain, facts, { low: 1 }).low).toBe(1);
    expect(shifted(plain, facts, { low: 200 })).toBe(plain);
    // nor reaches it: nothing would be grey
    expect(shifted(plain, facts, { low: 100 })).toBe(plain);
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
    expect(commandOf(key("ArrowLeft"), false)).toEqual({ do: "pan", u: 40, v: 0 });
    expect(commandOf(key("ArrowRight"), false)).toEqual({ do: "pan", u: -40, v: 0 });
    expect(commandOf(key("ArrowUp"), false)).toEqual({ do: "pan", u: 0, v: 40 });
    expect(["Home", "End"].map((name) => commandOf(key(name), false))).toEqual([
      { do: "end", last: false },
      { do: "end", last: true },
    ]);
    // as 3dmod: black down and up, white down and up
    expect(["F1", "F2", "F3", "F4"].map((name) => commandOf(key(name), false))).toEqual(
      [[-1, 0], [1, 0], [0, -1], [0, 1]].map(([low, high]) => ({ do: "limits", low, high })), // biome-ignore format: one line
    );
    expect(["+", "-"].map((sign) => commandOf(key(sign), true))).toEqual([
      { do: "zoom", factor: 1.25 },
      { do: "zoom", factor: 0.8 },
    ]);
    expect(commandOf(key("s"), true)).toEqual({ do: "slab", by: 1 });
    for (const held of ["ctrlKey", "metaKey", "altKey"]) expect(commandOf(key("End", { [held]: true }), true)).toBeUndefined();
    // the crosshair goes where the arrow points, the picture the other way
    expect(commandOf(key("ArrowLeft", { shiftKey: true }), false)).toEqual({ do: "cross", u: -1, v: 0 });
    expect(commandOf(key("ArrowDown", { shiftKey: true }), false)).toEqual({ do: "cross", u: 0, v: 1 });
    expect(commandOf(key("Enter"), false)).toEqual({ do: "press" });
    expect(commandOf(key("."), true)).toEqual({ do: "section", by: 1 });
    expect(commandOf(key(","), true)).toEqual({ do: "section", by: -1 });
    expect(["5", "]", "n", "p", ">"].map((sign) => commandOf(key(sign), true))).toEqual([
      { do: "layout", layout: "compare" },
      { do: "point", by: 1 },
      { do: "list", by: 1 },
      { do: "list", by: -1 },
      { do: "speed", by: 1 },
    ]);
    expect(commandOf(key("a"), false)).toBeUndefined();
    expect(commandOf(key("c", { ctrlKey: true }), true)).toBeUndefined();
    expect(commandOf(key("q"), true)).toBeUndefined();
    expect(commandOf(key("toString"), true)).toBeUndefined();
  });
});
