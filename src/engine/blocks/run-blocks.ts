import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../core/errors.js";
import { objectName, type Stat } from "../../stores/store.js";
import { getJson, putJson } from "../cluster/run-record.js";
import { removeIfEmpty, removeTree } from "../disk.js";
import { everyInterval } from "../every.js";
import { type Ending, type Grant, type Performed, schedule, type TaskStates, taskStates } from "../executors/schedule.js";
import { removeLeftovers } from "../leftovers.js";
import { takeLocks } from "../lock.js";
import { performTask } from "../perform.js";
import { ENGINE_FOLDER } from "../plan.js";
import { isSame } from "../receipts.js";
import { exitStatusFor, type Running, type RunOptions, type RunReport, stopReason, withStop } from "../run.js";
import type { Task, TaskState } from "../task.js";
import { type BlockJournal, blockJournal } from "./block-journal.js";
import type { BlockSource, PlacedStage } from "./block-source.js";
import { collectFigures, type FigureCollector, figureRow, type StageFigures } from "./figures.js";
import { forgetStale } from "./find-stale.js";
import { mergeReceipts } from "./merge.js";
import { type NotDone, notDone } from "./not-done.js";
import { readReceipts } from "./receipt-pages.js";
import { teller } from "./tell.js";

/** Name in the run's folder of the object that holds `Begun`. */
export const BEGIN = "begin.json";

/** `begin.json` */
export interface Begun {
  readonly createdMs: number;
  /** Every block is done, so nobody has left anything unfinished. */
  readonly complete: boolean;
}

export interface RunBlocksOptions
  extends Pick<
    RunOptions,
    | "operations"
    | "source"
    | "target"
    | "workspace"
    | "name"
    | "jobs"
    | "memoryBytes"
    | "keepGoing"
    | "clock"
    | "random"
    | "log"
    | "signal"
    | "force"
    | "createdMs"
    | "sync"
    | "onEvent"
    | "every"
  > {
  /** Does tasks elsewhere, such as in worker processes; this process keeps the journal. By default they run here. */
  performers?: Performers | undefined;
  /** Only these blocks and what they need. The others are left as they are, `skipped`. Default all. */
  only?: ((index: number) => boolean) | undefined;
}

/** Somebody who does tasks of a run, and writes what is done into its journal. */
export interface Performers {
  /** Tasks that it takes at once: enough to keep it busy while answers are on their way. */
  readonly capacity: number;
  /** Set once nothing can be done any more: the run ends. */
  readonly broken: EmporiumError | undefined;
  perform(index: number, task: Task, journal: BlockJournal, signal: AbortSignal): Promise<Performed>;
  /** Time and memory that it has used since it began. */
  use?(): WorkerUse;
}

/** Time and memory that worker processes have used. */
export interface WorkerUse {
  /** Seconds in which they had something to do, added over all of them. */
  readonly busySeconds: number;
  /** The part of their time in which they had nothing to do. */
  readonly idleShare: number;
  /** The most that was resident in all processes together, this one among them; 0 where nobody measures. */
  readonly rssBytesMax: number;
}

export interface BlockRunReport extends Omit<RunReport, "results"> {
  readonly tasks: number;
  /** Blocks that were not asked for: see `only`. */
  readonly skipped: number;
  /** Figures of the blocks that this run did, by stage. */
  readonly stages: readonly StageFigures[];
  readonly use?: WorkerUse | undefined;
  /** Seconds of a worker process that each block took beside its own work; absent where there are no such processes. */
  readonly overheadSeconds?: number | undefined;
  /** Every task that is not done, in its order. */
  notDone(): Iterable<NotDone>;
}

type Inner = RunBlocksOptions & Running;

/** Key of the folder of a run's journal and receipts in its target. Runs of the same blocks have the same. */
export function blocksFolder(source: BlockSource): string {
  return `${ENGINE_FOLDER}/blocks/${source.idsHash()}/`;
}

