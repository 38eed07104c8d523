import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Box, Triple } from "../../core/box.js";
import { type Labels, labelSurfaces } from "./marching-cubes.js";
import { simplify } from "./simplify.js";
import { type Surface, type VoxelSurface, weld } from "./surface.js";

/** A volume with a layer of zeros around it: samples from −1 on. */
function padded(
  shape: Triple,
  labelAt: (z: number, y: number, x: number) => number,
): { labels: Labels; samples: Box; cells: Box } {
  const [nz, ny, nx] = shape;
  const labels = new Uint16Array((nz + 2) * (ny + 2) * (nx + 2));
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++)
      for (let x = 0; x < nx; x++) labels[((z + 1) * (ny + 2) + y + 1) * (nx + 2) + x + 1] = labelAt(z, y, x);
  const start: Triple = [-1, -1, -1];
  return {
    labels,
    samples: { start, stop: [nz + 1, ny + 1, nx + 1] },
    cells: { start, stop: [...shape] },
  };
}

function surfacesOf(shape: Triple, labelAt: (z: number, y: number, x: number) => number): Map<number, VoxelSurface> {
  const { labels, samples, cells } = padded(shape, labelAt);
  return labelSurfaces(labels, samples, cells);
}

/** Sides of triangles that are not met by exactly one other, running the other way. */
function openSides({ triangles }: Surface): string[] {
  const sides = new Map<string, number>();
  for (let i = 0; i < triangles.length; i += 3) {
    for (let k = 0; k < 3; k++) {
      const [a, b] = [triangles[i + k]!, triangles[i + ((k + 1) % 3)]!];
      sides.set(`${a} ${b}`, (sides.get(`${a} ${b}`) ?? 0) + 1);
    }
  }
  return [...sides].flatMap(([side, times]) =>
    times === 1 && sides.get(side.split(" ").reverse().join(" ")) === 1 ? [] : [side],
  );
}

/** Signed volume: above 0 where triangles look outwards. In eighths of a voxel. */
function enclosed({ positions: p, triangles: t }: Surface): number {
  let sum = 0;
  for (let i = 0; i < t.length; i += 3) {
    const [a, b, c] = [3 * t[i]!, 3 * t[i + 1]!, 3 * t[i + 2]!] as [number, number, number];
    sum +=
      p[a]! * (p[b + 1]! * p[c + 2]! - p[b + 2]! * p[c + 1]!) +
      p[a + 1]! * (p[b + 2]! * p[c]! - p[b]! * p[c + 2]!) +
      p[a + 2]! * (p[b]! * p[c + 1]! - p[b + 1]! * p[c]!);
  }
  return sum / 6;
}

function bounds({ positions }: Surface): [min: number[], max: number[]] {
  const axis = (at: number) => [...positions].filter((_, i) => i % 3 === at);
  return [[0, 1, 2].map((at) => Math.min(...axis(at))), [0, 1, 2].map((at) => Math.max(...axis(at)))];
}

const inBall =
  (radius: number, [cz, cy, cx]: Triple) =>
  (z: number, y: number, x: number) =>
    Number((z - cz) ** 2 + (y - cy) ** 2 + (x - cx) ** 2 < radius ** 2);

describe("surfaces of labels", () => {
  it("lie around the voxels of a box, in half voxels", () => {
    const surface = surfacesOf([6, 7, 8], (z, y, x) => (z >= 2 && z <= 3 && y === 0 && x >= 4 ? 5 : 0)).get(5)!;
    expect(bounds(surface)).toEqual([
      [8, 0, 4],
      [16, 2, 8],
    ]);
    expect(openSides(surface)).toEqual([]);
  });

  it("of a single voxel is an octahedron around its middle", () => {
    const surface = surfacesOf([1, 1, 1], () => 9).get(9)!;
    expect(surface.triangles.length).toBe(24);
    expect(enclosed(surface)).toBeCloseTo(4 / 3, 9);
  });

  it("are closed, look outwards and keep apart from other labels, whatever the labels are", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 125, maxLength: 125 }), (values) => {
        const surfaces = surfacesOf([5, 5, 5], (z, y, x) => values[(z * 5 + y) * 5 + x]!);
        expect([...surfaces.keys()]).toEqual([1, 2, 3].filter((label) => values.includes(label)));
        for (const surface of surfaces.values()) {
          expect(openSides(surface)).toEqual([]);
          expect(enclosed(surface)).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("that were cut at any plane are the whole when they are welded", () => {
    const shape: Triple = [9, 10, 11];
    const { labels, samples, cells } = padded(shape, inBall(4, [4, 5, 5]));
    const whole = labelSurfaces(labels, samples, cells).get(1)!;
    for (const cut of [0, 3, 8]) {
      const parts = [
        { ...cells, stop: [cut, 10, 11] as Triple },
        { ...cells, start: [cut, -1, -1] as Triple },
      ].flatMap((box) => labelSurfaces(labels, samples, box).get(1) ?? []);
      const joined = weld(parts);
      expect(openSides(joined)).toEqual([]);
      expect(joined.positions.length).toBe(whole.positions.length);
      expect(joined.triangles.length).toBe(whole.triangles.length);
      expect(enclosed(joined)).toBeCloseTo(enclosed(whole), 6);
    }
  });
});

/** Voxels of a 6×6×6 volume whose surface once came out of `simplify` inside out. */
const TURNED_INSIDE_OUT = Array.from({ length: 216 }, (_, i) =>
  Number(
    [
      32, 33, 40, 44, 47, 53, 62, 68, 76, 82, 83, 89, 91, 92, 98, 104, 110, 112, 117, 118, 119, 120, 127, 133, 135, 139, 150, 155,
      156, 161, 162, 165, 168, 191, 195,
    ].includes(i),
  ),
);

/** The places of a surface's vertices, as texts. */
const corners = ({ positions, triangles }: Surface): string[] =>
  [...new Set(triangles)].map((v) => [...positions.subarray(3 * v, 3 * v + 3)].join());

/** The parts of a surface that hang together, each with all of its vertices' places. */
function partsOf({ positions, triangles }: Surface): Surface[] {
  const part = Array.from({ length: positions.length / 3 }, (_, v) => v);
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < triangles.length; i += 3) {
      const three = [...triangles.subarray(i, i + 3)];
      const least = Math.min(...three.map((v) => part[v]!));
      for (const v of three) if (part[v] !== least) [part[v], changed] = [least, true];
    }
  }
  const first = [...triangles].filter((_, i) => i % 3 === 0);
  return [...new Set(first.map((v) => part[v]!))].map((name) => ({
    positions,
    triangles: Uint32Array.from([...triangles].filter((_, i) => part[triangles[i - (i % 3)]!] === name)),
  }));
}

