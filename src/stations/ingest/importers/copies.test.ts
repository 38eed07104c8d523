import { describe, expect, it } from "vitest";
import { LIMITS } from "../../../core/limits.js";
import { copyMemory, extensionOf } from "./copies.js";

/** Expected values: Python's `os.path.splitext`. */
describe("extensions", () => {
  it.each([
    ["a/b.xf", ".xf"],
    ["a.b/c", ""],
    ["a.mrc.rawtlt", ".rawtlt"],
    [".hidden", ""],
    ["..x", ""],
    [".a.b", ".b"],
    ["a.", "."],
    ["tilt.com", ".com"],
  ])("%s: %j", (name, expected) => {
    expect(extensionOf(name)).toBe(expected);
  });
});

describe("memory of a copy", () => {
  it("is that of a few parts, whatever the size", () => {
    expect(copyMemory(10)).toBe(2 * 65_536);
    expect(copyMemory(LIMITS.partBytesMin)).toBe(2 * LIMITS.partBytesMin);
    expect(copyMemory(2 ** 40)).toBeLessThan(2 ** 30);
    expect(copyMemory(LIMITS.partBytesMin * 2)).toBe(2 * LIMITS.partBytesMin);
  });
});
