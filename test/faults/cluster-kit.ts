import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { manualClock } from "../../src/core/clock.js";
import { EmporiumError } from "../../src/core/errors.js";
import { silentLog } from "../../src/core/log.js";
import { seededRandom } from "../../src/core/random.js";
import { publishObject } from "../../src/engine/atomic.js";
import { beginRun, type ClusterPlace } from "../../src/engine/cluster/begin.js";
import { gate } from "../../src/engine/cluster/drive.js";
import type { RunEnd } from "../../src/engine/cluster/gate.js";
import type { OpenRun } from "../../src/engine/cluster/run-record.js";
import { type AnyStation, type ClusterStation, work } from "../../src/engine/cluster/work.js";
import { envOf } from "../../src/engine/env.js";
import type { ArrayJob, EngineExecutor, JobHandle, JobState } from "../../src/engine/executors/engine-executor.js";
import type { Operations, Task, TaskContext, TaskPlan } from "../../src/engine/task.js";
import { taskId } from "../../src/engine/task-id.js";
import type { Store } from "../../src/stores/store.js";

/** What may happen to a process of the player's cluster. */
export type Fate =
  | { readonly kind: "lives" }
  /** Ends without a word after so many calls to the store. */
  | { readonly kind: "dies"; readonly after: number }
  /** Stands still after so many calls; the engine calls it lost, and it goes on when others have done its work. */
  | { readonly kind: "stalls"; readonly after: number }
  /** Stands still after so many calls, and the engine knows that it lives. */
  | { readonly kind: "hangs"; readonly after: number }
  /** The engine starts it twice. */
  | { readonly kind: "twice" };

export interface Player extends EngineExecutor {
  /** Lets the world go on a little. */
  step(): Promise<void>;
  /** Processes that stand still go on. */
  wake(): Promise<void>;
  readonly submitted: readonly ArrayJob[];
}

export interface PlayerOptions {
  /** Does what an element's script says. */
  run(job: ArrayJob, index: number, store: (inner: Store) => Store): Promise<void>;
  fateOf(job: ArrayJob, index: number): Fate;
  /** The answer to a submission is lost: the job runs all the same. */
  losesReply?(job: ArrayJob): boolean;
  /** The engine forgets a job as soon as it is asked. */
  forgets?(job: ArrayJob): boolean;
}

/** A cluster's engine in this process, with a fate for each element. */
export function playEngine({ run, fateOf, losesReply = () => false, forgets = () => false }: PlayerOptions): Player {
  const jobs = new Map<string, { job: ArrayJob; left: number }>();
  const asleep: (() => void)[] = [];
  const running = new Set<Promise<void>>();
  const submitted: ArrayJob[] = [];
  let number = 0;

  function start(entry: { job: ArrayJob; left: number }, index: number): void {
    const fate = fateOf(entry.job, index);
    const over = () => {
      entry.left--;
    };
    const processes = fate.kind === "twice" ? 2 : 1;
    let alive = processes;
    for (let i = 0; i < processes; i++) {
      let isOver = false;
      const ended = () => {
        if (isOver) return;
        isOver = true;
        if (--alive === 0) over();
      };
      let calls = 0;
      const touched = async () => {
        if (fate.kind === "dies" && calls++ >= fate.after) {
          ended();
          await new Promise(() => {}); // it never goes on
        }
        if ((fate.kind === "stalls" || fate.kind === "hangs") && calls++ === fate.after) {
          if (fate.kind === "stalls") ended();
          await new Promise<void>((wake) => asleep.push(wake));
        }
      };
      const done = run(entry.job, index, (inner) => watched(inner, touched))
        .catch(() => {})
        .finally(() => {
          ended();
          running.delete(done);
        });
      running.add(done);
    }
  }
  return {
    name: "player",
    submitted,
    limits: async () => ({ arrayMax: 1000 }),
    async submit(job) {
      submitted.push(job);
      const id = String(++number);
      const indices = job.indices ?? [0];
      const entry = { job, left: indices.length };
      jobs.set(id, entry);
      for (const index of indices) start(entry, index);
      if (losesReply(job)) throw new EmporiumError("ENGINE_SILENT", "no answer came");
      return { name: job.name, id };
    },
    find: async (...names) =>
      [...jobs]
        .filter(([, { job, left }]) => names.includes(job.name) && left > 0)
        .map(([id, { job }]) => ({ id, name: job.name })),
    async states(handles: readonly JobHandle[]) {
      return new Map(
        handles.flatMap(({ id }): [string, JobState][] => {
          const entry = jobs.get(id);
          if (!entry || entry.left === 0 || forgets(entry.job)) return [];
          return [[id, { waiting: 0, running: entry.left, held: 0 }]];
        }),
      );
    },
    async cancel(handles) {
      for (const { id } of handles) jobs.get(id)!.left = 0;
    },
    async step() {
      await sleep(1); // processes make folders: that takes real time
    },
    async wake() {
      for (const go of asleep.splice(0)) go();
      for (let i = 0; i < 200; i++) await turn();
    },
  };
}

