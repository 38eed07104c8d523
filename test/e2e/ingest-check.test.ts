import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { emporium } from "./cli-host.js";

const base = readFileSync(new URL("../golden/config/base.yaml", import.meta.url), "utf8");
const root = mkdtempSync(join(tmpdir(), "emporium-check-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = "";
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
});
const put = (name: string, text: string): string => {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  return path;
};
const bad = base.replace("tilt_step: 3", "tilt_step: 91").replace("processing: raw", "procesing: raw");

interface Checked {
  file: string;
  ok: boolean;
  errors: { code: string; message: string; line: number; column: number; path: string; hint: string }[];
  warnings: { code: string }[];
}

describe("ingest check", () => {
  it("says that a good configuration is", async () => {
    const file = put("good.yaml", base);
    expect(await emporium(["ingest", "check", file])).toEqual({ status: 0, out: `${file}: ok\n`, err: "" });
  });

  it("ends with 4 for errors, each with its place, grouped by file", async () => {
    const [good, wrong] = [put("good.yaml", base), put("wrong.yaml", bad)];
    const { status, out, err } = await emporium(["ingest", "check", good, wrong]);
    expect([status, err]).toEqual([4, ""]);
    const line = bad.split("\n").indexOf("    tilt_step: 91") + 1;
    expect(out).toContain(`${good}: ok\n${wrong}: 3 errors\n`);
    expect(out).toContain(
      `error[CONFIG_FIELD]: tilt_step is the number 91; expected a number from 0 to 90, or float {column}\n  at ${wrong}:${line}:16 (tiltseries.0.metadata.tilt_step)\n`,
    );
    expect(out).toContain("hint: did you mean processing?");
    expect(out).toMatch(/2 configurations: 1 ok, 1 with errors\n$/);
  });

  it("--json is a list of files with their errors", async () => {
    const [good, wrong] = [put("good.yaml", base), put("wrong.yaml", bad)];
    const { status, out } = await emporium(["ingest", "check", good, wrong, "--json"]);
    expect(status).toBe(4);
    const [first, second] = JSON.parse(out) as [Checked, Checked];
    expect(first).toEqual({ file: good, ok: true, errors: [], warnings: [] });
    expect(second).toMatchObject({ file: wrong, ok: false });
    for (const error of second.errors) {
      expect(error).toMatchObject({
        code: expect.stringMatching(/^CONFIG_/),
        message: expect.any(String),
        line: expect.any(Number),
        column: expect.any(Number),
        path: expect.any(String),
        hint: expect.any(String),
      });
    }
  });

  it("tells once what aliases repeat, to people; to programs every path", async () => {
    const wrong = put("alias.yaml", base.replace("ORCID: 0000-0002-1825-0097", "ORCID: 12"));
    const { out } = await emporium(["ingest", "check", wrong]);
    expect(out.match(/error\[/g)).toHaveLength(1);
    expect(out).toContain("used by alias at datasets.0.metadata.authors.0.ORCID, tomograms.0.metadata.authors.0.ORCID");
    expect(out).toContain(" and 1 more\n");
    const { out: json } = await emporium(["ingest", "check", wrong, "--json"]);
    const [{ errors }] = JSON.parse(json) as [Checked];
    expect(new Set(errors.map(({ path }) => path)).size).toBe(5);
    expect(new Set(errors.map(({ line }) => line)).size).toBe(1);
  });

  it("warnings do not count", async () => {
    const { status, out } = await emporium(["ingest", "check", put("old.yaml", base.replace('"1.3.0"', "1.1.0"))]);
    expect(status).toBe(0);
    expect(out).toMatch(/old\.yaml: 1 warning\nwarning\[CONFIG_FIELD\]: version is "1\.1\.0"/);
  });

  it.each([
    ["that is no YAML", "a: [\n", "CONFIG_SYNTAX"],
    ["that does not exist", undefined, "CONFIG_SYNTAX"],
  ])("ends with 2 for a file %s, and checks the others", async (_name, text, code) => {
    const file = text === undefined ? join(folder, "nothing.yaml") : put("x.yaml", text);
    const { status, out } = await emporium(["ingest", "check", put("good.yaml", base), file, "--json"]);
    expect(status).toBe(2);
    expect(JSON.parse(out)).toMatchObject([{ ok: true }, { file, ok: false, errors: [{ code }] }]);
  });

  it("a folder means its configurations, without drafts and templates", async () => {
    for (const name of ["b.yaml", "a/c.yml", "10311_draft.yaml", "template.yaml", "dataset_config_merged.yaml"]) put(name, base);
    put("notes.txt", "x");
    const { status, out } = await emporium(["ingest", "check", folder]);
    expect(status).toBe(0);
    expect(out.split("\n").slice(0, 2)).toEqual([`${join(folder, "a/c.yml")}: ok`, `${join(folder, "b.yaml")}: ok`]);
    expect(out.match(/skipped/g)).toHaveLength(3);
    // a draft that is named is checked
    expect((await emporium(["ingest", "check", join(folder, "10311_draft.yaml")])).out).toContain("10311_draft.yaml: ok");
  });

  it("names of a hostile file are shown, not obeyed", async () => {
    const { out } = await emporium(["ingest", "check", put("x.yaml", `${base}"\\e[2J\\nerror[FAKE]": 1\n`)]);
    expect(out).not.toContain("\u001b");
    expect(out).not.toMatch(/^error\[FAKE\]/m);
  });

  it("--exclusions stands in place of the built-in ones", async () => {
    const start = base.indexOf("collection_metadata:\n");
    const file = put("x.yaml", base.slice(0, start) + base.slice(base.indexOf("frames:\n")));
    expect((await emporium(["ingest", "check", file])).status).toBe(4);
    const exclusions = put("e.json", '{"Container": {"collection_metadata": ["10998"]}}');
    expect((await emporium(["ingest", "check", file, "--exclusions", exclusions])).status).toBe(0);
    expect((await emporium(["ingest", "check", file, "--exclusions", put("f.json", "[]")])).status).toBe(2);
  });

  it("--schema prints the schema for editors", async () => {
    const { status, out } = await emporium(["ingest", "check", "--schema"]);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ $schema: "http://json-schema.org/draft-07/schema#", type: "object" });
  });

  it.each([
    [[], /CONFIG\.yaml/],
    [["x.yaml", "--registry-base", "orcd=http://127.0.0.1:1"], /did you mean orcid\?/],
    [["x.yaml", "--registry-base", "orcid=file:///x"], /http\(s\) address/],
  ])("%j is wrong usage", async (words, message) => {
    const { status, err } = await emporium(["ingest", "check", ...words]);
    expect(status).toBe(2);
    expect(err).toMatch(message);
  });
});

