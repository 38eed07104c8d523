import type { Clock } from "../../core/clock.js";
import { EmporiumError, fromErrorRecord } from "../../core/errors.js";
import { startProcess, type WorkerProcess } from "../../system/processes.js";
import { ROW_BYTES } from "../blocks/receipt-table.js";
import type { Performers } from "../blocks/run-blocks.js";
import type { OnEvent } from "../events.js";
import { type Every, everyInterval } from "../lock.js";
import type { PlainObject } from "../task.js";
import { type Asked, askedTasks } from "./asked-tasks.js";
import type { FromProcess, ToProcess } from "./worker-process-side.js";

export interface WorkerProcessesOptions {
  readonly processes: number;
  /** URL of a module that exports `openBlockWork`, and what that is told. */
  readonly module: string;
  readonly data: PlainObject;
  /** Folder for the tasks' scratch folders. */
  readonly scratch: string;
  readonly createdMs: number;
  readonly clock: Clock;
  readonly every?: Every | undefined;
  /** Gets second attempts at tasks. */
  readonly onEvent?: OnEvent | undefined;
  /** A process that has begun and gives no heartbeat for so long is killed. Default three heartbeats, which come every 5 s. */
  readonly silenceMs?: number | undefined;
  /** A process that gets no further for so long is killed. Default ten minutes. */
  readonly taskMs?: number | undefined;
}

/** Does tasks of blocks in child processes; keeps this process alive until it is closed. */
export interface WorkerProcesses extends Performers {
  /** Of the processes that are there now. */
  readonly pids: readonly number[];
  close(): void;
}

/** A batch should keep a process busy for so long: many tasks a message where tasks are short, one where they are long. */
const BATCH_MS = 50;
const BATCH_MAX = 256;
/** Processes that may die at one task, and at their begin, one after the other. */
const DEATHS_MAX = 3;
const LOOK_MS = 5_000;
const SILENCE_MS = 16_000;
/** A process may take so long to its first heartbeat. */
const START_MS = 60_000;
/** A process that fails so many tasks, one behind the other, may be at fault itself. */
const FAILURES_MAX = 3;

interface Worker {
  readonly process: WorkerProcess<ToProcess>;
  /** What it has to do, by number. */
  readonly sent: Map<number, Asked>;
  ready: boolean;
  /** How long a task takes it, smoothed. */
  taskMs: number;
  heardMs: number;
  /** It has given a heartbeat. */
  isAlive: boolean;
  progressMs: number;
  /** Tasks that it failed since it did one. */
  failures: number;
}

/**
 * Processes that do tasks of blocks in batches. A process that dies, says nothing or gets no further is replaced, and what it had is given to
 * others: each of these tasks alone, so that the one that kills processes is found. At its third death it fails with ENGINE_LOST.
 */
export function workerProcesses(options: WorkerProcessesOptions): WorkerProcesses {
  const { clock, every = everyInterval } = options;
  const asked = askedTasks();
  const workers = new Set<Worker>();
  let beginDeaths = 0;
  let broken: EmporiumError | undefined;
  let stopped: AbortSignal | undefined;

  /** Gives ready processes work, and starts those that are missing. */
  function pump(): void {
    if (broken || stopped?.aborted) {
      const error = broken ?? (stopped!.reason as EmporiumError);
      for (const { resolve } of asked.drain()) resolve({ state: broken ? "failed" : "cancelled", error });
      return;
    }
    if (asked.size > 0) while (workers.size < options.processes) workers.add(startWorker(options, heard, ended));
    for (const worker of workers) {
      if (worker.failures >= FAILURES_MAX) retire(worker);
      else if (worker.ready) give(worker, asked.next(roomOf(worker), workers.size), clock);
    }
  }
  function heard(worker: Worker, message: FromProcess): void {
    worker.heardMs = clock.monotonic();
    if (message.kind === "ready") {
      worker.ready = true;
      beginDeaths = 0;
    } else if (message.kind === "broken") broken ??= fromErrorRecord(message.error);
    else if (message.kind === "retry") options.onEvent?.({ ...message.event, atMs: clock.monotonic() });
    else takeResults(worker, message, clock.monotonic(), stopped);
    pump();
  }
  function ended(worker: Worker, how: string, tail: string): void {
    workers.delete(worker);
    if (!worker.ready && ++beginDeaths >= DEATHS_MAX) broken ??= lost("worker processes end before they begin", how, tail);
    const left = [...worker.sent.values()];
    if (left.length === 1) left[0]!.deaths++; // which of several it was is not known: each is done alone from now on
    for (const one of left) {
      if (one.deaths < DEATHS_MAX) asked.addAlone(one);
      else fail(one, lost(`${one.task.title}: ${DEATHS_MAX} processes ended in the middle of it`, how, tail));
    }
    pump();
  }
  function stopWith(signal: AbortSignal): void {
    stopped = signal;
    const stop = () => {
      for (const { process } of workers) process.send({ kind: "stop" });
      pump();
    };
    signal.addEventListener("abort", stop, { once: true });
  }
  const stopLooking = every(LOOK_MS, () => killStalled(workers, options));

  return {
    capacity: options.processes * 2 * BATCH_MAX,
    get broken() {
      return broken;
    },
    get pids() {
      return [...workers].flatMap(({ process }) => process.pid ?? []);
    },
    perform(index, task, journal, signal) {
      if (stopped !== signal) stopWith(signal);
      return new Promise((resolve) => {
        // tasks that start in one turn go together
        if (asked.size === 0) queueMicrotask(pump);
        asked.add({ index, task, journal, isSuspect: false, deaths: 0, resolve });
      });
    },
    close() {
      stopLooking();
      for (const { process } of workers) process.kill();
    },
  };
}

