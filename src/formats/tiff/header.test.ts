import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ByteRange, inMemory, type RandomAccess } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { detectTiff, readTiffHeader } from "./header.js";

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`../../../test/fixtures/tiff/${name}`, import.meta.url)));
const golden = JSON.parse(readFileSync(new URL("../../../test/golden/tiff/facts.json", import.meta.url), "utf8")) as {
  files: Record<string, { offsets: number[] }>;
};

const refusal = async (bytes: Uint8Array) => {
  const error: unknown = await readTiffHeader(inMemory(bytes, "x.tif")).catch((thrown: unknown) => thrown);
  return isEmporiumError(error) ? { code: error.code, byte: error.facts.place?.byte } : error;
};

/** Byte of the offset of the next page behind the directory at an offset, in a little-endian classic file. */
function nextAt(bytes: Uint8Array, offset: number): number {
  return offset + 2 + 12 * new DataView(bytes.buffer).getUint16(offset, true);
}
const setNext = (bytes: Uint8Array, offset: number, next: number) =>
  new DataView(bytes.buffer).setUint32(nextAt(bytes, offset), next, true);

function counted(bytes: Uint8Array): { source: RandomAccess; ranges: ByteRange[] } {
  const ranges: ByteRange[] = [];
  const whole = inMemory(bytes, "x.tif");
  return {
    ranges,
    source: {
      ...whole,
      read: (range, options) => {
        ranges.push(range);
        return whole.read(range, options);
      },
    },
  };
}

describe("detectTiff", () => {
  it("knows both byte orders of TIFF and BigTIFF", () => {
    const heads = [
      [0x49, 0x49, 42, 0],
      [0x4d, 0x4d, 0, 43],
      [0x49, 0x49, 0, 42],
      [0x4d, 0x4d, 42, 0],
      [0x49, 0x49],
    ];
    expect(heads.map((head) => detectTiff(Uint8Array.from(head)))).toEqual(["little", "big", undefined, undefined, undefined]);
  });
});

describe("readTiffHeader", () => {
  it("counts pages at equal distances without reading them all, unless asked to", async () => {
    const bytes = fixture("movie-far.tif");
    expect(await readTiffHeader(inMemory(bytes))).toMatchObject({ pages: 20, pagesBy: "stride", uniform: true });
    expect(await readTiffHeader(inMemory(bytes), { everyPage: true })).toMatchObject({
      pages: 20,
      pagesBy: "chain",
      uniform: true,
    });
  });

  it("follows the chain where it leaves the equal distances", async () => {
    const { offsets } = golden.files["movie-far.tif"]!;
    const shorter = fixture("movie-far.tif");
    setNext(shorter, offsets[14]!, 0);
    expect(await readTiffHeader(inMemory(shorter))).toMatchObject({ pages: 15, pagesBy: "chain" });
    const jump = fixture("movie-far.tif");
    setNext(jump, offsets[18]!, 0);
    expect(await readTiffHeader(inMemory(jump))).toMatchObject({ pages: 19, pagesBy: "chain" });
  });

  it("reads a small file in one range, and not more of a large one than its directories", async () => {
    const small = counted(fixture("movie-u8-le.tif"));
    await readTiffHeader(small.source);
    expect(small.ranges).toHaveLength(1);
    const far = counted(fixture("movie-far.tif"));
    await readTiffHeader(far.source, { everyPage: true });
    expect(far.ranges.length).toBeLessThanOrEqual(20);
    expect(far.ranges.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(115_552);
  });

  it("takes ImageJ's word for images behind one directory, where they are there", async () => {
    const bytes = fixture("imagej.tif");
    setNext(bytes, 8, 0);
    expect(await readTiffHeader(inMemory(bytes))).toMatchObject({
      pages: 1,
      frames: 3,
      shape: [3, 6, 10],
      warnings: [expect.stringContaining("ImageJ")],
    });
    const cut = bytes.subarray(0, 8 + 600);
    expect(await readTiffHeader(inMemory(cut))).toMatchObject({ pages: 1, frames: 1 });
  });

  it("refuses loops and pages past the end, with the byte", async () => {
    const { offsets } = golden.files["movie-u8-le.tif"]!;
    const loop = fixture("movie-u8-le.tif");
    setNext(loop, offsets[3]!, offsets[1]!);
    expect(await refusal(loop)).toEqual({ code: "FORMAT_FIELD", byte: offsets[3] });
    const self = fixture("movie-u8-le.tif");
    setNext(self, offsets[0]!, offsets[0]!);
    expect(await refusal(self)).toEqual({ code: "FORMAT_FIELD", byte: offsets[0] });
    const outside = fixture("movie-u8-le.tif");
    setNext(outside, offsets[3]!, 5000);
    expect(await refusal(outside)).toMatchObject({ code: "FORMAT_TRUNCATED" });
  });

  it.each([
    ["an empty file", 0, "FORMAT_UNKNOWN"],
    ["the header alone", 8, "FORMAT_TRUNCATED"],
    ["half a directory", 60, "FORMAT_TRUNCATED"],
    ["half of the pages", 400, "FORMAT_TRUNCATED"],
  ])("refuses %s", async (_, length, code) => {
    expect(await refusal(fixture("movie-u8-le.tif").subarray(0, length))).toMatchObject({ code, byte: expect.any(Number) });
  });

  it.each([
    ["width", 256],
    ["height", 257],
  ])("refuses a page without %s, and one of 0", async (_, tag) => {
    const bytes = fixture("movie-u8-le.tif");
    const view = new DataView(bytes.buffer);
    const entries = view.getUint16(8, true);
    const at = Array.from({ length: entries }, (_, i) => 10 + 12 * i).find((entry) => view.getUint16(entry, true) === tag)!;
    view.setUint32(at + 8, 0, true);
    expect(await refusal(bytes)).toEqual({ code: "FORMAT_FIELD", byte: at });
    view.setUint16(at, 65123, true);
    expect(await refusal(bytes)).toEqual({ code: "FORMAT_FIELD", byte: 8 });
  });

  it("names pages of 4 bits and of mixed samples without a type", async () => {
    const bytes = fixture("rgb.tif");
    const view = new DataView(bytes.buffer);
    const at = Array.from({ length: view.getUint16(8, true) }, (_, i) => 10 + 12 * i).find(
      (entry) => view.getUint16(entry, true) === 258,
    )!;
    const bits = view.getUint32(at + 8, true);
    view.setUint16(bits, 5, true);
    const { first } = await readTiffHeader(inMemory(bytes));
    expect([first.bitsPerSample, first.dtype]).toEqual([[5, 8, 8], undefined]);
  });
});
