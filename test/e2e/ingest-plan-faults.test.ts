import { describe, expect, it } from "vitest";
import { formatError } from "../../src/core/errors.js";
import { checkPlan } from "../../src/engine/plan.js";
import { isPartial } from "../../src/stations/ingest/partial.js";
import { documentOf, documentsOf, plan, smallConfig, storeOf, tinyMrc } from "./ingest-plan-kit.js";

const volume = tinyMrc(6, 4, 2, 10.5);
const titles = (made: Awaited<ReturnType<typeof plan>>) => made.tasks.map(({ title }) => title);

async function fault(scene: Parameters<typeof plan>[0]): Promise<unknown> {
  return plan(scene).then(
    () => new Error("it was planned"),
    (error: unknown) => error,
  );
}

describe("a fault of one run", () => {
  it("truncated volume: its tomogram and what depends on it fail, the rest is planned", async () => {
    const made = await plan({
      config: smallConfig(),
      source: { "lab/rec/a.rec": volume, "lab/rec/b.rec": volume.slice(0, 1030) },
    });
    expect(titles(made)).toEqual([
      "default alignment of a",
      "tomogram 100 of a (10.500 Å)",
      "pictures of tomogram 100 of a (10.500 Å)",
      "view of tomogram 100 of a (10.500 Å)",
      "metadata of run a",
      "metadata of run b",
      "snapshot of dataset 10700",
      "thumbnail of dataset 10700",
      "metadata of dataset 10700",
      "metadata of deposition 10390",
    ]);
    expect(made.failures.map(({ error, run, dataset }) => [error.code, run, dataset])).toEqual([
      ["FORMAT_TRUNCATED", "b", "10700"],
      ["TASK_BLOCKED", "b", "10700"],
    ]);
    expect(made.failures[0]!.error).toMatchObject({
      file: "memory:/lab/rec/b.rec",
      byte: 1030,
      hint: expect.stringContaining("copy the file again"),
    });
    expect(isPartial(made)).toBe(true);
  });

  it("one of two tomograms broken: the alignment takes the other's dimensions, which goes on", async () => {
    const tomograms = `[{metadata: {fiducial_alignment_status: false, processing: raw}, sources: [{source_glob: {list_glob: 'rec/{run_name}.rec'}}]},
  {metadata: {fiducial_alignment_status: true, processing: denoised}, sources: [{source_glob: {list_glob: 'den/{run_name}.rec'}}]}]`;
    const made = await plan({
      config: smallConfig({ tomograms }),
      source: { "lab/rec/a.rec": new Uint8Array(2000), "lab/den/a.rec": volume },
    });
    expect(titles(made)).toContain("default alignment of a");
    // nothing is allotted to what is not written
    expect(titles(made)).toContain("tomogram 100 of a (10.500 Å)");
    expect(made.failures.map(({ error }) => error.code)).toEqual(["FORMAT_UNKNOWN"]);
  });

  it("no file for a run: CONFIG_EMPTY with the glob's line", async () => {
    const runs = "[{sources: [{literal: {value: [a, b]}}]}]";
    const made = await plan({ config: smallConfig({ runs }), source: { "lab/rec/a.rec": volume } });
    const [failure] = made.failures;
    expect(failure).toMatchObject({ run: "b", error: { code: "CONFIG_EMPTY", file: "c.yaml", line: 7 } });
    expect(formatError(failure!.error)).toMatch(
      /^error\[CONFIG_EMPTY\]: b: no tomogram found for voxel spacing 10\.500\n {2}at c\.yaml:7:\d+ \(tomograms\.0\.sources\.0\.source_glob\.list_glob\)\n {2}hint: /,
    );
    expect(made.tasks.some(({ title }) => title === "tomogram 100 of a (10.500 Å)")).toBe(true);
  });

  it("two files for one tomogram: CONFIG_COLLISION names both, neither is written", async () => {
    const tomograms =
      "[{metadata: {fiducial_alignment_status: FIDUCIAL}, sources: [{source_glob: {list_glob: 'rec/{run_name}*.rec'}}]}]";
    const scene = {
      config: smallConfig({ tomograms, runs: "[{sources: [{literal: {value: [a, b]}}]}]" }),
      source: { "lab/rec/a1.rec": volume, "lab/rec/a2.rec": volume, "lab/rec/b.rec": volume },
    };
    const made = await plan(scene);
    const collisions = made.failures.filter(({ error }) => error.code === "CONFIG_COLLISION");
    expect(collisions).toHaveLength(2);
    expect(collisions[0]!.error).toMatchObject({
      message: expect.stringMatching(/rec\/a1\.rec and .*rec\/a2\.rec/),
      line: 7,
      file: "c.yaml",
    });
    expect(made.tasks.filter(({ run }) => run === "ingest/volume").map(({ params }) => params.source)).toEqual(["lab/rec/b.rec"]);
    expect(() => checkPlan(made)).not.toThrow();
    // the reference lets the last one win
    const compat = await plan({ ...scene, options: { compat: true } });
    expect(compat.tasks.filter(({ run }) => run === "ingest/volume").map(({ params }) => params.source)).toEqual([
      "lab/rec/a2.rec",
      "lab/rec/b.rec",
    ]);
    expect(compat.warnings.map(({ message }) => message)).toEqual([expect.stringContaining("the last one is")]);
  });

  it("the same file found by two sources of a block is one tomogram", async () => {
    const source = "{source_glob: {list_glob: 'rec/{run_name}.rec'}}";
    const tomograms = `[{metadata: {fiducial_alignment_status: FIDUCIAL}, sources: [${source}, ${source}]}]`;
    const made = await plan({ config: smallConfig({ tomograms }), source: { "lab/rec/a.rec": volume } });
    expect(made.failures).toEqual([]);
    expect(made.tasks.filter(({ run }) => run === "ingest/volume")).toHaveLength(1);
  });

  it("a run without a row: nothing is guessed", async () => {
    const config = smallConfig({
      standardization_config: "{deposition_id: 1, source_prefix: lab, run_data_map_file: m.csv}",
      voxel_spacings: "[{sources: [{literal: {value: ['float {vs}']}}]}]",
    });
    const made = await plan({
      config,
      source: { "lab/rec/a.rec": volume, "lab/rec/b.rec": volume, "lab/m.csv": "run_name,vs\na,10.5\n" },
    });
    expect(made.failures).toEqual([
      expect.objectContaining({ run: "b", error: expect.objectContaining({ code: "CONFIG_VARIABLE", line: 6 }) }),
    ]);
    expect(made.tasks.filter(({ run }) => run === "ingest/volume")).toHaveLength(1);
  });

  it("a header's voxel size that differs gives a warning with both", async () => {
    const made = await plan({
      config: smallConfig(),
      source: { "lab/rec/a.rec": tinyMrc(4, 4, 4, 5.3), "lab/rec/b.rec": tinyMrc(4, 4, 4, 10.505) },
    });
    expect(made.warnings).toEqual([expect.objectContaining({ run: "a", message: expect.stringMatching(/5\.3 Å.*10\.5 Å/) })]);
  });

  it.each(["..", "a\u0007b", " a", "", "x".repeat(256)])("the hostile run name %j is refused, the others go on", async (name) => {
    const runs = `[{sources: [{literal: {value: [${JSON.stringify(name)}, "../x", ok]}}]}]`;
    const tomograms =
      "[{metadata: {fiducial_alignment_status: FIDUCIAL}, sources: [{source_glob: {list_glob: 'rec/{run_name}.rec'}}]}]";
    const made = await plan({ config: smallConfig({ runs, tomograms }), source: { "lab/rec/ok.rec": volume } });
    expect(made.failures.map(({ error }) => error.code)).toEqual(["NAME_UNSAFE", "NAME_UNSAFE"]);
    expect(
      made.tasks
        .flatMap(({ outputs }) => outputs)
        .every((key) => /^(10700\/(ok\/|dataset|Images\/)|depositions_metadata)/.test(key)),
    ).toBe(true);
  });

  it.each([
    ["in case", "TS_1", "ts_1"],
    ["in é of one character and of two", "\u00e9", "e\u0301"],
  ])("runs that a disk may take for one are refused both: %s", async (_, one, other) => {
    const runs = `[{sources: [{literal: {value: [${one}, ${other}, TS_2]}}]}]`;
    const made = await plan({ config: smallConfig({ runs }), source: { "lab/rec/TS_2.rec": volume } });
    expect(made.failures.map(({ error }) => error.code)).toEqual(["CONFIG_COLLISION", "CONFIG_COLLISION"]);
    expect(made.failures[0]!.error.message).toBe(
      `the runs ${one} and ${other} differ only in case or accents, many disks hold one of them`,
    );
  });
});

