import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Triple } from "../../core/box.js";
import { chunkBoxes, chunkName, mortonCode } from "../../formats/precomputed/grid.js";
import { encodeShards, type Sharding, shardingJson } from "../../formats/precomputed/sharding.js";
import { type LoadedVolume, openBlockVolume } from "./volume.js";

const root = mkdtempSync(join(tmpdir(), "emporium-world-"));
afterAll(() => rmSync(root, { recursive: true }));
const opened: LoadedVolume[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((volume) => volume.close()));
});

let counter = 0;
async function open(
  objects: Record<string, unknown>,
  options: Parameters<typeof openBlockVolume>[1] = {},
): Promise<LoadedVolume> {
  const folder = join(root, String(++counter));
  for (const [key, body] of Object.entries(objects)) {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), body instanceof Uint8Array ? body : JSON.stringify(body));
  }
  const volume = await openBlockVolume(folder, { threads: 1, ...options });
  opened.push(volume);
  return volume;
}

const zarray = (shape: number[]) => ({
  zarr_format: 2,
  shape,
  chunks: shape.map(() => 4),
  dtype: "|u1",
  compressor: null,
  fill_value: 0,
  order: "C",
  filters: null,
});
const worldOf = ({ levels }: LoadedVolume) => levels.map(({ voxelSizeNm, offsetNm }) => ({ voxelSizeNm, offsetNm }));

function multiscales(unit: string, datasets: object[]) {
  const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit }));
  return { multiscales: [{ version: "0.4", axes, datasets }] };
}
const scaled = (path: string, scale: number[], translation?: number[]) => ({
  path,
  coordinateTransformations: [{ type: "scale", scale }, ...(translation ? [{ type: "translation", translation }] : [])],
});

describe("where the voxels lie, in nanometres", () => {
  it("OME-Zarr: scale and translation in the unit of the axes", async () => {
    const attributes = multiscales("micrometer", [
      scaled("0", [0.04, 0.01, 0.02], [1, 2, 3]),
      scaled("1", [0.08, 0.02, 0.04], [1.02, 2.005, 3.01]),
    ]);
    const volume = await open({ ".zattrs": attributes, "0/.zarray": zarray([8, 8, 8]), "1/.zarray": zarray([4, 4, 4]) });
    const [finest, coarser] = worldOf(volume);
    expect(finest).toEqual({ voxelSizeNm: [40, 10, 20], offsetNm: [1000, 2000, 3000] });
    expect(coarser!.voxelSizeNm).toEqual([80, 20, 40]);
    // half of a finest voxel further in: what its translation says
    for (const [axis, wanted] of [1020, 2005, 3010].entries()) expect(coarser!.offsetNm[axis]).toBeCloseTo(wanted, 9);
  });

  it("OME-Zarr without translations: coarser voxels are blocks of the finest ones", async () => {
    const attributes = multiscales("angstrom", [scaled("0", [10, 10, 20]), scaled("1", [20, 40, 20])]);
    const volume = await open({ ".zattrs": attributes, "0/.zarray": zarray([8, 8, 8]), "1/.zarray": zarray([4, 2, 8]) });
    expect(worldOf(volume)).toEqual([
      { voxelSizeNm: [1, 1, 2], offsetNm: [0, 0, 0] },
      // two and four voxels of 1 nm: their centre is 0.5 and 1.5 nm from the first one's
      { voxelSizeNm: [2, 4, 2], offsetNm: [0.5, 1.5, 0] },
    ]);
  });

  it("N5: factors of the levels, resolution of the group", async () => {
    const dataset = (dimensions: number[], more = {}) => ({
      dimensions,
      blockSize: [4, 4, 4],
      dataType: "uint8",
      compression: { type: "raw" },
      ...more,
    });
    const volume = await open({
      "attributes.json": {
        n5: "2.0.0",
        pixelResolution: { unit: "nm", dimensions: [4, 5, 6] },
        scales: [
          [1, 1, 1],
          [2, 2, 1],
        ],
      },
      "s0/attributes.json": dataset([10, 9, 8]),
      "s1/attributes.json": dataset([5, 5, 8], { downsamplingFactors: [2, 2, 1] }),
    });
    expect(volume.levels.map(({ shape }) => shape)).toEqual([
      [8, 9, 10],
      [8, 5, 5],
    ]);
    expect(worldOf(volume)).toEqual([
      { voxelSizeNm: [6, 5, 4], offsetNm: [0, 0, 0] },
      { voxelSizeNm: [6, 10, 8], offsetNm: [0, 2.5, 2] },
    ]);
  });
});

