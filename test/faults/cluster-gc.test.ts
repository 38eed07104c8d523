import { describe, expect, it } from "vitest";
import { silentLog } from "../../src/core/log.js";
import { beginRun } from "../../src/engine/cluster/begin.js";
import { collectRun, refuseCollected } from "../../src/engine/cluster/collect.js";
import { findRunReceipts } from "../../src/engine/cluster/run-receipts.js";
import type { OpenRun } from "../../src/engine/cluster/run-record.js";
import { readJournals } from "../../src/engine/cluster/stage-journals.js";
import { runStatus } from "../../src/engine/cluster/status.js";
import { takeLocks } from "../../src/engine/lock.js";
import type { Receipt, TaskPlan } from "../../src/engine/task.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import {
  beginToy,
  elementOf,
  groupOfToy,
  type Player,
  playEngine,
  runElement,
  toyEnv,
  toyPlace,
  toyPlan,
  toyStation,
  untilEnded,
} from "./cluster-kit.js";

/** What `engine gc` removes of ended runs, and that nobody misses it. */
const plan = toyPlan(3, 3);

interface Scene {
  store: Store;
  run: OpenRun;
  player: Player;
}

/** A run in which a slice dies twice. The first time nothing of its journal had reached the store, the second time each line had. */
async function endedRun(): Promise<Scene> {
  const store = memoryStore({ now: () => 5 });
  let run!: OpenRun;
  const player = playEngine({
    fateOf: (job, index) =>
      elementOf(job).attempt < 2 && index === 1 && elementOf(job).stage === "runs"
        ? { kind: "dies", after: elementOf(job).attempt === 0 ? 3 : 12 }
        : { kind: "lives" },
    run: (job, index, wrap) => runElement(run, job, index, wrap, 1),
  });
  run = await beginToy(plan, store, toyPlace(player), 1);
  expect(await untilEnded(run, player, toyStation(store))).toMatchObject({ exitStatus: 0 });
  return { store, run, player };
}

const begin = (store: Store, wanted: TaskPlan, player: Player) =>
  beginRun(
    {
      ...{ station: "toy", name: "toy", plan: wanted, params: {}, source: store, target: store, anonymous: false, sync: false },
      ...{ groupOf: groupOfToy, stageNames: ["runs", "datasets", "depositions"] },
    },
    toyPlace(player),
    toyEnv(1),
  );

async function receiptsOf({ run, store }: Pick<Scene, "run" | "store">): Promise<Map<string, Receipt>> {
  const all = new Map<string, Receipt>();
  for (const { name } of run.record.stages) {
    for (const [task, receipt] of (await readJournals(store, run.folder, name)).receipts) all.set(task, receipt);
  }
  return all;
}

async function keysOf(store: Store, prefix = ""): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** Stops at the n-th change. */
function stopping(store: Store, changes: number): Store {
  let left = changes;
  const change = () => {
    if (left-- <= 0) throw new Error("stopped");
  };
  return {
    ...store,
    async write(...args) {
      if (!args[0].includes("/locks/")) change();
      return store.write(...args);
    },
    async remove(...args) {
      if (!args[0].includes("/locks/")) change();
      return store.remove(...args);
    },
  };
}

