import { describe, expect, it } from "vitest";
import { haloShare, innerChunk, scaledBlock, wholeObjects } from "./grids.js";

describe("(35.2) blocks of a node", () => {
  it("are those of the grid in its own voxels, at least one voxel, and never more than it has", () => {
    expect(scaledBlock([128, 128, 128], [512, 512, 512], [256, 512, 1024])).toEqual([64, 128, 256]);
    // 100 · 33 / 64 = 51.6
    expect(scaledBlock([100, 100, 100], [64, 1000, 100], [33, 1, 7])).toEqual([33, 1, 7]);
    expect(scaledBlock([50, 10, 1], [64, 64, 64], [33, 33, 33])).toEqual([26, 5, 1]);
    expect(scaledBlock([1, 1, 1], [900, 900, 900], [90, 90, 90])).toEqual([1, 1, 1]);
  });

  it("hold whole objects: as many as the wish needs, no more than the array has", () => {
    expect(wholeObjects([100, 64, 10], [64, 64, 64], [1000, 1000, 1000])).toEqual([128, 64, 64]);
    expect(wholeObjects([1000, 1000, 1000], [64, 64, 64], [65, 64, 1])).toEqual([128, 64, 64]);
  });

  it("have chunks that divide them, the largest of at most 48, or are one where none of 16 or more does", () => {
    expect(innerChunk([128, 96, 60])).toEqual([32, 48, 30]);
    expect(innerChunk([48, 49, 97])).toEqual([48, 49, 97]);
    expect(innerChunk([32, 34, 31])).toEqual([32, 34, 31]);
    // 13 · 53 and 11 · 59
    expect(innerChunk([689, 649, 64])).toEqual([689, 649, 32]);
    expect(innerChunk([64, 15, 1])).toEqual([32, 15, 1]);
  });

  it("cost more by their halo: its voxels as a part of theirs", () => {
    expect(haloShare([10, 10, 10], [0, 0, 0])).toBe(0);
    // 12 · 10 · 20 of 1,000, less the block itself
    expect(haloShare([10, 10, 10], [1, 0, 5])).toBeCloseTo(1.4, 12);
    expect(haloShare([100, 50, 20], [0, 5, 0])).toBeCloseTo(0.2, 12);
  });
});
