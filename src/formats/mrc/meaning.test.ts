import { describe, expect, it } from "vitest";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { parseMrcHeader, readMrcHeader } from "./header.js";
import { axisOrder, byteReading, needsSignFlip, requireRealVolume } from "./meaning.js";
import { decodePlaneValues } from "./read.js";
import { mrcHeaderBytes } from "./write.js";

function int8File({ dmax, imodFlags }: { dmax: number; imodFlags?: number }, voxels: number[]): Uint8Array {
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape: [1, 1, voxels.length],
    dtype: "int8",
    voxelSizeAngstrom: 1,
    statistics: { min: 0, max: dmax, mean: 0, rms: 0 },
    dateMs: 0,
  });
  if (imodFlags !== undefined) {
    const view = new DataView(head.buffer);
    view.setInt32(152, 1146047817, true);
    view.setInt32(156, imodFlags, true);
  }
  return new Uint8Array([...head, ...voxels]);
}

function values(file: Uint8Array, compat?: "reference"): number[] {
  const header = parseMrcHeader(file, { name: "t", sizeBytes: file.length });
  return Array.from(decodePlaneValues(file.subarray(1024), header, compat));
}

describe("the sign of mode 0", () => {
  const bytes = [0, 1, 127, 128, 129, 250, 255];
  it("a maximum above 127 marks unsigned bytes: u becomes u − 128", () => {
    expect(values(int8File({ dmax: 250 }, bytes))).toEqual([-128, -127, -1, 0, 1, 122, 127]);
    // the portal's check values, as stored int8: −128→0, 0→−128, −1→127, 127→−1
    expect(values(int8File({ dmax: 128 }, [0x80, 0, 0xff, 127]))).toEqual([0, -128, 127, -1]);
  });
  it("a maximum of 127 or less leaves them int8", () => {
    expect(values(int8File({ dmax: 120 }, bytes))).toEqual([0, 1, 127, -128, -127, -6, -1]);
    expect(values(int8File({ dmax: 127, imodFlags: 1 }, bytes))).toEqual([0, 1, 127, -128, -127, -6, -1]);
    expect(values(int8File({ dmax: Number.NaN }, [255]))).toEqual([-1]);
  });
  it("IMOD's unsigned bytes keep their order where the maximum does not tell, and the portal's values under compat", () => {
    const file = int8File({ dmax: 0, imodFlags: 0 }, bytes);
    expect(values(file)).toEqual(bytes);
    expect(values(file, "reference")).toEqual([0, 1, 127, -128, -127, -6, -1]);
    expect(values(int8File({ dmax: 100, imodFlags: 0 }, [0, 50, 100]))).toEqual([0, 50, 100]);
  });
  it("a maximum above 127 wins over IMOD's signed flag, with a warning", () => {
    const file = int8File({ dmax: 200, imodFlags: 1 }, [200]);
    expect(values(file)).toEqual([72]);
    expect(parseMrcHeader(file, { name: "t" }).warnings).toEqual([expect.stringContaining("signed")]);
  });
  it("other modes have no sign rule", () => {
    expect(needsSignFlip({ mode: 1, dmax: 3000 })).toBe(false);
    expect(byteReading({ mode: 2, dmax: 200, signedBytes: true })).toBeUndefined();
  });
  it("is told by the header's dtype, too", async () => {
    expect((await readMrcHeader(inMemory(int8File({ dmax: 9, imodFlags: 0 }, [9])))).dtype).toBe("uint8");
    expect((await readMrcHeader(inMemory(int8File({ dmax: 9 }, [9])))).dtype).toBe("int8");
  });
});

describe("axisOrder", () => {
  const shape: [number, number, number] = [2, 3, 4]; // sections, rows, columns
  it.each([
    [1, 2, 3, [0, 1, 2], [2, 3, 4]],
    [2, 1, 3, [0, 2, 1], [2, 4, 3]],
    [3, 2, 1, [2, 1, 0], [4, 3, 2]],
    [1, 3, 2, [1, 0, 2], [3, 2, 4]],
    // columns y, rows z, sections x: z is along rows (3), y along columns (4), x along sections (2)
    [2, 3, 1, [1, 2, 0], [3, 4, 2]],
    [3, 1, 2, [2, 0, 1], [4, 2, 3]],
    [0, 0, 0, [0, 1, 2], [2, 3, 4]],
    [1, 1, 3, [0, 1, 2], [2, 3, 4]],
  ])("mapc %i, mapr %i, maps %i", (mapc, mapr, maps, order, zyx) => {
    const found = axisOrder({ mapc, mapr, maps, shape });
    expect([found.order, found.shape]).toEqual([order, zyx]);
    expect(found.asStored).toBe(order.join() === "0,1,2");
  });
});

it("a Fourier transform is no volume", () => {
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape: [1, 1, 1],
    dtype: "complex64",
    voxelSizeAngstrom: 1,
    statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    dateMs: 0,
  });
  const header = parseMrcHeader(head, { name: "ft.mrc" });
  try {
    requireRealVolume(header, "ft.mrc");
    throw new Error("was accepted");
  } catch (error) {
    expect(isEmporiumError(error) && [error.code, error.facts.place?.byte]).toEqual(["FORMAT_UNSUPPORTED", 12]);
  }
});