describe("what an ended run has left", () => {
  it("goes, and its receipts, its end and its figures stay: nothing is to do afterwards", async () => {
    const scene = await endedRun();
    const { store, run, player } = scene;
    const before = await receiptsOf(scene);
    const status = await runStatus(run, player);
    const listed = await keysOf(store, run.folder);
    const planned = await collectRun(run, toyEnv(1), true);
    expect(await keysOf(store, run.folder)).toEqual(listed);
    const collected = await collectRun(run, toyEnv(1));
    expect(collected.removed).toEqual(planned.removed);
    expect(collected.receipts).toBe(plan.tasks.length);
    const relative = (await keysOf(store, run.folder)).map((key) => key.slice(run.folder.length));
    const stages = ["datasets", "depositions", "runs"];
    expect(relative).toEqual([
      "end.json",
      ...stages.map((stage) => `journal/${stage}/0.0.seed.0`),
      "run.json",
      ...stages.flatMap((stage) => [`stages/${stage}/end.json`, `stages/${stage}/figures.json`]),
    ]);
    expect(await receiptsOf(scene)).toEqual(before);
    const later = await runStatus(run, player);
    for (const key of ["status", "done", "cpuHours"] as const) expect(later[key]).toEqual(status[key]);
    expect(later.stages.map(({ slicesBegunAgain, processesWithoutEnd }) => [slicesBegunAgain, processesWithoutEnd])).toEqual(
      status.stages.map(({ slicesBegunAgain, processesWithoutEnd }) => [slicesBegunAgain, processesWithoutEnd]),
    );
    expect(status.stages[0]).toMatchObject({ slicesBegunAgain: 1, processesWithoutEnd: 1 });
    expect(await begin(store, plan, player)).toBeUndefined();
    const receipts = await findRunReceipts(store, () => "all");
    expect([...(await receipts.of("all")).keys()].sort()).toEqual(plan.tasks.flatMap(({ outputs }) => outputs).sort());
  });
  it("a later, larger plan does only what is new", async () => {
    const { store, run, player } = await endedRun();
    await collectRun(run, toyEnv(1));
    const larger = toyPlan(4, 3);
    const next = (await begin(store, larger, player))!;
    const known = await receiptsOf({ run: next, store });
    // three runs of three and the deposition, which reads the dataset; the dataset itself reads the fourth run
    expect(known.size).toBe(10);
  });
  it("stopped at any change and called again, it ends the same, and no receipt is ever missing", async () => {
    const whole = await endedRun();
    await collectRun(whole.run, toyEnv(1));
    const wanted = await keysOf(whole.store, whole.run.folder);
    let stops = 0;
    for (let changes = 0; ; changes++) {
      const scene = await endedRun();
      const before = await receiptsOf(scene);
      const failed = await collectRun({ ...scene.run, store: stopping(scene.store, changes) }, toyEnv(1)).then(
        () => false,
        () => true,
      );
      expect(await receiptsOf(scene), `${changes} changes`).toEqual(before);
      const figures = (await runStatus(scene.run, scene.player)).stages.map(({ processesWithoutEnd }) => processesWithoutEnd);
      expect(figures).toEqual([1, 0, 0]);
      if (!failed) break;
      stops++;
      await collectRun(scene.run, toyEnv(1));
      expect(await keysOf(scene.store, scene.run.folder)).toEqual(wanted);
      expect(await keysOf(scene.store, ".emporium/locks/")).toEqual([]);
    }
    // figures, receipts and removals of three stages, the tasks
    expect(stops).toBeGreaterThan(10);
  });
  it("is not touched while the run is open, nor while somebody else writes there", async () => {
    const { store, run, player } = await endedRun();
    const open = (await begin(store, toyPlan(4, 3), player))!;
    const listed = await keysOf(store);
    await expect(collectRun(open, toyEnv(1))).rejects.toMatchObject({ code: "USAGE" });
    await expect(collectRun(run, toyEnv(1))).rejects.toMatchObject({ code: "TARGET_LOCKED" });
    expect(await keysOf(store)).toEqual(listed);
  });
  it("another process at work is waited for by nobody: the run is left alone", async () => {
    const { store, run } = await endedRun();
    const locks = await takeLocks(store, run.record.locks, { ...toyEnv(2), job: "other", onLost: () => {}, log: silentLog });
    await expect(collectRun(run, toyEnv(1))).rejects.toMatchObject({ code: "TARGET_LOCKED" });
    await locks.release();
  });
  it("cannot be tried again: the message names the way", async () => {
    const { run } = await endedRun();
    await refuseCollected(run);
    await collectRun(run, toyEnv(1));
    await expect(refuseCollected(run)).rejects.toMatchObject({ code: "STORE_ABSENT" });
  });
});
