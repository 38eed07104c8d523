import { describe, expect, it } from "vitest";
import type { Question } from "./claims.js";
import { joinAlike } from "./questions.js";

/** What is asked of a run with two stacks. */
function ofRun(
  run: string,
  folders: readonly string[] = ["raw", "st"],
  id = `series-${run}`,
  nameIn = (folder: string) => `${folder}/${run}.mrc`,
): Question {
  const files = folders.map(nameIn);
  return {
    ...{ id, files, guess: "1" },
    text: `Which of the ${files.length} tilt series of run ${run} should be published?`,
    options: files.map((path, at) => ({
      answer: `${at + 1}`,
      says: path,
      claims: [{ path, run, role: "tilt series", because: "", strength: "name" }],
    })),
  };
}
const answered = (...pairs: [string, string][]) => new Map(pairs);

describe("questions that are the same but for the run", () => {
  const three = ["TS_1", "TS_12", "TS_3"].map((run) => ofRun(run));

  it("are one, whose answer is about all of their files; others stay as they are", () => {
    const other = ofRun("TS_4", ["raw", "old"]);
    const [one, alone, ...more] = joinAlike([three[0]!, other, three[1]!, three[2]!], answered());
    expect(more).toEqual([]);
    expect(alone).toBe(other);
    expect(one).toMatchObject({
      text: "Which of the 2 tilt series of run TS_1 should be published? The answer is for TS_12, TS_3, too.",
      files: ["raw/TS_1.mrc", "st/TS_1.mrc", "raw/TS_12.mrc", "st/TS_12.mrc", "raw/TS_3.mrc", "st/TS_3.mrc"],
      guess: "1",
    });
    expect(one!.options.map(({ says, claims }) => [says, ...claims.map(({ run }) => run)])).toEqual([
      ["raw/TS_1.mrc, and so for the others", "TS_1", "TS_12", "TS_3"],
      ["st/TS_1.mrc, and so for the others", "TS_1", "TS_12", "TS_3"],
    ]);
  });

  it("are one also where folders have numbers that the run has not, but not where these tell the answers apart", () => {
    const inGrid = (grid: string, folders: readonly string[]) =>
      ofRun(`${grid}_TS_1`, folders, `series-${grid}`, (folder) => `${folder}/${grid}/0007.mrc`);
    const [one, ...more] = joinAlike([inGrid("g1", ["raw", "st"]), inGrid("g12", ["raw", "st"])], answered());
    expect(more).toEqual([]);
    expect(one!.options.map(({ says }) => says)).toEqual([
      "raw/g1/0007.mrc, and so for the others",
      "st/g1/0007.mrc, and so for the others",
    ]);
    expect(joinAlike([inGrid("g1", ["raw", "st"]), inGrid("lamella", ["raw", "st"])], answered())).toHaveLength(2);
    expect(joinAlike([inGrid("g1", ["try2", "try3"]), inGrid("g12", ["try3", "try2"])], answered())).toHaveLength(2);
  });

  it("are one where a note says the same of each by its name", () => {
    const noted = (run: string, says: string): Question => ({
      ...ofRun(`anna_${run}`, ["anna"], `noted-${run}`, (folder) => `${folder}/${run}/${run}.st`),
      text: `Should anna/${run}/${run}.st be published?`,
      why: `anna/${run}/notes.txt says “${says}”.`,
    });
    const same = [noted("ts_003", "ts_003: do not use"), noted("ts_010", "ts_010: do not use")];
    expect(joinAlike(same, answered())).toHaveLength(1);
    expect(joinAlike([...same, noted("ts_017", "ts_003: do not use")], answered())).toHaveLength(2);
    expect(joinAlike([noted("ts_003", "do not use 2 of 7"), noted("ts_002", "do not use 1 of 7")], answered())).toHaveLength(2);
  });

  it("have one id in whatever words they are asked, and two where their words alone tell them apart", () => {
    const worded = (word: string) => three.map((one) => ({ ...one, text: `${word} ${one.text}`, id: `${one.id}${word}` }));
    const [old] = joinAlike(three, answered());
    const [anew] = joinAlike(worded("Please:"), answered());
    expect(anew!.id).toBe(old!.id);
    const both = joinAlike([...worded("A"), ...worded("B")], answered());
    expect(both.map(({ files }) => files.length)).toEqual([6, 6]);
    expect(new Set(both.map(({ id }) => id)).size).toBe(2);
  });

  it("keep an answer: of one of them by itself, and of all for those that come later or are left", () => {
    const joined = joinAlike(three, answered(["series-TS_12", "2"]));
    expect(joined.map(({ files }) => files.length)).toEqual([4, 2]);
    expect(joined[1]!.id).toBe("series-TS_12");
    const { id } = joinAlike(three.slice(1), answered())[0]!;
    expect(joinAlike([...three, ofRun("TS_5")], answered([id, "2"]))[0]).toMatchObject({ id });
    expect(joinAlike([ofRun("TS_9")], answered([id, "2"]))).toMatchObject([{ id, files: ["raw/TS_9.mrc", "st/TS_9.mrc"] }]);
    expect(joinAlike([ofRun("TS_9")], answered())).toMatchObject([{ id: "series-TS_9" }]);
  });

  it("are several where another answer is guessed", () => {
    expect(joinAlike([three[0]!, { ...three[1]!, guess: "2" }], answered())).toHaveLength(2);
  });
});
