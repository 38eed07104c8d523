import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyZYX, meanYX, meanZYX, roundedMean, strideYX } from "../../../arrays/kernels/plain.js";
import type { Triple } from "../../../core/box.js";
import { compareLevels, levelFactors, levelRuleOf } from "./levels.js";

/** The level above by the definitions of the kernels, plane by plane. */
function above(voxels: Float32Array, [nz, ny, nx]: Triple, factors: Triple, zeros: boolean): Float32Array {
  const plane = (z: number) => ({ voxels: voxels.subarray(z * ny * nx, (z + 1) * ny * nx), row: nx });
  const planes: Float32Array[] = [];
  for (let z = 0; z < nz; z += factors[0]) {
    const second = factors[0] === 2 && z + 1 < nz ? plane(z + 1) : undefined;
    planes.push(factors[0] === 2 ? meanZYX(plane(z), second, ny, nx, zeros) : meanYX(plane(z), ny, nx, zeros));
  }
  return Float32Array.from(planes.flatMap((one) => [...one]));
}

const bytesOf = (numbers: { buffer: ArrayBufferLike }) => new Uint8Array(numbers.buffer as ArrayBuffer);
const shapes = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 7 }));

describe("compareLevels", () => {
  it("finds nothing in what the kernels make, of any shape, by either rule of edges", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.boolean(),
        fc.constantFrom<Triple>([2, 2, 2], [1, 2, 2]),
        fc.integer(),
        (shape, zeros, factors, seed) => {
          const voxels = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) =>
            Math.fround(Math.sin(seed + i) * 1e3 + 7),
          );
          const result = compareLevels(
            bytesOf(voxels),
            shape,
            bytesOf(above(voxels, shape, factors, zeros)),
            factors,
            "mean",
            "float32",
          );
          expect(result.wrong).toBe(0);
          expect(result[zeros ? "present" : "zeros"]).toBe(0);
          const isOdd = shape.some((length, axis) => factors[axis] === 2 && length % 2 === 1);
          expect(result[zeros ? "zeros" : "present"] > 0).toBe(isOdd);
        },
      ),
    );
  });

  it("recomputes rounded means of integers, and finds one that was rounded up", () => {
    const shape: Triple = [2, 2, 4];
    // means 2.5 and 1.5
    const voxels = Int16Array.of(2, 3, 1, 2, 2, 3, 1, 2, 2, 3, 1, 2, 2, 3, 1, 2);
    const check = (coarse: Int16Array) => compareLevels(bytesOf(voxels), shape, bytesOf(coarse), [2, 2, 2], "rounded", "int16");
    expect(check(Int16Array.of(2, 2))).toMatchObject({ voxels: 2, wrong: 0 });
    expect(check(Int16Array.of(3, 2))).toMatchObject({ wrong: 1, first: { at: [0, 0, 0], expected: 2, found: 3 } });
    const odd: Triple = [1, 3, 3];
    const plane = { voxels: Int16Array.of(9, 9, 8, -7, 5, 3, 100, 7, -9), row: 3 };
    for (const zeros of [false, true]) {
      const coarse = Int16Array.from(roundedMean([plane], 3, 3, zeros, true));
      const result = compareLevels(bytesOf(plane.voxels), odd, bytesOf(coarse), [1, 2, 2], "rounded", "int16");
      expect(result).toMatchObject(zeros ? { wrong: 0, present: 0, zeros: 3 } : { wrong: 0, present: 3, zeros: 0 });
    }
  });

  it("knows integers that were kept by their image's metadata alone", () => {
    expect([levelRuleOf("int8", "half to even"), levelRuleOf("int16", "half to even")]).toEqual(["rounded", "rounded"]);
    expect([levelRuleOf("int8"), levelRuleOf("uint16"), levelRuleOf("int16")]).toEqual(["any", "stride", undefined]);
    expect(levelRuleOf("float32", "half to even")).toBe("mean");
  });

  it("finds each voxel that is off, and says where", () => {
    const shape: Triple = [4, 4, 6];
    const voxels = Float32Array.from({ length: 96 }, (_, i) => i);
    const good = above(voxels, shape, [2, 2, 2], false);
    for (let at = 0; at < good.length; at++) {
      const bad = Float32Array.from(good);
      bad[at]! += 0.01;
      const { wrong, first, voxels: all } = compareLevels(bytesOf(voxels), shape, bytesOf(bad), [2, 2, 2], "mean", "float32");
      expect([wrong, all]).toEqual([1, 12]);
      expect(first!.at).toEqual([Math.floor(at / 6), Math.floor(at / 3) % 2, at % 3]);
      expect(first!.expected).toBeCloseTo(good[at]!, 4);
    }
  });

  it("does not mind the order of additions, nor values that cancel", () => {
    const voxels = Float32Array.of(1e8, 1, -1e8, 1, 3, 3, 3, 3);
    const sum = voxels.reduceRight((a, b) => Math.fround(a + b), 0);
    expect(compareLevels(bytesOf(voxels), [2, 2, 2], bytesOf(Float32Array.of(sum / 8)), [2, 2, 2], "mean", "float32").wrong).toBe(
      0,
    );
    expect(compareLevels(bytesOf(voxels), [2, 2, 2], bytesOf(Float32Array.of(1e4)), [2, 2, 2], "mean", "float32").wrong).toBe(1);
  });

  it("takes what is not finite as what is not finite", () => {
    const check = (below: number, found: number) =>
      compareLevels(bytesOf(Float32Array.of(below, 1)), [1, 1, 2], bytesOf(Float32Array.of(found)), [1, 2, 2], "mean", "float32")
        .wrong;
    expect([
      check(Number.NaN, Number.NaN),
      check(Number.POSITIVE_INFINITY, Number.NaN),
      check(Number.NaN, 1),
      check(3, 2),
    ]).toEqual([0, 0, 1, 0]);
  });

  it("any hit of a mask, every second voxel of labels", () => {
    const mask = Uint8Array.from({ length: 3 * 3 * 5 }, (_, i) => (i % 7 === 0 ? 1 : 0));
    const plane = (z: number) => ({ voxels: mask.subarray(z * 15, (z + 1) * 15), row: 5 });
    const hits = Int8Array.from([...anyZYX(plane(0), plane(1), 3, 5), ...anyZYX(plane(2), undefined, 3, 5)]);
    expect(compareLevels(mask, [3, 3, 5], bytesOf(hits), [2, 2, 2], "any", "int8").wrong).toBe(0);
    hits[0] = 0;
    expect(compareLevels(mask, [3, 3, 5], bytesOf(hits), [2, 2, 2], "any", "int8").wrong).toBe(1);
    const labels = Uint16Array.from({ length: 2 * 3 * 5 }, (_, i) => i);
    const thinned = strideYX({ voxels: labels, row: 5 }, 3, 5);
    expect(compareLevels(bytesOf(labels), [2, 3, 5], bytesOf(thinned), [2, 2, 2], "stride", "uint16").wrong).toBe(0);
    thinned[1] = 9;
    expect(compareLevels(bytesOf(labels), [2, 3, 5], bytesOf(thinned), [2, 2, 2], "stride", "uint16").first).toEqual({
      at: [0, 0, 1],
      expected: 2,
      found: 9,
    });
  });
});

describe("levelFactors", () => {
  it.each<[fine: Triple, coarse: Triple, factors: Triple | undefined]>([
    [
      [21, 50, 64],
      [11, 25, 32],
      [2, 2, 2],
    ],
    [
      [3, 72, 96],
      [3, 36, 48],
      [1, 2, 2],
    ],
    [
      [1, 5, 5],
      [1, 3, 3],
      [1, 2, 2],
    ],
    [
      [2, 1, 1],
      [1, 1, 1],
      [2, 2, 2],
    ],
    [[4, 4, 4], [2, 2, 3], undefined],
    [[4, 4, 4], [4, 4, 2], undefined],
  ])("%j to %j is %j", (fine, coarse, factors) => {
    expect(levelFactors(fine, coarse)).toEqual(factors);
  });
});

describe("levelRuleOf", () => {
  it("knows the portal's types, and none for others", () => {
    expect(["float32", "int8", "uint16", "int16"].map((dtype) => levelRuleOf(dtype as "float32"))).toEqual([
      "mean",
      "any",
      "stride",
      undefined,
    ]);
  });
});
