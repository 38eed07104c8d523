import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { asEmporiumError, EmporiumError, type ErrorRecord } from "../../core/errors.js";
import type { Report } from "../../core/report.js";
import { counted } from "../../core/units.js";
import type { Store } from "../../stores/store.js";
import { removeTree } from "../disk.js";
import type { Env } from "../env.js";
import { type Every, everyInterval } from "../every.js";
import type { BlockWork } from "../executors/worker-process-side.js";
import { type Journal, type JournalRecord, withoutSecrets } from "../journal.js";
import { type RunReport, runPart } from "../run.js";
import type { Operation, Operations, PlainObject, Receipt, Task, TaskPlan } from "../task.js";
import { readTasks } from "./graph.js";
import { type DeadTask, readDead } from "./judge.js";
import { exactlyOnce } from "./once.js";
import { contentsKey } from "./run-receipts.js";
import type { OpenRun, RunRecord } from "./run-record.js";
import { openSegments, type SegmentWriter } from "./segments.js";
import { readJournals, type SegmentRecord } from "./stage-journals.js";
import { retriedSince } from "./submissions.js";

const HEARTBEAT_MS = 60_000;

/** Exit status of a worker that was stopped in time: there is more to do, and another process goes on. */
export const MORE_TO_DO = 75;

/** Work of a station on a node, for tasks that are a list. */
export interface ClusterStation extends StationReports {
  /** Opens the stores of a run, and makes what its tasks run. `close` is called when the node's tasks are over. */
  open(
    record: RunRecord,
    env: Env,
  ): Promise<{
    source: Store;
    target: Store;
    operations: (tasks: readonly Task[]) => Operations;
    close?: () => Promise<void>;
  }>;
  /** Called once after the last stage. @param unfinished tasks that were not done */
  finish?(run: OpenRun, unfinished: readonly Task[]): Promise<void>;
}

/** Work of a station on a node, for tasks that are blocks. */
export interface BlockStation extends StationReports {
  /** Opens the stores of a run, and makes what its blocks run. */
  openBlocks(record: RunRecord): Promise<NodeBlocks>;
  /**
   * After the last stage, and again where somebody else was at it at the same time, or died: it ends with the same bytes. @param dead tasks
   * that were not done @returns what went wrong with the run as a whole
   */
  finish(run: OpenRun, dead: readonly DeadTask[]): Promise<ErrorRecord | undefined>;
  /** Called after a run was cancelled. */
  cancelled(run: OpenRun): Promise<void>;
}

export type AnyStation = ClusterStation | BlockStation;

export function isOfBlocks(station: AnyStation): station is BlockStation {
  return "openBlocks" in station;
}

export interface NodeBlocks extends BlockWork {
  /** URL of the module whose `openBlockWork` gives the same in a process of its own, and what that is told. */
  readonly module: string;
  readonly data: PlainObject;
  /** Worker processes, at most. */
  readonly processes: number;
  /** Bytes that each of them keeps of what it reads, beside its blocks. */
  readonly cacheBytes: number;
  /** Milliseconds for a task, as of `workerProcesses`. */
  readonly taskMs?: number | undefined;
}

interface StationReports {
  /** Takes what the run needs beside its target for itself again, before its failures are tried again. */
  retake?(run: OpenRun, env: Env): Promise<void>;
  /** Report on an ended run, as the command on one machine gives it. */
  report?(run: OpenRun): Promise<Report>;
}

export interface WorkOptions {
  readonly stage: string;
  readonly slice: number;
  readonly attempt: number;
  readonly jobs: number;
  readonly memoryBytes: number;
  /** The engine's name of this job, for people. */
  readonly job?: string | undefined;
}

/**
 * Does one slice of a run, or what is left of it, as a job of a cluster. Reads the run's own files and the sources, writes the target and a
 * journal of its own; asks nobody else.
 *
 * @returns the exit status: 0 all done, 3 some failed for good, 75 stopped in time with more to do.
 * @throws {EmporiumError} USAGE for a slice that the run does not have, ENGINE_DISAGREES, STORE_…
 */
