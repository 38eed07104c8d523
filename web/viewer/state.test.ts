import { describe, expect, it } from "vitest";
import { testFacts } from "../../test/viewer-facts.js";
import { fittingZoom, hasScale, indexAt, middleOf, PANE_AXES, PLANE_AXES, place, visibleBox, voxelOf } from "./geometry.js";
import { atPosition, atSection, firstState, panned, sectionOf, withContrast, withSlab, zoomed } from "./state.js";

const facts = testFacts({ voxelSizeAngstrom: [40, 10, 10], originAngstrom: [100, 0, -50] });
const first = firstState(facts);

describe("what a viewer shows", () => {
  it("begins in the middle", () => {
    expect([sectionOf(facts, "z", first), sectionOf(facts, "y", first), sectionOf(facts, "x", first)]).toEqual([32, 128, 256]);
    expect(first.position).toEqual([100 + 32 * 40, 1280, 2560 - 50]);
  });

  it("never leaves the volume", () => {
    expect(sectionOf(facts, "z", atSection(facts, "z", first, 1000))).toBe(63);
    expect(sectionOf(facts, "z", atSection(facts, "z", first, -5))).toBe(0);
    expect(atSection(facts, "z", first, 1000).position[0]).toBe(100 + 63 * 40);
    expect(atPosition(facts, first, [1e9, -1e9, 0]).position).toEqual([100 + 63.5 * 40, -5, 0]);
    expect(panned(facts, first, [0, 1e9, 0]).centre?.[1]).toBe(2555);
  });

  it("zooms about a point: it stays where it was", () => {
    const size = { width: 400, height: 300 };
    const fitting = fittingZoom(facts, [{ axis: "z", ...size }]);
    const anchor: [number, number, number] = [0, 700, 900];
    const seen = (state: typeof first) => {
      const { u, v } = place(facts, "z", size, {
        centre: state.centre ?? [1360, 1275, 2505],
        zoom: state.zoom ?? fitting,
        at: 0,
        pixelRatio: 100,
      }).toPane(anchor);
      return [u, v];
    };
    const after = zoomed(facts, first, fitting, 3, anchor, "z");
    expect(after.zoom).toBeCloseTo(fitting / 3, 3);
    for (const [i, value] of seen(after).entries()) expect(value).toBeCloseTo(seen(first)[i]!, 0);
  });

  it("has odd slabs that fit", () => {
    expect(withSlab(facts, "z", first, 5).slab).toBe(5);
    expect(withSlab(testFacts({ shape: [4, 256, 512] }), "z", first, 5).slab).toBe(3);
    expect(withSlab(facts, "z", first, -1).slab).toBe(1);
  });

  it("never has black above white", () => {
    expect(withContrast(first, { low: 20 })).toBe(first);
    expect(withContrast(first, { low: 10 })).toBe(first);
    expect(withContrast(first, { low: 1.23456789 }).contrast.low).toBe(1.23457);
  });
});

describe("where planes lie", () => {
  const size = { width: 400, height: 300 };
  const at = { centre: [1360, 1275, 2505] as [number, number, number], zoom: 20, at: 3, pixelRatio: 1 };

  it("draws thick sections thick", () => {
    const { voxelWidth, voxelHeight } = place(facts, "y", size, at);
    expect([voxelWidth, voxelHeight]).toEqual([0.5, 2]);
  });

  it("lays yz beside xy: the same y is at the same height", () => {
    const across = place(facts, "z", size, at).toPane([0, 500, 0]).v;
    expect(place(facts, "x", size, at).toPane([0, 500, 0]).v).toBe(across);
  });

  it("fits all of the volume, wherever it begins", () => {
    // 512 voxels of 10 Å across 400 pixels, 256 down 300; 64 of 40 Å across 100
    expect(fittingZoom(facts, [{ axis: "z", ...size }])).toBeCloseTo(12.8, 9);
    expect(
      fittingZoom(facts, [
        { axis: "z", ...size },
        { axis: "x", width: 100, height: 300 },
      ]),
    ).toBeCloseTo(25.6, 9);
  });

  it("has a place for voxels of which little is known", () => {
    const voxel = (voxelSizeAngstrom: (number | null)[]) => voxelOf(testFacts({ voxelSizeAngstrom }));
    expect(voxel([null, null, null])).toEqual([1, 1, 1]);
    expect(voxel([5, 20, null])).toEqual([5, 20, 20]);
    expect(voxel([null, null, 8])).toEqual([8, 8, 8]);
    expect(middleOf(facts)).toEqual([100 + 31.5 * 40, 127.5 * 10, 255.5 * 10 - 50]);
    expect([indexAt(facts, 0, 1e9), indexAt(facts, 1, 1e9), indexAt(facts, 2, -1e9)]).toEqual([63, 255, 0]);
  });

  it("knows rows and columns of planes: the slower axis runs down", () => {
    expect(PLANE_AXES).toEqual({ z: { row: 1, column: 2 }, y: { row: 0, column: 2 }, x: { row: 0, column: 1 } });
    expect(PANE_AXES).toEqual({ z: { normal: 0, u: 2, v: 1 }, y: { normal: 1, u: 2, v: 0 }, x: { normal: 2, u: 0, v: 1 } });
  });

  it("knows whether lengths are Å", () => {
    expect(hasScale(facts)).toBe(true);
    expect(hasScale(testFacts({ voxelSizeAngstrom: [10, null, null] }))).toBe(false);
  });

  it("goes to the pane and back", () => {
    const where = place(facts, "y", size, at);
    const world = where.toWorld(120, 33);
    const { u, v, away } = where.toPane(world);
    expect(u).toBeCloseTo(120, 9);
    expect(v).toBeCloseTo(33, 9);
    expect(away).toBe(0);
    expect(world[1]).toBe(30);
  });

  it("knows which voxels are in sight, in rows and columns of the plane", () => {
    expect(visibleBox(facts, "z", size, place(facts, "z", size, at))).toEqual([0, 0, 256, 512]);
    const near = place(facts, "z", size, { ...at, zoom: 1 });
    const [row0, column0, row1, column1] = visibleBox(facts, "z", size, near)!;
    expect([row1 - row0, column1 - column0]).toEqual([30, 40]);
    expect(visibleBox(facts, "x", size, place(facts, "x", size, at))![3]).toBe(256);
    const beside = place(facts, "z", size, { ...at, centre: [1360, 1275, 99_999] });
    expect(visibleBox(facts, "z", size, beside)).toBeUndefined();
  });
});
