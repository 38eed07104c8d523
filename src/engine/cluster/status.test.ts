import { describe, expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { silentLog } from "../../core/log.js";
import { memoryStore } from "../../stores/memory/store.js";
import { envOf } from "../env.js";
import type { EngineExecutor, JobState } from "../executors/engine-executor.js";
import type { Task } from "../task.js";
import { collectRun } from "./collect.js";
import { isTidy } from "./end-blocks.js";
import { writeGraph } from "./graph.js";
import { END, stageEndKey, submissionKey } from "./run-files.js";
import type { OpenRun } from "./run-record.js";
import { openSegments } from "./segments.js";
import { runStatus } from "./status.js";

/** A run of two stages: a of the tasks t0 and t1, b of t2. */
async function scene() {
  const store = memoryStore();
  const folder = ".emporium/runs/r/";
  const tasks = [0, 1, 2].map((i) => ({ id: `t${i}`, title: `task ${i}`, needs: [], outputs: [] }));
  await writeGraph(store, folder, tasks as unknown as Task[]);
  const record = {
    ...{ id: "r", name: "n", engine: "slurm", tasks: 3, createdMs: 0, locks: [], logs: "/logs" },
    ...{ resources: { cpus: 2 }, stages: [{ name: "a", slices: [0, 1, 2] }, { name: "b", slices: [2, 3] }] }, // biome-ignore format: one record
  };
  const run = { store, folder, url: "u", record } as unknown as OpenRun;
  const put = (key: string, value: object) => store.write(`${folder}${key}`, Buffer.from(JSON.stringify(value)));
  const submit = (more: object = {}) =>
    put(submissionKey("a", 0), { number: 0, slices: [0, 1], job: "j", by: "me", engine: "slurm", id: "1", ...more });
  const work = async (slice: number, token: string, ...records: object[]) => {
    const segments = await openSegments(store, folder, "a", { slice, attempt: 0, token }, () => () => undefined);
    for (const one of records) await segments.add(JSON.stringify(one), true);
    await segments.close();
  };
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of store.list(folder)) found.push(key.slice(folder.length));
    return found;
  };
  return { run, put, submit, work, keys };
}
const done = (task: string) => ({ record: "done", receipt: { task, title: task, inputs: [], outputs: [], seconds: 1 } });
const ended = { record: "end", complete: true, seconds: 3600 };
const end = (facts: object) => ({ tasks: 3, done: 3, failed: 0, blocked: 0, exitStatus: 0, ...facts });

/** An engine that has these jobs. */
const engine = (states: Record<string, Partial<JobState>>, name = "slurm") =>
  ({
    ...{ name, find: async () => [] },
    states: async () => new Map(Object.entries(states).map(([id, state]) => [id, { waiting: 0, running: 0, held: 0, ...state }])),
  }) as unknown as EngineExecutor;
const broken = (code: "ENGINE_SILENT" | "ENGINE_ABSENT" | "STORE_DENIED") =>
  ({ name: "slurm", states: () => Promise.reject(new EmporiumError(code, `it is ${code}`)) }) as unknown as EngineExecutor;
const clock = { ...manualClock(), sleep: () => new Promise<void>(() => {}) };
const statusOf = (run: OpenRun, executor?: EngineExecutor) => runStatus(run, executor, clock);