export async function work(
  run: OpenRun,
  station: ClusterStation,
  options: WorkOptions,
  env: Env,
  every: Every = everyInterval,
): Promise<number> {
  const { record, folder } = run;
  const { stage: name, slice } = options;
  const { at, first, end } = sliceOf(record, options);
  const { source, target, operations, close: closeNode } = await station.open(record, env);
  const all = await readTasks(run.store, folder, first, end);
  const since = await retriedSince(run, name);
  const [earlier, dead] = await Promise.all([
    readJournals(run.store, folder, name, { slice, since }),
    readDead(run, record.stages.slice(0, at + 1)),
  ]);
  const lost = new Set(dead.map(({ task }) => task));
  const tasks = orderOf(withoutLost(all, lost), earlier.deaths);
  const token = randomBytes(4).toString("hex");
  const { segments, write, writeEnd, close } = await openDiary(target, folder, { ...options, token }, env, every);
  const scratch = await mkdtemp(join(tmpdir(), "emporium-work-"));
  try {
    const ids = new Set(tasks.map(({ id }) => id));
    const plan: TaskPlan = {
      createdMs: record.createdMs,
      locks: [],
      tasks: tasks.map((task) => ({
        ...task,
        needs: task.needs.filter((need) => ids.has(need)),
        after: task.after?.filter((first) => ids.has(first)),
      })),
    };
    const failed = new Set<string>();
    const journal = sliceJournal(segments, earlier.receipts, record.createdMs, (task) => failed.add(task));
    const report = await runPart(plan, journal, {
      ...env,
      operations: doneElsewhere(run, options, exactlyOnce(run, operations(tasks), token), env),
      source,
      target: withPartTags(target, token),
      workspace: scratch,
      name: record.name,
      jobs: options.jobs,
      memoryBytes: options.memoryBytes,
      createdMs: record.createdMs,
      keepContents: async (key, text) => {
        await target.write(contentsKey(folder, key), new TextEncoder().encode(text), { contentType: "text/plain" });
      },
      discardFailed: true,
      ownPart: (part) => part.endsWith(`-${token}.part`),
    });
    // tasks that were never begun, since they cannot be: the others have written it themselves
    for (const { task, state, error } of report.results) {
      if (state === "failed" && error && !failed.has(task.id)) await write({ record: "failed", task: task.id, error });
    }
    await writeEnd(report.cancelled === 0);
    return statusOf(report);
  } finally {
    await removeTree(scratch).catch(() => {});
    await close();
    await closeNode?.();
  }
}

/** Place of a slice: the index of its stage, its first task, and the one behind its last. @throws {EmporiumError} USAGE */
export function sliceOf(record: RunRecord, { stage: name, slice }: Pick<WorkOptions, "stage" | "slice">) {
  const at = record.stages.findIndex((stage) => stage.name === name);
  const bounds = record.stages[at]?.slices;
  if (bounds && slice + 1 < bounds.length) return { at, first: bounds[slice]!, end: bounds[slice + 1]! };
  const found = bounds ? `slice ${slice} of ${bounds.length - 1}` : `stage ${name}`;
  throw new EmporiumError("USAGE", `the run ${record.id} has no ${found}`, {
    hint: `choose one of the stages ${record.stages.map((stage) => `${stage.name} (${counted(stage.slices.length - 1, "slice")})`).join(", ")}`,
  });
}

/** Begins the journal of a process about itself: that it has begun, that it lives, what it begins, and that it ends. */
export async function openDiary(
  target: Store,
  folder: string,
  { stage, slice, attempt, token, job }: WorkOptions & { token: string },
  { clock }: Pick<Env, "clock">,
  every: Every,
) {
  const segments = await openSegments(target, folder, stage, { slice, attempt, token }, every);
  const startedMs = clock.monotonic();
  const write = (line: SegmentRecord, durable = false) => segments.add(JSON.stringify(line), durable);
  // before anything is touched: what a process leaves that dies at once is looked for where it says that it was
  await write({ record: "worker", host: hostname(), job, startedMs: clock.now() }, true);
  const stopHeartbeat = every(HEARTBEAT_MS, () => void write({ record: "heartbeat", atMs: clock.now() }).catch(() => {}));
  return {
    segments,
    write,
    writeEnd: (complete: boolean) => write({ record: "end", complete, seconds: (clock.monotonic() - startedMs) / 1000 }),
    async close() {
      stopHeartbeat();
      await segments.close();
    },
  };
}

