import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Triple } from "../../core/box.js";
import { inMemory } from "../../core/bytes.js";
import { float16ToNumber } from "../../formats/mrc/read.js";
import { mrcHeaderBytes } from "../../formats/mrc/write.js";
import { float16Of, toGrey } from "./convert.js";
import { openPlanes, planeFile } from "./open.js";
import { PLANE_AXES, type PlaneSource, readPlane } from "./plane.js";

/** A voxel says where it is. */
const value = (z: number, y: number, x: number) => z * 5000 + y * 700 + x;

/** An int32-like float32 MRC of `[z, y, x]` voxels, stored in the order of `mapcrs`. */
async function volume(shape: Triple, mapcrs: Triple = [1, 2, 3], gapBytes = 64): Promise<PlaneSource> {
  const [mapc, mapr, maps] = mapcrs;
  const stored = [maps, mapr, mapc].map((axis) => shape[3 - axis]!) as Triple;
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape: stored,
    dtype: "float32",
    voxelSizeAngstrom: [1, 1, 1],
    statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    dateMs: 0,
  });
  for (const [i, axis] of mapcrs.entries()) new DataView(head.buffer).setInt32(64 + 4 * i, axis, true);
  const voxels = new Float32Array(shape[0] * shape[1] * shape[2]);
  let at = 0;
  for (let s = 0; s < stored[0]; s++)
    for (let r = 0; r < stored[1]; r++)
      for (let c = 0; c < stored[2]; c++) {
        const place = { [maps]: s, [mapr]: r, [mapc]: c };
        voxels[at++] = value(place[3]!, place[2]!, place[1]!);
      }
  const file = inMemory(new Uint8Array(Buffer.concat([head, new Uint8Array(voxels.buffer)])), "v.mrc");
  return openPlanes(file, (await planeFile(file))!, { gapBytes, atOnce: 3 });
}

const ORDERS: Triple[] = [
  [1, 2, 3],
  [2, 1, 3],
  [1, 3, 2],
  [3, 2, 1],
  [2, 3, 1],
  [3, 1, 2],
];

describe("planes of a file of plain voxels", () => {
  it("any box of any level across any axis holds the voxels that it names, whatever the order of the axes and the gaps", async () => {
    const shape: Triple = [3, 130, 520];
    const whole = new Map<string, PlaneSource>();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ORDERS),
        fc.constantFrom(0, 100, 100_000),
        fc.constantFrom("z" as const, "y" as const, "x" as const),
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 6, maxLength: 6 }),
        async (order, gap, axis, [a, b, c, d, e, f]) => {
          const id = `${order}/${gap}`;
          const source = whole.get(id) ?? (await volume(shape, order, gap));
          whole.set(id, source);
          const level = Math.floor(a! * source.levels.length);
          const { shape: own, scale } = source.levels[level]!;
          const across = axis === "x" ? 1 : 2;
          const down = axis === "z" ? 1 : 0;
          const [u0, v0] = [Math.floor(b! * own[across]!), Math.floor(c! * own[down]!)];
          const u1 = u0 + 1 + Math.floor(d! * (own[across]! - u0));
          const v1 = v0 + 1 + Math.floor(e! * (own[down]! - v0));
          const at = Math.floor(f! * shape[PLANE_AXES[axis]]);
          const { rows, columns, bytes } = await readPlane(source, { axis, at, level, box: [u0, v0, u1, v1] });
          expect([rows, columns]).toEqual([v1 - v0, u1 - u0]);
          const found = new Float32Array(bytes.buffer, bytes.byteOffset, rows * columns);
          for (let i = 0; i < found.length; i++) {
            const place = { z: at, y: at, x: at };
            const [v, u] = [v0 + Math.floor(i / columns), u0 + (i % columns)];
            const named = ["z", "y", "x"] as const;
            place[named[down]!] = v * scale[down]!;
            place[named[across]!] = u * scale[across]!;
            if (found[i] !== value(place.z, place.y, place.x))
              expect([place, found[i]]).toEqual([place, value(place.z, place.y, place.x)]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("a slab is the mean of its sections, of those that there are at an edge", async () => {
    const source = await volume([5, 4, 3]);
    const mean = async (at: number, slab: number) => {
      const { bytes, dtype } = await readPlane(source, { axis: "z", at, slab });
      expect(dtype).toBe("float32");
      return new Float32Array(bytes.buffer)[0];
    };
    expect([await mean(2, 3), await mean(0, 3), await mean(4, 5), await mean(2, 2)]).toEqual([10_000, 2500, 15_000, 7500]);
  });

  it("refuses what lies outside of the volume", async () => {
    const source = await volume([5, 4, 3]);
    const wrong = [
      { at: 5 },
      { at: -1 },
      { at: 0.5 },
      { level: 9 },
      { slab: 0 },
      { slab: 100_000 },
      { box: [0, 0, 4, 4] as const },
      { box: [2, 0, 1, 4] as const },
      { box: [0, -1, 3, 4] as const },
    ];
    for (const one of wrong)
      await expect(readPlane(source, { axis: "z", at: 0, ...one })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("ends when it is cancelled", async () => {
    const source = await volume([3, 130, 520], [1, 2, 3], 0);
    const stop = new AbortController();
    stop.abort();
    await expect(readPlane(source, { axis: "x", at: 0 }, { signal: stop.signal })).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("forms of planes", () => {
  it("half precision is the nearest, ties to even", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const number = float16ToNumber(bits);
      if (!Number.isNaN(number)) expect(float16Of(number) | 0).toBe(bits);
      if ((bits & 0x7fff) >= 0x7bff || bits & 0x8000) continue;
      const next = float16ToNumber(bits + 1);
      const tie = (number + next) / 2;
      expect(float16Of(tie)).toBe(bits + (bits & 1));
      expect([float16Of(number + (next - number) / 4), float16Of(next - (next - number) / 4)]).toEqual([bits, bits + 1]);
    }
    expect([float16Of(65519), float16Of(65520), float16Of(-1e9), float16Of(Number.NaN) & 0x7fff]).toEqual([
      0x7bff, 0x7c00, 0xfc00, 0x7e00,
    ]);
  });

  it("grey values run from low to high and not beyond; what is no number is black", () => {
    const values = new Float32Array([-5, 0, 5, 10, 20, Number.NaN]);
    expect([...toGrey(new Uint8Array(values.buffer), "float32", 0, 10)]).toEqual([0, 0, 128, 255, 255, 0]);
  });
});
