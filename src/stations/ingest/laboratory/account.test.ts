import { expect, it } from "vitest";
import { laboratoryWith } from "../../../../test/laboratory-kit.js";
import { accountLines, accountOf, questionLines } from "./account.js";
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
  const account = accountOf(laboratory, { runs: [], files, undecided, questions: [], software: [], notes: ["a note"] });
  const leftOut = [
    "TS_01.xf: another alignment of TS_01: a/TS_01.aln is published",
    "TS_02.xf: another alignment of TS_02: a/TS_02.aln is published",
    "a/run.log, a/tilt.com, figure.png: logs, scripts, pictures and documents",
  ];
  expect(account).toEqual({
    published: ["6 files in the folder, 0 runs to be published"],
    missed: ["odd.mrc: volume or stack, 4×4×4"],
    notes: ["a note"],
    leftOut,
  });
  expect(accountLines(account)).toEqual([
    "6 files in the folder, 0 runs to be published",
    ...["", "NOT PUBLISHED, please check:", "  odd.mrc: volume or stack, 4×4×4"],
    "  to publish one of these files, add a row below files: in the file of decisions, such as - {files: scan.mrc, is: tomogram, run: TS_05}",
    ...["", "please note:", "  a note"],
    ...["", "left out on purpose:", ...leftOut.map((line) => `  ${line}`)],
  ]);
});

it("tells of each file that waits for the answer about another, before more reasons than are told one by one", async () => {
  const picks = "its coordinates may be those of a.mrc, about which question twins-1 is open";
  const letters = [..."abcdefghijklmnopqrstu"];
  const because: Record<string, string> = {
    ...Object.fromEntries(letters.map((letter, at) => [`m${at}.star`, `there is no tomogram of ${letter}`])),
    ...Object.fromEntries(letters.map((letter, at) => [`n${at}.star`, `a project file of ${letter}`])),
    "TS_01_picks.csv": picks,
  };
  const files = new Map(
    Object.entries(because).map(([path, why]): [string, Decision] => [
      path,
      { path, role: "left out", because: why, strength: "contents", details: {} },
    ]),
  );
  const laboratory = await laboratoryWith(because);
  const { missed, leftOut } = accountOf(laboratory, {
    ...{ runs: [], files, undecided: new Map(), questions: [], software: [], notes: [] },
  });
  expect(missed).toEqual([
    `TS_01_picks.csv: ${picks}`,
    ...letters.map((letter, at) => `m${at}.star: there is no tomogram of ${letter}`),
  ]);
  expect(leftOut).toEqual([
    ...letters.slice(0, 20).map((letter, at) => `n${at}.star: a project file of ${letter}`),
    "n20.star: for 1 more reason, which the file of decisions has",
  ]);
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
  const { missed, leftOut } = accountOf(laboratory, {
    runs: [],
    files: new Map(),
    undecided: new Map(),
    questions: [],
    software: [],
    notes: [],
  });
  expect(missed).toEqual([
    "not copied whole: rec/TS_01.mrc, stacks/TS_02.st, of which rsync has left hidden parts; copy the folder again",
  ]);
  const hidden = [".config.sqlite", "rec/.DS_Store", "rec/.TS_01.mrc.Xa1b2c", "rec/.TS_03.mrc.Ab12cd"];
  expect(leftOut).toEqual([`${hidden.join(", ")}, stacks/.rsync-partial/TS_02.st: hidden, and not looked at`]);
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
  const { missed, leftOut } = accountOf(laboratory, {
    ...{ runs: [], files, undecided: new Map(), questions: [], software: [], notes: [] },
  });
  expect(missed).toEqual([]);
  expect(leftOut).toEqual([`21 files, such as TS_01.st (7 series: ${runs.join(", ")}): of a series that list.csv calls bad`]);
});

it("shows what each run has, marks what waits for an answer, and tells of losses in notes among what is not published", async () => {
  const decision = (path: string, role: Decision["role"], run: string): [string, Decision] => [
    path,
    { path, role, run, because: "its name", strength: "name", details: {} },
  ];
  const files = new Map([
    decision("TS_01.st", "tilt series", "TS_01"),
    decision("TS_01.mrc", "tomogram", "TS_01"),
    decision("TS_02.mdoc", "acquisition", "TS_02"),
    decision("TS_03.st", "tilt series", "TS_03"),
  ]);
  const claim = { path: "a/TS_03.mrc", role: "tomogram", run: "TS_03", because: "its name", strength: "name" } as const;
  const question = {
    ...{ id: "twins-1", text: "Which of these?", files: ["TS_03.mrc", "a/TS_03.mrc"], answer: undefined, isAnswered: false },
    options: [{ answer: "1", says: "a/TS_03.mrc", claims: [claim] }],
  };
  const laboratory = await laboratoryWith({ "TS_01.st": "", "TS_01.mrc": "", "TS_02.mdoc": "", "TS_03.st": "" });
  const decisions = { runs: ["TS_01", "TS_02", "TS_03"], files, undecided: new Map(), questions: [question], software: [] };
  const notes = ["particles.star: 3 rows of TS_09 are not published: their tomogram is not here.", "a note"];
  expect(accountLines(accountOf(laboratory, { ...decisions, notes }))).toEqual([
    "4 files in the folder, 3 runs to be published, with so many files of each kind",
    "  run    tomograms  tilt series  mdocs",
    "  TS_01  1          1            –",
    "  TS_02  –          –            1",
    "  TS_03  ?          1            –",
    "  ? waits for your answer to a question without a default",
    ...["", "NOT PUBLISHED, please check:"],
    `  ${notes[0]}`,
    ...["", "please note:", "  1 run has neither images nor a tomogram: TS_02", "  a note"],
  ]);
  // a file is not named by another one that ends like it
  expect(questionLines({ questions: [question] })).toEqual([
    ...["", "question twins-1: Which of these?", "  the answer is also for:", "    TS_03.mrc", "  1: a/TS_03.mrc"],
    "  no default: until you answer, none of this is published",
  ]);
});
