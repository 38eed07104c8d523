import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { EmporiumError, toErrorRecord } from "../../core/errors.js";
import type { Env } from "../env.js";
import type { EngineExecutor } from "../executors/engine-executor.js";
import { removeLeftovers } from "../leftovers.js";
import { releaseRunLocks, takeRunLocks } from "../lock.js";
import { type Advance, advance, type GateOptions, type RunEnd, readDead, readSubmissions } from "./gate.js";
import { readTasks } from "./graph.js";
import { deadKey, END, retryKey, stageEndKey } from "./run-files.js";
import { getJson, type OpenRun, putJson } from "./run-record.js";
import { jobName } from "./script.js";
import type { ClusterStation } from "./work.js";

/** Who asks, for the record of a submission: a job of an engine keeps its name when it is started again. */
export function callerName(env: Readonly<Record<string, string | undefined>>): string {
  const job = env.SLURM_JOB_ID ?? env.LSB_JOBID ?? env.JOB_ID ?? env.PBS_JOBID ?? env.AWS_BATCH_JOB_ID;
  return job === undefined ? `${hostname()} ${process.pid} ${randomBytes(4).toString("hex")}` : `job ${job}`;
}

/** One look at a run, and what follows from it. @throws as `advance` */
export function gate(run: OpenRun, station: ClusterStation, options: GateOptions): Promise<Advance> {
  return advance(run, options, () => finish(run, station));
}

/** The locks go last: until then nobody else writes the target. */
async function finish(run: OpenRun, station: ClusterStation): Promise<void> {
  const dead = new Set((await readDead(run, run.record.stages)).map(({ task }) => task));
  const tasks = dead.size === 0 ? [] : await readTasks(run.store, run.folder, 0, run.record.tasks);
  await station.finish?.(
    run,
    tasks.filter(({ id }) => dead.has(id)),
  );
  await releaseRunLocks(run.store, run.record.locks, run.record.id);
}

const POLL_MS = { first: 200, most: 10_000 };
/** Looks at an engine that does not answer before the driver gives up; the run goes on without it. */
const SILENT_LOOKS = 10;

/**
 * Stays and calls the gate until the run has ended.
 *
 * @param onStep told after each look
 * @throws {EmporiumError} CANCELLED where the caller is told to stop: jobs that were submitted go on, and so does `engine resume`
 */
export async function drive(
  run: OpenRun,
  station: ClusterStation,
  executor: EngineExecutor,
  env: Env,
  onStep: (step: Advance) => Promise<void> | void = () => {},
): Promise<RunEnd> {
  const by = callerName({});
  let waitMs = POLL_MS.first;
  let silent = 0;
  let told: string | undefined;
  for (let isFirst = true; ; isFirst = false) {
    env.signal?.throwIfAborted();
    let step: Advance;
    try {
      step = await gate(run, station, { executor, gates: false, by, takeOver: isFirst, clock: env.clock, log: env.log });
      silent = 0;
    } catch (error) {
      if (!(error instanceof EmporiumError) || error.code !== "ENGINE_ABSENT" || ++silent >= SILENT_LOOKS) throw error;
      env.log.warn(`${error.message}: asking again`);
      await env.clock.sleep(POLL_MS.most, env.signal);
      continue;
    }
    const why = step.state === "waiting" ? step.why : undefined;
    if (why !== undefined && why !== told) {
      env.log.warn(`${executor.name}: jobs wait: ${why}. If that does not end, ask the administrators of the cluster`);
    }
    told = why;
    await onStep(step);
    if (step.state === "ended") return step.end;
    waitMs = step.state === "submitted" ? POLL_MS.first : Math.min(POLL_MS.most, waitMs * 1.5);
    await env.clock.sleep(waitMs, env.signal);
  }
}

/**
 * Ends a run for good: its jobs are cancelled, and it is asked again whether they are gone. What was done stays, and the command that began
 * the run begins a new one with it.
 *
 * @returns jobs that the engine still shows
 */
export async function cancelRun(run: OpenRun, station: ClusterStation, executor: EngineExecutor, env: Env): Promise<number> {
  const jobs = new Map<string, string>();
  for (const stage of run.record.stages) {
    for (const { id, job } of await readSubmissions(run, stage.name)) {
      if (id !== undefined) jobs.set(id, job);
      else for (const found of await executor.find(job)) jobs.set(found.id, job);
    }
    const gates = await executor.find(jobName(run, stage.name, "gate"));
    for (const { id, name } of gates) jobs.set(id, name);
  }
  const handles = [...jobs].map(([id, name]) => ({ id, name }));
  const error = toErrorRecord(
    new EmporiumError("CANCELLED", "the run was cancelled", { hint: "begin it again with the same command" }),
  );
  if (!(await getJson(run.store, `${run.folder}${END}`))) {
    // first the end: a gate that is just beginning finds it
    const end: RunEnd = { tasks: run.record.tasks, done: 0, failed: 0, blocked: 0, exitStatus: 130, error };
    await putJson(run.store, `${run.folder}${END}`, end, { ifAbsent: true });
  }
  await executor.cancel(handles);
  let left = await aliveCount(executor, handles);
  for (let looks = 0; left > 0 && looks < CANCEL_LOOKS; looks++) {
    await env.clock.sleep(CANCEL_MS, env.signal);
    left = await aliveCount(executor, handles);
  }
  if (left > 0) return left;
  const tasks = await readTasks(run.store, run.folder, 0, run.record.tasks);
  for (const { outputs } of tasks) await removeLeftovers(run.store, outputs);
  await station.finish?.(run, tasks);
  await releaseRunLocks(run.store, run.record.locks, run.record.id);
  return 0;
}

const CANCEL_MS = 1_000;
const CANCEL_LOOKS = 60;

async function aliveCount(executor: EngineExecutor, handles: readonly { id: string; name: string }[]): Promise<number> {
  const states = await executor.states(handles);
  return [...states.values()].reduce((sum, { waiting, running, held }) => sum + waiting + running + held, 0);
}

/**
 * Tasks that nobody tries again become open again, with those that they blocked; the target is the run's again.
 *
 * @throws {EmporiumError} TARGET_LOCKED where somebody else writes there by now
 */
export async function retryDead(run: OpenRun, env: Env): Promise<void> {
  const { store, folder, record } = run;
  await takeRunLocks(store, record.locks, record.id, { job: record.name, ...env, onLost: () => {} });
  for (const { name } of record.stages) {
    const since = (await readSubmissions(run, name)).length;
    if (since > 0) await putJson(store, `${folder}${retryKey(name)}`, { since });
    await store.remove(`${folder}${deadKey(name)}`);
    await store.remove(`${folder}${stageEndKey(name)}`);
  }
  await store.remove(`${folder}${END}`);
}
