import { describe, expect, it } from "vitest";
import { reduceInBlocks, wholeBlock } from "../../../../test/blocks.js";
import type { Triple } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import type { VoxelArray } from "../voxels.js";
import { addSums, ExactSum, sumToNumber } from "./exact-sum.js";
import { REDUCTIONS, reductionOf } from "./table.js";

const of = (name: string, params: unknown, dtype: DType, data: VoxelArray, block: Triple = [1, 1, 2]) =>
  reduceInBlocks(
    reductionOf(name).bind(params, { dtype, shape: [1, 1, data.length], voxelSizeNm: [1, 1, 1] }),
    wholeBlock(data, dtype, [1, 1, data.length]),
    block,
    2,
  );

const sumOf = (values: readonly number[]) => {
  const sum = new ExactSum();
  for (const value of values) sum.add(value);
  return sum.toRecord();
};

describe("exact sums", () => {
  it("lose nothing", () => {
    expect(sumToNumber(sumOf([1e100, 1, -1e100]))).toBe(1);
    expect(sumToNumber(sumOf(Array<number>(10).fill(0.1)))).toBe(1);
    expect(sumToNumber(sumOf([Number.MIN_VALUE, Number.MIN_VALUE]))).toBe(2 * Number.MIN_VALUE);
    expect(sumToNumber(sumOf([Number.MAX_VALUE, -1]))).toBe(Number.MAX_VALUE);
    expect(sumToNumber(sumOf([]))).toBe(0);
    // 2^53 + 1 is a tie: to even; a little more is not
    expect(sumToNumber(sumOf([2 ** 53, 1]))).toBe(2 ** 53);
    expect(sumToNumber(sumOf([2 ** 53, 1, 2 ** -60]))).toBe(2 ** 53 + 2);
    expect(sumToNumber(sumOf([-(2 ** 53), -1, -(2 ** -1074)]))).toBe(-(2 ** 53) - 2);
  });

  it("are small as text, and add up", () => {
    expect(sumOf([2 ** 1000]).hex.length).toBeLessThan(4);
    expect(sumToNumber(addSums([sumOf([1e300]), sumOf([2.5]), sumOf([-1e300])]))).toBe(2.5);
  });

  it("carry over before a half is full", () => {
    const sum = new ExactSum();
    const value = 1 + (2 ** 32 - 1) * 2 ** -52;
    for (let i = 0; i < 2 ** 21 + 5; i++) sum.add(value);
    // (2^21 + 5) · (1 + (2^32 - 1) · 2^-52), by hand: 2^21 + 5 + (2^53 + 5 · 2^32 - 2^21 - 5) · 2^-52
    expect(sumToNumber(sum.toRecord())).toBe(2 ** 21 + 5 + 2 + 5 * 2 ** -20 - 2 ** -31 - 5 * 2 ** -52);
  });
});

describe("reductions", () => {
  it("count what is not finite, and nothing at all", () => {
    const facts = of("statistics", {}, "float32", Float32Array.of(1, Number.NaN, 3, Infinity, 2));
    expect(facts).toMatchObject({ count: 3, notFinite: 2, min: 1, max: 3, sum: 6, mean: 2, rms: Math.sqrt(14 / 3) });
    expect(facts.standardDeviation).toBeCloseTo(Math.sqrt(2 / 3), 15);
    expect(of("statistics", {}, "float32", Float32Array.of(Number.NaN))).toMatchObject({
      count: 0,
      notFinite: 1,
      min: null,
      mean: null,
    });
  });

  it("contrast: percentiles, the whole range where these are one, a step where there is one value", () => {
    const ramp = Uint8Array.from({ length: 101 }, (_, i) => i);
    expect(of("contrast", {}, "uint8", ramp).limits).toEqual([1, 99]);
    expect(
      of(
        "contrast",
        {},
        "int16",
        Int16Array.from({ length: 300 }, (_, i) => (i === 7 ? 5 : -3)),
      ).limits,
    ).toEqual([-3, 5]);
    expect(of("contrast", {}, "int8", Int8Array.of(4, 4, 4)).limits).toEqual([4, 5]);
    expect(of("contrast", {}, "float32", Float32Array.of(Number.NaN)).limits).toEqual([0, 1]);
  });

  it("histogram: the last bin has its upper edge", () => {
    expect(of("histogram", { bins: 2, range: [0, 4] }, "int16", Int16Array.of(-1, 0, 1, 2, 4, 5))).toEqual({
      edges: [0, 2, 4],
      counts: [2, 2],
    });
  });

  it("unique: labels of 64 bits as text, ascending by value", () => {
    const labels = BigUint64Array.of(10n, 2n ** 63n, 9n, 9n);
    expect(of("unique", {}, "uint64", labels)).toEqual({ labels: ["9", "10", String(2n ** 63n)], counts: [2, 1, 1] });
    expect(() => of("unique", { labelsMax: 2 }, "uint64", labels)).toThrow(/more than 2 labels/);
    expect(() => of("unique", {}, "float32", Float32Array.of(1))).toThrow(/takes integers/);
  });

  it("are named once, in order", () => {
    const names = REDUCTIONS.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
    expect(() => reductionOf("mean")).toThrow(/there are contrast, /);
  });
});
