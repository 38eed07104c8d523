import { EmporiumError } from "../../core/errors.js";
import { formatBytes } from "../../core/units.js";
import type { Receipt, Task, TaskState } from "../task.js";
import type { TaskSource } from "../task-source.js";
import { readySet } from "./ready-set.js";

/** Threads and memory that a task may use while it runs. */
export interface Grant {
  readonly threads: number;
  readonly memoryBytes: number;
}

/** Outcome of one task. Performing it never throws. */
export interface Performed {
  readonly state: Extract<TaskState, "done" | "failed" | "cancelled">;
  readonly receipt?: Receipt | undefined;
  readonly error?: EmporiumError | undefined;
  /** Times that the task took, a row of `figureRow`. */
  readonly figures?: readonly number[] | undefined;
  /** Attempts beyond the first. */
  readonly again?: number | undefined;
}

/** Reason for which a task ended as it did, beside its state. */
export interface Ending extends Pick<Performed, "receipt" | "error"> {
  /** Number of the failed task that blocks a blocked one. */
  readonly because?: number | undefined;
}

export interface ScheduleOptions {
  /** Threads of this machine that tasks may use together. */
  readonly jobs: number;
  /** Buffers that tasks may hold together. */
  readonly memoryBytes: number;
  /** Once it aborts, nothing new starts. What runs is waited for. */
  readonly signal: AbortSignal;
  /** True for a failure after which nothing new may start. */
  readonly endsRun: (error: EmporiumError) => boolean;
}

/** States as bytes. A task that waits or runs has none of them yet. */
const STATES: readonly (TaskState | undefined)[] = [undefined, "done", "already", "failed", "blocked", "cancelled"];
const CODES = { done: 1, already: 2, failed: 3, blocked: 4, cancelled: 5 } as const satisfies Record<TaskState, number>;

/** The state of every task of a run, a byte each. */
export interface TaskStates {
  readonly counts: Readonly<Record<TaskState, number>>;
  /** Undefined for a task that has not ended. */
  get(index: number): TaskState | undefined;
  set(index: number, state: TaskState): void;
}

export function taskStates(count: number): TaskStates {
  const bytes = new Uint8Array(count);
  const counts: Record<TaskState, number> = { done: 0, already: 0, failed: 0, blocked: 0, cancelled: 0 };
  return {
    counts,
    get: (index) => STATES[bytes[index]!],
    set(index, state) {
      const before = STATES[bytes[index]!];
      if (before) counts[before]--;
      counts[state]++;
      bytes[index] = CODES[state];
    },
  };
}

/**
 * Runs tasks in parallel, in the order of their numbers: a task starts when its dependencies are done and enough threads and memory are free.
 * No later task overtakes the first waiting one, so small tasks cannot delay a volume that needs all threads for ever.
 *
 * A task also waits for tasks that it merely follows, whatever their outcome. A task that wants all threads runs alone with all of them and
 * the whole memory. A failure takes those that need the task with it, and nobody else.
 *
 * @param states `already` where a task needs no work; afterwards every task has one.
 * @param onSettled called once for each other task, as soon as it is known how it ended; its state is set by then.
 * @returns the failure that ended the run, if one did.
 *
 * Cost: about five bytes a task, and a failure's error where somebody keeps it.
 */
