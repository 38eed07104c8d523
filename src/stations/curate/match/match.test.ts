import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { matchArchive } from "./match.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "emporium-match-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Matches folders of these paths with one run. */
function match(...paths: string[]) {
  for (const path of paths) mkdirSync(join(folder, "drive", path), { recursive: true });
  writeFileSync(join(folder, "runs.csv"), "name,id,dataset_id\nmka2019-11-19-73,1,2\n");
  return matchArchive([join(folder, "drive")], {
    workspace: join(folder, "workspace"),
    runs: join(folder, "runs.csv"),
    out: join(folder, "out/matches.csv"),
  });
}

describe("curate match", () => {
  it("(34.silence) says which folders of a run's name are taken for copies", async () => {
    const { counts, notes, toText } = await match(
      "Paper/mk2019-11-19-73",
      "peet/mk2019-11-19-74",
      "peet/other",
      "s/mk2019-11-19-75",
    );
    expect(counts).toMatchObject({ folders: 1, matched: 0, unmatched_archive: 1 });
    const told = `2 folders of a run's name, the first ${folder}/drive/Paper/mk2019-11-19-73, are left out: what is below figures, paper, mk_application, peet is taken for copies`;
    expect(notes).toEqual([told]);
    expect(toText()).toContain(told);
    expect((await match("s/mk2019-11-19-73")).notes).toEqual([told]);
  });

  it("(34.silence) refuses to replace a list of reviews that it cannot read: there may be decisions in it", async () => {
    mkdirSync(join(folder, "out/review_runs.csv"), { recursive: true });
    await expect(match("s/mk2019-11-19-73")).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("review_runs.csv"),
    });
    expect(existsSync(join(folder, "out/matches.csv"))).toBe(false);
    rmSync(join(folder, "out/review_runs.csv"), { recursive: true });
    expect((await match()).exitStatus).toBe(0);
    expect(readFileSync(join(folder, "out/review_runs.csv"), "utf8")).toMatch(/^archive_path/);
  });
});