describe("a fault of the configuration is thrown, exit status 2", () => {
  const source = { "lab/rec/a.rec": volume };
  it.each([
    ["an unknown section", smallConfig({ more: "tomogram: []\n" }), "CONFIG_FIELD", { line: 8, column: 1 }, /tomograms/],
    [
      "an unknown finder",
      smallConfig({ runs: "[{sources: [{source_globs: {list_glob: '*'}}]}]" }),
      "CONFIG_FIELD",
      { line: 5, column: 20 },
      /source_glob\?/,
    ],
    [
      "two finders",
      smallConfig({ runs: "[{sources: [{literal: {value: [a]}, source_glob: {list_glob: '*'}}]}]" }),
      "CONFIG_FIELD",
      { line: 5 },
      /two sources/,
    ],
    ["no finder", smallConfig({ runs: "[{sources: [{exclude: [x]}]}]" }), "CONFIG_FIELD", { line: 5 }, /source_glob/],
    [
      "an unknown variable",
      smallConfig({ runs: "[{sources: [{source_glob: {list_glob: 'rec/{run_nam}'}}]}]" }),
      "CONFIG_VARIABLE",
      { line: 5, column: 45 },
      /./,
    ],
    [
      "a variable of another level, spelled wrongly",
      smallConfig({
        tomograms: "[{metadata: {fiducial_alignment_status: FIDUCIAL}, sources: [{source_glob: {list_glob: 'rec/{run_nam}'}}]}]",
      }),
      "CONFIG_VARIABLE",
      { line: 7 },
      /\{run_name\}/,
    ],
    [
      "an attribute of a variable",
      smallConfig({
        tomograms:
          "[{metadata: {fiducial_alignment_status: FIDUCIAL}, sources: [{source_glob: {list_glob: '{run_name.__class__}'}}]}]",
      }),
      "CONFIG_VARIABLE",
      { line: 7 },
      /./,
    ],
    [
      "a regex that does not compile",
      smallConfig({ runs: "[{sources: [{source_glob: {list_glob: '*', match_regex: '(a'}}]}]" }),
      "CONFIG_REGEX",
      { line: 5 },
      /escape/,
    ],
    [
      "a glob that leaves the source",
      smallConfig({ runs: "[{sources: [{source_glob: {list_glob: '../*'}}]}]" }),
      "NAME_UNSAFE",
      { line: 5 },
      /source_prefix/,
    ],
    [
      "a prefix that leaves the input",
      smallConfig({ standardization_config: "{deposition_id: 1, source_prefix: ../x}" }),
      "NAME_UNSAFE",
      { line: 2 },
      /below/,
    ],
    [
      "a missing map",
      smallConfig({ standardization_config: "{deposition_id: 1, source_prefix: lab, run_data_map_file: m.csv}" }),
      "CONFIG_FIELD",
      { line: 2 },
      /source_prefix/,
    ],
    [
      "no run anywhere",
      smallConfig({ runs: "[{sources: [{source_glob: {list_glob: 'none/*'}}]}]" }),
      "CONFIG_EMPTY",
      { line: 5 },
      /glob/,
    ],
    [
      "a status that is none",
      smallConfig({ metadata: "{fiducial_alignment_status: maybe}" }),
      "CONFIG_FIELD",
      { line: 7 },
      undefined,
    ],
    [
      "a tomogram section without a status",
      smallConfig({ metadata: "{processing: raw}" }),
      "CONFIG_FIELD",
      { line: 7 },
      /FIDUCIAL/,
    ],
    [
      "a dataset described twice",
      smallConfig({ more: "" }).replace(
        "['10700']}}]}]",
        "['10700']}}]}, {metadata: {x: 1}, sources: [{literal: {value: ['10700']}}]}]",
      ),
      "CONFIG_COLLISION",
      { line: 4 },
      /line 4/,
    ],
  ])("%s", async (_name, config, code, place, hint) => {
    const error = await fault({ config, source });
    expect(error).toMatchObject({ code, facts: { place: { file: "c.yaml", ...place } } });
    if (hint) expect((error as { facts: { hint: string } }).facts.hint).toMatch(hint);
  });

  it("filters that leave no run", async () => {
    expect(await fault({ config: smallConfig(), source, flags: { everything: true, filter: { run: ["b"] } } })).toMatchObject({
      code: "CONFIG_EMPTY",
      message: expect.stringContaining("none of 1 run"),
    });
  });

  it("a regular expression that never ends", async () => {
    const runs = "[{sources: [{source_glob: {list_glob: 'rec/*', match_regex: '(a+)+$'}}]}]";
    expect(await fault({ config: smallConfig({ runs }), source: { [`lab/rec/${"a".repeat(60)}!`]: volume } })).toMatchObject({
      code: "CONFIG_REGEX",
      facts: { place: { line: 5 } },
    });
  });
});

