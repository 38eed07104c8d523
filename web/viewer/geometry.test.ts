import { describe, expect, it } from "vitest";
import type { Triple } from "../../src/core/box.js";
import { testFacts } from "../../test/viewer-facts.js";
import {
  extentOf,
  fittingZoom,
  hasScale,
  indexAt,
  middleOf,
  PANE_AXES,
  PLANE_AXES,
  place,
  visibleBox,
  worldAt,
} from "./geometry.js";

/** 4 × 6 × 8 voxels of 10, 20 and 40 Å; the centre of the first lies at 100, 200 and 400 Å. */
const facts = testFacts({ shape: [4, 6, 8], voxelSizeAngstrom: [10, 20, 40], originAngstrom: [100, 200, 400] });

describe("(35.2) places in a volume", () => {
  it("are centres of voxels: the volume begins half a voxel before the first and ends half a voxel behind the last", () => {
    expect([0, 1, 2].map((axis) => worldAt(facts, axis as 0 | 1 | 2, 3))).toEqual([130, 260, 520]);
    expect([0, 1, 2].map((axis) => extentOf(facts, axis as 0 | 1 | 2))).toEqual([
      { low: 95, high: 135 },
      { low: 190, high: 310 },
      { low: 380, high: 700 },
    ]);
    expect(middleOf(facts)).toEqual([115, 250, 540]);
  });

  it("have the nearest voxel, and none outside", () => {
    expect([-1e9, 104.9, 105.1, 134, 1e9].map((world) => indexAt(facts, 0, world))).toEqual([0, 0, 1, 3, 3]);
    expect(indexAt(facts, 2, 519)).toBe(3);
  });

  it("are voxels where the source says no lengths", () => {
    const bare = testFacts({ shape: [4, 6, 8], voxelSizeAngstrom: [null, null, null], originAngstrom: [0, 0, 0] });
    expect([hasScale(bare), extentOf(bare, 2)]).toEqual([false, { low: -0.5, high: 7.5 }]);
    expect(hasScale(testFacts({ voxelSizeAngstrom: [null, null, 5] }))).toBe(true);
    expect(hasScale(testFacts({ voxelSizeAngstrom: [null, 5, null] }))).toBe(true);
    expect(hasScale(testFacts({ voxelSizeAngstrom: [5, null, null] }))).toBe(false);
  });
});

describe("(35.2) a pane", () => {
  const sizes = { width: 100, height: 60 };
  const view = { centre: [115, 250, 540] as Triple, zoom: 10, at: 2, pixelRatio: 1 };

  it("shows each axis once, and rows of planes along the faster axis", () => {
    for (const { normal, u, v } of Object.values(PANE_AXES)) expect([normal, u, v].sort()).toEqual([0, 1, 2]);
    for (const [axis, { row, column }] of Object.entries(PLANE_AXES)) {
      const { normal, u, v } = PANE_AXES[axis as "x"];
      expect([[u, v].sort(), row < column, row === normal || column === normal]).toEqual([[row, column], true, false]);
    }
  });

  it("is as wide as its volume where this fits all of it into all panes", () => {
    // xy: 320 Å over 100 pixels, 120 over 60; yz: 40 over 10, 120 over 60
    expect(fittingZoom(facts, [{ axis: "z", ...sizes }])).toBe(3.2);
    expect(
      fittingZoom(facts, [
        { axis: "z", ...sizes },
        { axis: "x", width: 10, height: 60 },
      ]),
    ).toBe(4);
    expect(fittingZoom(facts, [{ axis: "z", width: 1000, height: 20 }])).toBe(6);
    expect(fittingZoom(facts, [{ axis: "z", width: 0, height: 1000 }])).toBe(320);
    expect(fittingZoom(facts, [])).toBe(1e-6);
  });

  it.each<["z" | "y" | "x", number, number, number, number]>([
    // the middle of the volume in the middle of the pane: half of it is left of that
    ["z", 50 - 160 / 10, 30 - 60 / 10, 4, 2],
    ["y", 50 - 160 / 10, 30 - 20 / 10, 4, 1],
    ["x", 50 - 20 / 10, 30 - 60 / 10, 1, 2],
  ])("across %s has its volume around the place that is looked at", (axis, left, top, voxelWidth, voxelHeight) => {
    expect(place(facts, axis, sizes, view)).toMatchObject({ left, top, voxelWidth, voxelHeight });
  });

  it("leads from the world into the pane and back, with what is off the section beside", () => {
    for (const axis of ["z", "y", "x"] as const) {
      const placed = place(facts, axis, sizes, view);
      const { normal, u, v } = PANE_AXES[axis];
      const section = worldAt(facts, normal, view.at);
      expect(placed.toPane(view.centre)).toEqual({ u: 50, v: 30, away: view.centre[normal] - section });
      const world = placed.toWorld(50 + 3, 30 - 2);
      expect([world[normal], world[u], world[v]]).toEqual([section, view.centre[u] + 30, view.centre[v] - 20]);
      expect(placed.toPane(world)).toEqual({ u: 53, v: 28, away: 0 });
    }
  });

  it("begins its volume on a pixel of the screen", () => {
    const odd = { ...view, centre: [115, 250, 541.3] as Triple };
    const at = (pixelRatio: number) => place(facts, "z", sizes, { ...odd, pixelRatio }).left;
    // 50 − 161.3 / 10 = 33.87
    expect([at(1), at(2), at(4)]).toEqual([34, 34, 33.75]);
    // 30 − 61.3 / 10 = 23.87
    expect(place(facts, "z", sizes, { ...view, centre: [115, 251.3, 540] }).top).toBe(24);
  });

  it("asks for the voxels in sight, rows before columns as the plane has them, and for none where there are none", () => {
    const seen = (axis: "z" | "y" | "x", more: Partial<typeof view> = {}) =>
      visibleBox(facts, axis, sizes, place(facts, axis, sizes, { ...view, ...more }));
    expect([seen("z"), seen("y"), seen("x")]).toEqual([
      [0, 0, 6, 8],
      [0, 0, 4, 8],
      // the plane's rows are z, which runs across in this pane
      [0, 0, 4, 6],
    ]);
    // 1 Å a pixel: 100 × 60 Å around the centre, which lies between voxels 3 and 4 of 40 Å, and 2 and 3 of 20 Å
    expect(seen("z", { zoom: 1 })).toEqual([1, 2, 5, 6]);
    expect(seen("x", { zoom: 0.1 })).toEqual([1, 2, 3, 4]);
    expect(seen("z", { centre: [115, 250, 5000] })).toBeUndefined();
    expect(seen("z", { centre: [115, -5000, 540] })).toBeUndefined();
    // the last row ends where the pane begins
    const size = { width: 10, height: 10 };
    const at = (rows: number, columns: number) =>
      visibleBox(facts, "z", size, { left: -2 * columns, top: -2 * rows, voxelWidth: 2, voxelHeight: 2 } as never);
    expect(at(facts.shape[1], 0)).toBeUndefined();
    expect(at(0, facts.shape[2])).toBeUndefined();
    expect(at(facts.shape[1] - 1, 0)).toEqual([facts.shape[1] - 1, 0, facts.shape[1], 5]);
  });
});
