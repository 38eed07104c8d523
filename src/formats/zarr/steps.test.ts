import { describe, expect, it } from "vitest";
import { type ByteStep, inByteOrder, isOfElements, stepOfId, typeAfter } from "./steps.js";

const place = { name: "a.zarr", path: "filters.0" };
const big = { kind: "int", bytes: 2, littleEndian: false };

describe("steps of a chunk", () => {
  const shuffle = stepOfId("shuffle", { elementsize: 2 }, place as never)!;
  const compressor: ByteStep = { kind: "compressor", config: { id: "zlib" } };

  it("a shuffle works on bytes: no byte order is put into it, and the type stays", () => {
    expect(shuffle.kind).toBe("filter");
    expect(inByteOrder(shuffle, true)).toBe(shuffle);
    expect(typeAfter(shuffle, big)).toBe(big);
    expect(isOfElements(shuffle)).toBe(false);
  });

  it("so does a compressor", () => {
    expect(inByteOrder(compressor, true)).toBe(compressor);
    expect(typeAfter(compressor, big)).toBe(big);
    expect(isOfElements(compressor)).toBe(false);
  });
});
