import { describe, expect, it } from "vitest";
import { type PointRange, type PointsVolume, readingsOf } from "./readings.js";

const volume: PointsVolume = { size: [400, 300, 100], spacingAngstrom: 10 };
const range = (scale: readonly number[], shift = 0): PointRange => ({
  count: 20,
  least: [0.1, 0.1, 0.1].map((part, axis) => part * scale[axis]! + shift * scale[axis]!) as never,
  most: [0.9, 0.9, 0.9].map((part, axis) => part * scale[axis]! + shift * scale[axis]!) as never,
});
const told = (one: PointRange, pixels: readonly number[] = [2.5], of = volume) =>
  readingsOf([{ range: one, volume: of }], pixels).map(
    ({ unit, binning, isCentred, isReversed }) => `${unit} ${binning}${isCentred ? " centred" : ""}${isReversed ? " zyx" : ""}`,
  );

describe("the readings that a range of coordinates allows", () => {
  it.each([
    ["voxels", range([400, 300, 100]), ["voxels 1"]],
    ["Å", range([4000, 3000, 1000]), ["Å 10"]],
    ["nm", range([400, 300, 100].map((n) => n)), ["voxels 1"]],
    ["pixels of the tilt series", range([1600, 1200, 400]), ["pixels 4"]],
    ["Å from the centre", range([4000, 3000, 1000], -0.5), ["Å 10 centred"]],
    ["parts of the size", range([1, 1, 1]), ["parts 1"]],
    ["z first, or pixels", range([100, 300, 400]), ["pixels 4", "voxels 1 zyx"]],
    ["z first", range([100, 300, 400]), ["voxels 1 zyx"], [5]],
  ])("%s", (_, one, wanted, pixels = [2.5]) => {
    expect(told(one, pixels)).toEqual(wanted);
  });

  it("two where both fit: nothing decides between nm at 10 Å and voxels, nor between binnings that nothing tells", () => {
    expect(told(range([420, 320, 110]), [], { size: [500, 400, 150], spacingAngstrom: 13 })).toEqual(["voxels 1", "nm 1.3"]);
    expect(told(range([1000, 750, 250]), [])).toEqual(["pixels 3", "pixels 4"]);
    expect(told(range([1950, 1450, 480]), [])).toEqual(["pixels 5", "pixels 6", "pixels 8"]);
    const at7: PointsVolume = { ...volume, spacingAngstrom: 7 };
    expect(told(range([3900, 2900, 980]), [], at7)).toEqual(["pixels 10", "pixels 12", "pixels 16"]);
  });

  it("also Å where people write it into a format that counts pixels, and nothing tells the size of a pixel", () => {
    const at13: PointsVolume = { size: [400, 300, 100], spacingAngstrom: 13.48 };
    const some = [{ range: range([5392, 4044, 1348]), volume: at13 }]; // 400, 300 and 100 voxels of 13.48 Å
    const as = (mayHaveAngstrom: boolean, pixels: readonly number[]) =>
      readingsOf(some, pixels, { countsPixels: true, mayHaveAngstrom }).map(({ unit, binning }) => `${unit} ${binning}`);
    expect(as(true, [])).toEqual(["pixels 16", "Å 13.48"]);
    expect(as(false, [])).toEqual(["pixels 16"]);
  });

  it("voxels of a coarser tomogram where a name tells them, however few points there are", () => {
    const few: PointRange = { ...range([200, 150, 50]), count: 4 };
    const as = (coarserAngstrom: number | undefined) =>
      readingsOf([{ range: few, volume }], [2.5], { coarserAngstrom }).map(({ unit, binning }) => `${unit} ${binning}`);
    expect(as(20)).toEqual(["pixels 0.5"]);
    expect(as(10)).toEqual(as(undefined));
    expect(as(undefined)).not.toContain("pixels 0.5");
  });

  it("none where no reading holds all points", () => {
    expect(told(range([90_000, 90_000, 90_000]))).toEqual([]);
  });
});
