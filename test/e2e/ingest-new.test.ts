import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type DepositName, generateLab } from "../../examples/lab/generate.mjs";
import { EmporiumError } from "../../src/core/errors.js";
import { checkConfig } from "../../src/stations/ingest/check/check.js";
import { accountLines } from "../../src/stations/ingest/laboratory/account.js";
import { askAll, QUESTIONS } from "../../src/stations/ingest/laboratory/answers.js";
import { readDecisions } from "../../src/stations/ingest/laboratory/decisions-file.js";
import { type NewConfig, newConfig, newConfigFor } from "../../src/stations/ingest/laboratory/new-config.js";
import type { IngestPlan } from "../../src/stations/ingest/plan.js";
import { openStore } from "../../src/stores/url.js";
import { hasRealData, REAL_DATA } from "../real-data.js";
import { emporium } from "./cli-host.js";
import { plan, storeOf, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";

/** Configurations that are made from folders: valid as they are, and they find what is there. */
const signal = new AbortController().signal;
const root = mkdtempSync(join(tmpdir(), "emporium-new-"));
const lab = join(root, "input", "lab");
beforeAll(async () => {
  const deposits: DepositName[] = ["imod", "aretomo", "batch", "sim"];
  await generateLab({ out: root, deposits, sections: "all" });
});
afterAll(() => rmSync(root, { recursive: true }));

/** Runs, tomograms and tilt series that a plan would write. */
function planned({ tasks }: IngestPlan) {
  const keys = tasks.flatMap(({ outputs }) => outputs);
  const count = (pattern: RegExp) => keys.filter((key) => pattern.test(key)).length;
  return {
    runs: count(/\/run_metadata\.json$/),
    tomograms: count(/\/tomogram_metadata\.json$/),
    series: count(/\/tiltseries_metadata\.json$/),
    frames: count(/\/Frames\/.*\.(tiff?|eer)$/),
    alignments: count(/\/alignment_metadata\.json$/),
  };
}

const checked = (config: NewConfig) => checkConfig(new TextEncoder().encode(config.yaml), "new.yaml");

describe("files that nothing can be made of", () => {
  it("(34.29) an average of PEET is no tomogram and no run, and is named in the heading", async () => {
    const store = await storeOf({
      "pi-a.rec": tinyMrc(4, 4, 4, 10),
      "PEET/pi_AvgVol_4P60.mrc": tinyMrc(4, 4, 4, 10),
      "PEET/pi_MOTL_Tom1_Iter4.csv": "CCC\n",
    });
    const { yaml } = await newConfigFor(store, { sourcePrefix: "", input: "x", signal });
    const heading = yaml.split("\n").filter((line) => line.startsWith("#"));
    expect(heading.slice(heading.indexOf("# left out on purpose:"))).toEqual([
      "# left out on purpose:",
      "#   PEET/pi_AvgVol_4P60.mrc: a small cube that is called an average of particles, or a reference or mask for them",
    ]);
    expect(yaml.slice(heading.join("\n").length)).not.toContain("AvgVol");
  });

  it("(34.0) are named in the heading of the configuration, with the reason", async () => {
    const store = await storeOf({
      "rec/TS_1.rec": tinyMrc(4, 4, 4, 10),
      "rec/TS_2.rec": "half of a copy",
      "mdoc/TS_1.mdoc": "nothing of a series",
      "mdoc/TS_2.mdoc": tinyMdoc(),
      "picks/TS_1.csv": "one column\n",
      "picks/TS_1.star": "data_\n\nloop_\n_rlnDefocusU #1\n10000\n",
    });
    const { yaml } = await newConfigFor(store, { sourcePrefix: "", input: "x", signal });
    const heading = yaml.split("\n").filter((line) => line.startsWith("#"));
    expect(heading.slice(heading.indexOf("# NOT PUBLISHED, please check:"))).toEqual([
      "# NOT PUBLISHED, please check:",
      "#   picks/TS_1.csv: its points are in no known format: write x, y, z of each run as CSV",
      "#   rec/TS_2.rec: called a volume, and a text",
      "#   to publish one of these files, add a row below files: in the file of decisions, such as - {files: scan.mrc, is: tomogram, run: TS_05}",
      "# please note:",
      "#   1 run has neither images nor a tomogram: TS_2",
      "# left out on purpose:",
      "#   mdoc/TS_1.mdoc: an mdoc without a section",
      "#   picks/TS_1.star: a table without coordinates",
    ]);
  });
});

describe("the laboratory's folders", () => {
  it.each<[name: string, runs: string[], found: ReturnType<typeof planned>]>([
    // TS_0003 has a tilt series and no tomogram: the laboratory's own configuration leaves it out, this one does not
    ["imod", ["TS_0001", "TS_0002", "TS_0003"], { runs: 3, tomograms: 2, series: 3, frames: 14, alignments: 2 }],
    ["sim", ["TS_1", "TS_100"], { runs: 2, tomograms: 2, series: 2, frames: 0, alignments: 2 }],
    ["aretomo", ["25jul_pos1", "25jul_pos2", "25jul_pos3"], { runs: 3, tomograms: 12, series: 3, frames: 14, alignments: 3 }],
    [
      "batch",
      Array.from({ length: 12 }, (_, i) => `mka2019-11-19-${i + 1}`),
      // whether the aligned stack of mka2019-11-19-3 is published is asked
      { runs: 12, tomograms: 12, series: 10, frames: 0, alignments: 12 },
    ],
  ])("%s", async (name, runs, found) => {
    const config = await newConfig({ from: join(lab, name), signal });
    expect(config.runs).toEqual(runs);
    expect(checked(config).errors).toEqual([]);
    // nothing but what a person has to fill in or to check
    expect(checked(config).warnings.filter(({ code }) => code !== "CONFIG_PLACEHOLDER")).toEqual([]);
    expect(config.errors).toEqual([]);
    expect([config.input, config.sourcePrefix]).toEqual([join(lab, name), ""]);
    const made = await plan({ config: config.yaml, source: await openStore(config.input!) });
    // one run of aretomo has no acquisition file: its tilt series goes without
    expect(made.failures.map(({ error }) => error.message)).toEqual([]);
    expect(planned(made)).toEqual(found);
  });

  it("spacings, tilts and doses are read where they stand", async () => {
    const { yaml } = await newConfig({ from: join(lab, "imod"), signal });
    const config = parse(yaml) as Record<string, { metadata: Record<string, unknown> }[]>;
    expect(config.tiltseries![0]!.metadata).toMatchObject({
      acceleration_voltage: 300_000,
      tilt_range: { min: -9, max: 9 },
      tilt_step: 3,
      tilt_axis: 84.7,
      total_flux: 21,
      pixel_spacing: 3.3702,
    });
    expect(config.frames![0]!.metadata.dose_rate).toBe(2);
    expect(config.tomograms!.map(({ metadata }) => metadata.voxel_spacing)).toEqual([13.48]);
  });

  it("each placeholder has a comment, and the lines that have one are told", async () => {
    const { yaml, toFill } = await newConfig({ from: join(lab, "imod"), signal });
    const lines = yaml.split("\n");
    expect(toFill.length).toBeGreaterThan(15);
    for (const { line, what } of toFill)
      expect(lines[line - 1]).toMatch(new RegExp(`# please fill in: ${what.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")} \\[.*\\]$`));
    expect(toFill.filter(({ line }) => /pixel_spacing|tilt_axis|acceleration_voltage/.test(lines[line - 1]!))).toEqual([]);
    for (const key of ["deposition_title", "ORCID", "model", "sample_type"]) {
      expect(
        toFill.some(({ line }) => lines[line - 1]!.includes(`${key}:`)),
        key,
      ).toBe(true);
    }
  });
});

describe("the public sample of a laboratory", () => {
  it.skipIf(!existsSync(new URL("lab-mini/10001_input", REAL_DATA)))("gives its two runs", async () => {
    const from = new URL("lab-mini/10001_input", REAL_DATA).pathname;
    const config = await newConfig({ from, signal });
    expect(config.runs).toEqual(["TS_run1", "TS_run2"]);
    expect(checked(config).errors).toEqual([]);
    const made = await plan({ config: config.yaml, source: await openStore(config.input!) });
    expect(planned(made)).toMatchObject({ runs: 2, tomograms: 2, series: 1, frames: 0 });
    // two acquisition files that both may be its own
    const open = config.files.filter(({ because }) => /^one of several for TS_run1/.test(because)).map(({ path }) => path);
    expect(open).toEqual(["metadata/mdocs_modified/close-TS_run1.mdoc", "metadata/mdocs_modified/foo-TS_run1.mdoc"]);
  });

  it.skipIf(!hasRealData)(
    "every folder of test data gives a configuration without errors, or the sentence that there is nothing of a run",
    async () => {
      for (const name of ["lab-mini/20002", "mdoc", "star", "mod", "mrc", "alignment", "tiff", "zarr", "portal-output"]) {
        const folder = new URL(name, REAL_DATA);
        if (!existsSync(folder)) continue;
        // or says that there is nothing of a run
        const config = await newConfig({ from: folder.pathname, signal }).catch((error: unknown) => error as EmporiumError);
        if (config instanceof EmporiumError) expect([name, config.code]).toEqual([name, "CONFIG_EMPTY"]);
        else expect([name, checked(config).errors]).toEqual([name, []]);
      }
    },
    60_000,
  );
});

/** A folder made here, described and planned. */
async function described(files: Record<string, string | Uint8Array>): Promise<{ config: NewConfig; plan: IngestPlan }> {
  const config = await newConfigFor(await storeOf(files), { sourcePrefix: "lab", input: "memory:", signal });
  expect(checked(config).errors).toEqual([]);
  const below = Object.fromEntries(Object.entries(files).map(([key, body]) => [`lab/${key}`, body]));
  return { config, plan: await plan({ config: config.yaml, source: below }) };
}

const RAWTLT = "-3.00\n0.00\n3.00\n";

describe("other folders", () => {
  it("runs as folders named by the microscope, everything within", async () => {
    const files = Object.fromEntries(
      ["Position_1", "Position_1_2", "Position_12"].flatMap((run) => [
        [`${run}/${run}.mdoc`, tinyMdoc()],
        [`${run}/${run}.rawtlt`, RAWTLT],
        [`${run}/${run}.st`, tinyMrc(8, 8, 3, 1.96)],
        [`${run}/${run}_rec.mrc`, tinyMrc(8, 8, 4, 7.84)],
      ]),
    );
    const { config, plan: made } = await described(files);
    expect(config.runs).toEqual(["Position_1", "Position_1_2", "Position_12"]);
    expect(planned(made)).toMatchObject({ runs: 3, tomograms: 3, series: 3 });
  });

  it("one run alone", async () => {
    const { config, plan: made } = await described({ "rec/cell7.rec": tinyMrc(8, 8, 4, 10.5), "mdocs/cell7.mdoc": tinyMdoc() });
    expect(config.runs).toEqual(["cell7"]);
    expect(planned(made)).toMatchObject({ runs: 1, tomograms: 1 });
  });

  it("names without numbers", async () => {
    const { config } = await described({
      "tomograms/wildtype.mrc": tinyMrc(8, 8, 4, 10.5),
      "tomograms/mutant.mrc": tinyMrc(8, 8, 4, 10.5),
      "mdocs/wildtype.mdoc": tinyMdoc(),
      "mdocs/mutant.mdoc": tinyMdoc(),
    });
    expect(config.runs).toEqual(["mutant", "wildtype"]);
  });

  it("bin4 and bin8 of each run are two tomograms, and numbers that count are no part of a pattern", async () => {
    const files = Object.fromEntries(
      [1, 2, 3].flatMap((n) => [
        [`TS_0${n}/2024060${n}/vol_bin4.mrc`, tinyMrc(8, 8, 4, 7.84, n)],
        [`TS_0${n}/2024060${n}/vol_bin8.mrc`, tinyMrc(4, 4, 2, 15.68, n)],
      ]),
    );
    const { config, plan: made } = await described(files);
    expect(config.yaml).toContain("{run_name}/*/vol_bin4.mrc");
    expect(config.yaml).toContain("{run_name}/*/vol_bin8.mrc");
    expect(config.yaml).toContain("value: [7.84, 15.68]");
    expect(planned(made)).toMatchObject({ runs: 3, tomograms: 6 });
  });

  it("headers without a voxel size are asked for", async () => {
    const { config } = await described({ "rec/TS_01.rec": tinyMrc(8, 8, 4, 0), "rec/TS_02.rec": tinyMrc(8, 8, 4, 0) });
    expect(config.toFill.some(({ what }) => /no header has one/.test(what))).toBe(true);
  });

  it("names that are patterns, templates or comments are taken literally", async () => {
    const { config, plan: made } = await described({
      "rec [new]/TS_1 {a} #x.rec": tinyMrc(8, 8, 4, 10.5),
      "rec [new]/TS_2 {a} #x.rec": tinyMrc(8, 8, 4, 10.5),
      "notes\nrun: evil/readme.txt": "x",
    });
    expect(planned(made)).toMatchObject({ runs: 2, tomograms: 2 });
    expect(Object.keys(parse(config.yaml) as object)).not.toContain("run");
  });

  it("a tilt series without an acquisition file goes through all the same, with the range of its angles", async () => {
    const { config, plan: made } = await described({ "st/TS_1.st": tinyMrc(8, 8, 3, 1.96), "st/TS_1.rawtlt": RAWTLT });
    expect(made.failures).toEqual([]);
    expect(planned(made)).toMatchObject({ runs: 1, series: 1 });
    expect(config.yaml).toContain("tilt_range: {min: -3.0, max: 3.0}");
    // angles of an alignment are moved: a guess
    const aligned = await described({ "st/TS_1.st": tinyMrc(8, 8, 3, 1.96), "st/TS_1.tlt": RAWTLT });
    expect(aligned.config.yaml).toMatch(/# please check: range of the tilts; of the alignment/);
  });

  it("what is no volume though it is called so is left alone", async () => {
    const { config } = await described({ "rec/TS_1.rec": "not a volume", "rec/TS_2.rec": tinyMrc(8, 8, 4, 10.5) });
    expect([config.runs, config.found.tomogram]).toEqual([["TS_2"], 1]);
  });

  it("points are looked into: tables, particles, picks", async () => {
    const { config } = await described({
      "rec/TS_1.rec": tinyMrc(8, 8, 8, 20),
      "rec/TS_2.rec": tinyMrc(8, 8, 8, 20),
      "picks/TS_1_ribo.csv": "1;2;3\n4;5;6\n",
      "picks/TS_2_ribo.csv": "1;2;3\n",
      "heads/TS_1_memb.csv": "x,y,z\n1,2,6\n",
      "heads/TS_2_memb.csv": "x,y,z\n1,2,3\n",
      "star/TS_1.star":
        "data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n1 2 6 4 5 6\n",
      "star/TS_2.star":
        "data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n1 2 6 4 5 6\n",
      "Picks/TS_1.json": `{"points": [{"location": {"x": 1, "y": 2, "z": 3}}]}`,
      "Picks/TS_2.json": `{"points": [{"location": {"x": 1, "y": 2, "z": 3}}]}`,
    });
    const { annotations } = parse(config.yaml) as { annotations: { sources: Record<string, { file_format: string }>[] }[] };
    const shapes = annotations.map(
      ({ sources }) => Object.entries(sources[0]!).map(([shape, source]) => `${shape} ${source.file_format}`)[0],
    );
    expect(shapes.sort()).toEqual(["OrientedPoint relion3_star", "Point copick", "Point csv", "Point csv_with_header"]);
    expect(config.yaml).toContain("delimiter: ;");
    expect(config.yaml).toContain("binning: 20.0");
  });

  it("a list that cannot be read is left out alone, and by its own decisions a configuration keeps the software", async () => {
    const runs = ["TS_1", "TS_2", "TS_3"];
    const info = (boxes: readonly number[][]) =>
      `${JSON.stringify({ boxes_3d: boxes.map((box) => [...box, "manual", 0, 0]) })}\n`;
    const files = Object.fromEntries(
      runs.flatMap((run, at) => [
        [`rec/${run}.rec`, tinyMrc(8, 8, 8, 10, at + 1)],
        [`picks/${run}.csv`, run === "TS_2" ? "x,y,z\n1,2,6\n1,2\n" : "x,y,z\n1,2,6\n"],
        [`info/${run}_info.json`, info([[1, 2, 6]])],
      ]),
    );
    const { config } = await described(files);
    const fates = Object.fromEntries(config.files.map(({ path, role }) => [path, role]));
    expect(runs.map((run) => fates[`picks/${run}.csv`])).toEqual(["points", "left out", "points"]);
    expect(config.account.missed).toEqual(['picks/TS_2.csv: it cannot be read: 2 columns in line 3; expected 3 between ","']);
    expect(accountLines(config.account)).toEqual([
      "9 files in the folder, 3 runs to be published, with so many files of each kind",
      "software recognised: EMAN2 by info",
      "  run   tomograms  point lists",
      "  TS_1  1          2",
      "  TS_2  1          1",
      "  TS_3  1          2",
      "",
      "NOT PUBLISHED, please check:",
      `  ${config.account.missed[0]}`,
      "  to publish one of these files, add a row below files: in the file of decisions, such as - {files: scan.mrc, is: tomogram, run: TS_05}",
    ]);
    expect(config.yaml).toMatch(/annotation_software: EMAN2/);
    const given = readDecisions(config.decisions!, "decisions.yaml");
    const again = await newConfigFor(await storeOf(files), { sourcePrefix: "lab", input: "memory:", signal, given });
    expect(again.yaml).toBe(config.yaml);
  });

  it("twelve runs of one microscope leave at most twenty lines to fill in", async () => {
    const runs = Array.from({ length: 12 }, (_, at) => `TS_${at + 1}`);
    const { config } = await described(
      Object.fromEntries(
        runs.flatMap((run) => [
          [`${run}/${run}.rec`, tinyMrc(8, 8, 8, 10)],
          [`${run}/${run}.st`, tinyMrc(8, 8, 3, 2.5)],
          [
            `${run}/${run}.st.mdoc`,
            `PixelSpacing = 2.5\nVoltage = 300\nImageFile = ${run}.st\n\n[T = SerialEM: x   Tilt axis angle = 84.5, binning = 1]\n${[
              -3, 0, 3,
            ]
              .map((tilt, z) => `\n[ZValue = ${z}]\nTiltAngle = ${tilt}\nExposureDose = 3\nRotationAngle = 84.5\n`)
              .join("")}`,
          ],
          [`picks/${run}_ribosome.csv`, "1,2,6\n4,5,6\n"],
        ]),
      ),
    );
    expect(config.runs).toHaveLength(12);
    expect(Object.keys(config.found).sort()).toEqual(["acquisition", "points", "tilt series", "tomogram"]);
    expect(config.toFill.length).toBeLessThanOrEqual(20);
  });

  it("a unit in the names of the columns is believed where the points lie in the tomogram then, and asked about where not", async () => {
    const rec = Object.fromEntries(["TS_1", "TS_2", "TS_3"].map((run) => [`rec/${run}.rec`, tinyMrc(100, 100, 100, 13)]));
    const rows = "1.5,20,20\n60,80,70.5\n";
    const { config } = await described({
      ...rec,
      "nm/TS_1.csv": `x_nm,y_nm,z_nm\n${rows}`,
      "angst/TS_1.csv": `x (Å),y (Å),z (Å)\n${rows}`,
      "vox/TS_1.csv": `x [vox],y [vox],z [vox]\n${rows}`,
      "bare/TS_1.csv": `x,y,z\n${rows}`,
      "wrong/TS_1.csv": `x_nm,y_nm,z_nm\n1,2,3\n900,80,950\n`,
    });
    expect(config.yaml).toMatch(
      /glob_string: nm\/.*\n.*binning: 1\.3 # please check: the column x_nm is in nm: divided by the voxel size/,
    );
    expect(config.yaml).toMatch(/glob_string: angst\/.*\n.*binning: 13\.0 # please check: the column x \(Å\) is in Å/);
    expect(config.yaml).toMatch(/glob_string: vox\/.*\n(?!.*binning)/);
    expect(
      config.questions.map(({ text, why, options }) => [
        text,
        why?.replace(/In run TS_1, .*$/, "#"),
        options.map(({ says }) => says),
      ]),
    ).toEqual([
      [
        "What is the unit of the coordinates in bare/TS_1.csv?",
        "#",
        ["voxels of the tomogram", "nm (1.3 nm per voxel)", "not published"],
      ],
      [
        "What is the unit of the coordinates in wrong/TS_1.csv?",
        "In the unit of the column x_nm they are outside of the tomogram. #",
        [
          "Å (13 Å per voxel)",
          "pixels of 1.3 Å (10 per voxel)",
          "pixels of 1.083 Å (12 per voxel)",
          "pixels of 0.8125 Å (16 per voxel)",
          "not published",
        ],
      ],
    ]);
  });

  it("seam 52: points of other programs are proposed, a motive list of PEET is not", async () => {
    // no shifts: with these the points would lie outside of the tomogram
    const row = (tomogram: number) =>
      `${Array.from({ length: 26 }, (_, i) => (i === 19 ? tomogram : i >= 3 && i < 6 ? 0 : 6)).join(" ")}\n`;
    const cbox = "data_cryolo\nloop_\n_CoordinateX\n_CoordinateY\n_CoordinateZ\n_Width\n_Height\n1 2 6 2 2\n";
    const files = (run: string): Record<string, string> => ({
      [`tbl/${run}.tbl`]: row(1) + row(1),
      [`cbox/${run}.cbox`]: cbox,
      [`coords/${run}.box`]: "1\t2\t6\n",
      [`info/${run}_info.json`]: '{"boxes_3d": [[1, 2, 6, "manual", 0, 0]]}',
      [`peet/${run}_MOTL.csv`]: `CCC,reserved,reserved,pIndex\n0,0,0,1\n`,
      [`ids/${run}.csv`]: "id,x,y,z\n1,2,3,6\n",
    });
    const { config } = await described({
      "rec/TS_1.rec": tinyMrc(8, 8, 8, 10),
      "rec/TS_2.rec": tinyMrc(8, 8, 8, 10),
      ...files("TS_1"),
      ...files("TS_2"),
    });
    const { annotations } = parse(config.yaml) as { annotations: { sources: Record<string, { file_format: string }>[] }[] };
    const shapes = annotations.map(
      ({ sources }) => Object.entries(sources[0]!).map(([shape, source]) => `${shape} ${source.file_format}`)[0],
    );
    expect(shapes.sort()).toEqual([
      ...["OrientedPoint dynamo_tbl", "Point cryolo_cbox", "Point csv_by_name", "Point eman2_box", "Point eman2_json"],
    ]);
  });

  it("an empty folder is an error", async () => {
    await expect(newConfigFor(await storeOf({}), { sourcePrefix: "lab", input: "memory:", signal })).rejects.toThrow(
      /holds no files/,
    );
  });
});

describe("questions", () => {
  it("answers stand in the configuration, without a comment", async () => {
    const said = [
      "10301",
      "10401",
      "Spores",
      "Many spores",
      "Ada Example",
      "0000-0002-1825-0097",
      "2026-02-01",
      "Bacillus subtilis",
      "1423",
      "Krios G4",
    ];
    const answers = await askAll(QUESTIONS, async () => said.shift());
    const config = await newConfig({ answers, signal });
    expect(checked(config).errors).toEqual([]);
    for (const text of ["Spores", "Ada Example", "0000-0002-1825-0097", "2026-02-01", "Bacillus subtilis", "1423", "Krios G4"]) {
      const lines = config.yaml.split("\n").filter((line) => line.includes(text));
      expect(lines.length, text).toBeGreaterThan(0);
      for (const line of lines) expect(line).not.toContain("please fill in");
    }
    expect(config.yaml).toContain("value: [10301]");
    expect(config.yaml).toContain('value: ["10401"]');
  });

  it("an answer that will not do is asked for again, and nobody's silence ends it", async () => {
    const asked: string[] = [];
    const said = ["ten", "10", ""];
    const answers = await askAll(QUESTIONS, async (text) => {
      asked.push(text);
      return said.shift();
    });
    expect(answers).toEqual({ depositionId: 10 });
    expect(asked[1]).toContain("a whole number above 0");
    expect(asked.length).toBe(4);
  });

  it("the command asks on stderr and writes the configuration to stdout", async () => {
    const { status, out, err } = await emporium(["ingest", "new"], { stdin: Readable.from(["10301\n", "10401\n", "A title\n"]) });
    expect([status, checkConfig(Buffer.from(out), "x.yaml").errors]).toEqual([0, []]);
    expect(out).toContain("title A title");
    expect(err).toContain("Number of the deposition at the portal: ");
  });

  it("the command asks nothing with --yes, or of a folder, and never writes over a file", async () => {
    const quiet = await emporium(["ingest", "new", "--yes"]);
    expect([quiet.status, quiet.err]).toEqual([0, ""]);
    const out = join(root, "new.yaml");
    const written = await emporium(["ingest", "new", "--from", join(lab, "sim"), "--out", out]);
    expect([written.status, written.err]).toEqual([0, ""]);
    expect(checkConfig(readFileSync(out), out).errors).toEqual([]);
    writeFileSync(out, "mine");
    const ofFile = await emporium(["ingest", "new", "--from", out]);
    expect([ofFile.status, ofFile.err]).toEqual([
      1,
      expect.stringMatching(/ is a file; expected a folder.*\n.*\n.*give the folder/),
    ]);
    const ofNothing = await emporium(["ingest", "new", "--from", join(lab, "no such folder")]);
    expect([ofNothing.status, ofNothing.err]).toEqual([1, expect.stringContaining("no such folder does not exist")]);
    const again = await emporium(["ingest", "new", "--from", join(lab, "sim"), "--out", out]);
    expect(again.status).toBe(2);
    expect(readFileSync(out, "utf8")).toBe("mine");
  });
});

describe("what only a person knows, as options", () => {
  it("stands in the configuration of a folder, in every place that has it, and is asked for no more", async () => {
    const given = [
      "--deposition",
      "10308",
      "--dataset",
      "11030",
      "--title",
      "Hats",
      "--author",
      "Ada Lovelace",
      "--date",
      "2026-02-01",
    ];
    const { status, out } = await emporium(["ingest", "new", "--from", join(lab, "sim"), ...given]);
    const config = parse(out) as Record<string, { metadata: Record<string, unknown>; sources: unknown }[]> & {
      standardization_config: { deposition_id: number };
    };
    expect([status, config.standardization_config.deposition_id]).toEqual([0, 10308]);
    expect(config.depositions![0]).toMatchObject({
      metadata: { deposition_identifier: 10308, deposition_title: "Hats", dates: { release_date: "2026-02-01" } },
      sources: [{ literal: { value: [10308] } }],
    });
    expect(config.datasets![0]).toMatchObject({
      metadata: { dataset_identifier: 11030, authors: [{ name: "Ada Lovelace" }] },
      sources: [{ literal: { value: ["11030"] } }],
    });
    expect(out).not.toMatch(/please fill in: (?:number of the de|title)/);
  });

  it("a day that is none is refused, and a file that is there is left as it is", async () => {
    expect((await emporium(["ingest", "new", "--yes", "--date", "tomorrow"])).status).toBe(2);
    const path = join(root, "mine.yaml");
    writeFileSync(path, "mine\n");
    expect((await emporium(["ingest", "new", "--yes", "--out", path])).status).toBe(2);
    expect(readFileSync(path, "utf8")).toBe("mine\n");
  });
});
