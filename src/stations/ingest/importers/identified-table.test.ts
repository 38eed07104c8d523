import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseIdentifiedTable, printRecords } from "./identified-table.js";

const golden = JSON.parse(
  readFileSync(new URL("../../../../test/golden/ingest/identified-objects.json", import.meta.url), "utf8"),
) as { cases: Record<string, { csv: string; run: string; json: string; columns: string[] }> };

describe("a table of identified objects", () => {
  it.each(Object.entries(golden.cases))(
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

  it("runs that look like numbers are told apart by their text", () => {
    const table = parseIdentifiedTable("run_name,a\n012,x\n12,y\n", "t.csv");
    expect(table.runs!.get("12")).toEqual([['"y"']]);
    expect(table.runs!.get("012")).toEqual([['"x"']]);
  });
});
