import { describe, expect, it } from "vitest";
import { areTenfold, roundVoxelSpacing, sameSpacing, voxelSpacingName } from "./voxel-spacing.js";

describe("voxel spacings", () => {
  // Python: f"{x:.3f}" and round(x, 3)
  it.each([
    [13.48, "13.480", 13.48],
    [10, "10.000", 10],
    [0.0625, "0.062", 0.062],
    [0.1875, "0.188", 0.188],
    [7.84049, "7.840", 7.84],
  ])("%d is %s", (angstrom, name, rounded) => {
    expect(voxelSpacingName(angstrom)).toBe(name);
    expect(roundVoxelSpacing(angstrom)).toBe(rounded);
  });

  it.each([
    [10, 10.005, true],
    [10.005, 10, true],
    [10, 10.02, false],
    [10.02, 10, false],
    [0.5, 0.5009, true], // more than 0.1 %, but within three decimals
    [0.5, 0.502, false],
    [5, 5.004, true],
    [-5, 5, false],
  ])("%d and %d are the same: %s", (a, b, same) => {
    expect(sameSpacing(a, b)).toBe(same);
  });

  it.each([
    [1.048, 10.48, true],
    [10.5, 1.048, true],
    [10, 2, false],
    [100, 1, false],
  ])("%d and %d are as nm and Å: %s", (a, b, tenfold) => {
    expect(areTenfold(a, b)).toBe(tenfold);
  });
});