/** Calls `touched` before each operation on the store. */
function watched(store: Store, touched: () => Promise<void>): Store {
  return {
    ...store,
    async stat(...args) {
      await touched();
      return store.stat(...args);
    },
    async read(...args) {
      await touched();
      return store.read(...args);
    },
    async write(...args) {
      await touched();
      return store.write(...args);
    },
    async remove(...args) {
      await touched();
      return store.remove(...args);
    },
  };
}

/** A plan of three stages whose every object is made of those that it needs, so that a wrong order or a lost one is seen. */
export function toyPlan(runs: number, tasksPerRun: number, operation: "toy" | "dice" = "toy"): TaskPlan {
  const tasks: Task[] = [];
  const add = (key: string, needs: readonly Task[]) => {
    const params = { reads: needs.map(({ outputs }) => outputs[0]!) };
    const outputs = operation === "toy" ? [key] : [key, `${key}.die`];
    const identity = { run: operation, params, inputs: [], outputs };
    const task: Task = {
      ...identity,
      id: taskId(identity),
      title: key,
      needs: needs.map(({ id }) => id),
      bytes: 1000,
      memoryBytes: 0,
      threads: 1,
      ...(operation === "dice" ? { deterministic: false } : {}),
    };
    tasks.push(task);
    return task;
  };
  const ends = Array.from({ length: runs }, (_, run) => {
    let last: Task | undefined;
    for (let i = 0; i < tasksPerRun; i++) last = add(`set/run${run}/o${i}`, last ? [last] : []);
    return last!;
  });
  const dataset = add("set/dataset", ends);
  add("all/deposition", [dataset]);
  return { createdMs: 1000, tasks, locks: ["toy"] };
}

export const groupOfToy = ({ outputs: [key = ""] }: Task) => {
  const parts = key.split("/");
  return parts.length > 2
    ? { name: parts.slice(0, 2).join("/"), rank: 0 }
    : { name: parts[0]!, rank: parts[0] === "all" ? 2 : 1 };
};

/** What the plan's objects must hold, computed without the engine. */
export function toyContents({ tasks }: TaskPlan): Map<string, string> {
  const contents = new Map<string, string>();
  for (const { params, outputs } of tasks) {
    const read = (params.reads as string[]).map((key) => contents.get(key)!);
    contents.set(outputs[0]!, digest(read));
  }
  return contents;
}

/** Objects of `dice` that do not go with each other, or with what they were made of: two processes had an effect on one task. */
export async function mixtures({ tasks }: TaskPlan, store: Store): Promise<string[]> {
  const text = async (key: string) => decoder.decode(await store.read(key));
  const found: string[] = [];
  for (const { params, outputs } of tasks) {
    const [thrown, made] = (await text(outputs[0]!)).split(" ");
    const read = await Promise.all((params.reads as string[]).map(text));
    if (made !== digest(read) || (await text(outputs[1]!)) !== thrown) found.push(outputs[0]!);
  }
  return found;
}

