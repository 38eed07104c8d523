import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { matchArchive } from "../match/match.js";
import { missingInPortal } from "./missing.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium-missing-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Lists what the portal lacks of a drive with these files, of a portal with one run. */
const missing = (...files: string[]) => missingOf(["mka2019-11-19-73"], files);

async function missingOf(portal: readonly string[], files: readonly string[]) {
  const drive = join(folder, "drive");
  for (const file of files) {
    mkdirSync(join(drive, dirname(file)), { recursive: true });
    writeFileSync(join(drive, file), "x");
  }
  const runs = join(folder, "runs.csv");
  writeFileSync(runs, `name,id,dataset_id\n${portal.map((name, at) => `${name},${at + 1},2\n`).join("")}`);
  const workspace = join(folder, "workspace");
  const matches = join(folder, "out/matches.csv");
  await matchArchive([drive], { workspace, runs, out: matches });
  return missingInPortal([drive], { workspace, matches, out: join(folder, "missing.csv") });
}

describe("curate missing", () => {
  it("(34.silence) says which folders of a run's name are taken for copies, also where no run is missing", async () => {
    const { counts, notes, toText } = await missing("s/mka2019-11-19-73/a.mod", "Paper/mka2019-11-19-74/b.mod");
    const told = `1 folder of a run's name, the first ${folder}/drive/Paper/mka2019-11-19-74, is left out: what is below figures, paper, mk_application, peet is taken for copies`;
    expect([counts.runs, notes]).toEqual([0, [told]]);
    expect(toText().split("\n")).toEqual([
      "no run folder is known to be missing on the portal",
      `note: ${told}`,
      `written: ${join(folder, "missing.csv")}`,
    ]);
  });

  it("(34.silence) says how many files of a run are not counted, because they are in folders of copies", async () => {
    const { counts, notes } = await missing("s/mka2019-11-19-75/a.mod", "s/mka2019-11-19-75/peet/b.mod");
    expect(counts).toMatchObject({ runs: 1, files: 1 });
    expect(notes).toEqual([
      "1 file is not counted with its run: what is below figures, paper, mk_application, peet is taken for copies",
    ]);
    expect((await missing("s/mka2019-11-19-76/a.mod")).notes).toHaveLength(1);
  });

  it("(34.silence) says how many folders nobody has decided about: they are not on the portal for sure", async () => {
    const { counts, notes, toText } = await missingOf(["mka2019-11-19-73"], ["s/xyz2019-11-19-73/a.mod"]);
    expect(counts.runs).toBe(0);
    const told =
      "1 run folder has ambiguous rows alone, and is not listed until a person has decided: see review_runs.csv of curate match";
    expect(notes).toEqual([told]);
    expect(toText()).toContain(`note: ${told}`);
  });
});
