import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.js";
import { asEmporiumError, EmporiumError, isEmporiumError, toErrorRecord } from "../core/errors.js";
import type { Log } from "../core/log.js";
import type { Random } from "../core/random.js";
import { errnoOf, fileError } from "../stores/file/errors.js";
import { objectName, type Store } from "../stores/store.js";
import { freeBuffersAbove } from "../system/garbage.js";
import { forEachLimited } from "../system/parallel.js";
import { ATTEMPTS, waitBefore } from "./attempts.js";
import { removeTree } from "./disk.js";
import type { RunEvent, TaskBrief } from "./events.js";
import type { Grant, Performed } from "./executors/schedule.js";
import type { TaskJournal } from "./journal.js";
import { removeLeftovers } from "./leftovers.js";
import { isThere } from "./others-outputs.js";
import { isSame } from "./receipts.js";
import type { Operations, PlainObject, Receipt, Task, TaskContext, TaskInput, TaskOutcome } from "./task.js";
import { taskId } from "./task-id.js";

const STATS_IN_FLIGHT = 8;

export interface PerformOptions {
  operations: Operations;
  source: Store;
  target: Store;
  journal: TaskJournal;
  /** Folder for the tasks' scratch folders. */
  scratch: string;
  keepContents?: TaskContext["keepContents"];
  discardFailed?: boolean | undefined;
  /** Most attempts. Default three. A caller that asks for one repeats attempts itself. */
  attempts?: number | undefined;
  ownPart?: ((name: string) => boolean) | undefined;
  createdMs: number;
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
  emit: (event: Unstamped<RunEvent>) => void;
}

/** Smallest buffers of a task that are freed before the next task begins. */
const LARGE_BYTES = 32 * 2 ** 20;

/** An event without its time. */
export type Unstamped<T> = T extends unknown ? Omit<T, "atMs"> : never;

export function briefOf({ id, title, run, bytes }: Task): TaskBrief {
  return { id, title, run, bytes };
}

/**
 * Performs one task, from reading its notes to its durable receipt.
 *
 * Attempts are repeated if an error may be temporary. After each attempt the inputs are checked again: if one has changed, its
 * outputs are discarded and the task is repeated with the new input. A task that fails for good leaves nothing behind, except
 * where a store was at fault: then its parts wait for the next run.
 */
export async function performTask(task: Task, grant: Grant, options: PerformOptions): Promise<Performed> {
  const { journal, clock, log, signal, emit } = options;
  const begun = clock.monotonic();
  try {
    const earlier = journal.attempt(task.id);
    if (earlier && !earlier.usable) await discard(task, options);
    const notes = earlier?.usable ? earlier.notes : [];
    await journal.jot({ record: "start", task: task.id, outputs: task.outputs });
    emit({ kind: "start", task: briefOf(task), threads: grant.threads, notes: notes.length });
    const { outcome, inputs, clean, scratch } = await tryUntilDone(task, grant, notes, options);
    checkOutcome(task, outcome);
    if (earlier || !clean) await removeLeftovers(options.target, task.outputs, options.ownPart);
    const receipt = makeReceipt(task, outcome, inputs, (clock.monotonic() - begun) / 1000);
    await journal.append({ record: "done", receipt });
    if (receipt.task !== task.id) await journal.jot({ record: "forget", task: task.id });
    if (earlier || scratch) {
      await removeTree(scratchOf(task, options)).catch((error: unknown) =>
        log.debug(`scratch of ${task.title} stays: ${String(error)}`),
      );
    }
    return { state: "done", receipt };
  } catch (thrown) {
    const error = explain(thrown, task);
    const forget = () =>
      discardUnfinished(task, options).catch((error: unknown) => log.debug(`parts of ${task.title} stay: ${String(error)}`));
    if (signal.aborted) {
      // nobody goes on with parts that are thrown away after failures
      if (options.discardFailed && !journal.broken) await forget();
      return { state: "cancelled", error: asEmporiumError(signal.reason, "CANCELLED") };
    }
    if (!journal.broken) {
      if (options.discardFailed || !error.code.startsWith("STORE_")) await forget();
      await journal.jot({ record: "failed", task: task.id, error: toErrorRecord(error) }).catch(() => {}); // `journal.broken` tells
    }
    return { state: "failed", error };
  }
}

