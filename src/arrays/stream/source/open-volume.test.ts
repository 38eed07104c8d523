import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import type { Triple } from "../../../core/box.js";
import type { JsonObject } from "../../../core/json.js";
import { mrcHeaderBytes } from "../../../formats/mrc/write.js";
import { parseZarrDType } from "../../../formats/zarr/dtype.js";
import { printZarray, printZattrs, printZgroup } from "../../../formats/zarr/metadata.js";
import { omeZarrAttributes } from "../../../formats/zarr/ome.js";
import { omeZarr05Attributes } from "../../../formats/zarr/ome-v05.js";
import { printZarrV3, zarrV3ArrayMetadata, zarrV3GroupMetadata } from "../../../formats/zarr/v3-metadata.js";
import { writeZarrV3Array } from "../../../formats/zarr/v3-write.js";
import { fileStore } from "../../../stores/file/store.js";
import { memoryStore } from "../../../stores/memory/store.js";
import { encodeBlosc } from "../../kernels/blosc.js";
import type { RawVolume } from "../plan/job.js";
import { describeVolume, openVolume } from "./open-volume.js";

const root = mkdtempSync(join(tmpdir(), "emporium-open-"));
afterAll(() => rmSync(root, { recursive: true }));
let counter = 0;
const options = () => {
  const folder = join(root, `scratch-${++counter}`);
  return { compat: false, scratch: async () => folder };
};

const shape: Triple = [3, 4, 5];
const values = Int16Array.from({ length: 60 }, (_, i) => i * 7 - 100);

/** `mrc()` below, compressed by Python 3.11's bz2. */
const BZ2 = new Uint8Array(
  Buffer.from(
    "QlpoOTFBWSZTWRRRpAYAAEF///5MyRJ0S/GyfAvQIVaj1yQIECBEyRIkSJEixIkSJEiZsAC1tGI0NDQNAaABphAAaNMmgGRgjIGQAImpoQAABoAAAAAAAAHqAAART9SmTTQACMAJgAmTAABoAACZGDQsIShF+AkeigKdOKgCkgoHAABCEgwwOAPgkICIr2TRuk9gBgESCrLq1cwGHIZ9GnVsS3wQVFuATHPq138+wwbpFgJCvev4cWQ3M+AIl6SgVEQBAC3ZOuJ5NqKCJgrtaDzYUyRTI8iTSR+DLUCP3jjyxCUj6grBztpGbCgpEibTuOMeasiXcpM6KgmRNaMUgdxShnAbzGIgAAACAAAAAAOCnHlz/enX+/+3fx59KexdyRThQkBRRpAY",
    "base64",
  ),
);

/** An int16 MRC of the values; `axes` are mapc, mapr, maps. */
function mrc(axes = [1, 2, 3]): Uint8Array {
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape,
    dtype: "int16",
    voxelSizeAngstrom: [3, 2, 1],
    statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    dateMs: 0,
  });
  const view = new DataView(head.buffer);
  for (const [i, axis] of axes.entries()) view.setInt32(64 + 4 * i, axis, true);
  return new Uint8Array(Buffer.concat([head, new Uint8Array(values.buffer)]));
}

async function read(raw: RawVolume): Promise<number[]> {
  const count = raw.shape.reduce((a, b) => a * b, 1);
  const bytes =
    "path" in raw.data ? readFileSync(raw.data.path).subarray(raw.data.offset) : await raw.data.read(raw.data.offset, count * 2);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: count }, (_, i) => view.getInt16(2 * i, raw.littleEndian));
}

