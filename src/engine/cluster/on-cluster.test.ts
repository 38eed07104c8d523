import { expect, it } from "vitest";
import { memoryStore } from "../../stores/memory/store.js";
import { envOf } from "../env.js";
import type { ArrayJob, EngineExecutor } from "../executors/engine-executor.js";
import { runOnCluster } from "./on-cluster.js";
import { listRuns } from "./run-record.js";

/** Gives three blocks to an engine that takes whatever it is given, and never begins it. */
function threeBlocks() {
  const store = memoryStore();
  const stage = {
    name: "a",
    run: "x",
    params: {},
    needs: [],
    shape: [3, 1, 1],
    block: [1, 1, 1],
    bytes: 1,
    memoryBytes: 0,
    threads: 1,
  };
  const job = {
    ...{ station: "blocks", name: "blocks run", blocks: { createdMs: 0, locks: ["a"], stages: [stage] }, params: {} },
    ...{ source: store, target: store, outputs: store, anonymous: false, sync: false },
  };
  const jobs: ArrayJob[] = [];
  const executor: Partial<EngineExecutor> = {
    name: "slurm",
    limits: async () => ({ arrayMax: 9 }),
    find: async (...names) => jobs.flatMap(({ name }, at) => (names.includes(name) ? [{ name, id: `id-${at + 1}` }] : [])),
    states: async (asked) => new Map(asked.map(({ id }) => [id, { waiting: 1, running: 0, held: 0 }])),
    submit: async (one) => ({ name: one.name, id: `id-${jobs.push(one)}` }),
  };
  const place = {
    executor,
    resources: { cpus: 1, gpus: 0, memoryBytes: 2 ** 30, walltimeMinutes: 1, words: [] },
    ...{ slices: 3, prologue: [], command: ["x"], program: "1" },
  };
  const begin = (onBegun?: () => Promise<undefined>) =>
    runOnCluster(job as never, { place } as never, {} as never, envOf({}), onBegun);
  return { store, jobs, begin };
}

it("a run whose begin fails is taken back, says why, and leaves the target free for the next", async () => {
  const { store, jobs, begin } = threeBlocks();
  const seen: number[] = [];
  for (const _ of [1, 2]) {
    const begun = begin(async () => {
      seen.push((await listRuns(store)).length);
      throw new Error("no room for the run's own files");
    });
    await expect(begun).rejects.toThrow("no room for the run's own files");
    expect(await listRuns(store)).toEqual([]);
  }
  expect([seen, jobs]).toEqual([[1, 1], []]);
});

it("slices are counted when an engine takes them; a call that finds them taken names their job, and gives it no other", async () => {
  const { jobs, begin } = threeBlocks();
  expect(await begin()).toMatchObject({ state: "submitted", slices: 3, job: "id-1" });
  const before = jobs.length;
  expect(await begin()).toMatchObject({ state: "submitted", slices: 0, job: "id-1" });
  expect(jobs.length).toBe(before);
});
