import type { BlockJournal } from "../blocks/block-journal.js";
import type { Task } from "../task.js";
import type { Performed } from "./schedule.js";

/** A task that somebody is to do. */
export interface Asked {
  readonly index: number;
  readonly task: Task;
  readonly journal: BlockJournal;
  /** A process had it when it died: nobody gets it together with others any more. */
  isSuspect: boolean;
  /** Processes that died at it alone. */
  deaths: number;
  resolve(performed: Performed): void;
}

/** Tasks that wait for a process, first come, first served. */
export interface AskedTasks {
  readonly size: number;
  add(asked: Asked): void;
  /** A task that a process may have died of. */
  addAlone(asked: Asked): void;
  /** For one of so many processes: a task that must be alone, where the process has nothing else to do, or some of the others. */
  next(room: { tasks: number; isIdle: boolean }, processes: number): Asked[];
  /** All of them. */
  drain(): Asked[];
}

/** Served tasks are removed when there are so many, and as many as those that wait. */
const SERVED_MAX = 4096;

export function askedTasks(): AskedTasks {
  const alone: Asked[] = [];
  let waiting: Asked[] = [];
  let served = 0; // the first so many of `waiting`
  return {
    get size() {
      return waiting.length - served + alone.length;
    },
    add: (asked) => waiting.push(asked),
    addAlone(asked) {
      asked.isSuspect = true;
      alone.push(asked);
    },
    next({ tasks, isIdle }, processes) {
      if (isIdle && alone.length > 0) return [alone.shift()!];
      const share = Math.ceil((waiting.length - served) / processes); // the others get some, too
      const batch = waiting.slice(served, served + Math.min(tasks, share));
      served += batch.length;
      if (served > SERVED_MAX && served * 2 > waiting.length) {
        waiting = waiting.slice(served);
        served = 0;
      }
      return batch;
    },
    drain() {
      const all = [...waiting.slice(served), ...alone.splice(0)];
      waiting = [];
      served = 0;
      return all;
    },
  };
}
