import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { model } from "../../../../examples/archive/model.mjs";
import { matchArchive } from "../match/match.js";
import { remainingGroups } from "./remaining.js";

it("(34.silence) tells of models in unmatched runs, also where nothing is left to collect", async () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-remaining-"));
  try {
    const drive = join(folder, "drive");
    const file = join(drive, "s/qya2015-11-19-99/MS.mod");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, model({ name: "MS", max: [32, 24, 12], points: [[16, 12, 6]] }));
    const runs = join(folder, "runs.csv");
    writeFileSync(runs, "name,id,dataset_id\nmka2019-11-19-73,1,2\n");
    const [workspace, matches] = [join(folder, "workspace"), join(folder, "out/matches.csv")];
    await matchArchive([drive], { workspace, runs, out: matches });
    const { outside, groups, toText } = await remainingGroups([drive], { workspace, matches });
    expect([outside, groups]).toEqual([1, []]);
    expect(toText()).toBe("nothing is left\n1 more model is in unmatched runs");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
