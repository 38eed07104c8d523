import { describe, expect, it } from "vitest";
import { bloscTable } from "./blosc-table.js";

/** A frame by hand, after c-blosc's README_CHUNK_FORMAT.rst: format 2, inner format 1, flags, bytes of an element, three lengths. */
function frame(flags: number, itemBytes: number, plainBytes: number, blockBytes: number, rest: number[]): Uint8Array {
  const bytes = new Uint8Array(16 + rest.length);
  bytes.set([2, 1, flags, itemBytes]);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, plainBytes, true);
  view.setUint32(8, blockBytes, true);
  view.setUint32(12, bytes.length, true);
  bytes.set(rest, 16);
  return bytes;
}

const u32 = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];

describe("the table of a Blosc frame", () => {
  it("has one stream a block where blocks are not split", () => {
    // lz4 (1 << 5), not split (16), shuffled by bytes (1); two blocks, the second one shorter
    const streams = [...u32(24), ...u32(31), ...u32(3), 7, 7, 7, ...u32(2), 9, 9];
    expect(bloscTable(frame(0x31, 2, 12, 8, streams))).toEqual({
      inner: "lz4",
      itemBytes: 2,
      plainBytes: 12,
      blockBytes: 8,
      shuffle: "bytes",
      memcpy: false,
      blocks: [[[28, 3]], [[35, 2]]],
    });
  });

  it("has a stream for each byte of an element where blocks are split, but for the last, shorter block", () => {
    // zstd (4 << 5), shuffled by bits (4), elements of 2 bytes, blocks of 256: split, since 128 elements fit
    const streams = [...u32(24), ...u32(35), ...u32(1), 5, ...u32(2), 6, 6, ...u32(1), 8];
    const table = bloscTable(frame(0x84, 2, 300, 256, streams));
    expect(table).toMatchObject({ inner: "zstd", shuffle: "bits" });
    expect(table.blocks).toEqual([
      [
        [28, 1],
        [33, 2],
      ],
      [[39, 1]],
    ]);
  });

  it("has no blocks where the plain bytes follow the header", () => {
    expect(bloscTable(frame(0x22, 1, 4, 4, [1, 2, 3, 4]))).toMatchObject({ memcpy: true, blocks: [], plainBytes: 4 });
  });

  it("is refused for what is no frame", () => {
    expect(() => bloscTable(new Uint8Array(7))).toThrow(expect.objectContaining({ code: "FORMAT_CORRUPT" }));
    expect(() => bloscTable(frame(0x31, 2, 12, 8, []))).toThrow(expect.objectContaining({ code: "FORMAT_CORRUPT" }));
  });
});
