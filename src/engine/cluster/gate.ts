import type { Clock } from "../../core/clock.js";
import { EmporiumError, type ErrorRecord, isEmporiumError, toErrorRecord } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import { type EngineExecutor, GONE, isAlive, type JobHandle } from "../executors/engine-executor.js";
import { removeLeftovers } from "../leftovers.js";
import { readTasks } from "./graph.js";
import { deadKey, END, retryKey, stageEndKey, submissionFolder, submissionKey } from "./run-files.js";
import { getJson, type OpenRun, putJson, type RunStage } from "./run-record.js";
import { jobName, workerScript } from "./script.js";
import { readJournals, type StageJournals } from "./stage-journals.js";

/** Processes that may die at one task, and attempts at a slice that may bring nothing, before nobody tries again. */
export const ATTEMPTS = 3;

/** `stages/<s>/submitted.<n>.json`: slices that were given to the engine together. */
export interface Submission {
  readonly number: number;
  readonly slices: readonly number[];
  readonly job: string;
  /** Who submits: only he may go on with it while the id is not there. */
  readonly by: string;
  readonly engine: string;
  /** Of the engine's job; absent until the engine has answered. */
  readonly id?: string | undefined;
  /** Of the job that looks at the stage afterwards. */
  readonly gate?: string | undefined;
}

/** `stages/<s>/end.json` */
export interface StageEnd {
  readonly tasks: number;
  readonly done: number;
  readonly failed: number;
  readonly blocked: number;
  readonly submissions: number;
}

/** A line of `dead/<s>.ndjson`. */
export interface DeadTask {
  readonly task: string;
  readonly title: string;
  readonly state: "failed" | "blocked";
  readonly error: ErrorRecord;
}

/** `end.json` */
export interface RunEnd {
  readonly tasks: number;
  readonly done: number;
  readonly failed: number;
  readonly blocked: number;
  /** As `ingest run` gives it: 0, 1 or 3; 130 for a run that was cancelled. */
  readonly exitStatus: number;
  readonly error?: ErrorRecord | undefined;
}

