import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EmporiumError } from "../../core/errors.js";
import { seededRandom } from "../../core/random.js";
import type { Task, TaskResult } from "../task.js";
import { type LocalOptions, runLocal } from "./local.js";
import type { Grant, Performed } from "./schedule.js";

function task(id: string, facts: Partial<Task> = {}): Task {
  return {
    id,
    title: id,
    run: "x",
    params: {},
    inputs: [],
    outputs: [],
    needs: [],
    bytes: 0,
    memoryBytes: 0,
    threads: 1,
    ...facts,
  };
}

const fail = new EmporiumError("FORMAT_CORRUPT", "broken");

/** Runs tasks whose ends the test decides: each ends when `end` is called with its id. */
function bench(tasks: Task[], options: Partial<LocalOptions> = {}, already: string[] = []) {
  const started: string[] = [];
  const settled: string[] = [];
  const grants = new Map<string, Grant>();
  const ends = new Map<string, (performed: Performed) => void>();
  const done = runLocal(
    tasks,
    new Map(already.map((id) => [id, { task: tasks.find((t) => t.id === id)!, state: "already" } satisfies TaskResult])),
    (one, grant) => {
      started.push(one.id);
      grants.set(one.id, grant);
      return new Promise((resolve) => ends.set(one.id, resolve));
    },
    {
      jobs: 2,
      memoryBytes: 100,
      signal: new AbortController().signal,
      endsRun: () => false,
      onSettled: ({ task: { id }, state }) => settled.push(`${id} ${state}`),
      ...options,
    },
  );
  return {
    started,
    settled,
    grants,
    done,
    async end(id: string, performed: Performed = { state: "done" }) {
      ends.get(id)!(performed);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const states = (results: readonly TaskResult[]) => results.map(({ task: { id }, state }) => `${id} ${state}`);

describe("runLocal", () => {
  it("starts in the order of the plan, as many as there are threads", async () => {
    const run = bench(["a", "b", "c", "d"].map((id) => task(id)));
    expect(run.started).toEqual(["a", "b"]);
    await run.end("b");
    expect(run.started).toEqual(["a", "b", "c"]);
    await run.end("a");
    await run.end("d");
    await run.end("c");
    expect(states(await run.done)).toEqual(["a done", "b done", "c done", "d done"]);
    expect(run.settled).toEqual(["b done", "a done", "d done", "c done"]);
  });

  it("starts what became ready by its place in the plan", async () => {
    const run = bench([task("a"), task("b", { needs: ["a"] }), task("c"), task("d")], { jobs: 1 });
    await run.end("a");
    expect(run.started).toEqual(["a", "b"]);
    await run.end("b");
    expect(run.started).toEqual(["a", "b", "c"]);
    await run.end("c");
    await run.end("d");
    await run.done;
  });

  it("waits for what a task only comes after, however that ends", async () => {
    const run = bench([task("x"), task("a", { needs: ["x"] }), task("b"), task("p", { needs: ["b"], after: ["a"] })], {
      jobs: 3,
    });
    expect(run.started).toEqual(["x", "b"]);
    await run.end("b");
    expect(run.started).toEqual(["x", "b"]);
    await run.end("x", { state: "failed", error: fail });
    expect(run.started).toEqual(["x", "b", "p"]);
    await run.end("p");
    expect(states(await run.done)).toEqual(["x failed", "a blocked", "b done", "p done"]);
  });

  it("does not start what comes after a task, where another that it needs has failed", async () => {
    const run = bench([task("b"), task("a"), task("p", { needs: ["b"], after: ["a"] })]);
    await run.end("b", { state: "failed", error: fail });
    await run.end("a");
    expect(states(await run.done)).toEqual(["b failed", "a done", "p blocked"]);
  });

  it("gives a task that wants all threads all of them and the whole memory, alone, and lets nobody pass it", async () => {
    const run = bench([task("a"), task("v", { threads: "all", memoryBytes: 60 }), task("c")]);
    expect(run.started).toEqual(["a"]);
    await run.end("a");
    expect(run.started).toEqual(["a", "v"]);
    expect(run.grants.get("v")).toEqual({ threads: 2, memoryBytes: 100 });
    await run.end("v");
    expect(run.started).toEqual(["a", "v", "c"]);
    expect(run.grants.get("c")).toEqual({ threads: 1, memoryBytes: 0 });
    await run.end("c");
    await run.done;
  });

  it("admits by memory", async () => {
    const run = bench([task("a", { memoryBytes: 60 }), task("b", { memoryBytes: 50 }), task("c", { memoryBytes: 50 })], {
      jobs: 8,
    });
    expect(run.started).toEqual(["a"]);
    await run.end("a");
    expect(run.started).toEqual(["a", "b", "c"]);
    await run.end("b");
    await run.end("c");
    await run.done;
  });

  it("fails what can never fit, and goes on", async () => {
    const run = bench([
      task("big", { memoryBytes: 101 }),
      task("needer", { needs: ["big"] }),
      task("small", { memoryBytes: 100 }),
    ]);
    await run.end("small");
    const [big, needer, small] = await run.done;
    expect(big).toMatchObject({ state: "failed", error: { code: "MEMORY_LIMIT", message: expect.stringContaining("101 B") } });
    expect(needer).toMatchObject({ state: "blocked", error: { code: "TASK_BLOCKED" } });
    expect(small?.state).toBe("done");
  });

  it("lets a failure take those that need it, however far, and nobody else", async () => {
    const run = bench([
      task("a"),
      task("b", { needs: ["a"] }),
      task("c", { needs: ["b", "d"] }),
      task("d"),
      task("e", { needs: ["d"] }),
    ]);
    await run.end("a", { state: "failed", error: fail });
    expect(run.settled).toEqual(["a failed", "b blocked", "c blocked"]);
    await run.end("d");
    await run.end("e");
    const results = await run.done;
    expect(states(results)).toEqual(["a failed", "b blocked", "c blocked", "d done", "e done"]);
    expect(results[2]!.error?.message).toBe("c was not started, because a failed");
  });

  it("starts nothing more after a failure that ends the run, but waits for what runs", async () => {
    const run = bench(
      ["a", "b", "c"].map((id) => task(id)),
      { endsRun: () => true },
    );
    await run.end("a", { state: "failed", error: fail });
    expect(run.started).toEqual(["a", "b"]);
    await run.end("b");
    const results = await run.done;
    expect(states(results)).toEqual(["a failed", "b done", "c cancelled"]);
    expect(results[2]!.error?.message).toContain("broken");
  });

  it("starts nothing more once stopped", async () => {
    const stop = new AbortController();
    const run = bench([task("a"), task("b", { needs: ["a"] }), task("c"), task("d")], { signal: stop.signal });
    stop.abort();
    await run.end("a");
    await run.end("c", { state: "cancelled", error: new EmporiumError("CANCELLED", "cut off") });
    const results = await run.done;
    expect(states(results)).toEqual(["a done", "b cancelled", "c cancelled", "d cancelled"]);
    // one was cut off, the other never began
    expect(results[2]!.error?.message).toBe("cut off");
    expect(results[3]!.error?.message).toBe("d was not started: the run was stopped");
  });

  it("counts what is done already as done", async () => {
    const run = bench([task("a"), task("b", { needs: ["a"] })], {}, ["a"]);
    expect(run.started).toEqual(["b"]);
    await run.end("b");
    expect(states(await run.done)).toEqual(["a already", "b done"]);
    expect(run.settled).toEqual(["b done"]);
  });

  it("for any plan: each task once, needs first, never more threads or memory than there are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 30 }),
        async (seed, jobs, count) => {
          const random = seededRandom(seed);
          const tasks = Array.from({ length: count }, (_, i) =>
            task(`${i}`, {
              needs: Array.from({ length: i }, (__, j) => `${j}`).filter(() => random() < 0.15),
              threads: random() < 0.2 ? "all" : 1,
              memoryBytes: Math.floor(random() * 105),
            }),
          );
          const done = new Set<string>();
          let threads = 0;
          let memory = 0;
          const results = await runLocal(
            tasks,
            new Map(),
            async (one, grant) => {
              threads += grant.threads;
              memory += grant.memoryBytes;
              expect(threads).toBeLessThanOrEqual(jobs);
              expect(memory).toBeLessThanOrEqual(100);
              expect(one.needs.filter((need) => !done.has(need))).toEqual([]);
              for (let turns = Math.floor(random() * 5); turns > 0; turns--) await Promise.resolve();
              threads -= grant.threads;
              memory -= grant.memoryBytes;
              if (random() < 0.1) return { state: "failed", error: fail };
              done.add(one.id);
              return { state: "done" };
            },
            { jobs, memoryBytes: 100, signal: new AbortController().signal, endsRun: () => false, onSettled: () => {} },
          );
          expect(results.map((result) => result.task)).toEqual(tasks);
          const state = new Map(results.map((result) => [result.task.id, result.state]));
          for (const { id, needs } of tasks) {
            const blocked = needs.some((need) => state.get(need) === "failed" || state.get(need) === "blocked");
            expect(state.get(id) === "blocked").toBe(blocked);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
