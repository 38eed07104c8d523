import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkKey } from "../stores/keys.js";
import { checkName, nameFault } from "./names.js";
import { roundVoxelSpacing, sameSpacing, voxelSpacingName } from "./voxel-spacing.js";

describe("names", () => {
  it.each(["TS_1", "wnj2019-09-08-1", "é", "日本", "a b", "a.b", "10700", "a:b", "x".repeat(255)])("%j is one", (name) => {
    expect(checkName(name, "run")).toBe(name);
  });

  it("shows the first hundred characters of a long one", () => {
    const name = (length: number) => "a/".padEnd(length, "x");
    expect(() => checkName(name(100), "run")).toThrow(`the run name "${name(100)}" `);
    expect(() => checkName(name(101), "run")).toThrow(`the run name "${name(100)}…" `);
  });

  it.each(["", ".", "..", ".hidden", "a/b", "a\\b", "a\0", "a\n", " a", "a ", "\ud800", "x".repeat(256), "é".repeat(128)])(
    "%j is none",
    (name) => {
      expect(() => checkName(name, "run", { line: 3 })).toThrow(
        expect.objectContaining({ code: "NAME_UNSAFE", facts: expect.objectContaining({ place: { line: 3 } }) }),
      );
    },
  );

  it("whatever passes is a key of a store", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 20 }), (name) => {
        if (nameFault(name) === undefined && !name.endsWith(".part")) expect(checkKey(`x/${name}`)).toBe(`x/${name}`);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Expected values: Python's `'%.3f' % x` and `round(x, 3)`. */
describe("voxel spacings", () => {
  it.each([
    [13.48, "13.480"],
    [10, "10.000"],
    [4.5678, "4.568"],
    [0.0625, "0.062"],
    [0.1875, "0.188"],
    [13.4799995, "13.480"],
    [7.8405, "7.840"],
  ])("%d is named %s", (value, name) => {
    expect(voxelSpacingName(value)).toBe(name);
    expect(roundVoxelSpacing(value)).toBe(Number(name));
  });

  it("are the same within the third decimal or 0.1 %", () => {
    expect([
      sameSpacing(13.4799995, 13.48),
      sameSpacing(0.5, 0.5009),
      sameSpacing(100, 100.09),
      sameSpacing(1000, 999),
      sameSpacing(0, 0.001),
      sameSpacing(5.3, 4.99),
      sameSpacing(1, 1.002),
    ]).toEqual([true, true, true, true, true, false, false]);
  });
});