export interface GateOptions {
  readonly executor: EngineExecutor;
  /** Submits the next look at the run too. Without it, somebody calls `advance` again. */
  readonly gates: boolean;
  /** Who calls: the same words after a restart of the same job. */
  readonly by: string;
  /** Takes over submissions whose submitter never named a job: nobody else works on the run any more. */
  readonly takeOver?: boolean | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export type Advance =
  /** Jobs of a stage wait or run. */
  | { readonly state: "waiting"; readonly stage: string; readonly jobs: readonly JobHandle[]; readonly why?: string | undefined }
  | { readonly state: "submitted"; readonly stage: string; readonly slices: number; readonly job: JobHandle }
  /** Somebody else is submitting at this moment. */
  | { readonly state: "theirs"; readonly stage: string }
  | { readonly state: "ended"; readonly end: RunEnd };

/**
 * One step of a run: looks what has been done, closes stages that are over, and submits what is to be done next. May be called by any number
 * of processes, at any time: what it finds in the target decides, and a submission belongs to whoever creates its record.
 *
 * @param finish called once everything is done or dead, before the run's end is recorded
 * @throws {EmporiumError} ENGINE_ABSENT, ENGINE_REFUSED, ENGINE_DISAGREES, STORE_…
 */
export async function advance(run: OpenRun, options: GateOptions, finish: () => Promise<void>): Promise<Advance> {
  const ended = await getJson<RunEnd>(run.store, `${run.folder}${END}`);
  if (ended) return { state: "ended", end: ended };
  for (const stage of run.record.stages) {
    if (await getJson(run.store, `${run.folder}${stageEndKey(stage.name)}`)) continue;
    const step = await advanceStage(run, stage, options);
    if (step) return step;
  }
  const end = await sumUp(run);
  await finish();
  await putJson(run.store, `${run.folder}${END}`, end);
  return { state: "ended", end };
}

/** @returns undefined when the stage is over */
async function advanceStage(run: OpenRun, stage: RunStage, options: GateOptions): Promise<Advance | undefined> {
  const { executor, log } = options;
  const submissions = await readSubmissions(run, stage.name);
  const open = submissions.find(({ id }) => id === undefined);
  if (open) return submit(run, stage, open, options, false);
  // another engine's jobs are not this one's to ask for: where they still run, both do the same work with the same bytes
  const mine = submissions.filter(({ engine }) => engine === executor.name);
  const jobs = mine.map(({ id, job }) => ({ id: id!, name: job }));
  const { alive, why } = await aliveOf(executor, jobs, log);
  if (alive.length > 0) {
    if (options.gates) await gateBehind(run, stage.name, alive, options);
    return { state: "waiting", stage: stage.name, jobs: alive, ...(why === undefined ? {} : { why }) };
  }
  const since = await retriedSince(run, stage.name);
  const journals = await settledJournals(run, stage.name, since, options.clock);
  const counted = submissions.filter(({ number }) => number >= since);
  const { open: slices, dead } = await judge(run, stage, counted, journals);
  if (slices.length === 0) {
    await closeStage(run, stage, journals, dead, submissions.length);
    return undefined;
  }
  const number = submissions.length;
  const job = jobName(run, stage.name, number);
  const submission: Submission = { number, slices, job, by: options.by, engine: executor.name };
  try {
    await putJson(run.store, `${run.folder}${submissionKey(stage.name, number)}`, submission, { ifAbsent: true });
  } catch (error) {
    if (isEmporiumError(error) && error.code === "STORE_CONFLICT") return { state: "theirs", stage: stage.name };
    throw error;
  }
  return submit(run, stage, submission, options, true);
}

/** Gives a recorded submission to the engine, unless the engine has it already. */
async function submit(
  run: OpenRun,
  stage: RunStage,
  submission: Submission,
  options: GateOptions,
  isNew: boolean,
): Promise<Advance> {
  const { executor, log } = options;
  const { record } = run;
  if (!isNew && submission.by !== options.by && !options.takeOver) return { state: "theirs", stage: stage.name };
  const key = `${run.folder}${submissionKey(stage.name, submission.number)}`;
  // the engine may have taken the job while its answer was lost
  const known = isNew ? [] : await executor.find(submission.job);
  let slices = submission.slices;
  let handle = known[0];
  while (!handle) {
    try {
      handle = await executor.submit({
        name: submission.job,
        script: workerScript(record, ["work", run.url, "--stage", stage.name, "--attempt", String(submission.number)]),
        indices: slices,
        resources: record.resources,
        slots: record.slots,
        logs: record.logs,
      });
    } catch (error) {
      const refused = isEmporiumError(error) && error.code === "ENGINE_REFUSED";
      // an engine that did not answer may have taken the job: the record stays, and its name is looked up next time
      if (!refused) throw error;
      if (slices.length === 1) {
        await run.store.remove(key);
        throw error;
      }
      log.info(`${executor.name} takes no array of ${slices.length}: trying half of it`);
      slices = slices.slice(0, Math.ceil(slices.length / 2));
    }
  }
  const done: Submission = { ...submission, slices, engine: executor.name, id: handle.id };
  await putJson(run.store, key, done);
  if (options.gates) await gateBehind(run, stage.name, [handle], options);
  return { state: "submitted", stage: stage.name, slices: slices.length, job: handle };
}

/** A small job that calls the gate when others are over. Two of them do no harm. */
async function gateBehind(
  run: OpenRun,
  stage: string,
  after: readonly JobHandle[],
  { executor, by }: GateOptions,
): Promise<void> {
  const { record } = run;
  const name = jobName(run, stage, "gate");
  if ((await executor.find(name)).some(({ id }) => `job ${id}` !== by)) return;
  await executor.submit({
    name,
    script: workerScript(record, ["gate", run.url]),
    resources: { ...record.resources, cpus: 1, gpus: 0, memoryBytes: Math.min(record.resources.memoryBytes, GATE_BYTES) },
    after,
    logs: record.logs,
  });
}

const GATE_BYTES = 2 ** 30;

async function aliveOf(
  executor: EngineExecutor,
  jobs: readonly JobHandle[],
  log: Log,
): Promise<{ alive: JobHandle[]; why: string | undefined }> {
  const states = await executor.states(jobs);
  const alive = jobs.filter(({ id }) => isAlive(states.get(id) ?? GONE));
  const held = alive.filter(({ id }) => (states.get(id) ?? GONE).held > 0);
  if (held.length > 0 && executor.release) {
    log.warn(`${executor.name} holds elements of ${held.map(({ id }) => id).join(", ")} after a failed start: they are released`);
    await executor.release(held);
  }
  return { alive, why: alive.map(({ id }) => states.get(id)?.why).find((why) => why !== undefined) };
}

/**
 * The journals of a stage whose jobs the engine does not show any more. Where a process has not written its end, they are read again until
 * they do not grow: an engine may forget a job that still runs.
 */
async function settledJournals(run: OpenRun, stage: string, since: number, clock: Clock): Promise<StageJournals> {
  let journals = await readJournals(run.store, run.folder, stage, { since });
  const isOpen = ({ attempts }: StageJournals) =>
    [...attempts.values()].some((slice) => [...slice.values()].some(({ ended }) => !ended));
  for (let grown = isOpen(journals); grown; ) {
    await clock.sleep(CONFIRM_MS);
    const later = await readJournals(run.store, run.folder, stage, { since });
    grown = later.bytes > journals.bytes;
    journals = later;
  }
  return journals;
}

const CONFIRM_MS = 5_000;

/** What is left of a stage when none of its jobs is alive: slices to try again, and tasks that nobody tries again. */
async function judge(
  run: OpenRun,
  stage: RunStage,
  submissions: readonly Submission[],
  journals: StageJournals,
): Promise<{ open: number[]; dead: DeadTask[] }> {
  const { receipts, failed, deaths, attempts } = journals;
  const deadBefore = await readDead(run, run.record.stages.slice(0, run.record.stages.indexOf(stage)));
  const lost = new Set(deadBefore.map(({ task }) => task));
  const dead: DeadTask[] = [];
  const open: number[] = [];
  for (let slice = 0; slice + 1 < stage.slices.length; slice++) {
    const tasks = await readTasks(run.store, run.folder, stage.slices[slice]!, stage.slices[slice + 1]!);
    const fruitless = fruitlessAttempts(slice, submissions, attempts.get(slice));
    let left = 0;
    for (const task of tasks) {
      if (receipts.has(task.id)) continue;
      const need = task.needs.find((id) => lost.has(id));
      const error =
        failed.get(task.id) ??
        (fruitless >= ATTEMPTS || (deaths.get(task.id) ?? 0) >= ATTEMPTS
          ? lostError(task, run, deaths.get(task.id) ?? 0)
          : undefined);
      if (need !== undefined) dead.push({ task: task.id, title: task.title, state: "blocked", error: blockedError(task) });
      else if (error) dead.push({ task: task.id, title: task.title, state: "failed", error });
      else {
        left++;
        continue;
      }
      lost.add(task.id);
    }
    if (left > 0) open.push(slice);
  }
  return { open, dead };
}

/** Last submissions of a slice, one after the other, that brought nothing: no task done and none failed. */
function fruitlessAttempts(
  slice: number,
  submissions: readonly Submission[],
  attempts: ReadonlyMap<number, { done: number; failed: number }> | undefined,
): number {
  let count = 0;
  for (const { number, slices } of submissions) {
    if (!slices.includes(slice)) continue;
    const { done = 0, failed = 0 } = attempts?.get(number) ?? {};
    count = done + failed > 0 ? 0 : count + 1;
  }
  return count;
}

function lostError(task: { title: string }, run: OpenRun, deaths: number): ErrorRecord {
  const logs = run.record.logs;
  const how = deaths > 0 ? `${deaths} processes ended in the middle of it` : `${ATTEMPTS} jobs ended without beginning it`;
  return toErrorRecord(
    new EmporiumError("ENGINE_LOST", `${task.title}: ${how}`, {
      hint: `${logs === undefined ? "ask the engine how its jobs ended" : `look into ${logs}`}: often the memory or the walltime of the profile is too small; then emporium engine resume --retry-dead`,
    }),
  );
}

function blockedError(task: { title: string }): ErrorRecord {
  return toErrorRecord(
    new EmporiumError("TASK_BLOCKED", `${task.title} was not started: it needs a task that failed`, {
      hint: "emporium engine dead lists the failures",
    }),
  );
}

async function closeStage(
  run: OpenRun,
  stage: RunStage,
  journals: StageJournals,
  dead: readonly DeadTask[],
  submissions: number,
): Promise<void> {
  const { store, folder } = run;
  await removeParts(run, stage, journals);
  const lines = dead.map((task) => `${JSON.stringify(task)}\n`).join("");
  if (lines !== "")
    await store.write(`${folder}${deadKey(stage.name)}`, new TextEncoder().encode(lines), {
      contentType: "application/x-ndjson",
    });
  const tasks = stage.slices.at(-1)! - stage.slices[0]!;
  const failed = dead.filter(({ state }) => state === "failed").length;
  const end: StageEnd = { tasks, done: tasks - dead.length, failed, blocked: dead.length - failed, submissions };
  await putJson(store, `${folder}${stageEndKey(stage.name)}`, end);
}

/** Parts and open uploads of processes that died: nobody works on the stage any more. */
async function removeParts(run: OpenRun, stage: RunStage, { attempts, deaths, failed }: StageJournals): Promise<void> {
  for (let slice = 0; slice + 1 < stage.slices.length; slice++) {
    const facts = [...(attempts.get(slice)?.values() ?? [])];
    if (facts.length <= 1 && facts.every(({ ended }) => ended) && deaths.size + failed.size === 0) continue;
    const tasks = await readTasks(run.store, run.folder, stage.slices[slice]!, stage.slices[slice + 1]!);
    for (const { outputs } of tasks) await removeLeftovers(run.store, outputs);
  }
}

async function sumUp(run: OpenRun): Promise<RunEnd> {
  const sum = { tasks: 0, done: 0, failed: 0, blocked: 0 };
  for (const { name } of run.record.stages) {
    const end = (await getJson<StageEnd>(run.store, `${run.folder}${stageEndKey(name)}`))!;
    for (const key of ["tasks", "done", "failed", "blocked"] as const) sum[key] += end[key];
  }
  return { ...sum, exitStatus: sum.failed + sum.blocked === 0 ? 0 : sum.done > 0 ? 3 : 1 };
}

export async function retriedSince({ store, folder }: OpenRun, stage: string): Promise<number> {
  return (await getJson<{ since: number }>(store, `${folder}${retryKey(stage)}`))?.since ?? 0;
}

export async function readSubmissions({ store, folder }: OpenRun, stage: string): Promise<Submission[]> {
  const found: Submission[] = [];
  for await (const { key } of store.list(`${folder}${submissionFolder(stage)}`)) {
    const submission = await getJson<Submission>(store, key);
    if (submission) found.push(submission);
  }
  return found.sort((a, b) => a.number - b.number);
}

export async function readDead({ store, folder }: OpenRun, stages: readonly { readonly name: string }[]): Promise<DeadTask[]> {
  const dead: DeadTask[] = [];
  for (const { name } of stages) {
    const bytes = await store.read(`${folder}${deadKey(name)}`);
    if (!bytes) continue;
    for (const line of new TextDecoder().decode(bytes).split("\n")) if (line !== "") dead.push(JSON.parse(line) as DeadTask);
  }
  return dead;
}