/**
 * Runs blocks to their end, or as far as it goes, as `runPlan` runs a list. Receipts lie in the target, below `blocksFolder`. Killed at any
 * moment and called again with the same blocks, it ends with the same bytes as if it had never been killed.
 *
 * @throws {EmporiumError} before anything is touched: INTERNAL for an operation that is not there, TARGET_LOCKED, CANCELLED, SOURCE_CHANGED for a
 *   stage whose inputs are not what they were when the blocks were planned, and whatever reading the journal gives.
 *
 * Memory: six bytes a task, and 50 MiB while receipts are merged.
 */
export async function runBlocks(source: BlockSource, options: RunBlocksOptions): Promise<BlockRunReport> {
  const { target, clock, random, log, every, name } = options;
  const parts = source.stages.map(({ name: title, run }) => ({ title, run }));
  return withStop(parts, options, async (inner) => {
    const names = source.locks.length > 0 ? source.locks : [source.idsHash()];
    const onLost = (error: EmporiumError) => inner.stop.abort(error);
    const locks = await takeLocks(target, names, { job: name, clock, random, log, onLost, every, signal: inner.stop.signal });
    try {
      return await runLocked(source, inner);
    } finally {
      await locks.release();
    }
  });
}

async function runLocked(source: BlockSource, options: Inner): Promise<BlockRunReport> {
  const { target, emit, stop, log, every = everyInterval, sync = true } = options;
  const folder = blocksFolder(source);
  const scratch = join(options.workspace, "scratch", source.idsHash());
  await checkInputs(source.stages, options);
  const { createdMs, resumed, isClean } = await begin(source, folder, options);
  const bytes = source.stages.reduce((sum, stage) => sum + stage.bytes * stage.count, 0);
  emit({ kind: "plan", tasks: source.count, bytes, resumed, createdMs });
  await removeTree(scratch);
  const states = await findAlready(source, folder, isClean, options);
  const skipped = options.only ? skipOthers(source, states, options.only) : 0;
  emit({ kind: "checked", already: states.counts.already, alreadyBytes: alreadyBytes(source, states) });

  const token = randomBytes(4).toString("hex");
  const journal = blockJournal(target, folder, source.stages, { token, slice: 0, attempt: 0, sync, every });
  const figures = collectFigures(source);
  const tell = teller(source, states, figures, options);
  const perform = performer(journal, figures, { ...options, scratch, createdMs });
  let ended: EmporiumError | undefined;
  try {
    ended = await scheduleAll(source, states, perform.perform, tell.onSettled, journal, options);
  } finally {
    await journal.close().catch((error: unknown) => log.warn(asEmporiumError(error).message));
  }
  tell.counts();
  if (!journal.broken) await closeRun(source, folder, states, { ...options, createdMs, skipped });
  await removeTree(scratch);
  await removeIfEmpty(join(options.workspace, "scratch"));
  await checkInputs(source.stages, options).catch((error: unknown) => {
    ended ??= asEmporiumError(error);
  });
  if (stop.signal.aborted) ended = stopReason(stop.signal.reason);
  const facts = { createdMs, resumed, skipped, ended, interrupted: perform.interrupted(), figures };
  return report(source, states, tell.failures, { ...options, ...facts });
}

/** Does tasks here, or has them done; counts those that were cut off. */
function performer(journal: BlockJournal, figures: FigureCollector, options: Inner & { scratch: string; createdMs: number }) {
  const { performers, emit, stop } = options;
  let interrupted = 0;
  let again = 0;
  const onlyRetries = (event: Parameters<typeof emit>[0]) => {
    if (event.kind !== "retry") return;
    again++;
    emit(event);
  };
  const local = { ...options, journal, signal: stop.signal, emit: onlyRetries };
  return {
    interrupted: () => interrupted,
    async perform(task: Task, grant: Grant, index: number): Promise<Performed> {
      const performed = performers
        ? await performers.perform(index, task, journal, stop.signal)
        : await performTask(task, grant, local);
      const { receipt, figures: row = receipt && figureRow(receipt.seconds, 0, receipt.facts) } = performed;
      if (row) figures.add(index, row);
      figures.addAgain(index, performed.again ?? again);
      again = 0;
      if (performed.state === "cancelled") interrupted++;
      return performed;
    },
  };
}

