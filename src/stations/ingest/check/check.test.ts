import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEmporiumError } from "../../../core/errors.js";
import { checkConfig } from "./check.js";
import { parseExclusions } from "./exclusions.js";
import { readConfig } from "./read-config.js";

const base = readFileSync(new URL("../../../../test/golden/config/base.yaml", import.meta.url), "utf8");
const encode = (text: string) => new TextEncoder().encode(text);
const check = (text: string) => checkConfig(encode(text), "c.yaml");

/** The base with one text in place of another, which has to be there. */
function changed(from: string, to: string, text = base): string {
  expect(text.includes(from), from).toBe(true);
  return text.replace(from, to);
}

const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split("\n").length;

it("the base is well, without a warning", () => {
  expect(check(base)).toEqual({ file: "c.yaml", ok: true, readable: true, errors: [], warnings: [] });
});

/** Number of the rule, what breaks it, by what, and where the fault is. */
const RULES: readonly [rule: string, from: string, to: string, code: string, path: string][] = [
  ["an unknown version", 'version: "1.3.0"', "version: 2.0.0", "CONFIG_FIELD", "version"],
  [
    "an annotation without version",
    "    method_type: automated\n    version: 1.0\n",
    "    method_type: automated\n",
    "CONFIG_RULE",
    "annotations.1.metadata",
  ],
  [
    "1 two finders",
    "      list_glob: gains/",
    "      list_glob: gains/x\n    literal: {value: [x]}\n  - source_glob:\n      list_glob: gains/",
    "CONFIG_FIELD",
    "gains.0.sources.0.literal",
  ],
  [
    "1 filters without a finder",
    "gains:\n- sources:\n",
    "gains:\n- sources:\n  - exclude: [x]\n",
    "CONFIG_FIELD",
    "gains.0.sources.0",
  ],
  [
    "1 in alignments too",
    "      list_globs: ['alignments/",
    "      list_globs: [x]\n    literal: {value: [default]}\n  - source_multi_glob:\n      list_globs: ['alignments/",
    "CONFIG_FIELD",
    "alignments.0.sources.0.literal",
  ],
  [
    "1 in ctfs too",
    "ctfs:\n- metadata: {format: CTFFIND}\n  sources:\n",
    "ctfs:\n- metadata: {format: CTFFIND}\n  sources:\n  - exclude: []\n",
    "CONFIG_FIELD",
    "ctfs.0.sources.0",
  ],
  [
    "1 in identified_objects too",
    "      list_glob: objects/",
    "      list_glob: x\n    literal: {value: [x]}\n  - source_glob:\n      list_glob: objects/",
    "CONFIG_FIELD",
    "identified_objects.0.sources.0.literal",
  ],
  [
    "2 two shapes",
    "      binning: 4\n",
    "      binning: 4\n    Point: {file_format: csv, glob_string: x}\n",
    "CONFIG_FIELD",
    "annotations.0.sources.0.Point",
  ],
  ["2 no shape", "  - OrientedPoint:", "  - exclude: [x]\n  - OrientedPoint:", "CONFIG_FIELD", "annotations.0.sources.0"],
  [
    "2 both kinds of glob",
    "      mask_label: 2",
    "      glob_string: x",
    "CONFIG_FIELD",
    "annotations.0.sources.1.SemanticSegmentationMask.glob_strings",
  ],
  [
    "2 one shape twice",
    "  - SemanticSegmentationMask:",
    "  - OrientedPoint: {file_format: mod, glob_string: x}\n  - SemanticSegmentationMask:",
    "CONFIG_RULE",
    "annotations.0.sources.1.OrientedPoint",
  ],
  [
    "3 an ingest id twice",
    "annotation_ingest_id: membrane-1",
    "annotation_ingest_id: cytosolic-ribosome-1",
    "CONFIG_RULE",
    "annotations.1.metadata.annotation_ingest_id",
  ],
  ["4 a deposition as text", "value: [10999]", "value: ['10999']", "CONFIG_RULE", "depositions.0.sources.0.literal.value.0"],
  ["4 a deposition as float", "value: [10999]", "value: [10999.0]", "CONFIG_RULE", "depositions.0.sources.0.literal.value.0"],
  ["4 a dataset as number", "value: ['10998']", "value: [10998]", "CONFIG_RULE", "datasets.0.sources.0.literal.value.0"],
  [
    "6 acquisition without frames",
    base.slice(base.indexOf("frames:\n"), base.indexOf("tiltseries:\n")),
    "",
    "CONFIG_RULE",
    "collection_metadata",
  ],
  [
    "7 tilt series without acquisition",
    base.slice(base.indexOf("collection_metadata:\n"), base.indexOf("frames:\n")),
    "",
    "CONFIG_RULE",
    "tiltseries",
  ],
  [
    "8 dates of a dataset",
    "      deposition_date: 2026-01-05\n      release_date: 2026-02-01\n      last_modified_date: 2026-02-02\n    sample_type",
    "      deposition_date: 2026-02-02\n      release_date: 2026-02-01\n      last_modified_date: 2026-02-02\n    sample_type",
    "CONFIG_RULE",
    "datasets.0.metadata.dates.deposition_date",
  ],
  ["9 tilt range", "max: 'float {max_tilt}'", "max: -61.5", "CONFIG_RULE", "tiltseries.0.metadata.tilt_range.min"],
  ["10 dose rate", "dose_rate: float {dose_rate}", "dose_rate: 0", "CONFIG_RULE", "frames.0.metadata.dose_rate"],
  ["11 precision of what", ", ground_truth_used: nothing better", "", "CONFIG_RULE", "annotations.0.metadata.confidence"],
  [
    "11 precision of nothing",
    "ground_truth_used: nothing better",
    "ground_truth_used: ''",
    "CONFIG_RULE",
    "annotations.0.metadata.confidence",
  ],
  [
    "12 automated truth",
    "method_type: manual",
    "method_type: automated",
    "CONFIG_RULE",
    "annotations.0.metadata.ground_truth_status",
  ],
  ["13 tissue without id", ", id: UBERON:0000955", "", "CONFIG_RULE", "datasets.0.metadata.tissue"],
  [
    "13 organism without tissue",
    "    tissue: {name: brain, id: UBERON:0000955}\n",
    "",
    "CONFIG_RULE",
    "datasets.0.metadata.sample_type",
  ],
  [
    "14 stage with half an unknown",
    "{name: adult, id: 'HsapDv:0000087'}",
    "{name: adult, id: unknown}",
    "CONFIG_RULE",
    "datasets.0.metadata.development_stage.name",
  ],
  [
    "14 stage with the other half",
    "{name: adult, id: 'HsapDv:0000087'}",
    "{name: unknown, id: 'HsapDv:0000087'}",
    "CONFIG_RULE",
    "datasets.0.metadata.development_stage.id",
  ],
  [
    "16 bottom row",
    "[0, 0, 1, 0], [0, 0, 0, 1]]",
    "[0, 0, 1, 0], [0, 0, 0, 5]]",
    "CONFIG_RULE",
    "alignments.0.metadata.affine_transformation_matrix.3",
  ],
  [
    "16 no inverse",
    "[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]",
    "[[1, 0, 0, 0], [0, 2, 0, 0], [0, 4, 0, 0]",
    "CONFIG_RULE",
    "alignments.0.metadata.affine_transformation_matrix",
  ],
  [
    "17 three rows",
    "[0, 0, 1, 0], [0, 0, 0, 1]]",
    "[0, 0, 0, 1]]",
    "CONFIG_RULE",
    "alignments.0.metadata.affine_transformation_matrix",
  ],
  [
    "17 a row of three",
    "    - [0, 1, 0, 0]\n",
    "    - [0, 1, 0]\n",
    "CONFIG_RULE",
    "tomograms.0.metadata.affine_transformation_matrix",
  ],
  [
    "17 a word in a row",
    "    - [0, 1, 0, 0]\n",
    "    - [0, one, 0, 0]\n",
    "CONFIG_RULE",
    "tomograms.0.metadata.affine_transformation_matrix",
  ],
];