describe("ingest upgrade", () => {
  const old = readFileSync(new URL("../golden/config/upgrade/listed.yaml", import.meta.url), "utf8");
  const expected = readFileSync(new URL("../golden/config/upgrade/listed.expected.yaml", import.meta.url), "utf8");

  it("writes the current form, and then nothing more", async () => {
    const file = put("old.yaml", old);
    expect(await emporium(["ingest", "upgrade", file])).toMatchObject({
      status: 0,
      out: expect.stringContaining("1.0.0 → 1.3.0\n"),
    });
    expect(readFileSync(file, "utf8")).toBe(expected);
    expect(await emporium(["ingest", "upgrade", file])).toMatchObject({ status: 0, out: `${file}: is 1.3.0 already\n` });
    expect(readFileSync(file, "utf8")).toBe(expected);
  });

  it("--dry-run writes nothing", async () => {
    const file = put("old.yaml", old);
    expect((await emporium(["ingest", "upgrade", file, "--dry-run"])).out).toContain("(not written)");
    expect(readFileSync(file, "utf8")).toBe(old);
  });

  it("leaves what it cannot bring up as it is, and does the others", async () => {
    const [file, other] = [put("bad.yaml", "version: 7\n"), put("old.yaml", old)];
    const { status, out, err } = await emporium(["ingest", "upgrade", file, other]);
    expect([status, readFileSync(file, "utf8"), readFileSync(other, "utf8")]).toEqual([3, "version: 7\n", expected]);
    expect(out).toContain(`${file}: left as it is\n`);
    expect(err).toContain("error[CONFIG_FIELD]");
    expect((await emporium(["ingest", "upgrade", file, "--json"])).status).toBe(2);
  });
});