interface Tried {
  outcome: TaskOutcome;
  /** Inputs as they were read in the end. */
  inputs: readonly TaskInput[];
  /** The first attempt was the only one. */
  clean: boolean;
  /** Some attempt asked for the scratch folder. */
  scratch: boolean;
}

async function tryUntilDone(task: Task, grant: Grant, notes: PlainObject[], options: PerformOptions): Promise<Tried> {
  const { clock, random, signal, emit, journal } = options;
  let inputs = task.inputs;
  let retries = 0;
  let scratch = false;
  const onScratch = () => {
    scratch = true;
  };
  for (let clean = true; ; clean = false) {
    let failure: EmporiumError;
    let change: Change | undefined;
    try {
      const outcome = await tryOnce(task, grant, notes, options, onScratch);
      change = await findChange(inputs, options);
      if (!change) return { outcome, inputs, clean, scratch };
      failure = sourceChanged(task, options.source, change);
    } catch (thrown) {
      signal.throwIfAborted();
      failure = explain(thrown, task);
      change = await findChange(inputs, options).catch(() => undefined); // `failure` reports a source that cannot be read
    }
    if (change) {
      // Whatever went wrong, it went wrong with a mixture. Once is chance; twice, somebody is writing there.
      if (inputs !== task.inputs || !change.now) throw sourceChanged(task, options.source, change);
      emit({ kind: "retry", id: task.id, attempt: retries + 2, waitMs: 0, error: toErrorRecord(failure) });
      await discard(task, options);
      notes.length = 0;
      await journal.jot({ record: "start", task: task.id, outputs: task.outputs });
      inputs = change.now;
      continue;
    }
    const waitMs = waitBefore(failure.facts, ++retries, random);
    if (waitMs === undefined || retries >= (options.attempts ?? ATTEMPTS) || journal.broken) throw failure;
    emit({ kind: "retry", id: task.id, attempt: retries + 1, waitMs, error: toErrorRecord(failure) });
    if (waitMs > 0) await clock.sleep(waitMs, signal);
  }
}

async function tryOnce(
  task: Task,
  grant: Grant,
  notes: PlainObject[],
  options: PerformOptions,
  onScratch: () => void,
): Promise<TaskOutcome> {
  const { source, target, journal, createdMs, clock, log, signal, emit } = options;
  const operation = options.operations[task.run];
  if (!operation) throw new EmporiumError("INTERNAL", `${task.title}: no operation is called ${task.run}`);
  let over = false;
  const context: TaskContext = {
    source,
    target,
    threads: grant.threads,
    memoryBytes: grant.memoryBytes,
    createdMs,
    clock,
    log,
    signal,
    notes: [...notes],
    async scratch() {
      onScratch();
      const folder = scratchOf(task, options);
      await mkdir(folder, { recursive: true });
      return folder;
    },
    progress(bytesDone) {
      if (!over) emit({ kind: "progress", id: task.id, bytesDone });
    },
    async note(record) {
      if (over) throw new EmporiumError("INTERNAL", `${task.title}: a note came after the operation had ended`);
      await journal.append({ record: "note", task: task.id, note: record });
      notes.push(record);
    },
    keepContents: options.keepContents,
  };
  try {
    return await operation(task, context);
  } finally {
    over = true;
    if (grant.memoryBytes >= LARGE_BYTES) freeBuffersAbove(LARGE_BYTES);
  }
}

interface Change {
  input: TaskInput;
  /** All inputs as they are now; left out when one is gone. */
  now: TaskInput[] | undefined;
}

