import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { parseMrcHeader } from "./header.js";
import { decodePlane, float16ToNumber, readMrcExtendedHeader, readMrcPlanes } from "./read.js";
import { mrcHeaderBytes } from "./write.js";

const head = mrcHeaderBytes({
  kind: "tomogram",
  shape: [4, 3, 5],
  dtype: "int16",
  voxelSizeAngstrom: 1,
  statistics: { min: 0, max: 59, mean: 29.5, rms: 17.3 },
  dateMs: 0,
});
const voxels = Int16Array.from({ length: 60 }, (_, i) => i);
const bytes = new Uint8Array([...head, ...new Uint8Array(voxels.buffer)]);
const header = parseMrcHeader(bytes, { name: "a.mrc", sizeBytes: bytes.length });

describe("readMrcPlanes", () => {
  it("gives the sections that were asked for, whatever the range", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(4), fc.nat(4), async (a, b) => {
        const [z0, z1] = a < b ? [a, b] : [b, a];
        const planes = decodePlane(await readMrcPlanes(inMemory(bytes), header, z0, z1), header);
        expect(Array.from(planes as Int16Array)).toEqual(Array.from(voxels.subarray(15 * z0, 15 * z1)));
      }),
    );
  });
  it.each([
    [-1, 2],
    [0, 5],
    [3, 2],
    [0.5, 1],
    [Number.NaN, 1],
  ])("refuses sections %d to %d", async (z0, z1) => {
    const error = await readMrcPlanes(inMemory(bytes), header, z0, z1).catch((thrown: unknown) => thrown);
    expect(isEmporiumError(error) && error.code).toBe("USAGE");
  });
  it("says at which byte a source ends too early", async () => {
    const error = await readMrcPlanes(inMemory(bytes.subarray(0, 1024 + 70), "a.mrc"), header, 2, 3).catch(
      (thrown: unknown) => thrown,
    );
    expect(isEmporiumError(error) && [error.code, error.facts.place?.byte]).toEqual(["FORMAT_TRUNCATED", 1094]);
  });
  it("does not ask a store for what one buffer cannot hold", async () => {
    const huge = { ...header, shape: [2, 65536, 65536] as [number, number, number], sectionBytes: 2 ** 32 };
    const error = await readMrcPlanes(inMemory(bytes), huge, 0, 1).catch((thrown: unknown) => thrown);
    expect(isEmporiumError(error) && error.code).toBe("FORMAT_LIMIT");
    const extended = await readMrcExtendedHeader(inMemory(bytes), { ...header, nsymbt: 2 ** 31 - 1 }).catch(
      (thrown: unknown) => thrown,
    );
    expect(isEmporiumError(extended) && extended.code).toBe("FORMAT_LIMIT");
  });
});

describe("decodePlane", () => {
  it("leaves its input alone when it swaps bytes", () => {
    const plane = Uint8Array.of(1, 2, 3, 4);
    expect(Array.from(decodePlane(plane, { dtype: "int16", littleEndian: false, shape: [1, 1, 2] }))).toEqual([0x102, 0x304]);
    expect(Array.from(plane)).toEqual([1, 2, 3, 4]);
  });
  it("unpacks 4-bit rows of odd length, low half first", () => {
    const plane = Uint8Array.of(0x21, 0xf3, 0x54, 0x06);
    expect(Array.from(decodePlane(plane, { dtype: "uint4", littleEndian: true, shape: [1, 2, 3] }))).toEqual([1, 2, 3, 4, 5, 6]);
  });
  it("widens half-precision floats", () => {
    const known: [number, number][] = [
      [0x0000, 0],
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x0001, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x7c00, Number.POSITIVE_INFINITY],
      [0xfc00, Number.NEGATIVE_INFINITY],
      [0x7e01, Number.NaN],
    ];
    for (const [bits, value] of known) expect(float16ToNumber(bits)).toBe(value);
  });
});