/** @returns the failure that ended the run, if one did */
async function scheduleAll(
  source: BlockSource,
  states: TaskStates,
  perform: (task: Task, grant: Grant, index: number) => Promise<Performed>,
  onSettled: (index: number, state: TaskState, ending: Ending) => void,
  journal: BlockJournal,
  { stop, emit, keepGoing, performers, jobs, memoryBytes }: Inner,
): Promise<EmporiumError | undefined> {
  const stopping = (error: EmporiumError) => emit({ kind: "stopping", error: toErrorRecord(error) });
  const onStop = () => stopping(asEmporiumError(stop.signal.reason, "CANCELLED"));
  let ends = false;
  const endsRun = (error: EmporiumError) => {
    const now = keepGoing === false || error.code === "DISK_FULL" || (journal.broken ?? performers?.broken) !== undefined;
    if (now && !ends) stopping(error);
    ends ||= now;
    return now;
  };
  stop.signal.addEventListener("abort", onStop);
  try {
    const given = { jobs: performers?.capacity ?? Math.max(1, jobs), memoryBytes, signal: stop.signal, endsRun };
    return await schedule(source, states, perform, onSettled, given);
  } finally {
    stop.signal.removeEventListener("abort", onStop);
  }
}

/** @throws {EmporiumError} SOURCE_CHANGED */
export async function checkInputs(stages: readonly PlacedStage[], { source }: Pick<Inner, "source">): Promise<void> {
  // stages read the same inputs, and to look at one may take a listing
  const found = new Map<string, Stat | undefined>();
  for (const { name, inputs = [] } of stages) {
    for (const input of inputs) {
      if (!found.has(input.key)) found.set(input.key, await source.stat(input.key));
      const now = found.get(input.key);
      if (now && isSame(input, now)) continue;
      const object = objectName(source, input.key);
      throw new EmporiumError("SOURCE_CHANGED", `${object}, which the stage ${name} reads, ${now ? "has changed" : "is gone"}`, {
        place: source.local ? { file: object } : { url: object },
        hint: "run again when no process writes it any more",
      });
    }
  }
}

/** The moment that outputs show is that of the first run of these blocks. */
export async function begin(
  source: BlockSource,
  folder: string,
  { target, force, createdMs }: Pick<Inner, "target" | "force" | "createdMs">,
) {
  if (force) await target.remove(folder);
  const before = await getJson<Begun>(target, `${folder}${BEGIN}`);
  const now: Begun = { createdMs: createdMs ?? before?.createdMs ?? source.createdMs, complete: false };
  await putJson(target, `${folder}${BEGIN}`, now);
  return { createdMs: now.createdMs, resumed: before !== undefined, isClean: force ? false : (before?.complete ?? true) };
}

/**
 * States of the blocks that earlier runs have done and whose outputs are still there. Removes what those runs left unfinished.
 */
export async function findAlready(
  source: BlockSource,
  folder: string,
  isClean: boolean,
  options: Pick<Inner, "target" | "log" | "stop">,
): Promise<TaskStates> {
  const { target, log, stop } = options;
  const states = taskStates(source.count);
  for (const stage of source.stages) {
    await mergeReceipts(target, folder, stage, { log, remove: true });
    if (!isClean && stage.outputs) await removeLeftovers(target, [stage.outputs.prefix]);
    await forgetStale(target, folder, stage, { log, signal: stop.signal });
    const receipts = await readReceipts(target, folder, stage, log);
    for (let block = 0; block < stage.count; block++) if (receipts.has(block)) states.set(stage.first + block, "already");
  }
  passOverUnneeded(source, states);
  return states;
}

