import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { EmporiumError, type ErrorRecord } from "../../core/errors.js";
import type { Env } from "../env.js";
import type { EngineExecutor } from "../executors/engine-executor.js";
import { releaseRunLocks, takeRunLocks } from "../lock.js";
import { type Advance, advance, type GateOptions, type RunEnd } from "./gate.js";
import { readTasks } from "./graph.js";
import { type DeadTask, readDead } from "./judge.js";
import { deadKey, END, retryKey, stageEndKey } from "./run-files.js";
import { type OpenRun, putJson } from "./run-record.js";
import { readSubmissions } from "./submissions.js";
import { type AnyStation, type ClusterStation, isOfBlocks } from "./work.js";

/** Name of the caller in the record of a submission: a job of an engine keeps its name when it is started again. */
export function callerName(env: Readonly<Record<string, string | undefined>>): string {
  const job = env.SLURM_JOB_ID ?? env.LSB_JOBID ?? env.JOB_ID ?? env.PBS_JOBID ?? env.AWS_BATCH_JOB_ID;
  return job === undefined ? `${hostname()} ${process.pid} ${randomBytes(4).toString("hex")}` : `job ${job}`;
}

/** One look at a run, and what follows from it. @throws as `advance` */
export function gate(run: OpenRun, station: AnyStation, options: GateOptions): Promise<Advance> {
  return advance(run, options, () => finish(run, station));
}

/** The locks go last: until then nobody else writes the target. */
async function finish(run: OpenRun, station: AnyStation): Promise<ErrorRecord | undefined> {
  const dead = await readDead(run, run.record.stages);
  const error = isOfBlocks(station) ? await station.finish(run, dead) : await finishList(run, station, dead);
  await releaseRunLocks(run.store, run.record.locks, run.record.id);
  return error;
}

async function finishList(run: OpenRun, station: ClusterStation, dead: readonly DeadTask[]): Promise<undefined> {
  const ids = new Set(dead.map(({ task }) => task));
  const tasks = ids.size === 0 ? [] : await readTasks(run.store, run.folder, 0, run.record.tasks);
  await station.finish?.(
    run,
    tasks.filter(({ id }) => ids.has(id)),
  );
}

/** An engine that others use too is not asked more often than a person would; this machine is. */
const POLL_MS = { here: 200, first: 1_000, most: 10_000 };
/** Looks at an engine that does not answer, or takes no more jobs at the moment, before the driver gives up; the run goes on without it. */
const WAITS: Readonly<Record<string, { readonly looks: number; readonly waitMs: number }>> = {
  ENGINE_ABSENT: { looks: 10, waitMs: POLL_MS.most },
  ENGINE_SILENT: { looks: 60, waitMs: POLL_MS.most },
  ENGINE_REFUSED: { looks: 60, waitMs: 60_000 },
};
const isUnasked = (error: unknown) => error instanceof EmporiumError && /^ENGINE_(ABSENT|SILENT)$/.test(error.code);

/**
 * Stays and calls the gate until the run has ended.
 *
 * @param onStep told after each look
 * @throws {EmporiumError} CANCELLED where the caller is told to stop: jobs that were submitted go on, and so does `engine resume`
 */
export async function drive(
  run: OpenRun,
  station: AnyStation,
  executor: EngineExecutor,
  env: Env,
  onStep: (step: Advance) => Promise<void> | void = () => {},
): Promise<RunEnd> {
  const by = callerName({});
  const firstMs = executor.name === "local" ? POLL_MS.here : POLL_MS.first;
  let waitMs = firstMs;
  let silent = 0;
  let told: string | undefined;
  for (let isFirst = true; ; isFirst = false) {
    env.signal?.throwIfAborted();
    let step: Advance;
    try {
      step = await gate(run, station, { executor, gates: false, by, takeOver: isFirst, clock: env.clock, log: env.log });
      silent = 0;
    } catch (error) {
      const wait = isFirst && !isUnasked(error) ? undefined : WAITS[(error as Partial<EmporiumError>).code ?? ""];
      if (!wait || ++silent >= wait.looks) throw error;
      env.log.warn(`${(error as Error).message}: asking again`);
      await env.clock.sleep(wait.waitMs, env.signal);
      continue;
    }
    const why = step.state === "waiting" ? step.why : undefined;
    if (why !== undefined && why !== told) {
      env.log.warn(`${executor.name}: jobs wait: ${why}. If that does not end, ask the administrators of the cluster`);
    }
    told = why;
    await onStep(step);
    if (step.state === "ended") return step.end;
    waitMs = step.state === "submitted" ? firstMs : Math.min(POLL_MS.most, waitMs * 1.5);
    await env.clock.sleep(waitMs, env.signal);
  }
}

/** A run that was cancelled is open again. What was given up before stays so. @throws {EmporiumError} TARGET_LOCKED where somebody else writes */
export async function reopen(run: OpenRun, env: Env): Promise<void> {
  const { store, folder, record } = run;
  await takeRunLocks(store, record.locks, record.id, { job: record.name, ...env, onLost: () => {} });
  for (const { name } of record.stages) {
    // jobs that were ended by the cancelling are no fault of their slices
    const since = (await readSubmissions(run, name)).length;
    if (since > 0) await putJson(store, `${folder}${retryKey(name)}`, { since });
  }
  await store.remove(`${folder}${END}`);
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
