import type { Clock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { startProcess, type WorkerProcess } from "../../system/processes.js";
import type { PlainObject } from "../task.js";
import type { Asked, Room } from "./asked-tasks.js";
import type { Measured } from "./memory-watch.js";
import type { FromProcess, ToProcess } from "./worker-process-side.js";

/**
 * Milliseconds for which a batch should keep a process busy: many tasks a message where tasks are short, one where they are
 * long.
 */
const BATCH_MS = 50;
export const BATCH_MAX = 256;
const SILENCE_MS = 16_000;
/** Milliseconds that a process may take to its first heartbeat. */
const START_MS = 60_000;
const TASK_MS = 600_000;
/** A process that fails so many tasks, one behind the other, may be at fault itself. */
const FAILURES_MAX = 3;

/** Reason for which somebody ended a process. */
export type Ending = "memory" | "silent" | "stalled" | "failing" | "idle";

/** A worker process as the one that gives it tasks sees it. */
export interface Worker extends Measured {
  readonly process: WorkerProcess<ToProcess>;
  /** Tasks that it has to do, by number. */
  readonly sent: Map<number, Asked>;
  ready: boolean;
  /** Milliseconds that a task takes it, smoothed. */
  taskMs: number;
  heardMs: number;
  /** Whether it has given a heartbeat. */
  isAlive: boolean;
  /** Time of its last result, or when it got something to do; monotonic clock. */
  sinceMs: number;
  /** Tasks that it failed since it did one. */
  readonly failed: Set<number>;
  toldBytes: number;
  /** Resident memory when it was measured last. */
  rssBytes: number;
  ending?: Ending | undefined;
  /**
   * Since when it can do something (`readyMs`) and has something to do (`busyMs`), monotonic clock; undefined where it has not.
   */
  readyMs?: number | undefined;
  busyMs?: number | undefined;
}

export interface StartOptions {
  readonly processes: number;
  /** URL of a module that exports `openBlockWork`, and what that is told. */
  readonly module: string;
  readonly data: PlainObject;
  /** Folder for the tasks' scratch folders. */
  readonly scratch: string;
  readonly createdMs: number;
  readonly clock: Clock;
  /** Default: a child process of this program. */
  readonly startProcess?: typeof startProcess | undefined;
}

export function startWorker(
  { module, data, scratch, createdMs, processes, clock, startProcess: start = startProcess }: StartOptions,
  heard: (worker: Worker, message: FromProcess) => void,
  ended: (worker: Worker, how: string, tail: string) => void,
): Worker {
  const now = clock.monotonic();
  const process = start<ToProcess, FromProcess>(
    { entry: new URL("./worker-process-side.js", import.meta.url) },
    {
      heard: (message) => heard(worker, message),
      wrote(text) {
        worker.isAlive = true;
        worker.heardMs = clock.monotonic();
        // a line each: the memory that it takes
        worker.toldBytes = Number(text.trim().split("\n").at(-1)) || worker.toldBytes;
      },
      ended: (how, tail) => ended(worker, how, tail),
    },
  );
  const worker: Worker = {
    process,
    pid: process.pid,
    sent: new Map(),
    ready: false,
    taskMs: BATCH_MS,
    heardMs: now,
    isAlive: false,
    sinceMs: now,
    failed: new Set(),
    toldBytes: 0,
    rssBytes: 0,
    get isBusy() {
      return worker.sent.size > 0;
    },
    get isEnding() {
      return worker.ending !== undefined;
    },
  };
  process.send({ kind: "begin", module, data, scratch, createdMs, threads: processes });
  return worker;
}

/** Ends a process; another one comes in its place where there is something to do. */
export function endWorker(worker: Worker, why: Ending): void {
  worker.ending ??= why;
  worker.process.kill();
}

/** Whether it should be replaced as soon as it has nothing to do. */
export function isFailing({ failed }: Worker): boolean {
  return failed.size >= FAILURES_MAX;
}

/** Number of tasks that a process may get now: one batch is under way while the next one waits. */
export function roomOf({ sent, taskMs }: Worker): Pick<Room, "tasks" | "isIdle"> {
  const size = Math.max(1, Math.min(BATCH_MAX, Math.floor(BATCH_MS / taskMs)));
  const isAlone = sent.size === 1 && [...sent.values()][0]!.alone !== "no";
  return { tasks: isAlone || sent.size > size / 2 ? 0 : size, isIdle: sent.size === 0 };
}

export function giveTasks(worker: Worker, batch: readonly Asked[], clock: Clock): void {
  if (batch.length === 0) return;
  if (worker.sent.size === 0) {
    worker.sinceMs = clock.monotonic();
    worker.busyMs = worker.sinceMs;
  }
  for (const one of batch) worker.sent.set(one.index, one);
  worker.process.send({ kind: "do", tasks: batch.map(({ index }) => index) });
}

export interface WorkerLimits {
  /** A process that has begun and gives no heartbeat for so long is killed. Default three heartbeats, which come every 5 s. */
  readonly silenceMs?: number | undefined;
  /** A process that gets no further for so long is killed. Default ten minutes. */
  readonly taskMs?: number | undefined;
}

export function endStalled(
  workers: Iterable<Worker>,
  nowMs: number,
  { silenceMs = SILENCE_MS, taskMs = TASK_MS }: WorkerLimits,
): void {
  for (const worker of workers) {
    const { heardMs, isAlive, isBusy, sinceMs } = worker;
    if (nowMs - heardMs > (isAlive ? silenceMs : START_MS)) endWorker(worker, "silent");
    else if (isBusy && nowMs - sinceMs > taskMs) endWorker(worker, "stalled");
  }
}

const WHY: Readonly<Record<Ending, string>> = {
  memory: "it took more memory than is allowed",
  silent: "it gave no sign of life",
  stalled: "it got no further",
  failing: "it failed one task after the other",
  idle: "it had nothing to do",
};

/** The end of a process in words, with the reason where somebody ended it. */
export function wordsOfEnd({ ending }: Worker, how: string): string {
  return ending === undefined ? how : `${how}: ${WHY[ending]}`;
}

/** Whether a process ended for want of memory: we ended it, or the system, or its own engine. */
export function endedForMemory({ ending }: Worker, how: string, tail: string): boolean {
  return ending === "memory" || (ending === undefined && (how === "SIGKILL" || /heap out of memory/.test(tail)));
}

export function lost(what: string, how: string, tail: string): EmporiumError {
  return new EmporiumError("ENGINE_LOST", `${what} (${how})`, {
    hint: tail === "" ? "often the memory of the machine is too small: allow fewer jobs" : `see its last output: ${tail}`,
  });
}
