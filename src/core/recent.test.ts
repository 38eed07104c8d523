import { expect, it } from "vitest";
import { Recent } from "./recent.js";

it("what was neither set nor asked for longest goes first", () => {
  const recent = new Recent<string, number>(2);
  recent.set("a", 1).set("b", 2);
  expect(recent.get("a")).toBe(1);
  recent.set("c", 3);
  expect([...recent.keys()]).toEqual(["a", "c"]);
  recent.set("a", 4).set("d", 5);
  expect([...recent]).toEqual([
    ["a", 4],
    ["d", 5],
  ]);
});
