import { describe, expect, it } from "vitest";
import type { Decision } from "./decisions.js";
import { matchAsReference, matchRuns, type RunFolder } from "./match-runs.js";
import type { PortalRun } from "./portal-run.js";

const folder = (path: string): RunFolder => ({ name: path.split("/").at(-1)!, path, looksLikeRun: true });
const run = (name: string, id = name, datasetId = "10001"): PortalRun => ({ name, id, datasetId });

/** `folder run rule status` of each row. */
function rows(paths: string[], runs: (string | PortalRun)[], decisions: Decision[] = []): string[] {
  const portal = runs.map((one) => (typeof one === "string" ? run(one) : one));
  return matchRuns(paths.map(folder), portal, decisions).rows.map(
    ({ path, portalRunId, rule, score, status }) => `${path} ${portalRunId} ${rule} ${score} ${status}`,
  );
}

describe("rules", () => {
  it.each([
    ["mka2019-11-19-73", "mka2019-11-19-73", "exact 1 matched"],
    ["mk2019-11-19-73", "mka2019-11-19-73", "two-letter 0.95 matched"],
    ["MKA2019-11-19-73", "mka2019-11-19-73", "normalised 0.9 matched"],
    ["mka_2019-11-19-73", "mka2019-11-19-73", "normalised 0.9 matched"],
    ["mka2019_11_19_73", "mka2019-11-19-73", "normalised 0.9 matched"],
    ["MK 2019-11-19-73", "mka2019-11-19-73", "normalised 0.9 matched"],
    ["ts 01", "TS_01", "normalised 0.9 matched"],
    ["mka2019-11-19-07", "mka2019-11-19-7", "padded 0.85 matched"],
    ["mka2019-11-19-7", "mka2019-11-19-007", "padded 0.85 matched"],
    ["mk2019-11-19-07", "mka2019-11-19-7", "padded 0.85 matched"],
    ["jsx2019-11-19-73", "mka2019-11-19-73", "initials 0.5 ambiguous"],
  ])("%s is %s: %s", (archive, portal, expected) => {
    expect(rows([`/d/${archive}`], [portal])).toEqual([`/d/${archive} ${portal} ${expected}`]);
  });

  it.each([
    ["run03", "run3"],
    ["Run 3", "run_003"],
    ["Zelle-ä 07", "zelle_ä_7"],
  ])("(34.22) %s, with a name of its own form, is %s by the padded rule", (archive, portal) => {
    expect(rows([`/d/${archive}`], [portal])).toEqual([`/d/${archive} ${portal} padded 0.85 matched`]);
  });

  it.each([
    ["mka2019-11-19-73", "mka2019-11-19-74"],
    ["mka2019-11-19-73", "mka2019-11-20-73"],
    // the reference drops the third letter of any name
    ["TS01", "TSx01"],
    ["ma2019-11-19-73", "TS_01"],
    // only zeros before the counter
    ["run03", "run30"],
    ["run0", "run"],
    ["dose 1.05", "dose 1.5"],
    ["03run", "3run"],
    // two initials stand for three, not the other way round
    ["mka2019-11-19-730", "mk2019-11-19-73"],
  ])("%s is not %s", (archive, portal) => {
    expect(rows([`/d/${archive}`], [portal])).toEqual([]);
  });
});

describe("§9 fact 15: exact beats two letters", () => {
  it("and the other folder is told, not taken", () => {
    const {
      rows: found,
      notes,
      unmatchedFolders,
    } = matchRuns([folder("/d/mk2019-11-19-73"), folder("/d/mka2019-11-19-73")], [run("mka2019-11-19-73")]);
    expect(found.map(({ path, rule, status }) => [path, rule, status])).toEqual([["/d/mka2019-11-19-73", "exact", "matched"]]);
    expect(unmatchedFolders.map(({ path }) => path)).toEqual(["/d/mk2019-11-19-73"]);
    expect(notes).toEqual([
      "mk2019-11-19-73 could be mka2019-11-19-73 (two-letter); mka2019-11-19-73 has a folder of a surer name",
    ]);
  });

  it("also where the short name is another run's own", () => {
    const found = matchRuns([folder("/d/mk2019-11-19-73")], [run("mk2019-11-19-73"), run("mka2019-11-19-73")]);
    expect(found.rows.map(({ portalRun, rule }) => [portalRun, rule])).toEqual([["mk2019-11-19-73", "exact"]]);
    expect(found.unmatchedRuns.map(({ name }) => name)).toEqual(["mka2019-11-19-73"]);
    expect(found.notes[0]).toContain("mk2019-11-19-73 is another run's by a surer rule");
  });
});

describe("nothing is chosen", () => {
  it("where two runs have the same short name", () => {
    expect(rows(["/d/mk2019-11-19-73"], ["mka2019-11-19-73", "mkb2019-11-19-73"])).toEqual([
      "/d/mk2019-11-19-73 mka2019-11-19-73 two-letter 0.95 ambiguous",
      "/d/mk2019-11-19-73 mkb2019-11-19-73 two-letter 0.95 ambiguous",
    ]);
  });

  it("even where one of the two has a folder of its own", () => {
    expect(rows(["/d/mk2019-11-19-73", "/d/mka2019-11-19-73"], ["mka2019-11-19-73", "mkb2019-11-19-73"])).toEqual([
      "/d/mk2019-11-19-73 mka2019-11-19-73 two-letter 0.95 ambiguous",
      "/d/mka2019-11-19-73 mka2019-11-19-73 exact 1 matched",
      "/d/mk2019-11-19-73 mkb2019-11-19-73 two-letter 0.95 ambiguous",
    ]);
  });

  it("where two spellings are one run by the same rule", () => {
    expect(
      rows(["/d/mka2019-11-19-07", "/d/mka2019-11-19-007"], ["mka2019-11-19-7"]).map((row) => row.split(" ").at(-1)),
    ).toEqual(["ambiguous", "ambiguous"]);
  });
});

