import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRange } from "./range-header.js";

describe("parseRange", () => {
  it.each([
    ["bytes=0-9", { offset: 0, length: 10 }],
    ["bytes=90-", { offset: 90, length: 10 }],
    ["bytes=90-1000", { offset: 90, length: 10 }],
    ["bytes=-10", { offset: 90, length: 10 }],
    ["bytes=-1000", { offset: 0, length: 100 }],
    ["BYTES = 5 - 5", { offset: 5, length: 1 }],
    ["bytes=100-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=99999999999999999999999-", "unsatisfiable"],
    // ignored, as RFC 9110 §14.2 allows
    [null, undefined],
    ["", undefined],
    ["bytes=-", undefined],
    ["bytes=9-5", undefined],
    ["bytes=0-1,3-4", undefined],
    ["items=0-1", undefined],
    ["bytes=0x1-2", undefined],
  ])("%s of 100 bytes", (header, expected) => {
    expect(parseRange(header, 100)).toEqual(expected);
  });

  it("has no part to give of an empty file", () => {
    expect(parseRange("bytes=0-", 0)).toBe("unsatisfiable");
    expect(parseRange("bytes=-5", 0)).toBe("unsatisfiable");
  });

  it("never leaves the object, whatever is asked", () => {
    const numbers = fc.oneof(fc.constant(""), fc.bigInt({ min: 0n, max: 2n ** 80n }).map(String));
    fc.assert(
      fc.property(numbers, numbers, fc.integer({ min: 0, max: 2 ** 40 }), (first, last, size) => {
        const range = parseRange(`bytes=${first}-${last}`, size);
        if (range === undefined || range === "unsatisfiable") return;
        expect(range.length).toBeGreaterThan(0);
        expect(range.offset).toBeGreaterThanOrEqual(0);
        expect(range.offset + range.length).toBeLessThanOrEqual(size);
      }),
      { numRuns: 2000 },
    );
  });
});
