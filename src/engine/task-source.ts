import { EmporiumError } from "../core/errors.js";
import type { Task, TaskPlan } from "./task.js";
import { idsHash } from "./task-id.js";

/** Gets the numbers of tasks, one after the other. */
export type Visit = (task: number) => void;

/**
 * The tasks of a run, named by numbers from 0 in the order in which they start. A list of tasks is one form of it (`listSource`); blocks of a
 * grid are another, which makes a task only when it runs (`blockSource`).
 *
 * Every need comes before the task that needs it. `needs` and `needers` say the same: `needers(a)` has `b` as often as `needs(b)` has `a`.
 */
export interface TaskSource {
  /** The moment when the plan was made: all outputs use it as the time. */
  readonly createdMs: number;
  /** Names that are locked in the target during the run. */
  readonly locks: readonly string[];
  readonly count: number;
  /** Cheap to call again: nobody keeps tasks in memory for later. */
  task(index: number): Task;
  /** Tasks that must be done first. */
  needs(index: number, visit: Visit): void;
  /** Tasks that wait for this one. */
  needers(index: number, visit: Visit): void;
  /** Tasks that run first; this one runs even if they fail (`Task.after`). */
  follows?(index: number, visit: Visit): void;
  followers?(index: number, visit: Visit): void;
  /** The same for the same tasks in the same order, on any machine: 32 hexadecimal digits. */
  idsHash(): string;
}

/**
 * A list of tasks as a source.
 *
 * @throws {EmporiumError} INTERNAL for a need that is not in the list.
 *
 * Cost: some 200 bytes a task beside the tasks themselves.
 */
export function listSource({ createdMs, locks, tasks }: TaskPlan): TaskSource {
  const position = new Map(tasks.map(({ id }, index) => [id, index]));
  const positionOf = (name: string, task: Task): number => {
    const found = position.get(name);
    if (found === undefined) throw new EmporiumError("INTERNAL", `${task.title} needs task ${name}, which is not in the plan`);
    return found;
  };
  const needers = new Map<number, number[]>();
  const followers = new Map<number, number[]>();
  tasks.forEach((task, index) => {
    for (const need of task.needs) note(needers, positionOf(need, task), index);
    for (const first of task.after ?? []) note(followers, positionOf(first, task), index);
  });
  return {
    createdMs,
    locks,
    count: tasks.length,
    task: (index) => tasks[index]!,
    needs(index, visit) {
      for (const need of tasks[index]!.needs) visit(position.get(need)!);
    },
    needers(index, visit) {
      needers.get(index)?.forEach(visit);
    },
    follows(index, visit) {
      for (const first of tasks[index]!.after ?? []) visit(position.get(first)!);
    },
    followers(index, visit) {
      followers.get(index)?.forEach(visit);
    },
    idsHash: () => idsHash(tasks),
  };
}

function note(waiting: Map<number, number[]>, before: number, index: number): void {
  if (waiting.has(before)) waiting.get(before)!.push(index);
  else waiting.set(before, [index]);
}
