import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labelArchive } from "../../src/stations/curate/labels/labels.js";
import { matchArchive } from "../../src/stations/curate/match/match.js";
import { type MatchRow, parseMatches } from "../../src/stations/curate/match/match-row.js";
import { matchRuns } from "../../src/stations/curate/match/match-runs.js";
import { generateArchive } from "./generate.mjs";
import { driveRuns, portalRuns } from "./names.mjs";

/** The archive's facts, by their numbers. Names are made up, so facts of single names hold for those that are known. */

const names = portalRuns().map(({ name }) => name);

function counts(values: Iterable<string>): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const value of values) sums[value] = (sums[value] ?? 0) + 1;
  return sums;
}

const prefixes = (some: Iterable<string>) => counts([...some].map((name) => name.slice(0, 3)));

describe("the portal's list", () => {
  it("fact 1: 12,964 names, their form, lengths and days", () => {
    expect([names.length, new Set(names).size, names.every((name) => /^[a-z]{3}\d{4}-\d{2}-\d{2}-\d+$/.test(name))]).toEqual([
      12964,
      12964,
      true,
    ]);
    expect(counts(names.map(({ length }) => String(length)))).toEqual({ 15: 2465, 16: 8574, 17: 1925 });
    const days = counts(names.map((name) => name.slice(0, 13)));
    expect(Object.keys(days).length).toBe(362);
    expect(
      Object.entries(days)
        .sort(([, a], [, b]) => b - a)
        .slice(0, 4),
    ).toEqual([
      ["mka2020-10-08", 455],
      ["dga2018-08-29", 412],
      ["mka2019-10-25", 223],
      ["mka2019-11-19", 220],
    ]);
  });

  it("fact 2: 20 initials", () => {
    expect(prefixes(names)).toEqual({
      ...{ dga: 4206, mka: 1912, ycw: 1559, mba: 1009, aba: 816, cwl: 705, pda: 520, jsa: 422, psa: 301, scy: 276 },
      ...{ rra: 239, mst: 195, etl: 188, qya: 127, wnj: 111, lmm: 97, mpa: 88, zyh: 85, lma: 62, scd: 46 },
    });
  });

  it("fact 3: years", () => {
    expect(Object.values(counts(names.map((name) => name.slice(3, 7))))).toEqual([
      305, 442, 1010, 751, 1051, 1303, 694, 1270, 2051, 1033, 2079, 469, 236, 270,
    ]);
  });
});

describe("matching on the scale of the portal", () => {
  const runs = portalRuns().map(({ id, name, dataset }) => ({ id: String(id), name, datasetId: String(dataset.id) }));
  const folders = (some: readonly string[]) => some.map((name) => ({ name, path: `/d/${name}`, looksLikeRun: true }));
  const short = (name: string) => name.slice(0, 2) + name.slice(3);

  it("fact 4: two letters for three, and not one collision", () => {
    const { rows, unmatchedFolders } = matchRuns(folders(names.map(short)), runs);
    expect([rows.length, unmatchedFolders.length]).toEqual([12964, 0]);
    expect(
      rows.every(
        ({ rule, status, archiveRun, portalRun }) =>
          rule === "two-letter" && status === "matched" && archiveRun === short(portalRun),
      ),
    ).toBe(true);
  });

  it("fact 4 on a list where it does not hold: every collision goes to review", () => {
    // each tenth run also under other initials that begin alike
    const doubles = runs
      .filter((_, at) => at % 10 === 0)
      .map(({ name }) => `${name.slice(0, 2)}!${name.slice(3)}`.replace("!", name[2] === "z" ? "y" : "z"));
    const both = [...runs, ...doubles.map((name, at) => ({ id: `x${at}`, name, datasetId: "1" }))];
    const { rows } = matchRuns(folders(names.map(short)), both);
    const ambiguous = rows.filter(({ status }) => status === "ambiguous");
    expect([rows.length, ambiguous.length, rows.filter(({ status }) => status === "matched").length]).toEqual([
      12964 + doubles.length,
      2 * doubles.length,
      12964 - doubles.length,
    ]);
    expect(new Set(ambiguous.map(({ archiveRun }) => archiveRun)).size).toBe(doubles.length);
  });

  it("does not compare each name with each: twice the names are about twice the work", () => {
    const work = (size: number) => {
      let lookups = 0;
      const get = Map.prototype.get;
      Map.prototype.get = function (this: Map<unknown, unknown>, key) {
        lookups++;
        return get.call(this, key);
      };
      try {
        matchRuns(folders(names.slice(0, size).map(short)), runs.slice(0, size));
      } finally {
        Map.prototype.get = get;
      }
      return lookups;
    };
    expect(work(12000) / work(6000)).toBeLessThan(2.5);
  });
});

