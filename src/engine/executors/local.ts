import { EmporiumError, type ErrorRecord, toErrorRecord } from "../../core/errors.js";
import type { Task, TaskResult, TaskState } from "../task.js";
import { listSource } from "../task-source.js";
import { type Ending, type Grant, type Performed, type ScheduleOptions, schedule, taskStates } from "./schedule.js";

export interface LocalOptions extends ScheduleOptions {
  /** Called once for each task, as soon as it is known how it ended. */
  readonly onSettled: (result: TaskResult) => void;
}

/**
 * Runs a list of tasks on this machine, as `schedule` does.
 *
 * @param already results of tasks that need no work.
 * @returns one result a task, in the order of the plan.
 */
export async function runLocal(
  tasks: readonly Task[],
  already: ReadonlyMap<string, TaskResult>,
  perform: (task: Task, grant: Grant) => Promise<Performed>,
  { onSettled, ...options }: LocalOptions,
): Promise<TaskResult[]> {
  const results = tasks.map(({ id }) => already.get(id));
  const states = taskStates(tasks.length);
  results.forEach((result, index) => {
    if (result) states.set(index, result.state);
  });
  const started = new Uint8Array(tasks.length);
  const settled = (index: number, state: TaskState, ending: Ending) => {
    const result: TaskResult = { task: tasks[index]!, state, ...factsOf(index, state, ending) };
    results[index] = result;
    onSettled(result);
  };
  function factsOf(index: number, state: TaskState, { receipt, error, because }: Ending): Pick<TaskResult, "receipt" | "error"> {
    if (because !== undefined) return { error: blockedBy(tasks[because]!, tasks[index]!) };
    if (state === "cancelled" && !started[index]) return { error: toErrorRecord(notStarted(tasks[index]!, error)) };
    return { receipt, error: error && toErrorRecord(error) };
  }
  await schedule(
    listSource({ createdMs: 0, locks: [], tasks }),
    states,
    (task, grant, index) => {
      started[index] = 1;
      return perform(task, grant);
    },
    settled,
    options,
  );
  return results.map((result) => result!);
}

function blockedBy(failed: Task, task: Task): ErrorRecord {
  return toErrorRecord(
    new EmporiumError("TASK_BLOCKED", `${task.title} was not started, because ${failed.title} failed`, {
      place: task.place,
      hint: "fix that error and run the same command again",
    }),
  );
}

function notStarted(task: Task, ended: EmporiumError | undefined): EmporiumError {
  const why = ended ? `the run was ended by: ${ended.message}` : "the run was stopped";
  const hint = "run the same command again to resume";
  return new EmporiumError("CANCELLED", `${task.title} was not started: ${why}`, { place: task.place, hint });
}