describe("openVolume", () => {
  it("reads a local MRC where it is, and a remote one by ranges", async () => {
    const folder = join(root, "local");
    mkdirSync(folder);
    writeFileSync(join(folder, "a.mrc"), mrc());
    const local = await openVolume(fileStore(folder), "a.mrc", options());
    expect(local.raw.data).toEqual({ path: join(folder, "a.mrc"), offset: 1024 });
    expect(await read(local.raw)).toEqual([...values]);
    const store = memoryStore();
    await store.write("a.mrc", mrc());
    const remote = await openVolume(store, "a.mrc", options());
    expect("read" in remote.raw.data).toBe(true);
    expect(await read(remote.raw)).toEqual([...values]);
    expect(remote.voxelSizeAngstrom).toEqual([3, 2, 1]);
  });

  it("lays compressed files out once, and finds them again", async () => {
    const store = memoryStore();
    await store.write("a.mrc.gz", gzipSync(mrc()));
    // the suffix says nothing: many are called .mrc
    await store.write("b.mrc", BZ2);
    for (const key of ["a.mrc.gz", "b.mrc"]) {
      const where = options();
      const first = await openVolume(store, key, where);
      expect(await read(first.raw)).toEqual([...values]);
      expect(await describeVolume(store, key, { compat: false })).toMatchObject({ shape, warnings: [] });
      await store.write(key, (await store.read(key))!.slice(0, 40));
      const second = await openVolume(store, key, where);
      expect(await read(second.raw)).toEqual([...values]);
      await expect(openVolume(store, key, options())).rejects.toMatchObject({
        code: "FORMAT_CORRUPT",
        facts: { place: { file: `memory:/${key}` } },
      });
    }
  });

  it("turns permuted axes to z, y, x as numpy's transpose does, and leaves them under the reference's rules", async () => {
    const store = memoryStore();
    const at = (z: number, y: number, x: number) => values[(z * 4 + y) * 5 + x]!;
    // stored axes are (sections, rows, columns) = (maps, mapr, mapc)
    const cases: [number[], Triple, (z: number, y: number, x: number) => number][] = [
      [[2, 1, 3], [3, 5, 4], (z, y, x) => at(z, x, y)],
      [[1, 3, 2], [4, 3, 5], (z, y, x) => at(y, z, x)],
      [[3, 2, 1], [5, 4, 3], (z, y, x) => at(x, y, z)],
      [[2, 3, 1], [4, 5, 3], (z, y, x) => at(x, z, y)],
      [[3, 1, 2], [5, 3, 4], (z, y, x) => at(y, x, z)],
    ];
    for (const [axes, turned, value] of cases) {
      await store.write("p.mrc", mrc(axes));
      const volume = await openVolume(store, "p.mrc", options());
      expect(volume.raw.shape, `axes ${axes}`).toEqual(turned);
      const expected: number[] = [];
      for (let z = 0; z < turned[0]; z++)
        for (let y = 0; y < turned[1]; y++) for (let x = 0; x < turned[2]; x++) expected.push(value(z, y, x));
      expect(await read(volume.raw), `axes ${axes}`).toEqual(expected);
      expect(volume.warnings.join()).toContain(axes.join(","));
      const asStored = await openVolume(store, "p.mrc", { ...options(), compat: true });
      expect(asStored.raw.shape).toEqual(shape);
      expect(await read(asStored.raw)).toEqual([...values]);
    }
  });

  it("reads level 0 of an OME-Zarr", async () => {
    const store = memoryStore();
    const text = (content: string) => new TextEncoder().encode(content);
    await store.write("v.zarr/.zgroup", text(printZgroup()));
    await store.write("v.zarr/.zattrs", text(printZattrs(omeZarrAttributes({ kind: "tomogram", voxelSizeAngstrom: 7.84 }))));
    const meta = {
      shape,
      chunks: [2, 3, 4],
      type: parseZarrDType("<i2")!,
      compressor: { id: "blosc", cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 },
      fillValue: 0,
      order: "C" as const,
      dimensionSeparator: "/" as const,
    };
    await store.write("v.zarr/0/.zarray", text(printZarray(meta)));
    for (const z of [0, 1])
      for (const y of [0, 1])
        for (const x of [0, 1]) {
          const chunk = new Int16Array(24);
          for (let i = 0; i < 24; i++) {
            const [cz, cy, cx] = [z * 2 + Math.floor(i / 12), y * 3 + (Math.floor(i / 4) % 3), x * 4 + (i % 4)];
            if (cz < 3 && cy < 4 && cx < 5) chunk[i] = values[(cz * 4 + cy) * 5 + cx]!;
          }
          await store.write(`v.zarr/0/${z}/${y}/${x}`, encodeBlosc(new Uint8Array(chunk.buffer), 2));
        }
    const volume = await openVolume(store, "v.zarr/", options());
    expect(volume.voxelSizeAngstrom).toEqual([7.84, 7.84, 7.84]);
    expect(await read(volume.raw)).toEqual([...values]);
  });

  it.each([
    ["chunks", undefined, undefined],
    ["shards", [4, 4, 8], undefined],
    ["shards whose axes are turned", [4, 8, 4], [2, 0, 1]],
  ] as const)("reads level 0 of an OME-Zarr 0.5 in %s, and an array by itself", async (_name, shards, order) => {
    const store = memoryStore();
    const text = (content: string) => new TextEncoder().encode(content);
    const attributes = omeZarr05Attributes({ kind: "tomogram", voxelSizeAngstrom: 7.84 });
    await store.write("v.zarr/zarr.json", text(printZarrV3(zarrV3GroupMetadata({ attributes }))));
    const compressor = { name: "blosc", cname: "lz4", clevel: 5, shuffle: "shuffle" } as const;
    // inner chunks are given in the order in which the axes are stored
    const chunks = order ? [4, 2, 4] : [2, 2, 4];
    const document = zarrV3ArrayMetadata({ shape, dtype: "int16", chunks, shards, compressor });
    const turned = order && {
      ...document,
      codecs: [{ name: "transpose", configuration: { order } }, ...(document.codecs as readonly JsonObject[])],
    };
    const put = async (key: string, bytes: Uint8Array) => void (await store.write(`v.zarr/0/${key}`, bytes));
    await writeZarrV3Array(put, turned ?? document, new Uint8Array(values.buffer));
    const volume = await openVolume(store, "v.zarr/", options());
    expect(volume.voxelSizeAngstrom).toEqual([7.84, 7.84, 7.84]);
    expect(await read(volume.raw)).toEqual([...values]);
    const array = await openVolume(store, "v.zarr/0/", options());
    expect([array.voxelSizeAngstrom, await read(array.raw)]).toEqual([[undefined, undefined, undefined], [...values]]);
    expect(await describeVolume(store, "v.zarr", { compat: false })).toMatchObject({ shape });
    await store.remove("v.zarr/0/zarr.json");
    await expect(openVolume(store, "v.zarr", options())).rejects.toMatchObject({ code: "STORE_ABSENT" });
  });

  it("refuses what is no volume of real values", async () => {
    const store = memoryStore();
    const fourier = mrc();
    new DataView(fourier.buffer).setInt32(12, 4, true);
    await store.write("f.mrc", new Uint8Array(Buffer.concat([fourier, new Uint8Array(1024)])));
    await expect(openVolume(store, "f.mrc", options())).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
    await expect(openVolume(store, "none.mrc", options())).rejects.toMatchObject({ code: "STORE_ABSENT" });
    await store.write("empty.zarr/.zattrs", new TextEncoder().encode("{}"));
    await expect(openVolume(store, "empty.zarr", options())).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
  });
});