describe("rules between fields: a change that breaks one is one fault", () => {
  it.each(RULES)("%s", (_rule, from, to, code, path) => {
    const { errors, warnings } = check(changed(from, to));
    expect(errors.map((error) => [error.code, error.path])).toEqual([[code, path]]);
    expect(errors[0]!.hint).toBeTruthy();
    expect(warnings).toEqual([]);
  });

  it.each(["deposition", "dataset", "tomogram", "annotation"])("5: no primary author of a %s", (entity) => {
    const own = "authors:\n    - {name: Only, corresponding_author_status: true}\n";
    const text = {
      deposition: changed("      primary_author_status: true\n", ""),
      dataset: changed(
        "    authors: *authors\n    dates:\n      deposition_date: 2026-01-05",
        `    ${own}    dates:\n      deposition_date: 2026-01-05`,
      ),
      tomogram: changed("    dates: *dates\n    authors: *authors\n", `    dates: *dates\n    ${own}`),
      annotation: changed("    authors: *authors\n    dates: *dates\n", `    ${own}    dates: *dates\n`),
    }[entity]!;
    const { errors } = check(text);
    // the deposition's authors are everybody's by alias: one place, and the path of each use
    expect(errors.map(({ path }) => path).filter((path) => path?.startsWith(`${entity}s.`))).toEqual([
      `${entity}s.${entity === "annotation" ? 1 : 0}.metadata.authors`,
    ]);
    expect(new Set(errors.map(({ line, column, code }) => `${code} ${line}:${column}`)).size).toBe(1);
    expect(errors[0]!.message).toContain("no primary author");
  });

  it("5: no corresponding author", () => {
    const { errors } = check(changed("      corresponding_author_status: true\n", ""));
    expect(errors.map(({ path }) => path)).toEqual([
      "depositions.0.metadata.authors",
      "datasets.0.metadata.authors",
      "tomograms.0.metadata.authors",
      "annotations.0.metadata.authors",
      "annotations.1.metadata.authors",
    ]);
    expect(new Set(errors.map(({ line }) => line))).toEqual(new Set([lineOf(base, "    - name: First Author")]));
  });

  it("8 is not asked of tomograms", () => {
    const own =
      "    dates: {deposition_date: 2026-02-02, release_date: 2026-02-01, last_modified_date: 2026-02-02}\n    authors: *authors\n";
    expect(check(changed("    dates: *dates\n    authors: *authors\n", own)).errors).toEqual([]);
  });

  it.each([
    ["organoid", "tissue"],
    ["organism", "tissue"],
    ["cell_line", "cell_strain"],
    ["primary_cell_culture", "cell_type"],
    ["organelle", "cell_component"],
    ["virus", "cell_component"],
  ])("13: %s needs %s", (type, field) => {
    const text = changed("sample_type: tissue", `sample_type: ${type}`);
    expect(check(text).errors).toEqual([]);
    const without = text.replace(new RegExp(`    ${field}: .*\n`), "");
    expect(check(without).errors).toMatchObject([{ code: "CONFIG_RULE", path: "datasets.0.metadata.sample_type" }]);
  });

  it("2: the same shape may stand again with parent_filters", () => {
    const again =
      "  - OrientedPoint: {file_format: mod, glob_string: x}\n    parent_filters: {include: {run: [x]}}\n  - SemanticSegmentationMask:";
    expect(check(changed("  - SemanticSegmentationMask:", again)).errors).toEqual([]);
  });

  it("7: excluded datasets need no acquisition", () => {
    const text = changed(base.slice(base.indexOf("collection_metadata:\n"), base.indexOf("frames:\n")), "");
    expect(check(text.replaceAll("10998", "10006")).ok).toBe(true);
    const exclusions = parseExclusions('{"Container": {"collection_metadata": ["10998"]}}', "x.json");
    expect(checkConfig(encode(text), "c.yaml", { exclusions }).ok).toBe(true);
  });

  it("templates are no numbers to compare", () => {
    expect(check(changed("{min: -60, max: 'float {max_tilt}'}", "{min: 'float {max_tilt}', max: -60}")).ok).toBe(true);
  });
});

