import { EmporiumError, type ErrorRecord, toErrorRecord } from "../../core/errors.js";
import { formatBytes } from "../../core/units.js";
import type { Receipt, Task, TaskResult, TaskState } from "../task.js";

/** What a task may use while it runs. */
export interface Grant {
  readonly threads: number;
  readonly memoryBytes: number;
}

/** How one task ended. Performing it never throws. */
export interface Performed {
  readonly state: Extract<TaskState, "done" | "failed" | "cancelled">;
  readonly receipt?: Receipt | undefined;
  readonly error?: EmporiumError | undefined;
}

export interface LocalOptions {
  /** Threads of this machine that tasks may use together. */
  readonly jobs: number;
  /** Buffers that tasks may hold together. */
  readonly memoryBytes: number;
  /** Once it aborts, nothing new starts. What runs is waited for. */
  readonly signal: AbortSignal;
  /** True for a failure after which nothing new may start. */
  readonly endsRun: (error: EmporiumError) => boolean;
  /** Called once for each task, as soon as it is known how it ended. */
  readonly onSettled: (result: TaskResult) => void;
}

/**
 * Runs tasks on this machine, in parallel, in the order of the plan: a task starts when its dependencies are done and enough
 * threads and memory are free. No later task overtakes the first waiting one, so small tasks cannot delay a volume that needs all
 * threads for ever.
 *
 * A task also waits for tasks that it merely follows, whatever their outcome.
 *
 * A task that wants all threads runs alone with all of them and the whole memory. A failure takes those that need the task with
 * it, and nobody else.
 *
 * @param already results of tasks that need no work.
 * @returns one result a task, in the order of the plan.
 */
export async function runLocal(
  tasks: readonly Task[],
  already: ReadonlyMap<string, TaskResult>,
  perform: (task: Task, grant: Grant) => Promise<Performed>,
  options: LocalOptions,
): Promise<TaskResult[]> {
  const { jobs, memoryBytes, signal, endsRun, onSettled } = options;
  const results = new Map<string, TaskResult>(already);
  const { ready, needers, followers, release } = dependencies(tasks, results);
  let running = 0;
  let wake = () => {};
  let threadsFree = jobs;
  let memoryFree = memoryBytes;
  let ended: EmporiumError | undefined;

  function settle(task: Task, state: TaskState, facts: Pick<TaskResult, "receipt" | "error"> = {}): void {
    const result: TaskResult = { task, state, ...facts };
    results.set(task.id, result);
    onSettled(result);
    release(followers.get(task.id));
  }

  /** Everything that needs a failed task, however far away. */
  function block(failed: Task): void {
    const open = [...(needers.get(failed.id) ?? [])];
    for (let index = open.shift(); index !== undefined; index = open.shift()) {
      const task = tasks[index]!;
      if (results.has(task.id)) continue;
      settle(task, "blocked", { error: blockedBy(failed, task) });
      open.push(...(needers.get(task.id) ?? []));
    }
  }

  function finish(task: Task, { state, receipt, error }: Performed): void {
    settle(task, state, { receipt, error: error && toErrorRecord(error) });
    if (state === "done") release(needers.get(task.id));
    if (state === "failed") block(task);
    if (state === "failed" && error && endsRun(error)) ended ??= error;
  }

  function start(task: Task, grant: Grant): void {
    threadsFree -= grant.threads;
    memoryFree -= grant.memoryBytes;
    running++;
    void perform(task, grant).then((performed) => {
      threadsFree += grant.threads;
      memoryFree += grant.memoryBytes;
      running--;
      finish(task, performed);
      wake();
    });
  }

  for (;;) {
    while (!signal.aborted && !ended && ready.length > 0) {
      const task = tasks[ready.at(-1)!]!;
      if (task.memoryBytes > memoryBytes) {
        ready.pop();
        finish(task, { state: "failed", error: tooLarge(task, memoryBytes) });
        continue;
      }
      const grant = task.threads === "all" ? { threads: jobs, memoryBytes } : { threads: 1, memoryBytes: task.memoryBytes };
      if (grant.threads > threadsFree || grant.memoryBytes > memoryFree) break;
      ready.pop();
      start(task, grant);
    }
    if (running === 0) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  for (const task of tasks) {
    if (!results.has(task.id)) settle(task, "cancelled", { error: toErrorRecord(notStarted(task, ended)) });
  }
  return tasks.map(({ id }) => results.get(id)!);
}

/** Which tasks may start, and who waits for whom; tasks are positions in the plan. */
function dependencies(tasks: readonly Task[], results: ReadonlyMap<string, TaskResult>) {
  const needers = new Map<string, number[]>();
  const followers = new Map<string, number[]>();
  const waitsFor = new Array<number>(tasks.length).fill(0);
  const ready: number[] = []; // last one first: taking the next is cheap, and so is adding one that is near the front
  tasks.forEach((task, index) => {
    if (results.has(task.id)) return;
    const open = task.needs.filter((need) => results.get(need)?.state !== "already");
    const before = (task.after ?? []).filter((first) => results.get(first)?.state !== "already");
    waitsFor[index] = open.length + before.length;
    for (const need of open) note(needers, need, index);
    for (const first of before) note(followers, first, index);
    if (waitsFor[index] === 0) ready.push(index);
  });
  ready.reverse();
  return { ready, needers, followers, release };

  function release(waiting: readonly number[] | undefined): void {
    for (const index of waiting ?? []) {
      waitsFor[index]!--;
      if (waitsFor[index] === 0 && !results.has(tasks[index]!.id)) insertDescending(ready, index);
    }
  }
}

function note(waiting: Map<string, number[]>, id: string, index: number): void {
  if (waiting.has(id)) waiting.get(id)!.push(index);
  else waiting.set(id, [index]);
}

function insertDescending(sorted: number[], value: number): void {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > value) low = middle + 1;
    else high = middle;
  }
  sorted.splice(low, 0, value);
}

function blockedBy(failed: Task, task: Task): ErrorRecord {
  return toErrorRecord(
    new EmporiumError("TASK_BLOCKED", `${task.title} was not started: it needs ${failed.title}, which failed`, {
      place: task.place,
      hint: "fix that error and run the same command again",
    }),
  );
}

function tooLarge(task: Task, memoryBytes: number): EmporiumError {
  const found = `${task.title} needs ${formatBytes(task.memoryBytes)} of buffers, ${formatBytes(memoryBytes)} are allowed`;
  const hint = `allow more with --memory ${Math.ceil(task.memoryBytes / 2 ** 20)}MiB`;
  return new EmporiumError("MEMORY_LIMIT", found, { place: task.place, hint });
}

function notStarted(task: Task, ended: EmporiumError | undefined): EmporiumError {
  const why = ended ? `the run was ended by: ${ended.message}` : "the run was stopped";
  const hint = "the same command resumes";
  return new EmporiumError("CANCELLED", `${task.title} was not started: ${why}`, { place: task.place, hint });
}
