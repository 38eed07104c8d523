import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LoadedVolume, openBlockVolume } from "../../src/arrays/loader/volume.js";
import type { Box, Triple } from "../../src/core/box.js";
import { parseZarrDType } from "../../src/formats/zarr/dtype.js";
import { printZattrs } from "../../src/formats/zarr/metadata.js";
import { omeZarrAttributes } from "../../src/formats/zarr/ome.js";
import { omeZarr05Attributes } from "../../src/formats/zarr/ome-v05.js";
import { printZarrV3, zarrV3ArrayMetadata, zarrV3FromJson, zarrV3GroupMetadata } from "../../src/formats/zarr/v3-metadata.js";
import { writeZarrV3Array } from "../../src/formats/zarr/v3-write.js";
import { writeZarrArray } from "../../src/formats/zarr/write.js";
import { type FaultServer, startFaultServer } from "./server.mjs";

const SHAPE: Triple = [40, 50, 60];
const WHOLE: Box = { start: [0, 0, 0], stop: SHAPE };
const voxels = Uint16Array.from({ length: 40 * 50 * 60 }, (_, i) => (i * 7919) % 65_521);
const plain = new Uint8Array(voxels.buffer);
const text = (value: string) => new TextEncoder().encode(value);

/** A volume in a bucket: what it asks of the server. */
describe("volumes in a bucket, read in boxes", () => {
  let server: FaultServer;
  const opened: LoadedVolume[] = [];

  beforeAll(async () => {
    server = await startFaultServer({});
    const put = (folder: string) => async (key: string, bytes: Uint8Array) => server.s3.put("bucket", `${folder}/${key}`, bytes);
    await writeZarrArray(
      put("v2.zarr"),
      {
        shape: SHAPE,
        chunks: [20, 25, 30],
        type: parseZarrDType("<u2")!,
        compressor: { id: "zlib", level: 1 },
        fillValue: 0,
        order: "C",
        dimensionSeparator: "/",
      },
      plain,
    );
    const array = zarrV3ArrayMetadata({
      shape: SHAPE,
      dtype: "uint16",
      chunks: [10, 25, 30],
      shards: [40, 50, 60],
      compressor: { name: "gzip", level: 1 },
    });
    await writeZarrV3Array(put("ome.zarr/0"), array, plain);
    const attributes = omeZarr05Attributes({ kind: "tomogram", voxelSizeAngstrom: 10, levels: 1 });
    server.s3.put(
      "bucket",
      "ome.zarr/zarr.json",
      text(printZarrV3(zarrV3GroupMetadata({ attributes, members: new Map([["0", array]]) }))),
    );
    server.s3.put(
      "bucket",
      "ome4.zarr/.zattrs",
      text(printZattrs(omeZarrAttributes({ kind: "tomogram", voxelSizeAngstrom: 7.84, levels: 1 }))),
    );
    await writeZarrArray(
      put("ome4.zarr/0"),
      {
        shape: SHAPE,
        chunks: [20, 25, 30],
        type: parseZarrDType("<u2")!,
        compressor: null,
        fillValue: 0,
        order: "C",
        dimensionSeparator: "/",
      },
      plain,
    );
    expect(zarrV3FromJson(array, "array").kind).toBe("array");
  });
  afterAll(() => server.close());
  beforeEach(() => server.setFaults([]));
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((volume) => volume.close()));
  });

  async function open(name: string, memoryBytes?: number): Promise<LoadedVolume> {
    const store = { endpoint: server.url, region: "us-east-1", anonymous: true };
    const volume = await openBlockVolume(`s3://bucket/${name}`, { store, threads: 1, memoryBytes });
    opened.push(volume);
    return volume;
  }
  const asked = () => server.requests.map(({ operation, key, range }) => [operation, key, range].filter(Boolean).join(" "));
  const same = (found: Uint8Array, wanted: Uint8Array) => expect(Buffer.compare(found, wanted)).toBe(0);

  it.each(["v2.zarr", "ome.zarr", "ome4.zarr"])("%s is opened by three requests at most, and no voxel is read", async (name) => {
    const volume = await open(name);
    expect(volume.levels[0]!.shape).toEqual(SHAPE);
    expect(asked().length).toBeLessThanOrEqual(3);
    expect(asked().filter((one) => !/zarr\.json|\.zattrs|\.zarray/.test(one))).toEqual([]);
  });

  it("asks once for each chunk, whoever wants it", async () => {
    const volume = await open("v2.zarr");
    server.setFaults([]);
    const results = await Promise.all([1, 2, 3].map(() => volume.levels[0]!.read(WHOLE)));
    for (const result of results) same(result, plain);
    expect(new Set(asked()).size).toBe(8);
    expect(asked()).toHaveLength(8);
    await volume.levels[0]!.read({ start: [1, 1, 1], stop: [39, 49, 59] });
    expect(asked()).toHaveLength(8);
    expect(volume.traffic).toMatchObject({ requests: 8, pins: 0, reading: 0 });
  });

  it("hands a chunk to all who wait for it, also where there is no room to keep it", async () => {
    const volume = await open("v2.zarr", 780_000);
    server.setFaults([]);
    const results = await Promise.all([1, 2, 3].map(() => volume.levels[0]!.read(WHOLE)));
    for (const result of results) same(result, plain);
    expect(asked()).toHaveLength(8);
    expect(volume.traffic).toMatchObject({ pins: 0, reading: 0 });
  });

  it("reads in little memory, again and again where it must", async () => {
    const volume = await open("v2.zarr", 1_000_000);
    const reads = Array.from({ length: 10 }, (_, z) =>
      volume.levels[0]!.read({ start: [4 * z, 0, 0], stop: [4 * z + 4, 50, 60] }),
    );
    same(Buffer.concat(await Promise.all(reads)), plain);
    const { heldBytesMax, pins, reading } = volume.traffic;
    expect(heldBytesMax).toBeLessThanOrEqual(1_000_000);
    expect([pins, reading]).toEqual([0, 0]);
  });

  it("reads a shard's index once, and neighbours in it by one request", async () => {
    const volume = await open("ome.zarr");
    expect(volume.levels[0]).toMatchObject({ voxelSizeNm: [1, 1, 1], offsetNm: [0, 0, 0], shard: SHAPE, chunk: [10, 25, 30] });
    server.setFaults([]);
    same(await volume.levels[0]!.read(WHOLE), plain);
    // its length, its index, and sixteen chunks that lie side by side
    expect(asked().map((one) => one.split(" ")[0])).toEqual(["HeadObject", "GetObject", "GetObject"]);
    await volume.levels[0]!.read({ start: [0, 0, 0], stop: [5, 5, 5] });
    expect(asked()).toHaveLength(3);
  });

  it("reads only the wanted part of chunks that are not compressed", async () => {
    const volume = await open("ome4.zarr");
    server.setFaults([]);
    const found = await volume.levels[0]!.read({ start: [3, 0, 0], stop: [4, 25, 30] });
    same(
      found,
      new Uint8Array(
        Buffer.concat(Array.from({ length: 25 }, (_, y) => plain.subarray((3 * 50 + y) * 60 * 2, ((3 * 50 + y) * 60 + 30) * 2))),
      ),
    );
    expect(volume.traffic.storedBytes).toBe(25 * 30 * 2);
  });

  it("tries again after passing errors, and says which chunk cannot be read", async () => {
    const volume = await open("v2.zarr");
    server.setFaults([{ on: "GetObject", fate: { kind: "status", status: 503, code: "SlowDown" }, times: 1 }]);
    same(await volume.levels[0]!.read(WHOLE), plain);
    const other = await open("v2.zarr");
    server.s3.put("bucket", "v2.zarr/0/0/0", new Uint8Array(100));
    await expect(other.levels[0]!.read({ start: [0, 0, 0], stop: [5, 5, 5] })).rejects.toMatchObject({ code: "FORMAT_CORRUPT" });
    expect(other.traffic).toMatchObject({ pins: 0, reading: 0 });
  });
});
