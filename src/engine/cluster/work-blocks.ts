import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asEmporiumError, type EmporiumError, isEmporiumError, toErrorRecord } from "../../core/errors.js";
import { type BlockJournal, blockJournal } from "../blocks/block-journal.js";
import type { BlockSource, PlacedStage } from "../blocks/block-source.js";
import { blocksFolder, checkInputs, type Performers } from "../blocks/run-blocks.js";
import { removeTree } from "../disk.js";
import type { Env } from "../env.js";
import { type Every, everyInterval } from "../every.js";
import { type Grant, type Performed, schedule, type TaskStates, taskStates } from "../executors/schedule.js";
import { workerProcesses } from "../executors/worker-processes.js";
import type { JournalRecord } from "../journal.js";
import { performTask } from "../perform.js";
import { withStop } from "../run.js";
import type { Task } from "../task.js";
import type { TaskSource } from "../task-source.js";
import { blocksOf, readBlockJournals } from "./block-run.js";
import { readDead } from "./judge.js";
import { exactlyOnce } from "./once.js";
import type { OpenRun } from "./run-record.js";
import { nameOf, needsOneOf } from "./run-tasks.js";
import type { SegmentRecord } from "./stage-journals.js";
import { retriedSince } from "./submissions.js";
import { type BlockStation, LOOK_MS, MORE_TO_DO, type NodeBlocks, openDiary, sliceOf, type WorkOptions } from "./work.js";
import { processesMemory } from "./worker-memory.js";

/** Tasks that a process has or waits for. Those that are begun when a job is killed are done one by one the next time. */
const TASKS_A_PROCESS = 4;

/**
 * `work` for a slice of blocks: its tasks in their order, in worker processes where the job has several processors. Receipts go into the
 * journal of the blocks, where runs on one machine find them too.
 *
 * @returns the exit status, as `work`
 * @throws {EmporiumError} USAGE for a slice that the run does not have, STORE_…
 */
export async function workBlocks(
  run: OpenRun,
  station: BlockStation,
  options: WorkOptions,
  env: Env,
  every: Every = everyInterval,
): Promise<number> {
  const { record, folder } = run;
  const source = blocksOf(record)!;
  const range = sliceOf(record, options);
  const token = randomBytes(4).toString("hex");
  const node = await station.openBlocks(record);
  const found = await lookAtSlice(run, source, options, range);
  const diary = await openDiary(node.target, folder, { ...options, token }, env, every);
  const { slice, attempt } = options;
  const sync = record.target.sync;
  const journal = blockJournal(node.target, blocksFolder(source), source.stages, { token, slice, attempt, sync, every });
  const scratch = await mkdtemp(join(tmpdir(), "emporium-work-"));
  const parts = source.stages.map(({ name: title, run }) => ({ title, run }));
  try {
    return await withStop(parts, { ...env, operations: node.operations }, async ({ stop, emit }) => {
      const operations = exactlyOnce(run, node.operations, token);
      const once = { ...node, operations };
      const facts = { run, source, range, node: once, journal, write: diary.write, options, env, every, scratch, stop, emit };
      const counts = await doSlice(found, facts);
      await journal.close();
      await diary.writeEnd(counts.cancelled === 0);
      if (counts.cancelled > 0) return MORE_TO_DO;
      return counts.failed + counts.blocked > 0 ? 3 : 0;
    });
  } finally {
    await journal.close().catch((error: unknown) => env.log.warn(asEmporiumError(error).message));
    await removeTree(scratch).catch(() => {});
    await diary.close();
  }
}

interface Range {
  readonly at: number;
  readonly first: number;
  readonly end: number;
}

/** State of a slice before it is worked on. Numbers count from its first task. */
interface Found {
  readonly done: { has(number: number): boolean };
  /** Tasks that are not tried: they need what nobody does any more, or are that. */
  readonly lost: ReadonlySet<number>;
  /** Tasks in which processes died, or that need such a one: each is done alone, behind all others. */
  readonly late: ReadonlySet<number>;
}

