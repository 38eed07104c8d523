import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { emporium } from "./cli-host.js";
import { curate, portalRuns, remove, smallArchive } from "./curate-kit.js";

/** An archive whose runs are called as other laboratories call them. */
const folder = smallArchive([
  { run: "TS_01", points: [[1, 2, 3]] },
  { run: "TS_02", points: [[1, 2, 3]] },
  { run: "TS_17", points: [[1, 2, 3]], species: "Caulobacter crescentus" },
]);
afterAll(() => remove(folder));
const drive = join(folder, "grp_tomo_db1_d3");
const at = (name: string) => join(folder, name);
const PATTERN = ["--run-pattern", "(?<run>TS_(?<date>\\d+))"];

describe("run folders of other names", () => {
  it("seam 33: scan proposes a pattern from what is there", async () => {
    const { report } = await curate(folder, ["curate", "scan", drive]);
    expect(report).toMatchObject({ runs: { names: 0, proposal: { pattern: "TS_\\d+", names: 3 } } });
    const { out } = await emporium(["curate", "scan", drive, "--workspace", at("ws")]);
    expect(out).toContain("--run-pattern 'TS_\\d+'");
  });

  it("seam 33: with a pattern, which stays in the inventory, scan, match and missing see the runs", async () => {
    const scanned = await curate(folder, ["curate", "scan", drive, ...PATTERN, "--out", at("archive.json")]);
    expect(scanned.report).toMatchObject({ runs: { names: 3, folders: 3 } });
    const [entry] = (JSON.parse(readFileSync(at("archive.json"), "utf8")) as Record<string, string>[]).filter(
      ({ name, run }) => name === "MS.mod" && run === "TS_17",
    );
    expect(entry).toMatchObject({ species: "Caulobacter", date: "17" });

    const runs = portalRuns(folder, { 10052: [{ name: "TS_01", id: 1 }] });
    const matched = await curate(folder, ["curate", "match", drive, "--runs", runs, "--out", at("m.csv")]);
    expect([matched.status, matched.report]).toMatchObject([0, { counts: { matched: 1, unmatched_archive: 2 } }]);
    const missing = await curate(folder, ["curate", "missing", drive, "--matches", at("m.csv")]);
    const { species } = missing.report as unknown as { species: { species: string; runs: number; folders: { run: string }[] }[] };
    expect(species.map((one) => [one.species, one.runs])).toEqual([
      ["Caulobacter", 1],
      ["Vibrio", 1],
    ]);
    expect(species.flatMap(({ folders }) => folders.map(({ run }) => run)).sort()).toEqual(["TS_02", "TS_17"]);
  });

  it("seam 33: an empty pattern clears it, and one that is none is refused before anything is walked", async () => {
    expect((await curate(folder, ["curate", "scan", drive, "--run-pattern", ""])).report).toMatchObject({ runs: { names: 0 } });
    expect((await curate(folder, ["curate", "scan", drive, "--run-pattern", "TS_("])).status).toBe(2);
  });

  it("(34.22) match says of a list of bare names that nothing of it can be collected, as collect says then", async () => {
    writeFileSync(at("names.txt"), "TS_01\nTS_02\n");
    const words = ["curate", "match", drive, "--runs", at("names.txt"), "--out", at("names.csv"), "--workspace", at("ws")];
    const { status, out, err } = await emporium(words);
    expect([status, err]).toEqual([0, ""]);
    expect(out).toContain(
      "note: 2 matched rows have no run id or no dataset id: curate collect needs both, give it --runs with a portal or a file that has them",
    );
    const where = ["--matches", at("names.csv"), "--label", "MS", "--batch", "1", "--dest", at("out")];
    const collected = await curate(folder, ["curate", "collect", drive, ...where]);
    expect([collected.status, collected.report]).toMatchObject([
      3,
      { counts: { files: 0 }, errors: [{ code: "CONFIG_FIELD" }, {}] },
    ]);
  });
});