describe("ids", () => {
  const stored = (metadata: Record<string, unknown>) => JSON.stringify(metadata);
  const folder = "10700/a/Reconstructions/VoxelSpacing10.500/Tomograms";
  const tomogram = {
    voxel_spacing: 10.5,
    alignment_metadata_path: "10700/a/Alignments/100/alignment_metadata.json",
    reconstruction_method: "WBP",
    processing: "raw",
    deposition_id: 10390,
  };
  const mine = { "10700/a/Alignments/100/alignment_metadata.json": stored({ deposition_id: 10390 }) };
  it.each([
    ["nothing stored", {}, 100],
    ["the same stored", { ...mine, [`${folder}/100/tomogram_metadata.json`]: stored(tomogram) }, 100],
    ["the same stored as 107", { ...mine, [`${folder}/107/tomogram_metadata.json`]: stored(tomogram) }, 107],
    [
      "another deposition's stored",
      { ...mine, [`${folder}/100/tomogram_metadata.json`]: stored({ ...tomogram, deposition_id: 7 }) },
      101,
    ],
    [
      "another method stored",
      { ...mine, [`${folder}/100/tomogram_metadata.json`]: stored({ ...tomogram, reconstruction_method: "SIRT" }) },
      101,
    ],
    [
      "another processing stored",
      { ...mine, [`${folder}/100/tomogram_metadata.json`]: stored({ ...tomogram, processing: "denoised" }) },
      101,
    ],
    [
      "another alignment stored",
      { ...mine, [`${folder}/100/tomogram_metadata.json`]: stored({ ...tomogram, alignment_metadata_path: "x" }) },
      101,
    ],
    [
      "another spacing stored, in its own folder",
      {
        ...mine,
        "10700/a/Reconstructions/VoxelSpacing5.000/Tomograms/100/tomogram_metadata.json": stored({
          ...tomogram,
          voxel_spacing: 5,
        }),
      },
      101,
    ],
    [
      "a gap below the highest",
      { ...mine, [`${folder}/105/tomogram_metadata.json`]: stored({ ...tomogram, processing: "x" }) },
      106,
    ],
    [
      "a folder that is no number, and one without metadata",
      { "10700/a/Alignments/x/alignment_metadata.json": "{}", [`${folder}/200/a.mrc`]: "x" },
      100,
    ],
  ])("%s", async (_name, files, expected) => {
    const made = await plan({ config: smallConfig(), source: { "lab/rec/a.rec": volume }, target: await storeOf(files) });
    expect(made.tasks.find(({ run }) => run === "ingest/volume")!.outputs.at(-1)).toBe(
      `${folder}/${expected}/tomogram_metadata.json`,
    );
  });

  it("an alignment of another deposition gives ours the next number, and tomograms name ours", async () => {
    const target = await storeOf({ "10700/a/Alignments/100/alignment_metadata.json": stored({ deposition_id: 7 }) });
    const made = await plan({ config: smallConfig(), source: { "lab/rec/a.rec": volume }, target });
    expect([...documentsOf(made).keys()][0]).toBe("10700/a/Alignments/101/alignment_metadata.json");
    expect(documentsOf(made).get(`${folder}/100/tomogram_metadata.json`)).toContain(
      "10700/a/Alignments/101/alignment_metadata.json",
    );
  });

  it("are those of an interrupted plan, whatever it had finished", async () => {
    const tomograms = ["raw", "denoised", "filtered"]
      .map(
        (processing) =>
          `{metadata: {fiducial_alignment_status: FIDUCIAL, processing: ${processing}}, sources: [{source_glob: {list_glob: '${processing}/{run_name}.rec'}}]}`,
      )
      .join(", ");
    const scene = {
      config: smallConfig({ tomograms: `[${tomograms}]`, runs: "[{sources: [{literal: {value: [a]}}]}]" }),
      source: Object.fromEntries(["raw", "denoised", "filtered"].map((name) => [`lab/${name}/a.rec`, volume])),
    };
    const first = await plan(scene);
    const key = `${folder}/101/tomogram_metadata.json`;
    const target = await storeOf({ [key]: documentsOf(first).get(key)! });
    const resumed = await plan({ ...scene, target, options: { reservedIds: first.ids } });
    expect(resumed.tasks.map(({ id }) => id)).toEqual(first.tasks.map(({ id }) => id));
    // an entity that is no longer in the plan reserves nothing
    const changed = await plan({
      ...scene,
      config: scene.config.replace("processing: raw", "processing: other"),
      options: { reservedIds: first.ids },
    });
    expect(
      changed.tasks.filter(({ run }) => run === "ingest/volume").map(({ outputs }) => outputs.at(-1)!.split("/").at(-2)),
    ).toEqual(["103", "101", "102"]);
  });

  it("two spacings of one run are two tomograms, whatever spacing the configuration states", async () => {
    const scene = {
      config: smallConfig({
        voxel_spacings: "[{sources: [{literal: {value: [7.84, 15.68]}}]}]",
        metadata: "{fiducial_alignment_status: FIDUCIAL, voxel_spacing: 3.92}",
      }),
      source: { "lab/rec/a.rec": volume },
    };
    const ids = (made: Awaited<ReturnType<typeof plan>>) =>
      made.tasks
        .filter(({ run }) => run === "ingest/volume")
        .map(({ outputs }) => outputs.at(-1)!.split("/").slice(3, 6).join("/"));
    expect(ids(await plan(scene))).toEqual(["VoxelSpacing7.840/Tomograms/100", "VoxelSpacing15.680/Tomograms/101"]);
  });

  it("are spent on what is filtered out only under compat", async () => {
    const tomograms = ["raw", "denoised"]
      .map(
        (processing) =>
          `{metadata: {fiducial_alignment_status: FIDUCIAL, processing: ${processing}}, sources: [{source_glob: {list_glob: '${processing}/{run_name}*', name_regex: '(.*)\\.rec'}}]}`,
      )
      .join(", ");
    const scene = {
      config: smallConfig({ tomograms: `[${tomograms}]`, runs: "[{sources: [{literal: {value: [a]}}]}]" }),
      source: { "lab/raw/a.rec": volume, "lab/denoised/a_d.rec": volume },
      flags: { everything: true, filter: { tomogram: ["a_d"] } },
    };
    const outputs = async (compat: boolean) =>
      (await plan({ ...scene, options: { compat } })).tasks.find(({ run }) => run === "ingest/volume")!.outputs.at(-1);
    expect(await outputs(false)).toBe(`${folder}/100/tomogram_metadata.json`);
    expect(await outputs(true)).toBe(`${folder}/101/tomogram_metadata.json`);
  });
});

