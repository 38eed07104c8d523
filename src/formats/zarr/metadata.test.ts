import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { zarrDTypeText } from "./dtype.js";
import { parseZarray, parseZattrs, parseZgroup, parseZmetadata, printZarray, type ZarrArrayMeta } from "./metadata.js";

const text = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const valid = {
  chunks: [2, 2],
  compressor: { id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 },
  dtype: "<f4",
  fill_value: 0,
  filters: null,
  order: "C",
  shape: [3, 5],
  zarr_format: 2,
};
const without = (key: keyof typeof valid) => Object.fromEntries(Object.entries(valid).filter(([name]) => name !== key));

function refusal(work: () => unknown): [string, string | undefined] | "read" {
  try {
    work();
    return "read";
  } catch (error) {
    if (!isEmporiumError(error)) throw error;
    return [error.code, error.facts.place?.path];
  }
}

describe("parseZarray", () => {
  it("takes what the specification asks for, and the default separator", () => {
    expect(parseZarray(text(valid))).toEqual({
      shape: [3, 5],
      chunks: [2, 2],
      type: { dtype: "float32", littleEndian: true, itemBytes: 4, swapBytes: 4 },
      compressor: valid.compressor,
      fillValue: 0,
      order: "C",
      dimensionSeparator: ".",
    });
  });

  it.each([
    ["another version", { ...valid, zarr_format: 3 }, "FORMAT_UNSUPPORTED", "zarr_format"],
    ["no version", without("zarr_format"), "FORMAT_FIELD", "zarr_format"],
    ["a version of text", { ...valid, zarr_format: "2" }, "FORMAT_FIELD", "zarr_format"],
    ["no shape", without("shape"), "FORMAT_FIELD", "shape"],
    ["a negative length", { ...valid, shape: [3, -5] }, "FORMAT_FIELD", "shape.1"],
    ["a broken length", { ...valid, shape: [3, 0.5] }, "FORMAT_FIELD", "shape.1"],
    ["a length of 10^18", { ...valid, shape: [3, 1e18] }, "FORMAT_LIMIT", "shape.1"],
    ["more elements than can be counted", { ...valid, shape: [2 ** 30, 2 ** 30] }, "FORMAT_LIMIT", "shape"],
    ["too many axes", { ...valid, shape: Array(33).fill(1), chunks: Array(33).fill(1) }, "FORMAT_LIMIT", "shape"],
    ["a chunk of 0", { ...valid, chunks: [0, 2] }, "FORMAT_FIELD", "chunks.0"],
    ["chunks of another rank", { ...valid, chunks: [2] }, "FORMAT_FIELD", "chunks"],
    ["a chunk of 4 GiB", { ...valid, chunks: [2 ** 15, 2 ** 15] }, "FORMAT_LIMIT", "chunks"],
    ["text", { ...valid, dtype: "<U7" }, "FORMAT_UNSUPPORTED", "dtype"],
    ["dates", { ...valid, dtype: "<M8[ns]" }, "FORMAT_UNSUPPORTED", "dtype"],
    ["objects", { ...valid, dtype: "|O" }, "FORMAT_UNSUPPORTED", "dtype"],
    ["wide complex numbers", { ...valid, dtype: "<c16" }, "FORMAT_UNSUPPORTED", "dtype"],
    ["a word without byte order", { ...valid, dtype: "|i2" }, "FORMAT_UNSUPPORTED", "dtype"],
    ["structures", { ...valid, dtype: [["a", "<i4"]] }, "FORMAT_UNSUPPORTED", "dtype"],
    ["no type", without("dtype"), "FORMAT_FIELD", "dtype"],
    ["a compressor that is not read", { ...valid, compressor: { id: "zfpy" } }, "FORMAT_UNSUPPORTED", "compressor.id"],
    ["a codec named as a method", { ...valid, compressor: { id: "constructor" } }, "FORMAT_UNSUPPORTED", "compressor.id"],
    ["a codec without name", { ...valid, compressor: {} }, "FORMAT_FIELD", "compressor.id"],
    ["a codec of text", { ...valid, compressor: "blosc" }, "FORMAT_FIELD", "compressor"],
    ["filters that are not read", { ...valid, filters: [{ id: "categorize" }] }, "FORMAT_UNSUPPORTED", "filters.0.id"],
    ["filters that are no list", { ...valid, filters: {} }, "FORMAT_FIELD", "filters"],
    ["another order", { ...valid, order: "A" }, "FORMAT_FIELD", "order"],
    ["another separator", { ...valid, dimension_separator: "_" }, "FORMAT_FIELD", "dimension_separator"],
    ["fill value in base64", { ...valid, fill_value: "AAAAAA==" }, "FORMAT_FIELD", "fill_value"],
    ["fill value of a byte out of range", { ...valid, dtype: "|i1", fill_value: 128 }, "FORMAT_FIELD", "fill_value"],
    ["fill value of an integer with a fraction", { ...valid, dtype: "<i4", fill_value: 0.5 }, "FORMAT_FIELD", "fill_value"],
    ["fill value of an integer that is NaN", { ...valid, dtype: "<i4", fill_value: "NaN" }, "FORMAT_FIELD", "fill_value"],
    ["fill value of a bool", { ...valid, dtype: "|b1", fill_value: 2 }, "FORMAT_FIELD", "fill_value"],
    ["fill value of a complex number", { ...valid, dtype: "<c8", fill_value: 0 }, "FORMAT_FIELD", "fill_value"],
  ])("refuses %s", (_, document, code, path) => {
    expect(refusal(() => parseZarray(text(document)))).toEqual([code, path]);
  });

  it.each([
    ["|u1", "255", 255],
    ["<i2", "-3.0", -3],
    ["<f4", '"NaN"', Number.NaN],
    ["<f8", '"-Infinity"', Number.NEGATIVE_INFINITY],
    ["<f4", '"0"', 0],
    ["|i1", '"0"', 0],
    ["<f4", "null", null],
    ["<i8", "-9223372036854775808", -(2n ** 63n)],
    ["<u8", "18446744073709551615", 2n ** 64n - 1n],
    ["|b1", "1", true],
    ["|b1", "false", false],
  ])("takes fill value of %s written as %s", (dtype, written, value) => {
    const document = JSON.stringify({ ...valid, dtype, fill_value: "HERE" }).replace('"HERE"', written);
    expect(parseZarray(text(document)).fillValue).toEqual(value);
  });

  it("says where JSON breaks off, and refuses other text", () => {
    expect(refusal(() => parseZarray(text('{"shape": [1,')))).toEqual(["FORMAT_CORRUPT", undefined]);
    expect(refusal(() => parseZarray(Uint8Array.of(0xff, 0xfe)))).toEqual(["FORMAT_CORRUPT", undefined]);
    expect(refusal(() => parseZarray(text("[]")))).toEqual(["FORMAT_FIELD", undefined]);
    expect(refusal(() => parseZattrs(new Uint8Array(LIMITS.metadataBytes + 1)))).toEqual(["FORMAT_LIMIT", undefined]);
  });
});

