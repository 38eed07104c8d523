import { readFileSync } from "node:fs";
import fc from "fast-check";
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
      expect.objectContaining({
        code: "CONFIG_SYNTAX",
        facts: expect.objectContaining({ place: { file: "m.csv", line: 2, column: 1 } }),
      }),
    );
  });

  it("places are those of an editor: quotes, line ends within fields, CRLF and CR", () => {
    const rows = parseTable('\ufeffa,"b\r\nc",d\r\n"x ""y""",,z\rlast\n"e\rf"\n\n', ",", "m.csv");
    expect(rows.map(({ cells, line, columns }) => [cells, line, columns])).toEqual([
      [["a", "b\r\nc", "d"], 1, [1, 3, 4]],
      [['x "y"', "", "z"], 3, [1, 11, 12]],
      [["last"], 4, [1]],
      [["e\rf"], 5, [1]],
    ]);
  });

  it("reads back whatever is quoted", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", "\r\n", " ", "é") });
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 5 }), fc.boolean(), (records, strict) => {
        const text = records.map((record) => record.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")).join("\r\n");
        expect(parseTable(text, ",", "m.csv", { strict }).map(({ cells }) => cells)).toEqual(records);
      }),
    );
  });

  it.each([
    ['a,"b', 1, 3],
    ['a\n"b"c', 2, 4],
  ])("strict: names the place of %j", (text, line, column) => {
    expect(() => parseTable(text, ",", "m.csv", { strict: true })).toThrowError(
      expect.objectContaining({
        code: "CONFIG_SYNTAX",
        facts: expect.objectContaining({ place: { file: "m.csv", line, column } }),
      }),
    );
  });
});
