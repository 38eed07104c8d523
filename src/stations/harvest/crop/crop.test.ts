import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { Box, Triple } from "../../../core/box.js";
import { inMemory } from "../../../core/bytes.js";
import type { DType } from "../../../core/dtype.js";
import type { JsonObject } from "../../../core/json.js";
import { n5DatasetFromJson, parseN5Dataset } from "../../../formats/n5/attributes.js";
import { readN5Dataset } from "../../../formats/n5/read.js";
import { encodeN5Block } from "../../../formats/n5/write.js";
import { chunkBoxes, chunkName, mortonCode } from "../../../formats/precomputed/grid.js";
import { encodeJpegChunk } from "../../../formats/precomputed/image-chunk.js";
import { parseVolumeInfo } from "../../../formats/precomputed/info.js";
import { readPrecomputedBox } from "../../../formats/precomputed/read.js";
import { encodeShards, type Sharding, shardingJson } from "../../../formats/precomputed/sharding.js";
import { positions } from "../../../formats/zarr/chunks.js";
import { parseZarray, printZattrs, type ZarrArrayMeta } from "../../../formats/zarr/metadata.js";
import { parseOmeImage } from "../../../formats/zarr/ome-v05.js";
import { readZarrArray } from "../../../formats/zarr/read.js";
import {
  parseZarrV3Array,
  parseZarrV3Group,
  printZarrV3,
  zarrV3ArrayMetadata,
  zarrV3GroupMetadata,
} from "../../../formats/zarr/v3-metadata.js";
import { readZarrV3Array } from "../../../formats/zarr/v3-read.js";
import { writeZarrV3Array } from "../../../formats/zarr/v3-write.js";
import { writeZarrArray } from "../../../formats/zarr/write.js";
import { fileStore } from "../../../stores/file/store.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { Store } from "../../../stores/store.js";
import { type CropOptions, cropVolume, planCrop } from "./crop.js";
import { cropGrid } from "./crop-array.js";

