import { afterAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import { plan, storeOf, tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, run, tempFolder, treeOf } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

const SPACING = "20002/a/Reconstructions/VoxelSpacing10.500";
const ALIGNMENT = "20002/a/Alignments/100/alignment_metadata.json";

interface Mark {
  /** Number of the annotation_ingest_id; undefined leaves it out. */
  id?: number;
  object?: string;
  version?: string;
  more?: string;
  sources: string;
}

/** One run `a` (or as many as there are tomograms) of 8 × 8 × 8 voxels, with annotations. */
function config(marks: readonly Mark[], { deposition = 300, alignments = "" } = {}): string {
  const blocks = marks.map(
    ({ id, object = "{name: Ribosome}", version = '"1.0"', more = "", sources }) =>
      `- {metadata: {${id === undefined ? "" : `annotation_ingest_id: mark-${id}, `}annotation_object: ${object}, version: ${version}${more}}, sources: [${sources}]}`,
  );
  return `version: 1.3.0
standardization_config: {deposition_id: ${deposition}, source_prefix: lab}
depositions: [{sources: [{literal: {value: [${deposition}]}}]}]
datasets: [{sources: [{literal: {value: [20002]}}]}]
runs: [{sources: [{source_glob: {list_glob: 'rec/*.rec', name_regex: '(.*)\\.rec'}}]}]
voxel_spacings: [{sources: [{literal: {value: [10.5]}}]}]
tomograms: [{metadata: {fiducial_alignment_status: false}, sources: [{source_glob: {list_glob: 'rec/{run_name}.rec'}}]}]
${alignments}
annotations:
${blocks.join("\n")}
`;
}

const csv = (name: string, more = "") => `{Point: {file_format: csv, glob_string: '${name}'${more}}}`;
const caption = (name: string) => `{GlobalCaption: {file_format: saber, glob_string: '${name}'}}`;
const mask = (name: string, label: number, more = "") =>
  `{SemanticSegmentationMask: {file_format: mrc, glob_string: '${name}', mask_label: ${label}${more}}}`;

/** A volume of int8 voxels, x × y × z. */
function maskMrc(x: number, y: number, z: number, labelAt: (x: number, y: number, z: number) => number): Uint8Array {
  const bytes = tinyMrc(x, y, z, 10.5);
  const voxels = new Int8Array(bytes.buffer, bytes.length - x * y * z);
  for (let i = 0; i < voxels.length; i++) voxels[i] = labelAt(i % x, Math.floor(i / x) % y, Math.floor(i / (x * y)));
  return bytes;
}

const FILES: Record<string, string | Uint8Array> = {
  "lab/rec/a.rec": tinyMrc(8, 8, 8, 10.5),
  "lab/p/a.csv": "1,2,3\r\n2,2,2\r\n0,3,0\r\n",
  "lab/p/other.csv": "5,5,5\n",
  "lab/p/bad.csv": "1,2,3\n1,two,3\n",
  "lab/c/a.json": '{"captions": [{"id": 0, "text": "x"}, {"id": 1, "text": "y"}]}',
  "lab/m/a.mrc": maskMrc(8, 8, 8, (x) => (x === 1 ? 1 : x === 2 ? 3 : 0)),
};

async function ingest(text: string, target: Store, more: Record<string, unknown> = {}, files = FILES) {
  return run({ config: text, source: await storeOf(files), target, name: "marks", workspace: tempFolder(), ...more });
}

async function metadataOf(target: Store, key: string): Promise<Record<string, unknown>> {
  const bytes = await target.read(key);
  if (!bytes) throw new Error(`${key} is not there: ${Object.keys(await treeOf(target, SPACING)).join(", ")}`);
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
}

describe("annotations", () => {
  it("makes one document of several sources, files in their order, the largest count", async () => {
    const target = memoryStore();
    const sources = [csv("p/{run_name}.csv", ", is_visualization_default: true"), mask("m/{run_name}.mrc", 3)].join(", ");
    const report = await ingest(config([{ id: 1, object: "{name: Ribosome, description: 80S Ribosome}", sources }]), target);
    expect(report.errors).toEqual([]);
    const prefix = `${SPACING}/Annotations/100/80s_ribosome-1.0`;
    const metadata = await metadataOf(target, `${prefix}.json`);
    expect(metadata).toEqual({
      annotation_ingest_id: "mark-1",
      annotation_object: { name: "Ribosome", description: "80S Ribosome" },
      version: "1.0",
      object_count: 3,
      files: [
        { format: "ndjson", path: `${prefix}_point.ndjson`, shape: "Point", is_visualization_default: true },
        { format: "zarr", path: `${prefix}_segmentationmask.zarr`, shape: "SegmentationMask", is_visualization_default: false },
        { format: "mrc", path: `${prefix}_segmentationmask.mrc`, shape: "SegmentationMask", is_visualization_default: false },
      ],
      alignment_metadata_path: ALIGNMENT,
      deposition_id: 300,
      last_updated_at: expect.any(Number),
    });
    const lines = new TextDecoder()
      .decode(await target.read(`${prefix}_point.ndjson`))
      .trim()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line).location)).toEqual([
      { x: 1, y: 2, z: 3 },
      { x: 2, y: 2, z: 2 },
      { x: 0, y: 3, z: 0 },
    ]);
    const mrc = (await target.read(`${prefix}_segmentationmask.mrc`))!;
    const voxels = mrc.subarray(1024);
    expect(voxels.length).toBe(512);
    expect([...voxels].every((value, i) => value === (i % 8 === 2 ? 1 : 0))).toBe(true);
  });

  it("changes nothing in a second run, and keeps ids when annotations are added", async () => {
    const target = memoryStore();
    const [one, two] = [
      { id: 1, sources: csv("p/{run_name}.csv") },
      { id: 2, object: "{name: Membrane}", sources: caption("c/{run_name}.json") },
    ];
    const workspace = tempFolder();
    await ingest(config([two]), target, { workspace });
    const before = await treeOf(target);
    const again = await ingest(config([two]), target, { workspace });
    expect(again.errors).toEqual([]);
    expect(await treeOf(target)).toEqual(before);
    await ingest(config([one, two]), target);
    expect((await metadataOf(target, `${SPACING}/Annotations/100/membrane-1.0.json`)).object_count).toBe(2);
    expect((await metadataOf(target, `${SPACING}/Annotations/101/ribosome-1.0.json`)).object_count).toBe(3);
    // another deposition's annotation of the same ingest id is another one
    await ingest(config([two], { deposition: 400 }), target);
    expect((await metadataOf(target, `${SPACING}/Annotations/102/membrane-1.0.json`)).deposition_id).toBe(400);
  });

  it("knows an annotation without an ingest id by what its files are called", async () => {
    const target = memoryStore();
    const marks = [
      { object: "{name: A}", sources: csv("p/a.csv") },
      { object: "{name: B}", sources: csv("p/other.csv") },
    ];
    await ingest(config(marks), target);
    await ingest(config([...marks].reverse()), target);
    const names = Object.keys(await treeOf(target, `${SPACING}/Annotations/`)).filter((key) => key.endsWith(".json"));
    expect(names.sort()).toEqual([`${SPACING}/Annotations/100/a-1.0.json`, `${SPACING}/Annotations/101/b-1.0.json`]);
  });

  it("keeps what an earlier import of another source wrote, while it is there", async () => {
    const target = memoryStore();
    const both = config([{ id: 1, sources: `${csv("p/{run_name}.csv")}, ${caption("c/{run_name}.json")}` }]);
    await ingest(both, target);
    const filtered = { everything: true, filter: { annotation: [".*csv"] } };
    await ingest(both, target, { flags: filtered });
    const key = `${SPACING}/Annotations/100/ribosome-1.0.json`;
    const shapes = async () => ((await metadataOf(target, key)).files as { shape: string }[]).map(({ shape }) => shape);
    expect(await shapes()).toEqual(["Point", "GlobalCaption"]);
    await target.remove(`${SPACING}/Annotations/100/ribosome-1.0_globalcaption.json`);
    await ingest(both, target, { flags: filtered });
    expect(await shapes()).toEqual(["Point"]);
  });

  describe("a mask without its label", () => {
    const marks = [
      { id: 1, sources: mask("m/{run_name}.mrc", 2) },
      { id: 2, object: "{name: Membrane}", sources: mask("m/{run_name}.mrc", 3) },
    ];

    it("is left out with a word and takes no id", async () => {
      const target = memoryStore();
      const report = await ingest(config(marks), target);
      expect(report.errors).toEqual([]);
      expect(
        (report.warnings as readonly { message: string }[])
          .map(({ message }) => message)
          .filter((message) => message.includes("label 2")),
      ).toHaveLength(1);
      const folders = new Set(Object.keys(await treeOf(target, `${SPACING}/Annotations/`)).map((key) => key.split("/")[5]));
      expect([...folders]).toEqual(["100"]);
    });

    it("takes the id that the reference gives away, under compat", async () => {
      const target = memoryStore();
      await ingest(config(marks), target, { compat: true });
      const folders = new Set(Object.keys(await treeOf(target, `${SPACING}/Annotations/`)).map((key) => key.split("/")[5]));
      expect([...folders]).toEqual(["101"]);
    });

    it("leaves the other sources of its annotation", async () => {
      const target = memoryStore();
      await ingest(config([{ id: 1, sources: `${mask("m/{run_name}.mrc", 2)}, ${csv("p/{run_name}.csv")}` }]), target);
      const { files } = await metadataOf(target, `${SPACING}/Annotations/100/ribosome-1.0.json`);
      expect((files as { shape: string }[]).map(({ shape }) => shape)).toEqual(["Point"]);
    });
  });

  it("one bad annotation stops none of the others, and is not visible half", async () => {
    const target = memoryStore();
    const report = await ingest(
      config([
        { id: 1, sources: `${csv("p/bad.csv")}, ${caption("c/{run_name}.json")}` },
        { id: 2, object: "{name: Good}", sources: csv("p/{run_name}.csv") },
      ]),
      target,
    );
    expect(report.errors.map(({ code }) => code)).toContain("FORMAT_FIELD");
    expect(report.errors.find(({ code }) => code === "FORMAT_FIELD")).toMatchObject({ line: 2 });
    expect(await target.read(`${SPACING}/Annotations/100/ribosome-1.0.json`)).toBeUndefined();
    expect((await metadataOf(target, `${SPACING}/Annotations/101/good-1.0.json`)).object_count).toBe(3);
    // mended, it takes the place that it was given
    const mended = await ingest(
      config([
        { id: 1, sources: `${csv("p/bad.csv")}, ${caption("c/{run_name}.json")}` },
        { id: 2, object: "{name: Good}", sources: csv("p/{run_name}.csv") },
      ]),
      target,
      {},
      { ...FILES, "lab/p/bad.csv": "1,2,3\n" },
    );
    expect(mended.errors).toEqual([]);
    const folders = new Set(Object.keys(await treeOf(target, `${SPACING}/Annotations/`)).map((key) => key.split("/")[5]));
    expect(folders.size).toBe(2);
  });

  it("removes numbered folders without metadata, and leaves everything else", async () => {
    const target = memoryStore();
    const at = (name: string) => `${SPACING}/Annotations/${name}`;
    const write = (name: string) => target.write(at(name), Uint8Array.of(1));
    for (const name of ["107/x-1.0_point.ndjson", "107/x-1.0_segmentationmask.zarr/.zattrs", "notes/readme.txt"])
      await write(name);
    await target.write(at("105/y-2.0.json"), new TextEncoder().encode('{"deposition_id": 9, "annotation_ingest_id": "y-1"}'));
    await write("105/y-2.0_segmentationmask.zarr/broken");
    const report = await ingest(config([{ id: 1, sources: csv("p/{run_name}.csv") }]), target);
    expect(report.errors).toEqual([]);
    const names = Object.keys(await treeOf(target, at(""))).map((key) => key.slice(at("").length));
    expect(names.sort()).toEqual([
      "105/y-2.0.json",
      "105/y-2.0_segmentationmask.zarr/broken",
      "106/ribosome-1.0.json",
      "106/ribosome-1.0_point.ndjson",
      "notes/readme.txt",
    ]);
  });

  it.each([
    ["two files of one source", [{ id: 1, sources: csv("p/*.csv") }], "CONFIG_COLLISION"],
    [
      "two blocks of one id",
      [
        { id: 1, sources: csv("p/a.csv") },
        { id: 1, sources: csv("p/other.csv") },
      ],
      "CONFIG_COLLISION",
    ],
  ])("refuses %s, and only that", async (_, marks, code) => {
    const made = await plan({ config: config([...marks, { id: 9, sources: caption("c/a.json") }]), source: FILES });
    expect(new Set(made.failures.map(({ error }) => error.code))).toEqual(new Set([code]));
    expect(made.tasks.some(({ outputs }) => outputs.some((key) => key.endsWith("_globalcaption.json")))).toBe(true);
  });

  it.each([
    ["no version", { id: 1, version: "null", sources: csv("p/a.csv") }, /version is missing/],
    ["a version that ends with a letter", { id: 1, version: "1.0b", sources: csv("p/a.csv") }, /ends with a digit/],
    ["no name of the object", { id: 1, object: "{id: x}", sources: csv("p/a.csv") }, /annotation_object.name/],
    ["an unknown option", { id: 1, sources: csv("p/a.csv", ", bining: 4") }, /bining/],
    ["a variable that does not exist", { id: 1, sources: csv("p/a.csv", ", filter_value: '{run}'") }, /\{run\}|unknown/],
    ["a format of another shape", { id: 1, sources: "{OrientedPoint: {file_format: csv, glob_string: x}}" }, /file_format/],
  ])("refuses %s before anything is touched", async (_, mark, message) => {
    await expect(plan({ config: config([mark]), source: FILES })).rejects.toThrow(message);
  });

  it("tells of a source that does not find what it names a run for", async () => {
    const files = { ...FILES, "lab/rec/b.rec": tinyMrc(8, 8, 8, 10.5) };
    const of = (runs: string) => csv("p/{run_name}.csv").replace(/\}$/, `, parent_filters: {include: {run: [${runs}]}}}`);
    const toldOf = async (runs: string) =>
      (await plan({ config: config([{ id: 1, sources: of(runs) }]), source: files })).warnings
        .map(({ message }) => message)
        .filter((message) => message.startsWith("annotations:"));
    expect(await toldOf('"^a$", "^b$"')).toEqual(["annotations: nothing is found by p/{run_name}.csv for 1 of 2 runs: b"]);
    expect(await toldOf('"^[ab]$"')).toEqual([]);
  });

  it("tells of a source that no run has, not of one that some have", async () => {
    const files = { ...FILES, "lab/rec/b.rec": tinyMrc(8, 8, 8, 10.5) };
    const marks = [
      { id: 1, sources: csv("p/{run_name}.csv") },
      { id: 2, object: "{name: None}", sources: csv("nowhere/{run_name}.csv") },
    ];
    const made = await plan({ config: config(marks), source: files });
    const told = made.warnings.filter(({ message }) => message.startsWith("annotations:"));
    expect(told).toEqual([
      {
        message: "annotations: nothing is found by nowhere/{run_name}.csv for any of 2 runs",
        place: expect.objectContaining({ line: 11 }),
        lookedFor: expect.stringContaining("no nowhere/"),
      },
    ]);
  });
});
