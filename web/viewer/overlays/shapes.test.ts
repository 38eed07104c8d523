import { describe, expect, it } from "vitest";
import { pythonRandom } from "../../../src/model/mersenne-twister.js";
import { bucketed, NO_SHAPES } from "../../../src/model/overlay-bytes.js";
import type { OverlayLayer } from "../../../src/model/page-api.js";
import type { Axis, PaneView } from "../overlay.js";
import { contourOf, cutContours, cutTriangles, pointsInSlab, type ShownLayer, stepFrom, trianglesNear } from "./shapes.js";

const shownOf = (shapes: ShownLayer["shapes"]): ShownLayer => ({
  layer: { color: "#ffffff" } as OverlayLayer,
  shapes,
  opacity: 1,
});
const pane = (axis: Axis, atAngstrom: number, slabAngstrom: number): PaneView =>
  ({ axis, atAngstrom, slabAngstrom, angstromPerPixel: 1 }) as PaneView;

describe("a layer in a plane", () => {
  // 3,000 points at (i, 2i, 3i mod 1000): buckets along each axis must lose none
  const list = Float32Array.from({ length: 9_000 }, (_, n) => {
    const i = Math.floor(n / 3);
    return [i, 2 * i, (3 * i) % 1000][n % 3]!;
  });
  const shown = shownOf(bucketed({ ...NO_SHAPES, xyz: list }));

  it.each([
    ["z", 2],
    ["y", 1],
    ["x", 0],
  ] as const)("across %s has the points of its slab, in the order of the file", (axis, number) => {
    const { places, xyz } = shown.shapes;
    for (const at of [0, 499.5, 501, 5_998]) {
      const found = pointsInSlab(pane(axis, at, 7), shown).map((i) => places[i]!);
      const wanted = Array.from({ length: 3_000 }, (_, i) => i).filter((i) => Math.abs(list[3 * i + number]! - at) <= 3.5);
      expect(found).toEqual(wanted);
    }
    expect(xyz.length).toBe(list.length);
  });

  it("steps by numbers of the file, around its end", () => {
    const { places } = shown.shapes;
    const first = stepFrom(shown.shapes, undefined, 1);
    expect(places[first]).toBe(0);
    expect(places[stepFrom(shown.shapes, first, 1)]).toBe(1);
    expect(places[stepFrom(shown.shapes, first, -1)]).toBe(2_999);
  });

  it("has lines where a contour lies in it, dots where one goes through, and points that stand alone", () => {
    const xyz = Float32Array.from([
      ...[0, 0, 5, 10, 0, 5, 10, 10, 5], // closed, in the plane
      ...[1, 1, 0, 3, 5, 10], // through it
      ...[7, 7, 4, 8, 8, 5, 9, 9, 6], // a marker that is in each section once
    ]);
    const contours = Uint32Array.of(0, 3, 5, 8);
    const cut = cutContours({ ...NO_SHAPES, xyz, contours, closed: Uint32Array.of(1, 0, 0) }, 0, 5, 0.5);
    expect([...cut.lines]).toEqual([10, 10, 5, 0, 0, 5, 0, 0, 5, 10, 0, 5, 10, 0, 5, 10, 10, 5]);
    expect([...cut.dots]).toEqual([2, 3, 5]);
    expect([[...cut.inPlane], [...cut.alone]]).toEqual([[0, 1, 2, 6], [6]]);
    expect([0, 2, 3, 4, 7].map((point) => contourOf({ ...NO_SHAPES, contours }, point))).toEqual([0, 0, 1, 1, 2]);
  });

  it("has a line for each triangle that it cuts", () => {
    const xyz = Float32Array.of(0, 0, 0, 10, 0, 0, 0, 0, 10, 0, 0, 20);
    const triangles = Uint32Array.of(0, 1, 2, 1, 2, 3);
    expect([...cutTriangles({ ...NO_SHAPES, xyz, triangles }, 0, 5)]).toEqual([5, 0, 5, 0, 0, 5, 5, 0, 5, 7.5, 0, 5]);
    expect(cutTriangles({ ...NO_SHAPES, xyz, triangles }, 0, 30).length).toBe(0);
  });

  it("looks at those triangles alone that it may cut, and at all of them", () => {
    const random = pythonRandom(7);
    // mostly small ones, some that reach through everything
    const corners = Array.from({ length: 4_000 }, (_, i) => {
      const [middle, size] = [[0, 1, 2].map(() => 1_000 * random()), i % 500 === 0 ? 900 : 12];
      return [0, 1, 2].map(() => middle.map((at) => at + size * (random() - 0.5)));
    });
    const shapes = {
      ...NO_SHAPES,
      xyz: Float32Array.from(corners.flat(2)),
      triangles: Uint32Array.from({ length: 12_000 }, (_, i) => i),
    };
    for (const [axis, normal] of [
      ["z", 0],
      ["y", 1],
      ["x", 2],
    ] as const) {
      for (const at of [-200, 3, 250.5, 500, 999]) {
        const linesOf = (lines: Float32Array) =>
          Array.from({ length: lines.length / 6 }, (_, i) => lines.slice(6 * i, 6 * i + 6).join()).sort();
        const near = trianglesNear({ axis, atAngstrom: at }, shapes);
        expect(linesOf(cutTriangles(shapes, normal, at, near))).toEqual(linesOf(cutTriangles(shapes, normal, at)));
      }
    }
    const small = { ...shapes, triangles: shapes.triangles.slice(3, 1_500) };
    expect(trianglesNear({ axis: "z", atAngstrom: 500 }, small).length).toBeLessThan(50);
    // whose corners are apart along one axis each
    for (const corner of [0, 1, 2]) {
      const xyz = new Float32Array(9 * 100);
      for (let t = 0; t < 100; t++) for (let i = 0; i < 3; i++) xyz[9 * t + 3 * i + 2] = 20 * t + (i === corner ? 10 : 0);
      const steps = { ...NO_SHAPES, xyz, triangles: Uint32Array.from({ length: 300 }, (_, i) => i) };
      for (let t = 0; t < 100; t++)
        expect(cutTriangles(steps, 0, 20 * t + 9, trianglesNear({ axis: "z", atAngstrom: 20 * t + 9 }, steps))).toHaveLength(6);
    }
  });
});
