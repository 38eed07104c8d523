import { describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import type { Decision } from "../decide.js";
import { anglesOfStack } from "./angles-of-stack.js";
import { oneOfSeveral } from "./series.js";
import { turnedQuestions } from "./turned.js";

const decision = (path: string, role: Decision["role"], more: Partial<Decision> = {}): [string, Decision] => [
  path,
  { path, role, run: "TS_01", because: "", strength: "bookkeeping", details: {}, ...more },
];
const rolesOf = (files: ReadonlyMap<string, Decision>) =>
  [...files.values()].filter(({ path }) => path.endsWith(".rawtlt")).map(({ path, role }) => `${path}: ${role}`);

describe("the list of raw angles of a run with two stacks", () => {
  const stacks = [decision("old/TS_07.st", "tilt series"), decision("new/TS_01.st", "left out")];
  const lists = [decision("old/TS_07.rawtlt", "left out"), decision("new/TS_01.rawtlt", "raw tilts")];

  it("is the one beside the stack that is published, whatever it is called", () => {
    const files = new Map([...stacks, ...lists]);
    anglesOfStack(files, new Map());
    expect(rolesOf(files)).toEqual(["old/TS_07.rawtlt: raw tilts", "new/TS_01.rawtlt: left out"]);
  });

  it("also where nothing told which of two it is", () => {
    const files = new Map(stacks);
    const undecided = new Map(lists.map(([path]) => [path, `${oneOfSeveral("TS_01")}, and nothing tells which is right`]));
    anglesOfStack(files, undecided);
    expect(rolesOf(files)).toEqual(["old/TS_07.rawtlt: raw tilts"]);
    expect([...undecided.keys()]).toEqual(["new/TS_01.rawtlt"]);
  });

  it("stays the one that a person chooses, and that of a run whose stack nobody has chosen", () => {
    const said = new Map([...stacks, lists[0]!, decision("new/TS_01.rawtlt", "raw tilts", { strength: "person" })]);
    anglesOfStack(said, new Map());
    const open = new Map([...lists]);
    anglesOfStack(open, new Map());
    for (const files of [said, open])
      expect(rolesOf(files)).toEqual(["old/TS_07.rawtlt: left out", "new/TS_01.rawtlt: raw tilts"]);
  });

  it("is not compared with the alignment of the other stack, whose angles may be turned", async () => {
    const text = (sign: number) => [-6, -3, 0, 3, 9].map((angle) => `${sign * angle}\n`).join("");
    const laboratory = await laboratoryWith({
      ...{ "old/TS_07.st": mrcFile([5, 4, 4], 2, { kind: "stack" }), "old/TS_07.rawtlt": text(1), "old/TS_07.tlt": text(1) },
      "new/TS_01.tlt": text(-1),
    });
    const alignments = [decision("new/TS_01.tlt", "alignment"), decision("old/TS_07.tlt", "alignment")];
    const files = new Map([...stacks, decision("old/TS_07.rawtlt", "raw tilts"), ...alignments]);
    expect(await turnedQuestions(files, laboratory)).toEqual([]);
    files.delete("old/TS_07.tlt");
    expect((await turnedQuestions(files, laboratory)).map(({ id }) => id)).toEqual(["angles-turned"]);
  });
});
