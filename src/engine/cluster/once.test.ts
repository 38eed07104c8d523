import { expect, it } from "vitest";
import { silentLog } from "../../core/log.js";
import { memoryStore } from "../../stores/memory/store.js";
import { publishObject } from "../atomic.js";
import type { Operation, Task, TaskContext } from "../task.js";
import { exactlyOnce } from "./once.js";
import type { OpenRun } from "./run-record.js";

/** What processes do that each begin one task, one after the other, and the objects that are there then. */
async function doneBy(tokens: readonly string[], deterministic: boolean) {
  const store = memoryStore();
  const run = { store, folder: "run/" } as unknown as OpenRun;
  const task = { id: "t1", title: "t1", outputs: ["out/a.txt"], deterministic } as unknown as Task;
  const context = { source: store, target: store, memoryBytes: 2 ** 25, notes: [], log: silentLog } as unknown as TaskContext;
  const outcomes = [];
  for (const token of tokens) {
    const work: Operation = async (_, { target, signal }) => ({
      outputs: [await publishObject({ target, signal }, "out/a.txt", new TextEncoder().encode(token))],
    });
    outcomes.push(await exactlyOnce(run, { work }, token)["work"]!(task, context));
  }
  const objects: Record<string, string> = {};
  for await (const { key } of store.list("")) objects[key] = new TextDecoder().decode(await store.read(key));
  return { outcomes, objects };
}

it("a task that always gives the same bytes is done, and no record kept", async () => {
  expect((await doneBy(["one"], true)).objects).toEqual({ "out/a.txt": "one" });
});

it("of a task that gives other bytes each time those of the first process count, whoever does it again", async () => {
  const { outcomes, objects } = await doneBy(["one", "two"], false);
  expect(objects["out/a.txt"]).toBe("one");
  expect(outcomes[1]).toMatchObject({ outputs: [{ key: "out/a.txt", size: 3, crc32: outcomes[0]!.outputs[0]!.crc32 }] });
  expect(Object.keys(objects).filter((key) => /two/.test(key))).toEqual([]);
});