/** Milliseconds between looks whether another process has done tasks of its slice: a twin, or one that was believed lost. */
export const LOOK_MS = 30_000;

/** Tasks that another process has done since this one began are not done again: its receipts count. */
function doneElsewhere(run: OpenRun, { stage, slice }: WorkOptions, operations: Operations, { clock }: Env): Operations {
  let lookedMs = clock.monotonic();
  let known: ReadonlyMap<string, Receipt> = new Map();
  const wrap =
    (operation: Operation): Operation =>
    async (task, context) => {
      if (clock.monotonic() - lookedMs >= LOOK_MS) {
        lookedMs = clock.monotonic();
        known = (await readJournals(run.store, run.folder, stage, { slice })).receipts;
      }
      const receipt = known.get(task.id);
      return receipt ? { outputs: receipt.outputs, warnings: receipt.warnings, facts: receipt.facts } : operation(task, context);
    };
  return Object.fromEntries(Object.entries(operations).map(([name, operation]) => [name, wrap(operation)]));
}

/** A slice never ends with 0 while a task is missing. */
function statusOf({ cancelled, failed, blocked, error }: RunReport): number {
  if (cancelled > 0 || error?.code === "CANCELLED") return MORE_TO_DO;
  return failed + blocked > 0 ? 3 : 0;
}

/** The tasks without those that nobody does any more and those that need one: the gate lists them. */
function withoutLost(tasks: readonly Task[], lost: ReadonlySet<string>): Task[] {
  const gone = new Set(lost);
  return tasks.filter(({ id, needs }) => {
    if (gone.has(id) || needs.some((need) => gone.has(need))) gone.add(id);
    return !gone.has(id);
  });
}

/** Tasks in which processes died come last: the others are done before they can do harm again. What needs them waits by itself. */
function orderOf(tasks: readonly Task[], deaths: ReadonlyMap<string, number>): Task[] {
  if (!tasks.some(({ id }) => deaths.has(id))) return [...tasks];
  const late = new Set<string>();
  for (const { id, needs, after = [] } of tasks) {
    if (deaths.has(id) || needs.some((need) => late.has(need)) || after.some((first) => late.has(first))) late.add(id);
  }
  return [...tasks.filter(({ id }) => !late.has(id)), ...tasks.filter(({ id }) => late.has(id))];
}

/** The journal of a slice as the engine's loop wants it: receipts of all attempts, lines into this attempt's own segments. */
function sliceJournal(
  segments: SegmentWriter,
  known: ReadonlyMap<string, Receipt>,
  createdMs: number,
  onFailed: (task: string) => void,
): Journal {
  const receipts = new Map(known);
  async function add(record: JournalRecord, durable: boolean): Promise<void> {
    if (record.record === "done") receipts.set(record.receipt.task, record.receipt);
    if (record.record === "failed") onFailed(record.task);
    if (record.record !== "start" && record.record !== "done" && record.record !== "failed") return;
    const clean = withoutSecrets(record);
    await segments.add(JSON.stringify(clean.record === "start" ? { record: "start", task: clean.task } : clean), durable);
  }
  return {
    path: "",
    begin: async () => ({ createdMs, resumed: known.size > 0 }),
    receipt: (task) => receipts.get(task),
    // parts of another process are not gone on with: it may still be alive
    attempt: () => undefined,
    unfinished: new Map(),
    append: (record) => add(record, true),
    jot: (record) => add(record, false),
    get broken() {
      return segments.broken && asEmporiumError(segments.broken);
    },
    syncs: 0,
    close: () => segments.close(),
  };
}

/** A store whose unfinished files have the process in their names: two that do one task do not write into each other's. */
function withPartTags(store: Store, token: string): Store {
  const { local } = store;
  if (!local) return store;
  return { ...store, local: { ...local, partPath: (key, tag) => local.partPath(key, `${tag}-${token}`) } };
}
