import { describe, expect, it } from "vitest";
import type { Decision } from "./decide.js";
import { givenOf, readDecisions, writeDecisions } from "./decisions-file.js";

/** What a file of decisions says of these paths: `path: role, run`. */
function said(yaml: string, paths: readonly string[]): string[] {
  const files = paths.map((path) => ({ path, size: 1, format: undefined }));
  const given = givenOf(readDecisions(yaml, "new.decisions.yaml"), { files });
  return [...given.files].map(([path, { role, run }]) => `${path}: ${role}, ${run}`).sort();
}

describe("(36) rows of a file of decisions", () => {
  const paths = ["TS_1.mrc", "TS_1_2.mrc", "TS_2/TS_1_2.mrc", "TS_2/more/TS_1.mrc", "TS_3.mrc"];

  it("name a file of the run with the longer name, where both fit", () => {
    expect(said('runs: [TS_1, TS_1_2]\nfiles: [{files: "{run_name}*.mrc", is: tomogram}]', paths)).toEqual([
      "TS_1.mrc: tomogram, TS_1",
      "TS_1_2.mrc: tomogram, TS_1_2",
    ]);
  });

  it("name files of their folder, not of folders below it or beside it", () => {
    expect(said('files: [{files: "TS_2/*.mrc", is: tomogram, run: a}]', paths)).toEqual(["TS_2/TS_1_2.mrc: tomogram, a"]);
    expect(said('files: [{files: "*/*/*.mrc", is: tomogram, run: a}]', paths)).toEqual(["TS_2/more/TS_1.mrc: tomogram, a"]);
  });

  it("name files of all folders below by **", () => {
    const one = (glob: string) =>
      said(`runs: [TS_1]\nfiles: [{files: "${glob}", is: tomogram, run: a}]`, paths).map((line) => line.replace(/:.*/, ""));
    expect(one("TS_2/**/*.mrc")).toEqual(["TS_2/TS_1_2.mrc", "TS_2/more/TS_1.mrc"]);
    expect(one("**/TS_1*.mrc")).toEqual(["TS_1.mrc", "TS_1_2.mrc", "TS_2/TS_1_2.mrc", "TS_2/more/TS_1.mrc"]);
    expect(one("TS_2/**")).toEqual(["TS_2/TS_1_2.mrc", "TS_2/more/TS_1.mrc"]);
    expect(one("TS_3/**")).toEqual([]);
    expect(said('runs: [TS_1]\nfiles: [{files: "**/{run_name}.mrc", is: tomogram}]', paths)).toEqual([
      "TS_1.mrc: tomogram, TS_1",
      "TS_2/more/TS_1.mrc: tomogram, TS_1",
    ]);
  });

  it("take a run's name in a folder as in a file, and both must be its own", () => {
    expect(said('runs: [TS_1, TS_2]\nfiles: [{files: "{run_name}/*.mrc", is: tomogram}]', paths)).toEqual([
      "TS_2/TS_1_2.mrc: tomogram, TS_2",
    ]);
    expect(said('runs: [TS_1, TS_2]\nfiles: [{files: "{run_name}/{run_name}*.mrc", is: tomogram}]', paths)).toEqual([]);
  });

  it("count from the first on: a path of its own before a glob", () => {
    const yaml =
      'runs: [TS_1, TS_3]\nfiles: [{files: TS_3.mrc, is: left out}, {files: "{run_name}.mrc", is: tomogram}, {files: "*.mrc", is: mask}]';
    expect(said(yaml, paths)).toEqual([
      "TS_1.mrc: tomogram, TS_1",
      "TS_1_2.mrc: mask, undefined",
      "TS_3.mrc: left out, undefined",
    ]);
  });
});

describe("the rows that are written", () => {
  const runs = ["TS_1", "TS_2", "TS_3", "TS_4", "TS_5"];

  /** The rows of points, each with its outcome, and what they say when they are read again. */
  async function written(pathOf: (run: string, at: number) => string, spacingOf: (at: number) => number) {
    const decisions = runs.map((run, at): Decision => {
      const points = { format: "csv", shape: "Point" as const, inSpacingAngstrom: spacingOf(at) };
      return { path: pathOf(run, at), role: "points", run, because: "its name", strength: "name", details: { points } };
    });
    const files = decisions.map(({ path }) => ({ path, size: 1, format: undefined }));
    const decided = new Map(decisions.map((one) => [one.path, one]));
    const text = await writeDecisions(
      { files },
      { runs, files: decided, undecided: new Map(), questions: [], software: [], notes: [] },
    );
    const document = readDecisions(text, "new.decisions.yaml");
    const again = givenOf(document, { files });
    expect(decisions.map(({ path, run, details }) => [path, run, details])).toEqual(
      decisions.map(({ path }) => [path, again.files.get(path)?.run, again.files.get(path)?.details]),
    );
    return document.files.map((row) => `${row.files} ${row.details?.points?.inSpacingAngstrom}`);
  }

  it("name each file once: of two outcomes of one glob that of fewer files has rows of its own", async () => {
    expect(
      await written(
        (run) => `${run}_picks.csv`,
        (at) => (at < 2 ? 10 : 8),
      ),
    ).toEqual(["TS_1_picks.csv 10", "TS_2_picks.csv 10", "{run_name}_picks.csv 8"]);
  });

  it("leave open only numbers that differ", async () => {
    expect(
      await written(
        (run) => `${run}_coordinates3D_bin4.csv`,
        () => 10,
      ),
    ).toEqual(["{run_name}_coordinates3D_bin4.csv 10"]);
    expect(
      await written(
        (run, at) => `coordinates3D_${run}_0${at}.csv`,
        () => 10,
      ),
    ).toEqual(["coordinates3D_{run_name}_*.csv 10"]);
  });

  it("name the run of a file that is called {run_name} itself", async () => {
    expect(
      await written(
        (_run, at) => `{run_name}*_${"abcde"[at]}.csv`,
        () => 10,
      ),
    ).toHaveLength(5);
  });

  it("are followed by every file that nobody knows, by what is said of it: of many, folder by folder", async () => {
    const many = Array.from({ length: 1001 }, (_, at) => `raw/{a}/${at}.xyz`);
    const undecided = new Map([
      ["notes [1].txt", "a text that is not recognised"],
      ["model.am", "an Amira mesh"],
      ...many.map((path) => [path, "nobody knows it"] as const),
    ]);
    const decisions = { runs: [], files: new Map(), undecided, questions: [], software: [], notes: [] };
    const files = [...undecided.keys()].map((path) => ({ path, size: 1, format: undefined }));
    const text = await writeDecisions({ files }, decisions);
    expect(readDecisions(text, "new.decisions.yaml").undecided).toEqual([
      { because: "nobody knows it", files: ["raw/{{a}}/*.xyz"] },
      { because: "a text that is not recognised", files: ["notes [[]1].txt"] },
      { because: "an Amira mesh", files: ["model.am"] },
    ]);
    // given again they are decided anew, and as a row of files each of them is named
    expect(givenOf(readDecisions(text, "new.decisions.yaml"), { files }).files.size).toBe(0);
    const row = { files: "raw/{{a}}/*.xyz", is: "left out" as const, because: "a person decided it" };
    expect(givenOf({ runs: [], questions: [], files: [row] }, { files }).files.size).toBe(1001);
  });
});
