import { expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../test/laboratory-kit.js";
import { NOTHING_GIVEN } from "./decide.js";
import { givenOf, readDecisions, writeDecisions } from "./decisions-file.js";
import { decisionsOf, recognisedIn } from "./know.js";

const { signal } = new AbortController();
const angles = "-6\n-3\n0\n3\n6\n";
const series = (folder: string, seed: number) => ({
  [`${folder}/TS_01.st`]: mrcFile([5, 48, 48], 2.5, { kind: "stack", seed }),
  [`${folder}/TS_01.rawtlt`]: angles,
  [`${folder}/TS_01_rec.mrc`]: mrcFile([6, 12, 12], 10, { seed: seed + 10 }),
});

async function decided(files: Record<string, string | Uint8Array>, yaml?: string) {
  const laboratory = await laboratoryWith(files);
  const given = yaml === undefined ? NOTHING_GIVEN : givenOf(readDecisions(yaml, "x"), laboratory);
  const decisions = await decisionsOf(laboratory, await recognisedIn(laboratory, signal), signal, given);
  return {
    ...decisions,
    run: (path: string) => decisions.files.get(path)?.run,
    text: await writeDecisions(laboratory, decisions),
  };
}

const mine = series("may/anna", 1);
const later = { ...mine, ...series("july/ben", 2), "may/anna/TS_01_denoised.mrc": mrcFile([6, 12, 12], 10, { seed: 5 }) };

it("a run keeps the name of a file of decisions, also for what came since, when a series of that name comes", async () => {
  const first = await decided(mine);
  expect(first.runs).toEqual(["TS_01"]);
  expect((await decided(later)).runs).toEqual(["july_TS_01", "may_TS_01"]);
  const second = await decided(later, first.text);
  expect(second.runs).toEqual(["july_TS_01", "TS_01"]);
  expect(["TS_01.st", "TS_01_denoised.mrc"].map((name) => second.run(`may/anna/${name}`))).toEqual(["TS_01", "TS_01"]);
  expect(second.run("july/ben/TS_01.st")).toBe("july_TS_01");
  // given once more nothing changes
  const third = await decided(later, second.text);
  expect([third.runs, third.text]).toEqual([second.runs, second.text]);
});

it("a file that a person moves to another run does not take its series along", async () => {
  const yaml = `runs: [TS_01]\nquestions: []\nfiles:\n  - {files: may/anna/TS_01_rec.mrc, is: tomogram, run: TS_01b, because: mine}\n`;
  const { runs, run } = await decided(mine, yaml);
  expect(runs).toEqual(["TS_01", "TS_01b"]);
  expect(run("may/anna/TS_01.st")).toBe("TS_01");
});
