import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cosSinDegrees } from "./rotation.js";

const golden = JSON.parse(readFileSync(new URL("../../../test/golden/alignment/rotations.json", import.meta.url), "utf8")) as [
  degrees: number,
  cos: number,
  sin: number,
][];

describe("cosSinDegrees", () => {
  it(`is rounded as mpmath rounds ${golden.length} angles`, () => {
    const found = golden.map(([degrees]) => [degrees, ...cosSinDegrees(degrees)]);
    // mpmath has no negative zero
    expect(found.map((row) => row.map((value) => value + 0 || 0))).toEqual(golden.map((row) => row.map((value) => value || 0)));
  });

  it("keeps the sign of zero, and gives numbers for any angle", () => {
    expect(cosSinDegrees(-0)).toEqual([1, -0]);
    expect(cosSinDegrees(0)).toEqual([1, 0]);
    for (const angle of [1e9, -1e300]) {
      const [cos, sin] = cosSinDegrees(angle);
      expect(cos * cos + sin * sin).toBeCloseTo(1, 12);
    }
  });
});
