import { describe, expect, it } from "vitest";
import { memoryVolume } from "../../../test/memory-volume.js";
import type { Triple } from "../../core/box.js";
import { boxOf, coreOf, gridOf, placeOf } from "./grid.js";

const { levels } = memoryVolume([
  { shape: [10, 20, 30], voxelSizeNm: [4, 4, 4] },
  // halved: a voxel covers two, so its center lies half a fine voxel farther
  { shape: [5, 10, 15], voxelSizeNm: [8, 8, 8], offsetNm: [2, 2, 2] },
]);

describe("gridOf", () => {
  it("numbers blocks in C order, and clips those at the far ends", () => {
    const grid = gridOf(levels, { shape: [4, 8, 16] });
    expect(grid.counts).toEqual([3, 3, 2]);
    expect(placeOf(grid, 17)).toEqual([2, 2, 1]);
    expect(coreOf(grid, 17)).toEqual({ start: [8, 16, 16], stop: [10, 20, 30] });
    expect(coreOf(grid, 0)).toEqual({ start: [0, 0, 0], stop: [4, 8, 16] });
  });

  it.each<[length: number, shape: number, step: number, starts: number[]]>([
    [10, 4, 4, [0, 4, 8]],
    [10, 4, 2, [0, 2, 4, 6]],
    [10, 4, 3, [0, 3, 6]],
    [11, 4, 3, [0, 3, 6, 9]],
    [10, 2, 7, [0, 7]],
    [10, 2, 12, [0]],
    [3, 4, 1, [0]],
  ])("of %i voxels, blocks of %i by steps of %i begin at %j", (length, shape, step, starts) => {
    const line = memoryVolume([{ shape: [1, 1, length] }]).levels;
    const grid = gridOf(line, { shape: [1, 1, shape], step: [1, 1, step] });
    expect(Array.from({ length: grid.count }, (_, id) => coreOf(grid, id).start[2])).toEqual(starts);
  });

  it("gives boxes of one shape, or such as end where the level ends", () => {
    const request = { shape: [4, 8, 16] as Triple, halo: [1, 2, 3] as Triple };
    const grid = gridOf(levels, request);
    expect(boxOf(grid, 0)).toEqual({ start: [-1, -2, -3], stop: [5, 10, 19] });
    expect(boxOf(grid, 17)).toEqual({ start: [7, 14, 13], stop: [13, 26, 35] });
    const shrinking = gridOf(levels, { ...request, edge: "shrink" });
    expect(boxOf(shrinking, 0)).toEqual({ start: [0, 0, 0], stop: [5, 10, 19] });
    expect(boxOf(shrinking, 17)).toEqual({ start: [7, 14, 13], stop: [10, 20, 30] });
  });

  it("takes regions in nanometers: the voxels whose centers lie inside", () => {
    const roi = { nm: { start: [0, 8, 9] as Triple, size: [40, 8, 8] as Triple } };
    // centers at 0, 4, 8 …: from 9 on, the first is that of voxel 3
    expect(gridOf(levels, { roi, shape: [1, 1, 1] }).roi).toEqual({ start: [0, 2, 3], stop: [10, 4, 5] });
    // centers at 2, 10, 18 …
    expect(gridOf(levels, { roi, level: 1, shape: [1, 1, 1] }).roi).toEqual({ start: [0, 1, 1], stop: [5, 2, 2] });
  });

  it("takes regions in voxels of another level: the same place in the world", () => {
    const roi = { voxel: { start: [1, 2, 3] as Triple, size: [2, 2, 2] as Triple }, level: 1 };
    expect(gridOf(levels, { roi, shape: [1, 1, 1] }).roi).toEqual({ start: [2, 4, 6], stop: [6, 8, 10] });
    expect(gridOf(levels, { roi, level: 1, shape: [1, 1, 1] }).roi).toEqual({ start: [1, 2, 3], stop: [3, 4, 5] });
  });

  it("keeps the halo of a region that ends inside the level: it is real data", () => {
    const roi = { voxel: { start: [2, 2, 2] as Triple, size: [4, 4, 5] as Triple } };
    const grid = gridOf(levels, { roi, shape: [4, 4, 4], halo: 1, edge: "shrink" });
    expect(grid.counts).toEqual([1, 1, 2]);
    expect(coreOf(grid, 1)).toEqual({ start: [2, 2, 6], stop: [6, 6, 7] });
    expect(boxOf(grid, 1)).toEqual({ start: [1, 1, 5], stop: [7, 7, 8] });
  });

  it.each<[string, () => unknown]>([
    ["a block without voxels", () => gridOf(levels, { shape: [0, 1, 1] })],
    ["half a voxel", () => gridOf(levels, { shape: [1.5, 1, 1] })],
    ["a negative halo", () => gridOf(levels, { shape: [1, 1, 1], halo: -1 })],
    ["a step of nothing", () => gridOf(levels, { shape: [1, 1, 1], step: [1, 0, 1] })],
    ["a level that is not there", () => gridOf(levels, { shape: [1, 1, 1], level: 2 })],
    ["a region outside", () => gridOf(levels, { shape: [1, 1, 1], roi: { voxel: { start: [10, 0, 0], size: [1, 1, 1] } } })],
    [
      "nanometers where there is no voxel size",
      () =>
        gridOf(memoryVolume([{ shape: [9, 9, 9], voxelSizeNm: [1, undefined, 1] }]).levels, {
          shape: [1, 1, 1],
          roi: { nm: { start: [0, 0, 0], size: [1, 1, 1] } },
        }),
    ],
  ])("refuses %s", (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
