import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manualClock } from "../../src/core/clock.js";
import { EmporiumError } from "../../src/core/errors.js";
import { silentLog } from "../../src/core/log.js";
import { seededRandom } from "../../src/core/random.js";
import { abandonRun } from "../../src/engine/cluster/begin.js";
import { cancelRun } from "../../src/engine/cluster/cancel.js";
import { gate, retryDead } from "../../src/engine/cluster/drive.js";
import { readTasks } from "../../src/engine/cluster/graph.js";
import { readDead } from "../../src/engine/cluster/judge.js";
import { segmentKey } from "../../src/engine/cluster/run-files.js";
import { changeEngine, type OpenRun } from "../../src/engine/cluster/run-record.js";
import { readJournals } from "../../src/engine/cluster/stage-journals.js";
import { runStatus } from "../../src/engine/cluster/status.js";
import type { ArrayJob } from "../../src/engine/executors/engine-executor.js";
import { encodeLine } from "../../src/engine/journal-lines.js";
import type { TaskPlan } from "../../src/engine/task.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import { openStore } from "../../src/stores/url.js";
import { THOROUGH } from "../thorough.js";
import {
  beginToy,
  elementOf,
  type Fate,
  mixtures,
  type Player,
  type PlayerOptions,
  playEngine,
  runElement,
  toyContents,
  toyEnv,
  toyPlace,
  toyPlan,
  toyStation,
  untilEnded,
} from "./cluster-kit.js";

/**
 * The failure model of runs on clusters: workers die, stand still and come back, are started twice, submissions and jobs are lost, gates race.
 * Afterwards each object holds what it must, each task has its receipt, and nothing is left behind.
 */
const SEEDS = THOROUGH ? 1000 : 50;
const plan = toyPlan(6, 4);
const contents = toyContents(plan);

interface Scene {
  store: Store;
  run: OpenRun;
  player: Player;
}

async function scene(
  seed: number,
  fates: Omit<PlayerOptions, "run">,
  { tasks = plan, store = memoryStore({ now: () => 5 }) }: { tasks?: TaskPlan; store?: Store } = {},
): Promise<Scene> {
  let run!: OpenRun;
  const player = playEngine({ ...fates, run: (job, index, wrap) => runElement(run, job, index, wrap, seed) });
  run = await beginToy(tasks, store, toyPlace(player), seed);
  return { store, run, player };
}

async function isWhole({ store, run, player }: Scene): Promise<void> {
  for (const [key, text] of contents) expect(new TextDecoder().decode(await store.read(key)), key).toBe(text);
  for (const { name } of run.record.stages) expect((await readJournals(store, run.folder, name)).deaths, name).toEqual(new Map());
  expect(await runStatus(run, player)).toMatchObject({ status: "done", done: plan.tasks.length, failed: 0, blocked: 0 });
  expect(await readDead(run, run.record.stages)).toEqual([]);
  expect(await keysOf(store, ".emporium/locks/")).toEqual([]);
}

