import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { emporium } from "../cli-host.js";
import { documentOf, plan, smallConfig, tinyMrc } from "../ingest-plan-kit.js";

/*
 * What `ingest check` says of a configuration, `plan` and `run` say too, and `validate` of what was written with it. `golden/config/base.yaml`
 * is a configuration that is well; each test changes one thing in it.
 */

const base = readFileSync(new URL("../../golden/config/base.yaml", import.meta.url), "utf8");
const root = mkdtempSync(join(tmpdir(), "emporium config ü "));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = "";
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(join(folder, "in/made_up"), { recursive: true });
  const columns = [...base.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]!).filter((name) => name !== "run_name");
  writeFileSync(join(folder, "in/made_up/runs.tsv"), `${["run_name", ...new Set(columns)].join("\t")}\n`);
});

function changed(from: string, to: string): string {
  expect(base.includes(from), from).toBe(true);
  return base.replace(from, to);
}

/** A command on a configuration, in a folder of its own. */
async function emp(verb: "check" | "plan" | "run", text: string, ...flags: string[]) {
  const config = join(folder, "config.yaml");
  writeFileSync(config, text);
  const places = verb === "check" ? [config] : [config, join(folder, "in"), join(folder, "out")];
  const workspace = ["--workspace", join(folder, "workspace")];
  const { status, out, err } = await emporium(["ingest", verb, ...places, ...flags, "--json", ...workspace]);
  const parsed = JSON.parse(out) as unknown;
  const report = (Array.isArray(parsed) ? parsed[0] : parsed) as { errors: Fault[]; warnings: Fault[] };
  return { status, errors: report.errors, warnings: report.warnings, err };
}

interface Fault {
  code: string;
  message: string;
  path: string;
  line: number;
  column: number;
  hint: string;
}

const brief = ({ code, path, line, message }: Fault) => ({ code, path, line, message });
const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);

/** What breaks a rule, by what, and where the fault is. */
const FAULTS: readonly [rule: string, from: string, to: string, path: string][] = [
  ["300 V", "acceleration_voltage: 300000", "acceleration_voltage: 300", "tiltseries.0.metadata.acceleration_voltage"],
  ["a misspelt key", "tilt_axis: 84.7", "tilt_axes: 84.7", "tiltseries.0.metadata.tilt_axes"],
  ["a missing setting", "  deposition_id: 10999\n", "", "standardization_config"],
  ["tilts beyond 90°", "tilt_range: {min: -60,", "tilt_range: {min: -95,", "tiltseries.0.metadata.tilt_range.min"],
  ["a word of no vocabulary", "processing: raw", "processing: rwa", "tomograms.0.metadata.processing"],
  [
    "dates the wrong way round",
    "release_date: 2026-02-01",
    "release_date: 2025-02-01",
    "depositions.0.metadata.dates.deposition_date",
  ],
];

