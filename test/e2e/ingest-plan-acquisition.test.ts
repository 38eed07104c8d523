import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkPlan } from "../../src/engine/plan.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { hasRealData, REAL_DATA } from "../real-data.js";
import { copyTree, documentOf, documentsOf, plan, RAWTLT, smallConfig, storeOf, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";

const stack = tinyMrc(6, 4, 3, 1.96);

/** A deposition whose runs are the tilt series `st/*.st`, with what was acquired. */
function config(
  changes: Partial<Record<"frames" | "tiltseries" | "rawtilts" | "ctfs" | "mdoc" | "more" | "runs", string>> = {},
): string {
  const {
    runs = "[{sources: [{source_glob: {list_glob: 'st/*.st', name_regex: '(.*)\\.st'}}]}]",
    mdoc = "[{sources: [{source_multi_glob: {list_globs: ['mdoc/{run_name}.mdoc']}}]}]",
    frames = "[{metadata: {dose_rate: 2.0, is_gain_corrected: true}, sources: [{source_glob: {list_glob: 'frames/{run_name}_*'}}]}]",
    tiltseries = "[{metadata: {pixel_spacing: 1.96}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]",
    rawtilts = "[{sources: [{source_multi_glob: {list_globs: ['tilt/{run_name}*.rawtlt']}}]}]",
    ctfs = "[{metadata: {format: CTFFIND}, sources: [{source_glob: {list_glob: 'ctf/{run_name}.txt'}}]}]",
    more = "",
  } = changes;
  return smallConfig({
    runs,
    voxel_spacings: "[]",
    tomograms: "[]",
    more: `collection_metadata: ${mdoc}\nframes: ${frames}\ntiltseries: ${tiltseries}\nrawtilts: ${rawtilts}\nctfs: ${ctfs}\n${more}`,
  });
}

function files(...names: string[]): Record<string, string | Uint8Array> {
  return Object.fromEntries(
    names.flatMap((name) => [
      [`lab/st/${name}.st`, stack],
      [`lab/mdoc/${name}.mdoc`, tinyMdoc((index) => `${name}_${index}.tif`)],
      [`lab/tilt/${name}.rawtlt`, RAWTLT],
      ...[0, 1, 2].map((index) => [`lab/frames/${name}_${index}.tif`, `frame ${index}`]),
    ]),
  );
}

const frames = (name: string) => `10700/${name}/Frames/frames_metadata.json`;
const series = (name: string, id = 100) => `10700/${name}/TiltSeries/${id}/tiltseries_metadata.json`;
type Scene = Parameters<typeof plan>[0];
const failures = (made: Awaited<ReturnType<typeof plan>>) =>
  made.failures.map(({ error, entity, run }) => [error.code, entity, run]);

describe("frames", () => {
  it("doses add up in the order of acquisition; entries stay in the order of the file", async () => {
    const sections = [
      [2, -3],
      [0, 0],
      [1, 3],
    ].map(([z, angle]) => `[ZValue = ${z}]\nTiltAngle = ${angle}\nExposureTime = ${1 + z!}\n`);
    const source = { ...files("a"), "lab/mdoc/a.mdoc": sections.join("\n") };
    const doses = async (compat: boolean) => {
      const document = documentOf(await plan({ config: config(), source, options: { compat } }), frames("a"));
      return (document.frames as Record<string, number>[]).map((frame) => [
        frame.acquisition_order,
        frame.exposure_dose,
        frame.accumulated_dose,
      ]);
    };
    // exposures of 3, 1 and 2 s at 2 e/Å²/s
    expect(await doses(false)).toEqual([
      [2, 6, 6],
      [0, 2, 0],
      [1, 4, 2],
    ]);
    expect(await doses(true)).toEqual([
      [2, 6, 0],
      [0, 2, 6],
      [1, 4, 8],
    ]);
  });

  it("times that contradict the ZValues give the order, with a warning", async () => {
    const sections = [
      [0, -3, "11:03:00"],
      [1, 0, "11:01:00"],
      [2, 3, "11:02:00"],
    ].map(([z, angle, time]) => `[ZValue = ${z}]\nTiltAngle = ${angle}\nExposureTime = 1\nDateTime = 28-Apr-18  ${time}\n`);
    const made = await plan({ config: config(), source: { ...files("a"), "lab/mdoc/a.mdoc": sections.join("\n") } });
    expect(documentOf(made, frames("a")).frames).toMatchObject([
      { acquisition_order: 2, accumulated_dose: 4 },
      { acquisition_order: 0, accumulated_dose: 0 },
      { acquisition_order: 1, accumulated_dose: 2 },
    ]);
    expect(documentOf(made, series("a")).per_section_parameter).toMatchObject([
      { raw_angle: -3, frame_acquisition_order: 2 },
      { raw_angle: 0, frame_acquisition_order: 0 },
      { raw_angle: 3, frame_acquisition_order: 1 },
    ]);
    expect(made.warnings.map(({ message }) => message)).toContainEqual(expect.stringContaining("contradict their ZValues"));
  });

  it("of several sources are united, whatever names their finders give (compat: the last source alone, by its names)", async () => {
    const source = Object.fromEntries(
      Object.entries(files("a")).map(([key, body]) => [key.replace("frames/a_2", "more/a_2"), body]),
    );
    const block =
      "[{metadata: {dose_rate: 2, is_gain_corrected: true}, sources: [{source_glob: {list_glob: 'frames/{run_name}_*', name_regex: '(.*)\\.tif'}}, {source_glob: {list_glob: 'more/{run_name}_*'}}]}]";
    const paths = async (compat: boolean) =>
      (
        documentOf(await plan({ config: config({ frames: block }), source, options: { compat } }), frames("a")).frames as {
          path: string;
        }[]
      ).map(({ path }) => path);
    expect(await paths(false)).toEqual([0, 1, 2].map((index) => `10700/a/Frames/a_${index}.tif`));
    expect(await paths(true)).toEqual([null, null, "10700/a/Frames/a_2.tif"]);
  });

  it("called default have the same doses, no path, and no file (compat counts the word as one)", async () => {
    const scene: Scene = {
      config: config({
        frames: "[{metadata: {dose_rate: 2, is_gain_corrected: false}, sources: [{literal: {value: [default]}}]}]",
      }),
      source: files("a"),
    };
    const made = await plan(scene);
    expect(documentOf(made, frames("a")).frames).toMatchObject([0, 3, 6].map((dose) => ({ accumulated_dose: dose, path: null })));
    expect(made.tasks.flatMap(({ outputs }) => outputs).filter((key) => key.includes("/Frames/"))).toEqual([
      "10700/a/Frames/a.mdoc",
      frames("a"),
    ]);
    expect(documentOf(made, series("a")).frames_count).toBe(0);
    expect(documentOf(await plan({ ...scene, options: { compat: true } }), series("a")).frames_count).toBe(1);
  });

  it.each([
    ["missing", "{is_gain_corrected: true}"],
    ["zero", "{dose_rate: 0, is_gain_corrected: true}"],
    ["a text", "{dose_rate: '2.0', is_gain_corrected: true}"],
  ])("a dose rate that is %s fails alone, with its line", async (_what, metadata) => {
    const block = `[{metadata: ${metadata}, sources: [{source_glob: {list_glob: 'frames/{run_name}_*'}}]}]`;
    const made = await plan({ config: config({ frames: block }), source: files("a") });
    expect(failures(made)).toEqual([["CONFIG_FIELD", "metadata of the frames of a", "a"]]);
    expect(made.failures[0]!.error).toMatchObject({ file: "c.yaml", line: 9 });
    expect(documentsOf(made).has(frames("a"))).toBe(false);
    expect(documentsOf(made).has(series("a"))).toBe(true);
  });

  it("without exposure times the measured doses are taken; with neither they fail", async () => {
    const text = (dose: string) => `[ZValue = 0]\nTiltAngle = 0\n${dose}`;
    const scene = (mdoc: string): Scene => ({
      config: config(),
      source: { ...files("a"), "lab/mdoc/a.mdoc": mdoc, "lab/tilt/a.rawtlt": "0\n" },
    });
    const made = await plan(scene(text("ExposureDose = 2.5\n")));
    expect(documentOf(made, frames("a")).frames).toMatchObject([{ exposure_dose: 2.5 }]);
    for (const dose of ["", "ExposureDose = 0\n"]) {
      const [failure] = (await plan(scene(text(dose)))).failures;
      expect(failure).toMatchObject({ entity: "metadata of the frames of a", error: { code: "FORMAT_FIELD", line: 1 } });
    }
  });

  it("seam 14: doses are the mdoc's own where it gives one, sums and products without the noise of float64", async () => {
    // 1.35556 s × 2.25 is 3.05001, not what the microscope says; the image without a dose has 0.1 s × 3 twice over
    const sections = [
      "[ZValue = 0]\nTiltAngle = 0\nExposureTime = 1.35556\nExposureDose = 3.05\n",
      "[ZValue = 1]\nTiltAngle = 3\nExposureTime = 0.1\nExposureDose = 0\n",
      "[ZValue = 2]\nTiltAngle = -3\nExposureTime = 0.1\n",
    ];
    const source = { ...files("a"), "lab/mdoc/a.mdoc": sections.join("\n"), "lab/tilt/a.rawtlt": "0\n3\n-3\n" };
    const edit = config().replace("dose_rate: 2.0", "dose_rate: 2.25");
    expect(edit).not.toBe(config());
    const doses = async (compat: boolean) =>
      (documentOf(await plan({ config: edit, source, options: { compat } }), frames("a")).frames as Record<string, number>[]).map(
        (frame) => [frame.exposure_dose, frame.accumulated_dose],
      );
    expect(await doses(false)).toEqual([
      [3.05, 0],
      [0.225, 3.05],
      [0.225, 3.275],
    ]);
    // as the reference: time × rate, added up as float64
    const [first, second] = [1.35556 * 2.25, 0.1 * 2.25];
    expect(await doses(true)).toEqual([
      [first, 0],
      [second, first],
      [second, first + second],
    ]);
  });

  it("seam 14: an mdoc whose doses are far from time × dose_rate is warned of once", async () => {
    const dosed = (dose: string) => `[ZValue = 0]\nTiltAngle = 0\nExposureTime = 2\n${dose}`;
    const warnings = async (mdoc: string, compat = false) => {
      const source = { ...files("a"), "lab/mdoc/a.mdoc": mdoc, "lab/tilt/a.rawtlt": "0\n" };
      const made = await plan({ config: config(), source, options: { compat } });
      return made.warnings.map(({ message }) => message).filter((message) => message.includes("dose_rate"));
    };
    expect(await warnings(dosed("ExposureDose = 3.05\n"))).toEqual([
      expect.stringMatching(/1 of 1 image .* 3\.05 where 2 s × 2 is 4 e⁻\/Å²; the mdoc's are written/),
    ]);
    expect(await warnings(dosed("ExposureDose = 4.1\n"))).toEqual([]);
    expect(await warnings(dosed("ExposureDose = 3.05\n"), true)).toEqual([]);
  });

  it("metadata wait for the files that they name", async () => {
    const made = await plan({ config: config(), source: files("a") });
    const metadata = made.tasks.find(({ outputs }) => outputs.includes(frames("a")))!;
    const needed = metadata.needs.map((id) => made.tasks.find((task) => task.id === id)!.outputs[0]);
    expect(needed).toEqual(["a.mdoc", "a_0.tif", "a_1.tif", "a_2.tif"].map((name) => `10700/a/Frames/${name}`));
    expect(() => checkPlan(made)).not.toThrow();
  });

  it("(34.14) two files of one name are refused, and the metadata that would name them are blocked; the rest goes on", async () => {
    const block = "[{metadata: {dose_rate: 2}, sources: [{source_multi_glob: {list_globs: ['frames/a_*', 'again/*']}}]}]";
    const made = await plan({ config: config({ frames: block }), source: { ...files("a"), "lab/again/a_1.tif": "x" } });
    expect(failures(made)).toEqual([
      ["CONFIG_COLLISION", "frames of a", "a"],
      ["TASK_BLOCKED", "metadata of the frames of a", "a"],
    ]);
  });
});

describe("an acquisition file", () => {
  it("that one run lacks fails that run's frames alone; its tilt series says nothing of sections", async () => {
    const { "lab/mdoc/c.mdoc": _, ...source } = files("a", "b", "c");
    const made = await plan({ config: config(), source });
    expect(failures(made)).toEqual([["CONFIG_EMPTY", "metadata of the frames of c", "c"]]);
    expect(made.failures[0]!.error).toMatchObject({ message: "c: no acquisition file (mdoc) found", file: "c.yaml", line: 8 });
    for (const name of ["a", "b"]) expect(documentsOf(made).has(frames(name))).toBe(true);
    expect(documentOf(made, series("c"))).toMatchObject({ per_section_parameter: [], frames_count: 3 });
    expect(made.warnings.map(({ message }) => message)).toEqual([
      "tilt series 100 of c: no per-section metadata, because c: no acquisition file (mdoc) found",
      "ctfs: nothing is found for any of 3 runs",
    ]);
    const compat = await plan({ config: config(), source, options: { compat: true } });
    expect(failures(compat)).toEqual([
      ["CONFIG_EMPTY", "metadata of the frames of c", "c"],
      ["CONFIG_EMPTY", "tilt series 100 of c", "c"],
    ]);
  });

  it("of which there are two is refused; compat takes the last", async () => {
    const mdoc = "[{sources: [{source_multi_glob: {list_globs: ['mdoc/{run_name}*.mdoc']}}]}]";
    const scene: Scene = { config: config({ mdoc }), source: { ...files("a"), "lab/mdoc/a_2.mdoc": tinyMdoc() } };
    expect(failures(await plan(scene))).toEqual([
      ["CONFIG_COLLISION", "acquisition file of a", "a"],
      ["CONFIG_COLLISION", "metadata of the frames of a", "a"],
    ]);
    const compat = await plan({ ...scene, options: { compat: true } });
    expect(compat.tasks.find(({ title }) => title === "acquisition file of a")!.params.source).toBe("lab/mdoc/a_2.mdoc");
  });

  it.each([
    ["is empty", ""],
    ["is no mdoc", "# a table\n1 2 3\n"],
    ["has a word for an angle", "[ZValue = 0]\nTiltAngle = x\n"],
  ])("that %s fails what is made of it, and is copied all the same", async (_what, text) => {
    const made = await plan({ config: config(), source: { ...files("a"), "lab/mdoc/a.mdoc": text } });
    expect(made.failures.map(({ error, entity }) => [error.code, entity])).toEqual([
      ["FORMAT_FIELD", "metadata of the frames of a"],
      ["FORMAT_FIELD", "tilt series 100 of a"],
    ]);
    expect(made.tasks.some(({ title }) => title === "acquisition file of a")).toBe(true);
  });

  it("that is on the target already serves where none is configured", async () => {
    const { "lab/mdoc/a.mdoc": mdoc, ...source } = files("a");
    const target = await storeOf({ "10700/a/Frames/a.mdoc": mdoc! });
    const made = await plan({ config: config({ mdoc: "[]" }), source, target });
    expect(made.failures).toEqual([]);
    expect(documentOf(made, frames("a")).frames).toHaveLength(3);
    expect(made.tasks.some(({ outputs }) => outputs.includes("10700/a/Frames/a.mdoc"))).toBe(false);
  });
});

describe("tilt series", () => {
  const sections = async (scene: Scene) =>
    documentOf(await plan(scene), series("a")).per_section_parameter as Record<string, number>[];

  it("the pixel size of the header counts where none is configured, with three decimals", async () => {
    const tiltseries = "[{sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]";
    const source = { ...files("a"), "lab/st/a.st": tinyMrc(6, 4, 3, 5.6784) };
    const made = await plan({ config: config({ tiltseries }), source });
    expect(documentsOf(made).get(series("a"))).toMatch(/"pixel_spacing": 5\.678,/);
    const none = await plan({ config: config({ tiltseries }), source: { ...source, "lab/st/a.st": tinyMrc(6, 4, 3, 0) } });
    expect(failures(none)).toEqual([["FORMAT_FIELD", "tilt series 100 of a", "a"]]);
  });

  it.each([
    ["2", "2.0"],
    ["3.3702", "3.3702"],
    ["'2.5'", "2.5"],
  ])("a configured pixel_spacing of %s is the float %s, and the volume has it unrounded", async (configured, expected) => {
    const tiltseries = `[{metadata: {pixel_spacing: ${configured}}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]`;
    const made = await plan({ config: config({ tiltseries }), source: files("a") });
    expect(documentsOf(made).get(series("a"))).toContain(`"pixel_spacing": ${expected},`);
    expect(made.tasks.find(({ params }) => params.kind === "tiltseries")!.params).toMatchObject({
      spacingAngstrom: Number(expected),
      scaleZ: false,
      chunk: [1, 1024, 1024],
    });
    expect(made.warnings.map(({ message }) => message)).toContainEqual(expect.stringMatching(/header's pixel size is 1\.96 Å/));
  });

  it("each image belongs to one section: two at one angle go in their order (compat: both are the first)", async () => {
    const mdoc = [0, 0, 3].map((angle, z) => `[ZValue = ${z}]\nTiltAngle = ${angle}\nExposureTime = 1\n`).join("\n");
    const source = { ...files("a"), "lab/mdoc/a.mdoc": mdoc, "lab/tilt/a.rawtlt": "0.00\n0.00\n3.00\n" };
    const orders = async (compat: boolean) =>
      (await sections({ config: config(), source, options: { compat } })).map((entry) => entry.frame_acquisition_order);
    expect(await orders(false)).toEqual([0, 1, 2]);
    expect(await orders(true)).toEqual([0, 0, 2]);
  });

  it("both sides are rounded alike (compat: numpy's way and Python's)", async () => {
    const mdoc = "[ZValue = 0]\nTiltAngle = -6.015\nExposureTime = 1\n";
    const scene: Scene = {
      config: config(),
      source: { ...files("a"), "lab/mdoc/a.mdoc": mdoc, "lab/tilt/a.rawtlt": "-6.015\n" },
    };
    expect((await sections(scene))[0]).toMatchObject({ raw_angle: -6.015 });
    const compat = await plan({ ...scene, options: { compat: true } });
    expect(compat.failures.map(({ error }) => error.message)).toEqual([expect.stringContaining("has the angle -6.015")]);
  });

  it("angles with a little noise go with the nearest images, told once; a wrong one is refused with its line", async () => {
    const noisy = await plan({ config: config(), source: { ...files("a"), "lab/tilt/a.rawtlt": "-3.02\n0.01\n2.98\n" } });
    expect(documentOf(noisy, series("a")).per_section_parameter).toMatchObject([
      { raw_angle: -3 },
      { raw_angle: 0 },
      { raw_angle: 3 },
    ]);
    expect(noisy.warnings.filter(({ message }) => message.includes("nearest images"))).toHaveLength(1);
    const wrong = await plan({ config: config(), source: { ...files("a"), "lab/tilt/a.rawtlt": "-3\n0\n4\n" } });
    expect(wrong.failures).toEqual([
      expect.objectContaining({
        entity: "tilt series 100 of a",
        error: expect.objectContaining({ code: "FORMAT_FIELD", line: 3 }),
      }),
    ]);
  });

  it("of several raw tilt files the one that is called so is meant; two of the name are refused", async () => {
    const rawtilts = "[{sources: [{source_glob: {list_glob: 'tilt/{run_name}*'}}]}]";
    const source = { ...files("a"), "lab/tilt/a.tlt": "1\n2\n3\n" };
    const made = await plan({ config: config({ rawtilts }), source });
    expect(made.failures).toEqual([]);
    expect(made.tasks.find(({ title }) => title === "raw tilt angles of a")!.params).toMatchObject({
      source: "lab/tilt/a.rawtlt",
      key: "10700/a/TiltSeries/100/a.rawtlt",
    });
    const two = await plan({ config: config({ rawtilts }), source: { ...source, "lab/tilt/a_2.rawtlt": RAWTLT } });
    expect(failures(two)).toEqual([["CONFIG_COLLISION", "raw tilt angles of a", "a"]]);
    expect(documentOf(two, series("a"))).toMatchObject({ per_section_parameter: [], raw_tlt_path: null });
  });

  it("a second one of the deposition gets an id of its own and keeps it (compat: it replaces the first)", async () => {
    const tiltseries = "[{metadata: {pixel_spacing: 1.96}, sources: [{source_glob: {list_glob: 'st/{run_name}*'}}]}]";
    const runs = "[{sources: [{literal: {value: [a]}}]}]";
    const scene: Scene = {
      config: config({ tiltseries, runs }),
      source: { ...files("a"), "lab/st/a_b.st": stack, "lab/st/a_c.st": stack },
    };
    const sources = (made: Awaited<ReturnType<typeof plan>>) =>
      made.tasks
        .filter(({ params }) => params.kind === "tiltseries")
        .map(({ params, outputs }) => [String(params.source).split("/").at(-1), outputs.at(-1)!.split("/")[3]]);
    const all = [
      ["a.st", "100"],
      ["a_b.st", "101"],
      ["a_c.st", "102"],
    ];
    const first = await plan(scene);
    expect(sources(first)).toEqual(all);
    expect(() => checkPlan(first)).not.toThrow();
    const target = await storeOf(Object.fromEntries(documentsOf(first)));
    expect(sources(await plan({ ...scene, target }))).toEqual(all);
    const flags = { everything: true, filter: { tiltseries: ["a_c"] } };
    expect(sources(await plan({ ...scene, target, flags }))).toEqual([all[2]]);
    const compat = await plan({ ...scene, options: { compat: true } });
    expect(sources(compat)).toEqual([["a_c.st", "100"]]);
    expect(compat.warnings.filter(({ message }) => message.includes("the last one is written"))).toHaveLength(2);
    expect(() => checkPlan(compat)).not.toThrow();
  });

  it("another deposition's tilt series keeps its id", async () => {
    const target = await storeOf({ [series("a")]: '{"deposition_id": 7}' });
    const made = await plan({ config: config(), source: files("a"), target });
    expect(documentsOf(made).has(series("a", 101))).toBe(true);
    expect(made.tasks.flatMap(({ outputs }) => outputs).some((key) => key.includes("TiltSeries/100/"))).toBe(false);
  });

  it("a broken stack fails alone, and the failure names the file", async () => {
    const made = await plan({ config: config(), source: { ...files("a", "b"), "lab/st/a.st": new Uint8Array(0) } });
    expect(failures(made)).toEqual([["FORMAT_TRUNCATED", "tilt series 100 of a", "a"]]);
    expect(made.entities.find(({ action }) => action === "fail")!.reads).toEqual(["memory:/lab/st/a.st"]);
    expect(documentsOf(made).has(series("b"))).toBe(true);
  });

  it("templates are filled in from the run's row; a column that is none is a fault of the configuration", async () => {
    const tiltseries = (column: string) =>
      `[{metadata: {pixel_spacing: "float {px}", tilt_range: {min: "float {${column}}"}, tilt_series_quality: "int {q}"}, sources: [{source_glob: {list_glob: 'st/{run_name}.st'}}]}]`;
    const text = (column: string) =>
      config({ tiltseries: tiltseries(column) }).replace("source_prefix: lab", "source_prefix: lab, run_data_map_file: m.csv");
    const source = { ...files("a"), "lab/m.csv": "run_name,px,lo,q\na,1.96,-60,4\n" };
    expect(documentOf(await plan({ config: text("lo"), source }), series("a"))).toMatchObject({
      pixel_spacing: 1.96,
      tilt_range: { min: -60 },
      tilt_series_quality: 4,
    });
    await expect(plan({ config: text("low"), source })).rejects.toMatchObject({ code: "CONFIG_VARIABLE" });
  });
});

describe("hostile names", () => {
  it("of files and of formats stay inside", async () => {
    const ctfs = "[{metadata: {format: ../../x}, sources: [{source_glob: {list_glob: 'ctf/*'}}]}]";
    const made = await plan({ config: config({ ctfs }), source: { ...files("a"), "lab/ctf/a.txt": "x" } });
    expect(made.failures.map(({ error }) => error.code)).toEqual(["NAME_UNSAFE"]);
    expect(made.tasks.flatMap(({ outputs }) => outputs).every((key) => /^(10700|depositions_metadata)\//.test(key))).toBe(true);
  });

  it.each(["..", "a\u0007b", "", "."])("the run %j is refused, nothing is written for it", async (name) => {
    const runs = `[{sources: [{literal: {value: [${JSON.stringify(name)}, a]}}]}]`;
    const made = await plan({ config: config({ runs }), source: files("a") });
    expect(made.failures.map(({ error }) => error.code)).toEqual(["NAME_UNSAFE"]);
    const outside = made.tasks
      .flatMap(({ outputs }) => outputs)
      .filter((key) => !/^(10700\/(a\/|dataset_)|depositions_metadata\/)/.test(key));
    expect(outside).toEqual([]);
  });

  it("names with glob characters find their own files", async () => {
    const made = await plan({ config: config(), source: files("a[1]", "a1", "b*") });
    expect(made.failures).toEqual([]);
    expect(documentOf(made, frames("a[1]")).frames).toMatchObject(
      [0, 1, 2].map((index) => ({ path: `10700/a[1]/Frames/a[1]_${index}.tif` })),
    );
  });
});

describe.skipIf(!hasRealData)("the facts of the reference's own tests", () => {
  const bucket = async () => {
    const source = memoryStore();
    await copyTree(new URL("lab-mini/", REAL_DATA), source, "input_bucket/");
    return source;
  };
  const fixture = (name: string) => readFileSync(new URL(`ingest-configs/fixtures/${name}`, REAL_DATA));
  const flags = { everything: true, exclude: { dataset_keyphoto: [""], deposition_keyphoto: [""] } };
  const run = "10001/TS_run1";

  it("frames: exposures of 1.881 × (1, 1.58, 1.59, 1.58, 1.58), sums from 0, five files", async () => {
    const scene = { config: fixture("dataset1.yaml"), source: await bucket(), flags };
    const made = await plan({ ...scene, options: { compat: true } });
    const entries = documentOf(made, `${run}/Frames/frames_metadata.json`).frames as Record<string, number | string>[];
    const exposures = [1, 1.58, 1.59, 1.58, 1.58].map((time) => time * 1.881);
    expect(entries.map(({ exposure_dose }) => exposure_dose)).toEqual(exposures);
    let sum = 0;
    for (const [index, entry] of entries.entries()) {
      expect(entry.accumulated_dose).toBe(sum);
      expect(entry.path).toBe(`${run}/Frames/TS_run1_${index + 1}.tiff`);
      sum += exposures[index]!;
    }
    const written = made.tasks.flatMap(({ outputs }) => outputs).filter((key) => /Gains|Frames|_ctf|rawtlt/.test(key));
    expect(written).toEqual([
      `${run}/Gains/CountRef_TS_run1.gain`,
      `${run}/Frames/TS_run1.mdoc`,
      ...[1, 2, 3, 4, 5].map((index) => `${run}/Frames/TS_run1_${index}.tiff`),
      `${run}/Frames/frames_metadata.json`,
      `${run}/TiltSeries/100/TS_run1.rawtlt`,
      `${run}/TiltSeries/100/TS_run1_CTFFIND_ctf.txt`,
      "10001/TS_run2/Gains/CountRef_TS_run2.mrc",
    ]);
  });

  it("tilt series 4×10×20: sizes of the levels, orders 3, 2, 0, 1, no CTF for the fourth", async () => {
    const made = await plan({ config: fixture("dataset1.yaml"), source: await bucket(), flags });
    const document = documentOf(made, `${run}/TiltSeries/100/tiltseries_metadata.json`);
    expect(document).toMatchObject({
      scales: [
        { z: 4, y: 10, x: 20 },
        { z: 4, y: 5, x: 10 },
        { z: 4, y: 3, x: 5 },
      ],
      pixel_spacing: 3.3702,
      frames_count: 5,
      ctf_path: `${run}/TiltSeries/100/TS_run1_CTFFIND_ctf.txt`,
      raw_tlt_path: `${run}/TiltSeries/100/TS_run1.rawtlt`,
    });
    expect(document.per_section_parameter).toMatchObject([
      {
        frame_acquisition_order: 3,
        raw_angle: -4.38,
        major_defocus: 72249.28,
        minor_defocus: 71262.08,
        astigmatic_angle: -42.32,
      },
      { frame_acquisition_order: 2, raw_angle: -1.98, cross_correlation: 0.1169, max_resolution: 28.4226, phase_shift: 0 },
      { frame_acquisition_order: 0, raw_angle: -0.00499939, major_defocus: 71568.57 },
      { frame_acquisition_order: 1, raw_angle: 2.013, major_defocus: null, astigmatic_angle: null, max_resolution: null },
    ]);
  });

  it("pixel size 5.678 of the header, no frames and no CTF where the config has none", async () => {
    const made = await plan({
      config: fixture("tiltseries/test1.yaml"),
      source: await bucket(),
      flags: { metadata: ["tiltseries"] },
    });
    const documents = [...documentsOf(made)].filter(([key]) => key.endsWith("tiltseries_metadata.json"));
    expect(documents).toHaveLength(1);
    expect(JSON.parse(documents[0]![1])).toMatchObject({ pixel_spacing: 5.678, frames_count: 0, ctf_path: null });
  });

  it("an angle at which no image was taken is refused", async () => {
    const made = await plan({
      config: fixture("tiltseries/invalid_mdoc_rawtlt.yaml"),
      source: await bucket(),
      flags: { metadata: ["tiltseries"] },
    });
    expect(made.failures.map(({ error }) => [error.code, error.line])).toEqual([["FORMAT_FIELD", 5]]);
  });

  it("angles that two decimals tell apart stay apart", async () => {
    const text = fixture("tiltseries/test1.yaml")
      .toString("utf8")
      .replaceAll("metadata/{run_name}.rawtlt", "metadata/close_{run_name}.rawtlt");
    const made = await plan({
      config: text.replaceAll("mdocs_modified/foo-", "mdocs_modified/close-"),
      source: await bucket(),
      flags: { metadata: ["tiltseries"] },
    });
    const [document] = [...documentsOf(made)].filter(([key]) => key.endsWith("tiltseries_metadata.json"));
    const angles = JSON.parse(document![1]).per_section_parameter.map((entry: { raw_angle: number }) => entry.raw_angle);
    expect(angles).toEqual([-6.016, -5.9944, -4.38, -1.98, 2.013, 4.28, 6.0833, 6.09]);
  });

  it("default frames: the same doses, no path, mdoc and metadata alone", async () => {
    const made = await plan({
      config: fixture("frames/default.yaml"),
      source: await bucket(),
      flags: { items: ["collection_metadata", "frames"], metadata: ["frame"] },
    });
    const keys = made.tasks.flatMap(({ outputs }) => outputs);
    expect(keys.map((key) => key.split("/").slice(2).join("/"))).toEqual(["Frames/TS_run1.mdoc", "Frames/frames_metadata.json"]);
    expect(documentOf(made, keys[1]!).frames).toMatchObject([1, 1.58, 1.59, 1.58, 1.58].map(() => ({ path: null })));
  });
});