describe("four drives", () => {
  const base = mkdtempSync(join(tmpdir(), "emporium-archive-"));
  afterAll(() => rmSync(base, { recursive: true, force: true }));
  const workspace = join(base, "work");
  const out = join(base, "matching_runs.csv");
  const drive = (number: number) => join(base, `grp_tomo_db1_d${number}`);
  let rows: MatchRow[];
  let exitStatus: number;
  beforeAll(async () => {
    const { drives, portal } = await generateArchive({ out: base });
    const report = await matchArchive(drives, { workspace, runs: portal, out });
    exitStatus = report.exitStatus;
    rows = parseMatches(readFileSync(out), out);
  });
  const on = (number: number) => rows.filter(({ path }) => path.startsWith(`${drive(number)}/`));
  const runsOn = (number: number) => new Set(on(number).map(({ portalRun }) => portalRun));

  it("fact 5: runs on each drive, how often, and in all", () => {
    expect([1, 2, 3, 4].map((number) => [on(number).length, runsOn(number).size])).toEqual([
      [2107, 1899],
      [144, 144],
      [526, 469],
      [15, 15],
    ]);
    expect([rows.length, new Set(rows.map(({ portalRun }) => portalRun)).size, exitStatus]).toEqual([2792, 2064, 0]);
  });

  it("fact 6: repeats of drive 1, and what drives share", () => {
    expect(counts(Object.values(counts(on(1).map(({ portalRun }) => portalRun))).map(String))).toEqual({
      1: 1738,
      2: 114,
      3: 47,
    });
    const sets = [1, 2, 3, 4].map(runsOn);
    const shared = [1, 2, 3, 4].flatMap((a) =>
      [1, 2, 3, 4]
        .filter((b) => b > a)
        .map((b) => [`d${a}∩d${b}`, [...sets[a - 1]!].filter((name) => sets[b - 1]!.has(name)).length] as const),
    );
    expect(shared.filter(([, common]) => common > 0)).toEqual([["d1∩d3", 463]]);
  });

  it("fact 7: by initials, and by day", () => {
    const all = new Set(rows.map(({ portalRun }) => portalRun));
    expect(prefixes(all)).toEqual({ mka: 1351, ycw: 367, dga: 150, mba: 126, aba: 32, qya: 20, etl: 18 });
    const days = counts([...all].map((name) => name.slice(0, 13)));
    expect(Object.keys(days).length).toBe(43);
    expect(
      Object.entries(days)
        .sort(([, a], [, b]) => b - a)
        .slice(0, 5),
    ).toEqual([
      ["mka2020-10-08", 455],
      ["mka2019-11-19", 220],
      ["mka2019-10-25", 216],
      ["mka2019-10-28", 182],
      ["ycw2013-09-28", 105],
    ]);
  });

  it("fact 8: by drive and initials", () => {
    expect([1, 2, 3, 4].map((number) => prefixes(runsOn(number)))).toEqual([
      { mka: 1336, ycw: 362, dga: 149, mba: 52 },
      { mba: 74, aba: 32, qya: 20, etl: 18 },
      { ycw: 366, mka: 95, dga: 8 },
      { mka: 15 },
    ]);
  });

  it("fact 9: 15.9 % of the author's runs", () => {
    expect((100 * new Set(rows.map(({ portalRun }) => portalRun)).size) / names.length).toBeCloseTo(15.9, 1);
  });

  it("one folder in ten has two initials, and is found", () => {
    const short = rows.filter(({ rule }) => rule === "two-letter");
    expect(short.length).toBeGreaterThan(200);
    expect(short.every(({ archiveRun, portalRun }) => archiveRun === portalRun.slice(0, 2) + portalRun.slice(3))).toBe(true);
  });

  const bars = {
    ...{
      "._hat2": 94,
      hat2: 94,
      hat: 259,
      "._hat": 98,
      clusterElong: 48,
      hat3: 1,
      "._hat3": 1,
      MK: 88,
      T4P: 101,
      pili: 14,
      FM: 7,
      TP: 17,
    },
    ...{ PL: 1, MS: 228, "._MS": 227, MSC: 21, "._MSC": 21 },
  };
  const peak = (at: number) => `20130928_YWC034_${10001 + at}_peak`;
  const peaks = Object.fromEntries(Array.from({ length: 47 }, (_, at) => [peak(at), at === 0 ? 2 : 1]));

  it("fact 10: 64 bars of drive 1, as the reference counts them", async () => {
    const table = join(base, "reference", "matching_runs.csv");
    await matchArchive([drive(1)], { workspace, runs: join(base, "portal-runs.json"), out: table, compat: true });
    const report = await labelArchive([drive(1)], { workspace, matches: table, compat: true });
    expect(report.labels).toEqual({ ...bars, ...peaks });
    expect(report.labels).toEqual(
      countedByHand(drive(1), new Set(parseMatches(readFileSync(table), table).map(({ archiveRun }) => archiveRun))),
    );
  });

  it("fact 11: 1368 for the reference, 831 in 11 labels in truth", async () => {
    const reference = await labelArchive([drive(1)], { workspace, matches: out, compat: true });
    expect(reference.total).toBe(1368);
    const report = await labelArchive([drive(1)], { workspace, matches: out });
    expect(report.labels).toEqual({
      hat: 259,
      MS: 228,
      T4P: 101,
      hat2: 94,
      MK: 88,
      MSC: 21,
      TP: 17,
      pili: 14,
      FM: 7,
      PL: 1,
      hat3: 1,
    });
    expect([report.total, report.classes]).toEqual([831, { annotation: 831, sidecar: 441, automatic: 96 }]);
    const automatic = report.files.filter(({ class: name }) => name === "automatic");
    expect(automatic.find(({ file_name }) => file_name === "clusterElong.mod")!.count).toBe(48);
    expect(automatic.filter(({ file_name }) => file_name.endsWith("_peak.mod")).length).toBe(47);
    expect([report.outside, report.errors, report.exitStatus]).toEqual([0, [], 0]);
  });

  it("fact 12: 107 models in 94 runs of one data set", async () => {
    const pylori = join(base, "pylori.csv");
    const lines = readFileSync(out, "utf8").trim().split("\n");
    writeFileSync(pylori, `${[lines[0], ...lines.filter((line) => line.endsWith(",10052"))].join("\n")}\n`);
    const report = await labelArchive([drive(1)], { workspace, matches: pylori, directories: join(base, "lists") });
    expect([report.total, report.labels]).toEqual([107, { MS: 67, hat: 33, MSC: 7 }]);
    const places = readdirSync(join(base, "lists")).flatMap((name) =>
      parseLines(join(base, "lists", name)).map(([, archiveRun, portalRun]) => [archiveRun!, portalRun!]),
    );
    expect(new Set(places.map(([, run]) => run)).size).toBe(94);
    expect(places.filter(([, run]) => run === "mka2019-11-19-65").length).toBe(3);
  });

  it("fact 13: known ids and places", () => {
    const place = (id: string) =>
      rows.filter(({ portalRunId }) => portalRunId === id).map(({ path }) => path.slice(base.length + 1));
    expect(place("7250")).toEqual(["grp_tomo_db1_d2/compute/TomoDB1_d2/FlagellarMotor_P2/Proteus_mirabilis/qya2015-11-19-14"]);
    expect(place("8538")).toContain(
      "grp_tomo_db1_d1/compute/TomoDB1_d1/FlagellarMotor_P1/CaulobacterCrescentus_UnpluggedPL/MoreTomo/ycw2017-12-01-35",
    );
    const found = new Set(rows.map(({ portalRun }) => portalRun));
    for (const name of ["mka2019-11-19-143", "mka2019-05-25-10", "ycw2017-12-01-35", "qya2015-11-19-14"])
      expect(found).toContain(name);
  });

  it("§11.2 and .3: runs with folders in them are found, and models in a subfolder count for their run", async () => {
    const report = await labelArchive([drive(3)], { workspace, matches: out, directories: join(base, "third") });
    expect(report.labels).toEqual({ MS: 14 });
    const folders = parseLines(join(base, "third", "MS.mod_directories.csv"));
    const [nested] = folders.filter(([path]) => path!.endsWith("/models"));
    expect(nested![0]).toBe(`${rows.find(({ path }) => nested![0]!.startsWith(`${path}/`))!.path}/models`);
    const averaged = readdirSync(drive(3), { recursive: true, encoding: "utf8" }).find((path) => path.endsWith("/PEET"))!;
    expect(rows.map(({ path }) => path)).toContain(join(drive(3), averaged.replace(/\/PEET$/, "")));
  });

  it("§11.9: a run below newspaper is seen, one below figures is a copy", () => {
    const unmatched = readFileSync(join(base, "unmatched_archive.csv"), "utf8");
    expect(unmatched).toContain("/newspaper/qya2015-06-03-999,");
    expect(unmatched + readFileSync(out, "utf8")).not.toContain("/figures/");
  });

  it("each trap of drive 2 is told", async () => {
    const report = await labelArchive([drive(2)], { workspace, matches: out });
    expect(report.classes).toEqual({ annotation: 17, unlisted: 1, automatic: 0, sidecar: 1, backup: 1, empty: 1, unreadable: 2 });
    expect(report.exitStatus).toBe(3);
  });

  it("agrees with the drives' own lists", () => {
    const lists = driveRuns();
    for (const number of [1, 2, 3, 4])
      expect(counts(on(number).map(({ portalRun }) => portalRun))).toEqual(Object.fromEntries(lists[number - 1]!));
  });

  it("is the same in part", async () => {
    const part = await generateArchive({ out: join(base, "part"), drives: [4], runs: "annotated" });
    expect(part.files).toBe(24);
    expect(existsSync(join(base, "part/grp_tomo_db1_d4"))).toBe(true);
  });
});

/** What the reference's loop does, written anew: each folder below the root that is called like a run is walked, and so are those in it. */
function countedByHand(root: string, runs: ReadonlySet<string>): Record<string, number> {
  const sums: Record<string, number> = {};
  const walk = (folder: string, visit: (path: string, name: string, isFolder: boolean) => void) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      visit(path, entry.name, entry.isDirectory());
      if (entry.isDirectory()) walk(path, visit);
    }
  };
  walk(root, (path, name, isFolder) => {
    if (!isFolder || !runs.has(name)) return;
    walk(path, (_, file, inner) => {
      if (inner || !file.endsWith(".mod")) return;
      const stem = file.slice(0, -".mod".length);
      sums[stem] = (sums[stem] ?? 0) + 1;
    });
  });
  return sums;
}

const parseLines = (path: string): string[][] =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
