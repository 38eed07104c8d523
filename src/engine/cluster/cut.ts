import { EmporiumError } from "../../core/errors.js";
import type { Task } from "../task.js";

/** Group of a task when work is cut: tasks of one group stay in one slice. */
export interface TaskGroup {
  /** Name for people: `10401/TS_0001`. */
  readonly name: string;
  /** 0 comes first. A group waits for all groups of lower ranks. */
  readonly rank: number;
}

/** A stage: work that may run side by side. It begins when the stage before it is over. */
export interface CutStage {
  /** In the order in which a slice does them: needs first. */
  readonly slices: readonly (readonly Task[])[];
  /** The rank that most of its groups have. */
  readonly rank: number;
}

/** Bytes that a task counts beside those it reads: opening, listing, a receipt. */
export const TASK_BYTES = 4 * 2 ** 20;

/**
 * Cuts a plan for workers that share nothing but the target: into stages, and each stage into slices of about equal cost.
 *
 * A task comes into the stage of its group's rank, or a later one: behind each task of another group that it needs or follows. In a slice,
 * whole groups stand one after the other, each in the order of the plan.
 *
 * @param slicesMax of a stage, at least 1
 * @throws {EmporiumError} INTERNAL where a task comes before one that it needs
 */
export function cutPlan(tasks: readonly Task[], groupOf: (task: Task) => TaskGroup, slicesMax: number): CutStage[] {
  const level = new Map<string, { level: number; group: string }>();
  const stages = new Map<number, Map<string, { rank: number; tasks: Task[] }>>();
  for (const task of tasks) {
    const { name, rank } = groupOf(task);
    let at = rank;
    for (const need of [...task.needs, ...(task.after ?? [])]) {
      const known = level.get(need);
      if (!known) throw new EmporiumError("INTERNAL", `${task.title} comes before task ${need}, which it needs`);
      at = Math.max(at, known.level + (known.group === name ? 0 : 1));
    }
    level.set(task.id, { level: at, group: name });
    if (!stages.has(at)) stages.set(at, new Map());
    const groups = stages.get(at)!;
    if (groups.has(name)) groups.get(name)!.tasks.push(task);
    else groups.set(name, { rank, tasks: [task] });
  }
  return [...stages.keys()]
    .sort((a, b) => a - b)
    .map((at) => {
      const groups = [...stages.get(at)!.values()];
      const rank = Math.max(...groups.map((group) => group.rank));
      return {
        rank,
        slices: cutStage(
          groups.map((group) => group.tasks),
          slicesMax,
        ),
      };
    });
}

/** Consecutive groups, so that no slice costs much more than the others. */
function cutStage(groups: readonly (readonly Task[])[], slicesMax: number): Task[][] {
  const costs = groups.map(costOf);
  let left = costs.reduce((sum, cost) => sum + cost, 0);
  const slices: Task[][] = [];
  let slice: Task[] = [];
  let cost = 0;
  groups.forEach((group, index) => {
    const share = left / Math.max(1, slicesMax - slices.length);
    const groupsLeft = groups.length - index;
    // what is nearer to a fair share: with this group, or without it
    const closes = cost > 0 && slices.length < slicesMax - 1 && cost + costs[index]! / 2 > share;
    if (closes || (cost > 0 && slices.length + groupsLeft < slicesMax)) {
      slices.push(slice);
      left -= cost;
      slice = [];
      cost = 0;
    }
    slice.push(...group);
    cost += costs[index]!;
  });
  if (slice.length > 0) slices.push(slice);
  return slices;
}

function costOf(tasks: readonly Task[]): number {
  return tasks.reduce((sum, { bytes }) => sum + bytes + TASK_BYTES, 0);
}
