import { describe, expect, it } from "vitest";
import type { VolumeFacts } from "../../../src/model/page-api.js";
import { even, gridFor } from "./grid.js";
import { firstThreshold, isDarkDenseFirst } from "./surface.js";

const facts = (counts: readonly number[], min: number, max: number) =>
  ({ histogram: { min, max, counts } }) as unknown as VolumeFacts;
/** Bins of a normal distribution about the middle. */
const BELL = Array.from({ length: 200 }, (_, i) => Math.round(1e6 * Math.exp(-(((i - 99.5) / 20) ** 2) / 2)));

describe("the first surface", () => {
  it("lies between the two parts of a histogram", () => {
    // 100 voxels of 0 to 1 and 10 of 8 to 9: half way between their bins
    expect(firstThreshold(facts([100, 0, 0, 0, 0, 0, 0, 0, 10, 0], 0, 10), false)).toBe(4.5);
    expect(firstThreshold(facts([100, 0, 0, 0, 0, 0, 0, 0, 10, 0], 0, 10), true)).toBe(4.5);
  });

  it("lies half way where two voxels are all", () => {
    expect(firstThreshold(facts([1, 0, 1], 0, 3), false)).toBe(1.5);
  });

  it("holds no less than 3 %, and no more than it must", () => {
    // bins from the densest on have 1, 1 and 9 of 100 voxels
    expect(firstThreshold(facts([10, 23, 34, 22, 9, 1, 1], 0, 7), false)).toBe(4);
    expect(firstThreshold(facts([10, 23, 34, 22, 9, 1, 1], 0, 7), true)).toBe(1);
  });

  it("is of what is dark in a tomogram, of what is bright in a mask", () => {
    const of = (kind: string) => isDarkDenseFirst({ kind } as VolumeFacts);
    expect([of("tomogram"), of("mask"), of("volume")]).toEqual([true, false, false]);
  });

  it("holds the densest 3 % where the histogram is of one piece", () => {
    // the quantile of 0.97 of a normal distribution is 1.8808 deviations of 20 bins above its mean
    expect(firstThreshold(facts(BELL, -100, 100), false)).toBeCloseTo(1.8808 * 20, -0.3);
    expect(firstThreshold(facts(BELL, -100, 100), true)).toBeCloseTo(-1.8808 * 20, -0.3);
  });
});

describe("voxels of the 3-D pane", () => {
  const levels = [512, 256].map((side) => ({ shape: [side, side, side], scale: Array(3).fill(512 / side), virtual: false }));
  const of = (all: readonly unknown[]) => ({ levels: all }) as unknown as VolumeFacts;

  it("are of the finest level that fits, or every so many of the coarsest", () => {
    expect(gridFor(of(levels), 2 ** 27)).toMatchObject({ level: 0, stride: 1, step: [1, 1, 1] });
    expect(gridFor(of(levels), 2 ** 26)).toMatchObject({ level: 1, stride: 1, shape: [256, 256, 256], step: [2, 2, 2] });
    expect(gridFor(of(levels), 2 ** 27, 300)).toMatchObject({ level: 1, stride: 1 });
    expect(gridFor(of(levels.slice(0, 1)), 2 ** 22)).toMatchObject({
      level: 0,
      stride: 4,
      shape: [128, 128, 128],
      step: [4, 4, 4],
    });
  });

  it("of a mask are evened out along each axis: a corner, an edge and a face of a cube keep eighths of what they were", () => {
    const [side, voxels] = [6, new Uint8Array(216)];
    for (let z = 0; z < side; z++)
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++) if (x > 2 && y > 2 && z > 2) voxels[(z * side + y) * side + x] = 255;
    even(voxels, [side, side, side]);
    const at = (z: number, y: number, x: number) => voxels[(z * side + y) * side + x]! / 255;
    for (const [place, wanted] of [
      [[3, 3, 3], 0.75 ** 3],
      [[3, 3, 5], 0.75 ** 2],
      [[5, 5, 5], 1],
      [[2, 5, 5], 0.25],
      [[1, 5, 5], 0],
    ] as const)
      expect(at(...place)).toBeCloseTo(wanted, 1.5);
  });
});
