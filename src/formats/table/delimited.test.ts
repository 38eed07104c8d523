import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseTable } from "./delimited.js";

const { tables } = JSON.parse(
  readFileSync(new URL("../../../test/golden/ingest/python.golden.json", import.meta.url), "utf8"),
) as {
  tables: [string, "," | "\t", string[][]][];
};

describe("parseTable", () => {
  it.each(tables)("%j separated by %j is what Python's csv reads", (text, separator, expected) => {
    expect(parseTable(text, separator, "m.csv").map(({ cells }) => cells)).toEqual(expected);
  });

  it("knows the line of each row, past line ends inside quotes", () => {
    expect(parseTable('a\n"b\nc"\r\nd\re\n', ",", "m.csv").map(({ line }) => line)).toEqual([1, 2, 4, 5]);
  });

  it("drops a byte order mark", () => {
    expect(parseTable("\ufeffrun_name,x\n", ",", "m.csv")[0]!.cells).toEqual(["run_name", "x"]);
  });

  it("a quote without an end is CONFIG_SYNTAX at its line", () => {
    expect(() => parseTable('a\n"b\nc', ",", "m.csv")).toThrow(
      expect.objectContaining({ code: "CONFIG_SYNTAX", facts: expect.objectContaining({ place: { file: "m.csv", line: 2 } }) }),
    );
  });
});
