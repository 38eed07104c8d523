import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import type { Decision } from "../decide.js";
import { onlyOne, seriesOfOneRun } from "./series.js";

const stack = (seed: number) => mrcFile([5, 48, 48], 2.5, { kind: "stack", seed });

it("of two stacks of a run the one is taken that its acquisition file lies beside, also by the name that Tomography 5 gives it", async () => {
  const asked = async (mdoc: string) => {
    const laboratory = await laboratoryWith({
      "session/Position_1.mrc": stack(1),
      "tiltstack/Position_1.st": stack(2),
      [mdoc]: "[ZValue = 0]\n",
    });
    const known = (path: string, role: Decision["role"]): [string, Decision] => [
      path,
      { path, role, run: "Position_1", because: "", strength: "bookkeeping", details: {} },
    ];
    const series = ["session/Position_1.mrc", "tiltstack/Position_1.st"].map((path) => known(path, "tilt series"));
    const questions = await seriesOfOneRun(new Map([...series, known(mdoc, "acquisition")]), laboratory);
    return questions.map(({ guess, options }) => options.find(({ answer }) => answer === guess)?.says);
  };
  expect(await asked("session/Position_1.mdoc")).toEqual(["session/Position_1.mrc (has an mdoc beside it)"]);
  expect(await asked("session/Position_1.mrc.mdoc")).toEqual(["session/Position_1.mrc (has an mdoc beside it)"]);
  expect(await asked("mdocs/Position_1.mdoc")).toEqual([undefined]);
});

it("of two stacks of a run whose alignment has not been made that is taken of which others at such places were aligned", async () => {
  const runs = ["TS_01", "TS_02"];
  const paths = runs.flatMap((run) => [`raw/${run}.mrc`, `imod/${run}/${run}.mrc`]);
  const laboratory = await laboratoryWith({
    ...Object.fromEntries(paths.map((path, seed) => [path, stack(seed)])),
    ...Object.fromEntries(runs.map((run) => [`raw/${run}.mrc.mdoc`, "[ZValue = 0]\n"])),
  });
  const known = (path: string, run: string, role: Decision["role"]): [string, Decision] => [
    path,
    { path, role, run, because: "", strength: "bookkeeping", details: {} },
  ];
  const stacks = paths.map((path) => known(path, /TS_\d+/.exec(path)![0], "tilt series"));
  const files = new Map([...stacks, known("imod/TS_01/TS_01.xf", "TS_01", "alignment")]);
  const questions = await seriesOfOneRun(files, laboratory);
  expect(questions.map(({ guess, options }) => options.find(({ answer }) => answer === guess)?.says)).toEqual([
    "imod/TS_01/TS_01.mrc (has an alignment beside it)",
    "imod/TS_02/TS_02.mrc (others in such folders have alignments)",
  ]);
});

it("of lists of angles that are equal that beside the stack is used, and others are left to a person", async () => {
  const used = async (copied: string) => {
    const laboratory = await laboratoryWith({
      "a/TS_6/TS_6.st": stack(1),
      "a/TS_6/TS_6.rawtlt": "-3\n0\n3\n",
      "TS_6_2019/TS_6.rawtlt": copied,
    });
    const known = (path: string, role: Decision["role"]): [string, Decision] => [
      path,
      { path, role, run: "TS_6", because: "", strength: "bookkeeping", details: {} },
    ];
    const lists = ["a/TS_6/TS_6.rawtlt", "TS_6_2019/TS_6.rawtlt"].map((path) => known(path, "raw tilts"));
    const files = new Map([known("a/TS_6/TS_6.st", "tilt series"), ...lists]);
    await onlyOne(files, new Map(), laboratory);
    return [...files.values()].flatMap(({ path, role, because }) => (role === "raw tilts" ? [path] : because || []));
  };
  expect(await used("-3\n0\n3\n")).toEqual(["a/TS_6/TS_6.rawtlt", "a copy of a/TS_6/TS_6.rawtlt"]);
  expect(await used("-6\n0\n6\n")).toEqual([]);
});

it("of two stacks with the same images that stays which bookkeeping names, or which is called as the run", async () => {
  const kept = async (strength: Decision["strength"]) => {
    const paths = ["TS_1/TS 1 orig.st", "TS_1/TS_1.st"];
    const laboratory = await laboratoryWith(Object.fromEntries(paths.map((path) => [path, stack(1)])));
    const known = paths.map((path, at): [string, Decision] => [
      path,
      { path, role: "tilt series", run: "TS_1", because: "", strength: at === 0 ? "name" : strength, details: {} },
    ]);
    const files = new Map(known);
    await seriesOfOneRun(files, laboratory);
    return [...files.values()].filter(({ role }) => role === "tilt series").map(({ path }) => path);
  };
  expect(await kept("bookkeeping")).toEqual(["TS_1/TS_1.st"]);
  expect(await kept("name")).toEqual(["TS_1/TS_1.st"]);
});

it("of two stacks with the same images in another order the one that was aligned is taken, and nobody is asked", async () => {
  const sorted = stack(1);
  const recorded = stack(1);
  const section = 48 * 48 * 4;
  for (const [at, from] of [2, 3, 1, 4, 0].entries())
    recorded.set(sorted.subarray(1024 + from * section, 1024 + (from + 1) * section), 1024 + at * section);
  const known = (path: string, role: Decision["role"]): [string, Decision] => [
    path,
    { path, role, run: "TS_1", because: "", strength: "bookkeeping", details: {} },
  ];
  const decided = async (aligned: Uint8Array) => {
    const laboratory = await laboratoryWith({
      "raw/TS_1.mrc": recorded,
      "tomo/TS_1.st": aligned,
      "tomo/TS_1.xf": "1 0 0 1 0 0\n",
    });
    const files = new Map([
      known("raw/TS_1.mrc", "tilt series"),
      known("tomo/TS_1.st", "tilt series"),
      known("tomo/TS_1.xf", "alignment"),
    ]);
    const questions = await seriesOfOneRun(files, laboratory);
    return [questions.length, files.get("raw/TS_1.mrc")?.role, files.get("tomo/TS_1.st")?.role];
  };
  expect(await decided(sorted)).toEqual([0, "left out", "tilt series"]);
  expect(await decided(stack(2))).toEqual([1, "tilt series", "tilt series"]);
});

it("of two stacks with the same images that which emClarity was given is the copy", async () => {
  const paths = ["emclarity/fixedStacks/TS_1.fixed", "imod/TS_1/TS_1.st"];
  const laboratory = await laboratoryWith(Object.fromEntries(paths.map((path) => [path, stack(1)])));
  const known = paths.map((path): [string, Decision] => [
    path,
    { path, role: "tilt series", run: "TS_1", because: "", strength: "bookkeeping", details: {} },
  ]);
  const files = new Map(known);
  await seriesOfOneRun(files, laboratory);
  expect(paths.map((path) => files.get(path)!.role)).toEqual(["left out", "tilt series"]);
});