async function lookAtSlice(run: OpenRun, source: BlockSource, { stage, slice }: WorkOptions, range: Range): Promise<Found> {
  const { at, first, end } = range;
  const since = await retriedSince(run, stage);
  const [journals, dead] = await Promise.all([
    readBlockJournals(run, source, run.record.stages[at]!, { slice, since }),
    readDead(run, run.record.stages.slice(0, at + 1)),
  ]);
  const gone = new Set(dead.map(({ task }) => task));
  const suspects = new Set(journals.deaths.keys());
  const [lost, late] = [new Set<number>(), new Set<number>()];
  for (let number = first; gone.size + suspects.size > 0 && number < end; number++) {
    const name = nameOf(source, number);
    if (journals.done.has(name)) continue;
    const isIn = (names: Set<string>) => names.has(name) || needsOneOf(source, number, names);
    if (isIn(gone)) {
      gone.add(name);
      lost.add(number - first);
    } else if (isIn(suspects)) {
      suspects.add(name);
      late.add(number - first);
    }
  }
  return { done: { has: (number) => journals.done.has(nameOf(source, first + number)) }, lost, late };
}

interface SliceFacts {
  readonly run: OpenRun;
  readonly source: BlockSource;
  readonly range: Range;
  readonly node: NodeBlocks;
  readonly journal: BlockJournal;
  readonly write: (line: SegmentRecord) => Promise<void>;
  readonly options: WorkOptions;
  readonly env: Env;
  readonly every: Every;
  readonly scratch: string;
  readonly stop: AbortController;
  readonly emit: Parameters<typeof performTask>[2]["emit"];
}

async function doSlice({ done, lost, late }: Found, facts: SliceFacts) {
  const { source, range, node, options, env, every, scratch, stop } = facts;
  const count = range.end - range.first;
  const tasks = sliceSource(source, range);
  const states = taskStates(count);
  for (let number = 0; number < count; number++) {
    if (done.has(number)) states.set(number, "already");
    else if (lost.has(number)) states.set(number, "blocked");
  }
  const within = source.stages.filter((stage) => stage.first < range.end && stage.first + stage.count > range.first);
  const changed = await changedInput(within, node);
  if (changed) return refuseAll(tasks, states, changed, facts);
  const processes = Math.min(options.jobs, node.processes);
  const crowd = { processes, module: node.module, data: node.data, scratch, createdMs: source.createdMs, clock: env.clock };
  const { taskMs } = node;
  const performers = processes > 1 ? workerProcesses({ ...crowd, taskMs, every, onEvent: env.onEvent }) : undefined;
  try {
    const perform = performer(facts, performers);
    const memoryBytes = options.memoryBytes - processesMemory(processes) - Math.max(1, processes) * node.cacheBytes;
    const all = processes > 1 ? processes * TASKS_A_PROCESS : 1;
    const pass = (now: TaskStates, jobs: number) =>
      schedule(tasks, now, perform, teller(tasks, facts, performers), {
        ...{ jobs, memoryBytes, signal: stop.signal },
        endsRun: ({ code }) => code === "DISK_FULL" || (facts.journal.broken ?? performers?.broken) !== undefined,
      });
    const first = late.size === 0 ? states : without(states, late, count);
    await pass(first, all);
    if (late.size === 0) return states.counts;
    const second = onlyLate(first, late, tasks);
    await pass(second, 1);
    return second.counts;
  } finally {
    performers?.close();
  }
}

/** Tasks of a slice as a source of their own: what they need of others is done. */
function sliceSource(source: BlockSource, { first, end }: Range): TaskSource {
  const inside = (visit: (number: number) => void) => (other: number) => {
    if (other >= first && other < end) visit(other - first);
  };
  return {
    ...{ createdMs: source.createdMs, locks: [], count: end - first },
    task: (number) => source.task(first + number),
    needs: (number, visit) => source.needs(first + number, inside(visit)),
    needers: (number, visit) => source.needers(first + number, inside(visit)),
    idsHash: () => source.idsHash(),
  };
}

