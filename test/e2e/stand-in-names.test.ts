import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../real-data.js";
import { texts, writtenIn } from "./stand-in-entries.js";
import { globExpression, matching, regexExpression, searchExpression, text, textsOf } from "./stand-in-names.js";

const configs = new URL("ingest-configs/", REAL_DATA);

const first = (expressions: Parameters<typeof textsOf>[0], count: number, prefix = "") => {
  const found: string[] = [];
  for (const one of textsOf(expressions, prefix)) if (found.push(one) === count) break;
  return found;
};

describe("texts that patterns accept", () => {
  it.each([
    ["(.*)_bin8_align.rec", "_bin8_align.rec"],
    ["TS_\\d{1,2}$", "TS_1"],
    ["^10155_(.*)_\\d\\d\\d\\d$", "10155__1111"],
    ["(.+?)(?:\\.mrc)?\\.st$", "x.st"],
    ["[^\\._].*\\.(mrc|st|ali)$", "x.st"],
    ["([\\d\\.]{5,7})$", "11111"],
    ["a|b+|", ""],
    ["(?P<run>[A-C]x){2}", "AxAx"],
  ])("%s begins with %s", (source, shortest) => {
    expect(first([regexExpression(source)], 1)).toEqual([shortest]);
  });

  it("of a glob: wildcards stand for something, and not for a hidden name", () => {
    expect(first([globExpression("frames/*_??.tif")], 1)).toEqual(["frames/x_xx.tif"]);
    expect(first([globExpression("a/**/[!._]*.mrc")], 1)).toEqual(["a/x/xx.mrc"]);
  });

  it("of several at once, behind a prefix", () => {
    const both = [{ bare: globExpression("tomos/*") }, searchExpression("/TS_\\d\\d\\d_lp50.rec$")];
    expect(matching(both, undefined, { prefix: "memory:in/" })).toBe("tomos/TS_111_lp50.rec");
    expect(matching([text("a"), text("b")])).toBeUndefined();
    const anchored = searchExpression("^in/x");
    expect(matching([anchored, { bare: globExpression("*") }], undefined, { prefix: "in/" })).toBe("x");
    expect(matching([anchored, { bare: globExpression("*") }], undefined, { prefix: "an/in/" })).toBeUndefined();
  });

  it("with a name in the place of the first group, and further ones where the first are not approved", () => {
    const named = regexExpression("(.*?)_.*?_MS.mod", { group: "TS_1", without: "/", inside: true });
    expect(matching([named, globExpression("TS_1_*MS.mod")])).toBe("TS_1__MS.mod");
    expect(matching([regexExpression("a+")], (found) => found.length > 2)).toBe("aaa");
  });

  it("anything made for a pattern is matched by the pattern", () => {
    const atom = fc.constantFrom(
      "a",
      "B",
      "1",
      "_",
      "\\.",
      ".",
      "\\d",
      "\\w",
      "[ab]",
      "[^a]",
      "[0-9_]",
      "[\\d\\.]",
      "(?:ab|c)",
      "(x|y_)",
    );
    const quantified = fc
      .tuple(atom, fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,2}", "*?", "{1,}"))
      .map(([one, many]) => one + many);
    const branch = fc.array(quantified, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(""));
    const pattern = fc.array(branch, { minLength: 1, maxLength: 3 }).map((branches) => branches.join("|"));
    fc.assert(
      fc.property(pattern, pattern, (one, other) => {
        const regex = new RegExp(`^(?:${one})$`);
        const found = first([regexExpression(one)], 4);
        expect(found.length).toBeGreaterThan(0);
        for (const made of found) expect(made).toMatch(regex);
        for (const made of first([regexExpression(one), searchExpression(other)], 2)) {
          expect(made).toMatch(regex);
          expect(made).toMatch(new RegExp(other));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.skipIf(!existsSync(configs))("every regular expression of the public configurations has a text, and matches it", () => {
    const sources = new Set<string>();
    for (const name of readdirSync(configs, { recursive: true }) as string[]) {
      if (!name.endsWith(".yaml") || name.endsWith("template.yaml")) continue;
      for (const entry of writtenIn(readFileSync(new URL(name, configs)), name).entries) {
        const { match_regex: match, name_regex: named } = entry.parameters;
        const filters = [...Object.values(entry.include), ...Object.values(entry.leaveOut)].flat();
        for (const source of [...texts(match), ...texts(named), ...filters, ...entry.exclude])
          if (source !== "") sources.add(source);
      }
    }
    expect(sources.size).toBeGreaterThan(300);
    const without = [...sources].filter((source) => {
      const regex = new RegExp(source.replaceAll("(?P<", "(?<"));
      const found = matching([searchExpression(source)]);
      return found === undefined || !regex.test(found);
    });
    expect(without).toEqual([]);
  });
});
