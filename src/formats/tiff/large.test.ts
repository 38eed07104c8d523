import { describe, expect, it } from "vitest";
import type { ByteRange, RandomAccess } from "../../core/bytes.js";
import { openTiff } from "./image.js";
import { readTiffPlane, readTiffRows, tiffBands } from "./read.js";

/** A byte that every place of the file can be told by. */
const byteAt = (offset: number) => (offset * 31 + Math.floor(offset / 977)) & 255;

/** One directory at byte 8, then `images` of bytes, as ImageJ writes what is longer than a classic TIFF can point to. */
function stack(width: number, height: number, images: number, description: string) {
  const text = new TextEncoder().encode(`${description}\0`);
  const entries = [
    [256, width],
    [257, height],
    [258, 8],
    [259, 1],
    [262, 1],
    [270, 0],
    [273, 0],
    [277, 1],
    [278, height],
    [279, (width * height * images) % 2 ** 32],
  ] as const;
  const head = new Uint8Array(8 + 2 + 12 * entries.length + 4 + text.length);
  const view = new DataView(head.buffer);
  head.set([0x49, 0x49, 42, 0, 8, 0, 0, 0]);
  view.setUint16(8, entries.length, true);
  for (const [i, [tag, value]] of entries.entries()) {
    const at = 10 + 12 * i;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, tag === 270 ? 2 : 4, true);
    view.setUint32(at + 4, tag === 270 ? text.length : 1, true);
    view.setUint32(at + 8, tag === 270 ? head.length - text.length : tag === 273 ? head.length : value, true);
  }
  head.set(text, head.length - text.length);
  const ranges: ByteRange[] = [];
  const sizeBytes = head.length + width * height * images;
  const source: RandomAccess = {
    name: "stack.tif",
    size: async () => sizeBytes,
    read: async (range) => {
      ranges.push(range);
      const length = Math.max(0, Math.min(range.length, sizeBytes - range.offset));
      return Uint8Array.from({ length }, (_, i) => head[range.offset + i] ?? byteAt(range.offset + i));
    },
  };
  return { source, ranges, begin: head.length };
}

describe("large TIFF files", () => {
  it("one that became shorter while it was read is SOURCE_CHANGED, with the byte at which it ends", async () => {
    const { source, begin } = stack(1000, 1000, 2, "ImageJ=1.53t\nimages=2\n");
    const cut = {
      ...source,
      read: (range: ByteRange) => source.read({ ...range, length: Math.min(range.length, begin + 9 - range.offset) }),
    };
    const file = await openTiff(source);
    await expect(readTiffPlane(cut, await file.image(0))).rejects.toMatchObject({
      code: "SOURCE_CHANGED",
      facts: { place: { file: "stack.tif", byte: begin + 9 } },
    });
  });

  it("a stack of ImageJ past 4 GiB: the last image is where it should be, whatever the byte count says", async () => {
    const { source, begin } = stack(700, 1000, 6500, "ImageJ=1.53t\nimages=6500\nslices=6500\n");
    const file = await openTiff(source);
    expect([file.header.frames, file.header.pages]).toEqual([6500, 1]);
    for (const index of [0, 6499]) {
      const plane = await readTiffPlane(source, await file.image(index));
      const at = begin + index * 700_000;
      expect([plane.length, plane[0], plane[1], plane[699_999]]).toEqual([
        700_000,
        byteAt(at),
        byteAt(at + 1),
        byteAt(at + 699_999),
      ]);
    }
    await expect(file.image(6500)).rejects.toMatchObject({ code: "USAGE" });
  });

  it("a plane that is too large for memory comes in bands, and no read is larger than a band", async () => {
    const { source, ranges, begin } = stack(4000, 3000, 1, "one image");
    const file = await openTiff(source);
    const image = await file.image(0);
    await expect(readTiffPlane(source, image, { bytesMax: 11_999_999 })).rejects.toMatchObject({ code: "FORMAT_LIMIT" });
    let rows = 0;
    for await (const { y0, y1, bytes } of tiffBands(file, { bandBytes: 1_000_000 })) {
      expect([y0, bytes.length, bytes[0]]).toEqual([rows, (y1 - y0) * 4000, byteAt(begin + y0 * 4000)]);
      rows = y1;
    }
    expect(rows).toBe(3000);
    expect(Math.max(...ranges.map(({ length }) => length))).toBeLessThanOrEqual(1_000_000);
    const before = ranges.length;
    await readTiffRows(source, image, 1500, 1502);
    expect(ranges.slice(before)).toEqual([{ offset: begin + 1500 * 4000, length: 8000 }]);
  });
});