describe("warnings", () => {
  it.each([
    ["15 a camera of another maker", "model: K3,", "model: FALCON 4i,", "tiltseries.0.metadata.camera.model"],
    [
      "a ROR that is none",
      "affiliation_identifier: 02mhbdp94",
      "affiliation_identifier: somewhere",
      "depositions.0.metadata.authors.0.affiliation_identifier",
    ],
    [
      "frames without metadata",
      "- metadata:\n    dose_rate: float {dose_rate}\n    is_gain_corrected: false\n  sources:",
      "- sources:",
      "frames.0",
    ],
    ["an ingest id of another form", "membrane-1", "Membrane_1", "annotations.1.metadata.annotation_ingest_id"],
    ["a shape without files", "      glob_string: membranes/{run_name}.zarr\n", "", "annotations.1.sources.0.SegmentationMask"],
    ["an older version", 'version: "1.3.0"', "version: 1.1.0", "version"],
  ])("%s is no error", (_name, from, to, path) => {
    const { ok, errors, warnings } = check(changed(from, to));
    expect([ok, errors]).toEqual([true, []]);
    expect(warnings.map((warning) => warning.path)).toContain(path);
    expect(new Set(warnings.map(({ line }) => line)).size).toBe(1);
  });
});

describe("(34.law) what belongs to something that the configuration does not name is never looked for", () => {
  /** The base without a section. */
  const without = (section: string) => base.replace(new RegExp(`^${section}:\\n(?:[ -].*\\n)+`, "m"), "");

  it.each([
    ["tiltseries", ["ctfs", "rawtilts"]],
    ["voxel_spacings", ["tomograms", "annotations"]],
    ["tomograms", ["key_images"]],
    ["runs", ["gains", "collection_metadata", "frames", "tiltseries", "alignments", "identified_objects", "voxel_spacings"]],
  ])("without %s", (section, lost) => {
    const { warnings } = check(without(section));
    const told = warnings.filter(({ message }) => message.includes("not looked for"));
    expect(told.map(({ path, message }) => [path!.split(".")[0], message]).sort()).toEqual(
      lost.map((one) => [one, `${one}: not looked for, since the configuration has no ${section}`]).sort(),
    );
  });
});

