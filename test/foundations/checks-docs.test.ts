import { describe, expect, it } from "vitest";
import { checksPage } from "../../scripts/reference-pages.mjs";
import { MARKS } from "../../src/stations/ingest/validate/finding.js";
import { CHECKS } from "../../src/stations/ingest/validate/table.js";
import { readText } from "./sources.js";

describe("docs/reference/checks.md", () => {
  it("is what scripts/generate-docs.mjs writes", () => {
    expect(readText("docs/reference/checks.md")).toBe(checksPage(CHECKS));
  });
});

describe("the table of checks", () => {
  it("has each id once, in kebab case behind what it is of", () => {
    const ids = CHECKS.map(({ id }) => id);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
    expect(ids.filter((id) => !/^[a-z]+(-[a-z]+)*\.[a-z0-9]+(-[a-z0-9]+)*$/.test(id))).toEqual([]);
  });

  it("has a mark, a suite and one line for each", () => {
    for (const { id, marks, suites, statement } of CHECKS) {
      expect(marks.length, id).toBeGreaterThan(0);
      expect(suites.length, id).toBeGreaterThan(0);
      expect(
        marks.filter((mark) => !MARKS.includes(mark)),
        id,
      ).toEqual([]);
      expect(statement, id).toMatch(/^[^\n|]+[^\n|.]$/);
    }
  });
});
