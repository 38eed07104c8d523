import type { Clock } from "../../core/clock.js";
import { type ErrorRecord, isEmporiumError } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import { type EngineExecutor, GONE, isAlive, type JobHandle, type JobState, sumStates } from "../executors/engine-executor.js";
import { removeLeftovers } from "../leftovers.js";
import { type DeadTask, judge } from "./judge.js";
import { deadKey, END, STAGING, stageEndKey, submissionKey } from "./run-files.js";
import { getJson, type OpenRun, putJson, type RunStage } from "./run-record.js";
import { tasksOf } from "./run-tasks.js";
import { type GateName, jobName, workerScript } from "./script.js";
import type { StageJournals } from "./stage-journals.js";
import { stragglers } from "./stragglers.js";
import { readSubmissions, retriedSince, type Submission } from "./submissions.js";

/** `stages/<s>/end.json` */
export interface StageEnd {
  readonly tasks: number;
  readonly done: number;
  readonly failed: number;
  readonly blocked: number;
  readonly submissions: number;
}

/** `end.json` */
export interface RunEnd {
  readonly tasks: number;
  readonly done: number;
  readonly failed: number;
  readonly blocked: number;
  /** Exit status as `ingest run` gives it: 0, 1 or 3; 130 for a run that was cancelled. */
  readonly exitStatus: number;
  readonly error?: ErrorRecord | undefined;
}