describe("the grammar", () => {
  it.each<[name: string, from: string, to: string, path: string, message: RegExp, hint: RegExp]>([
    ["an unknown section", "gains:", "gain:", "gain", /^unknown section "gain"$/, /did you mean gains/],
    [
      "an unknown key",
      "is_aligned: false",
      "is_alined: false",
      "tiltseries.0.metadata.is_alined",
      /unknown key/,
      /did you mean is_aligned/,
    ],
    [
      "an unknown finder",
      "  - source_glob:\n      list_glob: ctf",
      "  - source_globs:\n      list_glob: ctf",
      "ctfs.0.sources.0.source_globs",
      /unknown key/,
      /did you mean source_glob\?/,
    ],
    [
      "a word of no vocabulary",
      "processing: raw",
      "processing: row",
      "tomograms.0.metadata.processing",
      /"row"; expected one of denoised, filtered, raw/,
      /did you mean raw/,
    ],
    [
      "a number out of range",
      "tilt_step: 3",
      "tilt_step: 91",
      "tiltseries.0.metadata.tilt_step",
      /91; expected a number from 0 to 90, or float \{column\}/,
      /.?/,
    ],
    [
      "a number in quotes",
      "tilt_step: 3",
      "tilt_step: '3'",
      "tiltseries.0.metadata.tilt_step",
      /the text "3"/,
      /remove the quotes/,
    ],
    [
      "an exponent without a point",
      "tilt_step: 3",
      "tilt_step: 3e0",
      "tiltseries.0.metadata.tilt_step",
      /the text "3e0"/,
      /1\.0e\+3/,
    ],
    [
      "a template where none may stand",
      "acceleration_voltage: 300000",
      "acceleration_voltage: float {kv}",
      "tiltseries.0.metadata.acceleration_voltage",
      /float \{kv\}/,
      /.?/,
    ],
    [
      "a template of the wrong kind",
      "tomogram_version: 1.0",
      "tomogram_version: '{version}'",
      "tomograms.0.metadata.tomogram_version",
      /\{version\}/,
      /float \{column\}/,
    ],
    [
      "an identifier of another ontology",
      "id: PATO:0000461",
      "id: GO:0005840",
      "datasets.0.metadata.disease.id",
      /MONDO, PATO such as MONDO:0005015/,
      /.?/,
    ],
    [
      "a title that is a number",
      "dataset_title: A made-up dataset",
      "dataset_title: 12",
      "datasets.0.metadata.dataset_title",
      /the number 12; expected a text/,
      /put it in quotes/,
    ],
    [
      "a word for a boolean",
      "is_aligned: false",
      "is_aligned: 'no'",
      "tiltseries.0.metadata.is_aligned",
      /expected true or false/,
      /without quotes/,
    ],
    [
      "no value where one has to be",
      "alignment_type: GLOBAL",
      "alignment_type:",
      "alignments.0.metadata.alignment_type",
      /nothing; expected one of LOCAL, GLOBAL/,
      /leave the key out/,
    ],
    [
      "a day that there is not",
      "last_modified_date: '2026-02-02'",
      "last_modified_date: '2026-02-30'",
      "depositions.0.metadata.dates.last_modified_date",
      /expected a date/,
      /two digits/,
    ],
    [
      "a map for a list",
      "deposition_types: [dataset, tomogram, annotation]",
      "deposition_types: {a: 1}",
      "depositions.0.metadata.deposition_types",
      /a map; expected a list with at least one entry/,
      /write -/,
    ],
    [
      "an empty list",
      "list_globs: ['tilts/{run_name}.rawtlt']",
      "list_globs: []",
      "rawtilts.0.sources.0.source_multi_glob.list_globs",
      /a list of 0/,
      /add an entry/,
    ],
    [
      "a photo at no address",
      "snapshot: s3://",
      "snapshot: gs://",
      "deposition_keyphotos.0.sources.0.literal.value.snapshot",
      /an http\(s\) or s3 address such as/,
      /.?/,
    ],
    [
      "a spacing as a word",
      "value: [13.48, ",
      "value: [wide, ",
      "voxel_spacings.0.sources.0.literal.value.0",
      /"wide"; expected a number, or float/,
      /.?/,
    ],
  ])("%s", (_name, from, to, path, message, hint) => {
    const text = changed(from, to);
    const { errors } = check(text);
    const fault = errors.find((error) => error.path === path);
    expect(fault, JSON.stringify(errors)).toMatchObject({ code: "CONFIG_FIELD", file: "c.yaml" });
    expect(fault!.message).toMatch(message);
    expect(fault!.hint).toMatch(hint);
    expect(fault!.line).toBe(lineOf(text, to.includes("\n") ? to.split("\n")[0]! : to));
  });

  it("a missing field has the place of the map that lacks it", () => {
    const { errors } = check(changed("    total_flux: float {total_flux}\n", ""));
    expect(errors).toMatchObject([{ path: "tiltseries.0.metadata", line: lineOf(base, "    acceleration_voltage"), column: 5 }]);
    expect(errors[0]!.message).toContain("total_flux is missing from the metadata of a tilt series (expected a number from 0");
  });

  it("a fault behind an alias is where it is written, with the path of each use", () => {
    const text = changed("ORCID: 0000-0002-1825-0097", "ORCID: 0000-0002");
    const { errors } = check(text);
    expect(errors).toHaveLength(5);
    expect(new Set(errors.map(({ line, column }) => `${line}:${column}`))).toEqual(new Set([`${lineOf(text, "ORCID: ")}:14`]));
    expect(errors.map(({ path }) => path?.split(".")[0])).toEqual([
      "depositions",
      "datasets",
      "tomograms",
      "annotations",
      "annotations",
    ]);
  });

  it("a scalar behind an alias too", () => {
    const text = changed("tilt_step: 3", "tilt_step: &step many").replace("tilt_axis: 84.7", "tilt_axis: *step");
    expect(check(text).errors.map(({ line, path }) => [line, path])).toEqual([
      [lineOf(text, "&step"), "tiltseries.0.metadata.tilt_step"],
      [lineOf(text, "&step"), "tiltseries.0.metadata.tilt_axis"],
    ]);
  });

  it("all faults are told, by line", () => {
    const text = ["tilt_step: 3", "tilt_axis: 84.7", "processing: raw", "is_aligned: false"].reduce(
      (found, from) => changed(from, `${from.split(":")[0]}: [wrong]`, found),
      base,
    );
    const { errors } = check(text);
    expect(errors.map(({ path }) => path?.split(".").at(-1))).toEqual(["is_aligned", "tilt_step", "tilt_axis", "processing"]);
  });
});

