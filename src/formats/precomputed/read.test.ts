import { brotliCompressSync, brotliDecompressSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Box, Triple } from "../../core/box.js";
import { inMemory } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { chunkBoxes, chunkGridOf, chunkName, mortonCode } from "./grid.js";
import type { VolumeInfo, VolumeScale } from "./info.js";
import { decodePrecomputedChunk, readPrecomputedBox, unwrapStoredChunk } from "./read.js";
import { encodeShards, type Sharding } from "./sharding.js";

const SHAPE: Triple = [5, 6, 7];
const CHUNK: Triple = [2, 4, 3];
const OFFSET: Triple = [100, 0, -3];

function scaleOf(changes: Partial<VolumeScale> = {}): VolumeScale {
  return { key: "s0", shape: SHAPE, offset: OFFSET, voxelSizeNm: [1, 1, 1], chunks: [CHUNK], encoding: "raw", ...changes };
}

const INFO: VolumeInfo = { kind: "volume", type: "image", dtype: "uint16", channels: 2, scales: [scaleOf()] };
const voxel = (channel: number, z: number, y: number, x: number) => 1000 * channel + 100 * z + 10 * y + x;

function boxValues({ start, stop }: Box): Uint16Array {
  const values: number[] = [];
  for (let c = 0; c < 2; c++) {
    for (let z = start[0]; z < stop[0]; z++) {
      for (let y = start[1]; y < stop[1]; y++) for (let x = start[2]; x < stop[2]; x++) values.push(voxel(c, z, y, x));
    }
  }
  return Uint16Array.from(values);
}

const bytesOf = (values: Uint16Array) => new Uint8Array(values.buffer);
const chunks = [...chunkBoxes(SHAPE, CHUNK)];
const plain = new Map(chunks.map((box) => [chunkName(box, OFFSET), bytesOf(boxValues(box))]));
const from = (files: ReadonlyMap<string, Uint8Array>) => async (key: string) => {
  const bytes = files.get(key);
  return bytes && inMemory(bytes, key);
};
const WHOLE: Box = { start: [0, 0, 0], stop: SHAPE };

