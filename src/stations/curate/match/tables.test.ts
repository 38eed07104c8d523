import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA_FOLDER } from "../../../../test/real-data.js";
import { parseDecisions } from "./decisions.js";
import { type MatchRow, matchesCsv, parseMatches } from "./match-row.js";
import { parseRuns } from "./read-runs.js";

describe("lists of runs", () => {
  const named = (text: string, file = "runs") => parseRuns(text, file).map(({ name, id, datasetId }) => [name, id, datasetId]);

  it.each([
    ["the query's answer", '{"data":{"runs":[{"id":7250,"name":"a","dataset":{"id":10052,"title":"t"}}]}}'],
    ["the answer without data", '{"runs":[{"id":"7250","name":"a","datasetId":10052}]}'],
    ["a bare array", '\ufeff [{"id":7250,"name":"a","dataset":{"id":"10052"}}]'],
    ["an object by data set", '{"10052":{"title":"t","organism":"o","runs":[{"id":7250,"name":"a"}]}}'],
    ["CSV", "name,id,dataset_id\na,7250,10052\n"],
    [
      "CSV of the matches",
      "sc_run_name,CZI_run_name,CZI_run_id,path,rule,score,status,dataset_id\nx,a,7250,/p,exact,1,matched,10052\n",
    ],
    [
      "CSV with another line end, a byte order mark, quotes and blank lines",
      '\ufeff"name","ID",dataset_id\r\n\r\n a ,7250,10052\r\n',
    ],
    ["TSV", "id\tname\tdataset_id\n7250\ta\t10052"],
  ])("%s", (_, text) => {
    expect(named(text)).toEqual([["a", "7250", "10052"]]);
  });

  it("names alone have no ids", () => {
    expect(named("# from the portal\r\nmka2019-05-25-10 \n\nTS 01\n")).toEqual([
      ["mka2019-05-25-10", "", ""],
      ["TS 01", "", ""],
    ]);
    expect(named('{"10016":{"runs":["a","b"]}}')).toEqual([
      ["a", "", "10016"],
      ["b", "", "10016"],
    ]);
  });

  it("rows that the reference has added twice count once", () => {
    const once = "sc_run_name,CZI_run_name,CZI_run_id\nmk1,mka1,7\n";
    expect(named(once + once)).toEqual([["mka1", "7", ""]]);
  });

  it("(34.silence) two runs of one id are refused by name, and not left out", () => {
    expect(() => named("name,id\na,10052\nb,10052\n")).toThrow(
      expect.objectContaining({ code: "CONFIG_FIELD", message: "runs: the id 10052 is that of two runs, a and b" }),
    );
    expect(named("name,id\na,1\na,1\n")).toEqual([["a", "1", ""]]);
  });

  it.each([
    ["", "CONFIG_EMPTY"],
    ["[]", "CONFIG_EMPTY"],
    ["[1]", "CONFIG_FIELD"],
    ['[{"id":1}]', "CONFIG_FIELD"],
    ['{"10016":["a"]}', "CONFIG_FIELD"],
    ["[", "CONFIG_SYNTAX"],
    ["id,run\n1,2", "CONFIG_FIELD"],
    ['name,id\n"a,1', "CONFIG_SYNTAX"],
    ["name,id\n,1", "CONFIG_FIELD"],
    ["inputs:\n  volume: cell.mrc\n", "CONFIG_FIELD"],
    ["# runs\nmka1\n<html>\n", "CONFIG_FIELD"],
  ])("%j is refused with %s", (text, code) => {
    expect(() => parseRuns(text, "runs")).toThrow(expect.objectContaining({ code }));
  });

  it("are names line by line, with blanks, colons and whatever else a folder's name may have", () => {
    expect(named("mka 2019-11-19-4\n\n# other\nround:2\n")).toEqual([
      ["mka 2019-11-19-4", "", ""],
      ["round:2", "", ""],
    ]);
    expect(() => named("mka1\nseries: 4\n")).toThrow('runs: "series: 4" is no name of a run');
  });

  it("of a spreadsheet where a comma is the decimal mark have semicolons", () => {
    expect(named("CZI_run_name;dataset_id\r\nmka1;10052\r\n")).toEqual([["mka1", "", "10052"]]);
    expect(() => named("run;dataset\r\nmka1;10052\r\n")).toThrow("expected a column name or CZI_run_name, found run, dataset");
  });

  const real = `${REAL_DATA_FOLDER}/curate/portal-runs.json`;
  it.skipIf(!existsSync(real))("§4 the names of 122 data sets of the portal, all of the form", () => {
    const runs = parseRuns(readFileSync(real, "utf8"), real);
    expect([
      runs.length,
      new Set(runs.map(({ name }) => name)).size,
      new Set(runs.map(({ datasetId }) => datasetId)).size,
    ]).toEqual([6000, 6000, 122]);
    expect(runs.find(({ datasetId }) => datasetId === "10052")).toMatchObject({ datasetTitle: "Hpylori_dfliQ" });
  });
});

