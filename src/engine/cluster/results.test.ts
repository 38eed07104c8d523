import { expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Task, TaskContext } from "../task.js";
import { readResult, resultOperation } from "./results.js";

const task = { id: "0123456789abcdef0123456789abcdef", title: "count", outputs: ["counts/0.json"] } as unknown as Task;

it("does the work of a task once for each run, and tells its object the second time", async () => {
  const target = memoryStore({ now: () => 5 });
  const context = { target, clock: manualClock(0), signal: new AbortController().signal } as unknown as TaskContext;
  let works = 0;
  const work = async () => ({ works: ++works });
  const first = await resultOperation("run-a", work)(task, context);
  expect(first.outputs).toEqual([expect.objectContaining({ key: "counts/0.json", modifiedMs: 5 })]);
  expect(await resultOperation("run-a", work)(task, context)).toEqual(first);
  expect(await readResult(target, "run-a", "counts/0.json")).toEqual({ works: 1 });
  expect(await readResult(target, "run-b", "counts/0.json")).toBeUndefined();
  await resultOperation("run-b", work)(task, context);
  expect(await readResult(target, "run-b", "counts/0.json")).toEqual({ works: 2 });
});