describe("the state of a run", () => {
  it("is prepared until it is given to an engine, or another program begins a slice", async () => {
    const { run, work } = await scene();
    const first = await statusOf(run, broken("ENGINE_SILENT"));
    expect([first.status, first.exitStatus, first.unasked, first.stages.map(({ state }) => state)]).toEqual([
      ...["prepared", 0, undefined],
      ["waiting", "waiting"],
    ]);
    expect(first.toText()).toMatch(/nobody has begun it: emporium engine export u /);
    await work(0, "p", done("t0"));
    expect(await statusOf(run, broken("ENGINE_SILENT"))).toMatchObject({
      status: "running",
      done: 1,
      stages: [{ done: 1, state: "running" }, {}],
    });
  });

  it("is running while the engine has its jobs, stopped when it has none, and unknown where it is silent", async () => {
    const { run, submit, work } = await scene();
    await submit();
    const running = await statusOf(run, engine({ 1: { running: 2, waiting: 1, why: "a limit" } }));
    expect(running).toMatchObject({
      status: "running",
      exitStatus: 0,
      errors: [],
      stages: [{ jobs: { running: 2, waiting: 1 } }, { state: "waiting" }],
    });
    expect(running.toText()).toMatch(
      /^n on slurm: running, 0 of 3 tasks done\nu\n {2}a {2}\.{24} {2}0\/2; 2 running, 1 waiting \(a limit\)/,
    );
    expect(running.toText()).toMatch(/b .* 0\/1; waits for a\n[\s\S]*logs of the jobs: \/logs$/m);
    await work(0, "p", done("t0"), ended);
    const stopped = await statusOf(run, engine({}));
    expect([stopped.status, stopped.exitStatus, stopped.done]).toEqual(["stopped", 0, 1]);
    expect(stopped.toText()).toContain("no job of it is left: emporium engine resume u goes on");
    const silent = await statusOf(run, broken("ENGINE_SILENT"));
    expect(silent).toMatchObject({ status: "unknown", unasked: { code: "ENGINE_SILENT" }, errors: [{ code: "ENGINE_SILENT" }] });
    expect([silent.exitStatus > 0, silent.toText()]).toEqual([
      true,
      expect.stringContaining("does not answer: its jobs may still be running"),
    ]);
    const absent = await statusOf(run, broken("ENGINE_ABSENT"));
    expect([absent.status, absent.exitStatus, absent.unasked?.code]).toEqual(["running", 0, "ENGINE_ABSENT"]);
    expect(absent.toText()).toContain("the queue is not shown: it is ENGINE_ABSENT");
    expect((await statusOf(run, broken("STORE_DENIED"))).status).toBe("unknown");
    expect((await statusOf(run)).status).toBe("running");
  });

  it("is not taken for stopped where the last jobs are another engine's", async () => {
    const { run, submit } = await scene();
    await submit({ engine: "lsf" });
    const status = await statusOf(run, engine({}));
    expect([status.status, status.elsewhere]).toEqual(["running", "lsf"]);
    expect(status.toText()).toMatch(/the last jobs were given to .*LSF, which cannot be asked from here/);
  });

  it.each([
    [{}, "done"],
    [{ exitStatus: 3, done: 2, failed: 1 }, "partial"],
    [{ exitStatus: 1, done: 0, failed: 3 }, "failed"],
    [{ exitStatus: 130, done: 0 }, "cancelled"],
  ] as const)("is its end, of which no engine is asked: %j", async (facts, state) => {
    const { run, put, submit } = await scene();
    await submit();
    await put(END, end(facts));
    await put(stageEndKey("a"), { tasks: 2, done: 2, failed: 0, blocked: 0, submissions: 1 });
    const status = await statusOf(run, broken("ENGINE_SILENT"));
    expect([status.status, status.exitStatus, status.unasked, status.elsewhere]).toEqual([
      state,
      end(facts).exitStatus,
      undefined,
      undefined,
    ]);
    expect(status.stages[0]).toMatchObject({ state: "over", done: 2, submissions: 1 });
    expect(status.stages[0]).not.toHaveProperty("secondsLeft");
  });
});

describe("what an ended run has left (engine gc)", () => {
  const env = envOf({ log: silentLog });

  it("is counted where nothing is to be removed, and then it goes but for receipts and figures", async () => {
    const { run, put, submit, work, keys } = await scene();
    await submit();
    await work(0, "p", done("t0"), ended);
    await work(1, "q", done("t1"), ended);
    await expect(collectRun(run, env)).rejects.toMatchObject({ code: "USAGE" });
    await put(END, end({ done: 2 }));
    const before = await keys();
    // each line that was written at once is an object
    const counted = await collectRun(run, env, true);
    expect([await keys(), counted.receipts]).toEqual([before, 2]);
    expect(counted.removed).toMatchObject({ journals: { objects: 4 }, tasks: { objects: 2 }, submissions: { objects: 1 } });
    const removed = await collectRun(run, env);
    expect([removed.removed, removed.receipts]).toEqual([counted.removed, 2]);
    expect(await keys()).toEqual(["end.json", "journal/a/0.0.seed.0", "stages/a/figures.json", "stages/b/figures.json"]);
    const again = await collectRun(run, env);
    expect([again.receipts, Object.values(again.removed).every(({ objects }) => objects === 0)]).toEqual([2, true]);
    expect(await statusOf(run)).toMatchObject({ status: "done", done: 2, cpuHours: 4 });
  });
});

describe("a run of blocks was tidy", () => {
  it.each<[string, boolean, [slice: number, token: string, ...records: object[]][]]>([
    ["nobody worked", true, []],
    [
      "each process has told its end",
      true,
      [
        [0, "p", ended],
        [1, "q", ended],
      ],
    ],
    [
      "one has not",
      false,
      [
        [0, "p", ended],
        [1, "q", done("t1")],
      ],
    ],
    [
      "two had one slice",
      false,
      [
        [0, "p", ended],
        [0, "q", ended],
      ],
    ],
  ])("where %s: %s", async (_, tidy, processes) => {
    const { run, work } = await scene();
    for (const process of processes) await work(...process);
    expect(await isTidy(run)).toBe(tidy);
  });
});
