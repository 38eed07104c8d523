import type { ErrorRecord } from "../core/errors.js";
import type { StageFigures } from "./blocks/figures.js";
import type { TaskState } from "./task.js";

/** A task as a renderer needs it. */
export interface TaskBrief {
  readonly id: string;
  readonly title: string;
  readonly run: string;
  /** Bytes to be read; 0 for small things. */
  readonly bytes: number;
}

/** Numbers of parts that no task makes: those with a fault of their own, and those that need one of them. */
export interface Unplanned {
  readonly failed: number;
  readonly blocked: number;
}

/** State of a command that waits between two plans. */
export interface Waits {
  /** Parts that are done: what a part is, the command knows. */
  readonly taken: number;
  /** Lines on the first parts that are not complete; `count` is the number of all of them. */
  readonly lines: readonly string[];
  readonly count: number;
}

/**
 * The events of a run in chronological order. `atMs` is the monotonic clock. Each task ends with one `settled`; a task that was
 * never started has only that one. A run of blocks tells of single tasks only where they are tried again or fail; `counted` has the others.
 */
export type RunEvent = { readonly atMs: number } & (
  | {
      readonly kind: "plan";
      readonly tasks: number;
      readonly bytes: number;
      readonly resumed: boolean;
      readonly createdMs: number;
      /** Tasks of unknown size; a `sized` event reports each size. */
      readonly unsized?: number | undefined;
      /** What was asked for and is in no task, since the plan cannot make it. */
      readonly unplanned?: Unplanned | undefined;
      /** True if more is to come: all of this plan is not all of the work. */
      readonly isPart?: boolean | undefined;
    }
  /** The size of a task became known: so many bytes more, or less, than the plan had for it. */
  | { readonly kind: "sized"; readonly id: string; readonly bytes: number }
  /** Receipts of earlier runs were compared with the target: so much is done already. */
  | { readonly kind: "checked"; readonly already: number; readonly alreadyBytes: number }
  | { readonly kind: "start"; readonly task: TaskBrief; readonly threads: number; readonly notes: number }
  /** Bytes of the task done so far. May decrease when an attempt starts again. */
  | {
      readonly kind: "progress";
      readonly id: string;
      readonly bytesDone: number;
      /** The part of this attempt's work that had to be repeated. */
      readonly bytesAgain?: number | undefined;
    }
  | {
      readonly kind: "retry";
      readonly id: string;
      readonly attempt: number;
      readonly waitMs: number;
      readonly error: ErrorRecord;
    }
  | {
      readonly kind: "settled";
      readonly task: TaskBrief;
      readonly state: TaskState;
      readonly seconds: number;
      readonly error?: ErrorRecord | undefined;
      readonly warnings?: readonly string[] | undefined;
    }
  /** Numbers of tasks by state, at most ten times a second: for runs with too many tasks to tell of each. */
  | { readonly kind: "counted"; readonly counts: Readonly<Record<TaskState, number>>; readonly bytesDone: number }
  /** Memory that is resident in all processes together, and the part of their time in which worker processes had nothing to do. */
  | { readonly kind: "measured"; readonly rssBytes: number; readonly idleShare: number }
  /** A worker process has ended before its time, or was ended. */
  | { readonly kind: "worker"; readonly pid: number | undefined; readonly ended: string; readonly tasks: number }
  /** Every block of a stage that could be done is done. */
  | ({ readonly kind: "stage" } & StageFigures)
  /** A command has done what there is, and goes on with what comes. */
  | ({ readonly kind: "waiting" } & Waits)
  | { readonly kind: "stopping"; readonly error: ErrorRecord }
  | { readonly kind: "end"; readonly exitStatus: number; readonly seconds: number }
);

export type OnEvent = (event: RunEvent) => void;
