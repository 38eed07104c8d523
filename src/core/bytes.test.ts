import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, inMemory, slice, spaciousBytes } from "./bytes.js";
import { LIMITS } from "./limits.js";

describe("a slice of a source", () => {
  it("reads what the array's own slice has, never what lies behind it", async () => {
    const number = fc.nat({ max: 12 });
    await fc.assert(
      fc.asyncProperty(number, number, number, number, async (offset, length, from, wanted) => {
        const bytes = Uint8Array.from({ length: 10 }, (_, at) => at);
        const part = bytes.slice(offset, offset + length);
        const source = slice(inMemory(bytes, "x"), offset, length);
        expect(await source.size()).toBe(part.length);
        expect(await source.read({ offset: from, length: wanted })).toEqual(part.slice(from, from + wanted));
      }),
    );
  });
});

describe("large buffers", () => {
  it.each([0, 2 ** 20 - 1, 2 ** 20, 5 * 2 ** 20, 33 * 2 ** 20])("of %i bytes are zero, whole and begin their block", (length) => {
    const bytes = spaciousBytes(length);
    expect([bytes.length, bytes.byteOffset]).toEqual([length, 0]);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  it("lie in a block that goes back to the system, where a smaller one would not; small ones take no more than they need", () => {
    const blocks = [1, 2 ** 20 - 1, 2 ** 20, 32 * 2 ** 20, 33 * 2 ** 20, 34 * 2 ** 20].map(
      (length) => spaciousBytes(length).buffer.byteLength,
    );
    expect(blocks).toEqual([1, 2 ** 20 - 1, ...[33, 33, 33, 34].map((mebibytes) => mebibytes * 2 ** 20)]);
  });

  it("are what pieces are joined in", () => {
    const pieces = [1, 2].map((value) => new Uint8Array(2 ** 20).fill(value));
    const whole = concat(pieces);
    expect(whole.length).toBe(2 ** 21);
    expect([whole[0], whole[2 ** 20 - 1], whole[2 ** 20], whole.at(-1)]).toEqual([1, 1, 2, 2]);
  });
});

describe("limits", () => {
  it("are above zero; scratch space holds more than memory does", () => {
    expect(Object.entries(LIMITS).filter(([, value]) => !(value > 0))).toEqual([]);
    expect(LIMITS.unsentBytes).toBeGreaterThan(LIMITS.memoryBytes);
  });
});
