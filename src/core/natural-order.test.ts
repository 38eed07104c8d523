import { expect, it } from "vitest";
import { inNumbers } from "./natural-order.js";

it("orders numbers in names by their value, whatever the order they come in", () => {
  const names = ["TS_01", "TS_1", "TS_2", "TS_10", "ts_2b"];
  expect(names.toSorted(inNumbers)).toEqual(names.toReversed().toSorted(inNumbers));
  expect(["TS_10", "TS_2", "TS_1"].toSorted(inNumbers)).toEqual(["TS_1", "TS_2", "TS_10"]);
});
