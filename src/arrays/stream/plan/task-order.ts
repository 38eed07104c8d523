import type { Step } from "./shard-walk.js";

/** Step and task that a task number stands for. */
export interface TaskPlace {
  /** Index of the step among all. */
  step: number;
  /** Index in the step's own list: its read tasks (one per strip) come first, then its encode tasks (one per column). */
  task: number;
}

/** Number of all tasks. */
export function countTasks(steps: readonly Step[]): number {
  return steps.reduce((sum, { tasks }) => sum + tasks, 0);
}

/**
 * The order in which tasks are drawn: the reads of a step are spread among the encode tasks of the one before. So the last read
 * is some tasks ago when a step is encoded, and the last encode task of the step that used the same buffers is some tasks ago
 * when they are read into: workers seldom wait for each other. A task needs only tasks with smaller numbers: reads of step n the
 * encoding of n − 2; encoding of n the reads of n and the encoding of n − 1.
 *
 * @returns the place of a number; a caller asks with growing numbers.
 */
export function taskOrder(steps: readonly Step[]): (number: number) => TaskPlace {
  // round r has the encode tasks of step r − 1 and the reads of step r
  let round = 0;
  let first = 0;
  let reads = steps[0]?.strips ?? 0;
  let encodes = 0;
  return (number) => {
    while (number >= first + reads + encodes) {
      first += reads + encodes;
      const encoded = steps[round++]!;
      encodes = encoded.tasks - encoded.strips;
      reads = steps[round]?.strips ?? 0;
    }
    const at = number - first;
    // read k has this many encode tasks before it, so `at` minus that many reads
    const encodesBefore = (k: number) => Math.floor(((k + 1) * encodes) / (reads + 1));
    let readsBefore = 0;
    while (readsBefore < reads && encodesBefore(readsBefore) + readsBefore < at) readsBefore++;
    if (readsBefore < reads && encodesBefore(readsBefore) + readsBefore === at) return { step: round, task: readsBefore };
    return { step: round - 1, task: steps[round - 1]!.strips + at - readsBefore };
  };
}
