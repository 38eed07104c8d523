import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseIdentifiedTable, printRecords } from "./identified-table.js";

type Cases = Record<string, { csv: string; run: string; json: string; columns: string[] }>;

const golden = (path: string) =>
  (JSON.parse(readFileSync(new URL(`../../../../test/golden/${path}`, import.meta.url), "utf8")) as { cases: Cases }).cases;

describe("a table of identified objects", () => {
  it.each(Object.entries({ ...golden("ingest/identified-objects.json"), ...golden("identified/traps.json") }))(
    "%s: its records are printed as pandas prints them",
    (_name, { csv, run, json, columns }) => {
      const table = parseIdentifiedTable(csv, "t.csv");
      expect(table.columns).toEqual(columns);
      expect(printRecords(table.columns, table.runs!.get(run) ?? [])).toBe(json);
    },
  );

  it("without a column run_name has no runs", () => {
    expect(parseIdentifiedTable("object_id,name\n1,x\n", "t.csv").runs).toBeUndefined();
    expect(parseIdentifiedTable("", "t.csv").runs).toBeUndefined();
  });

  it("a row that is longer than the first is refused, with its line; empty cells at its end are not", () => {
    expect(() => parseIdentifiedTable("run_name,a\nx,1\n\nx,2,3\n", "t.csv")).toThrow(
      expect.objectContaining({ code: "CONFIG_SYNTAX", facts: expect.objectContaining({ place: { file: "t.csv", line: 4 } }) }),
    );
    expect(parseIdentifiedTable("run_name,a\nx,1,,\n", "t.csv").runs!.get("x")).toEqual([["1"]]);
  });

  it("runs that look like numbers are told apart by their text", () => {
    const table = parseIdentifiedTable("run_name,a\n012,x\n12,y\n", "t.csv");
    expect(table.runs!.get("12")).toEqual([['"y"']]);
    expect(table.runs!.get("012")).toEqual([['"x"']]);
  });
});
