import { describe, expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { silentLog } from "../../core/log.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { Store } from "../../stores/store.js";
import type { ArrayJob, EngineExecutor, JobHandle } from "../executors/engine-executor.js";
import type { Task } from "../task.js";
import { advance } from "./gate.js";
import { writeGraph } from "./graph.js";
import { stageEndKey, stagingFolder, submissionKey } from "./run-files.js";
import type { OpenRun } from "./run-record.js";
import { openSegments } from "./segments.js";

interface More {
  readonly takeOver?: boolean;
  readonly gates?: boolean;
  readonly engine?: Partial<EngineExecutor>;
  /** One is usual: more are as many slices. */
  readonly tasks?: number;
}

/** A run of one task, and an engine that takes whatever it is given. */
async function oneTask(memoryBytes: number, store: Store = memoryStore(), { engine, tasks = 1, ...more }: More = {}) {
  const folder = ".emporium/runs/r/";
  const all = Array.from({ length: tasks }, (_, i) => ({ id: `t${i + 1}`, title: `t${i + 1}`, needs: [], outputs: [] }));
  await writeGraph(store, folder, all as unknown as Task[]);
  const resources = { cpus: 8, memoryBytes, gpus: 2, queue: "long", words: ["--exclusive"] };
  const record = {
    id: "r",
    name: "n",
    stages: [{ name: "a", slices: Array.from({ length: tasks + 1 }, (_, i) => i) }],
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
    ...engine,
  } as unknown as EngineExecutor;
  const clock = manualClock();
  const options = { executor, by: "me", gates: true, log: silentLog, clock, ...more } as unknown as Parameters<typeof advance>[1];
  return { jobs, folder, clock, next: () => advance(run, options, async () => undefined) };
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

  it("halves an array that the engine refuses; a single slice that it refuses is no submission", async () => {
    const store = memoryStore();
    const sizes: number[] = [];
    const submit = (most: number) => async (job: ArrayJob) => {
      sizes.push(job.indices!.length);
      if (job.indices!.length > most) throw new EmporiumError("ENGINE_REFUSED", "too many");
      return { name: job.name, id: "7" };
    };
    const few = await oneTask(2 ** 30, store, { tasks: 5, gates: false, engine: { submit: submit(2) } });
    expect(await few.next()).toMatchObject({ state: "submitted", slices: 2 });
    expect(sizes).toEqual([5, 3, 2]);
    const recorded = JSON.parse(Buffer.from((await store.read(`${few.folder}${submissionKey("a", 0)}`))!).toString());
    expect(recorded).toMatchObject({ slices: [0, 1], id: "7" });
    const other = memoryStore();
    const none = await oneTask(2 ** 30, other, { tasks: 2, gates: false, engine: { submit: submit(0) } });
    await expect(none.next()).rejects.toMatchObject({ code: "ENGINE_REFUSED" });
    expect(await other.read(`${none.folder}${submissionKey("a", 0)}`)).toBeUndefined();
  });

  it("keeps a submission that the engine did not answer to, and looks its job up before it submits again", async () => {
    const store = memoryStore();
    let found: JobHandle[] = [];
    const asked: string[] = [];
    const engine = {
      async find(...names: string[]) {
        asked.push(...names);
        return found;
      },
      submit: async () => {
        throw new EmporiumError("ENGINE_SILENT", "no answer");
      },
    };
    const { folder, next } = await oneTask(2 ** 30, store, { gates: false, engine });
    await expect(next()).rejects.toMatchObject({ code: "ENGINE_SILENT" });
    const { job } = JSON.parse(Buffer.from((await store.read(`${folder}${submissionKey("a", 0)}`))!).toString());
    found = [{ name: job, id: "9" }];
    expect(await next()).toEqual({ state: "submitted", stage: "a", slices: 1, job: { name: job, id: "9" } });
    expect(asked).toEqual([job]);
  });

  it("releases what the engine holds after a failed start", async () => {
    const store = memoryStore();
    const released: string[] = [];
    const engine: Partial<EngineExecutor> = {
      states: async () => new Map([["1", { waiting: 0, running: 0, held: 1, why: "a node is down" }]]),
      release: async (jobs) => void released.push(...jobs.map(({ id }) => id)),
    };
    const { next } = await oneTask(2 ** 30, store, { gates: false, engine });
    await next();
    expect(await next()).toMatchObject({ state: "waiting", stage: "a", jobs: [{ id: "1" }], why: "a node is down" });
    expect(released).toEqual(["1"]);
  });

  it("closes a stage whose tasks are done; where a process has not told its end, only when its journal does not grow any more", async () => {
    for (const isEnded of [true, false]) {
      const store = memoryStore();
      const { folder, clock, next } = await oneTask(2 ** 30, store, { gates: false });
      await next();
      const work = async (attempt: number, ...records: object[]) => {
        const name = { slice: 0, attempt, token: `p${attempt}` };
        const segments = await openSegments(store, folder, "a", name, () => () => undefined);
        for (const record of records) await segments.add(JSON.stringify(record), true);
        await segments.close();
      };
      const end = { record: "end", complete: true, seconds: 1 };
      await work(0, { record: "done", receipt: { task: "t1", title: "t1", inputs: [], outputs: [], seconds: 1 } }, end);
      await work(1, { record: "start", task: "t1" }, ...(isEnded ? [end] : []));
      await store.write(`${folder}${stagingFolder("t1", "p1")}x`, new Uint8Array(3));
      expect(await next()).toEqual({ state: "ended", end: { tasks: 1, done: 1, failed: 0, blocked: 0, exitStatus: 0 } });
      expect(clock.sleeps.length).toBe(isEnded ? 0 : 1);
      expect(await store.read(`${folder}${stagingFolder("t1", "p1")}x`)).toBeUndefined();
    }
  });

  it("ends the slow jobs of a stage once their twins have done what was left", async () => {
    const store = memoryStore();
    const cancelled: string[] = [];
    const engine: Partial<EngineExecutor> = {
      states: async () => new Map([["1", { waiting: 0, running: 1, held: 0 }]]),
      cancel: async (jobs) => void cancelled.push(...jobs.map(({ id }) => id)),
    };
    const { folder, next } = await oneTask(2 ** 30, store, { gates: false, engine });
    await next();
    expect([(await next()).state, cancelled]).toEqual(["waiting", []]);
    const twin = { number: 1, slices: [0], job: "n-a-1", by: "me", engine: "engine", id: "2", twin: true };
    await store.write(`${folder}${submissionKey("a", 1)}`, new TextEncoder().encode(JSON.stringify(twin)));
    expect([(await next()).state, cancelled]).toEqual(["waiting", []]);
    const segments = await openSegments(store, folder, "a", { slice: 0, attempt: 1, token: "p" }, () => () => undefined);
    const receipt = { task: "t1", title: "t1", inputs: [], outputs: [], seconds: 1 };
    await segments.add(JSON.stringify({ record: "done", receipt }), true);
    await segments.close();
    expect([(await next()).state, cancelled]).toEqual(["waiting", ["1"]]);
  });
});