describe("what a run refuses is refused here, with the same code and place", () => {
  it.each([
    ["a regex that cannot be", "match_regex: TS_\\d+$", "match_regex: 'TS_('"],
    ["an excluding regex that cannot be", "exclude: [TS_99]", "exclude: ['[']"],
    ["a regex on a parent that cannot be", "dataset: ['10998']", "dataset: ['(']"],
    ["a parent that is none", "        dataset: ['10998']", "        tomogram: ['10998']"],
    ["a prefix that leaves the input", "source_prefix: made_up", "source_prefix: ../x"],
    ["a map that leaves the folder", "run_data_map_file: runs.tsv", "run_data_map_file: ../runs.tsv"],
    ["an empty glob", "list_glob: runs/*", "list_glob: ''"],
    ["a literal of nothing", "value: ['10998']", "value: [null]"],
    ["a spacing of nothing", "value: [13.48, ", "value: [0, "],
    ["another header key", "header_key: voxel_size", "header_key: cell"],
    ["a misspelled setting", "run_data_map_file: runs.tsv", "run_data_map_fiel: runs.tsv"],
    ["two finders", "  - tomogram_header:", "  - literal: {value: [1]}\n    tomogram_header:"],
    ["a section that is no list", "runs:\n- sources:", "runs:\n  sources:"],
    ["no depositions", "depositions:\n", "deposition_keyphoto:\n"],
    ["no settings", "standardization_config:\n", "standardisation:\n"],
  ])("%s", (_name, from, to) => {
    const text = changed(from, to);
    let thrown: unknown;
    try {
      readConfig(encode(text), "c.yaml");
    } catch (error) {
      thrown = error;
    }
    if (!isEmporiumError(thrown)) throw new Error("a run accepts it");
    const { line, path } = thrown.facts.place!;
    expect(check(text).errors.map((error) => [error.code, error.line, error.path])).toContainEqual([thrown.code, line, path]);
  });

  it("templates are compared with the names that there are, where no map has more", () => {
    const text = changed("  run_data_map_file: runs.tsv\n", "").replace("list_glob: runs/*", "list_glob: '{run_name}/*'");
    const found = check(text).errors.filter(({ code }) => code === "CONFIG_VARIABLE");
    expect(found.map(({ path }) => path)).toEqual([
      "runs.0.sources.0.source_glob.list_glob",
      "gains.0.sources.0.source_glob.list_glob",
      "voxel_spacings.0.sources.0.literal.value.1",
    ]);
  });

  it("globs that leave their folder, and braces alone", () => {
    expect(check(changed("list_glob: runs/*", "list_glob: ../*")).errors).toMatchObject([
      { code: "NAME_UNSAFE", path: "runs.0.sources.0.source_glob.list_glob" },
    ]);
    expect(check(changed("list_glob: ctf/{run_name}.txt", "list_glob: 'ctf/{run_name.txt'")).errors).toMatchObject([
      { code: "CONFIG_VARIABLE" },
    ]);
  });
});

