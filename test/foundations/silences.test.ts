import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readText } from "./sources.js";

const PAGE = "docs/design/silences.md";

/** File, function, what is decided, what becomes of it. */
const rows = [...readText(PAGE).matchAll(/^\| `([^`|]+)` \| (.+) \| (.+) \| (.+) \|$/gm)].map(
  ([, ...cells]) => cells as string[],
);

describe("the page of decisions that nobody is asked for", () => {
  it("(34.silence) names files that exist, and functions that are in them", () => {
    expect(rows.length).toBeGreaterThan(40);
    const wrong = rows.flatMap(([file, where]) => {
      if (!existsSync(new URL(`../../${file}`, import.meta.url))) return [`${file} is not there`];
      const text = readText(file!);
      return [...where!.matchAll(/`([^`]+)`/g)].flatMap(([, name]) => (text.includes(name!) ? [] : [`${file} has no ${name}`]));
    });
    expect(wrong).toEqual([]);
  });

  it("(34.silence) has no line numbers: they change with every line before them", () => {
    expect(rows.flat().filter((cell) => /\.ts:\d|\blines? \d/.test(cell))).toEqual([]);
  });
});
