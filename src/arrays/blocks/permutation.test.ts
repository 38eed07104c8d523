import { describe, expect, it } from "vitest";
import { keyedPermutation } from "./permutation.js";

/** Upper 0.1 % points of χ² (NIST/SEMATECH e-Handbook, 1.3.6.7.4), by degrees of freedom. */
const CHI_SQUARE_999: Readonly<Record<number, number>> = { 1: 10.828, 9: 27.877, 99: 148.23 };

function chiSquare(counts: readonly number[], expected: number): number {
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe("keyedPermutation", () => {
  it.each([0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 100, 1000, 4097])("has each of %i numbers once", (count) => {
    for (const seed of [0, 1, -5, 2 ** 40]) {
      const at = keyedPermutation(count, [seed, 0]);
      const numbers = Array.from({ length: count }, (_, index) => at(index));
      expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
    }
  });

  it("is exact for more numbers than 32 bits hold", () => {
    const count = 2 ** 45 + 12345;
    const at = keyedPermutation(count, [7, 0]);
    const seen = new Set<number>();
    for (let index = count - 1000; index < count; index++) seen.add(at(index));
    expect(seen.size).toBe(1000);
    for (const number of seen) expect(Number.isSafeInteger(number) && number >= 0 && number < count).toBe(true);
    // half of them lie in the upper half, give or take five standard deviations
    expect(Math.abs([...seen].filter((number) => number > count / 2).length - 500)).toBeLessThan(80);
  });

  it("depends on every key, also above 32 bits", () => {
    const numbers = (keys: number[]) => Array.from({ length: 50 }, (_, index) => keyedPermutation(1000, keys)(index)).join();
    const all = [
      [0, 0],
      [1, 0],
      [0, 1],
      [2 ** 32, 0],
      [2 ** 33, 0],
      [-1, 0],
      [0, 0, 0],
    ].map(numbers);
    expect(new Set(all).size).toBe(all.length);
    expect(numbers([3, 4])).toBe(numbers([3, 4]));
  });

  it.each([
    [2, 1],
    [10, 9],
    [100, 99],
  ])("puts the first of %i at every place equally often, by χ²", (count, freedom) => {
    const places = new Array<number>(count).fill(0);
    const draws = 200 * count;
    for (let epoch = 0; epoch < draws; epoch++) places[keyedPermutation(count, [11, epoch])(0)]!++;
    expect(chiSquare(places, draws / count)).toBeLessThan(CHI_SQUARE_999[freedom]!);
  });

  it("puts neighbors at distances that a random order would, by χ²", () => {
    const count = 1_000_000;
    const at = keyedPermutation(count, [3, 1]);
    const bins = new Array<number>(100).fill(0);
    for (let index = 0; index < count; index += 2)
      bins[Math.floor((((at(index + 1) - at(index) + count) % count) * 100) / count)]!++;
    expect(chiSquare(bins, count / 200)).toBeLessThan(CHI_SQUARE_999[99]!);
  });
});