describe("copies and doubles are kept apart", () => {
  it("a run on two drives has a row for each", () => {
    expect(rows(["/d3/s/mka2019-11-19-73", "/d1/s/mka2019-11-19-73"], ["mka2019-11-19-73"])).toEqual([
      "/d1/s/mka2019-11-19-73 mka2019-11-19-73 exact 1 matched",
      "/d3/s/mka2019-11-19-73 mka2019-11-19-73 exact 1 matched",
    ]);
  });

  it("a name in two data sets has a row for each, and a note", () => {
    const found = matchRuns([folder("/d/TS_01")], [run("TS_01", "7", "10001"), run("TS_01", "9", "10002")]);
    expect(found.rows.map(({ portalRunId, datasetId, status }) => [portalRunId, datasetId, status])).toEqual([
      ["7", "10001", "matched"],
      ["9", "10002", "matched"],
    ]);
    expect(found.notes).toEqual(["TS_01 is a run of 2 datasets (10001, 10002): a row for each"]);
  });

  it("also where the list has no ids", () => {
    const found = matchRuns([folder("/d/TS_01")], [run("TS_01", "", "10001"), run("TS_01", "", "10002")]);
    expect(found.rows.map(({ datasetId }) => datasetId)).toEqual(["10001", "10002"]);
    expect(found.unmatchedRuns).toEqual([]);
  });
});

describe("a person's decisions", () => {
  const decision = (archivePath: string, portalRun: string, accepted: boolean): Decision => ({
    archivePath,
    portalRun,
    accepted,
    who: "",
    note: "",
  });
  const two = ["mka2019-11-19-73", "mkb2019-11-19-73"];

  it("one accepted run ends the other guesses", () => {
    expect(rows(["/d/mk2019-11-19-73"], two, [decision("/d/mk2019-11-19-73", two[1]!, true)])).toEqual([
      "/d/mk2019-11-19-73 mka2019-11-19-73 two-letter 0.95 rejected",
      "/d/mk2019-11-19-73 mkb2019-11-19-73 manual 1 manual",
    ]);
  });

  it("one rejected run leaves the other one", () => {
    expect(rows(["/d/mk2019-11-19-73"], two, [decision("mk2019-11-19-73", two[0]!, false)])).toEqual([
      "/d/mk2019-11-19-73 mka2019-11-19-73 two-letter 0.95 rejected",
      "/d/mk2019-11-19-73 mkb2019-11-19-73 two-letter 0.95 matched",
    ]);
  });

  it("a guess stays one until it is accepted", () => {
    const guess = ["/d/jsx2019-11-19-73"];
    expect(rows(guess, [two[0]!])).toEqual(["/d/jsx2019-11-19-73 mka2019-11-19-73 initials 0.5 ambiguous"]);
    expect(rows(guess, [two[0]!], [decision(guess[0]!, two[0]!, true)])).toEqual([
      "/d/jsx2019-11-19-73 mka2019-11-19-73 manual 1 manual",
    ]);
  });

  it("a pair that no rule knows is added", () => {
    expect(rows(["/d/old name"], ["mka2019-11-19-73"], [decision("/d/old name", "mka2019-11-19-73", true)])).toEqual([
      "/d/old name mka2019-11-19-73 manual 1 manual",
    ]);
  });

  it("a rejected sure match is no match", () => {
    const found = matchRuns([folder("/d/TS_01")], [run("TS_01")], [decision("/d/TS_01", "TS_01", false)]);
    expect([found.rows[0]!.status, found.unmatchedFolders.length, found.unmatchedRuns.length]).toEqual(["rejected", 1, 1]);
  });

  it("those that fit nothing are told", () => {
    const { notes } = matchRuns(
      [folder("/a/TS_01"), folder("/b/TS_01")],
      [run("TS_01")],
      [decision("/c/TS_01", "TS_01", true), decision("TS_01", "TS_01", true), decision("/a/TS_01", "TS_02", true)],
    );
    expect(notes).toEqual([
      "the decision on /c/TS_01 and TS_01 has no effect: no such folder was scanned",
      "the decision on TS_01 and TS_01 has no effect: 2 folders end so",
      "the decision on /a/TS_01 and TS_02 has no effect: no run TS_02",
    ]);
  });
});

describe("as the reference", () => {
  it("drops any third letter, takes the first hit, and has one row for a name", () => {
    const { rows: found } = matchAsReference(
      [folder("/d/TS01"), folder("/d1/A"), folder("/d2/A")],
      [run("TSx01", "1"), run("A", "2", "10001"), run("A", "3", "10002")],
    );
    expect(found.map(({ portalRun, portalRunId, path, rule }) => [portalRun, portalRunId, path, rule])).toEqual([
      ["A", "3", "/d2/A", "exact"],
      ["TSx01", "1", "/d/TS01", "two-letter"],
    ]);
  });
});
