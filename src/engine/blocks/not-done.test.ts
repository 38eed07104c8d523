import { expect, it } from "vitest";
import type { ErrorRecord } from "../../core/errors.js";
import type { BlockSource } from "./block-source.js";
import { notDone } from "./not-done.js";

it("what a run has not done, with the first failed task that it waits for, however far away", () => {
  const needs = [[], [], [0, 1], [0, 2], [2, 3], [], [], [1, 6]];
  const states = ["done", "failed", "blocked", "blocked", "blocked", "cancelled", "failed", "blocked"];
  const source = {
    count: needs.length,
    task: (index: number) => ({ title: `block ${index}` }),
    needs: (index: number, visit: (need: number) => void) => needs[index]!.forEach(visit),
  } as unknown as BlockSource;
  const error = { code: "INTERNAL", message: "broken" } as unknown as ErrorRecord;
  const because = "block 1";
  expect([...notDone(source, { get: (index: number) => states[index] } as never, new Map([[1, error]]))]).toEqual([
    { index: 1, title: "block 1", state: "failed", error },
    { index: 2, title: "block 2", state: "blocked", error: undefined, because },
    { index: 3, title: "block 3", state: "blocked", error: undefined, because },
    { index: 4, title: "block 4", state: "blocked", error: undefined, because },
    { index: 5, title: "block 5", state: "cancelled", error: undefined },
    { index: 6, title: "block 6", state: "failed", error: undefined },
    // the first of them where there are several
    { index: 7, title: "block 7", state: "blocked", error: undefined, because },
  ]);
});
