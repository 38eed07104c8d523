import { describe, expect, it } from "vitest";
import { matching, oneOf, several, text, texts, whole } from "./parameter.js";

describe("a parameter of an address", () => {
  it.each([
    ["whole", whole, ["0", "007", 12, "999999999"], ["", "-1", "1.5", "1e3", "1234567890", -1, 1.5, Number.NaN, null, ["1"]]],
    ["text", text, ["", "a\nb", "x".repeat(2000)], ["x".repeat(2001), 1, null, ["a"], undefined]],
    ["oneOf", oneOf("grid", "table"), ["grid", "table"], ["Grid", "", "toString", ["grid"]]],
    ["matching", matching(/^-?[a-z]{1,3}$/), ["a", "-abc"], ["abcd", "a b", "A", 3]],
    ["texts", texts, ["a", ["a", "b"], []], ["x".repeat(501), ["a", 1], ["x".repeat(501)], Array(101).fill("a"), { 0: "a" }]],
    ["several of words", several(oneOf("a", "b")), ["a", ["b", "a"]], ["c", ["a", "c"]]],
  ])("%s takes what it knows and nothing else", (_, read, good, bad) => {
    for (const value of good) expect(read(value)).toEqual(_ === "whole" ? Number(value) : value);
    for (const value of bad) expect(read(value), JSON.stringify(value)).toBeUndefined();
  });
});
