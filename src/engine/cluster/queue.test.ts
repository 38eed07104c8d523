import { expect, it } from "vitest";
import { manualClock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { memoryStore } from "../../stores/memory/store.js";
import type { EngineExecutor, JobHandle, JobState } from "../executors/engine-executor.js";
import { askQueue } from "./queue.js";
import { submissionKey } from "./run-files.js";
import type { OpenRun } from "./run-record.js";
import { jobName } from "./script.js";

/** A run of two stages whose submissions are these, and an engine that has these jobs by their ids. */
async function asked(
  submissions: Record<string, readonly object[]>,
  has: Record<string, [name: string, state: Partial<JobState>]>,
) {
  const store = memoryStore();
  const folder = ".emporium/runs/r/";
  for (const [stage, all] of Object.entries(submissions))
    for (const [number, one] of all.entries()) {
      const whole = { number, slices: [0], job: `job ${stage} ${number}`, by: "me", engine: "slurm", ...one };
      await store.write(`${folder}${submissionKey(stage, number)}`, Buffer.from(JSON.stringify(whole)));
    }
  const run = { store, folder, record: { id: "r", stages: [{ name: "a" }, { name: "b" }] } } as unknown as OpenRun;
  const found: string[][] = [];
  const executor = {
    name: "slurm",
    async find(...names: string[]) {
      found.push(names);
      return Object.entries(has).flatMap(([id, [name]]) => (names.includes(name) ? [{ id, name }] : []));
    },
    states: async (jobs: readonly JobHandle[]) =>
      new Map(jobs.flatMap(({ id }) => (has[id] ? [[id, { waiting: 0, running: 0, held: 0, ...has[id]![1] }] as const] : []))),
  } as unknown as EngineExecutor;
  // nobody waits for the answer so long
  const clock = { ...manualClock(), sleep: () => new Promise<void>(() => {}) };
  return { found, queue: await askQueue(run, executor, clock), gate: (stage: string) => jobName(run, stage, "gate") };
}

it("jobs of each stage that this engine has, also one whose answer was lost", async () => {
  const { queue, found } = await asked(
    { a: [{ id: "1" }, { id: "2" }, { id: "1", engine: "lsf" }], b: [{}] },
    { 1: ["job a 0", { running: 2 }], 2: ["job a 1", { waiting: 1 }], 9: ["job b 0", { waiting: 3 }] },
  );
  expect([...queue.stages]).toEqual([
    ["a", { waiting: 1, running: 2, held: 0 }],
    ["b", { waiting: 3, running: 0, held: 0 }],
  ]);
  // the gates need not be asked for
  expect([queue.alive, found]).toEqual([true, [["job b 0"]]]);
});

it("between two stages the job that looks at them is alive, and behind it nothing", async () => {
  const none = await asked({ a: [{ id: "1" }] }, {});
  expect([[...none.queue.stages], none.queue.alive]).toEqual([[["a", { waiting: 0, running: 0, held: 0 }]], false]);
  const gate = await asked({ a: [{ id: "1" }] }, { 5: [none.gate("b"), { running: 1 }] });
  expect(gate.queue.alive).toBe(true);
});

it("an engine that gives no answer in time is told as silent, and its own error as it is", async () => {
  const run = { store: memoryStore(), folder: "r/", record: { id: "r", stages: [] } } as unknown as OpenRun;
  const silent = { name: "slurm", states: () => new Promise(() => {}) } as unknown as EngineExecutor;
  await expect(askQueue(run, silent, manualClock())).rejects.toMatchObject({ code: "ENGINE_SILENT" });
  const states = () => Promise.reject(new EmporiumError("ENGINE_ABSENT", "no such program"));
  const waiting = { ...manualClock(), sleep: () => new Promise<void>(() => {}) };
  await expect(askQueue(run, { ...silent, states }, waiting)).rejects.toMatchObject({ code: "ENGINE_ABSENT" });
});
