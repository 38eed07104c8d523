import { existsSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { globMatcher, pathFilter } from "./path-filter.js";

/** Rows of (glob, paths that it matches, paths that it does not). */
const ROWS: readonly [string, readonly string[], readonly string[]][] = [
  ["*.dm3", ["a.dm3", "data/b.dm3", "data/raw/.dm3"], ["a.dm30", "a.dm3x/y"]],
  ["/*.dm3", ["a.dm3"], ["data/a.dm3"]],
  ["data/*.dm3", ["data/a.dm3"], ["a.dm3", "data/raw/a.dm3", "x/data/a.dm3"]],
  ["data/**", ["data", "data/a", "data/b/c"], ["date/a", "a/data/b"]],
  ["data/**/x.tif", ["data/x.tif", "data/a/x.tif", "data/a/b/x.tif"], ["x.tif", "data/a/y.tif"]],
  ["**/raw/*", ["raw/a", "b/raw/a", "b/c/raw/a"], ["raw", "b/rawer/a"]],
  ["**", ["a", "a/b"], []],
  ["slice_00[0-4]?.tif", ["slice_0004.tif", "slice_004x.tif"], ["slice_0051.tif", "slice_004.tif"]],
  ["[!a]*", ["b", "bc"], ["a", "ab"]],
  ["[^a]*", ["b"], ["a"]],
  ["[]a]x", ["]x", "ax"], ["bx"]],
  ["[a-]x", ["-x", "ax"], ["bx"]],
  ["{raw,aligned}/*", ["raw/a", "aligned/b"], ["other/a", "x/raw/a"]],
  ["*.{tif,tiff,ome.{zarr,tif}}", ["a.tif", "b/a.tiff", "a.ome.zarr", "a.ome.zarr/0/0", "a.ome.tif"], ["a.zarr", "a.ome"]],
  ["a{,b}c", ["ac", "abc"], ["abbc"]],
  ["{a}", ["{a}"], ["a"]],
  ["[{]a", ["{a"], ["a"]],
  ["a\\*b", ["a*b"], ["axb"]],
  ["a\\{b,c\\}", ["a{b,c}"], ["ab"]],
  ["a\\{b,c}", ["a{b,c}"], ["ab", "ac", "a{b"]],
  ["[^]{,}]x", ["ax", "^x"], ["{x", "]x", ",x", "}x"]],
  ["masks/", ["masks/a", "x/masks/a", "masks"], ["masksx/a"]],
  ["a?c", ["abc", "aéc", "a😀c"], ["ac", "abbc", "a/c"]],
  ["a*b*c*d", ["abcd", "aXbXcXd", "abcbcd"], ["abdc", "a/bcd"]],
  ["$(id);'\"", ["$(id);'\""], ["x"]],
  ["a.b", ["a.b"], ["axb"]],
];

describe("globs", () => {
  it.each(ROWS)("%s", (glob, yes, no) => {
    const test = globMatcher(glob);
    expect(yes.filter((path) => !test(path))).toEqual([]);
    expect(no.filter((path) => test(path))).toEqual([]);
  });

  it.each([
    ["", /empty/],
    ["../x", /leads outside/],
    ["a/../b", /leads outside/],
    ["[a", /not closed/],
    ["[z-a]", /reversed/],
    ["a\\", /backslash/],
    ["/", /names nothing/],
    [`${"{a,b}".repeat(12)}`, /more than 1000/],
    // within: half of them are whole long before the others
    [`${"{x,{y,z}}".repeat(7)}`, /more than 1000/],
    ["x".repeat(1001), /too long/],
  ])("%s is refused", (glob, message) => {
    expect(() => globMatcher(glob)).toThrow(expect.objectContaining({ code: "USAGE", message: expect.stringMatching(message) }));
  });

  it("all without globs; exclude wins over include", () => {
    expect(pathFilter({})("any/thing")).toBe(true);
    const wanted = pathFilter({ include: ["*.tif", "docs/"], exclude: ["*_old*", "docs/private/**"] });
    expect(["a.tif", "a_old.tif", "b.mrc", "docs/x", "docs/private/x"].filter(wanted)).toEqual(["a.tif", "docs/x"]);
  });

  it("a star-ridden glob against a long hostile name ends", () => {
    const test = globMatcher(`${"a*".repeat(400)}b`);
    expect(test("a".repeat(20_000))).toBe(false);
  });

  it("a name escaped by backslashes matches itself and nothing else", () => {
    const name = fc
      .string({ minLength: 1, maxLength: 30 })
      .filter((text) => !/[/\0]/.test(text) && text !== "." && text !== "..");
    fc.assert(
      fc.property(name, name, (text, other) => {
        const test = globMatcher(text.replace(/[\\*?[\]{},]/g, "\\$&"));
        expect(test(text)).toBe(true);
        expect(test(other)).toBe(other === text);
      }),
    );
  });

  it("braces stand for a thousand globs, and for no more", () => {
    const digits = "{0,1,2,3,4,5,6,7,8,9}";
    expect(globMatcher(digits.repeat(3))("907")).toBe(true);
    expect(() => globMatcher(`{${digits.repeat(3)},x}`)).toThrow(/more than 1000 globs/);
  });

  it.skipIf(!existsSync("/bin/bash"))("agrees with bash on names of one folder", async () => {
    const { execFileSync } = await import("node:child_process");
    const char = fc.constantFrom("a", "b", "c", "*", "?", "[ab]", "[!a]", "[a-b]");
    const cases = fc.sample(
      fc.tuple(
        fc.array(char, { minLength: 1, maxLength: 6 }),
        fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 6 }),
      ),
      { numRuns: 300, seed: 7 },
    );
    const pairs = cases.map(([glob, name]) => [glob.join(""), name.join("")] as const);
    const script = 'while [ $# -gt 0 ]; do case "$2" in $1) echo 1;; *) echo 0;; esac; shift 2; done';
    const answers = execFileSync("/bin/bash", ["-c", script, "_", ...pairs.flat()], { encoding: "utf8" })
      .trim()
      .split("\n");
    expect(pairs.map(([glob, name]) => (globMatcher(`/${glob}`)(name) ? "1" : "0"))).toEqual(answers);
  });
});
