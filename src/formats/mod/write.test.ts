import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import type { Xyz } from "./model.js";
import { readMod } from "./read.js";
import { encodeMod, type NewMod } from "./write.js";

const float = fc.float({ noNaN: true, noDefaultInfinity: true });
const xyz = fc.tuple(float, float, float) as fc.Arbitrary<Xyz>;
const name = (bytesMax: number) =>
  fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0") && new TextEncoder().encode(text).length <= bytesMax);
const contour = fc
  .record({ points: fc.array(xyz, { maxLength: 5 }), sized: fc.boolean(), surface: fc.nat(9) })
  .chain(({ points, sized, surface }) =>
    fc.array(float, { minLength: points.length, maxLength: points.length }).map((sizes) => ({
      xyz: Float32Array.from(points.flat()),
      sizes: sized ? Float32Array.from(sizes) : undefined,
      surface,
    })),
  );
const model: fc.Arbitrary<NewMod> = fc.record({
  name: name(127),
  max: fc.tuple(fc.nat(), fc.nat(), fc.nat()),
  pixelSizeAngstrom: fc.option(fc.constantFrom(1.35, 10, 13.48), { nil: undefined }),
  objects: fc.array(
    fc.record({
      name: name(63),
      contourKind: fc.constantFrom("scattered", "open", "closed"),
      color: xyz,
      pointSize: fc.nat(100),
      contours: fc.array(contour, { maxLength: 4 }),
    }),
    { maxLength: 4 },
  ),
  slicerAngles: fc.array(fc.record({ time: fc.nat(), angles: xyz, center: xyz, label: name(31) }), { maxLength: 3 }),
  image: fc.option(fc.record({ oldTranslation: xyz, scale: xyz, translation: xyz, rotation: xyz }), { nil: undefined }),
});

describe("encodeMod", () => {
  it("what is written is read", async () => {
    await fc.assert(
      fc.asyncProperty(model, async (wanted) => {
        const { header, objects, slicerAngles, image } = await readMod(inMemory(encodeMod(wanted)));
        const pixelSize = wanted.pixelSizeAngstrom;
        expect(header).toMatchObject({ name: wanted.name, max: wanted.max, units: pixelSize === undefined ? 0 : -9 });
        if (pixelSize === undefined) expect(header.pixelSizeAngstrom).toBeUndefined();
        else expect(header.pixelSizeAngstrom).toBeCloseTo(pixelSize, 5);
        expect(slicerAngles).toEqual(wanted.slicerAngles);
        expect(image).toEqual(wanted.image);
        expect(objects).toHaveLength(wanted.objects.length);
        for (const [i, { contours, ...head }] of wanted.objects.entries()) {
          expect(objects[i]).toMatchObject(head);
          expect(objects[i]!.contours.map(({ xyz, sizes, surface }) => ({ xyz, sizes, surface }))).toEqual(contours);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("knows the units that IMOD has", async () => {
    const bytes = encodeMod({ max: [1, 1, 1], objects: [], pixelSizeAngstrom: 25 });
    const view = new DataView(bytes.buffer);
    const sizes: [number, number | undefined][] = [
      [3, 2.5e13],
      [1, 2.5e10],
      [-2, 2.5e8],
      [-3, 2.5e7],
      [-6, 2.5e4],
      [-9, 25],
      [-10, 2.5],
      [-12, 0.025],
      [0, undefined],
      [7, undefined],
    ];
    for (const [units, angstrom] of sizes) {
      view.setInt32(8 + 212, units);
      expect((await readMod(inMemory(bytes))).header.pixelSizeAngstrom).toBe(angstrom);
    }
    view.setFloat32(8 + 208, Number.NaN);
    view.setInt32(8 + 212, -9);
    expect((await readMod(inMemory(bytes))).header.pixelSizeAngstrom).toBeUndefined();
  });

  it.each<[string, NewMod]>([
    ["a coordinate that is no number", { max: [1, 1, 1], objects: [{ contours: [{ xyz: [1, Number.NaN, 3] }] }] }],
    ["a coordinate past float32", { max: [1, 1, 1], objects: [{ contours: [{ xyz: [1, 1e39, 3] }] }] }],
    ["no triples", { max: [1, 1, 1], objects: [{ contours: [{ xyz: [1, 2, 3, 4] }] }] }],
    ["sizes of other points", { max: [1, 1, 1], objects: [{ contours: [{ xyz: [1, 2, 3], sizes: [1, 2] }] }] }],
    ["a long name", { max: [1, 1, 1], objects: [{ name: "å".repeat(32), contours: [] }] }],
    [
      "a long label",
      { max: [1, 1, 1], objects: [], slicerAngles: [{ time: 1, angles: [0, 0, 0], center: [0, 0, 0], label: "x".repeat(32) }] },
    ],
  ])("refuses %s", (_, wanted) => {
    let thrown: unknown;
    try {
      encodeMod(wanted);
    } catch (error) {
      thrown = error;
    }
    expect(isEmporiumError(thrown) && thrown.code).toBe("FORMAT_FIELD");
  });
});
