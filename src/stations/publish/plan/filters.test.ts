import { describe, expect, it } from "vitest";
import { pathTaken } from "./filters.js";

const exclude = (pattern: string) => ({ action: "exclude", pattern }) as const;
const include = (pattern: string) => ({ action: "include", pattern }) as const;

describe("filters", () => {
  it("take everything where none fits", () => {
    expect(pathTaken([])("a/b")).toBe(true);
    expect(pathTaken([exclude("c*")])("a/b")).toBe(true);
  });

  it("the last one that fits decides", () => {
    const taken = pathTaken([exclude("*"), include("*.ktx"), exclude("old/*")]);
    expect(["a.tif", "a.ktx", "x/y/a.ktx", "old/a.ktx"].map(taken)).toEqual([false, true, true, false]);
  });

  // expected: fnmatch.fnmatchcase of Python 3.11, by which the AWS CLI decides
  it.each([
    ["*.tif", "a/b.tif", true],
    ["*.tif", "a/b.tiff", false],
    ["a?c", "abc", true],
    ["a?c", "a/c", true],
    ["a?c", "ac", false],
    ["?", "😀", true],
    ["[ab]*", "b1", true],
    ["[!ab]*", "b1", false],
    ["[!ab]*", "c1", true],
    ["[a-c]x", "bx", true],
    ["[a-c]x", "dx", false],
    ["[]]", "]", true],
    ["[!]]", "]", false],
    ["[", "[", true],
    ["[abc", "[abc", true],
    ["[abc", "a", false],
    ["[a-]", "-", true],
    ["[c-a]", "b", false],
    ["*a*a*b", "aaaab", true],
    ["*a*a*b", "ab", false],
    ["", "", true],
    ["", "a", false],
    ["*", "", true],
    ["a\\*", "a*", false],
    ["a.b", "axb", false],
  ])("%j on %j: %s", (pattern, path, fits) => {
    expect(pathTaken([exclude(pattern)])(path)).toBe(!fits);
  });

  it("a hostile pattern takes no time that grows with its stars", () => {
    expect(pathTaken([exclude(`${"*a".repeat(400)}b`)])("a".repeat(2000))).toBe(true);
  });
});
