import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type GlobDialect, matchesGlob, parseGlob } from "./glob.js";

const PYTHON = JSON.parse(readFileSync(new URL("../../test/golden/globs/fnmatch.json", import.meta.url), "utf8")) as [
  pattern: string,
  taken: string[],
  left: string[],
][];

function taken(pattern: string, names: readonly string[], dialect?: GlobDialect): string[] {
  const parts = parseGlob(pattern, dialect);
  return names.filter((name) => matchesGlob(parts, name));
}

describe("globs", () => {
  it.each(PYTHON)("%j takes what Python's fnmatch takes", (pattern, yes, no) => {
    expect(taken(pattern, [...yes, ...no])).toEqual(yes);
  });

  it("of a shell know backslashes and another sign of negation", () => {
    expect(taken("[^a]", ["a", "b", "^"])).toEqual(["a", "^"]);
    expect(taken("[^a]", ["a", "b", "^"], { shell: true })).toEqual(["b", "^"]);
    expect(taken("\\*", ["*", "\\*", "\\a"])).toEqual(["\\*", "\\a"]);
    expect(taken("\\*", ["*", "\\*", "\\a"], { shell: true })).toEqual(["*"]);
  });

  it.each<[string, boolean, string[]]>([
    ["[c-a]", false, ["has the reversed range c-a"]],
    ["[c-a", false, []],
    ["[c-a", true, ["has a bracket that is not closed"]],
    ["a\\", true, ["ends with a backslash"]],
    ["a\\", false, []],
  ])("tell what is wrong with %j (shell: %s)", (pattern, shell, faults) => {
    const told: string[] = [];
    parseGlob(pattern, { shell, fault: (fault) => told.push(fault) });
    expect(told).toEqual(faults);
  });

  it("take no time that grows with their stars", () => {
    expect(taken(`${"a*".repeat(400)}b`, ["a".repeat(20_000)])).toEqual([]);
  });
});
