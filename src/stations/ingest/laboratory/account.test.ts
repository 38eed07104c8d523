import { expect, it } from "vitest";
import { laboratoryWith } from "../../../../test/laboratory-kit.js";
import { accountLines } from "./account.js";
import type { Decision } from "./decide.js";

it("tells what may be missing first, each of a few files with its own reason, and logs and pictures last in one line", async () => {
  const because: Record<string, string> = {
    "a/run.log": "a project file of etomo",
    "a/tilt.com": "a project file of etomo",
    "figure.png": "a picture",
    "TS_01.xf": "another alignment of TS_01: a/TS_01.aln is published",
    "TS_02.xf": "another alignment of TS_02: a/TS_02.aln is published",
  };
  const files = new Map(
    Object.entries(because).map(([path, why]): [string, Decision] => [
      path,
      { path, role: "left out", because: why, strength: "contents", details: {} },
    ]),
  );
  const undecided = new Map([["odd.mrc", "volume or stack, 4×4×4"]]);
  const laboratory = await laboratoryWith({ "odd.mrc": "", ...because });
  const lines = accountLines(laboratory, { runs: [], files, undecided, questions: [], software: [], notes: [] });
  expect(lines.slice(2)).toEqual([
    "not used: odd.mrc: volume or stack, 4×4×4",
    "left out: TS_01.xf: another alignment of TS_01: a/TS_01.aln is published",
    "left out: TS_02.xf: another alignment of TS_02: a/TS_02.aln is published",
    "left out: logs, scripts, pictures and documents: a/run.log, a/tilt.com, figure.png",
  ]);
});

it("tells of each file that waits for the answer about another, before more reasons than are told one by one", async () => {
  const picks = "its coordinates may be those of a.mrc, about which question twins-1 is open";
  const reasons = Array.from({ length: 21 }, (_, at) => [`n${at}.star`, `a project file of ${"abcdefghijklmnopqrstu"[at]}`]);
  const because = Object.fromEntries([...reasons, ["TS_01_picks.csv", picks]]) as Record<string, string>;
  const files = new Map(
    Object.entries(because).map(([path, why]): [string, Decision] => [
      path,
      { path, role: "left out", because: why, strength: "contents", details: {} },
    ]),
  );
  const laboratory = await laboratoryWith(because);
  const lines = accountLines(laboratory, { runs: [], files, undecided: new Map(), questions: [], software: [], notes: [] });
  expect(lines[2]).toBe(`left out: TS_01_picks.csv: ${picks}`);
  expect(lines.at(-1)).toContain("left out for 2 more reasons");
});

it("tells of files that rsync has left in part, and of those alone", async () => {
  const laboratory = await laboratoryWith({
    "rec/.TS_01.mrc.Xa1b2c": "part",
    "stacks/.rsync-partial/TS_02.st": "part",
    // copied since
    "rec/.TS_03.mrc.Ab12cd": "part",
    "rec/TS_03.mrc": "whole",
    ".config.sqlite": "",
    "rec/.DS_Store": "",
  });
  const lines = accountLines(laboratory, {
    runs: [],
    files: new Map(),
    undecided: new Map(),
    questions: [],
    software: [],
    notes: [],
  });
  expect(lines.filter((line) => line.startsWith("not copied"))).toEqual([
    "not copied whole: rec/TS_01.mrc, stacks/TS_02.st, of which rsync has left hidden parts; copy the folder again",
  ]);
});

it("names all the series that a list calls bad, in one line for whatever is of them", async () => {
  const runs = Array.from({ length: 7 }, (_, at) => `TS_0${at + 1}`);
  const files = new Map(
    runs.flatMap((run) =>
      [".st", ".mdoc", "_rec.mrc"].map((end): [string, Decision] => [
        `${run}${end}`,
        {
          path: `${run}${end}`,
          run,
          role: "left out",
          because: "of a series that list.csv calls bad",
          strength: "name",
          details: {},
        },
      ]),
    ),
  );
  const laboratory = await laboratoryWith(Object.fromEntries([...files.keys()].map((path) => [path, ""])));
  const lines = accountLines(laboratory, { runs: [], files, undecided: new Map(), questions: [], software: [], notes: [] });
  expect(lines.slice(2)).toEqual([
    `left out: 21 files, such as TS_01.st (7 series: ${runs.join(", ")}): of a series that list.csv calls bad`,
  ]);
});