describe("Neuroglancer precomputed", () => {
  const SHAPE: Triple = [5, 6, 7];
  const CHUNK: Triple = [2, 4, 3];
  const OFFSET: Triple = [100, 0, -3];
  const value = (c: number, z: number, y: number, x: number) => 1000 * c + 100 * z + 10 * y + x;
  const chunkOf = ({ start, stop }: { start: Triple; stop: Triple }) => {
    const values: number[] = [];
    for (let c = 0; c < 2; c++)
      for (let z = start[0]; z < stop[0]; z++)
        for (let y = start[1]; y < stop[1]; y++) for (let x = start[2]; x < stop[2]; x++) values.push(value(c, z, y, x));
    return new Uint8Array(Uint16Array.from(values).buffer);
  };
  const info = (more = {}) => ({
    "@type": "neuroglancer_multiscale_volume",
    type: "image",
    data_type: "uint16",
    num_channels: 2,
    scales: [
      {
        key: "8_8_40",
        size: [7, 6, 5],
        resolution: [8, 8, 40],
        voxel_offset: [-3, 0, 100],
        chunk_sizes: [[3, 4, 2]],
        encoding: "raw",
        ...more,
      },
    ],
  });
  const wanted = (c: number, [z0, y0, x0]: Triple, [z1, y1, x1]: Triple) => {
    const values: number[] = [];
    for (let z = z0; z < z1; z++) for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) values.push(value(c, z, y, x));
    return values;
  };
  const found = async (volume: LoadedVolume, start: Triple, stop: Triple) => [
    ...new Uint16Array((await volume.levels[0]!.read({ start, stop })).buffer),
  ];

  it("reads a channel of chunks in files, plain and packed, cut off at the edge", async () => {
    const files = Object.fromEntries(
      [...chunkBoxes(SHAPE, CHUNK)].map((box, i) => [
        `8_8_40/${chunkName(box, OFFSET)}${i % 2 ? "" : ".gz"}`,
        i % 2 ? chunkOf(box) : new Uint8Array(gzipSync(chunkOf(box))),
      ]),
    );
    for (const c of [0, 1]) {
      const volume = await open({ info: info(), ...files }, { select: { c } });
      expect(volume.levels[0]).toMatchObject({ shape: SHAPE, voxelSizeNm: [40, 8, 8], offsetNm: [4020, 4, -20], codec: "raw" });
      expect(await found(volume, [0, 0, 0], SHAPE)).toEqual(wanted(c, [0, 0, 0], SHAPE));
      expect(await found(volume, [1, 3, 2], [5, 5, 7])).toEqual(wanted(c, [1, 3, 2], [5, 5, 7]));
      expect(volume.traffic).toMatchObject({ pins: 0, reading: 0 });
    }
    await expect(open({ info: info(), ...files }, { select: { c: 2 } })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("reads shards", async () => {
    const sharding: Sharding = {
      preshiftBits: 1,
      hash: "murmurhash3_x86_128",
      minishardBits: 1,
      shardBits: 1,
      minishardIndexEncoding: "gzip",
      dataEncoding: "gzip",
    };
    const grid: Triple = [3, 2, 3];
    const chunks = new Map(
      [...chunkBoxes(SHAPE, CHUNK)].map((box) => [
        mortonCode(box.start.map((at, axis) => at / CHUNK[axis]!) as Triple, grid),
        chunkOf(box),
      ]),
    );
    const shards = Object.fromEntries([...encodeShards(sharding, chunks)].map(([key, bytes]) => [`8_8_40/${key}`, bytes]));
    const volume = await open({ info: info({ sharding: shardingJson(sharding) }), ...shards }, { select: { c: 1 } });
    expect(await found(volume, [0, 0, 0], SHAPE)).toEqual(wanted(1, [0, 0, 0], SHAPE));
    expect(await found(volume, [2, 1, 1], [5, 6, 4])).toEqual(wanted(1, [2, 1, 1], [5, 6, 4]));
  });
});

describe("what is no volume", () => {
  it.each([
    ["an empty folder", {}, "FORMAT_UNKNOWN"],
    ["a group of N5", { "attributes.json": { n5: "2.0.0" } }, "FORMAT_UNKNOWN"],
    ["an array of one axis", { ".zarray": zarray([8]) }, "FORMAT_UNSUPPORTED"],
    ["an image without its array", { ".zattrs": multiscales("nanometer", [scaled("0", [1, 1, 1])]) }, "STORE_ABSENT"],
  ])("%s is refused, with a place and a hint", async (_, objects, code) => {
    const thrown: { code?: string; facts?: { place?: object; hint?: string } } = await open({ "note.txt": "", ...objects }).then(
      () => ({}),
      (error) => error,
    );
    expect(thrown.code).toBe(code);
    expect(thrown.facts?.place).toBeDefined();
  });

  it("files of other kinds", async () => {
    const gz = join(root, "volume.mrc");
    writeFileSync(gz, gzipSync(new Uint8Array(4000)));
    await expect(openBlockVolume(gz)).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
    await expect(openBlockVolume(join(root, "nothing.mrc"))).rejects.toMatchObject({ code: "STORE_ABSENT" });
    await expect(openBlockVolume(join(root, "volume.h5#/raw"))).rejects.toMatchObject({ code: "STORE_ABSENT" });
    await expect(openBlockVolume("https://127.0.0.1:9/volume.h5#/raw")).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
  });
});
