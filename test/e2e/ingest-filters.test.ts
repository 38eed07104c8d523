import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { generateLab } from "../../examples/lab/generate.mjs";
import { readConfig } from "../../src/stations/ingest/check/read-config.js";
import type { SelectionFlags } from "../../src/stations/ingest/selection.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { emporium } from "./cli-host.js";
import { smallConfig, storeOf, tinyMrc } from "./ingest-plan-kit.js";
import { removeTempFolders, run, tempFolder } from "./ingest-run-kit.js";

afterAll(removeTempFolders);

const volume = tinyMrc(6, 4, 2, 10.5);
const RUNS = { "lab/rec/a.rec": volume, "lab/rec/b.rec": volume };

describe("a filter that matches nothing", () => {
  const scene = async (filter: Record<string, string[]>, exclude: Record<string, string[]> = {}) => {
    const [source, target] = [await storeOf(RUNS), memoryStore({ url: "memory:out" })];
    const report = await run({ config: smallConfig(), source, target, flags: { items: ["tomograms"], filter, exclude } });
    return { status: report.exitStatus, done: report.done, errors: report.errors.map(({ code, message }) => [code, message]) };
  };

  it("(34.18) is said with what there is, and the exit status tells", async () => {
    const { status, done, errors } = await scene({ tomogram: ["nosuch"] });
    expect([status, done]).toEqual([1, 0]);
    expect(errors).toEqual([["CONFIG_EMPTY", "no tomogram matches --filter-tomogram-name nosuch; found: a.rec, b.rec"]]);
  });

  it("(34.18) is said of each of several: the others are done", async () => {
    const { status, done, errors } = await scene({ run: ["a$", "c$"] });
    expect([status, done > 0]).toEqual([3, true]);
    expect(errors).toEqual([["CONFIG_EMPTY", "no run matches --filter-run-name c$; found: a, b"]]);
  });

  it("is none where an exclusion takes what it matches", async () => {
    expect((await scene({ run: ["a$", "b$"] }, { run: ["b$"] })).errors).toEqual([]);
    expect((await scene({ tomogram: ["a"] })).errors).toEqual([]);
  });
});

describe("an option that names what the configuration does not have", () => {
  const scene = async (flags: SelectionFlags) => {
    const [source, target] = [await storeOf(RUNS), memoryStore({ url: "memory:out" })];
    const { exitStatus, done, errors, warnings } = await run({ config: smallConfig(), source, target, flags });
    const absent = warnings.map((warning) => (warning as { message: string }).message).filter((text) => text.includes("has no "));
    return [exitStatus, done, errors.map(({ code, message }) => [code, message]), absent];
  };

  it.each<[string, SelectionFlags, string]>([
    [
      "key photos",
      { items: ["dataset_keyphotos"] },
      "c.yaml has no dataset_keyphotos and no tomogram has a picture, so --import-dataset-keyphotos has no effect",
    ],
    ["views", { items: ["annotation_viz"] }, "c.yaml has no annotations, so --import-annotation-viz has no effect"],
    [
      "pictures",
      { items: ["key_images"] },
      "pictures of tomogram a.rec of a (10.500 Å) and 1 more: the tomogram's metadata are not on the target, so --import-key-images has no effect",
    ],
    [
      "configurations of the viewer",
      { items: ["viz_config"] },
      "no tomogram that is asked for has its metadata at the target or in this plan, so --import-viz-config has no effect",
    ],
    ["alignments", { items: ["alignments"] }, "c.yaml has no alignments, so --import-alignments has no effect"],
    ["folders alone", { items: ["datasets", "runs"] }, "--import-datasets and --import-runs: nothing is written for this alone"],
  ])("(34.18) is an error where nothing else is asked for: %s", async (_, flags, message) => {
    expect(await scene(flags)).toEqual([1, 0, [["CONFIG_EMPTY", message]], []]);
  });

  it("(34.18) is not told beside what explains it: a filter that no tomogram passes", async () => {
    const flags = { items: ["key_images"], filter: { tomogram: ["nosuch"] } };
    expect((await scene(flags))[2]).toEqual([
      ["CONFIG_EMPTY", "no tomogram matches --filter-tomogram-name nosuch; found: a.rec, b.rec"],
    ]);
  });

  it.each<[string, SelectionFlags, string]>([
    ["items", { items: ["tomograms", "frames"] }, "c.yaml has no frames, so --import-frames has no effect"],
    ["metadata", { items: ["tomograms"], metadata: ["frame"] }, "c.yaml has no frames, so --import-frame-metadata has no effect"],
    [
      "filters",
      { items: ["tomograms"], filter: { gain: ["a"] }, exclude: { gain: ["b"] } },
      "c.yaml has no gains, so --filter-gain-name and --exclude-gain-name have no effect",
    ],
  ])("(34.18) is a warning beside others: %s", async (_, flags, message) => {
    expect(await scene(flags)).toEqual([0, 2, [], [message]]);
  });

  it("is none where everything is asked for, or something is made without the section", async () => {
    for (const flags of [{ everything: true }, { items: ["tomograms", "key_images"], metadata: ["alignment"] }])
      expect((await scene(flags)).slice(2)).toEqual([[], []]);
  });
});

describe("what keeps a plan from being whole", () => {
  it("is told once on the two streams together, after the plan; the document has it too", async () => {
    const lab = await generateLab({ out: tempFolder(), deposits: ["imod"] });
    const words = ["ingest", "plan", lab.deposits[0]!.config, lab.input, join(lab.input, "../out"), "--import-tomograms"];
    let shown = "";
    const stream = { write: (text: string) => (shown += text) };
    const host = { stdout: stream, stderr: stream };
    const { status } = await emporium([...words, "--filter-tomogram-name=nosuch"], host);
    const told = "error[CONFIG_EMPTY]: no tomogram matches --filter-tomogram-name nosuch; found: TS_0001.rec, TS_0002.rec";
    expect([status, shown.split(told).length - 1]).toEqual([3, 1]);
    expect(shown.indexOf(told)).toBeGreaterThan(shown.indexOf("1 cannot be imported"));
    const { out } = await emporium([...words, "--filter-tomogram-name=nosuch", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ errors: [{ code: "CONFIG_EMPTY" }], plan: { errors: [{ code: "CONFIG_EMPTY" }] } });
  });
});

describe("a map as a literal", () => {
  const bytes = new TextEncoder().encode(
    `version: "1.3.0"
standardization_config: {deposition_id: 10390, source_prefix: lab}
depositions: [{sources: [{literal: {value: {10390: here}}}]}]
datasets: [{sources: [{literal: {value: [10700]}}]}]
`,
  );

  it("(34.18) is refused, and under compat a warning: its keys are the names", () => {
    expect(() => readConfig(bytes, "c.yaml")).toThrow();
    const config = readConfig(bytes, "c.yaml", { compat: true });
    const source = config.sections.get("depositions")!.blocks[0]!.sources[0]!;
    expect(source.finder).toMatchObject({ kind: "literal", values: [{ name: { value: "10390" }, path: { value: "here" } }] });
    const remarks = (config.remarks ?? []).map(({ path, message }) => `${path}: ${message}`);
    expect(remarks.filter((text) => text.includes("depositions.0.sources.0"))).not.toEqual([]);
  });
});