const digest = (texts: readonly string[]) => createHash("sha256").update(texts.join("\n")).digest("hex");

const decoder = new TextDecoder();

/** @param began told of each task that a process begins */
export function toyStation(
  store: Store,
  began: (title: string) => void = () => {},
  fails: (title: string) => boolean = () => false,
): ClusterStation {
  const operations: Operations = {
    async toy(task, context) {
      began(task.title);
      if (fails(task.title)) throw new EmporiumError("TASK_FAILED", `${task.title} cannot be made`);
      const read: string[] = [];
      for (const key of task.params.reads as string[]) {
        const bytes = await context.target.read(key);
        if (!bytes) throw new EmporiumError("STORE_ABSENT", `${key} is not there`);
        read.push(decoder.decode(bytes));
      }
      return { outputs: [await publishObject(context, task.outputs[0]!, new TextEncoder().encode(digest(read)))] };
    },
  };
  // what it makes has chance in it: another one each time
  async function dice(task: Task, context: TaskContext) {
    began(task.title);
    const read: string[] = [];
    for (const key of task.params.reads as string[]) read.push(decoder.decode(await context.target.read(key)));
    const thrown = randomUUID();
    const write = (key: string, text: string) => publishObject(context, key, new TextEncoder().encode(text));
    return {
      outputs: [await write(task.outputs[0]!, `${thrown} ${digest(read)}`), await write(task.outputs[1]!, thrown)],
    };
  }
  return { open: async () => ({ source: store, target: store, operations: () => ({ ...operations, dice }) }) };
}

export const toyEnv = (seed: number) => envOf({ clock: manualClock(1_000_000), random: seededRandom(seed), log: silentLog });

export function toyPlace(executor: EngineExecutor): ClusterPlace {
  return {
    executor,
    resources: { cpus: 2, memoryBytes: 2 ** 30, gpus: 0, words: [] },
    slots: 4,
    prologue: [],
    command: ["emporium"],
    program: "1",
  };
}

/** Begins a run of the plan in the store. */
export async function beginToy(plan: TaskPlan, store: Store, place: ClusterPlace, seed: number): Promise<OpenRun> {
  const run = await beginRun(
    {
      station: "toy",
      name: "toy",
      plan,
      params: {},
      source: store,
      target: store,
      anonymous: false,
      sync: false,
      groupOf: groupOfToy,
      stageNames: ["runs", "datasets", "depositions"],
    },
    place,
    toyEnv(seed),
  );
  if (!run) throw new Error("nothing to do");
  return run;
}

/** What an element does: the words that its script ends with say which slice of which stage. */
export function elementOf({ script }: ArrayJob): { stage: string; attempt: number } {
  const [, stage, attempt] = /--stage (\S+) --attempt (\d+)/.exec(script) ?? [];
  return { stage: stage!, attempt: Number(attempt) };
}

/** Does an element's slice in this process. */
export function runElement(
  run: OpenRun,
  job: ArrayJob,
  slice: number,
  store: (inner: Store) => Store,
  seed: number,
  station = toyStation,
) {
  const seen = store(run.store);
  const options = { ...elementOf(job), slice, jobs: 1, memoryBytes: 2 ** 26 };
  // lines reach the store when the process ends, or when there are very many: no timer
  return work({ ...run, store: seen }, station(seen), options, toyEnv(seed), () => () => {}).then(() => {});
}

/** Looks at a run again and again, as gates do, until it has ended. */
export async function untilEnded(run: OpenRun, executor: Player, station: AnyStation, looks = 20_000): Promise<RunEnd> {
  for (let look = 0; look < looks; look++) {
    try {
      const step = await gate(run, station, {
        executor,
        gates: false,
        by: "the test",
        takeOver: true,
        clock: manualClock(),
        log: silentLog,
      });
      if (step.state === "ended") return step.end;
    } catch (error) {
      if (!(error instanceof EmporiumError) || error.code !== "ENGINE_SILENT") throw error;
    }
    await executor.step();
  }
  throw new Error(`the run did not end in ${looks} looks`);
}