describe("reading a precomputed volume", () => {
  it("chunks have the names of their voxels", () => {
    expect([...plain.keys()].slice(0, 2)).toEqual(["-3-0_0-4_100-102", "0-3_0-4_100-102"]);
    expect([...plain.keys()].at(-1)).toBe("3-4_4-6_104-105");
  });

  it.each<[string, Box]>([
    ["all of it", WHOLE],
    ["across chunks", { start: [1, 3, 2], stop: [4, 5, 7] }],
    ["one voxel", { start: [4, 5, 6], stop: [5, 6, 7] }],
    ["nothing", { start: [4, 5, 6], stop: [4, 6, 7] }],
  ])("%s", async (_, box) => {
    expect(await readPrecomputedBox(from(plain), INFO, scaleOf(), box)).toEqual(bytesOf(boxValues(box)));
  });

  it("compressed chunks, under their name or with .gz, and absent ones", async () => {
    const files = new Map([...plain].map(([key, body], i) => [i % 2 ? key : `${key}.gz`, new Uint8Array(gzipSync(body))]));
    const last = [...files.keys()].at(-1)!;
    files.delete(last);
    const read = new Uint16Array((await readPrecomputedBox(from(files), INFO, scaleOf(), WHOLE)).buffer);
    const wanted = boxValues(WHOLE).map((value) =>
      Math.floor((value % 1000) / 100) === 4 && Math.floor((value % 100) / 10) >= 4 && value % 10 >= 6 ? 0 : value,
    );
    expect(read).toEqual(wanted);
  });

  it("Brotli, under their name or with .br, where the platform has it", async () => {
    const files = new Map(
      [...plain].map(([key, body], i) => [i % 2 ? key : `${key}.br`, new Uint8Array(brotliCompressSync(body))]),
    );
    const brotli = async (bytes: Uint8Array) => new Uint8Array(brotliDecompressSync(bytes));
    expect(await readPrecomputedBox(from(files), INFO, scaleOf(), WHOLE, { brotli })).toEqual(bytesOf(boxValues(WHOLE)));
    const without: unknown = await readPrecomputedBox(from(files), INFO, scaleOf(), WHOLE).catch((thrown: unknown) => thrown);
    expect(isEmporiumError(without) && [without.code, /Brotli/.test(without.message)]).toEqual(["FORMAT_UNSUPPORTED", true]);
  });

  it.each(["identity", "murmurhash3_x86_128"] as const)("sharded, %s, in one file and in two", async (hash) => {
    const sharding: Sharding = {
      preshiftBits: 1,
      hash,
      minishardBits: 1,
      shardBits: 2,
      minishardIndexEncoding: "gzip",
      dataEncoding: "gzip",
    };
    const grid = chunkGridOf(SHAPE, CHUNK);
    const values = new Map(
      chunks.map((box) => [mortonCode(box.start.map((at, axis) => at / CHUNK[axis]!) as Triple, grid), bytesOf(boxValues(box))]),
    );
    const files = encodeShards(sharding, values);
    expect(await readPrecomputedBox(from(files), INFO, scaleOf({ sharding }), WHOLE)).toEqual(bytesOf(boxValues(WHOLE)));
    const split = new Map(
      [...files].flatMap(([key, body]) => [
        [key.replace("shard", "index"), body.subarray(0, 32)] as const,
        [key.replace("shard", "data"), body.subarray(32)] as const,
      ]),
    );
    expect(await readPrecomputedBox(from(split), INFO, scaleOf({ sharding }), WHOLE)).toEqual(bytesOf(boxValues(WHOLE)));
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ["a box outside", () => readPrecomputedBox(from(plain), INFO, scaleOf(), { start: [0, 0, 0], stop: [6, 6, 7] }), "USAGE"],
    ["a box past the ceiling", () => readPrecomputedBox(from(plain), INFO, scaleOf(), WHOLE, { bytesMax: 100 }), "FORMAT_LIMIT"],
    ["a short chunk", () => decodePrecomputedChunk(new Uint8Array(7), INFO, scaleOf(), [1, 2, 2]), "FORMAT_CORRUPT"],
    ["a long chunk", () => decodePrecomputedChunk(new Uint8Array(17), INFO, scaleOf(), [1, 2, 2]), "FORMAT_CORRUPT"],
    [
      "a bomb",
      () => decodePrecomputedChunk(new Uint8Array(gzipSync(new Uint8Array(99_999))), INFO, scaleOf(), [1, 2, 2]),
      "FORMAT_LIMIT",
    ],
    [
      "JPEG of 16 bits",
      () => decodePrecomputedChunk(new Uint8Array(16), INFO, scaleOf({ encoding: "jpeg" }), [1, 2, 2]),
      "FORMAT_FIELD",
    ],
    [
      "compresso",
      () => decodePrecomputedChunk(new Uint8Array(16), INFO, scaleOf({ encoding: "compresso" }), [1, 2, 2]),
      "FORMAT_UNSUPPORTED",
    ],
  ])("refused: %s", async (_, read, code) => {
    const error: unknown = await read().catch((thrown: unknown) => thrown);
    expect(isEmporiumError(error) && error.code).toBe(code);
  });

  it("the encoding that is not read is named", async () => {
    await expect(
      decodePrecomputedChunk(new Uint8Array(9), INFO, scaleOf({ encoding: "zfpc" }), [1, 1, 1], { name: "v/c" }),
    ).rejects.toThrow(/v\/c: .*"zfpc"/);
  });
});

describe("unwrapStoredChunk", () => {
  const brotli = async () => new Uint8Array([9]);
  const one = { dtype: "uint32", channels: 1 } as const;
  const segmentation = scaleOf({ encoding: "compressed_segmentation" });

  it("a compressed segmentation begins with where its channels do: no Brotli is tried", async () => {
    const stored = new Uint8Array([1, 0, 0, 0, 2, 0, 0, 0]);
    expect(await unwrapStoredChunk(stored, one, segmentation, [1, 8, 8], { brotli })).toBe(stored);
  });

  it("what begins otherwise may be Brotli, or gzip", async () => {
    const plain = new Uint8Array([1, 0, 0, 0, 2, 0, 0, 0]);
    for (const stored of [new Uint8Array([2, 0, 0, 0]), new Uint8Array([1, 1, 0, 0]), new Uint8Array([1, 0, 1, 0])])
      expect(await unwrapStoredChunk(stored, one, segmentation, [1, 8, 8], { brotli })).toEqual(new Uint8Array([9]));
    const zipped = new Uint8Array(gzipSync(plain));
    expect(new Uint8Array(await unwrapStoredChunk(zipped, one, segmentation, [1, 8, 8], { brotli }))).toEqual(plain);
  });

  it("raw bytes as many as a chunk has are the chunk, whatever they begin with", async () => {
    const stored = new Uint8Array(16).fill(7);
    stored.set([0x1f, 0x8b]);
    expect(await unwrapStoredChunk(stored, one, scaleOf(), [1, 2, 2], { brotli })).toBe(stored);
  });
});
