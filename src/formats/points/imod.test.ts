import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { encodeMod, type NewMod } from "../mod/write.js";
import { readImodPoints } from "./imod.js";
import type { PointOptions } from "./points.js";

const OPTIONS: PointOptions = { kind: "point", binning: 1, columns: "xyz", order: "xyz", delimiter: "," };
const slicer = (angles: [number, number, number], center: [number, number, number]) => ({ time: 1, angles, center, label: "" });
const MODEL: NewMod = {
  max: [64, 56, 32],
  objects: [
    { contours: [{ xyz: [1, 2, 3, 4, 5, 6] }, { xyz: [] }] },
    { contours: [] },
    { contours: [{ xyz: [0.5, 0.25, -0.5] }], contourKind: "closed" },
  ],
  slicerAngles: [slicer([13.1, 0, -30.2], [4, 8, 12]), slicer([0, 0, 0], [40, 20, 10])],
};

async function read(bytes: Uint8Array, options: Partial<PointOptions> = {}) {
  const positions: number[] = [];
  const rotations: number[] = [];
  const counts: number[] = [];
  for await (const batch of readImodPoints(inMemory(bytes, "a.mod"), { ...OPTIONS, ...options })) {
    expect(batch.positions).toHaveLength(3 * batch.count);
    counts.push(batch.count);
    positions.push(...batch.positions);
    rotations.push(...(batch.rotations ?? []));
  }
  return { positions, rotations, counts };
}
const refusal = async (bytes: Uint8Array, options?: Partial<PointOptions>) => {
  const error: unknown = await read(bytes, options).catch((thrown: unknown) => thrown);
  return isEmporiumError(error) ? { code: error.code, ...error.facts.place } : error;
};

describe("readImodPoints", () => {
  it("Point: every point of every contour, in the order of the file", async () => {
    expect((await read(encodeMod(MODEL))).positions).toEqual([1, 2, 3, 4, 5, 6, 0.5, 0.25, -0.5]);
    expect((await read(encodeMod(MODEL), { columns: "zyx", binning: 2, order: "zyx" })).positions).toEqual([
      1.5, 1, 0.5, 3, 2.5, 2, -0.25, 0.125, 0.25,
    ]);
    expect((await read(encodeMod({ max: [1, 1, 1], objects: [] }))).counts).toEqual([]);
  });

  it("Point: batches over many contours", async () => {
    const contours = Array.from({ length: 20_000 }, (_, i) => ({ xyz: [i, i + 1, i + 2, -i, 0, 1] }));
    const { positions, counts } = await read(encodeMod({ max: [1, 1, 1], objects: [{ contours }] }));
    expect(counts).toEqual([16_384, 16_384, 7_232]);
    expect(positions.every((value, i) => value === contours[Math.floor(i / 6)]!.xyz[i % 6])).toBe(true);
  });

  it("OrientedPoint: centre and negated angles of each slicer position; contours are passed over", async () => {
    const { positions, rotations } = await read(encodeMod(MODEL), { kind: "orientedPoint", binning: 4, columns: "zyx" });
    expect(positions).toEqual([1, 2, 3, 10, 5, 2.5]);
    // of the portal's own test
    const wanted = [0.8643, -0.4899, -0.114, 0.503, 0.8418, 0.1959, 0, -0.2267, 0.974, 1, 0, 0, 0, 1, 0, 0, 0, 1];
    expect(rotations).toHaveLength(18);
    for (const [i, value] of wanted.entries()) expect(rotations[i]).toBeCloseTo(value, 4);

    const flipped = await read(encodeMod(MODEL), { kind: "orientedPoint", order: "zyx" });
    expect(flipped.positions).toEqual([12, 8, 4, 10, 20, 40]);
    expect(flipped.rotations.slice(0, 9)).toEqual(rotations.slice(0, 9).reverse());
  });

  it("OrientedPoint: refuses a model without slicer angles, and one whose end is missing", async () => {
    const options = { kind: "orientedPoint" } as const;
    expect(await refusal(encodeMod({ ...MODEL, slicerAngles: [] }), options)).toEqual({ code: "FORMAT_FIELD", file: "a.mod" });
    const cut = encodeMod(MODEL).subarray(0, -4);
    expect(await refusal(cut, options)).toEqual({ code: "FORMAT_TRUNCATED", file: "a.mod", byte: cut.length });
    expect((await read(cut)).positions).toHaveLength(9);
  });

  it("refuses numbers that are none, with their byte", async () => {
    const bytes = encodeMod({
      max: [1, 1, 1],
      objects: [{ contours: [{ xyz: [1, 2, 3, 77, 5, 6] }] }],
      slicerAngles: [slicer([33, 0, 0], [99, 0, 0])],
    });
    const at = (value: number) => {
      const view = new DataView(bytes.buffer);
      for (let i = 0; i < bytes.length - 4; i++) if (view.getFloat32(i) === value) return i;
      throw new Error(`no ${value}`);
    };
    const spoiled = (offset: number) => {
      const copy = bytes.slice();
      new DataView(copy.buffer).setFloat32(offset, Number.NaN);
      return copy;
    };
    expect(await refusal(spoiled(at(77)))).toEqual({ code: "FORMAT_FIELD", file: "a.mod", byte: at(77) });
    const chunk = at(33) - 12;
    for (const value of [33, 99]) {
      expect(await refusal(spoiled(at(value)), { kind: "orientedPoint" })).toEqual({
        code: "FORMAT_FIELD",
        file: "a.mod",
        byte: chunk,
      });
    }
  });
});