/** The change of the inputs; undefined while all are what they were. */
async function findChange(before: readonly TaskInput[], { source, signal }: PerformOptions): Promise<Change | undefined> {
  const now = [...before];
  let changed: TaskInput | undefined;
  let gone = false;
  await forEachLimited(before.entries(), STATS_IN_FLIGHT, async ([index, input]) => {
    if (input.key.endsWith("/")) return; // a folder has no identity of its own
    const stat = await source.stat(input.key, { signal });
    if (stat && isSame(input, stat)) return;
    changed ??= input;
    if (stat) now[index] = { key: input.key, size: stat.size, etag: stat.etag, modifiedMs: stat.modifiedMs };
    else gone = true;
  });
  return changed && { input: changed, now: gone ? undefined : now };
}

function sourceChanged(task: Task, source: Store, { input, now }: Change): EmporiumError {
  const name = objectName(source, input.key);
  const what = now ? `changed while "${task.title}" read it` : `is gone; "${task.title}" was reading it`;
  const hint = "run again when no process writes it any more";
  return new EmporiumError("SOURCE_CHANGED", `${name} ${what}`, { place: source.local ? { file: name } : { url: name }, hint });
}

/** Any thrown thing as an error with a place. */
function explain(thrown: unknown, task: Task): EmporiumError {
  if (!isEmporiumError(thrown)) {
    const path = thrown instanceof Error && "path" in thrown && typeof thrown.path === "string" ? thrown.path : task.title;
    if (errnoOf(thrown)?.startsWith("E")) return fileError(thrown, path, "written");
    return asEmporiumError(thrown, "TASK_FAILED", { place: task.place });
  }
  const { code, message, facts } = thrown;
  return facts.place || !task.place ? thrown : new EmporiumError(code, message, { ...facts, place: task.place, cause: thrown });
}

/** An output without a receipt could vanish unnoticed. */
function checkOutcome(task: Task, { outputs }: TaskOutcome): void {
  for (const key of task.outputs) {
    const covered = outputs.some((output) => output.key === key || (key.endsWith("/") && output.key.startsWith(key)));
    if (!covered) throw new EmporiumError("INTERNAL", `${task.title}: the operation ${task.run} gave no receipt for ${key}`);
  }
}

/** A task that was done from changed inputs is named by these: the next plan, made from what is there now, will find it done. */
function makeReceipt(task: Task, outcome: TaskOutcome, inputs: readonly TaskInput[], seconds: number): Receipt {
  const changed = inputs !== task.inputs;
  const warnings = [...(outcome.warnings ?? [])];
  if (changed) warnings.push("an input changed since the plan was made; this was made from the new one");
  return {
    task: changed ? taskId({ ...task, inputs }) : task.id,
    title: task.title,
    inputs,
    outputs: outcome.outputs,
    ...(warnings.length > 0 ? { warnings } : {}),
    ...(outcome.facts ? { facts: outcome.facts } : {}),
    seconds: Math.round(seconds * 1000) / 1000,
    ...(task.place ? { place: task.place } : {}),
  };
}

/** Forgets an unfinished attempt: its parts, its scratch folder, its notes. */
async function discard(task: Task, options: PerformOptions): Promise<void> {
  await removeLeftovers(options.target, task.outputs, options.ownPart);
  await removeTree(scratchOf(task, options));
  await options.journal.jot({ record: "forget", task: task.id });
}

/** Outputs that are whole, and objects in folders, stay where nobody goes on: the journal still says that they are this task's. */
async function discardUnfinished(task: Task, options: PerformOptions): Promise<void> {
  await discard(task, options);
  if (!options.discardFailed || options.ownPart) return;
  const left: string[] = [];
  for (const key of task.outputs) if (await isThere(options.target, key)) left.push(key);
  if (left.length > 0) await options.journal.jot({ record: "start", task: task.id, outputs: left });
}

function scratchOf(task: Task, { scratch }: PerformOptions): string {
  return join(scratch, task.id);
}
