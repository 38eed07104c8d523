import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editDistance, nearest } from "./nearest.js";

describe("editDistance", () => {
  it.each([
    ["", "", 0],
    ["kitten", "sitting", 3],
    ["ca", "abc", 3], // optimal string alignment: a swapped pair is not edited again
    ["tomgoram", "tomogram", 1],
    ["abc", "", 3],
  ])("%j to %j is %d", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it("is symmetric, zero only for equal words, and never above the longer length", () => {
    const word = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});

describe("nearest", () => {
  const commands = ["ingest run", "ingest plan", "ingest convert", "doctor", "demo"];
  it.each([
    ["docter", "doctor"],
    ["Doctor", "doctor"],
    ["dmeo", "demo"],
    ["ingest rnu", "ingest run"],
    ["xyz", undefined],
    ["", undefined],
  ])("takes %j for %j", (word, meant) => {
    expect(nearest(word, commands)).toBe(meant);
  });

  it("does not compare words of more than 200 letters", () => {
    const word = (length: number) => "a".repeat(length - 1);
    expect(nearest(`${word(200)}b`, [`${word(200)}c`])).toBe(`${word(200)}c`);
    expect(nearest(`${word(201)}b`, [`${word(201)}c`])).toBeUndefined();
  });

  it("takes the first of equals and finds itself", () => {
    expect(nearest("ac", ["ab", "ad"])).toBe("ab");
    expect(nearest("ad", ["ab", "ad"])).toBe("ad");
  });

  it("is the first of those with the smallest edit distance, whatever is left out before it is counted", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c", "é", "1"), maxLength: 7 });
    fc.assert(
      fc.property(word, fc.array(word, { maxLength: 12 }), (asked, candidates) => {
        const near = candidates
          .map((candidate) => ({ candidate, distance: editDistance(asked, candidate) }))
          .filter(({ candidate, distance }) => distance <= Math.max(1, Math.floor(Math.max(asked.length, candidate.length) / 3)))
          .sort((a, b) => a.distance - b.distance);
        expect(nearest(asked, candidates)).toBe(near[0]?.candidate);
      }),
    );
  });
});
