import { expect, it } from "vitest";
import { jsonWords } from "./json-words.js";

it("says what a JSON value is in a few words", () => {
  const long = "x".repeat(70);
  expect([undefined, null, 1.5, "a", true, [1, 2], {}, long].map(jsonWords)).toEqual([
    "absent",
    "null",
    "1.5",
    '"a"',
    "true",
    "a list of 2",
    "an object",
    `"${"x".repeat(56)}...`,
  ]);
});