/** States in which late tasks look as if somebody else did them later. */
function without(states: TaskStates, late: ReadonlySet<number>, count: number): TaskStates {
  const now = taskStates(count);
  for (let number = 0; number < count; number++) {
    const state = late.has(number) ? "cancelled" : states.get(number);
    if (state) now.set(number, state);
  }
  return now;
}

/** States after the first pass, with late tasks open unless they need what failed in it. */
export function onlyLate(
  first: TaskStates,
  late: ReadonlySet<number>,
  { count, needs }: Pick<TaskSource, "count" | "needs">,
): TaskStates {
  const now = taskStates(count);
  for (let number = 0; number < count; number++) {
    const state = first.get(number)!;
    if (!late.has(number)) {
      now.set(number, state === "done" ? "already" : state);
      continue;
    }
    let isBlocked = false;
    needs(number, (need) => {
      const of = now.get(need);
      isBlocked ||= of !== undefined && of !== "already";
    });
    if (isBlocked) now.set(number, "blocked");
  }
  return now;
}

function performer(
  { run, source, range, node, journal, write, options, env, scratch, stop, emit }: SliceFacts,
  others?: Performers,
) {
  const common = { ...env, ...node, scratch, createdMs: source.createdMs, signal: stop.signal, emit, ownPart: () => false };
  // what begins and what fails is told by this process's own journal
  const rowsAlone = async (record: JournalRecord) => {
    if (record.record === "done") await journal.append(record);
  };
  const rows: BlockJournal = {
    ...{ append: rowsAlone, jot: rowsAlone, attempt: () => undefined, failed: async () => {}, close: async () => {} },
    done: (task, row) => journal.done(task, row),
    get broken() {
      return journal.broken;
    },
  };
  const isElsewhere = otherProcesses(run, source, options, env, range);
  return async (task: Task, grant: Grant, number: number): Promise<Performed> => {
    try {
      if (await isElsewhere(task.id)) return { state: "done" };
      await write({ record: "start", task: task.id });
    } catch (error) {
      return { state: "failed", error: asEmporiumError(error) };
    }
    // what gives other bytes each time is done here: a process of its own would not know which of them count
    if (others && task.deterministic !== false) return others.perform(range.first + number, task, rows, stop.signal);
    return performTask(task, grant, { ...common, journal: rows });
  };
}

/** Blocks that another process has done since this one began are not done again. */
function otherProcesses(run: OpenRun, source: BlockSource, { slice }: WorkOptions, { clock }: Env, { at }: Range) {
  let lookedMs = clock.monotonic();
  let known: { has(task: string): boolean } = new Set<string>();
  return async (task: string): Promise<boolean> => {
    if (clock.monotonic() - lookedMs >= LOOK_MS) {
      lookedMs = clock.monotonic();
      known = (await readBlockJournals(run, source, run.record.stages[at]!, { slice })).done;
    }
    return known.has(task);
  };
}

/** Failures that are the task's own go into the journal: nobody tries it again. */
function teller(tasks: TaskSource, { journal, write }: SliceFacts, performers?: Performers): Parameters<typeof schedule>[3] {
  return (number, state, { error }) => {
    if (state !== "failed" || !error || journal.broken || performers?.broken) return;
    void write({ record: "failed", task: tasks.task(number).id, error: toErrorRecord(error) }).catch(() => {}); // `close` tells
  };
}

/** @returns SOURCE_CHANGED where the inputs are not what they were when the run was planned */
export async function changedInput(
  stages: readonly PlacedStage[],
  node: Pick<NodeBlocks, "source">,
): Promise<EmporiumError | undefined> {
  try {
    await checkInputs(stages, node);
  } catch (error) {
    if (isEmporiumError(error) && error.code === "SOURCE_CHANGED") return error;
    throw error;
  }
  return undefined;
}

async function refuseAll(tasks: TaskSource, states: TaskStates, error: EmporiumError, { write }: SliceFacts) {
  for (let number = 0; number < tasks.count; number++) {
    if (states.get(number) !== undefined) continue;
    await write({ record: "failed", task: tasks.task(number).id, error: toErrorRecord(error) });
    states.set(number, "failed");
  }
  return states.counts;
}
