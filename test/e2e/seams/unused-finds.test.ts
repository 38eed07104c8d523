import { afterAll, describe, expect, it } from "vitest";
import { memoryStore } from "../../../src/stores/memory/store.js";
import { plan, smallConfig, storeOf, tinyMrc } from "../ingest-plan-kit.js";
import { removeTempFolders, run } from "../ingest-run-kit.js";

afterAll(removeTempFolders);

const ONE_RUN = "[{sources: [{literal: {value: [TS_1]}}]}]";
const TOMOGRAM = { "lab/rec/TS_1.rec": tinyMrc(4, 4, 4, 10.5) };
const METADATA = "{annotation_object: {name: membrane}, version: '1.0'}";

/** One pixel. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

/** An OME-Zarr folder of 4×4×4 voxels of int8, not compressed, as zarr-python writes it: all zeros but one. */
function tinyZarr(folder: string): Record<string, string | Uint8Array> {
  const scale = { type: "scale", scale: [10.5, 10.5, 10.5] };
  const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" }));
  const datasets = [{ path: "0", coordinateTransformations: [scale] }];
  const array = {
    zarr_format: 2,
    shape: [4, 4, 4],
    chunks: [4, 4, 4],
    dtype: "|i1",
    compressor: null,
    filters: null,
    order: "C",
  };
  return {
    [`${folder}/.zgroup`]: '{"zarr_format": 2}',
    [`${folder}/.zattrs`]: JSON.stringify({ multiscales: [{ version: "0.4", axes, datasets }] }),
    [`${folder}/0/.zarray`]: JSON.stringify({ ...array, fill_value: 0, dimension_separator: "/" }),
    [`${folder}/0/0/0/0`]: Uint8Array.from({ length: 64 }, (_, i) => (i === 21 ? 1 : 0)),
  };
}

const annotated = (...sources: string[]) =>
  smallConfig({
    runs: ONE_RUN,
    more: `annotations: [${sources.map((source) => `{metadata: ${METADATA}, sources: [${source}]}`).join(", ")}]\n`,
  });

describe("masks", () => {
  it.each(["SegmentationMask", "SemanticSegmentationMask", "InstanceSegmentationMask"])(
    "seam 6: of file_format mrc whose glob finds Zarr folders are read as what they are: %s",
    async (shape) => {
      const source = await storeOf({ ...TOMOGRAM, ...tinyZarr("lab/seg/TS_1.zarr") });
      const target = memoryStore();
      const config = annotated(`{${shape}: {file_format: mrc, glob_string: 'seg/{run_name}*'}}`);
      const { errors, exitStatus } = await run({ config, source, target });
      expect([errors, exitStatus]).toEqual([[], 0]);
      const name = shape === "InstanceSegmentationMask" ? "instancesegmentationmask" : "segmentationmask";
      const folder = "10700/TS_1/Reconstructions/VoxelSpacing10.500/Annotations/100/membrane-1.0";
      // MRC: 1024 bytes of header, then the voxels; the only one that is not 0 is at [1, 1, 1]
      const mrc = (await target.read(`${folder}_${name}.mrc`))!.subarray(1024);
      const voxels = [...(mrc.length === 64 ? mrc : new Uint16Array(mrc.slice().buffer))];
      expect(voxels.flatMap((value, i) => (value === 0 ? [] : [[i, value]]))).toEqual([[21, 1]]);
    },
  );

  it("seam 6: of file_format zarr whose glob finds a Zarr under another name, or an MRC file, are read as well", async () => {
    for (const files of [tinyZarr("lab/seg/TS_1_labels"), { "lab/seg/TS_1.mrc": tinyMrc(4, 4, 4, 10.5) }]) {
      const source = await storeOf({ ...TOMOGRAM, ...files });
      const config = annotated("{SegmentationMask: {file_format: zarr, glob_string: 'seg/{run_name}*'}}");
      const { errors, exitStatus } = await run({ config, source, target: memoryStore() });
      expect([errors, exitStatus]).toEqual([[], 0]);
    }
  });
});