function startWorker(
  { module, data, scratch, createdMs, processes, clock }: WorkerProcessesOptions,
  heard: (worker: Worker, message: FromProcess) => void,
  ended: (worker: Worker, how: string, tail: string) => void,
): Worker {
  const now = clock.monotonic();
  const worker: Worker = {
    process: startProcess<ToProcess, FromProcess>(
      { entry: new URL("./worker-process-side.js", import.meta.url) },
      {
        heard: (message) => heard(worker, message),
        wrote() {
          worker.isAlive = true;
          worker.heardMs = clock.monotonic();
        },
        ended: (how, tail) => ended(worker, how, tail),
      },
    ),
    sent: new Map(),
    ready: false,
    taskMs: BATCH_MS,
    heardMs: now,
    isAlive: false,
    progressMs: now,
    failures: 0,
  };
  worker.process.send({ kind: "begin", module, data, scratch, createdMs, threads: processes });
  return worker;
}

/** Ends a process once it has nothing to do; another one comes in its place. */
function retire({ process, sent }: Worker): void {
  if (sent.size === 0) process.kill();
}

/** How many tasks a process may get now: one batch is under way while the next one waits. `isIdle`: also one that must be alone. */
function roomOf({ sent, taskMs }: Worker): { tasks: number; isIdle: boolean } {
  const size = Math.max(1, Math.min(BATCH_MAX, Math.floor(BATCH_MS / taskMs)));
  const hasSuspect = sent.size === 1 && [...sent.values()][0]!.isSuspect;
  return { tasks: hasSuspect || sent.size > size / 2 ? 0 : size, isIdle: sent.size === 0 };
}

function give(worker: Worker, batch: readonly Asked[], clock: Clock): void {
  if (batch.length === 0) return;
  if (worker.sent.size === 0) worker.progressMs = clock.monotonic();
  for (const one of batch) worker.sent.set(one.index, one);
  worker.process.send({ kind: "do", tasks: batch.map(({ index }) => index) });
}

function takeResults(
  worker: Worker,
  message: Extract<FromProcess, { kind: "done" | "failed" | "cancelled" }>,
  nowMs: number,
  stopped: AbortSignal | undefined,
): void {
  const { tasks } = message;
  worker.taskMs = (worker.taskMs + (nowMs - worker.progressMs) / tasks.length) / 2;
  worker.progressMs = nowMs;
  worker.failures = message.kind === "failed" ? worker.failures + 1 : 0;
  tasks.forEach((index, i) => {
    const one = worker.sent.get(index);
    worker.sent.delete(index);
    if (!one) return;
    if (message.kind === "failed") fail(one, fromErrorRecord(message.error));
    else if (message.kind === "cancelled") one.resolve({ state: "cancelled", error: stopped?.reason as EmporiumError });
    else finish(one, Buffer.from(message.rows.buffer, message.rows.byteOffset + i * ROW_BYTES, ROW_BYTES));
  });
}

function finish({ task, journal, resolve }: Asked, row: Buffer): void {
  journal.done(task.id, row).then(
    () => resolve({ state: "done" }),
    (error: EmporiumError) => resolve({ state: "failed", error }),
  );
}

function fail({ task, journal, resolve }: Asked, error: EmporiumError): void {
  journal
    .failed(task.id, error)
    .catch(() => {}) // `journal.broken` tells
    .finally(() => resolve({ state: "failed", error }));
}

function killStalled(
  workers: Iterable<Worker>,
  { clock, silenceMs = SILENCE_MS, taskMs = 600_000 }: WorkerProcessesOptions,
): void {
  const now = clock.monotonic();
  for (const { process, sent, heardMs, isAlive, progressMs } of workers) {
    if (now - heardMs > (isAlive ? silenceMs : START_MS) || (sent.size > 0 && now - progressMs > taskMs)) process.kill();
  }
}

function lost(what: string, how: string, tail: string): EmporiumError {
  return new EmporiumError("ENGINE_LOST", `${what} (${how})`, {
    hint: tail === "" ? "often the memory of the machine is too small: allow fewer jobs" : `it wrote: ${tail}`,
  });
}