describe("what is no configuration", () => {
  it.each([
    ["no YAML", "a: [", "CONFIG_SYNTAX"],
    ["nothing", "", "CONFIG_SYNTAX"],
  ])("%s cannot be read", (_name, text, code) => {
    expect(check(text)).toMatchObject({ ok: false, readable: false, errors: [{ code }] });
  });

  it("a list is read, and is wrong", () => {
    expect(check("- 1\n")).toMatchObject({ ok: false, readable: true, errors: [{ code: "CONFIG_FIELD", line: 1 }] });
  });

  it("any words in any place give faults, never a crash", () => {
    const lines = base.split("\n");
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.nat(lines.length - 1), fc.constantFrom("x", "- ", "  a: 1", "", "null", "*authors", "- []", "    - {}")),
          { maxLength: 6 },
        ),
        (edits) => {
          const text = [...lines];
          for (const [at, line] of edits) text[at] = (/^\s*/.exec(text[at]!)?.[0] ?? "") + line;
          const { errors, ok } = check(text.join("\n"));
          return ok === (errors.length === 0) && errors.every(({ message, file }) => message !== "" && file === "c.yaml");
        },
      ),
      { numRuns: 300 },
    );
  });
});

it("(34.29) a motive list of PEET is a source of points", () => {
  const { errors } = check(changed("file_format: relion4_star", "file_format: peet_motl"));
  expect(errors).toEqual([]);
});