async function keysOf(store: Store, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

const lives: Fate = { kind: "lives" };
/** Something happens to the first attempts only: a cluster on which everything dies for ever is another test. */
const firstAttempts = (job: ArrayJob, attempts: number, fate: () => Fate): Fate =>
  elementOf(job).attempt < attempts ? fate() : lives;

describe("a run on a cluster", () => {
  it(`whose workers die, stand still, come back and are started twice, ${SEEDS} times`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = seededRandom(seed);
      const kinds = ["lives", "dies", "stalls", "twice"] as const;
      const fateOf = (job: ArrayJob): Fate =>
        firstAttempts(job, 2, () => {
          const kind = kinds[Math.floor(random() * kinds.length)]!;
          return kind === "dies" || kind === "stalls" ? { kind, after: Math.floor(random() * 30) } : { kind };
        });
      const made = await scene(seed, {
        fateOf,
        losesReply: () => random() < 0.2,
        forgets: (job) => elementOf(job).attempt === 0 && random() < 0.1,
      });
      const end = await untilEnded(made.run, made.player, toyStation(made.store));
      expect(end, `seed ${seed}`).toMatchObject({ done: plan.tasks.length, exitStatus: 0 });
      await isWhole(made);
      // processes that stood still go on: they do no harm any more
      await made.player.wake();
      for (const [key, text] of contents) expect(new TextDecoder().decode(await made.store.read(key)), key).toBe(text);
    }
  }, 300_000);

  it(`whose tasks give other bytes each time: one process's count, however many did them, ${SEEDS} times and on files`, async () => {
    const dice = toyPlan(4, 3, "dice");
    const folder = mkdtempSync(join(tmpdir(), "emporium-dice-"));
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = seededRandom(seed);
      const kinds = ["lives", "dies", "stalls", "twice", "twice"] as const;
      const fateOf = (job: ArrayJob): Fate =>
        firstAttempts(job, 2, () => {
          const kind = kinds[Math.floor(random() * kinds.length)]!;
          return kind === "dies" || kind === "stalls" ? { kind, after: Math.floor(random() * 40) } : { kind };
        });
      const files = seed % 10 === 0;
      const store = files ? await openStore(join(folder, String(seed)), { sync: false }) : memoryStore({ now: () => 5 });
      const made = await scene(seed, { fateOf, losesReply: () => random() < 0.2 }, { tasks: dice, store });
      const end = await untilEnded(made.run, made.player, toyStation(store));
      expect(end, `seed ${seed}`).toMatchObject({ done: dice.tasks.length, exitStatus: 0 });
      expect(await mixtures(dice, store), `seed ${seed}`).toEqual([]);
      const receipts = new Set<string>();
      for (const { name } of made.run.record.stages)
        for (const task of (await readJournals(store, made.run.folder, name)).receipts.keys()) receipts.add(task);
      expect(receipts.size).toBe(dice.tasks.length);
      expect(await keysOf(store, `${made.run.folder}staging/`)).toEqual([]);
      // those that stood still go on: what they made does not count
      await made.player.wake();
      expect(await mixtures(dice, store), `seed ${seed}, afterwards`).toEqual([]);
    }
    rmSync(folder, { recursive: true });
  }, 300_000);

  it("a slice that hangs while the others are done: a twin does the rest of it, once, and the slow one is cancelled", async () => {
    let now = 1_000_000;
    const wide = toyPlan(12, 2);
    const fateOf = (job: ArrayJob, index: number): Fate =>
      elementOf(job).stage === "runs" && elementOf(job).attempt === 0 && index === 3 ? { kind: "hangs", after: 7 } : lives;
    const store = memoryStore({ now: () => now });
    const made = await scene(20, { fateOf }, { tasks: wide, store });
    const look = () =>
      gate(made.run, toyStation(store), {
        executor: made.player,
        gates: true,
        by: "a",
        clock: manualClock(),
        log: silentLog,
      });
    await look();
    const slices = made.run.record.stages[0]!.slices.length - 1;
    // jobs take turns with the disk: how many turns they need is not known
    for (let open: number[] = []; open.length !== 1; ) {
      await made.player.step();
      const { attempts } = await readJournals(store, made.run.folder, "runs");
      if (attempts.size < slices) continue;
      open = [...attempts].filter(([, facts]) => ![...facts.values()].every(({ ended }) => ended)).map(([slice]) => slice);
      if (open.length === 1) expect(open).toEqual([3]);
    }
    // three times the median is over, two minutes are not
    now += 100_000;
    expect(await look()).toMatchObject({ state: "waiting" });
    now += 100_000;
    expect(await look()).toMatchObject({ state: "submitted", slices: 1 });
    const [twin, behind] = made.player.submitted.slice(-2);
    expect(twin!.indices).toEqual([3]);
    // the gate of the first jobs waits for the slow one: another looks when the twin is done
    expect(behind).toMatchObject({ name: expect.stringMatching(/-runs-twin-gate$/), after: [{ name: twin!.name }] });
    for (let step = 0; step < 50; step++) await made.player.step();
    expect(await untilEnded(made.run, made.player, toyStation(store))).toMatchObject({ done: wide.tasks.length, exitStatus: 0 });
    expect(made.player.submitted.filter(({ name }) => /-runs-\d/.test(name))).toHaveLength(2);
    for (const [key, text] of toyContents(wide)) expect(new TextDecoder().decode(await store.read(key)), key).toBe(text);
  });

  it("a store that ignores conditions is refused, and nothing is left there or submitted", async () => {
    const store = memoryStore();
    const careless: Store = { ...store, write: (key, body, { ifAbsent: _, ...options } = {}) => store.write(key, body, options) };
    const player = playEngine({ fateOf: () => lives, run: async () => {} });
    await expect(beginToy(plan, careless, toyPlace(player), 1)).rejects.toMatchObject({ code: "STORE_PROTOCOL" });
    expect(player.submitted).toEqual([]);
    expect(await keysOf(store, "")).toEqual([]);
  });

  it("cancel asks every engine that got a part of the run; while one does not answer, the target stays locked", async () => {
    const made = await scene(21, { fateOf: () => ({ kind: "hangs", after: 5 }) });
    const station = toyStation(made.store);
    const first: Player = { ...made.player, name: "first" };
    await gate(made.run, station, { executor: first, gates: false, by: "a", clock: manualClock(), log: silentLog });
    const moved = await changeEngine(made.run, "second");
    const second = { ...playEngine({ fateOf: () => lives, run: async () => {} }), name: "second" };
    const silent = new EmporiumError("ENGINE_SILENT", "first does not answer");
    const engineOf = (mute: boolean) => async (name: string) => {
      if (name === "second") return second;
      return mute ? { ...first, find: () => Promise.reject(silent), states: () => Promise.reject(silent) } : first;
    };
    const unasked = await cancelRun(moved, station, engineOf(true), toyEnv(21));
    expect(unasked).toMatchObject({ left: 0, errors: [{ code: "ENGINE_SILENT", message: "first does not answer" }] });
    expect(await keysOf(made.store, ".emporium/locks/")).toEqual([".emporium/locks/toy.json"]);
    const [job] = made.player.submitted;
    expect(await first.find(job!.name)).toHaveLength(1);
    expect(await cancelRun(moved, station, engineOf(false), toyEnv(21))).toEqual({ left: 0, errors: [] });
    expect(await first.find(job!.name)).toEqual([]);
    expect(await keysOf(made.store, ".emporium/locks/")).toEqual([]);
  });

  it("a task at which every process dies is given up after three, the others are done", async () => {
    const killer = "set/run2/o1";
    const store = memoryStore();
    let run!: OpenRun;
    const player = playEngine({
      fateOf: () => lives,
      run: async (job, index, wrap) => {
        let dead = false;
        const station = (inner: Store) =>
          toyStation(inner, (title) => {
            dead ||= title === killer;
          });
        const mortal = (inner: Store): Store => {
          const watched = wrap(inner);
          const gone = () => (dead ? new Promise<never>(() => {}) : undefined);
          return {
            ...watched,
            read: async (...args) => (await gone()) ?? watched.read(...args),
            write: async (...args) => (await gone()) ?? watched.write(...args),
          };
        };
        // its journal is on a disk that outlives it: lines are written as they come
        const worked = runElement(run, job, index, mortal, 1, station);
        await Promise.race([worked, until(() => dead)]);
      },
    });
    run = await beginToy(plan, store, toyPlace(player), 1);
    const end = await untilEnded(run, player, toyStation(store));
    const blocked = ["set/run2/o2", "set/run2/o3", "set/dataset", "all/deposition"];
    expect(end).toMatchObject({
      failed: 1,
      blocked: blocked.length,
      done: plan.tasks.length - 1 - blocked.length,
      exitStatus: 3,
    });
    const dead = await readDead(run, run.record.stages);
    expect(dead.map(({ title, state, error }) => [title, state, error.code])).toEqual([
      [killer, "failed", "ENGINE_LOST"],
      ...blocked.map((title) => [title, "blocked", "TASK_BLOCKED"]),
    ]);
  });

  it("jobs that end before they begin are given up after three submissions, with what to look at", async () => {
    const made = await scene(5, { fateOf: () => ({ kind: "dies", after: 0 }) });
    const end = await untilEnded(made.run, made.player, toyStation(made.store));
    expect(end).toMatchObject({ done: 0, exitStatus: 1 });
    expect(made.player.submitted).toHaveLength(3);
    const dead = await readDead(made.run, made.run.record.stages);
    expect(new Set(dead.map(({ error }) => error.code))).toEqual(new Set(["ENGINE_LOST", "TASK_BLOCKED"]));
    expect(await keysOf(made.store, ".emporium/locks/")).toEqual([]);
  });

  it("a submission whose answer was lost is found by its name, not made again", async () => {
    const lost = new Set<string>();
    const losesReply = ({ name }: ArrayJob) => !lost.has(name) && lost.add(name).size > 0;
    // processes stand still until the gate has looked for them
    const made = await scene(6, { fateOf: () => ({ kind: "stalls", after: 0 }), losesReply });
    const held: Player = {
      ...made.player,
      find: async (name = "") => [{ name, id: String(made.player.submitted.findIndex((job) => job.name === name) + 1) }],
    };
    const look = () =>
      gate(made.run, toyStation(made.store), { executor: held, gates: false, by: "a", clock: manualClock(), log: silentLog });
    await expect(look()).rejects.toMatchObject({ code: "ENGINE_SILENT" });
    expect(await look()).toMatchObject({ state: "submitted", job: { id: "1" } });
    expect(made.player.submitted).toHaveLength(1);
  });

  it("a worker that was stopped in time is no death of the task that it had begun", async () => {
    const made = await scene(4, { fateOf: () => lives });
    const [stage] = made.run.record.stages;
    const [first] = await readTasks(made.store, made.run.folder, 0, 1);
    for (let attempt = 0; attempt < 5; attempt++) {
      const lines = [{ record: "start", task: first!.id }, ...(attempt < 4 ? [{ record: "end", complete: false }] : [])];
      const key = segmentKey(stage!.name, { slice: 0, attempt, token: "a", part: 0 });
      await made.store.write(`${made.run.folder}${key}`, Buffer.concat(lines.map((line) => encodeLine(JSON.stringify(line)))));
    }
    // four ended by themselves, one without a word
    expect(await readJournals(made.store, made.run.folder, stage!.name)).toMatchObject({ deaths: new Map([[first!.id, 1]]) });
  });

  it("three gates that look at once submit each stage once", async () => {
    const made = await scene(7, { fateOf: () => lives });
    const look = (by: string) =>
      gate(made.run, toyStation(made.store), { executor: made.player, gates: false, by, clock: manualClock(), log: silentLog });
    for (let ended = false; !ended; ) {
      const steps = await Promise.all([look("a"), look("b"), look("c")]);
      ended = steps.some(({ state }) => state === "ended");
      await made.player.step();
    }
    expect(made.player.submitted).toHaveLength(made.run.record.stages.length);
    await isWhole(made);
  });

  it("a gate that died between its record and its job: another takes over only when it is told to", async () => {
    const made = await scene(8, { fateOf: () => lives });
    const silent: Player = { ...made.player, submit: () => new Promise(() => {}) };
    void gate(made.run, toyStation(made.store), {
      executor: silent,
      gates: false,
      by: "dead",
      clock: manualClock(),
      log: silentLog,
    });
    await made.player.step();
    const options = { executor: made.player, gates: false, by: "other", clock: manualClock(), log: silentLog };
    expect(await gate(made.run, toyStation(made.store), options)).toMatchObject({ state: "theirs" });
    expect(await gate(made.run, toyStation(made.store), { ...options, takeOver: true })).toMatchObject({ state: "submitted" });
    await untilEnded(made.run, made.player, toyStation(made.store));
    await isWhole(made);
  });

  it("an engine that takes only short arrays gets them one after the other", async () => {
    const made = await scene(12, { fateOf: () => lives });
    const narrow: Player = {
      ...made.player,
      submit(job) {
        if ((job.indices?.length ?? 1) <= 2) return made.player.submit(job);
        return Promise.reject(new EmporiumError("ENGINE_REFUSED", "QOSMaxSubmitJobPerUserLimit"));
      },
    };
    expect(await untilEnded(made.run, narrow, toyStation(made.store))).toMatchObject({ exitStatus: 0, done: plan.tasks.length });
    await isWhole(made);
  });

  it("a run whose first job no engine takes is taken back: the target is as it was", async () => {
    const made = await scene(13, { fateOf: () => lives });
    const refusal = new EmporiumError("ENGINE_REFUSED", "invalid partition");
    const closed: Player = { ...made.player, submit: () => Promise.reject(refusal) };
    const options = { executor: closed, gates: false, by: "a", clock: manualClock(), log: silentLog };
    await expect(gate(made.run, toyStation(made.store), options)).rejects.toBe(refusal);
    expect(await abandonRun(made.run)).toBe(true);
    expect(await keysOf(made.store, ".emporium/")).toEqual([]);
    // one that has jobs is not
    const begun = await scene(14, { fateOf: () => lives });
    await gate(begun.run, toyStation(begun.store), { ...options, executor: begun.player });
    expect(await abandonRun(begun.run)).toBe(false);
    await untilEnded(begun.run, begun.player, toyStation(begun.store));
    await isWhole(begun);
  });

  it("what was given up is tried again when somebody asks, and only that", async () => {
    const store = memoryStore();
    const killer = "set/run1/o2";
    let isCured = false;
    const begun: string[] = [];
    let run!: OpenRun;
    const station = (inner: Store) =>
      toyStation(
        inner,
        (title) => begun.push(title),
        (title) => title === killer && !isCured,
      );
    const player = playEngine({
      fateOf: () => lives,
      run: (job, index, wrap) => runElement(run, job, index, wrap, 15, station),
    });
    run = await beginToy(plan, store, toyPlace(player), 15);
    expect(await untilEnded(run, player, station(store))).toMatchObject({ failed: 1, blocked: 3, exitStatus: 3 });
    expect(await keysOf(store, ".emporium/locks/")).toEqual([]);
    isCured = true;
    begun.length = 0;
    await retryDead(run, toyEnv(15));
    expect(await keysOf(store, ".emporium/locks/")).toEqual([".emporium/locks/toy.json"]);
    expect(await untilEnded(run, player, station(store))).toMatchObject({ failed: 0, blocked: 0, exitStatus: 0 });
    expect(begun.sort()).toEqual([killer, "set/run1/o3", "set/dataset", "all/deposition"].sort());
    await isWhole({ store, run, player });
  });

  it("another run of the target is refused while one is open, and its name is told", async () => {
    const made = await scene(9, { fateOf: () => lives });
    const other = { ...toyPlan(2, 1), locks: plan.locks };
    await expect(beginToy(other, made.store, toyPlace(made.player), 9)).rejects.toMatchObject({
      code: "TARGET_LOCKED",
      facts: { hint: expect.stringContaining(made.run.record.id) },
    });
    await untilEnded(made.run, made.player, toyStation(made.store));
    expect((await beginToy(other, made.store, toyPlace(made.player), 9)).record.tasks).toBe(other.tasks.length);
  });

  it("the same plan begun again is the same run, and one that has ended leaves nothing to do", async () => {
    const made = await scene(10, { fateOf: () => lives });
    expect((await beginToy(plan, made.store, toyPlace(made.player), 10)).record.id).toBe(made.run.record.id);
    await untilEnded(made.run, made.player, toyStation(made.store));
    await expect(beginToy(plan, made.store, toyPlace(made.player), 10)).rejects.toThrow("nothing to do");
  });

  it("two processes whose bytes differ are a fault that is told, not one of them", async () => {
    const made = await scene(11, { fateOf: () => ({ kind: "twice" }) });
    let number = 0;
    const player = playEngine({
      fateOf: () => ({ kind: "twice" }),
      run: (job, index, wrap) => {
        const mine = ++number;
        const lying = (inner: Store): Store => ({
          ...wrap(inner),
          write: (key, body, options) =>
            inner.write(key, key.startsWith("set/run0/o0") ? new TextEncoder().encode(`process ${mine}`) : body, options),
        });
        return runElement(made.run, job, index, lying, 11, (store) => lyingStation(store, mine));
      },
    });
    await expect(untilEnded(made.run, player, toyStation(made.store))).rejects.toMatchObject({
      code: "ENGINE_DISAGREES",
      message: expect.stringContaining("set/run0/o0"),
    });
  });
});

/** Its outputs have the process in them. */
function lyingStation(store: Store, mine: number) {
  const station = toyStation(store);
  return {
    async open(...asked: Parameters<typeof station.open>) {
      const opened = await station.open(...asked);
      return {
        ...opened,
        operations: () => ({
          toy: async (task: { outputs: readonly string[]; title: string }) => ({
            outputs: [{ key: task.outputs[0]!, size: 1, crc32: `0000000${mine % 10}` }],
          }),
        }),
      };
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setImmediate(done));
}