describe("what is on the target already", () => {
  const source = { "lab/rec/a.rec": volume };

  it("key photos, a tilt series of this deposition: metadata name them", async () => {
    const target = await storeOf({
      "10700/Images/snapshot.gif": "x",
      "10700/Images/thumbnail.png": "x",
      "depositions_metadata/10390/Images/snapshot.png": "x",
      "10700/a/TiltSeries/100/tiltseries_metadata.json": '{"deposition_id": 7}',
      "10700/a/TiltSeries/101/tiltseries_metadata.json": '{"deposition_id": 10390}',
    });
    const made = await plan({ config: smallConfig(), source, target });
    expect(documentOf(made, "10700/dataset_metadata.json").key_photos).toEqual({
      snapshot: "10700/Images/snapshot.gif",
      thumbnail: "10700/Images/thumbnail.png",
    });
    expect(documentOf(made, "depositions_metadata/10390/deposition_metadata.json").key_photos).toEqual({
      snapshot: "depositions_metadata/10390/Images/snapshot.png",
      thumbnail: null,
    });
    expect(documentOf(made, "10700/a/Alignments/100/alignment_metadata.json").tiltseries_path).toBe(
      "10700/a/TiltSeries/101/tiltseries_metadata.json",
    );
  });

  it("datasets, runs, spacings and alignments that are only referred to are walked through, not written", async () => {
    const target = await storeOf({
      "10700/dataset_metadata.json": "{}",
      "10700/a/run_metadata.json": "{}",
      "10700/a/Alignments/100/alignment_metadata.json": '{"deposition_id": 7}',
      "10700/a/Reconstructions/VoxelSpacing10.500/Tomograms/100/tomogram_metadata.json":
        '{"deposition_id": 7, "voxel_spacing": 10.5}',
    });
    const glob = (list_glob: string, more = "") => `[{sources: [{destination_glob: {list_glob: '${list_glob}'${more}}}]}]`;
    const config = smallConfig({
      runs: glob("{dataset_output_path}/*"),
      voxel_spacings: glob("{run_output_path}/Reconstructions/VoxelSpacing*", ", name_regex: 'VoxelSpacing(.*)'"),
      alignments: glob("{run_output_path}/Alignments/100/alignment_metadata.json"),
    }).replace(/datasets: .*/, `datasets: ${glob("{output_path}/107??")}`);
    const made = await plan({ config, source, target });
    expect(made.failures).toEqual([]);
    expect(made.tasks.map(({ outputs }) => outputs.at(-1))).toEqual([
      "10700/a/Reconstructions/VoxelSpacing10.500/Tomograms/101/tomogram_metadata.json",
      "10700/a/Reconstructions/VoxelSpacing10.500/Images/101/key-photo-expanded.png",
      "10700/a/Reconstructions/VoxelSpacing10.500/NeuroglancerPrecompute/101-neuroglancer_config.json",
      "depositions_metadata/10390/deposition_metadata.json",
    ]);
    expect(documentOf(made, made.tasks[0]!.outputs.at(-1)!).alignment_metadata_path).toBe(
      "10700/a/Alignments/100/alignment_metadata.json",
    );
    expect(made.entities.filter(({ action }) => action === "leave").map(({ title }) => title)).toEqual([
      "view of tomogram 100 of a (10.500 Å)", // it has no volume
      "metadata of run a",
      "key photos of dataset 10700",
      "metadata of dataset 10700",
    ]);
  });
});

