import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Box, Triple } from "../../../core/box.js";
import { Float } from "../../../core/number.js";
import { coarserBox, factorsOf, formatCropBox, parseCropBox } from "./levels.js";
import { shiftedTransform, shiftedTransformations } from "./shifted.js";

describe("the text of a crop", () => {
  it("is z, y, x, half-open; blanks do no harm, and voxel offsets may be negative", () => {
    const box: Box = { start: [12000, 11000, 10000], stop: [12600, 11400, 10200] };
    expect(parseCropBox("12000:12600,11000:11400,10000:10200")).toEqual(box);
    expect(formatCropBox(box)).toBe("12000:12600,11000:11400,10000:10200");
    expect(parseCropBox(" -5 : 3, 0:1 ,2:4")).toEqual({ start: [-5, 0, 2], stop: [3, 1, 4] });
  });

  it.each([
    "",
    "1:2",
    "1:2,3:4",
    "1:2,3:4,5:6,7:8",
    "1:2,3:4,5-6",
    "1.5:2,3:4,5:6",
    "a:b,c:d,e:f",
    ":,:,:",
    "2:2,3:4,5:6",
    "2:1,3:4,5:6",
  ])("refused: %j", (text) => {
    expect(() => parseCropBox(text)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});

describe("the part of a coarser level", () => {
  const whole = (shape: Triple): Box => ({ start: [0, 0, 0], stop: shape });

  it("covers the finer one's, with less than a voxel of its own beyond, and never leaves the level", () => {
    const axis = fc.tuple(fc.integer({ min: 1, max: 500 }), fc.nat(), fc.nat(), fc.constantFrom(1, 2, 3, 4, 8));
    fc.assert(
      fc.property(fc.tuple(axis, axis, axis), (axes) => {
        const shape = axes.map(([length]) => length) as Triple;
        const ends = axes.map(([length, a, b]) => [a % length, b % length].sort((x, y) => x - y) as [number, number]);
        const fine: Box = { start: ends.map(([from]) => from) as Triple, stop: ends.map(([, to]) => to + 1) as Triple };
        const factors = axes.map(([, , , factor]) => factor) as Triple;
        const coarse = shape.map((length, i) => Math.ceil(length / factors[i]!)) as Triple;
        const { start, stop } = coarserBox(fine, factors, whole(coarse));
        for (let i = 0; i < 3; i++) {
          expect(start[i]! * factors[i]!).toBeLessThanOrEqual(fine.start[i]!);
          expect(stop[i]! * factors[i]!).toBeGreaterThanOrEqual(fine.stop[i]!);
          expect((start[i]! + 1) * factors[i]!).toBeGreaterThan(fine.start[i]!);
          expect((stop[i]! - 1) * factors[i]!).toBeLessThan(fine.stop[i]!);
          expect(stop[i]!).toBeLessThanOrEqual(coarse[i]!);
        }
      }),
    );
  });

  it("a level that leaves out the last odd voxel still has one to give", () => {
    const box: Box = { start: [6, 0, 0], stop: [7, 1, 1] };
    expect(coarserBox(box, [2, 2, 2], whole([3, 3, 3]))).toEqual({ start: [2, 0, 0], stop: [3, 1, 1] });
  });

  it("factors are quotients of voxel sizes, as decimal numbers have them, else of lengths", () => {
    const fine = { size: [2.96, 4, 4], shape: [564, 2520, 2596] as Triple };
    const coarse = { size: [23.68, 32, 32], shape: [71, 315, 325] as Triple };
    const box: Box = { start: [8, 16, 24], stop: [16, 24, 32] };
    expect(coarserBox(box, factorsOf(fine, coarse), whole(coarse.shape))).toEqual({ start: [1, 2, 3], stop: [2, 3, 4] });
    const unknown = [undefined, undefined, undefined];
    expect(factorsOf({ ...fine, size: unknown }, { ...coarse, size: unknown })).toEqual([8, 8, 8]);
  });
});

describe("places that move", () => {
  const numbers = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

  it.each<[string, object[], object[]]>([
    [
      "a scale alone",
      [{ type: "scale", scale: [2, 3] }],
      [
        { type: "scale", scale: [2, 3] },
        { type: "translation", translation: [20, 15] },
      ],
    ],
    [
      "scale and translation",
      [
        { type: "scale", scale: [2, 3] },
        { type: "translation", translation: [1, new Float(0.5)] },
      ],
      [
        { type: "scale", scale: [2, 3] },
        { type: "translation", translation: [21, 15.5] },
      ],
    ],
    ["nothing but the identity", [{ type: "identity" }], [{ type: "identity" }, { type: "translation", translation: [10, 5] }]],
    [
      "two scales",
      [
        { type: "scale", scale: [2, 3] },
        { type: "scale", scale: [10, 10] },
      ],
      [
        { type: "scale", scale: [2, 3] },
        { type: "scale", scale: [10, 10] },
        { type: "translation", translation: [200, 150] },
      ],
    ],
  ])("%s", (_, before, after) => {
    expect(numbers(shiftedTransformations(before as never, [10, 5]))).toEqual(numbers(after));
    expect(shiftedTransformations(before as never, [0, 0])).toBe(before);
  });

  it("what a file does not say stays unsaid", () => {
    expect(shiftedTransformations(undefined, [1, 2])).toBeUndefined();
    expect(shiftedTransform({}, [1, 2])).toEqual({});
    expect(shiftedTransform({ transform: { scale: [1, 1, 1] } }, [1, 2])).toEqual({});
  });

  it("Janelia's transform, in either order of axes", () => {
    const transform = { axes: ["z", "y", "x"], scale: [3.1, 4, 5], translate: [1, 0, 0] };
    expect(numbers(shiftedTransform({ transform }, [4, 5, 6]))).toMatchObject({ transform: { translate: [13.4, 20, 30] } });
    const turned = { axes: ["x", "y", "z"], scale: [5, 4, 3.1], translate: [0, 0, 1] };
    expect(numbers(shiftedTransform({ transform: turned }, [4, 5, 6]))).toMatchObject({
      transform: { translate: [30, 20, 13.4] },
    });
    const unnamed = { ordering: "F", scale: [5, 4, 3.1] };
    expect(numbers(shiftedTransform({ transform: unnamed }, [4, 5, 6]))).toMatchObject({
      transform: { translate: [30, 20, 12.4] },
    });
  });
});
