import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeRoom, sortedFloats } from "./groups.js";

describe("sortedFloats", () => {
  it("sorts as JavaScript does, −0 before 0", () => {
    const number = fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(0, -0, 1, -1, 2 ** -149, -(2 ** -149)));
    fc.assert(
      fc.property(fc.array(number, { maxLength: 300 }), fc.nat(3), (numbers, skipped) => {
        const values = Float32Array.from(numbers).subarray(Math.min(skipped, numbers.length));
        const sorted = sortedFloats(values, makeRoom(values.length));
        const wanted = Float32Array.from(values).sort();
        expect([...new Uint32Array(sorted.slice().buffer)]).toEqual([...new Uint32Array(wanted.buffer)]);
      }),
      { numRuns: 300 },
    );
  });
});
