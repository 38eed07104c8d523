import type { Clock } from "../../core/clock.js";
import { asEmporiumError, EmporiumError } from "../../core/errors.js";
import { type EngineExecutor, isAlive, type JobHandle, type JobState, sumStates } from "../executors/engine-executor.js";
import { engineTitle } from "./engine-names.js";
import type { OpenRun } from "./run-record.js";
import { GATES, jobName } from "./script.js";
import { readSubmissions } from "./submissions.js";

/** Milliseconds for all questions about a run together: a person waits for the answer. */
const ANSWER_MS = 12_000;

/** Jobs of a run that an engine still has. */
export interface RunQueue {
  /** State of the jobs of each stage that was submitted to this engine, by the stage's name. */
  readonly stages: ReadonlyMap<string, JobState>;
  /** Whether jobs of slices, or the small ones between two stages, are in the queue. */
  readonly alive: boolean;
}

/**
 * Asks an engine for all jobs of a run. An engine is asked as seldom as possible: each of its programs may take seconds.
 *
 * @throws {EmporiumError} ENGINE_ABSENT where its programs are not on this machine; ENGINE_SILENT where it does not answer in time
 */
export async function askQueue(run: OpenRun, executor: EngineExecutor, clock: Clock): Promise<RunQueue> {
  const enough = new AbortController();
  const late = clock.sleep(ANSWER_MS, enough.signal).then(() => {
    throw new EmporiumError(
      "ENGINE_SILENT",
      `${engineTitle(executor.name)} does not answer (nothing came in ${ANSWER_MS / 1000} s)`,
      {
        hint: "jobs that it has may still be running; try again later",
      },
    );
  });
  late.catch(() => {}); // told below, or not at all
  try {
    return await Promise.race([askAll(run, executor), late]);
  } catch (error) {
    throw asEmporiumError(error);
  } finally {
    enough.abort();
  }
}

async function askAll(run: OpenRun, executor: EngineExecutor): Promise<RunQueue> {
  const handles = new Map<string, JobHandle[]>();
  for (const { name } of run.record.stages) {
    const found: JobHandle[] = [];
    for (const { id, job, engine } of await readSubmissions(run, name)) {
      // numbers of another engine's jobs mean others here
      if (engine !== executor.name) continue;
      // an answer that was lost: the engine may have the job all the same
      if (id === undefined) found.push(...(await executor.find(job)));
      else found.push({ id, name: job });
    }
    if (found.length > 0) handles.set(name, found);
  }
  const states = await executor.states([...handles.values()].flat());
  const stages = new Map<string, JobState>();
  for (const [name, jobs] of handles) {
    stages.set(name, sumStates(jobs.flatMap(({ id }) => states.get(id) ?? [])));
  }
  const alive = [...stages.values()].some(isAlive) || (await hasGate(run, executor));
  return { stages, alive };
}

/** Whether the job that looks at the stages is in the queue: between two stages nothing else is. */
async function hasGate(run: OpenRun, executor: EngineExecutor): Promise<boolean> {
  const names = run.record.stages.flatMap(({ name }) => GATES.map((gate) => jobName(run, name, gate)));
  return (await executor.find(...names)).length > 0;
}
