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

it("weighs its entries where it is told to", () => {
  const recent = new Recent<string, string>(5, (value) => value.length);
  recent.set("a", "12").set("b", "123").set("c", "1");
  expect([...recent.keys()]).toEqual(["b", "c"]);
  recent.set("b", "1234");
  expect([...recent]).toEqual([
    ["c", "1"],
    ["b", "1234"],
  ]);
  expect(recent.delete("c")).toBe(true);
  recent.set("d", "1234567");
  expect([...recent.keys()]).toEqual(["d"]);
  recent.clear();
  recent.set("e", "12").set("f", "123");
  expect(recent.size).toBe(2);
});