export async function schedule(
  source: TaskSource,
  states: TaskStates,
  perform: (task: Task, grant: Grant, index: number) => Promise<Performed>,
  onSettled: (index: number, state: TaskState, ending: Ending) => void,
  { jobs, memoryBytes, signal, endsRun }: ScheduleOptions,
): Promise<EmporiumError | undefined> {
  const { ready, release } = dependencies(source, states);
  const resources = resourcesOf(jobs, memoryBytes);
  let running = 0;
  let wake = () => {};
  let ended: EmporiumError | undefined;
  let next: { index: number; task: Task } | undefined; // kept while it waits for threads or memory

  function settle(index: number, state: TaskState, ending: Ending): void {
    states.set(index, state);
    onSettled(index, state, ending);
    if (source.followers) source.followers(index, release);
  }
  function finish(index: number, { state, receipt, error }: Performed): void {
    settle(index, state, { receipt, error });
    if (state === "done") source.needers(index, release);
    if (state === "failed") for (const other of needersOf(source, states, index)) settle(other, "blocked", { because: index });
    if (state === "failed" && error && endsRun(error)) ended ??= error;
  }
  function start({ index, task }: { index: number; task: Task }, grant: Grant): void {
    running++;
    void perform(task, grant, index).then((performed) => {
      resources.give(grant);
      running--;
      finish(index, performed);
      wake();
    });
  }

  for (;;) {
    while (!signal.aborted && !ended) {
      const index = ready.first();
      if (index < 0) break;
      if (next?.index !== index) next = { index, task: source.task(index) };
      const { task } = next;
      if (task.memoryBytes > memoryBytes) {
        ready.remove(index);
        finish(index, { state: "failed", error: tooLarge(task, memoryBytes) });
        continue;
      }
      const grant = resources.take(task);
      if (!grant) break;
      ready.remove(index);
      start(next, grant);
    }
    if (running === 0) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  for (let index = 0; index < source.count; index++) {
    if (states.get(index) === undefined) settle(index, "cancelled", { error: ended });
  }
  return ended;
}

/** Threads and memory that are free. */
function resourcesOf(threads: number, memoryBytes: number) {
  let threadsFree = threads;
  let memoryFree = memoryBytes;
  return {
    /** Undefined while there is not enough for the task. */
    take(task: Task): Grant | undefined {
      const grant = task.threads === "all" ? { threads, memoryBytes } : { threads: 1, memoryBytes: task.memoryBytes };
      if (grant.threads > threadsFree || grant.memoryBytes > memoryFree) return undefined;
      threadsFree -= grant.threads;
      memoryFree -= grant.memoryBytes;
      return grant;
    },
    give(grant: Grant): void {
      threadsFree += grant.threads;
      memoryFree += grant.memoryBytes;
    },
  };
}

/** Which tasks may start; `release` tells that one thing less is in a task's way. */
function dependencies(source: TaskSource, states: TaskStates) {
  const waitsFor = new Uint32Array(source.count);
  const ready = readySet(source.count);
  let open = 0;
  const count = (other: number) => {
    if (states.get(other) !== "already") open++;
  };
  for (let index = 0; index < source.count; index++) {
    if (states.get(index) !== undefined) continue;
    open = 0;
    source.needs(index, count);
    source.follows?.(index, count);
    waitsFor[index] = open;
    if (open === 0) ready.add(index);
  }
  const release = (index: number) => {
    waitsFor[index]!--;
    if (waitsFor[index] === 0 && states.get(index) === undefined) ready.add(index);
  };
  return { ready, release };
}

/** Everything that needs a failed task, however far away, nearest first: what has not ended yet. */
function* needersOf(source: TaskSource, states: TaskStates, failed: number): Generator<number> {
  const open: number[] = [];
  const seen = new Set<number>();
  const add = (index: number) => {
    if (states.get(index) !== undefined || seen.has(index)) return;
    seen.add(index);
    open.push(index);
  };
  source.needers(failed, add);
  for (let at = 0; at < open.length; at++) {
    const index = open[at]!;
    yield index;
    source.needers(index, add);
  }
}

function tooLarge(task: Task, memoryBytes: number): EmporiumError {
  const found = `${task.title} needs ${formatBytes(task.memoryBytes)} of buffers, ${formatBytes(memoryBytes)} are allowed`;
  const hint = `allow more with --memory ${Math.ceil(task.memoryBytes / 2 ** 20)}MiB`;
  return new EmporiumError("MEMORY_LIMIT", found, { place: task.place, hint });
}
