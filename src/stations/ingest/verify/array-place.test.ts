import { crc32 } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { BloscFrame, encodeBlosc } from "../../../arrays/kernels/blosc.js";
import type { Triple } from "../../../core/box.js";
import { randomInt, seededRandom } from "../../../core/random.js";
import { parseZarray } from "../../../formats/zarr/metadata.js";
import { openArray, type Reader } from "./array-place.js";

const SHAPE: Triple = [30, 64, 64];
const CHUNKS: Triple = [32, 64, 64];
const random = seededRandom(7);
const voxels = Float32Array.from({ length: 32 * 64 * 64 }, () => randomInt(random, 2 ** 20));
const stored = encodeBlosc(new Uint8Array(voxels.buffer), 4, { blockBytes: 48 * 1024 });
const place = {
  folder: "0/",
  meta: parseZarray(
    Buffer.from(
      JSON.stringify({
        ...{ zarr_format: 2, shape: SHAPE, chunks: CHUNKS, dtype: "<f4", order: "C", fill_value: 0, filters: null },
        ...{ compressor: { id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 }, dimension_separator: "/" },
      }),
    ),
  ),
};

let reads: [number, number][];
let file: Uint8Array;
const reader: Reader = {
  isNear: true,
  size: async (key) => (key === "0/0/0/0" ? stored.length : undefined),
  async read(_, range, room) {
    const { offset = 0, length = file.length } = range ?? {};
    const bytes = file.subarray(offset, offset + length);
    reads.push([offset, offset + bytes.length]);
    const target = room?.(bytes.length) ?? new Uint8Array(bytes.length);
    target.set(bytes);
    return target;
  },
};
beforeEach(() => {
  reads = [];
  file = stored;
});

const planes = (from: number, to: number) => ({ start: [from, 0, 0] as Triple, stop: [to, 64, 64] as Triple });
const bytesOf = (from: number, to: number) => new Uint8Array(voxels.buffer, from * 64 * 64 * 4, (to - from) * 64 * 64 * 4);
function sumsOf() {
  const sums = { crc: 0, size: 0, add };
  function add(bytes: Uint8Array): void {
    sums.crc = crc32(bytes, sums.crc);
    sums.size += bytes.length;
  }
  return sums;
}

describe("an object that is read along", () => {
  it("gives its boxes and the sum of all its bytes, each read once and few at a time", async () => {
    const array = openArray(place, reader, new BloscFrame());
    const sums = sumsOf();
    const along = await array.summed("0/0/0/0", sums);
    for (let z = 0; z < 30; z += 5) expect(Buffer.compare(await array.read(planes(z, z + 5)), bytesOf(z, z + 5))).toBe(0);
    await along!.end();
    expect(sums).toMatchObject({ crc: crc32(stored), size: stored.length });
    // no byte twice but those between the head and what was read with it; the end of the chunk, outside of the array, too
    expect(reads.reduce((sum, [from, to]) => sum + to - from, 0)).toBeLessThan(stored.length + 32 * 1024);
    expect(Math.max(...reads.map(([from, to]) => to - from))).toBeLessThan(stored.length / 3);
  });

  it("is summed to its end where nothing of it decodes, and where boxes come from the last to the first", async () => {
    for (const order of [[], [25, 10, 0], [0, 20]]) {
      const array = openArray(place, reader, new BloscFrame());
      const sums = sumsOf();
      const along = await array.summed("0/0/0/0", sums);
      for (const z of order) expect(Buffer.compare(await array.read(planes(z, z + 5)), bytesOf(z, z + 5))).toBe(0);
      await along!.end();
      expect(sums).toMatchObject({ crc: crc32(stored), size: stored.length });
    }
  });

  it("reads of a level to compare with no more than its boxes need", async () => {
    const array = openArray(place, reader, new BloscFrame());
    expect(Buffer.compare(await array.read(planes(15, 20)), bytesOf(15, 20))).toBe(0);
    expect(reads.reduce((sum, [from, to]) => sum + to - from, 0)).toBeLessThan(stored.length / 3);
  });

  it("names a file that becomes shorter, gives none of its window as voxels, and is absent where there is none", async () => {
    const array = openArray(place, reader, new BloscFrame());
    await array.read(planes(0, 5));
    file = stored.subarray(0, Math.floor(stored.length / 2));
    for (const _ of [1, 2]) await expect(array.read(planes(25, 30))).rejects.toMatchObject({ code: "FORMAT_TRUNCATED" });
    expect(await array.summed("0/9/9/9", sumsOf())).toBeUndefined();
  });
});
