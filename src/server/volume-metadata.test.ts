import { describe, expect, it } from "vitest";
import { EmporiumError } from "../core/errors.js";
import { printRef } from "../model/ref.js";
import { memoryStore } from "../stores/memory/store.js";
import type { OpenVolume } from "./open-volume.js";
import { volumeMetadata } from "./volume-metadata.js";

interface Given {
  readonly key?: string;
  readonly sections?: number;
  readonly files?: Readonly<Record<string, string>>;
  readonly volume?: Partial<Record<keyof OpenVolume, unknown>>;
  /** File that the store cannot read. */
  readonly broken?: string;
}
async function metadataOf({ key = "r/TS_1.mrc", sections = 3, files = {}, volume = {}, broken }: Given) {
  const own = memoryStore();
  for (const [path, text] of Object.entries(files)) await own.write(path, Buffer.from(text));
  const read: typeof own.read = async (path, ...more) => {
    if (path === broken) throw new EmporiumError("STORE_DENIED", "no");
    return own.read(path, ...more);
  };
  const opened = {
    ...{ key, keys: [key], place: { id: "p", store: { ...own, read } }, source: { levels: [{ shape: [sections, 8, 8] }] } },
    ...{ voxelSizeAngstrom: [undefined, undefined, undefined], ...volume },
  };
  return volumeMetadata(opened as unknown as OpenVolume, undefined);
}
const valueAt = (key: string, query: string) => `${printRef({ kind: "place", place: "p", key })}/value?${query}`;

describe("tilt angles beside a volume", () => {
  const TLT = "-60\n0\n60\n";
  it("are those of the alignment before the microscope's, of as many sections as there are", async () => {
    const both = await metadataOf({ files: { "r/TS_1.tlt": TLT, "r/TS_1.rawtlt": "-61\n1\n61\n" } });
    expect(both).toMatchObject({ angles: [-60, 0, 60], isTiltSeries: true, kind: "tilt series", warnings: [] });
    expect(both.sources.angles).toEqual([{ value: "3 angles", from: "TS_1.tlt" }]);
    const other = await metadataOf({ files: { "r/TS_1.tlt": "-60\n60\n", "r/TS_1.rawtlt": TLT } });
    expect([other.angles, other.sources.angles?.[0]?.from]).toEqual([[-60, 0, 60], "TS_1.rawtlt"]);
    expect(other.warnings).toEqual(["TS_1.tlt has 2 angles, the volume 3 sections: they are not used"]);
  });

  it("are looked for neither beside a single image nor beside a reconstruction", async () => {
    for (const given of [
      { sections: 1, files: { "r/TS_1.tlt": "5\n" } },
      { key: "r/TS_1.rec", files: { "r/TS_1.tlt": TLT } },
    ]) {
      const { angles, isTiltSeries, warnings } = await metadataOf(given);
      expect([angles, isTiltSeries, warnings]).toEqual([undefined, false, []]);
    }
  });

  it("are of the tree's document by the places of its sections, where no list is there", async () => {
    const per_section_parameter = [2, 0, 1].map((z_index) => ({ z_index, raw_angle: 10 * z_index, other: "x" }));
    const files = { "r/tiltseries_metadata.json": JSON.stringify({ pixel_spacing: 1.5, per_section_parameter }) };
    expect(await metadataOf({ files })).toMatchObject({ angles: [0, 10, 20], isTiltSeries: true });
    expect((await metadataOf({ files, sections: 4 })).warnings[0]).toMatch(
      /^tiltseries_metadata.json has 3 angles, the volume 4 sections/,
    );
  });
});