const root = mkdtempSync(join(tmpdir(), "emporium-crop-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let runs = 0;
let target = "";
beforeEach(() => {
  target = join(root, `run-${++runs}`, "crop");
});

const bytes = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => bytes(JSON.stringify(value));

/** The same store, with the keys that were read, and what fails. */
function watched(store: Store, fails: (key: string, reads: readonly string[]) => boolean = () => false) {
  const reads: string[] = [];
  const watch: Store = {
    ...store,
    async read(key, range, options) {
      if (fails(key, reads)) throw new Error("the line went dead");
      reads.push(key);
      return store.read(key, range, options);
    },
  };
  return { store: watch, reads };
}

const crop = (options: Omit<CropOptions, "target" | "sync">) => cropVolume({ ...options, target, sync: false });
const written = (key: string) => new Uint8Array(readFileSync(join(target, key)));
const found = async (key: string) => (existsSync(join(target, key)) ? written(key) : undefined);

/** Voxels that tell their place: int16, C order. */
function voxelsOf(shape: readonly number[], seed = 7): Int16Array {
  const count = shape.reduce((a, b) => a * b, 1);
  return Int16Array.from({ length: count }, (_, i) => (i * seed) % 30_011);
}

/** A box of such voxels. */
function part(voxels: Int16Array, shape: readonly number[], start: readonly number[], stop: readonly number[]): Int16Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  return Int16Array.from(
    [...positions(start, stop)].map((at) => voxels[at.reduce((sum, p, axis) => sum + p * strides[axis]!, 0)]!),
  );
}

const asBytes = (voxels: Int16Array) => new Uint8Array(voxels.buffer);
const asVoxels = (plain: Uint8Array) => new Int16Array(plain.buffer, plain.byteOffset, plain.length / 2);

const V2: Omit<ZarrArrayMeta, "shape" | "chunks"> = {
  type: { dtype: "int16", littleEndian: true, itemBytes: 2, swapBytes: 2 },
  compressor: { id: "zlib", level: 1 },
  fillValue: -5,
  order: "C",
  dimensionSeparator: ".",
};

async function v2Array(store: Store, below: string, meta: ZarrArrayMeta, voxels: Int16Array): Promise<void> {
  await writeZarrArray(async (key, body) => void (await store.write(below + key, body)), meta, asBytes(voxels));
}

async function readV2(below = ""): Promise<{ meta: ZarrArrayMeta; voxels: Int16Array }> {
  const meta = parseZarray(written(`${below}.zarray`));
  return { meta, voxels: asVoxels(await readZarrArray((key) => found(below + key), meta)) };
}

/** Any box inside of a shape. */
const boxIn = (shape: readonly number[]) =>
  fc.tuple(...shape.map((length) => fc.tuple(fc.nat(length - 1), fc.nat(length - 1)))).map((ends): Box => {
    const start = ends.map(([a, b]) => Math.min(a!, b!)) as Triple;
    return { start, stop: ends.map(([a, b]) => Math.max(a!, b!) + 1) as Triple };
  });

describe("cropping Zarr v2", () => {
  const shape = [9, 14, 11];
  const voxels = voxelsOf(shape);

  it.each<[string, Partial<ZarrArrayMeta>]>([
    ["C order, zlib", {}],
    [
      "F order, big-endian, no compressor, keys with /",
      { order: "F", compressor: null, dimensionSeparator: "/", type: { ...V2.type, littleEndian: false } },
    ],
    ["Blosc LZ4", { compressor: { id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 } }],
    ["Blosc zstd", { compressor: { id: "blosc", cname: "zstd", clevel: 5, shuffle: 2, blocksize: 0 } }],
    ["zstd", { compressor: { id: "zstd", level: 1 } }],
    ["LZ4", { compressor: { id: "lz4", acceleration: 1 } }],
    ["gzip", { compressor: { id: "gzip", level: 1 } }],
  ])("any box of an array is that box of its voxels: %s", async (_, changes) => {
    const store = memoryStore();
    const meta = { ...V2, ...changes, shape, chunks: [4, 5, 6] };
    await v2Array(store, "a.zarr/", meta, voxels);
    await fc.assert(
      fc.asyncProperty(boxIn(shape), async (box) => {
        target = join(root, `run-${++runs}`, "crop");
        const { store: counted, reads } = watched(store);
        const { read, chunks } = await crop({ store: counted, key: "a.zarr", format: "zarr", box });
        const result = await readV2();
        expect(result.meta).toEqual({ ...meta, shape: box.stop.map((to, axis) => to - box.start[axis]!) });
        expect(result.voxels).toEqual(part(voxels, shape, box.start, box.stop));
        const touched = box.start.map(
          (from, axis) => Math.ceil(box.stop[axis]! / meta.chunks[axis]!) - Math.floor(from / meta.chunks[axis]!),
        );
        expect([read.asked, read.found]).toEqual(Array(2).fill(touched.reduce((a, b) => a * b, 1)));
        const chunkReads = reads.filter((key) => !/\.z|zarr\.json/.test(key.slice(7)));
        expect(new Set(chunkReads).size).toBe(chunkReads.length);
        expect(chunks.absent + chunks.kept).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  it("chunks wholly inside, on the grid, keep their bytes; those at the box's end are written again", async () => {
    const store = memoryStore();
    await v2Array(store, "", { ...V2, shape, chunks: [4, 5, 6] }, voxels);
    const { chunks } = await crop({ store, key: "", format: "zarr2", box: { start: [4, 5, 0], stop: [9, 12, 11] } });
    // y 5:10 is a chunk, 10:12 is a part of one; z 4:9 and x 0:11 end with the array
    expect(chunks).toEqual({ copied: 4, rewritten: 4, absent: 0, kept: 0 });
    for (const [to, from] of [
      ["0.0.0", "1.1.0"],
      ["1.0.1", "2.1.1"],
    ] as const)
      expect(written(to)).toEqual(await store.read(from));
    expect(Buffer.compare(written("0.1.0"), (await store.read("1.2.0"))!)).not.toBe(0);
    const { voxels: read } = await readV2();
    expect(read).toEqual(part(voxels, shape, [4, 5, 0], [9, 12, 11]));
    // what is outside of the box is not in the crop
    const edge = asVoxels(await readZarrArray(async () => written("0.1.0"), { ...V2, shape: [4, 5, 6], chunks: [4, 5, 6] }));
    expect(new Set(part(edge, [4, 5, 6], [0, 2, 0], [4, 5, 6]))).toEqual(new Set([-5]));
  });

  it("a chunk that is not there is the fill value, and stays away where nothing else is in its place", async () => {
    const store = memoryStore();
    await v2Array(store, "", { ...V2, shape, chunks: [4, 5, 6] }, voxels);
    await store.remove("0.0.0");
    await store.remove("0.0.1");
    const box: Box = { start: [1, 1, 1], stop: [9, 14, 11] };
    const { chunks, read } = await crop({ store, key: "", format: "zarr", box });
    const holes = voxels.slice();
    for (const [z, y, x] of positions([0, 0, 0], [4, 5, 11])) holes[(z! * 14 + y!) * 11 + x!] = -5;
    expect((await readV2()).voxels).toEqual(part(holes, shape, box.start, box.stop));
    expect(read.asked - read.found).toBe(2);
    expect(chunks.absent).toBe(0);
    target += "-2";
    await v2Array(store, "", { ...V2, shape, chunks: [4, 5, 6] }, voxels);
    for await (const { key } of store.list("")) if (key.startsWith("0.")) await store.remove(key);
    expect((await crop({ store, key: "", format: "zarr", box: { start: [0, 1, 0], stop: [5, 2, 2] } })).chunks).toMatchObject({
      absent: 1,
      rewritten: 1,
    });
    expect(readdirSync(target).sort()).toEqual([".zarray", "1.0.0", "crop.json"]);
  });
});

describe("cropping OME-Zarr", () => {
  const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "nanometer" }));
  const scaleOf = (level: number) => [2.96, 4, 4].map((size) => size * 2 ** level);
  const translationOf = (level: number) => [2.96, 4, 4].map((size) => (size * (2 ** level - 1)) / 2);
  const datasets = [0, 1, 2].map((level) => ({
    path: `s${level}`,
    coordinateTransformations: [
      { type: "scale", scale: scaleOf(level) },
      { type: "translation", translation: translationOf(level) },
    ],
  }));
  const shapes = [
    [20, 17, 30],
    [10, 9, 15],
    [5, 5, 8],
  ];
  async function image(): Promise<Store> {
    const store = memoryStore();
    await store.write("em/.zgroup", json({ zarr_format: 2 }));
    await store.write(
      "em/.zattrs",
      bytes(printZattrs({ multiscales: [{ version: "0.4", name: "em", axes, datasets }], omero: { channels: [] } })),
    );
    for (const [level, shape] of shapes.entries()) {
      await v2Array(store, `em/s${level}/`, { ...V2, shape, chunks: [4, 4, 4] }, voxelsOf(shape, 3 + level));
    }
    return store;
  }

  it("0.4: every level takes what covers the finest one's part, and moves by that", async () => {
    const { levels, format } = await crop({
      store: await image(),
      key: "em",
      format: "zarr",
      box: { start: [4, 3, 5], stop: [9, 17, 20] },
    });
    expect([format, levels.map(({ path, box: { start, stop } }) => [path, ...start, ...stop])]).toEqual([
      "zarr2",
      [
        ["s0", 4, 3, 5, 9, 17, 20],
        ["s1", 2, 1, 2, 5, 9, 10],
        ["s2", 1, 0, 1, 3, 5, 5],
      ],
    ]);
    const attributes = JSON.parse(new TextDecoder().decode(written(".zattrs")));
    expect(attributes.omero).toEqual({ channels: [] });
    const parsed = parseOmeImage(attributes);
    const close = (values: readonly number[] | undefined) => values?.map((value) => Number(value.toFixed(9)));
    expect(parsed.datasets.map(({ path, scale, translation }) => [path, close(scale), close(translation)])).toEqual([
      ["s0", [2.96, 4, 4], [4 * 2.96, 12, 20]],
      ["s1", [5.92, 8, 8], [1.48 + 2 * 5.92, 2 + 8, 2 + 16]],
      ["s2", [11.84, 16, 16], [4.44 + 11.84, 6, 6 + 16]].map((one) => (Array.isArray(one) ? close(one as number[]) : one)),
    ]);
    for (const [level, { box, path }] of levels.entries()) {
      expect((await readV2(`${path}/`)).voxels).toEqual(
        part(voxelsOf(shapes[level]!, 3 + level), shapes[level]!, box.start, box.stop),
      );
    }
    expect(readdirSync(target).sort()).toEqual([".zattrs", ".zgroup", "crop.json", "s0", "s1", "s2"]);
  });

  it("0.4: one level, in its own voxels", async () => {
    const { levels } = await crop({
      store: await image(),
      key: "em",
      format: "zarr",
      scale: 1,
      box: { start: [0, 2, 4], stop: [1, 9, 15] },
    });
    expect(levels).toEqual([{ path: "s1", box: { start: [0, 2, 4], stop: [1, 9, 15] }, shape: [1, 7, 11] }]);
    const parsed = parseOmeImage(JSON.parse(new TextDecoder().decode(written(".zattrs"))));
    expect(parsed.datasets.map(({ path, translation }) => [path, translation])).toEqual([["s1", [1.48, 18, 34]]]);
    expect((await readV2("s1/")).meta.shape).toEqual([1, 7, 11]);
  });

  it("0.5 in shards with channels: chunks on the grid keep their bytes, whatever shard they come to", async () => {
    const store = memoryStore();
    const shape = [2, 12, 16, 20];
    const voxels = voxelsOf(shape);
    const document = (own: number[]): JsonObject =>
      zarrV3ArrayMetadata({
        shape: own,
        dtype: "int16",
        chunks: [1, 4, 4, 4],
        shards: [1, 8, 8, 8],
        compressor: { name: "zstd", level: 1 },
        fillValue: 3,
        dimensionNames: ["c", "z", "y", "x"],
      });
    const small = [2, 6, 8, 10];
    await writeZarrV3Array(async (key, body) => void (await store.write(`v/0/${key}`, body)), document(shape), asBytes(voxels));
    await writeZarrV3Array(
      async (key, body) => void (await store.write(`v/1/${key}`, body)),
      document(small),
      asBytes(voxelsOf(small, 5)),
    );
    const four = [{ name: "c", type: "channel" }, ...axes];
    const levels = [0, 1].map((level) => ({
      path: `${level}`,
      coordinateTransformations: [{ type: "scale", scale: [1, ...scaleOf(level)] }],
    }));
    const group = zarrV3GroupMetadata({
      attributes: { ome: { version: "0.5", multiscales: [{ axes: four, datasets: levels }] } },
      members: new Map([
        ["0", document(shape)],
        ["1", document(small)],
      ]),
    });
    await store.write("v/zarr.json", bytes(printZarrV3(group)));
    const box: Box = { start: [4, 4, 8], stop: [12, 15, 20] };
    const result = await crop({ store, key: "v", format: "zarr", box });
    expect(result.format).toBe("zarr3");
    expect(result.levels.map(({ box: own }) => own)).toEqual([box, { start: [2, 2, 4], stop: [6, 8, 10] }]);
    const objects = (below: string) => ({
      read: async (key: string, range?: { offset: number; length: number }) =>
        range ? (await found(below + key))?.subarray(range.offset, range.offset + range.length) : found(below + key),
      size: async (key: string) => (await found(below + key))?.length,
    });
    const meta = parseZarrV3Array(written("0/zarr.json"));
    expect([meta.shape, meta.chunks, meta.dimensionNames]).toEqual([
      [2, 8, 11, 12],
      [1, 8, 8, 8],
      ["c", "z", "y", "x"],
    ]);
    expect(asVoxels(await readZarrV3Array(objects("0/"), meta))).toEqual(part(voxels, shape, [0, 4, 4, 8], [2, 12, 15, 20]));
    const coarse = parseZarrV3Array(written("1/zarr.json"));
    expect(asVoxels(await readZarrV3Array(objects("1/"), coarse))).toEqual(
      part(voxelsOf(small, 5), small, [0, 2, 2, 4], [2, 6, 8, 10]),
    );
    // y 12:15 is part of a chunk; on the coarse level nothing is on the grid along z and y
    expect(result.chunks).toEqual({ copied: 2 * 2 * 2 * 3, rewritten: 2 * 2 * 3 + 2 * 1 * 2 * 2, absent: 0, kept: 0 });
    const out = parseZarrV3Group(written("zarr.json"));
    expect([...out.members!.keys()]).toEqual(["0", "1"]);
    expect(parseOmeImage(out.attributes).datasets.map(({ translation }) => translation)).toEqual([
      [0, 4 * 2.96, 16, 32],
      [0, 2 * 5.92, 16, 32],
    ]);
  });

  it("shards turned round, with their index first: any box is that box of the voxels", async () => {
    const shape = [9, 14, 11];
    const voxels = voxelsOf(shape);
    const store = memoryStore();
    const document = zarrV3ArrayMetadata({
      ...{
        shape,
        dtype: "int16" as DType,
        chunks: [3, 2, 4],
        shards: [6, 4, 4],
        order: [2, 0, 1],
        indexLocation: "start" as const,
      },
      ...{ littleEndian: false, checksum: true, fillValue: 1 },
    });
    // a transposition within the shard; the same around it
    const [sharded] = document.codecs as JsonObject[];
    const around = {
      ...document,
      codecs: [
        { name: "transpose", configuration: { order: [1, 2, 0] } },
        {
          ...sharded,
          configuration: { ...(sharded!.configuration as JsonObject), chunk_shape: [2, 4, 3] },
        },
      ],
    };
    for (const [name, one] of [
      ["inside", document],
      ["around", around],
    ] as const) {
      await writeZarrV3Array(async (key, body) => void (await store.write(`${name}/${key}`, body)), one, asBytes(voxels));
      await fc.assert(
        fc.asyncProperty(boxIn(shape), async (box) => {
          target = join(root, `run-${++runs}`, "crop");
          await crop({ store, key: name, format: "zarr3", box, concurrency: 3 });
          const objects = {
            read: async (key: string, range?: { offset: number; length: number }) =>
              range ? (await found(key))?.subarray(range.offset, range.offset + range.length) : found(key),
            size: async (key: string) => (await found(key))?.length,
          };
          const read = await readZarrV3Array(objects, parseZarrV3Array(written("zarr.json")));
          expect(asVoxels(read)).toEqual(part(voxels, shape, box.start, box.stop));
        }),
        { numRuns: 25 },
      );
    }
  });
});

describe("cropping N5", () => {
  const shape = [9, 14, 11];
  const blocks = [4, 5, 6];
  const voxels = voxelsOf(shape);
  const attributesOf = (compression: object, more: object = {}) => ({
    dimensions: [11, 14, 9],
    blockSize: [6, 5, 4],
    dataType: "int16",
    compression,
    ...more,
  });

  async function dataset(store: Store, below: string, attributes: JsonObject): Promise<void> {
    const meta = n5DatasetFromJson(attributes);
    await store.write(`${below}attributes.json`, json(attributes));
    const grid = shape.map((length, axis) => Math.ceil(length / blocks[axis]!));
    for (const cell of positions([0, 0, 0], grid)) {
      const start = cell.map((at, axis) => at * blocks[axis]!);
      const stop = start.map((from, axis) => Math.min(from + blocks[axis]!, shape[axis]!));
      const own = stop.map((to, axis) => to - start[axis]!);
      await store.write(
        below + [...cell].reverse().join("/"),
        await encodeN5Block(asBytes(part(voxels, shape, start, stop)), own, meta),
      );
    }
  }

  it.each<[string, object]>([
    ["raw", { type: "raw" }],
    ["gzip", { type: "gzip", level: -1 }],
    ["zlib", { type: "gzip", level: 1, useZlib: true }],
    ["lz4", { type: "lz4", blockSize: 65536 }],
    ["zstd", { type: "zstd", level: 3 }],
    ["blosc", { type: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0, nthreads: 1 }],
  ])("any box is that box of the voxels: %s", async (_, compression) => {
    const store = memoryStore();
    await dataset(store, "c.n5/em/s0/", attributesOf(compression) as JsonObject);
    await fc.assert(
      fc.asyncProperty(boxIn(shape), async (box) => {
        target = join(root, `run-${++runs}`, "crop");
        await crop({ store, key: "c.n5/em/s0", format: "n5", box });
        const meta = parseN5Dataset(written("attributes.json"));
        expect([meta.shape, meta.blocks, meta.compression.type]).toEqual([
          box.stop.map((to, axis) => to - box.start[axis]!),
          blocks,
          n5DatasetFromJson(attributesOf(compression) as JsonObject).compression.type,
        ]);
        expect(asVoxels(await readN5Dataset(found, meta))).toEqual(part(voxels, shape, box.start, box.stop));
      }),
      { numRuns: 25 },
    );
  });

  it("places: Janelia's transform moves; beside a voxel size alone an offset appears; the group names the levels that it keeps", async () => {
    const store = memoryStore();
    const transform = { axes: ["z", "y", "x"], scale: [3, 4, 5], translate: [10, 0, 0], units: ["nm", "nm", "nm"] };
    await dataset(store, "g/s0/", attributesOf({ type: "raw" }, { transform }) as JsonObject);
    await dataset(
      store,
      "g/s1/",
      attributesOf(
        { type: "raw" },
        { pixelResolution: { unit: "nm", dimensions: [5, 4, 3] }, downsamplingFactors: [2, 2, 1] },
      ) as JsonObject,
    );
    await store.write(
      "g/attributes.json",
      json({
        n5: "4.0.0",
        scales: [
          [1, 1, 1],
          [2, 2, 1],
        ],
        multiscales: undefined,
      }),
    );
    const read = (key: string) => JSON.parse(new TextDecoder().decode(written(key)));
    await crop({ store, key: "g", format: "n5", box: { start: [2, 4, 6], stop: [4, 10, 11] } });
    expect(read("attributes.json")).toEqual({
      n5: "4.0.0",
      scales: [
        [1, 1, 1],
        [2, 2, 1],
      ],
    });
    expect(read("s0/attributes.json")).toMatchObject({ dimensions: [5, 6, 2], transform: { translate: [16, 16, 30] } });
    expect(read("s1/attributes.json")).toMatchObject({
      dimensions: [3, 3, 2],
      offset: [30, 16, 6],
      downsamplingFactors: [2, 2, 1],
    });
    target += "-1";
    const { levels } = await crop({ store, key: "g", format: "n5", scale: 1, box: { start: [0, 0, 1], stop: [1, 1, 2] } });
    expect(levels[0]!.path).toBe("");
    expect(read("attributes.json")).toMatchObject({ n5: "2.0.0", dimensions: [1, 1, 1], offset: [10, 0, 0] });
  });

  it.each(["bzip2", "xz"])("seam 52: %s is read alone: the crop has gzip", async (codec) => {
    const golden = JSON.parse(readFileSync(new URL("../../../../test/golden/n5/n5.json", import.meta.url), "utf8")).datasets[
      `tensorstore ${codec}`
    ] as {
      attributes: JsonObject;
      shape: number[];
      blocks: Record<string, string>;
    };
    const store = memoryStore();
    await store.write("attributes.json", json(golden.attributes));
    for (const [key, body] of Object.entries(golden.blocks)) await store.write(key, new Uint8Array(Buffer.from(body, "base64")));
    const whole = await readN5Dataset((key) => store.read(key), n5DatasetFromJson(golden.attributes));
    await crop({ store, key: "", format: "n5", box: { start: [0, 0, 0], stop: golden.shape as unknown as Triple } });
    const meta = parseN5Dataset(written("attributes.json"));
    expect(meta.compression.type).toBe("gzip");
    expect(await readN5Dataset(found, meta)).toEqual(whole);
  });
});

describe("cropping arrays of codecs and filters that are read alone", () => {
  const { arrays } = JSON.parse(
    readFileSync(new URL("../../../../test/golden/zarr/numcodecs.json", import.meta.url), "utf8"),
  ) as { arrays: Record<string, { objects: Record<string, string> }> };
  it.each(Object.entries(arrays))("seam 52: %s", async (name, { objects }) => {
    const store = memoryStore();
    for (const [key, body] of Object.entries(objects)) await store.write(key, new Uint8Array(Buffer.from(body, "base64")));
    const box = { start: [0, 1, 2], stop: [1, 5, 7] } as unknown as Box;
    const rows = (plain: Uint8Array, [height, width]: readonly number[], from: number[], to: number[]) => {
      const row = plain.length / height!;
      const item = row / width!;
      return Buffer.concat(
        Array.from({ length: to[0]! - from[0]! }, (_, y) =>
          plain.subarray((from[0]! + y) * row + from[1]! * item, (from[0]! + y) * row + to[1]! * item),
        ),
      );
    };
    if (name.startsWith("v2")) {
      const source = parseZarray((await store.read(".zarray"))!);
      const whole = await readZarrArray((key) => store.read(key), source);
      await crop({ store, key: "", format: "zarr2", box });
      const meta = parseZarray(written(".zarray"));
      expect([meta.shape, meta.type, meta.filters]).toEqual([[4, 5], source.type, source.filters && meta.filters]);
      expect(rows(await readZarrArray(found, meta), [4, 5], [0, 0], [4, 5])).toEqual(rows(whole, [5, 7], [1, 2], [5, 7]));
      return;
    }
    const objectsOf = (get: (key: string) => Promise<Uint8Array | undefined>) => ({
      read: async (key: string, range?: { offset: number; length: number }) => {
        const body = await get(key);
        return range ? body?.subarray(range.offset, range.offset + range.length) : body;
      },
      size: async (key: string) => (await get(key))?.length,
    });
    const whole = await readZarrV3Array(
      objectsOf((key) => store.read(key)),
      parseZarrV3Array((await store.read("zarr.json"))!),
    );
    await crop({ store, key: "", format: "zarr3", box });
    const meta = parseZarrV3Array(written("zarr.json"));
    const cut = await readZarrV3Array(objectsOf(found), meta);
    expect(rows(cut, [4, 5], [0, 0], [4, 5])).toEqual(rows(whole, [5, 7], [1, 2], [5, 7]));
  });
});

describe("cropping precomputed volumes", () => {
  const shape: Triple = [9, 14, 11];
  const offset: Triple = [100, -3, 7];
  const voxels = voxelsOf(shape);
  const infoOf = (scale: object, more: object = {}) =>
    json({
      "@type": "neuroglancer_multiscale_volume",
      ...{ type: "image", data_type: "int16", num_channels: 1, ...more },
      scales: [
        {
          key: "8_8_8",
          size: [11, 14, 9],
          resolution: [8, 8, 8.5],
          voxel_offset: [7, -3, 100],
          chunk_sizes: [[6, 5, 4]],
          encoding: "raw",
          ...scale,
        },
      ],
    });
  const chunk: Triple = [4, 5, 6];
  const stored = (box: Box) => asBytes(part(voxels, shape, box.start, box.stop));
  const read = async () => {
    const info = parseVolumeInfo(written("info"));
    const [scale] = info.scales as [(typeof info.scales)[number]];
    const open = async (key: string) => {
      const file = await found(`${scale.key}/${key}`);
      return file && inMemory(file, key);
    };
    const whole = { start: [0, 0, 0] as Triple, stop: scale.shape };
    return { info, scale, plain: await readPrecomputedBox(open, info, scale, whole) };
  };

  async function volume(form: "plain" | "gz" | "br" | "coded" | "shards" | "old shards"): Promise<Store> {
    const store = memoryStore();
    const sharding: Sharding = {
      ...{ preshiftBits: 1, hash: "murmurhash3_x86_128" as const, minishardBits: 1, shardBits: 1 },
      ...{ minishardIndexEncoding: "gzip" as const, dataEncoding: "gzip" as const },
    };
    await store.write("v/info", infoOf(form.endsWith("shards") ? { sharding: shardingJson(sharding) } : { key: "../up/8_8_8" }));
    const grid = shape.map((length, axis) => Math.ceil(length / chunk[axis]!)) as Triple;
    const boxes = [...chunkBoxes(shape, chunk)];
    if (form.endsWith("shards")) {
      const cells = new Map(
        boxes.map((box) => [mortonCode(box.start.map((at, axis) => at / chunk[axis]!) as Triple, grid), stored(box)]),
      );
      for (const [name, body] of encodeShards(sharding, cells)) {
        if (form === "shards") await store.write(`v/8_8_8/${name}`, body);
        else {
          await store.write(`v/8_8_8/${name.replace("shard", "index")}`, body.subarray(0, 32));
          await store.write(`v/8_8_8/${name.replace("shard", "data")}`, body.subarray(32));
        }
      }
      return store;
    }
    for (const [i, box] of boxes.entries()) {
      const key = `up/8_8_8/${chunkName(box, offset)}`;
      if (form === "plain") await store.write(key, stored(box));
      else if (form === "gz") await store.write(`${key}.gz`, gzipSync(stored(box)));
      else if (form === "br") await store.write(`${key}.br`, brotliCompressSync(stored(box)));
      else await store.write(key, i % 2 ? gzipSync(stored(box)) : brotliCompressSync(stored(box)));
    }
    return store;
  }

  it.each(["plain", "gz", "br", "coded", "shards", "old shards"] as const)(
    "any box is that box of the voxels: %s",
    async (form) => {
      const memory = await volume(form);
      // compressed twins lie in folders of this machine alone
      const store: Store =
        form === "gz" || form === "br"
          ? { ...memory, local: { path: (key: string) => `/disk/${key}` } as Store["local"] }
          : memory;
      await fc.assert(
        fc.asyncProperty(boxIn(shape), async (inner) => {
          target = join(root, `run-${++runs}`, "crop");
          const move = (at: Triple) => at.map((value, axis) => value + offset[axis]!) as Triple;
          const box = { start: move(inner.start), stop: move(inner.stop) };
          await crop({ store, key: "v", format: "precomputed", box });
          const { scale, plain } = await read();
          expect(scale).toMatchObject({
            ...{
              key: "8_8_8",
              offset: box.start,
              voxelSizeNm: [8.5, 8, 8],
              encoding: "raw",
              chunks: [chunk],
              sharding: undefined,
            },
            shape: box.stop.map((to, axis) => to - box.start[axis]!),
          });
          expect(asVoxels(plain)).toEqual(part(voxels, shape, inner.start, inner.stop));
        }),
        { numRuns: 25 },
      );
    },
  );

  it("JPEG by choice: chunks on the grid keep their bytes, others lose little; voxels that cannot be JPEG are refused", async () => {
    const store = memoryStore();
    const size: Triple = [40, 32, 48];
    const smooth = (z: number, y: number, x: number) =>
      100 + Math.round(40 * Math.sin(z / 9) + 30 * Math.cos(y / 7) + 20 * Math.sin(x / 11));
    const side: Triple = [16, 16, 16];
    await store.write(
      "info",
      infoOf(
        { size: [48, 32, 40], chunk_sizes: [[16, 16, 16]], encoding: "jpeg", voxel_offset: [0, 0, 0] },
        { data_type: "uint8" },
      ),
    );
    for (const box of chunkBoxes(size, side)) {
      const plain = Uint8Array.from([...positions(box.start, box.stop)].map(([z, y, x]) => smooth(z!, y!, x!)));
      const own = box.stop.map((to, axis) => to - box.start[axis]!) as Triple;
      await store.write(`8_8_8/${chunkName(box)}`, encodeJpegChunk(plain, own, 1, 95));
    }
    const aligned = await crop({
      store,
      key: "",
      format: "precomputed",
      encoding: "jpeg",
      box: { start: [16, 0, 16], stop: [40, 32, 40] },
    });
    expect(aligned.chunks).toEqual({ copied: 4, rewritten: 4, absent: 0, kept: 0 });
    expect(written("8_8_8/16-32_0-16_16-32")).toEqual(await store.read("8_8_8/16-32_0-16_16-32"));
    target += "-odd";
    await crop({
      store,
      key: "",
      format: "precomputed",
      encoding: "jpeg",
      jpegQuality: 95,
      box: { start: [1, 2, 3], stop: [30, 31, 41] },
    });
    const { scale, plain } = await read();
    expect([scale.encoding, scale.shape]).toEqual(["jpeg", [29, 29, 38]]);
    const error = [...positions([1, 2, 3], [30, 31, 41])].map(([z, y, x], i) => Math.abs(plain[i]! - smooth(z!, y!, x!)));
    expect(Math.max(...error)).toBeLessThan(8);
    const refused = crop({
      store: await volume("plain"),
      key: "v",
      format: "precomputed",
      encoding: "jpeg",
      box: { start: [100, -3, 7], stop: [101, -2, 8] },
    });
    await expect(refused).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("int16") });
  });

  it("all scales: each covers the finest one's part; folders of one name are told apart", async () => {
    const store = memoryStore();
    const scales = [
      {
        key: "a/s",
        size: [11, 14, 9],
        resolution: [8, 8, 8],
        voxel_offset: [10, 20, 30],
        chunk_sizes: [[6, 5, 4]],
        encoding: "raw",
      },
      {
        key: "b/s",
        size: [6, 7, 9],
        resolution: [16, 16, 8],
        voxel_offset: [5, 10, 30],
        chunk_sizes: [[6, 5, 4]],
        encoding: "raw",
      },
    ];
    await store.write("info", json({ type: "segmentation", data_type: "uint32", num_channels: 1, scales, mesh: "mesh" }));
    const { levels } = await crop({
      store,
      key: "",
      format: "precomputed",
      scale: "all",
      box: { start: [31, 21, 11], stop: [33, 24, 14] },
    });
    expect(levels).toEqual([
      { path: "s", box: { start: [31, 21, 11], stop: [33, 24, 14] }, shape: [2, 3, 3] },
      { path: "s_1", box: { start: [31, 10, 5], stop: [33, 12, 7] }, shape: [2, 2, 2] },
    ]);
    expect(JSON.parse(new TextDecoder().decode(written("info")))).toEqual({
      "@type": "neuroglancer_multiscale_volume",
      ...{ type: "segmentation", data_type: "uint32", num_channels: 1 },
      scales: [
        { ...scales[0], key: "s", size: [3, 3, 2], voxel_offset: [11, 21, 31] },
        { ...scales[1], key: "s_1", size: [2, 2, 2], voxel_offset: [5, 10, 31] },
      ],
    });
  });
});

describe("published volumes", () => {
  it("hemibrain, x 10000:10200, y 11000:11150, z 12000:12100: 4×4×3 = 48 chunks of 64³, each asked for once", async () => {
    const picture = encodeJpegChunk(
      Uint8Array.from({ length: 64 ** 3 }, (_, i) => (i >> 6) & 255),
      [64, 64, 64],
      1,
    );
    const info = {
      ...{ "@type": "neuroglancer_multiscale_volume", type: "image", data_type: "uint8", num_channels: 1 },
      scales: [
        {
          key: "8.0x8.0x8.0",
          size: [34432, 39552, 41408],
          resolution: [8, 8, 8],
          voxel_offset: [0, 0, 0],
          chunk_sizes: [[64, 64, 64]],
          encoding: "jpeg",
        },
      ],
    };
    const memory = memoryStore();
    const { store, reads } = watched({ ...memory, read: async (key) => (key.endsWith("/info") ? json(info) : picture) });
    const box: Box = { start: [12000, 11000, 10000], stop: [12100, 11150, 10200] };
    const { chunks, read } = await crop({ store, key: "emdata", format: "precomputed", box });
    expect([read.asked, read.found, new Set(reads).size, reads.length]).toEqual([48, 48, 49, 49]);
    expect(chunks).toEqual({ copied: 0, rewritten: 2 * 3 * 4, absent: 0, kept: 0 });
    const cropped = parseVolumeInfo(written("info"));
    expect(cropped.scales[0]).toMatchObject({ shape: [100, 150, 200], offset: [12000, 11000, 10000], voxelSizeNm: [8, 8, 8] });
    expect(written("8.0x8.0x8.0/10000-10064_11000-11064_12000-12064").length).toBe(64 ** 3);
    expect(written("8.0x8.0x8.0/10192-10200_11128-11150_12064-12100").length).toBe(8 * 22 * 36);
  }, 120_000);

  it("jrc_mus-nacc-2, s0 whole: 9·40·41 = 14 760 chunks", async () => {
    const store = memoryStore();
    const zarray = {
      ...{
        zarr_format: 2,
        shape: [564, 2520, 2596],
        chunks: [64, 64, 64],
        dtype: "<i2",
        fill_value: 0,
        order: "C",
        filters: null,
      },
      ...{ compressor: { id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 }, dimension_separator: "/" },
    };
    await store.write("s0/.zarray", json(zarray));
    const plan = await planCrop({ store, key: "s0", format: "zarr", box: { start: [0, 0, 0], stop: [564, 2520, 2596] } });
    expect(cropGrid(plan.arrays[0]!)).toEqual([9, 40, 41]);
    expect([...plan.arrays[0]!.files()].length).toBe(14_760);
  });
});

describe("what is refused, and what goes on", () => {
  const shape = [9, 14, 11];
  async function array(): Promise<Store> {
    const store = memoryStore();
    await v2Array(store, "a/", { ...V2, shape, chunks: [4, 5, 6] }, voxelsOf(shape));
    return store;
  }
  const whole: Box = { start: [0, 0, 0], stop: [9, 14, 11] };

  it.each<[string, Box, string]>([
    ["past the end", { start: [0, 0, 0], stop: [9, 14, 12] }, "0:9,0:14,0:11"],
    ["before the beginning", { start: [-1, 0, 0], stop: [9, 14, 11] }, "0:9,0:14,0:11"],
    ["empty", { start: [3, 0, 0], stop: [3, 14, 11] }, "empty along z"],
    ["backwards", { start: [0, 0, 5], stop: [9, 14, 4] }, "empty along x"],
    ["no whole number", { start: [0, 0, 0.5], stop: [9, 14, 4] }, "not inside"],
  ])("a box that is %s", async (_, box, words) => {
    const error = await crop({ store: await array(), key: "a", format: "zarr", box }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "USAGE", message: expect.stringContaining(words) });
    expect(existsSync(join(target, ".."))).toBe(false);
  });

  it("no volume, a level that is not there, a folder that holds something else", async () => {
    const store = await array();
    await expect(crop({ store, key: "b", format: "zarr", box: whole })).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
    await expect(crop({ store, key: "a", format: "precomputed", box: whole })).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
    await expect(crop({ store, key: "a", format: "n5", box: whole })).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
    await expect(crop({ store, key: "a", format: "zarr", scale: 1, box: whole })).rejects.toMatchObject({ code: "USAGE" });
    await fileStore(target).write("notes.txt", bytes("mine"));
    await expect(crop({ store, key: "a", format: "zarr", box: whole })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
    expect(readdirSync(target)).toEqual(["notes.txt"]);
  });

  it("the same request again reads no chunk; another box of the same shape is another crop", async () => {
    const { store, reads } = watched(await array());
    const box: Box = { start: [0, 0, 0], stop: [4, 5, 6] };
    expect((await crop({ store, key: "a", format: "zarr", box })).status).toBe("cropped");
    const before = reads.length;
    expect((await crop({ store, key: "a", format: "zarr", box })).status).toBe("present");
    expect(reads.slice(before).filter((key) => /\d$/.test(key))).toEqual([]);
    const other: Box = { start: [0, 5, 0], stop: [4, 10, 6] };
    await expect(crop({ store, key: "a", format: "zarr", box: other })).rejects.toMatchObject({ code: "STORE_CONFLICT" });
  });

  it("cut off anywhere, it is not there; then it goes on from there", async () => {
    const memory = await array();
    const box: Box = { start: [1, 2, 3], stop: [9, 14, 11] };
    const metadata = 5;
    const total = 3 * 3 * 2;
    for (let cut = 1; cut < total; cut += 3) {
      target = join(root, `run-${++runs}`, "crop");
      const first = watched(memory, (_, reads) => reads.filter((key) => /\d$/.test(key)).length >= cut);
      await expect(crop({ store: first.store, key: "a", format: "zarr", box, concurrency: 2 })).rejects.toThrow(
        "the line went dead",
      );
      expect(existsSync(target)).toBe(false);
      const second = watched(memory);
      await crop({ store: second.store, key: "a", format: "zarr", box, concurrency: 2 });
      const chunkReads = [...first.reads, ...second.reads].filter((key) => /\d$/.test(key));
      expect(new Set(chunkReads).size).toBe(total);
      // but for those that only a unit needed which was under way
      expect(chunkReads.length - total).toBeLessThanOrEqual(2);
      expect(second.reads.length - second.reads.filter((key) => /\d$/.test(key)).length).toBeLessThanOrEqual(metadata);
      expect((await readV2()).voxels).toEqual(part(voxelsOf(shape), shape, box.start, box.stop));
      expect(readdirSync(join(target, ".."))).toEqual(["crop"]);
      expect(
        readdirSync(target)
          .filter((name) => name.startsWith("."))
          .sort(),
      ).toEqual([".zarray"]);
    }
  });

  it("another request does not go on with what an earlier one left", async () => {
    const memory = await array();
    const first = watched(memory, (_, reads) => reads.length > 8);
    await crop({ store: first.store, key: "a", format: "zarr", box: whole }).catch(() => undefined);
    const box: Box = { start: [4, 5, 6], stop: [9, 14, 11] };
    const { chunks } = await crop({ store: memory, key: "a", format: "zarr", box });
    expect(chunks.kept).toBe(0);
    expect((await readV2()).voxels).toEqual(part(voxelsOf(shape), shape, box.start, box.stop));
  });

  it("cancelled", async () => {
    const controller = new AbortController();
    const { store } = watched(await array(), (_, reads) => {
      if (reads.length === 6) controller.abort();
      return false;
    });
    await expect(crop({ store, key: "a", format: "zarr", box: whole, signal: controller.signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(existsSync(target)).toBe(false);
  });

  it("progress counts the chunks of the crop, and no more are under way than there is room for", async () => {
    const memory = await array();
    let under = 0;
    let most = 0;
    let wanted = 3;
    let release = () => {};
    let enough = new Promise<void>((resolve) => (release = resolve));
    const store: Store = {
      ...memory,
      async read(key, range, options) {
        most = Math.max(most, ++under);
        if (under === wanted) release();
        if (/\d$/.test(key)) await enough;
        under--;
        return memory.read(key, range, options);
      },
    };
    const seen: number[] = [];
    const onProgress = ({ doneChunks, totalChunks }: { doneChunks: number; totalChunks: number }) =>
      seen.push(doneChunks, totalChunks);
    await crop({ store, key: "a", format: "zarr", box: whole, concurrency: 3, onProgress });
    expect(seen).toEqual(Array.from({ length: 18 }, (_, i) => [i + 1, 18]).flat());
    expect(most).toBe(3);
    target += "-2";
    most = 0;
    wanted = 1;
    enough = Promise.resolve();
    await crop({ store, key: "a", format: "zarr", box: whole, concurrency: 3, memoryBytes: 2 * 4 * 4 * 5 * 6 * 2 });
    expect(most).toBe(1);
  });
});
