import { EmporiumError, type ErrorRecord, toErrorRecord } from "../../core/errors.js";
import type { Env } from "../env.js";
import type { EngineExecutor, JobHandle } from "../executors/engine-executor.js";
import { removeLeftovers } from "../leftovers.js";
import { releaseRunLocks } from "../lock.js";
import type { RunEnd } from "./gate.js";
import { readTasks } from "./graph.js";
import { END } from "./run-files.js";
import { getJson, type OpenRun, putJson } from "./run-record.js";
import { GATES, jobName } from "./script.js";
import { readSubmissions } from "./submissions.js";
import { type AnyStation, type ClusterStation, isOfBlocks } from "./work.js";

const LOOK_MS = 1_000;
const LOOKS = 60;
/** Exit status of a run that was cancelled. */
const CANCELLED = 130;

/**
 * Ends a run for good: its jobs are cancelled on every engine that got some, and each is asked again whether they are gone. What was done
 * stays, and the command that began the run begins a new one with it.
 *
 * @param engineOf the executor of an engine's name
 * @returns jobs that engines still show; and what engines said that could not be asked: unless there is neither, the
 *   target stays locked. `ended`: how the run had ended by itself before.
 */
export async function cancelRun(
  run: OpenRun,
  station: AnyStation,
  engineOf: (name: string) => Promise<EngineExecutor>,
  env: Env,
): Promise<{ left: number; errors: ErrorRecord[]; ended?: RunEnd | undefined }> {
  const before = await getJson<RunEnd>(run.store, `${run.folder}${END}`);
  const ended = before?.exitStatus === CANCELLED ? undefined : before;
  if (!before) {
    // first the end: a gate that is just beginning finds it
    const error = toErrorRecord(
      new EmporiumError("CANCELLED", "the run was cancelled", {
        hint: "emporium engine resume goes on with the run; the command that began it begins a new one, with what was done",
      }),
    );
    const end: RunEnd = { tasks: run.record.tasks, done: 0, failed: 0, blocked: 0, exitStatus: CANCELLED, error };
    await putJson(run.store, `${run.folder}${END}`, end, { ifAbsent: true });
  }
  let left = 0;
  const errors: ErrorRecord[] = [];
  for (const name of await enginesOf(run)) {
    try {
      left += await cancelJobs(run, await engineOf(name), env);
    } catch (error) {
      if (!(error instanceof EmporiumError) || !/^ENGINE_(ABSENT|SILENT)$/.test(error.code)) throw error;
      errors.push(toErrorRecord(error));
    }
  }
  if (left + errors.length > 0) return { left, errors, ended };
  if (isOfBlocks(station)) await station.cancelled(run);
  else await cancelList(run, station);
  await releaseRunLocks(run.store, run.record.locks, run.record.id);
  return { left, errors, ended };
}

async function cancelList(run: OpenRun, station: ClusterStation): Promise<void> {
  const tasks = await readTasks(run.store, run.folder, 0, run.record.tasks);
  for (const { outputs } of tasks) await removeLeftovers(run.store, outputs);
  await station.finish?.(run, tasks);
}

/** The run's own engine, and those that got parts of it before. */
async function enginesOf(run: OpenRun): Promise<Set<string>> {
  const names = new Set([run.record.engine]);
  for (const { name } of run.record.stages) for (const { engine } of await readSubmissions(run, name)) names.add(engine);
  return names;
}

/** @returns jobs that the engine still shows a minute later */
async function cancelJobs(run: OpenRun, executor: EngineExecutor, env: Env): Promise<number> {
  const jobs = new Map<string, JobHandle>();
  for (const { name: stage } of run.record.stages) {
    const found = [...(await executor.find(...GATES.map((gate) => jobName(run, stage, gate))))];
    for (const { id, job, engine } of await readSubmissions(run, stage)) {
      if (engine !== executor.name) continue;
      if (id === undefined) found.push(...(await executor.find(job)));
      else found.push({ id, name: job });
    }
    for (const handle of found) jobs.set(handle.id, handle);
  }
  const handles = [...jobs.values()];
  await executor.cancel(handles);
  for (let look = 0; ; look++) {
    const states = await executor.states(handles);
    const left = [...states.values()].reduce((sum, { waiting, running, held }) => sum + waiting + running + held, 0);
    if (left === 0 || look === LOOKS) return left;
    await env.clock.sleep(LOOK_MS, env.signal);
  }
}
