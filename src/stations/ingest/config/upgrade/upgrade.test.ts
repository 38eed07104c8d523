import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { printJson } from "../../../../core/json.js";
import { VERSIONS } from "../grammar/config.js";
import { toJson } from "../nodes.js";
import { readYaml } from "../read.js";
import { upgradeConfig } from "./upgrade.js";

const folder = new URL("../../../../../test/golden/config/upgrade/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder));
const names = readdirSync(folder).flatMap((name) => /^([\w-]+)\.yaml$/.exec(name)?.[1] ?? []);
const encode = (text: string) => new TextEncoder().encode(text);
const upgrade = (text: string) => upgradeConfig(encode(text), "c.yaml");
const values = (bytes: Uint8Array, file: string): unknown => JSON.parse(printJson(toJson(readYaml(bytes, file))));

describe.each(names)("%s", (name) => {
  const input = read(`${name}.yaml`);

  it("becomes the text that is expected", () => {
    const { text, changed, to } = upgradeConfig(input, `${name}.yaml`);
    expect([text, changed, to]).toEqual([read(`${name}.expected.yaml`).toString(), true, "1.3.0"]);
  });

  it("has the values that the portal's migrations give", () => {
    const { text } = upgradeConfig(input, `${name}.yaml`);
    expect(values(encode(text), name)).toEqual(JSON.parse(read(`${name}.values.json`).toString()));
  });

  it("is left as it is, once it is current", () => {
    const current = read(`${name}.expected.yaml`);
    const { text, changed, notes } = upgradeConfig(current, name);
    expect([text, changed, notes]).toEqual([current.toString(), false, []]);
  });

  it("keeps every line that does not change", () => {
    const before = input.toString().split("\n");
    const after = new Set(upgradeConfig(input, name).text.split("\n"));
    const comments = before.filter((line) => /^\s*#/.test(line)).map((line) => line.trim());
    for (const comment of comments.filter((line) => !line.includes("acquisition"))) {
      expect(
        [...after].some((line) => line.trim() === comment),
        comment,
      ).toBe(true);
    }
  });
});

describe("versions", () => {
  it.each(VERSIONS.slice(1))("%s is known", (version) => {
    const { from, to } = upgrade(`version: ${version}\nstandardization_config: {}\ndepositions: []\n`);
    expect([from, to]).toEqual([version, "1.3.0"]);
  });

  it("without one it is the first", () => {
    const text = "standardization_config: {deposition_id: 1}\ndatasets: [x]\nruns: [x]\ndepositions: [x]\nvoxel_spacings: [x]\n";
    expect(upgrade(text)).toMatchObject({ from: "0.0.0", text: `${text}version: 1.3.0\n` });
  });

  it.each(["9.9.9", "1.3", "[1]"])("%s is refused", (version) => {
    expect(() => upgrade(`version: ${version}\n`)).toThrow(expect.objectContaining({ code: "CONFIG_FIELD" }));
  });

  it.each([
    ["two blocks of tomograms", "version: 1.0.0\ndepositions: []\ntomograms: [{}, {}]\n"],
    ["two blocks of raw tilts", "version: 1.0.0\ndepositions: []\nrawtilts: [{}, {}]\n"],
    ["no deposition", "version: 1.0.0\nruns: []\n"],
    ["no settings", "version: 0.0.0\nruns: []\n"],
  ])("%s cannot be divided", (_name, text) => {
    expect(() => upgrade(text)).toThrow(expect.objectContaining({ code: "CONFIG_FIELD" }));
  });

  it("what would lose an anchor is refused as a whole", () => {
    const text =
      "version: 1.1.0\nstandardization_config:\n  frame_dose_rate: &rate 2.5\n  source_prefix: x\ntiltseries: []\nnote: *rate\n";
    expect(() => upgrade(text)).toThrow(
      expect.objectContaining({ message: expect.stringContaining("cannot be upgraded to 1.2.0") }),
    );
  });
});

describe("details", () => {
  const add = (annotations: string) => upgrade(`version: 1.2.0\nannotations:\n${annotations}`).text;

  it("an id that stands further down is not given again", () => {
    const text = add("- metadata: {annotation_object: {name: a}}\n- metadata: {annotation_ingest_id: a-1}\n");
    expect(text).toContain("annotation_ingest_id: a-2}");
  });

  it("blocks that share metadata by alias share the id", () => {
    const text = add("- metadata: &m\n    annotation_object: {name: a}\n- metadata: *m\n");
    expect(text.match(/annotation_ingest_id/g)).toHaveLength(1);
  });

  it("a name without a letter is unknown", () => {
    const text = add("- metadata: {annotation_object: {name: '???'}}\n- metadata: {}\n");
    expect(text).toContain("annotation_ingest_id: unknown-1}\n- metadata: {annotation_ingest_id: unknown-2}\n");
  });

  it("an id of digits is quoted", () => {
    expect(add("- metadata: {annotation_object: {name: '1e3'}}\n")).toContain('annotation_ingest_id: "1e3-1"');
  });

  it("gain correction looks at gains", () => {
    const start = "version: 1.1.0\nstandardization_config: {frame_dose_rate: 3}\nframes:\n- sources: []\n";
    expect(upgrade(start).text).toContain("    dose_rate: 3\n    is_gain_corrected: false\n");
    expect(upgrade(`${start}gains:\n- sources: []\n`).text).toContain("    is_gain_corrected: true\n");
  });

  it.each([
    ["FIDUCIAL", "IMOD", "fiducial_based"],
    ["NON_FIDUCIAL", "AreTomo 1.3", "projection_matching"],
    ["NON_FIDUCIAL", "IMOD 4.9", "patch_tracking"],
  ])("%s with %s is %s", (status, software, method) => {
    const text = `version: 1.0.0\ndepositions: [x]\nrawtilts:\n- sources:\n  - source_multi_glob:\n      list_globs:\n      - a.xf\ntomograms:\n- metadata:\n    fiducial_alignment_status: ${status}\n    reconstruction_software: ${software}\n    dates: {a: 1}\n`;
    expect(upgrade(text).text).toContain(`    format: IMOD\n    method_type: ${method}\n`);
    expect(upgrade(text).text).not.toContain("rawtilts");
  });

  it("line ends of Windows and a missing last one do no harm", () => {
    const text = "version: 1.2.0\r\nannotations:\r\n- metadata:\r\n    annotation_object: {name: a}";
    expect(values(encode(upgrade(text).text), "c.yaml")).toEqual({
      version: "1.3.0",
      annotations: [{ metadata: { annotation_object: { name: "a" }, annotation_ingest_id: "a-1" } }],
    });
  });
});
