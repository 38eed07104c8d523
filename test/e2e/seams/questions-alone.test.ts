import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { tomogram } from "../../../examples/archive/model.mjs";
import { put } from "../curate-kit.js";
import { newcomer } from "./newcomer.js";

/** A folder of which only questions are left: the file of decisions asks them, and the command that is printed goes on from there. */
const person = newcomer();
const FOLDER = "unklare Daten";

beforeAll(() => {
  // two tomograms of one run that neither a name nor bookkeeping tells apart
  for (const [at, place] of ["a", "b"].entries()) put(person.at(FOLDER, place, "TS_01.rec"), tomogram([32, 24, 12], 10, at));
});
afterAll(() => person.leave());

describe("ingest new of a folder that only asks", () => {
  it("writes the file of decisions with the questions, and no configuration, and ends as an error", async () => {
    const { status, out, err } = await person.run("ingest", "new", "--from", FOLDER, "--out", "unklar.yaml");
    expect(status, out + err).toBe(2);
    expect(err).toContain(
      "nothing is used until a question is answered: unklar.decisions.yaml asks, and unklar.yaml is not written",
    );
    expect(out).toMatch(/^question twins-\w+: Which of the 2 tomograms of run TS_01 should be published\?$/m);
    expect(out).toContain(
      "\n  They have the same voxel size. Nothing in their names or in the files beside them tells which one counts.\n  1: a/TS_01.rec\n  2: b/TS_01.rec\n",
    );
    expect(existsSync(person.at("unklar.yaml"))).toBe(false);
    const again = await person.run("ingest", "new", "--from", FOLDER, "--out", "unklar.yaml");
    expect(again.err).toContain("unklar.decisions.yaml exists already");
    // without --out nothing is written, and the hint says what to do
    const shown = await person.run("ingest", "new", "--from", FOLDER);
    expect([shown.status, shown.err]).toEqual([2, expect.stringContaining("that --out NAME.yaml leaves beside it")]);
  });

  it("the command that it prints obeys the answers that a person writes into the file", async () => {
    const command = async () => {
      const { err } = await person.run(
        "ingest",
        "new",
        "--from",
        FOLDER,
        "--decisions",
        "unklar.decisions.yaml",
        "--out",
        "unklar.yaml",
      );
      const words = /then: (emporium .*)/.exec(err)?.[1];
      expect(words, err).toBeDefined();
      return execFileSync("sh", ["-c", `printf '%s\\0' ${words}`], { encoding: "utf8" })
        .split("\0")
        .slice(1, -1);
    };
    const words = await command();
    const text = readFileSync(person.at("unklar.decisions.yaml"), "utf8");
    put(person.at("unklar.decisions.yaml"), text.replace("answer: null", "answer: 2"));
    const { status, out, err } = await person.run(...words);
    expect([status, err]).toEqual([0, ""]);
    expect(out).toContain("unklar.yaml: 1 run, ");
    const { tomograms } = parse(readFileSync(person.at("unklar.yaml"), "utf8")) as { tomograms: { sources: object[] }[] };
    expect(JSON.stringify(tomograms.map(({ sources }) => sources))).toMatch(/"b\/[^"]*"/);
    expect(JSON.stringify(tomograms)).not.toMatch(/"a\//);
  });
});