describe("seam 1: what check refuses, plan and run refuse, and nothing is touched", () => {
  it.each(FAULTS)("%s", async (_rule, from, to, path) => {
    const text = changed(from, to);
    const checked = await emp("check", text);
    expect(checked.status).toBe(4);
    expect(checked.errors.map((fault) => fault.path)).toContain(path);
    for (const verb of ["plan", "run"] as const) {
      const { status, errors } = await emp(verb, text, "--import-everything");
      expect(status, verb).toBe(2);
      const told = new Map(
        checked.errors.toReversed().map((fault) => [`${fault.line}:${fault.column} ${fault.message}`, brief(fault)]),
      );
      expect(errors.map(brief).sort(byPath)).toEqual([...told.values()].sort(byPath));
    }
    expect(readdirSync(folder).sort()).toEqual(["config.yaml", "in"]);
  });

  it("all faults are told at once, on stderr each with its place", async () => {
    const text = base.replace("tilt_step: 3", "tilt_step: 91").replace("processing: raw", "procesing: raw");
    const { status, err } = await emp("run", text, "--import-everything");
    expect([status, err.match(/^error\[CONFIG_FIELD\]/gm)?.length]).toEqual([2, 3]);
    expect(err.match(/ {2}at .*config\.yaml:\d+:\d+ \(/g)).toHaveLength(3);
  });

  it("warnings of check are told by plan, which goes on", async () => {
    const { status, errors, warnings } = await emp(
      "plan",
      changed('version: "1.3.0"', 'version: "1.2.0"'),
      "--import-deposition-metadata",
    );
    expect(errors.map(({ code }) => code)).not.toContain("CONFIG_FIELD");
    expect([status, warnings?.[0]?.message]).toEqual([0, 'version is "1.2.0", 1.3.0 is current']);
  });

  it("a fault of a section that is not asked for is one too", async () => {
    const { status } = await emp("run", changed("processing: raw", "processing: rwa"), "--import-datasets");
    expect(status).toBe(2);
  });

  it("--compat reference ingests what the reference's program does, and says what is wrong", async () => {
    const text = changed("acceleration_voltage: 300000", "acceleration_voltage: 300");
    const { status, warnings } = await emp("plan", text, "--import-deposition-metadata", "--compat", "reference");
    expect(status).toBe(0);
    expect(warnings.map(({ message }) => message)).toContainEqual(
      expect.stringContaining("acceleration_voltage is the number 300;"),
    );
    expect(
      (await emp("plan", changed("list_glob: runs/*", "list_glob: ''"), "--import-runs", "--compat", "reference")).status,
    ).toBe(2);
  });

  it("validate knows the same ranges in a tree, and the same rules of sources", async () => {
    const tree = join(folder, "tree/10999/TS_1/TiltSeries/100");
    mkdirSync(tree, { recursive: true });
    writeFileSync(
      join(folder, "tree/10999/dataset_metadata.json"),
      '{"dates": {"deposition_date": "2026-03-01", "release_date": "2026-02-01"}}',
    );
    writeFileSync(
      join(tree, "tiltseries_metadata.json"),
      '{"acceleration_voltage": 300, "tilt_range": {"min": -95.0, "max": 60.0}, "tilt_axis": 84.7, "tilt_step": 91}',
    );
    const { status, out } = await emporium(["ingest", "validate", "standardized", join(folder, "tree"), "--json"]);
    const { findings } = JSON.parse(out) as { findings: { check: string; path: string }[] };
    expect(status).toBe(4);
    expect(
      findings
        .filter(({ check }) => check === "metadata.values")
        .map(({ path }) => path)
        .sort(),
    ).toEqual(["acceleration_voltage", "dates.deposition_date", "tilt_range.min", "tilt_step"]);
    const config = join(folder, "config.yaml");
    writeFileSync(config, smallConfig());
    writeFileSync(join(folder, "in/x"), "");
    const source = await emporium(["ingest", "validate", "source", config, join(folder, "in"), "--json"]);
    const told = (JSON.parse(source.out) as { findings: { check: string; path: string }[] }).findings;
    expect([source.status, told.filter(({ check }) => check === "source.configuration").length > 3]).toEqual([4, true]);
  });
});

describe("seam 2: nothing selected is no success", () => {
  it.each(["plan", "run"] as const)("%s", async (verb) => {
    const { status, errors } = await emp(verb, base, "--filter-run-name", "TS");
    expect(status).toBe(2);
    expect(errors).toMatchObject([{ code: "USAGE", message: expect.stringContaining("--import-everything") }]);
    expect(existsSync(join(folder, "out"))).toBe(false);
  });
});

describe("seam 4: sections that contradict each other are errors, each with its place", () => {
  it.each([
    [
      "a tomogram's spacing that is none of the voxel spacings",
      smallConfig({ metadata: "{voxel_spacing: 10.6, fiducial_alignment_status: FIDUCIAL}" }),
      "tomograms.0.metadata.voxel_spacing",
    ],
    [
      "a tomogram that is looked for at another spacing than its own",
      smallConfig({
        voxel_spacings: "[{sources: [{literal: {value: [10.5, 21]}}]}]",
        tomograms:
          "[{metadata: {voxel_spacing: 10.5}, sources: [{source_glob: {list_glob: a}, parent_filters: {include: {voxel_spacing: [21.000]}}}]}]".replace(
            "[21.000]",
            "['21.000']",
          ),
      }),
      "tomograms.0.metadata.voxel_spacing",
    ],
    [
      "another deposition in the settings",
      changed("  deposition_id: 10999", "  deposition_id: 10997"),
      "standardization_config.deposition_id",
    ],
    [
      "another deposition in the metadata",
      changed("deposition_identifier: 10999", "deposition_identifier: 10997"),
      "depositions.0.metadata.deposition_identifier",
    ],
    [
      "another dataset in the metadata",
      changed("dataset_identifier: 10998", "dataset_identifier: 10997"),
      "datasets.0.metadata.dataset_identifier",
    ],
    [
      "a false check digit of an ORCID",
      changed("0000-0002-1825-0097", "0000-0002-1825-0098"),
      "depositions.0.metadata.authors.0.ORCID",
    ],
    [
      "exchanged digits of an ORCID",
      changed("0000-0002-1825-0097", "0000-0002-1852-0097"),
      "depositions.0.metadata.authors.0.ORCID",
    ],
    ["a version of tomorrow", changed('version: "1.3.0"', 'version: "2.0.0"'), "version"],
    [
      "a column without a map",
      smallConfig({ metadata: "{voxel_spacing: 'float {spacing}'}" }),
      "tomograms.0.metadata.voxel_spacing",
    ],
    ["an annotation without a version", changed("    version: 1.0\n", ""), "annotations.0.metadata"],
  ])("%s", async (_name, text, path) => {
    const { status, errors } = await emp("check", text);
    const fault = errors.find((error) => error.path === path && !error.message.includes(" is missing from "));
    expect(status).toBe(4);
    expect(fault, JSON.stringify(errors)).toMatchObject({
      line: expect.any(Number),
      column: expect.any(Number),
      hint: expect.any(String),
    });
    expect((await emp("run", text, "--import-everything")).errors.map(brief)).toContainEqual(brief(fault!));
  });

  it("the dataset's number where the deposition's is meant, which a published configuration has, is a warning", async () => {
    const { status, warnings } = await emp("check", changed("  deposition_id: 10999", "  deposition_id: 10998"));
    expect([status, warnings.map(({ path }) => path)]).toEqual([0, ["standardization_config.deposition_id"]]);
  });
});

describe("seam 5: a column of the run data map that is called like a variable", () => {
  const map = (header: string, row: string) => ({
    config: smallConfig({
      standardization_config: "{deposition_id: 10390, source_prefix: lab, run_data_map_file: map.csv}",
      tomograms:
        "[{metadata: {fiducial_alignment_status: FIDUCIAL}, sources: [{source_glob: {list_glob: 'tomo/{tomogram_name}.rec'}}]}]",
    }),
    source: {
      "lab/map.csv": `run_name,${header}\na,${row}\n`,
      "lab/rec/a.rec": tinyMrc(6, 4, 2, 10.5),
      "lab/tomo/x1.rec": tinyMrc(6, 4, 2, 10.5),
    },
  });

  it.each([
    ["gives its value", "x1"],
    ["may be a pattern, as other columns", "x*"],
  ])("%s", async (_name, cell) => {
    const made = await plan(map("tomogram_name", cell));
    expect(made.failures).toEqual([]);
    expect(made.tasks.flatMap(({ inputs }) => inputs.map(({ key }) => key))).toContain("lab/tomo/x1.rec");
    expect(made.warnings.map(({ message }) => message)).toContainEqual(
      expect.stringContaining("{tomogram_name} takes the map's value"),
    );
  });

  it("does not move folders of the output", async () => {
    const made = await plan(map("tomogram_name,voxel_spacing_name,run_output_path", "x1,99.000,elsewhere"));
    expect(made.tasks.flatMap(({ outputs }) => outputs).filter((key) => !/^(10700\/|depositions_metadata\/)/.test(key))).toEqual(
      [],
    );
    expect(documentOf(made, "10700/a/run_metadata.json")).toMatchObject({ run_name: "a" });
  });
});

describe("seam 9: an affine matrix is judged alike by check and run", () => {
  const matrix = "[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]";

  it.each([
    ["[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 625, 1]]", /end the first three rows with the translation 0, 0, 625/],
    ["[[1, 0, 0, 2], [0, 1, 0, 0], [0, 0, 1, 0], [7, -3, 0, 1]]", /end the first three rows with the translation 9, -3, 0/],
    ["[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 2]]", /scale the volume/],
    ["[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]", /row by row/],
    ["[[1, 0, 0, x], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]", /row by row/],
    ["[[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]", /multiples of each other/],
  ])("%s is refused by both", async (wrong, hint) => {
    const text = changed(matrix, wrong);
    const checked = await emp("check", text);
    expect([checked.status, checked.errors.map(({ code }) => code)]).toEqual([4, ["CONFIG_RULE"]]);
    expect(checked.errors[0]!.hint).toMatch(hint);
    const run = await emp("run", text, "--import-everything");
    expect([run.status, run.errors.map(brief)]).toEqual([2, checked.errors.map(brief)]);
  });

  it.each([
    ["[[2, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]", "its rows have the lengths 2, 1, 1 (determinant 2)"],
    ["[[1, 0.1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]", "its rows are not perpendicular"],
    ["[[1, 0, 0, 5], [0, 1, 0, 0], [0, 0, -1, 0], [0, 0, 0, 1]]", "it mirrors the volume (determinant -1)"],
  ])("%s is a warning of both", async (odd, wanted) => {
    const text = changed(matrix, odd);
    const checked = await emp("check", text);
    expect([checked.status, checked.warnings.map(({ message }) => message)]).toEqual([0, [expect.stringContaining(wanted)]]);
    const { warnings } = await emp("plan", text, "--import-deposition-metadata");
    expect(warnings.map(({ message }) => message)).toContainEqual(checked.warnings[0]!.message);
  });

  it("a rotation with a shift is well", async () => {
    const text = changed(matrix, "[[0, -1, 0, 5], [1, 0, 0, -6], [0, 0, 1, 0.5], [0, 0, 0, 1]]");
    expect(await emp("check", text)).toMatchObject({ status: 0, errors: [], warnings: [] });
  });
});