describe("selection", () => {
  const scene = {
    config: smallConfig({ voxel_spacings: "[{sources: [{literal: {value: [10.5, 5]}}]}]" }),
    source: { "lab/rec/a.rec": volume, "lab/rec/b.rec": volume },
  };

  it("runs before the first that is asked for are left out, the rest is taken", async () => {
    const runs = "[{sources: [{literal: {value: [b, a, c]}}]}]";
    const begin = async (skipUntilRunName: string, more = {}) => {
      const flags = { metadata: ["run"], skipUntilRunName, ...more };
      const made = await plan({ config: smallConfig({ runs }), source: {}, flags });
      return made.tasks.map(({ params }) => String(params.key).split("/")[1]);
    };
    expect(await begin("a")).toEqual(["a", "c"]);
    expect(await begin("")).toEqual(["b", "a", "c"]);
    expect(await begin("a", { exclude: { run: ["a"] } })).toEqual(["c"]);
    await expect(begin("x")).rejects.toMatchObject({
      code: "CONFIG_EMPTY",
      message: "none of 3 runs matches --skip-until-run-name",
    });
    await expect(begin("(")).rejects.toMatchObject({ code: "CONFIG_REGEX" });
  });

  it("nothing selected, nothing planned", async () => {
    expect(await plan({ ...scene, flags: {} })).toMatchObject({ tasks: [], failures: [], locks: [] });
  });

  it("items alone write volumes without metadata", async () => {
    const made = await plan({ ...scene, flags: { items: ["tomograms"], filter: { run: ["a$"], voxel_spacing: ["10"] } } });
    expect(made.tasks.map(({ outputs }) => outputs.map((key) => key.split("/").at(key.endsWith("/") ? -2 : -1)))).toEqual([
      ["a.mrc", "a.zarr"],
    ]);
    expect(made.tasks[0]!.params).toMatchObject({ metadataKey: null, metadata: null });
  });

  it("metadata alone write documents without volumes", async () => {
    const made = await plan({ ...scene, flags: { metadata: ["tomogram"], exclude: { run: ["b"] } } });
    expect(made.tasks.map(({ run, outputs }) => [run, outputs.length])).toEqual([
      ["ingest/metadata", 1],
      ["ingest/metadata", 1],
    ]);
  });

  it("one form of volume only", async () => {
    const made = await plan({ ...scene, flags: { items: ["tomograms"], filter: { run: ["a"] } }, options: { writeMrc: false } });
    expect(
      made.tasks.every(({ outputs, params }) => outputs.length === 1 && outputs[0]!.endsWith(".zarr/") && params.mrc === null),
    ).toBe(true);
  });

  it("the alignment's dimensions do not depend on the filters of one import", async () => {
    const text = async (voxel_spacing: string[]) =>
      documentsOf(await plan({ ...scene, flags: { everything: true, filter: { voxel_spacing } } })).get(
        "10700/a/Alignments/100/alignment_metadata.json",
      );
    expect(await text(["5"])).toBe(await text(["10", "5"]));
  });

  it("a volume task waits for the alignment that it names", async () => {
    const made = await plan(scene);
    const alignment = made.tasks.find(({ title }) => title === "default alignment of a")!;
    const volumes = made.tasks.filter(({ run, title }) => run === "ingest/volume" && title.includes("of a "));
    expect(volumes.map(({ needs }) => needs)).toEqual([[alignment.id], [alignment.id]]);
    expect(() => checkPlan(made)).not.toThrow();
  });
});