describe("voxel sizes", () => {
  it("of an MRC are in its header, of the tree in its documents and the name of the folder, and may contradict each other", async () => {
    const key = "r/VoxelSpacing10.000/Tomograms/100/TS_1.mrc";
    const folder = "r/VoxelSpacing10.000/Tomograms/100/";
    const files = { [`${folder}tomogram_metadata.json`]: '{"voxel_spacing": 10.5}' };
    const found = await metadataOf({ key, files, volume: { voxelSizeAngstrom: [10, 10, 10], peeked: { format: "mrc" } } });
    expect(found.sources.voxelSizeAngstrom).toEqual([
      { value: "10.000", from: "header", at: valueAt(key, "field=cella.x") },
      {
        value: "10.500",
        from: "tomogram_metadata.json",
        at: valueAt(`${folder}tomogram_metadata.json`, "pointer=/voxel_spacing"),
      },
      { value: "10.000", from: "name of the folder" },
    ]);
    expect(found.warnings).toEqual([
      "voxel sizes contradict each other: 10.000 Å (header), 10.500 Å (tomogram_metadata.json), 10.000 Å (name of the folder)",
    ]);
    expect(found.kind).toBe("tomogram");
    const alike = await metadataOf({
      key,
      volume: { voxelSizeAngstrom: [10, 10, 10.0015], peeked: { format: "mrc" }, isSequential: true },
    });
    // no place of it is named in a file that is compressed as a whole
    expect([alike.warnings, alike.sources.voxelSizeAngstrom?.[0]]).toEqual([[], { value: "10.002", from: "header" }]);
    const other = await metadataOf({ key, volume: { voxelSizeAngstrom: [10, 10, 10.003], peeked: { format: "mrc" } } });
    expect(other.warnings.length).toBe(1);
  });

  it.each([
    ["v.zarr", ["v.zarr/.zattrs"], "v.zarr/.zattrs", ""],
    ["v.zarr", ["v.zarr/zarr.json", "v.zarr/.zattrs"], "v.zarr/zarr.json", "attributes/ome/"],
    ["", [".zattrs"], ".zattrs", ""],
  ])("of an OME-Zarr are in its document: %j %j", async (key, keys, document, above) => {
    const peeked = { format: "ome-zarr", axes: ["c", "z", "y", "x"] };
    const { sources } = await metadataOf({ key, volume: { keys, voxelSizeAngstrom: [4, 4, 4], peeked } });
    const pointer = `pointer=/${above}multiscales/0/datasets/0/coordinateTransformations/0/scale/3`;
    expect(sources.voxelSizeAngstrom).toEqual([
      { value: "4.000", from: "metadata of the volume", at: valueAt(document, pointer) },
    ]);
  });
});

describe("contrast", () => {
  const peeked = (start: number, end: number) => ({ raw: { attributes: { omero: { channels: [{ window: { start, end } }] } } } });
  it("is that of the volume's own layer in its view, or else its channel's window", async () => {
    const layer = (name: string, range: number[]) => ({
      type: "image",
      source: `zarr://x/${name}.zarr`,
      shaderControls: { contrast: { range } },
    });
    const files = {
      "r/tomogram_metadata.json": '{"neuroglancer_config_path": "r/view.json"}',
      "r/view.json": JSON.stringify({ layers: [layer("r/other", [5, 6]), layer("r/TS_1", [-1, 2])] }),
    };
    expect((await metadataOf({ files, volume: { peeked: peeked(7, 8) } })).limits).toEqual({ low: -1, high: 2 });
    expect((await metadataOf({ volume: { peeked: peeked(7, 8) } })).limits).toEqual({ low: 7, high: 8 });
    expect((await metadataOf({ volume: { peeked: peeked(8, 8) } })).limits).toBeUndefined();
  });
});

it("a file that cannot be read, or is no JSON, is a warning: the volume is shown all the same", async () => {
  const files = { "r/tiltseries_metadata.json": "{" };
  const { warnings } = await metadataOf({ files, broken: "r/tomogram_metadata.json", volume: { notes: ["odd", "odd"] } });
  expect(warnings).toEqual([
    "odd",
    "r/tomogram_metadata.json cannot be read: STORE_DENIED",
    "r/tiltseries_metadata.json is not JSON",
  ]);
});
