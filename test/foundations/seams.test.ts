import { describe, expect, it } from "vitest";
import { filesBelow, readText } from "./sources.js";

/** Places where one part hands over to the next and once went wrong. Each has a number; the titles of tests carry those that they guard. */
const SEAMS = 52;
const TITLE = /\bseams? (\d+(?:(?:, | and )\d+)*)\b[^\n]*["'`]/g;

const suites = ["src", "test", "examples"].flatMap((folder) => filesBelow(folder, (path) => path.endsWith(".test.ts")));

describe("the seams", () => {
  it("are each guarded by a test", () => {
    const guarded = new Set(
      suites
        .filter((path) => !path.endsWith("foundations/seams.test.ts"))
        .flatMap((path) => [...readText(path).matchAll(TITLE)])
        .flatMap(([, numbers = ""]) => numbers.split(/, | and /).map(Number)),
    );
    const wanted = Array.from({ length: SEAMS }, (_, i) => i + 1);
    expect(wanted.filter((seam) => !guarded.has(seam))).toEqual([]);
    expect([...guarded].filter((seam) => seam < 1 || seam > SEAMS)).toEqual([]);
  });
});
