import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ask, askedLines, decimal, guess, Named, yamlText } from "./yaml-text.js";

describe("yamlText", () => {
  it("shows that whole floats are floats, and asks behind a value, or above a list or map", () => {
    const twice = new Named("spacing", decimal(10));
    const text = yamlText(
      {
        spacing: twice,
        again: twice,
        half: decimal(0.5),
        none: undefined,
        name: ask("x", "the name"),
        size: guess([decimal(1), 2], "the size"),
        pixel: ask(decimal(4), "the pixel"),
        of: guess({ a: decimal(2), b: null }, "what it is of"),
      },
      ["first line", "second"],
    );
    expect(text).toBe(
      [
        "# first line",
        "# second",
        "",
        "spacing: &spacing 10.0",
        "again: *spacing",
        "half: 0.5",
        "name: x # please fill in: the name [x]",
        "# please check: the size [1.0, 2]",
        "size: [1.0, 2]",
        "pixel: 4.0 # please fill in: the pixel [4.0]",
        "# please check: what it is of [2.0, null]",
        "of: {a: 2.0, b: null}",
        "",
      ].join("\n"),
    );
    expect(parse(text)).toEqual({ spacing: 10, again: 10, half: 0.5, name: "x", size: [1, 2], pixel: 4, of: { a: 2, b: null } });
    expect(askedLines(text)).toEqual([
      { line: 7, isTrailing: true, please: "please fill in", what: "the name", written: "x" },
      { line: 8, isTrailing: false, please: "please check", what: "the size", written: "1.0, 2" },
      { line: 10, isTrailing: true, please: "please fill in", what: "the pixel", written: "4.0" },
      { line: 11, isTrailing: false, please: "please check", what: "what it is of", written: "2.0, null" },
    ]);
  });
});

it("texts that PyYAML 6 reads as something else, or not at all, are put into quotes", () => {
  for (const text of [
    "1_0",
    "010",
    "1:30",
    "2026-01-01",
    "yes",
    "Off",
    "0x1F",
    "1.5e+3",
    ".inf",
    "~",
    "",
    "=",
    "<<",
    "- a",
    "a: b",
    "a #b",
  ])
    expect(yamlText({ key: text }, [])).toBe(`{key: "${text}"}\n`);
  for (const text of ["TS_1", "a-b", "wt#1"]) expect(yamlText({ key: text }, [])).toBe(`{key: ${text}}\n`);
});
