import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.js";
import {
  asEmporiumError,
  EmporiumError,
  ERRORS,
  type ErrorCode,
  type ErrorRecord,
  isEmporiumError,
  toErrorRecord,
} from "../core/errors.js";
import type { Log } from "../core/log.js";
import type { Random } from "../core/random.js";
import type { Store } from "../stores/store.js";
import { removeIfEmpty, removeTree } from "./disk.js";
import type { TypedCommand } from "./env.js";
import type { OnEvent, RunEvent, Unplanned } from "./events.js";
import type { Every } from "./every.js";
import { runLocal } from "./executors/local.js";
import { folderContents } from "./folder-contents.js";
import { type Journal, journalName, openJournal } from "./journal.js";
import { removeLeftovers } from "./leftovers.js";
import { takeLocks } from "./lock.js";
import { briefOf, performTask, type Unstamped } from "./perform.js";
import { checkPlan } from "./plan.js";
import { findDone } from "./receipts.js";
import type { Operations, Receipt, Task, TaskContext, TaskPlan, TaskResult, TaskState } from "./task.js";

export interface RunOptions {
  operations: Operations;
  source: Store;
  target: Store;
  /** Folder for journals and scratch, on this machine. */
  workspace: string;
  /** Name of the job, whatever its configuration says today: a journal belongs to a target and a name. */
  name: string;
  /** Threads of this machine. */
  jobs: number;
  /** Buffers of all tasks together. */
  memoryBytes: number;
  /** Go on with other tasks when one fails. Default true. */
  keepGoing?: boolean | undefined;
  clock: Clock;
  random: Random;
  log: Log;
  /** Stops the run: nothing new starts, operations get it. */
  signal?: AbortSignal | undefined;
  /** Read again the objects that receipts name, and compare checksums. */
  verify?: boolean | undefined;
  /** Trust no receipt of an earlier job. */
  force?: boolean | undefined;
  /** Parts of what failed go in any case. By default they stay where a store failed: the same command goes on with them. */
  discardFailed?: boolean | undefined;
  /** The moment that outputs show (`SOURCE_DATE_EPOCH`), instead of the plan's. */
  createdMs?: number | undefined;
  /** Wait until receipts would survive a power loss. Default true. */
  sync?: boolean | undefined;
  /** Version of the program, for the journal. */
  version?: string | undefined;
  /** Command that was typed, for the journal. */
  typed?: TypedCommand | undefined;
  onEvent?: OnEvent | undefined;
  /** What was asked for and the plan cannot make: it counts as failed and blocked. */
  unplanned?: Unplanned | undefined;
  /** Drives the heartbeats of the locks; real time by default. */
  every?: Every | undefined;
  /** Receipts that other journals have: they count where this one has none, and where what they promise is still there. */
  otherReceipt?: ((task: string) => Receipt | undefined) | undefined;
  /** Gets the tasks that are not done yet before the first of them begins. */
  beforeTasks?: ((tasks: readonly Task[]) => Promise<void>) | undefined;
  /** Keeps texts behind receipts of folders, for a part of a plan. */
  keepContents?: TaskContext["keepContents"];
  /** Parts of this process, by the names of their files. Default: all parts under a task's outputs, since nobody else writes there. */
  ownPart?: ((name: string) => boolean) | undefined;
}

export interface RunReport {
  /** One result for each task, in the order of the plan. */
  readonly results: readonly TaskResult[];
  readonly done: number;
  readonly already: number;
  readonly failed: number;
  readonly blocked: number;
  /** Tasks that were not done since the run was stopped or ended; `interrupted` of them had begun. */
  readonly cancelled: number;
  readonly interrupted: number;
  readonly seconds: number;
  /** Exit status of the command line: 0, 1, 2, 3, 11 or 130. */
  readonly exitStatus: number;
  /** The moment that outputs show. */
  readonly createdMs: number;
  /** Whether this run went on with one that was stopped. */
  readonly resumed: boolean;
  /** The error that ended the run before its end: a signal, a lost lock, a full disk. */
  readonly error?: ErrorRecord | undefined;
}

/**
 * Runs a plan to its end, or as far as it goes. Killed at any moment and called again with the same plan, it ends with the same
 * bytes as if it had never been killed.
 *
 * Failures of tasks are in the report, never thrown.
 *
 * @throws {EmporiumError} before anything is touched: INTERNAL, NAME_UNSAFE or CONFIG_COLLISION for a plan that cannot be run,
 *   TARGET_LOCKED while another process writes the target, CANCELLED, and whatever opening the journal or writing a lock gives.
 */
