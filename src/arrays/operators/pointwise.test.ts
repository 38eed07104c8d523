import { describe, expect, it } from "vitest";
import { tiled, wholeBlock } from "../../../test/blocks.js";
import type { Triple } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { isEmporiumError } from "../../core/errors.js";
import { operatorOf } from "./table.js";
import { newVoxels, type VoxelArray } from "./voxels.js";

const facts = (dtype: DType, shape: Triple = [1, 1, 1]) => ({ dtype, shape, voxelSizeNm: [8, 4, 4] as const });

function row(dtype: DType, values: readonly (number | bigint)[]): { data: VoxelArray; shape: Triple } {
  const data = newVoxels(dtype, values.length);
  values.forEach((value, at) => {
    (data as { [at: number]: number | bigint })[at] = value;
  });
  return { data, shape: [1, 1, values.length] };
}

/** The values of one row. */
function of(name: string, params: unknown, dtype: DType, values: readonly (number | bigint)[]): (number | bigint)[] {
  const { data, shape } = row(dtype, values);
  const bound = operatorOf(name).bind(params, [facts(dtype, shape)]);
  return [...(tiled(bound, [wholeBlock(data, dtype, shape)], [1, 1, 3]) as Iterable<number | bigint>)];
}

function fault(work: () => unknown): { code: string; message: string; path: string | undefined } | undefined {
  try {
    work();
  } catch (error) {
    if (isEmporiumError(error)) return { code: error.code, message: error.message, path: error.facts.place?.path };
  }
  return undefined;
}

describe("cast", () => {
  // expected: np.rint(np.clip(x, low, high)).astype(t), np.clip(…).astype(t) and x.astype(t) of numpy 1.26
  it("saturates, ties to even", () => {
    const values = [-3.5, -0.5, 0.5, 1.5, 2.5, 254.6, 300, Number.NaN, Infinity, -Infinity];
    expect(of("cast", { dtype: "uint8" }, "float32", values)).toEqual([0, 0, 0, 2, 2, 255, 255, 0, 255, 0]);
    expect(of("cast", { dtype: "uint8", round: "zero" }, "float32", values)).toEqual([0, 0, 0, 1, 2, 254, 255, 0, 255, 0]);
    expect(of("cast", { dtype: "int8" }, "uint16", [0, 127, 128, 65535])).toEqual([0, 127, 127, 127]);
  });

  it("wraps around as numpy's astype", () => {
    expect(of("cast", { dtype: "int8", rule: "wrap" }, "int16", [127, 128, -129, 256])).toEqual([127, -128, 127, 0]);
    expect(of("cast", { dtype: "uint8", rule: "wrap" }, "int64", [-1n, 257n, 2n ** 40n])).toEqual([255, 1, 0]);
    expect(of("cast", { dtype: "uint64", rule: "wrap" }, "int64", [-1n])).toEqual([2n ** 64n - 1n]);
  });

  it("is exact to and from 64 bits", () => {
    const large = 2n ** 53n + 1n;
    expect(of("cast", { dtype: "uint64" }, "int64", [large, -5n])).toEqual([large, 0n]);
    expect(of("cast", { dtype: "int64" }, "uint64", [2n ** 64n - 1n])).toEqual([2n ** 63n - 1n]);
    expect(of("cast", { dtype: "uint64" }, "float64", [1e30, -1, 2.5, Number.NaN])).toEqual([2n ** 64n - 1n, 0n, 2n, 0n]);
    expect(of("cast", { dtype: "uint32" }, "uint64", [2n ** 32n])).toEqual([4294967295]);
  });

  it("reads float16, and takes what is not 0 for true", () => {
    expect(of("cast", { dtype: "float32" }, "float16", [0x3c00, 0xc000, 0x0001])).toEqual([1, -2, 2 ** -24]);
    expect(of("cast", { dtype: "bool" }, "float32", [0, -0, 0.1, Number.NaN])).toEqual([0, 0, 1, 1]);
  });
});

describe("affine, clip, threshold", () => {
  it("rounds once", () => {
    // np.float32(np.float64(3) * 0.1 + 1), the same of -7
    expect(of("affine", { scale: 0.1, offset: 1 }, "int16", [3, -7])).toEqual([1.2999999523162842, 0.30000001192092896]);
  });

  it("clip within the type's range", () => {
    expect(of("clip", { low: -5, high: 1000 }, "uint8", [0, 255])).toEqual([0, 255]);
    expect(of("clip", { low: 2 }, "float32", [1, 3, Number.NaN])).toEqual([2, 3, Number.NaN]);
    expect(fault(() => operatorOf("clip").bind({ low: 0.5 }, [facts("int16")]))?.path).toBe("low");
  });

  it("compare strictly, 64 bits exactly", () => {
    expect(of("threshold", { above: 2 }, "float32", [2, 2.5, Number.NaN, Infinity])).toEqual([0, 1, 0, 1]);
    expect(of("threshold", { below: 0 }, "float32", [-Infinity, 0, Number.NaN])).toEqual([1, 0, 0]);
    expect(of("threshold", { above: 2 ** 53 }, "uint64", [2n ** 53n, 2n ** 53n + 1n])).toEqual([0, 1]);
  });
});

describe("crop and mask", () => {
  it("cut and fill", () => {
    const shape: Triple = [4, 5, 6];
    const data = Int16Array.from({ length: 120 }, (_, i) => i);
    const volume = wholeBlock(data, "int16", shape);
    const cropped = operatorOf("crop").bind({ start: [1, 2, 3], size: [2, 2, 2] }, [facts("int16", shape)]);
    expect([...tiled(cropped, [volume], [1, 2, 1])]).toEqual([45, 46, 51, 52, 75, 76, 81, 82]);
    const by = wholeBlock(
      Uint8Array.from(data, (v) => v % 2),
      "uint8",
      shape,
    );
    const masked = operatorOf("mask").bind({ fill: -1 }, [facts("int16", shape), facts("uint8", shape)]);
    expect([...tiled(masked, [volume, by], [3, 2, 4])]).toEqual([...data].map((v) => (v % 2 ? v : -1)));
  });

  it("refuse what does not fit", () => {
    expect(fault(() => operatorOf("crop").bind({ start: [0, 0, 5], size: [1, 1, 2] }, [facts("int16", [4, 5, 6])]))).toEqual({
      code: "CONFIG_FIELD",
      message: "crop: size.2: ends at voxel 7 along x, the volume at 6",
      path: "size.2",
    });
    expect(fault(() => operatorOf("mask").bind({ fill: 300 }, [facts("uint8"), facts("uint8")]))?.path).toBe("fill");
  });
});

describe("parameters", () => {
  it("are refused with their path, all at once", () => {
    try {
      operatorOf("cast").bind({ dtype: "float8", rule: "up" }, [facts("int16")]);
      expect.unreachable();
    } catch (error) {
      expect(isEmporiumError(error) && [error.facts.place?.path, ...(error.facts.others ?? []).map(({ path }) => path)]).toEqual([
        "dtype",
        "rule",
      ]);
    }
    expect(fault(() => operatorOf("gausian"))?.code).toBe("CONFIG_FIELD");
  });

  it("bind again as they were bound", () => {
    const bound = operatorOf("cast").bind({ dtype: "uint8" }, [facts("float32")]);
    const json: unknown = JSON.parse(JSON.stringify(bound.params));
    expect(operatorOf("cast").bind(json, [facts("float32")]).params).toEqual(bound.params);
  });
});
