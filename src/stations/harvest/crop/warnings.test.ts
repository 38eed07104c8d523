import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Box } from "../../../core/box.js";
import type { JsonObject } from "../../../core/json.js";
import type { VolumeFormat } from "../../../model/volume-formats.js";
import { memoryStore } from "../../../stores/memory/store.js";
import { download } from "../download/download.js";
import { planCrop } from "./crop.js";

const root = mkdtempSync(join(tmpdir(), "emporium-crop-warnings-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const box: Box = { start: [1, 2, 3], stop: [4, 5, 6] };
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const zarray = {
  ...{ zarr_format: 2, shape: [8, 8, 8], chunks: [4, 4, 4], dtype: "|u1", fill_value: 0, order: "C" },
  ...{ compressor: null, filters: null },
};
const dataset = { dimensions: [8, 8, 8], blockSize: [4, 4, 4], dataType: "uint8", compression: { type: "raw" } };
const flat = { axes: ["y", "x"], scale: [4, 4], translate: [0, 0] };

/** The warnings of a crop of a volume with these documents and without chunks. */
async function warningsOf(format: VolumeFormat, documents: Record<string, JsonObject>, whole = false): Promise<string[]> {
  const store = memoryStore();
  for (const [key, document] of Object.entries(documents)) await store.write(key, json(document));
  const { warnings } = await planCrop({ store, key: "v", format, box: whole ? { start: [0, 0, 0], stop: [8, 8, 8] } : box });
  return warnings.map((warning) => warning.replaceAll(store.url, ""));
}

describe("(34.silence) a crop tells", () => {
  const unmoved = (name: string) =>
    `${name}: the transform still has the position of the whole volume: its scale needs 3 numbers, one for each axis`;

  it.each<[string, VolumeFormat, Record<string, JsonObject>, string]>([
    ["an N5 dataset's", "n5", { "v/attributes.json": { ...dataset, transform: flat } }, "v"],
    ["an N5 group's", "n5", { "v/attributes.json": { n5: "2.0.0", transform: flat }, "v/s0/attributes.json": dataset }, "v"],
    [
      "an N5 level's in its group",
      "n5",
      {
        "v/attributes.json": { multiscales: [{ datasets: [{ path: "s0", transform: flat }] }] },
        "v/s0/attributes.json": dataset,
      },
      "v/s0",
    ],
    ["a Zarr array's", "zarr2", { "v/.zarray": zarray, "v/.zattrs": { transform: flat } }, "v"],
    ["a scale without numbers", "n5", { "v/attributes.json": { ...dataset, transform: { scale: ["4", null, 4] } } }, "v"],
  ])("a transform that stays, and so says a wrong position: %s", async (_, format, documents, name) => {
    expect(await warningsOf(format, documents)).toEqual([expect.stringMatching(new RegExp(`${unmoved(name)}$`))]);
    expect(await warningsOf(format, documents, true)).toEqual([]);
  });

  it("a voxel size that fits no axis, so that no offset is written", async () => {
    const found = await warningsOf("n5", { "v/attributes.json": { ...dataset, pixelResolution: [4, 4] } });
    expect(found).toEqual([expect.stringContaining("its voxel size has 2 numbers for 3 axes: the crop has no offset")]);
  });

  it("that metadata before OME-Zarr 0.4 have no place for its position", async () => {
    const documents = (more: object) => ({
      "v/.zattrs": { multiscales: [{ version: "0.3", axes: ["z", "y", "x"], datasets: [{ path: "0", ...more }] }] },
      "v/0/.zarray": zarray,
    });
    const found = await warningsOf("zarr", documents({}) as Record<string, JsonObject>);
    expect(found).toEqual([
      expect.stringContaining("no coordinateTransformations: the crop's position is in its crop.json alone"),
    ]);
    expect(await warningsOf("zarr", documents({}) as Record<string, JsonObject>, true)).toEqual([]);
  });

  it("which parts of a segmentation it leaves out, and further images", async () => {
    const scale = {
      ...{ key: "s", size: [8, 8, 8], resolution: [4, 4, 4], voxel_offset: [0, 0, 0] },
      ...{ chunk_sizes: [[4, 4, 4]], encoding: "raw" },
    };
    const info = { type: "segmentation", data_type: "uint32", num_channels: 1, scales: [scale] };
    const found = await warningsOf("precomputed", { "v/info": { ...info, mesh: "mesh", segment_properties: "properties" } });
    expect(found).toEqual([expect.stringContaining("mesh and segment_properties of its info are left out")]);
    expect(await warningsOf("precomputed", { "v/info": info })).toEqual([]);
    const image = {
      version: "0.4",
      axes: ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "nanometer" })),
      datasets: [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [1, 1, 1] }] }],
    };
    const two = { "v/.zattrs": { multiscales: [image, image] }, "v/0/.zarray": zarray };
    expect(await warningsOf("zarr", two as Record<string, JsonObject>)).toEqual([
      expect.stringContaining("multiscales lists 2 images; only the first is read"),
    ]);
  });

  it("which axes it takes where nothing names them", async () => {
    const of4 = { ...dataset, dimensions: [8, 8, 8, 2], blockSize: [4, 4, 4, 1] };
    const found = await warningsOf("n5", { "v/attributes.json": of4 });
    expect(found).toEqual([
      expect.stringContaining("v has 4 axes without names: the last three are taken for z, y and x, the others (2) whole"),
    ]);
    const document = { ...zarray, shape: [2, 8, 8, 8], chunks: [1, 4, 4, 4] };
    expect(await warningsOf("zarr2", { "v/.zarray": document })).toEqual([expect.stringContaining("4 axes without names")]);
  });

  it("all that to whoever downloads it", async () => {
    const source = join(root, "volume.n5");
    mkdirSync(source);
    writeFileSync(join(source, "attributes.json"), json({ ...dataset, transform: flat }));
    const report = await download([`n5://${source}`], { dest: join(dirname(source), "out"), crop: box });
    expect([report.exitStatus, report.warnings]).toEqual([0, [unmoved(source)]]);
    expect(report.toText()).toContain(`warning: ${unmoved(source)}`);
    expect(report.toText()).toContain("  cropped  volume.n5/, 1 of 1 chunk is fill value");
  });
});
