import { describe, expect, it } from "vitest";
import { givenOf, readDecisions } from "./decisions-file.js";

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
