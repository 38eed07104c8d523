import { describe, expect, it } from "vitest";
import { filesBelow, readText } from "../foundations/sources.js";

/** Acceptance facts of the microscopy catalogue: each has a number, and the titles of tests begin with those that they prove. */
const FACTS = 92;
const suites = filesBelow("test/e2e", (path) => /\/catalog-(?:facts-[a-z]+|cli)\.test\.ts$/.test(path));
const TITLE = /(?:\b(?:it|fact|judged)|\bskipIf\([^)]*\)|\]\))(?:\?\.)?\(\s*["`](\d+(?:(?:, | to )\d+)*): /g;

function factsOf(text: string): number[] {
  return [...text.matchAll(TITLE)].flatMap(([, numbers = ""]) =>
    numbers.split(", ").flatMap((part) => {
      const [first = 0, last = first] = part.split(" to ").map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    }),
  );
}

describe("the facts of the catalogue", () => {
  it("are each proven by a test", () => {
    const proven = new Set(suites.flatMap((path) => factsOf(readText(path))));
    const wanted = Array.from({ length: FACTS }, (_, i) => i + 1);
    expect(wanted.filter((fact) => !proven.has(fact))).toEqual([]);
    expect([...proven].filter((fact) => fact < 1 || fact > FACTS)).toEqual([]);
  });
});
