import { describe, expect, it } from "vitest";
import { readSwc } from "./read.js";

/** Seven numbers a node, comments behind `#`: the format's specification. */
const SKELETON = `# a soma and a fork
1 1 0 0 0 5 -1

2 3 3 4 0 1 1 # a comment behind a node is no comment line
  # an indented one is
3 3 3 4 12 1 2
4 3 3 0 0 1 2
`;

describe("readSwc", () => {
  it("counts nodes, ends, forks, lengths and lines of comments", () => {
    expect(readSwc(SKELETON, "a.swc")).toEqual({
      nodes: 4,
      roots: 1,
      tips: 2,
      branchPoints: 1,
      cableLength: 5 + 12 + 4,
      types: { 1: 1, 3: 3 },
      commentLines: 2,
      faults: [],
      faultCount: 0,
    });
  });

  it.each([
    ["1 1 0 0 0 5", "expected 7, found 6 columns"],
    ["1 1 0 0 0 5 -1 8", "expected 7, found 8 columns"],
    ["1 1 0 zero 0 5 -1", 'y is "zero"; expected a number'],
  ])("%s: %s, with its line", (row, message) => {
    expect(readSwc(`${SKELETON}${row}`, "a.swc").faults).toContainEqual({ line: 8, message });
  });

  it("a text without a node is no skeleton", () => {
    expect(() => readSwc("# nothing\n", "a.swc")).toThrow(expect.objectContaining({ code: "FORMAT_UNKNOWN" }));
  });
});
