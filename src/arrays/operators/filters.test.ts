import { describe, expect, it } from "vitest";
import { tiled, wholeBlock } from "../../../test/blocks.js";
import { type Triple, volumeOf } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { isEmporiumError } from "../../core/errors.js";
import { voxelAt } from "./edge.js";
import { OPERATORS, operatorOf } from "./table.js";
import { newVoxels, type VoxelArray } from "./voxels.js";

const facts = (dtype: DType, shape: Triple) => ({ dtype, shape, voxelSizeNm: [8, 4, 4] as const });

function of(
  name: string,
  params: unknown,
  dtype: DType,
  shape: Triple,
  values: readonly (number | bigint)[],
  block = shape,
): VoxelArray {
  const data = newVoxels(dtype, volumeOf(shape));
  values.forEach((value, at) => {
    (data as { [at: number]: number | bigint })[at] = value;
  });
  return tiled(operatorOf(name).bind(params, [facts(dtype, shape)]), [wholeBlock(data, dtype, shape)], block);
}

function faultOf(name: string, params: unknown, dtype: DType = "float32", shape: Triple = [8, 8, 8]): string | undefined {
  try {
    operatorOf(name).bind(params, [facts(dtype, shape)]);
  } catch (error) {
    return isEmporiumError(error) ? `${error.facts.place?.path}: ${error.message}` : String(error);
  }
  return undefined;
}

describe("edge rules", () => {
  // the rows of scipy.ndimage's own documentation, of a b c d
  const around = (rule: Parameters<typeof voxelAt>[2]) =>
    Array.from({ length: 12 }, (_, i) => "kabcd"[voxelAt(i - 4, 4, rule) + 1]).join("");
  it("are scipy's", () => {
    expect(around("reflect")).toBe("dcbaabcddcba");
    expect(around("mirror")).toBe("cdcbabcdcbab");
    expect(around("nearest")).toBe("aaaaabcddddd");
    expect(around("constant")).toBe("kkkkabcdkkkk");
  });

  it("know one voxel alone, and a border that is far away", () => {
    expect(voxelAt(-7, 1, "mirror")).toBe(0);
    expect(voxelAt(-9, 4, "reflect")).toBe(0);
    expect(voxelAt(10, 4, "mirror")).toBe(2);
  });
});

describe("gaussian", () => {
  it("takes its sigma in nanometres, by axis, and says what halo it needs", () => {
    const bound = operatorOf("gaussian").bind({ sigma: { nm: 8 } }, [facts("int16", [9, 9, 9])]);
    expect(bound.params.sigma).toEqual([1, 2, 2]);
    expect(bound.halo).toEqual([4, 8, 8]);
    expect(bound.output.dtype).toBe("float32");
  });

  it("spreads one voxel as scipy does", () => {
    const values = Array.from({ length: 7 }, (_, i) => (i === 3 ? 1 : 0));
    // scipy.ndimage.gaussian_filter(x, (0, 0, 0.5), output="f4"), scipy 1.17
    const expected = [
      0, 0.00026386507670395076, 0.10645077377557755, 0.7865707278251648, 0.10645077377557755, 0.00026386507670395076, 0,
    ];
    expect([...of("gaussian", { sigma: [0, 0, 0.5] }, "float32", [1, 1, 7], values, [1, 1, 2])]).toEqual(expected);
  });

  it("with sigma 0 is a conversion", () => {
    expect([...of("gaussian", { sigma: 0 }, "uint8", [1, 1, 3], [1, 2, 3])]).toEqual([1, 2, 3]);
  });

  it("refuses what it does not know", () => {
    expect(faultOf("gaussian", { sigma: 1, edge: "wrap" })).toMatch(/^edge: .*far side/);
    expect(faultOf("gaussian", { sigma: -1 })).toMatch(/^sigma: .*not negative/);
    expect(faultOf("gaussian", { sigma: 1 }, "uint64")).toMatch(/put a cast before it/);
    const unsized = { dtype: "float32", shape: [8, 8, 8], voxelSizeNm: [undefined, 4, 4] } as const;
    expect(() => operatorOf("gaussian").bind({ sigma: { nm: 1 } }, [{ ...unsized, shape: [8, 8, 8] }])).toThrow(
      /no voxel size along z/,
    );
  });
});

