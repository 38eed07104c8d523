import { expect, it } from "vitest";
import { taskStates } from "../executors/schedule.js";
import { onlyLate } from "./work-blocks.js";

it("tasks that are done alone wait for each other, and are given up where another of their needs has failed", () => {
  // 0 is done, 1 failed; 2 needs 0, 3 needs 2, 4 needs 1, 5 needs 4
  const needs = [[], [], [0], [2], [1], [4]];
  const first = taskStates(6);
  first.set(0, "done");
  first.set(1, "failed");
  for (const late of [2, 3, 4, 5]) first.set(late, "cancelled");
  const second = onlyLate(first, new Set([2, 3, 4, 5]), {
    count: 6,
    needs: (number, visit) => needs[number]!.forEach(visit),
  });
  expect([0, 1, 2, 3, 4, 5].map((number) => second.get(number))).toEqual([
    "already",
    "failed",
    undefined,
    undefined,
    "blocked",
    "blocked",
  ]);
});