/**
 * Takes all out of a run but some blocks and what they need, however far away.
 *
 * @returns how many are taken out: to the run they look as if they were done
 */
function skipOthers(source: BlockSource, states: TaskStates, only: (index: number) => boolean): number {
  const wanted = new Uint8Array(source.count);
  let skipped = 0;
  // a need comes before the task that needs it
  for (let index = source.count - 1; index >= 0; index--) {
    if (states.get(index) !== undefined) continue;
    if (wanted[index] === 1 || only(index)) {
      source.needs(index, (need) => {
        wanted[need] = 1;
      });
    } else {
      states.set(index, "already");
      skipped++;
    }
  }
  return skipped;
}

/** Blocks of temporary stages that nobody needs any more: everything that was made of them is done. */
function passOverUnneeded(source: BlockSource, states: TaskStates): void {
  for (const { first, count, isTemporary } of source.stages.toReversed()) {
    if (!isTemporary) continue;
    for (let index = first + count - 1; index >= first; index--) {
      if (states.get(index) !== undefined) continue;
      let [needers, open] = [0, 0];
      source.needers(index, (needer) => {
        needers++;
        if (states.get(needer) !== "already") open++;
      });
      if (needers > 0 && open === 0) states.set(index, "already");
    }
  }
}

async function closeRun(
  source: BlockSource,
  folder: string,
  { counts }: TaskStates,
  options: Inner & { createdMs: number; skipped: number },
) {
  const { target, log, createdMs, skipped } = options;
  try {
    for (const stage of source.stages) await mergeReceipts(target, folder, stage, { log, remove: true });
    const complete = skipped === 0 && counts.done + counts.already === source.count;
    if (complete) await putJson(target, `${folder}${BEGIN}`, { createdMs, complete } satisfies Begun);
  } catch (error) {
    // the segments are there: the next run merges them
    log.warn(`receipts could not be merged: ${asEmporiumError(error).message}`);
  }
}

function alreadyBytes({ stages }: BlockSource, states: TaskStates): number {
  let bytes = 0;
  for (const stage of stages) {
    if (stage.bytes === 0) continue;
    for (let block = 0; block < stage.count; block++) if (states.get(stage.first + block) === "already") bytes += stage.bytes;
  }
  return bytes;
}

function report(
  source: BlockSource,
  states: TaskStates,
  failures: ReadonlyMap<number, ErrorRecord>,
  facts: Inner & {
    createdMs: number;
    resumed: boolean;
    skipped: number;
    ended: EmporiumError | undefined;
    interrupted: number;
    figures: FigureCollector;
  },
): BlockRunReport {
  const { stop, clock, emit, begunMs, createdMs, resumed, skipped, ended, interrupted, figures, performers } = facts;
  const use = performers?.use?.();
  const { counts } = states;
  const codes = [...failures.values()].map(({ code }) => code);
  const status = exitStatusFor(counts, codes, stop.signal.aborted ? ended : undefined);
  const exitStatus = status === 0 && ended ? 1 : status;
  const seconds = (clock.monotonic() - begunMs) / 1000;
  emit({ kind: "end", exitStatus, seconds });
  return {
    tasks: source.count,
    ...counts,
    already: counts.already - skipped,
    skipped,
    interrupted,
    seconds,
    exitStatus,
    createdMs,
    resumed,
    stages: figures.stages(),
    ...(use ? { use } : {}),
    ...(use && figures.blocks > 0 ? { overheadSeconds: Math.max(0, use.busySeconds - figures.seconds) / figures.blocks } : {}),
    ...(ended ? { error: toErrorRecord(ended) } : {}),
    notDone: () => notDone(source, states, failures),
  };
}