describe("what a glob finds and nothing comes of", () => {
  const points = (glob: string) => `{Point: {file_format: csv, glob_string: '${glob}'}}`;
  const CSV = { "lab/p/TS_1.csv": "1,1,1\n" };

  it.each<[string, string, Record<string, string | Uint8Array>, string[]]>([
    ["a folder among points", annotated(points("p/{run_name}*")), { ...CSV, "lab/p/TS_1_old/a.csv": "1,1,1\n" }, ["p/TS_1_old"]],
    [
      "a folder among masks that is no Zarr",
      annotated("{SegmentationMask: {file_format: mrc, glob_string: 'p/{run_name}*'}}"),
      { "lab/p/TS_1.mrc": tinyMrc(4, 4, 4, 10.5), "lab/p/TS_1_tiles/a.mrc": "x" },
      ["p/TS_1_tiles"],
    ],
    [
      "two tomograms that name_regex gives one name",
      smallConfig({
        runs: ONE_RUN,
        tomograms:
          "[{metadata: {processing: raw, reconstruction_method: WBP, fiducial_alignment_status: FIDUCIAL}, sources: [{source_glob: {list_glob: 'rec/{run_name}*.rec', name_regex: '(TS_1).*'}}]}]",
      }),
      { "lab/rec/TS_1_b.rec": tinyMrc(4, 4, 4, 10.5) },
      ["rec/TS_1.rec"],
    ],
    [
      "a folder among gains",
      smallConfig({ runs: ONE_RUN, more: "gains: [{sources: [{source_glob: {list_glob: 'gain/*'}}]}]\n" }),
      { "lab/gain/g.mrc": "x", "lab/gain/old/g.mrc": "x" },
      ["gain/old"],
    ],
    [
      "a second picture of another name",
      smallConfig({ runs: ONE_RUN, more: "key_images: [{sources: [{source_glob: {list_glob: 'pics/*.png'}}]}]\n" }),
      { "lab/pics/a.png": PNG, "lab/pics/b.png": PNG },
      ["pics/b.png"],
    ],
  ])("seam 6: is named in plan and at the end, with exit 3: %s", async (_, config, files, unused) => {
    const scene = { config, source: await storeOf({ ...TOMOGRAM, ...files }), target: memoryStore() };
    for (const dryRun of [true, false]) {
      const report = await run({ ...scene, dryRun });
      const told = report.errors.filter(({ code }) => code === "CONFIG_UNUSED");
      expect([told.flatMap((error) => error.files), report.exitStatus]).toEqual([unused.map((key) => `memory:/lab/${key}`), 3]);
      expect(told[0]!.message).toContain(unused[0]!);
      if (dryRun) expect(report.toText()).toContain(unused[0]!);
      // everything else is done
      else expect([report.failed, report.blocked]).toEqual([1, 0]);
    }
  });

  it.each<[string, string, Record<string, string>]>([
    ["exclude", "{Point: {file_format: csv, glob_string: 'p/*'}, exclude: ['.*old']}", { "lab/p/TS_1_old/a": "x" }],
    ["another source that takes it", `${points("p/*.csv")}, {Point: {file_format: csv, glob_string: 'q/*'}}`, {}],
  ])("seam 6: what a person leaves out is not told: %s", async (_, sources, files) => {
    const source = await storeOf({ ...TOMOGRAM, ...CSV, ...files });
    const { failures } = await plan({ config: annotated(sources), source });
    expect(failures).toEqual([]);
  });

  it("seam 6: nor what the command does not ask for, or filters out", async () => {
    const source = await storeOf({ ...TOMOGRAM, ...CSV, "lab/p/old/a.csv": "x", "lab/gain/old/g.mrc": "x" });
    const config = annotated(points("p/*"));
    for (const flags of [
      { items: ["tomograms"], metadata: ["tomogram"] },
      { everything: true, exclude: { annotation: [".*old"] } },
      { everything: true, exclude: { voxel_spacing: [".*"] } },
    ])
      expect((await plan({ config, source, flags })).failures).toEqual([]);
  });

  it("seam 6: is told once for all runs; compat tells it as a warning", async () => {
    const config = smallConfig({ more: `annotations: [{metadata: ${METADATA}, sources: [${points("p/{run_name}*")}]}]\n` });
    const files: Record<string, string | Uint8Array> = {};
    for (const name of ["TS_1", "TS_2", "TS_3"]) {
      files[`lab/rec/${name}.rec`] = tinyMrc(4, 4, 4, 10.5);
      files[`lab/p/${name}.csv`] = "1,1,1\n";
      files[`lab/p/${name}_old/a.csv`] = "1,1,1\n";
    }
    const source = await storeOf(files);
    const { failures } = await plan({ config, source });
    expect(failures.map(({ error }) => error.message)).toEqual([expect.stringContaining("3 of 6 finds")]);
    expect(failures[0]!.error.message).toContain("in 3 runs: TS_1, TS_2, TS_3");
    const compat = await plan({ config, source, options: { compat: true } });
    expect([compat.failures, compat.warnings.filter(({ message }) => message.includes("3 of 6 finds")).length]).toEqual([[], 1]);
  });
});