export async function runPlan(plan: TaskPlan, options: RunOptions): Promise<RunReport> {
  const { target, clock, random, log, name, workspace } = options;
  checkPlan(plan);
  return withStop(plan.tasks, options, async (inner) => {
    const { stop } = inner;
    const journalFile = journalName(target.url, name);
    const lockNames = plan.locks.length > 0 ? plan.locks : [journalFile];
    const onLost = (error: EmporiumError) => stop.abort(error);
    const locks = await takeLocks(target, lockNames, {
      job: name,
      clock,
      random,
      log,
      onLost,
      every: options.every,
      signal: stop.signal,
    });
    try {
      const journal = await openJournal(join(workspace, "journals"), journalFile, log, { sync: options.sync });
      try {
        const keepContents = folderContents(workspace, journalFile).keep;
        return await runWithJournal(plan, journal, { ...inner, keepContents });
      } finally {
        await journal.close();
      }
    } finally {
      await locks.release();
    }
  });
}

/**
 * Runs a part of a plan for somebody who holds the target's locks and keeps the journal: a worker on a cluster.
 *
 * @throws {EmporiumError} INTERNAL, CANCELLED
 */
export function runPart(plan: TaskPlan, journal: Journal, options: RunOptions): Promise<RunReport> {
  return withStop(plan.tasks, options, (inner) => runWithJournal(plan, journal, inner));
}

/** State of a run beside its options. */
export interface Running {
  emit: (event: Unstamped<RunEvent>) => void;
  /** Stops the run: its own signal, a lost lock. */
  stop: AbortController;
  begunMs: number;
}
type Inner = RunOptions & Running;

/**
 * Does a run's work, which the options' signal stops.
 *
 * @param parts each with the name of its operation
 * @throws {EmporiumError} INTERNAL for an operation that is not there, CANCELLED
 */
