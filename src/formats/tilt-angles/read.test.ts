import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { isEmporiumError } from "../../core/errors.js";
import { parseTiltAngles } from "./read.js";

const refusal = (text: string) => {
  try {
    parseTiltAngles(text, "TS_1.rawtlt");
  } catch (error) {
    if (isEmporiumError(error)) return { code: error.code, line: error.facts.place?.line };
  }
  return undefined;
};

describe("parseTiltAngles", () => {
  it("keeps order, text and lines; blanks, empty lines, comments and CRLF do not count", () => {
    expect(parseTiltAngles("# tilt\r\n -3.00\r\n\r\n+0\r\n\t3.\r\n1e1", "x.tlt")).toEqual([
      { degrees: -3, text: "-3.00", line: 2 },
      { degrees: 0, text: "+0", line: 4 },
      { degrees: 3, text: "3.", line: 5 },
      { degrees: 10, text: "1e1", line: 6 },
    ]);
    expect(parseTiltAngles("\n \n", "x.tlt")).toEqual([]);
  });

  it.each([
    ["-3.0\n-3,0\n", 2],
    ["-3.0 0.0 3.0\n", 1],
    ["-3.0 -2.0\n0.0 1.0\n3.0 4.5\n", 1],
    ["0 1.2\n1 2.4\n2 3.6\n", 1],
    ["-3 1.2\n0 2.4\n3\n", 1],
    ["0\n\nnan\n", 3],
    ["1e999\n", 1],
    ["0x10\n", 1],
  ])("refuses %j and names the line", (text, line) => {
    expect(refusal(text)).toEqual({ code: "FORMAT_FIELD", line });
  });
});

it.each([
  ["with the number of the section before each", "1 -3.0\n2 0.0\n3 3.0\n"],
  ["with the dose behind each", "-3.0 2.4\n0.0 4.8\n3.0 7.2\n"],
  ["with order and dose, as AreTomo3 has them", "-3.0 2 3.0\n0.0 1 3.0\n3.0 3 3.0\n"],
  ["with order and the dose that is summed up in it", "-3.0 3 6.0\n0.0 1 0.0\n3.0 2 3.0\n"],
])("reads angles %s", (_, text) => {
  expect(parseTiltAngles(text, "x.rawtlt").map(({ degrees, text: written }) => [degrees, written])).toEqual([
    [-3, "-3.0"],
    [0, "0.0"],
    [3, "3.0"],
  ]);
});

const data = REAL_DATA;
const present = existsSync(new URL("expected.json", data));

/** Facts of a plain scan of the text, from `expected.json`. */
interface Facts {
  data_rows: number;
  first: number[];
  last: number[];
}
const listed: [string, Facts][] = present
  ? Object.entries(JSON.parse(readFileSync(new URL("expected.json", data), "utf8")) as Record<string, { facts?: Facts }>).flatMap(
      ([path, { facts }]) => (facts && /\.(rawtlt|tlt|xtilt)$/.test(path) ? [[path, facts] as [string, Facts]] : []),
    )
  : [];

describe("real files of tilt angles", () => {
  it.skipIf(!present)("are there to be read", () => {
    expect(listed.length).toBeGreaterThanOrEqual(9);
  });
  for (const [path, facts] of listed) {
    it(`${path} has the facts of the inventory`, () => {
      const angles = parseTiltAngles(readFileSync(new URL(path, data)), path);
      expect([angles.length, [angles[0]?.degrees], [angles.at(-1)?.degrees]]).toEqual([facts.data_rows, facts.first, facts.last]);
    });
  }
});