export interface GateOptions {
  readonly executor: EngineExecutor;
  /** Submits the next look at the run too. Without it, somebody calls `advance` again. */
  readonly gates: boolean;
  /** Name of the caller: the same after a restart of the same job. */
  readonly by: string;
  /** Takes over submissions whose submitter never named a job: nobody else works on the run any more. */
  readonly takeOver?: boolean | undefined;
  /** False: only closes stages that are over. Another program begins the slices. Default: true. */
  readonly submits?: boolean | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export type Advance =
  /** Jobs of a stage wait or run. */
  | { readonly state: "waiting"; readonly stage: string; readonly jobs: readonly JobHandle[]; readonly why?: string | undefined }
  | { readonly state: "submitted"; readonly stage: string; readonly slices: number; readonly job: JobHandle }
  /** Somebody else is submitting at this moment. */
  | { readonly state: "theirs"; readonly stage: string }
  /** These slices are to be begun by whoever called, who wanted nothing to be submitted. */
  | { readonly state: "open"; readonly stage: string; readonly open: readonly number[] }
  | { readonly state: "ended"; readonly end: RunEnd };

/**
 * One step of a run: looks what has been done, closes stages that are over, and submits what is to be done next. May be called by any number
 * of processes, at any time: what it finds in the target decides, and a submission belongs to whoever creates its record.
 *
 * @param finish called once everything is done or dead, before the run's end is recorded; gives what went wrong with the run as a whole
 * @throws {EmporiumError} ENGINE_ABSENT, ENGINE_REFUSED, ENGINE_DISAGREES, STORE_…
 */
export async function advance(
  run: OpenRun,
  options: GateOptions,
  finish: () => Promise<ErrorRecord | undefined>,
): Promise<Advance> {
  const ended = await getJson<RunEnd>(run.store, `${run.folder}${END}`);
  if (ended) return { state: "ended", end: ended };
  for (const stage of run.record.stages) {
    if (await getJson(run.store, `${run.folder}${stageEndKey(stage.name)}`)) continue;
    const step = await advanceStage(run, stage, options);
    if (step) return step;
  }
  const sum = await sumUp(run);
  const error = await finish();
  const end: RunEnd = error ? { ...sum, exitStatus: 1, error } : sum;
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
  const { alive, count, why } = await aliveOf(executor, jobs, log);
  if (alive.length > 0) {
    const twins = await stragglers(run, stage, submissions, count);
    if (twins === "over") await executor.cancel(alive);
    else if (twins.length > 0) return submitNew(run, stage, { number: submissions.length, slices: twins, twin: true }, options);
    if (options.gates) await gateBehind(run, stage.name, alive, options);
    return { state: "waiting", stage: stage.name, jobs: alive, ...(why === undefined ? {} : { why }) };
  }
  const since = await retriedSince(run, stage.name);
  const journals = await settledJournals(run, stage, since, options.clock);
  const counted = submissions.filter(({ number }) => number >= since);
  const { open: slices, dead } = await judge(run, stage, counted, journals);
  if (slices.length === 0) {
    await closeStage(run, stage, journals, dead, submissions.length);
    return undefined;
  }
  if (options.submits === false) return { state: "open", stage: stage.name, open: slices };
  return submitNew(run, stage, { number: submissions.length, slices }, options);
}

/** Submits slices, unless somebody else has just recorded that he does. */
async function submitNew(
  run: OpenRun,
  stage: RunStage,
  what: Pick<Submission, "number" | "slices" | "twin">,
  options: GateOptions,
): Promise<Advance> {
  const { number } = what;
  const job = jobName(run, stage.name, number);
  const submission: Submission = { ...what, job, by: options.by, engine: options.executor.name };
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
  // the gate of the arrays waits for the slow one too
  const gate = submission.twin ? "twin-gate" : "gate";
  if (options.gates) await gateBehind(run, stage.name, [handle], options, gate).catch(warnOnly(options));
  return { state: "submitted", stage: stage.name, slices: slices.length, job: handle };
}

/** The array is in the queue whatever becomes of the job behind it. */
function warnOnly({ executor, log }: GateOptions): (error: unknown) => void {
  return (error) => {
    if (!isEmporiumError(error) || error.code !== "ENGINE_REFUSED") throw error;
    log.warn(`${executor.name} took the jobs, but not the one behind them, which begins the next stage: ${error.message}`);
    log.warn("when the jobs are over, emporium engine resume goes on");
  };
}

/** A small job that calls the gate when others are over. Two of them do no harm. */
async function gateBehind(
  run: OpenRun,
  stage: string,
  after: readonly JobHandle[],
  { executor, by }: GateOptions,
  gate: GateName = "gate",
): Promise<void> {
  const { record } = run;
  const name = jobName(run, stage, gate);
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
): Promise<{ alive: JobHandle[]; count: JobState; why: string | undefined }> {
  const states = await executor.states(jobs);
  const alive = jobs.filter(({ id }) => isAlive(states.get(id) ?? GONE));
  const held = alive.filter(({ id }) => (states.get(id) ?? GONE).held > 0);
  if (held.length > 0 && executor.release) {
    log.warn(`${executor.name} holds elements of ${held.map(({ id }) => id).join(", ")} after a failed start: they are released`);
    await executor.release(held);
  }
  const count = sumStates(alive.map(({ id }) => states.get(id) ?? GONE));
  return { alive, count, why: alive.map(({ id }) => states.get(id)?.why).find((why) => why !== undefined) };
}

/**
 * The journals of a stage whose jobs the engine does not show any more. Where a process has not written its end, they are read again until
 * they do not grow: an engine may forget a job that still runs.
 */
async function settledJournals(run: OpenRun, stage: RunStage, since: number, clock: Clock): Promise<StageJournals> {
  const read = () => tasksOf(run).journals(stage, { since });
  let journals = await read();
  const isOpen = ({ attempts }: StageJournals) =>
    [...attempts.values()].some((slice) => [...slice.values()].some(({ ended }) => !ended));
  for (let grown = isOpen(journals); grown; ) {
    await clock.sleep(CONFIRM_MS);
    const later = await read();
    grown = later.bytes > journals.bytes;
    journals = later;
  }
  return journals;
}

const CONFIRM_MS = 5_000;

async function closeStage(
  run: OpenRun,
  stage: RunStage,
  journals: StageJournals,
  dead: readonly DeadTask[],
  submissions: number,
): Promise<void> {
  const { store, folder } = run;
  await removeParts(run, stage, journals);
  await store.remove(`${folder}${STAGING}`); // of processes whose outputs do not count: the others' have their names
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
    for (const outputs of await tasksOf(run).outputs(stage, slice)) await removeLeftovers(run.store, outputs);
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