export async function withStop<O extends Pick<RunOptions, "operations" | "clock" | "log" | "signal" | "onEvent">, R>(
  parts: Iterable<{ readonly run: string; readonly title: string }>,
  options: O,
  work: (inner: O & Running) => Promise<R>,
): Promise<R> {
  const { clock, log, signal } = options;
  for (const { run, title } of parts) {
    if (!options.operations[run]) throw new EmporiumError("INTERNAL", `${title}: no operation is called ${run}`);
  }
  const begunMs = clock.monotonic();
  const stop = new AbortController();
  const onAbort = () => stop.abort(stopReason(signal!.reason));
  if (signal?.aborted) throw stopReason(signal.reason);
  signal?.addEventListener("abort", onAbort);
  const emit = (event: Unstamped<RunEvent>) => {
    try {
      options.onEvent?.({ ...event, atMs: clock.monotonic() } as RunEvent);
    } catch (error) {
      log.debug("progress could not be shown", { error: String(error) });
    }
  };
  try {
    return await work({ ...options, emit, stop, begunMs });
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

async function runWithJournal(plan: TaskPlan, journal: Journal, options: Inner): Promise<RunReport> {
  const { emit, stop, clock, log, target, workspace } = options;
  const { force, version } = options;
  const { createdMs, resumed } = await journal.begin(plan, {
    createdMs: options.createdMs,
    force,
    version,
    target: target.url,
  });
  const bytes = plan.tasks.reduce((sum, task) => sum + task.bytes, 0);
  emit({ kind: "plan", tasks: plan.tasks.length, bytes, resumed, createdMs, unplanned: options.unplanned });

  const scratch = join(workspace, "scratch");
  const already = await findAlready(plan, journal, options);
  await options.beforeTasks?.(plan.tasks.filter(({ id }) => !already.has(id)));
  await journal.jot({ record: "command", ...options.typed });
  await removeScratch(scratch, (id) => already.has(id));
  emit({ kind: "checked", already: already.size, alreadyBytes: sumBytes(already.values()) });
  const startedMs = new Map<string, number>();
  const onSettled = ({ task, state, error, receipt }: TaskResult) => {
    const seconds = (clock.monotonic() - (startedMs.get(task.id) ?? clock.monotonic())) / 1000;
    emit({ kind: "settled", task: briefOf(task), state, seconds, error, warnings: receipt?.warnings });
  };
  for (const result of already.values()) onSettled(result);

  let ended: EmporiumError | undefined;
  const endsRun = (error: EmporiumError) => {
    const ends = options.keepGoing === false || error.code === "DISK_FULL" || journal.broken !== undefined;
    if (ends && !ended) {
      ended = error;
      emit({ kind: "stopping", error: toErrorRecord(error) });
    }
    return ends;
  };
  const onStop = () => emit({ kind: "stopping", error: toErrorRecord(asEmporiumError(stop.signal.reason, "CANCELLED")) });
  stop.signal.addEventListener("abort", onStop);
  const results = await runLocal(
    plan.tasks,
    already,
    (task, grant) => {
      startedMs.set(task.id, clock.monotonic());
      return performTask(task, grant, { ...options, journal, scratch, createdMs, signal: stop.signal });
    },
    { jobs: Math.max(1, options.jobs), memoryBytes: options.memoryBytes, signal: stop.signal, endsRun, onSettled },
  );

  const counts = countStates(results);
  if (counts.done + counts.already === results.length) {
    await tidyUp(plan, journal, target, scratch).catch((error: unknown) => log.debug(`leftovers stay: ${String(error)}`));
  }
  if (stop.signal.aborted) ended = stopReason(stop.signal.reason);
  const complete = counts.cancelled === 0 && ended?.code !== "DISK_FULL" && !journal.broken;
  await journal.append({ record: "end", complete }).catch((error: unknown) => log.warn(asEmporiumError(error).message));
  await removeIfEmpty(scratch);
  const exitStatus = exitStatusOf(results, stop.signal.aborted ? ended : undefined);
  const interrupted = results.filter(({ task, state }) => state === "cancelled" && startedMs.has(task.id)).length;
  const seconds = (clock.monotonic() - options.begunMs) / 1000;
  emit({ kind: "end", exitStatus, seconds });
  return {
    results,
    ...counts,
    interrupted,
    seconds,
    exitStatus,
    createdMs,
    resumed,
    ...(ended ? { error: toErrorRecord(ended) } : {}),
  };
}

async function findAlready(
  plan: TaskPlan,
  journal: Journal,
  { target, verify, force, log, stop, otherReceipt }: Inner,
): Promise<Map<string, TaskResult>> {
  const receiptOf = (task: string) => journal.receipt(task) ?? (force ? undefined : otherReceipt?.(task));
  const receipts = await findDone(target, plan.tasks, receiptOf, { verify, log, signal: stop.signal });
  const others = [...receipts].flatMap(([task, receipt]) => (journal.receipt(task) ? [] : receipt));
  // another command's: nobody noted which
  if (others.length > 0) await journal.jot({ record: "command" });
  for (const receipt of others) await journal.jot({ record: "done", receipt });
  const already = new Map<string, TaskResult>();
  for (const task of plan.tasks) {
    const receipt = receipts.get(task.id);
    const isStale = task.after?.some((first) => !already.has(first)) ?? false;
    if (receipt && !isStale) already.set(task.id, { task, state: "already", receipt });
  }
  return already;
}

/** Scratch folders of finished tasks: a kill may come between a receipt and the removal. */
async function removeScratch(scratch: string, isOver: (task: string) => boolean): Promise<void> {
  const names = await readdir(scratch).catch(() => []);
  for (const name of names) if (isOver(name)) await removeTree(join(scratch, name));
}

/**
 * After a run that did everything: removes the parts of tasks that earlier runs began and that are in no plan any more because
 * their input or a parameter changed. Only where this plan writes: there it holds the locks.
 */
async function tidyUp(plan: TaskPlan, journal: Journal, target: Store, scratch: string): Promise<void> {
  const current = new Set(plan.tasks.map(({ id }) => id));
  const ours = new Set(plan.tasks.flatMap(({ outputs }) => outputs));
  for (const [task, outputs] of [...journal.unfinished]) {
    if (!current.has(task) && !outputs.every((key) => ours.has(key))) continue;
    await removeLeftovers(target, outputs);
    await removeTree(join(scratch, task));
    await journal.jot({ record: "forget", task });
  }
}

export function countStates(results: readonly TaskResult[]): Record<TaskState, number> {
  const counts: Record<TaskState, number> = { done: 0, already: 0, failed: 0, blocked: 0, cancelled: 0 };
  for (const { state } of results) counts[state]++;
  return counts;
}

/**
 * 0: all done. A stop has its own status. 3: every task was tried or blocked, and some are done. Else a failure ended the command
 * early: 1, or 2 if the failed tasks had changed nothing.
 */
export function exitStatusOf(results: readonly TaskResult[], stopped: EmporiumError | undefined): number {
  const codes = results.flatMap(({ state, error }) => (state === "failed" && error ? [error.code] : []));
  return exitStatusFor(countStates(results), codes, stopped);
}

/** As `exitStatusOf`. @param codes of the failures */
export function exitStatusFor(
  { done, already, failed, blocked, cancelled }: Readonly<Record<TaskState, number>>,
  codes: readonly ErrorCode[],
  stopped: EmporiumError | undefined,
): number {
  if (stopped) return ERRORS[stopped.code].exit;
  if (failed + blocked + cancelled === 0) return 0;
  if (cancelled === 0 && done + already > 0) return 3;
  return done + already === 0 && codes.length > 0 && codes.every((code) => ERRORS[code].exit === 2) ? 2 : 1;
}

export function stopReason(reason: unknown): EmporiumError {
  if (isEmporiumError(reason)) return reason;
  return new EmporiumError("CANCELLED", "stopped by a signal", { hint: "run the same command again to resume", cause: reason });
}

function sumBytes(results: Iterable<{ task: Task }>): number {
  let sum = 0;
  for (const { task } of results) sum += task.bytes;
  return sum;
}