describe("median, morphology, gradient", () => {
  it("median of three, reflected", () => {
    expect([...of("median", { size: [1, 1, 3] }, "uint8", [1, 1, 5], [9, 1, 5, 7, 3], [1, 1, 2])]).toEqual([9, 5, 5, 5, 3]);
    expect(faultOf("median", { size: 4 })).toMatch(/^size: .*odd/);
    expect(faultOf("median", { size: 17 })).toMatch(/4096/);
  });

  it("a single voxel grows into the neighbours that count", () => {
    const values = Array.from({ length: 27 }, (_, i) => (i === 13 ? 1 : 0));
    const count = (connectivity: number) =>
      Array.from(
        of("morphology", { operation: "dilate", connectivity, binary: true }, "uint8", [3, 3, 3], values) as Uint8Array,
      ).reduce((sum, value) => sum + value, 0);
    expect([6, 18, 26].map(count)).toEqual([7, 19, 27]);
    expect(faultOf("morphology", { operation: "erode", connectivity: 8 })).toMatch(/6, 18 or 26/);
  });

  it("halos add up", () => {
    const halo = (params: object) => operatorOf("morphology").bind(params, [facts("uint8", [9, 9, 9])]).halo[0];
    expect(halo({ operation: "erode", iterations: 3 })).toBe(3);
    expect(halo({ operation: "open", iterations: 3 })).toBe(6);
  });

  it("a ramp is as steep everywhere", () => {
    const ramp = Array.from({ length: 12 }, (_, i) => 3 * (i % 4));
    const central = { method: "central", component: "x" };
    expect([...of("gradient", central, "float32", [1, 3, 4], ramp, [1, 2, 2])]).toEqual(Array(12).fill(3));
    // 2 · 3 across two voxels, times the weights 1 + 2 + 1 of both other axes
    expect(of("gradient", { component: "x" }, "float32", [1, 3, 4], ramp)[5]).toBe(2 * 3 * 16);
    expect(faultOf("gradient", { method: "central" }, "float32", [1, 8, 8])).toMatch(/needs 2 voxels along z/);
  });
});

describe("downsample", () => {
  it("halves: means of what there is, modes with ties to the smaller", () => {
    expect([...of("downsample", { factor: [1, 1, 2] }, "int16", [1, 1, 5], [1, 2, 5, 6, 9])]).toEqual([1.5, 5.5, 9]);
    expect([...of("downsample", { factor: [1, 1, 2], dtype: "input" }, "int16", [1, 1, 5], [1, 2, 5, 6, 9])]).toEqual([2, 6, 9]);
    expect([...of("downsample", { method: "mode", factor: [1, 2, 2] }, "uint16", [1, 2, 4], [7, 3, 1, 1, 3, 7, 2, 2])]).toEqual([
      3, 1,
    ]);
  });

  it("keeps labels of 64 bits", () => {
    const large = 2n ** 63n + 1n;
    const values = [large, large + 1n, 5n, 5n];
    expect([...of("downsample", { method: "mode", factor: [1, 1, 2] }, "uint64", [1, 1, 4], values)]).toEqual([large, 5n]);
    expect([...of("downsample", { method: "max", factor: [1, 1, 2] }, "uint64", [1, 1, 4], values)]).toEqual([large + 1n, 5n]);
    const small = [2n ** 40n, 3n, 3n, 3n];
    expect([...of("downsample", { method: "mode", factor: [1, 1, 2] }, "uint64", [1, 1, 4], small)]).toEqual([3n, 3n]);
    expect([...of("downsample", { method: "stride", factor: [1, 1, 2] }, "int64", [1, 1, 3], [-1n, 3n, -(2n ** 40n)])]).toEqual([
      -1n,
      -(2n ** 40n),
    ]);
  });

  it("says what it makes of the grid", () => {
    const bound = operatorOf("downsample").bind({}, [facts("int16", [5, 8, 9])]);
    expect(bound.output).toEqual({ dtype: "float32", shape: [3, 4, 5], voxelSizeNm: [16, 8, 8] });
    expect(bound.inputBox({ start: [2, 0, 4], stop: [3, 2, 5] })).toEqual({ start: [4, 0, 8], stop: [5, 4, 9] });
  });
});

describe("lut", () => {
  it("takes a table or a map, and says what else becomes", () => {
    expect([...of("lut", { table: [0, 10, 20] }, "uint8", [1, 1, 4], [2, 1, 0, 3])]).toEqual([20, 10, 0, 0]);
    expect([...of("lut", { map: { "7": 1 }, otherwise: "keep" }, "uint64", [1, 1, 2], [7n, 2n ** 60n])]).toEqual([1n, 2n ** 60n]);
    expect(faultOf("lut", {}, "uint8")).toMatch(/table or map/);
    expect(faultOf("lut", { table: [1] }, "float32")).toMatch(/takes integers/);
  });
});

describe("the table", () => {
  it("has names in order, each once", () => {
    const names = OPERATORS.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
  });
});