describe("the table of matches", () => {
  const row: MatchRow = {
    archiveRun: "mk1",
    portalRun: "mka1",
    portalRunId: "7",
    path: '/d/a "b", \udcff\n=/mk1',
    rule: "two-letter",
    score: 0.95,
    status: "ambiguous",
    datasetId: "10052",
  };

  it("comes back as it was written, whatever the path", () => {
    const rows = [row, { ...row, path: "=1+1", status: "manual" as const, rule: "manual" as const, score: 1 }];
    expect(parseMatches(matchesCsv(rows), "m.csv")).toEqual(rows);
    expect(matchesCsv([]).toString()).toBe("sc_run_name,CZI_run_name,CZI_run_id,path,rule,score,status,dataset_id\n");
  });

  it("is read as a spreadsheet saves it where a comma is the decimal mark", () => {
    const text =
      "\ufeffsc_run_name;CZI_run_name;CZI_run_id;path;rule;score;status;dataset_id\r\nmk1;mka1;7;/d/a, b;two-letter;0,95;ambiguous;10052\r\n";
    expect(parseMatches(Buffer.from(text), "m.csv")).toEqual([{ ...row, path: "/d/a, b" }]);
  });

  it("of the reference has names alone, its header as often as it was run", () => {
    const text = "sc_run_name,CZI_run_name,CZI_run_id\r\nmk1,mka1,7\r\nsc_run_name,CZI_run_name,CZI_run_id\r\nmk1,mka1,7\r\n";
    const plain = {
      archiveRun: "mk1",
      portalRun: "mka1",
      portalRunId: "7",
      path: "",
      rule: "exact",
      score: 1,
      status: "matched",
      datasetId: "",
    };
    expect(parseMatches(Buffer.from(text), "m.csv")).toEqual([plain, plain]);
  });

  it.each([
    "sc_run_name,CZI_run_name,path,rule,score,status\na,b,/d/a,exact,1,",
    "sc_run_name,CZI_run_name,path,rule,score,status\na,b,/d/a",
  ])("(34.silence) a row without a status is not taken for matched: %j", (text) => {
    expect(() => parseMatches(Buffer.from(text), "m.csv")).toThrow(
      expect.objectContaining({ code: "CONFIG_FIELD", message: expect.stringContaining("expected a status") }),
    );
  });

  it.each(["", "a,b\n1,2", "sc_run_name,CZI_run_name\n,x", "sc_run_name,CZI_run_name,status\na,b,maybe"])(
    "%j is refused",
    (text) => {
      expect(() => parseMatches(Buffer.from(text), "m.csv")).toThrow(expect.objectContaining({ code: "CONFIG_FIELD" }));
    },
  );
});

describe("decisions", () => {
  it("are read, open ones passed over", () => {
    const text = "archive_path,portal_run_id,decision,who,note\n/d/a/,7,Accept,me,sure\n/d/b,8,,,\n/d/c,9,no,,\n";
    expect(parseDecisions(Buffer.from(text), "d.csv")).toEqual([
      { archivePath: "/d/a", portalRun: "7", accepted: true, who: "me", note: "sure" },
      { archivePath: "/d/c", portalRun: "9", accepted: false, who: "", note: "" },
    ]);
  });

  it.each(["a,b,c\n", "archive_path,portal_run_id,decision\n/d,7,perhaps\n", "archive_path,portal_run_id,decision\n,7,yes\n"])(
    "%j is refused",
    (text) => {
      expect(() => parseDecisions(Buffer.from(text), "d.csv")).toThrow(expect.objectContaining({ code: "CONFIG_FIELD" }));
    },
  );
});
