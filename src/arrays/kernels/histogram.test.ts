import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomInt, seededRandom } from "../../core/random.js";
import { addCounts, binEdges, finiteCount, percentilesFromHistogram } from "./histogram.js";
import { HISTOGRAM_BINS } from "./kernels.js";
import { histogram } from "./plain.js";

const PERCENTILES = [0, 0.1, 5, 50, 97.3, 100];

function countsOf(voxels: Float32Array): Uint32Array {
  const counts = new Uint32Array(HISTOGRAM_BINS);
  histogram(voxels, counts);
  return counts;
}

describe("bins", () => {
  it("ascend, and hold exactly the values between their edges", () => {
    const edges: number[] = [];
    for (let bin = 0x0080; bin <= 0xff7f; bin++) edges.push(binEdges(bin).low, binEdges(bin).high);
    const falling = edges.findIndex((edge, i) => i > 0 && edge <= edges[i - 1]!);
    expect([edges[falling - 1], edges[falling]]).toEqual([-0, 0]); // equal, but of two bins: the only pair that does not ascend
    expect(edges.findIndex((edge, i) => i > falling && edge <= edges[i - 1]!)).toBe(-1);
    expect([edges[0], edges.at(-1)]).toEqual([-Math.fround(3.4028234663852886e38), Math.fround(3.4028234663852886e38)]);
    expect(
      countsOf(Float32Array.from(edges))
        .subarray(0x0080, 0xff80)
        .every((count) => count === 2),
    ).toBe(true);
  });

  it("are at most 2^-7 of their values wide", () => {
    for (const value of [1, -1, 1.99, 255, -1000.5, 3e-38, -1e38]) {
      const { low, high } = binEdges(countsOf(Float32Array.from([value])).indexOf(1));
      expect(high - low).toBeLessThanOrEqual(Math.min(Math.abs(low), Math.abs(high)) / 128);
    }
  });

  it("keep infinities and NaN apart from the rest", () => {
    const voxels = Float32Array.from([1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -2]);
    const words = new Uint32Array(voxels.buffer);
    words[1] = 0xffc00001; // a negative NaN too
    expect(finiteCount(countsOf(voxels))).toBe(2);
  });
});

describe("percentiles", () => {
  it("are numpy's within the error that is promised", () => {
    const file = new URL("../../../test/golden/kernels/kernels.golden.json", import.meta.url);
    const golden: { cases: { kind: string; shape: [number, number, number]; percentiles: number[] }[] } = JSON.parse(
      readFileSync(file, "utf8"),
    );
    const cases = golden.cases.filter(({ kind }) => kind === "float32");
    expect(cases.length).toBeGreaterThan(0);
    for (const { shape, percentiles } of cases) {
      const n = shape[0] * shape[1] * shape[2];
      const voxels = Float32Array.from({ length: n }, (_, i) => (((i * 7919 + 12345) % 65536) - 32768) / 8);
      const range = { min: Math.min(...voxels), max: Math.max(...voxels) };
      const found = percentilesFromHistogram(countsOf(voxels), PERCENTILES, range);
      const sorted = [...voxels].sort((a, b) => a - b);
      for (const [i, expected] of percentiles.entries()) {
        const position = (PERCENTILES[i]! / 100) * (n - 1);
        const bound = Math.max(Math.abs(sorted[Math.floor(position)]!), Math.abs(sorted[Math.ceil(position)]!)) / 128;
        expect(Math.abs(found[i]! - expected)).toBeLessThanOrEqual(bound);
      }
      expect([found[0], found.at(-1)]).toEqual([range.min, range.max]);
    }
  });

  it("stay within the promised error of sorted voxels, ascend, and never leave the range", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.integer({ min: 1, max: 300 }),
        fc.array(fc.double({ min: 0, max: 100, noNaN: true })),
        (seed, n, wanted) => {
          const random = seededRandom(seed);
          const voxels = Float32Array.from({ length: n }, () => (random() - 0.3) * 10 ** randomInt(random, 6));
          const sorted = [...voxels].sort((a, b) => a - b);
          const ascending = wanted.sort((a, b) => a - b);
          const found = percentilesFromHistogram(countsOf(voxels), ascending, { min: sorted[0]!, max: sorted[n - 1]! });
          for (const [i, p] of ascending.entries()) {
            const position = (p / 100) * (n - 1);
            const [a, b] = [sorted[Math.floor(position)]!, sorted[Math.ceil(position)]!];
            const exact = a + (b - a) * (position - Math.floor(position));
            expect(Math.abs(found[i]! - exact)).toBeLessThanOrEqual(Math.max(Math.abs(a), Math.abs(b)) / 128 + 2 ** -126);
            expect(found[i]).toBeGreaterThanOrEqual(sorted[0]!);
            expect(found[i]).toBeLessThanOrEqual(sorted[n - 1]!);
            // One ulp of play: two interpolations of equal neighbours may round differently.
            if (i > 0) expect(found[i]! - found[i - 1]!).toBeGreaterThanOrEqual(-Math.abs(found[i]!) * 2 ** -52);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("are exact for a constant volume whose range is known, and NaN for an empty one", () => {
    const counts = countsOf(new Float32Array(1000).fill(100));
    expect(percentilesFromHistogram(counts, [1, 50, 99], { min: 100, max: 100 })).toEqual([100, 100, 100]);
    expect(percentilesFromHistogram(counts, [50])[0]).toBeCloseTo(100.25, 2);
    expect(percentilesFromHistogram(new Uint32Array(HISTOGRAM_BINS), [50])).toEqual([Number.NaN]);
  });

  it("take totals beyond what a uint32 counts", () => {
    const total = new Float64Array(HISTOGRAM_BINS);
    const counts = new Uint32Array(HISTOGRAM_BINS);
    counts[0x8000] = 0xffffffff; // zeros
    counts[0xbf80] = 3; // ones
    for (let i = 0; i < 4; i++) addCounts(total, counts);
    expect(finiteCount(total)).toBe(4 * (0xffffffff + 3));
    const [median, most] = percentilesFromHistogram(total, [50, 100], { min: 0, max: 1 });
    expect(median).toBeLessThan(2 ** -126);
    expect(most).toBe(1);
  });
});
