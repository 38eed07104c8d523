import { describe, expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { silentLog } from "../../core/log.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Store } from "../../stores/store.js";
import type { ArrayJob, EngineExecutor, JobHandle } from "../executors/engine-executor.js";
import type { Task } from "../task.js";
import { advance } from "./gate.js";
import { writeGraph } from "./graph.js";
import { stageEndKey, submissionKey } from "./run-files.js";
import type { OpenRun } from "./run-record.js";

/** A run of one task, and an engine that takes whatever it is given. */
async function oneTask(memoryBytes: number, store: Store = memoryStore(), more: { takeOver?: boolean } = {}) {
  const folder = ".emporium/runs/r/";
  await writeGraph(store, folder, [{ id: "t1", title: "t1", needs: [], outputs: [] }] as unknown as Task[]);
  const resources = { cpus: 8, memoryBytes, gpus: 2, queue: "long", words: ["--exclusive"] };
  const record = {
    id: "r",
    name: "n",
    stages: [{ name: "a", slices: [0, 1] }],
    resources,
    prologue: [],
    command: ["emporium"],
    logs: "/logs",
  };
  const run = { store, folder, url: "file:///target", record } as unknown as OpenRun;
  const jobs: ArrayJob[] = [];
  const executor = {
    name: "engine",
    find: async () => [],
    states: async () => new Map(),
    submit: async (job: ArrayJob): Promise<JobHandle> => ({ name: job.name, id: String(jobs.push(job)) }),
  } as unknown as EngineExecutor;
  const options = { executor, by: "me", gates: true, log: silentLog, clock: manualClock(), ...more } as unknown as Parameters<
    typeof advance
  >[1];
  return { jobs, folder, next: () => advance(run, options, async () => undefined) };
}

async function submitted(memoryBytes: number): Promise<ArrayJob[]> {
  const { jobs, next } = await oneTask(memoryBytes);
  expect(await next()).toMatchObject({ state: "submitted", slices: 1, job: { id: "1" } });
  return jobs;
}

describe("(35.2) the job that calls the gate", () => {
  it("asks for one processor, no GPU and a gigabyte, whatever the work asks for, and begins when that is over", async () => {
    const [work, gate, ...more] = await submitted(64 * 2 ** 30);
    expect(more).toEqual([]);
    expect(work).toMatchObject({ indices: [0], resources: { cpus: 8, gpus: 2, memoryBytes: 64 * 2 ** 30 } });
    expect(gate).toMatchObject({ after: [{ id: "1" }], logs: "/logs" });
    expect(gate!.indices).toBeUndefined();
    // queue and words are the profile's: without them some clusters take no job
    expect(gate!.resources).toEqual({ cpus: 1, gpus: 0, memoryBytes: 2 ** 30, queue: "long", words: ["--exclusive"] });
  });

  it("asks for no more memory than the work does", async () => {
    const [, gate] = await submitted(2 ** 28);
    expect(gate!.resources.memoryBytes).toBe(2 ** 28);
  });
});

describe("a step of a run", () => {
  it("leaves slices to whoever has recorded first that he submits them", async () => {
    const store = memoryStore();
    const late: Store = {
      ...store,
      async write(key, body, options) {
        if (key.endsWith(submissionKey("a", 0)) && options?.ifAbsent) await store.write(key, new TextEncoder().encode("{}\n"));
        return store.write(key, body, options);
      },
    };
    const { jobs, next } = await oneTask(2 ** 30, late);
    expect(await next()).toEqual({ state: "theirs", stage: "a" });
    expect(jobs).toEqual([]);
  });

  it("leaves a record without a job to whoever wrote it, unless it takes over", async () => {
    const left = new TextEncoder().encode('{"number":0,"slices":[0],"job":"n-a","by":"somebody","engine":"engine"}');
    for (const takeOver of [false, true]) {
      const store = memoryStore();
      const { jobs, folder, next } = await oneTask(2 ** 30, store, { takeOver });
      await store.write(`${folder}${submissionKey("a", 0)}`, left);
      expect(await next()).toMatchObject({ state: takeOver ? "submitted" : "theirs", stage: "a" });
      expect(jobs.length > 0).toBe(takeOver);
    }
  });

  it.each([
    ["0 where all is done", { done: 5, failed: 0, blocked: 0 }, 0],
    ["3 where a part is", { done: 3, failed: 1, blocked: 1 }, 3],
    ["3 where some could not begin", { done: 3, failed: 0, blocked: 2 }, 3],
    ["1 where nothing is", { done: 0, failed: 5, blocked: 0 }, 1],
  ])("behind the last stage ends the run, with %s", async (_, counts, exitStatus) => {
    const store = memoryStore();
    const { folder, next } = await oneTask(2 ** 30, store);
    const end = { tasks: 5, ...counts };
    await store.write(`${folder}${stageEndKey("a")}`, new TextEncoder().encode(JSON.stringify({ ...end, submissions: 1 })));
    expect(await next()).toEqual({ state: "ended", end: { ...end, exitStatus } });
  });
});
