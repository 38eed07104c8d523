import type { BlockJournal } from "../blocks/block-journal.js";
import type { Task } from "../task.js";
import type { Performed } from "./schedule.js";

/** A task that somebody is to do. */
export interface Asked {
  readonly index: number;
  readonly task: Task;
  readonly journal: BlockJournal;
  /**
   * Tasks that may not run beside it. `process`: a process died while it had it, so a process does it with no other; `run`:
   * nobody does anything else.
   */
  alone: "no" | "process" | "run";
  /** Processes that died at it. */
  deaths: number;
  /** Attempts that failed for a reason that may pass. */
  tries: number;
  /** The process at which its last attempt failed: others are better. */
  avoid?: object | undefined;
  /** Memory that it takes: what its plan says, or more where it was ended for taking more. */
  needBytes: number;
  resolve(performed: Performed): void;
}

/** Room that a process has for tasks now. */
export interface Room {
  /** The process. */
  readonly who: object;
  readonly tasks: number;
  /** Whether it has nothing to do. */
  readonly isIdle: boolean;
  /** Whether nobody has anything to do. */
  readonly isOnly: boolean;
  /** Memory that no task has. */
  readonly freeBytes: number;
  /** Processes, with this one. */
  readonly processes: number;
}

/** Tasks that wait for a process, first come, first served. */
export interface AskedTasks {
  readonly size: number;
  /** Whether one of them must have everything to itself. */
  readonly wantsAll: boolean;
  add(asked: Asked): void;
  /** A task that was tried before. It comes before others, by itself. */
  addAgain(asked: Asked): void;
  /** Takes tasks for a process: one that was tried before, where the process has nothing else to do, or some of the others. */
  next(room: Room): Asked[];
  /** Takes all of them. */
  drain(): Asked[];
}

/** Served tasks are removed when there are so many, and as many as those that wait. */
const SERVED_MAX = 4096;

export function askedTasks(): AskedTasks {
  const again: Asked[] = [];
  let waiting: Asked[] = [];
  let served = 0; // the first so many of `waiting`
  return {
    get size() {
      return waiting.length - served + again.length;
    },
    get wantsAll() {
      return again.some(({ alone }) => alone === "run");
    },
    add: (asked) => waiting.push(asked),
    addAgain: (asked) => again.push(asked),
    next(room) {
      const at = again.findIndex((one) => isFor(one, room));
      if (at >= 0) return again.splice(at, 1);
      // what needs much room gets it when the others have come to an end
      if (again.some((one) => one.alone === "run" || isTooLarge(one, room))) return [];
      const share = Math.ceil((waiting.length - served) / room.processes); // the others get some, too
      const batch = fitting(waiting.slice(served, served + Math.min(room.tasks, share)), room);
      served += batch.length;
      if (served > SERVED_MAX && served * 2 > waiting.length) {
        waiting = waiting.slice(served);
        served = 0;
      }
      return batch;
    },
    drain() {
      const all = [...waiting.slice(served), ...again.splice(0)];
      waiting = [];
      served = 0;
      return all;
    },
  };
}

function isFor(one: Asked, room: Room): boolean {
  const isElsewhere = one.avoid === room.who && room.processes > 1;
  if (!room.isIdle || isElsewhere) return false;
  return one.alone === "run" ? room.isOnly && room.processes === 1 : !isTooLarge(one, room);
}

/** The scheduler has seen to the memory that a task's plan names; it does not know what another takes beyond its own. */
function isTooLarge({ needBytes }: Asked, { freeBytes, isOnly }: Pick<Room, "freeBytes" | "isOnly">): boolean {
  return !isOnly && needBytes > freeBytes;
}

function fitting(tasks: readonly Asked[], { freeBytes, isOnly }: Room): Asked[] {
  let left = freeBytes;
  const end = tasks.findIndex((one, at) => {
    const isLast = isTooLarge(one, { freeBytes: left, isOnly: isOnly && at === 0 });
    left -= one.needBytes;
    return isLast;
  });
  return tasks.slice(0, end < 0 ? tasks.length : end);
}
