import { EmporiumError, type ErrorRecord, toErrorRecord } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { deadKey } from "./run-files.js";
import type { OpenRun, RunStage } from "./run-record.js";
import { tasksOf } from "./run-tasks.js";
import type { StageJournals } from "./stage-journals.js";
import type { Submission } from "./submissions.js";

/** Processes that may die at one task, and attempts at a slice that may bring nothing, before nobody tries again. */
const ATTEMPTS = 3;

/** A line of `dead/<s>.ndjson`. */
export interface DeadTask {
  readonly task: string;
  readonly title: string;
  readonly state: "failed" | "blocked";
  readonly error: ErrorRecord;
}

/** Sorts the rest of a stage, when none of its jobs is alive, into slices to try again and tasks that nobody tries again. */
export async function judge(
  run: OpenRun,
  stage: RunStage,
  submissions: readonly Submission[],
  journals: StageJournals,
): Promise<{ open: number[]; dead: DeadTask[] }> {
  const { done, failed, deaths, attempts } = journals;
  const deadBefore = await readDead(run, run.record.stages.slice(0, run.record.stages.indexOf(stage)));
  const lost = new Set(deadBefore.map(({ task }) => task));
  const dead: DeadTask[] = [];
  const open: number[] = [];
  for (let slice = 0; slice + 1 < stage.slices.length; slice++) {
    const fruitless = fruitlessAttempts(slice, submissions, attempts.get(slice));
    let left = 0;
    for await (const task of tasksOf(run).open(stage, slice, done)) {
      const error =
        failed.get(task.id) ??
        (fruitless >= ATTEMPTS || (deaths.get(task.id) ?? 0) >= ATTEMPTS
          ? lostError(task, run, deaths.get(task.id) ?? 0)
          : undefined);
      if (task.needsOneOf(lost)) dead.push({ task: task.id, title: task.title, state: "blocked", error: blockedError(task) });
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

/** Number of the last submissions of a slice, one after the other, that brought nothing: no task done and none failed. */
function fruitlessAttempts(
  slice: number,
  submissions: readonly Submission[],
  attempts: ReadonlyMap<number, { done: number; failed: number }> | undefined,
): number {
  let count = 0;
  for (const { number, slices, twin } of submissions) {
    if (twin || !slices.includes(slice)) continue;
    const { done = 0, failed = 0 } = attempts?.get(number) ?? {};
    count = done + failed > 0 ? 0 : count + 1;
  }
  return count;
}

function lostError(task: { title: string }, run: OpenRun, deaths: number): ErrorRecord {
  const logs = run.record.logs;
  const how =
    deaths > 0
      ? `${counted(deaths, "process", "processes")} ended in the middle of it`
      : `${ATTEMPTS} jobs ended without beginning it`;
  return toErrorRecord(
    new EmporiumError("ENGINE_LOST", `${task.title}: ${how}`, {
      hint: `${logs === undefined ? "ask the engine how its jobs ended" : `look into ${logs}`}: often the memory or the walltime of the profile is too small; then emporium engine resume --retry-dead`,
    }),
  );
}

function blockedError(task: { title: string }): ErrorRecord {
  return toErrorRecord(
    new EmporiumError("TASK_BLOCKED", `${task.title} was not started, because a task that it needs failed`, {
      hint: "emporium engine dead lists the failures",
    }),
  );
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
