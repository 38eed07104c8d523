import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mrcFile } from "../../laboratory-kit.js";
import { emporium } from "../cli-host.js";

describe("what a newcomer gives by mistake is told, and the exit status tells", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-wrong-"));
  const at = (name: string) => join(folder, name);
  const run = (...words: string[]) => emporium([...words, "--workspace", at("workspace")]);
  beforeAll(async () => {
    mkdirSync(at("lab/tomograms"), { recursive: true });
    for (const [n, name] of ["TS_01", "TS_02"].entries())
      writeFileSync(at(`lab/tomograms/${name}.mrc`), mrcFile([6, 12, 12], 10, { seed: n }));
    expect((await run("ingest", "new", "--from", at("lab"), "--out", at("lab.yaml"), "--yes")).status).toBe(0);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("an INPUT that is not there, or one folder too deep, is not called empty", async () => {
    const gone = await run("ingest", "plan", at("lab.yaml"), at("labb"), at("out"), "--import-everything");
    expect([gone.status, gone.err]).toEqual([2, expect.stringContaining(`INPUT ${at("labb")} does not exist\n`)]);
    for (const words of [
      ["ingest", "validate", "source", at("lab.yaml")],
      ["ingest", "validate", "standardized", at("lab.yaml")],
      ["ingest", "check", at("lab.yaml"), "--source"],
      ["ingest", "run", at("lab.yaml"), "--import-everything"],
      ["ingest", "watch", at("lab.yaml"), "--import-everything"],
      ["verify"],
    ]) {
      const { status, err } = await run(...words, at("labb"), ...(/run|watch/.test(words[1] ?? "") ? [at("out")] : []));
      expect([words, status, err]).toEqual([
        words,
        words[0] === "verify" ? 1 : 2,
        expect.stringContaining(` ${at("labb")} does not exist\n`),
      ]);
      expect(existsSync(at("out"))).toBe(false);
    }
    const deep = await run("ingest", "plan", at("lab.yaml"), at("lab/tomograms"), at("out"), "--import-everything");
    expect([deep.status, deep.err]).toEqual([2, expect.stringMatching(/has no folders, and files such as TS_01\.mrc/)]);
  });

  it("a configuration for another folder is told, while that folder is there", async () => {
    cpSync(at("lab"), at("second lab"), { recursive: true });
    const words = [at("lab.yaml"), at("second lab"), at("out"), "--import-everything"];
    const told = expect.stringContaining(`lab.yaml was written for ${at("lab")}, and INPUT is ${at("second lab")}: what it says`);
    const plan = await run("ingest", "plan", ...words);
    expect([plan.status, plan.out]).toEqual([0, told]);
    const check = await run("ingest", "check", at("lab.yaml"), "--source", at("second lab"));
    expect(check.out).toEqual(told);
    expect((await run("ingest", "plan", ...words.with(1, `${at("lab")}/../lab/`))).out).not.toContain("was written for");
    renameSync(at("lab"), at("moved"));
    expect((await run("ingest", "plan", ...words)).out).not.toContain("was written for");
    renameSync(at("moved"), at("lab"));
  });

  it("a filter that no run passes names the runs", async () => {
    const none = await run(
      "ingest",
      "plan",
      at("lab.yaml"),
      at("lab"),
      at("out"),
      "--import-everything",
      "--filter-run-name",
      "x",
    );
    expect([none.status, none.err]).toEqual([2, expect.stringMatching(/none of 2 runs .*: there are TS_01, TS_02\n/)]);
  });

  it("a folder without a configuration, a volume for one, and a file as workspace are refused", async () => {
    expect((await run("ingest", "check", at("lab/tomograms"))).status).toBe(2);
    expect((await run("ingest", "check", at("lab/tomograms/TS_01.mrc"))).out).toContain("the file is no text");
    const file = await emporium(["ingest", "check", at("lab.yaml"), "--workspace", at("lab.yaml")]);
    expect([file.status, file.err]).toEqual([2, expect.stringContaining("lab.yaml is a file; expected a folder")]);
  });

  it("what is imported by name and not found, and a filter of a validation that nothing passes, are told", async () => {
    const source = "literal: {value: [default]}\n        parent_filters: {include: {run: [^$]}}";
    const frames = `frames:\n  - metadata: {dose_rate: 1.0, is_gain_corrected: true}\n    sources:\n      - ${source}\n`;
    writeFileSync(at("frames.yaml"), readFileSync(at("lab.yaml"), "utf8").replace("tomograms:\n", `${frames}tomograms:\n`));
    const none = await run("ingest", "plan", at("frames.yaml"), at("lab"), at("out"), "--import-frames");
    expect([none.status, none.err]).toEqual([
      3,
      expect.stringContaining("frames.yaml finds no frames, so --import-frames has no effect"),
    ]);
    const imported = [at("frames.yaml"), at("lab"), at("validated"), "--allow-placeholders"];
    const some = await run("ingest", "run", ...imported, "--import-everything", "--import-frames");
    expect([some.status, some.out]).toEqual([0, expect.stringContaining("warning: " + `${at("frames.yaml")} finds no frames`)]);
    for (const suite of [
      ["source", at("lab.yaml"), at("lab")],
      ["standardized", at("lab.yaml"), at("validated")],
    ]) {
      const validated = await run("ingest", "validate", ...suite, "--filter-run-name", "x");
      const told = expect.stringContaining("no run matches --filter-run-name x; found: TS_01, TS_02\n");
      expect([suite, validated.status, validated.err]).toEqual([suite, 2, told]);
    }
    const tomograms = [...["standardized", at("lab.yaml"), at("validated")], "--filter-tomogram-name", "7"];
    expect((await run("ingest", "validate", ...tomograms)).err).toContain(
      "no tomogram matches --filter-tomogram-name 7; found: 100",
    );
  });

  it("what somebody else has put in OUTPUT is not replaced without a word", async () => {
    const imported = [at("lab.yaml"), at("lab"), at("tree"), "--import-everything", "--allow-placeholders"];
    const clean = await run("ingest", "run", ...imported);
    expect([clean.status, clean.err]).not.toEqual([0, expect.stringContaining("no run of this workspace has written")]);
    const key = readdirSync(at("tree"), { recursive: true, encoding: "utf8" }).find((name) => name.endsWith("TS_01.mrc"))!;
    writeFileSync(at(`tree/${key}`), `{"mine": true}`);
    cpSync(at("tree"), at("other tree"), { recursive: true });
    const replaced = (does: string) =>
      `1 object in OUTPUT that no run of this workspace has written as it is now ${does}: ${at(`tree/${key}`)}`;
    const plan = await run("ingest", "plan", ...imported);
    expect([plan.status, plan.out]).toEqual([0, expect.stringContaining(replaced("would be replaced"))]);
    const again = await run("ingest", "run", ...imported);
    expect([again.status, again.out]).toEqual([0, expect.stringContaining(`warning: ${replaced("is replaced")}`)]);
    writeFileSync(at(`tree/${key}`), `{"mine": true}`);
    const forced = await run("ingest", "run", ...imported, "--force-overwrite");
    expect(forced.out).not.toContain("no run of this workspace");
    // a tree that was made from another workspace is another's; what is the same is replaced without a word
    const other = (name: string) => at(`other tree/${name}`);
    const same = await run("ingest", "run", ...imported.with(2, at("other tree")));
    expect([same.status, same.out]).toEqual([0, expect.not.stringContaining("no run of this workspace")]);
    rmSync(at("workspace/journals"), { recursive: true });
    writeFileSync(other("1/dataset_metadata.json"), `{"dataset_title": "mine"}`);
    const others = await run("ingest", "run", ...imported.with(2, at("other tree")));
    expect(others.out).toContain(`written as it is now is replaced: ${other("1/dataset_metadata.json")}\n`);
  });

  it("a file of exclusions that is not there is not called a configuration", async () => {
    const { status, err } = await run("ingest", "check", at("lab.yaml"), "--exclusions", at("gone.json"));
    expect([status, err]).toEqual([
      2,
      expect.stringContaining(`${at("gone.json")} does not exist; expected a file of exclusions\n`),
    ]);
  });

  it("an answer that is none ends with 1", async () => {
    writeFileSync(at("lab/picks.csv"), "x,y,z\n1,2,1\n9.5,3,2\n");
    writeFileSync(at("lab/TS_01_p.csv"), "x,y,z\n10,20,10\n95,30,20\n");
    const first = await run("ingest", "new", "--from", at("lab"), "--out", at("a.yaml"), "--yes");
    const id = /^question (\S+):/m.exec(first.out)?.[1];
    writeFileSync(at("said.yaml"), `questions: [{ id: ${id}, answer: nonsense }]\n`);
    const said = await run("ingest", "new", "--from", at("lab"), "--out", at("b.yaml"), "--decisions", at("said.yaml"));
    expect([said.status, said.out]).toEqual([1, expect.stringContaining(`nonsense is no answer to question ${id}`)]);
  });
});