describe("a plan", () => {
  it("is the same, task for task, whatever order the store lists in and however often it is made", async () => {
    const files = { "lab/rec/b.rec": volume, "lab/rec/a.rec": volume, "lab/rec/é.rec": volume };
    const backwards = Object.fromEntries(Object.entries(files).reverse());
    const ids = async (source: Record<string, Uint8Array>) =>
      (await plan({ config: smallConfig(), source })).tasks.map(({ title, outputs }) => [title, outputs]);
    expect(await ids(files)).toEqual(await ids(backwards));
  });

  it("lists every folder of a source once", async () => {
    const store = await storeOf({ "lab/rec/a.rec": volume, "lab/rec/b.rec": volume, "lab/rec/c.rec": volume });
    const asked: string[] = [];
    const children = (folder: string) => {
      asked.push(folder);
      return store.children(folder);
    };
    await plan({ config: smallConfig(), source: { ...store, children } });
    expect(asked).toEqual(["lab/rec/"]);
  });

  it("of a tree that is there already leads to the same tasks", async () => {
    const scene = { config: smallConfig(), source: await storeOf({ "lab/rec/a.rec": volume }) };
    const first = await plan(scene);
    const target = await storeOf(Object.fromEntries(documentsOf(first)));
    expect((await plan({ ...scene, target })).tasks.map(({ id }) => id)).toEqual(first.tasks.map(({ id }) => id));
  });

  it("takes an OME-Zarr for a tomogram", async () => {
    const axes = ["z", "y", "x"].map((name) => ({ name, type: "space", unit: "angstrom" }));
    const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale: [10.5, 10.5, 10.5] }] }];
    const array = {
      zarr_format: 2,
      shape: [2, 4, 6],
      chunks: [2, 4, 6],
      dtype: "<f4",
      compressor: null,
      fill_value: 0,
      order: "C",
      filters: null,
      dimension_separator: "/",
    };
    const files = {
      "lab/rec/a.zarr/.zgroup": '{"zarr_format": 2}',
      "lab/rec/a.zarr/.zattrs": JSON.stringify({ multiscales: [{ version: "0.4", axes, datasets }] }),
      "lab/rec/a.zarr/0/.zarray": JSON.stringify(array),
      "lab/rec/a.zarr/0/0/0/0": new Uint8Array(192),
    };
    const tomograms =
      "[{metadata: {fiducial_alignment_status: FIDUCIAL}, sources: [{source_glob: {list_glob: '**/{run_name}.zarr'}}]}]";
    const made = await plan({
      config: smallConfig({ runs: "[{sources: [{literal: {value: [a]}}]}]", tomograms }),
      source: files,
    });
    expect(made.failures).toEqual([]);
    expect(made.tasks.find(({ run }) => run === "ingest/volume")).toMatchObject({
      params: { source: "lab/rec/a.zarr/" },
      inputs: [{ key: "lab/rec/a.zarr/.zattrs" }, { key: "lab/rec/a.zarr/0/.zarray" }],
      bytes: 2 * 4 * 6 * 4,
    });
  });
});