describe("printZarray", () => {
  const meta: ZarrArrayMeta = {
    shape: [46, 30, 50],
    chunks: [256, 256, 256],
    type: { dtype: "float32", littleEndian: true, itemBytes: 4, swapBytes: 4 },
    compressor: { id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 },
    fillValue: 0,
    order: "C",
    dimensionSeparator: "/",
  };
  it("gives floats a point and integers none", () => {
    expect(printZarray(meta)).toContain('"fill_value": 0.0,');
    const int8 = { ...meta, type: { dtype: "int8", littleEndian: true, itemBytes: 1, swapBytes: 1 } as const };
    expect(printZarray(int8)).toContain('"dtype": "|i1",');
    expect(printZarray(int8)).toContain('"fill_value": 0,');
    expect(printZarray({ ...meta, fillValue: Number.POSITIVE_INFINITY })).toContain('"fill_value": "Infinity",');
  });
  it("reads back as itself", () => {
    expect(parseZarray(text(printZarray(meta)))).toEqual(meta);
  });
  it("has no type for packed 4-bit voxels", () => {
    const packed = { ...meta, type: { dtype: "uint4", littleEndian: true, itemBytes: 0.5, swapBytes: 1 } as const };
    expect(refusal(() => printZarray(packed))).toEqual(["FORMAT_UNSUPPORTED", undefined]);
  });
  it("names types as numpy does", () => {
    const all = (["int8", "bool", "uint16", "float16", "complex64"] as const).map((dtype) => [
      zarrDTypeText(dtype),
      zarrDTypeText(dtype, false),
    ]);
    expect(all).toEqual([
      ["|i1", "|i1"],
      ["|b1", "|b1"],
      ["<u2", ">u2"],
      ["<f2", ">f2"],
      ["<c8", ">c8"],
    ]);
  });
});

describe("groups and consolidated metadata", () => {
  it("checks the version of a group", () => {
    expect(refusal(() => parseZgroup(text({ zarr_format: 2 })))).toBe("read");
    expect(refusal(() => parseZgroup(text({ zarr_format: 3 })))).toEqual(["FORMAT_UNSUPPORTED", "zarr_format"]);
    expect(refusal(() => parseZgroup(text({})))).toEqual(["FORMAT_FIELD", "zarr_format"]);
  });
  it("gives each document under its key", () => {
    const documents = parseZmetadata(
      text({ zarr_consolidated_format: 1, metadata: { ".zgroup": { zarr_format: 2 }, "0/.zarray": valid } }),
    );
    expect([...documents.keys()]).toEqual([".zgroup", "0/.zarray"]);
    expect(refusal(() => parseZmetadata(text({ zarr_consolidated_format: 2, metadata: {} })))).toEqual([
      "FORMAT_FIELD",
      "zarr_consolidated_format",
    ]);
    expect(refusal(() => parseZmetadata(text({ zarr_consolidated_format: 1, metadata: { a: 1 } })))).toEqual([
      "FORMAT_FIELD",
      "metadata.a",
    ]);
  });
});