describe("simpler surfaces", () => {
  it("of a box have what its edges need, and its size", () => {
    const box = surfacesOf([20, 22, 24], (z, y, x) => Number(z >= 3 && z < 15 && y >= 4 && y < 18 && x >= 5 && x < 21)).get(1)!;
    const simple = simplify(box, { errorMax: 0 });
    expect(openSides(simple)).toEqual([]);
    expect(enclosed(simple)).toBeCloseTo(enclosed(box), 6);
    expect(bounds(simple)).toEqual(bounds(box));
    expect(simple.triangles.length / 3).toBeLessThan(0.1 * (box.triangles.length / 3));
  });

  it("of a ball stay near it", () => {
    const ball = surfacesOf([44, 44, 44], inBall(20, [21.5, 21.5, 21.5])).get(1)!;
    const simple = simplify(ball, { errorMax: 0.7 });
    expect(openSides(simple)).toEqual([]);
    expect(simple.triangles.length).toBeLessThan(0.35 * ball.triangles.length);
    expect(Math.abs(enclosed(simple) / enclosed(ball) - 1)).toBeLessThan(0.02);
    const radii = Array.from({ length: simple.positions.length / 3 }, (_, v) =>
      Math.hypot(...[0, 1, 2].map((axis) => simple.positions[3 * v + axis]! / 2 - 22)),
    );
    expect(Math.min(...radii)).toBeGreaterThan(19);
    expect(Math.max(...radii)).toBeLessThan(21);
  });

  it("are closed and keep half of what each part encloses, whatever they were made of", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 216, maxLength: 216 }),
        fc.integer({ min: 0, max: 8 }),
        (values, error) => {
          const surface = surfacesOf([6, 6, 6], (z, y, x) => values[(z * 6 + y) * 6 + x]!).get(1);
          if (!surface) return;
          const simple = simplify(surface, { errorMax: error / 2 });
          expect(openSides(simple)).toEqual([]);
          expect(bounds(simple)).toEqual(bounds(surface));
          const before = partsOf(surface);
          const after = partsOf(simple);
          expect(after.length).toBe(before.length);
          for (const part of after) {
            // a vertex that stays tells which part it was
            const at = (p: Surface) => corners(p)[0]!;
            const was = before.find((other) => corners(other).includes(at(part)))!;
            expect(enclosed(part) / enclosed(was)).toBeGreaterThanOrEqual(0.5);
            expect(enclosed(part) / enclosed(was)).toBeLessThanOrEqual(2);
          }
        },
      ),
      { numRuns: 300, examples: [[TURNED_INSIDE_OUT, 8]] },
    );
  });

  it("keep their rims, so that parts fit together again", () => {
    const { labels, samples, cells } = padded([24, 24, 24], inBall(10, [11.5, 11.5, 11.5]));
    const parts = [
      { ...cells, stop: [24, 24, 11] as Triple },
      { ...cells, start: [-1, -1, 11] as Triple },
    ].map((box) => simplify(labelSurfaces(labels, samples, box).get(1)!, { errorMax: 1 }));
    expect(openSides(weld(parts))).toEqual([]);
  });

  it("stop at the number of triangles that is wanted", () => {
    const ball = surfacesOf([44, 44, 44], inBall(20, [21.5, 21.5, 21.5])).get(1)!;
    const simple = simplify(ball, { errorMax: Number.POSITIVE_INFINITY, trianglesMax: 500 });
    expect(simple.triangles.length / 3).toBeLessThanOrEqual(500);
    expect(simple.triangles.length / 3).toBeGreaterThan(440);
    expect(openSides(simple)).toEqual([]);
  });
});
