import { describe, expect, it } from "vitest";
import { decodeOverlay } from "../../model/overlay-bytes.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { ApiContext } from "./context.js";
import { volumeLayers } from "./volume-layers.js";

const { signal } = new AbortController();
const SPACING = "10001/TS_1/Reconstructions/VoxelSpacing10.000";
const TOMOGRAM = { kind: "tomogram", id: 7 } as const;
const OF_TREE = "s3://bucket/";

interface FileRow {
  readonly shape: string;
  /** Name below the annotation's folder; undefined where the file is not there. */
  readonly name: string;
  readonly alignment?: number;
}

/** A tomogram of a catalogue that has so many annotations, of one file each, and a stored view. */
async function layersOf(files: readonly FileRow[], view: object, contents: Readonly<Record<string, string>> = {}) {
  const store = memoryStore();
  for (const [key, text] of Object.entries(contents)) await store.write(`${SPACING}/${key}`, Buffer.from(text));
  const rowOf = ({ shape, name, alignment = 5 }: FileRow, at: number) => ({
    ...{ id: 70 + at, annotation_id: at + 1, object_name: name, object_count: 2, shape_type: shape, format: "ndjson" },
    ...{ is_visualization_default: true, voxel_spacing: 10, alignment_id: alignment },
    s3_path: `${OF_TREE}${SPACING}/Annotations/${100 + at}/${name}`,
    s3_metadata_path: `${OF_TREE}${SPACING}/Annotations/${100 + at}/x.json`,
  });
  const tomogram = {
    ...{ id: 7, run_id: 3, run_name: "TS_1", size_x: 4, size_y: 4, size_z: 4, voxel_spacing: 10, alignment_id: 5 },
    ...{ s3_omezarr_dir: null, s3_mrc_file: `${OF_TREE}${SPACING}/t.mrc`, neuroglancer_config: JSON.stringify(view) },
  };
  const query = async (text: string) => {
    const rows = text.includes("import_prefix") ? [] : text.includes("tomogram t") ? [tomogram] : files.map(rowOf);
    return { rows };
  };
  const place = { id: "tree", name: "tree", kind: "tree", store };
  const volume = { source: { levels: [{ shape: [4, 4, 4] }] }, voxelSizeAngstrom: [10, 10, 10], originAngstrom: [] };
  return volumeLayers({
    ...{ places: [place], catalogue: { place, pool: { query } }, find: async () => ({ place, key: `${SPACING}/t.mrc` }) },
    ...{ volumes: { open: async () => volume }, memory: { limits: { layers: 2 ** 20 }, watch: () => {} } },
  } as unknown as ApiContext);
}

describe("annotations over a tomogram of the catalogue", () => {
  const files: FileRow[] = [
    { shape: "Point", name: "a-1.0_point.ndjson" },
    { shape: "OrientedPoint", name: "b-1.0_orientedpoint.ndjson" },
    { shape: "InstanceSegmentation", name: "c-1.0_instancesegmentation.ndjson" },
    { shape: "Point", name: "d-1.0_point.ndjson", alignment: 6 },
  ];
  const drawn = (folder: string, visible: boolean) => ({ type: "annotation", source: `precomputed://x/${folder}`, visible });
  const view = {
    layers: [
      drawn("100-a-1.0_point", false),
      drawn("101-b-1.0_orientedpoint", false),
      drawn("101-b-1.0_orientedmesh", true),
      drawn("102-c-1.0_instancesegmentation", true),
    ],
  };

  it("are shown as the stored view has them; oriented points where their surfaces are", async () => {
    const { layers } = await (await layersOf(files, view)).list(TOMOGRAM, [], signal);
    expect(layers.map(({ id, kind, isVisible }) => [id, kind, isVisible])).toEqual([
      ["70", "points", false],
      ["71", "orientedPoints", true],
      ["72", "instancePoints", true],
      ["73", "points", true],
    ]);
  });

  it("are counted, and those of another alignment are said", async () => {
    const said = async (all: readonly FileRow[]) => (await (await layersOf(all, {})).list(TOMOGRAM, [], signal)).summary;
    expect(await said(files)).toBe("3 of 4 annotations can be drawn · 1 belongs to another alignment");
    expect(await said(files.slice(0, 3))).toBe("3 of 3 annotations can be drawn");
  });

  it("have colours of their own where their metadata can be read", async () => {
    const key = "Annotations/102/x.json";
    const paletteOf = async (text: string) =>
      (await (await layersOf(files, {}, { [key]: text })).list(TOMOGRAM, [], signal)).layers[2]!.instancePalette;
    expect(await paletteOf('{"annotation_object": {"name": "c"}}')).toHaveLength(2);
    for (const text of ["not JSON", "[1]"]) expect(await paletteOf(text)).toBeUndefined();
  });

  it("have positions by the voxel spacing of their own", async () => {
    const contents = { [`Annotations/100/${files[0]!.name}`]: '{"type": "point", "location": {"x": 1, "y": 2, "z": 3}}\n' };
    const layers = await layersOf(files, {}, contents);
    const { read, file } = await layers.find(TOMOGRAM, "70", signal);
    expect(file).toMatchObject({ place: { id: "tree" }, key: `${SPACING}/Annotations/100/${files[0]!.name}` });
    expect([...decodeOverlay((await read()).buffer).xyz]).toEqual([10, 20, 30]);
    await expect(layers.find(TOMOGRAM, "79", signal)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

it("of files beside a volume without anything to draw, those that were asked for are said, and its own are left out", async () => {
  const store = memoryStore();
  for (const [key, text] of Object.entries({ "a.mrc": "", "a_none.csv": "", "b.mrc": "", "b_notes.csv": "who,when\nme,today\n" }))
    await store.write(key, Buffer.from(text));
  const placed = { place: { id: "p", name: "p", kind: "folder", store }, key: "a.mrc" };
  const volume = {
    ...{ ...placed, keys: ["a.mrc"], source: { levels: [{ shape: [4, 4, 4] }] } },
    ...{ voxelSizeAngstrom: [10, 10, 10], originAngstrom: [] },
  };
  const layers = volumeLayers({
    ...{ places: [placed.place], find: async () => placed, volumes: { open: async () => volume } },
    memory: { limits: { layers: 2 ** 20 }, watch: () => {} },
  } as unknown as ApiContext);
  const list = (asked: readonly string[]) => layers.list({ kind: "place", place: "p", key: "a.mrc" }, asked, signal);
  const { layers: own, others } = await list([]);
  expect([own, others?.map(({ name }) => name)]).toEqual([[], ["b_notes.csv"]]);
  expect((await list(others!.map(({ id }) => id))).layers).toMatchObject([
    { name: "b_notes.csv", count: 0, error: { code: "FORMAT_UNKNOWN" } },
  ]);
});
