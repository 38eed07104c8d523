import type { JobState } from "../executors/engine-executor.js";
import { lookKey } from "./run-files.js";
import { type OpenRun, putJson, type RunStage } from "./run-record.js";
import { tasksOf } from "./run-tasks.js";
import type { AttemptFacts, StageJournals } from "./stage-journals.js";
import type { Submission } from "./submissions.js";

/** A stage is near its end when fewer of its slices than this part are in the queue. */
const FEW = 0.1;
/** Multiple of the median after which a slice is begun a second time, and the least seconds: heartbeats are a minute apart. */
const TIMES_MEDIAN = 3;
const SECONDS_MIN = 120;

/**
 * Slices that hold up the end of a stage, since a process is slow or stands still: another is to do what is left of them. Each gets one twin.
 * No clocks are compared: a process's own tells how long it lives, the store's how long it has been silent.
 *
 * @param count elements of the stage's jobs in the queue
 * @returns slices; or `over` where twins have done all that was left, and the slow ones may go
 */
export async function stragglers(
  run: OpenRun,
  stage: RunStage,
  submissions: readonly Submission[],
  count: JobState,
): Promise<"over" | readonly number[]> {
  const twins = new Set(submissions.flatMap(({ twin, slices }) => (twin ? slices : [])));
  const isNearEnd = count.waiting + count.held === 0 && count.running < (stage.slices.length - 1) * FEW;
  if (twins.size === 0 && !isNearEnd) return [];
  const journals = await tasksOf(run).journals(stage);
  if (twins.size > 0 && journals.done.size === stage.slices.at(-1)! - stage.slices[0]!) return "over";
  if (!isNearEnd) return [];
  const nowMs = await storeNow(run, stage.name);
  const secondsMax = Math.max(SECONDS_MIN, TIMES_MEDIAN * medianSeconds(journals));
  const slow: number[] = [];
  for (const [slice, attempts] of journals.attempts) {
    if (twins.has(slice)) continue;
    const isSlow = [...attempts.values()].some((facts) => !facts.ended && secondsOf(facts, nowMs) > secondsMax);
    if (isSlow && (await hasMore(run, stage, slice, journals))) slow.push(slice);
  }
  return slow;
}

function secondsOf({ livedMs = 0, writtenMs = 0 }: AttemptFacts, nowMs: number): number {
  return (livedMs + Math.max(0, nowMs - writtenMs)) / 1000;
}

function medianSeconds({ attempts }: StageJournals): number {
  const seconds = [...attempts.values()]
    .flatMap((slice) => [...slice.values()].flatMap((facts) => facts.seconds ?? []))
    .sort((a, b) => a - b);
  return seconds[Math.floor(seconds.length / 2)] ?? 0;
}

async function hasMore(run: OpenRun, stage: RunStage, slice: number, { done, failed }: StageJournals): Promise<boolean> {
  for await (const { id } of tasksOf(run).open(stage, slice, done)) if (!failed.has(id)) return true;
  return false;
}

/** Time by the store's own clock, which dates the journals too; 0 where the store tells none. */
async function storeNow({ store, folder }: OpenRun, stage: string): Promise<number> {
  const key = `${folder}${lookKey(stage)}`;
  await putJson(store, key, {});
  return (await store.stat(key))?.modifiedMs ?? 0;
}
