import { describe, expect, it } from "vitest";
import { tagPattern } from "./tag-pattern.js";

describe("tagPattern", () => {
  it("finds the names that fit", () => {
    expect([...tagPattern("^G-")(["G-001", "g-001", "XG-1", "G-é"])]).toEqual(["G-001", "G-é"]);
  });

  it("refuses what is no expression, too long, or without an end", () => {
    expect(() => tagPattern("(")).toThrow(/not a regular expression/);
    expect(() => tagPattern("x".repeat(1001))).toThrow(/at most 1000/);
    expect(() => tagPattern("^(a+)+$")([`${"a".repeat(40)}!`])).toThrow(/takes more than/);
  });
});
