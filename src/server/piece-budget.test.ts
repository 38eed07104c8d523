import { expect, it } from "vitest";
import { pieceBudget } from "./piece-budget.js";

const MIB = 1024 * 1024;

it("seam 23: pieces are large while they are few, and small when many wait: memory has an end", () => {
  const budget = pieceBudget(4 * MIB);
  const taken = Array.from({ length: 100 }, () => budget.take(10 * MIB));
  expect(taken.slice(0, 5)).toEqual([MIB, MIB, MIB, MIB, MIB / 16]);
  expect(taken.reduce((sum, one) => sum + one, 0)).toBe(4 * MIB + 96 * (MIB / 16));
  for (const one of taken) budget.giveBack(one);
  expect([budget.take(10 * MIB), budget.take(7)]).toEqual([MIB, 7]);
});
