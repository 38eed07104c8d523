import type { Clock } from "../../core/clock.js";
import { EmporiumError, fromErrorRecord } from "../../core/errors.js";
import { startProcess, type WorkerProcess } from "../../system/processes.js";
import type { BlockJournal } from "../blocks/block-journal.js";
import { ROW_BYTES } from "../blocks/receipt-table.js";
import type { Performers } from "../blocks/run-blocks.js";
import { type Every, everyInterval } from "../lock.js";
import type { PlainObject, Task } from "../task.js";
import type { Performed } from "./schedule.js";
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
  /** A process that says nothing for so long is killed; an operation may keep it from its heartbeat of 5 s. Default a minute. */
  readonly silenceMs?: number | undefined;
  /** A process that gets no further for so long is killed. Default ten minutes. */
  readonly taskMs?: number | undefined;
}

/** A batch should keep a process busy for so long: many tasks a message where tasks are short, one where they are long. */
const BATCH_MS = 50;
const BATCH_MAX = 256;
/** Processes that may die at one task, and at their begin, one after the other. */
const DEATHS_MAX = 3;
const LOOK_MS = 5_000;

/** A task that was asked for. */
interface Asked {
  readonly index: number;
  readonly task: Task;
  readonly journal: BlockJournal;
  /** A process had it when it died: nobody gets it together with others any more. */
  isSuspect: boolean;
  /** Processes that died at it alone. */
  deaths: number;
  resolve(performed: Performed): void;
}

interface Worker {
  readonly process: WorkerProcess<ToProcess>;
  readonly sent: Map<number, Asked>;
  ready: boolean;
  /** How long a task takes it, smoothed. */
  taskMs: number;
  heardMs: number;
  progressMs: number;
}

/**
 * Processes that do tasks of blocks in batches. A process that dies, says nothing or gets no further is replaced, and what it had is given to
 * others: each of these tasks alone, so that the one that kills processes is found. At its third death it fails.
 */
export function workerProcesses(
  options: WorkerProcessesOptions,
): Performers & { close(): void; readonly pids: readonly number[] } {
  const { clock, silenceMs = 60_000, taskMs = 600_000 } = options;
  const waiting: Asked[] = [];
  /** Tasks that a process may have died of. */
  const alone: Asked[] = [];
  const workers = new Set<Worker>();
  let head = 0; // of `waiting`
  let beginDeaths = 0;
  let broken: EmporiumError | undefined;
  let stopped: AbortSignal | undefined;
  const queued = () => waiting.length - head + alone.length;

  function start(): void {
    const now = clock.monotonic();
    const worker: Worker = {
      process: startProcess<ToProcess, FromProcess>(
        { entry: new URL("./worker-process-side.js", import.meta.url) },
        { heard: (message) => heard(worker, message), ended: (how, tail) => ended(worker, how, tail) },
      ),
      sent: new Map(),
      ready: false,
      taskMs: BATCH_MS,
      heardMs: now,
      progressMs: now,
    };
    workers.add(worker);
    const { module, data, scratch, createdMs, processes } = options;
    worker.process.send({ kind: "begin", module, data, scratch, createdMs, threads: processes });
  }

  /** Gives ready processes work, and starts those that are missing. */
  function pump(): void {
    if (broken || stopped?.aborted) {
      drop();
      return;
    }
    if (queued() > 0) while (workers.size < options.processes) start();
    for (const worker of workers) if (worker.ready) give(worker);
  }
  function give(worker: Worker): void {
    const hasSuspect = [...worker.sent.values()].some(({ isSuspect }) => isSuspect);
    if (worker.sent.size === 0 && alone.length > 0) send(worker, [alone.shift()!]);
    else if (!hasSuspect) giveBatch(worker);
  }
  function giveBatch(worker: Worker): void {
    const size = Math.max(1, Math.min(BATCH_MAX, Math.floor(BATCH_MS / worker.taskMs)));
    // one batch is under way while the next one waits
    if (worker.sent.size > size / 2) return;
    const share = Math.ceil((waiting.length - head) / workers.size);
    const batch = waiting.slice(head, head + Math.min(size, share));
    head += batch.length;
    if (head > 4096 && head * 2 > waiting.length) {
      waiting.splice(0, head);
      head = 0;
    }
    if (batch.length > 0) send(worker, batch);
  }
  function send(worker: Worker, batch: readonly Asked[]): void {
    if (worker.sent.size === 0) worker.progressMs = clock.monotonic();
    for (const asked of batch) worker.sent.set(asked.index, asked);
    worker.process.send({ kind: "do", tasks: batch.map(({ index }) => index) });
  }
  function drop(): void {
    const error = broken ?? (stopped?.reason as EmporiumError);
    const state = broken ? "failed" : "cancelled";
    for (const { resolve } of [...waiting.splice(0).slice(head), ...alone.splice(0)]) resolve({ state, error });
    head = 0;
  }

  function heard(worker: Worker, message: FromProcess): void {
    worker.heardMs = clock.monotonic();
    if (message.kind === "ready") {
      worker.ready = true;
      beginDeaths = 0;
    } else if (message.kind === "broken") broken ??= fromErrorRecord(message.error);
    else if (message.kind === "done") done(worker, message.tasks, message.rows);
    else if (message.kind === "failed") failed(worker, message.task, fromErrorRecord(message.error));
    else if (message.kind === "cancelled") {
      for (const index of message.tasks)
        take(worker, index)?.resolve({ state: "cancelled", error: stopped?.reason as EmporiumError });
    }
    if (message.kind !== "heartbeat") pump();
  }
  function take(worker: Worker, index: number): Asked | undefined {
    const asked = worker.sent.get(index);
    worker.sent.delete(index);
    return asked;
  }
  function done(worker: Worker, tasks: readonly number[], rows: Uint8Array): void {
    const now = clock.monotonic();
    worker.taskMs = (worker.taskMs + (now - worker.progressMs) / tasks.length) / 2;
    worker.progressMs = now;
    tasks.forEach((index, i) => {
      const asked = take(worker, index);
      if (!asked) return;
      const row = Buffer.from(rows.buffer, rows.byteOffset + i * ROW_BYTES, ROW_BYTES);
      asked.journal.done(asked.task.id, row).then(
        () => asked.resolve({ state: "done" }),
        (error: EmporiumError) => asked.resolve({ state: "failed", error }),
      );
    });
  }
  function failed(worker: Worker, index: number, error: EmporiumError): void {
    worker.progressMs = clock.monotonic();
    const asked = take(worker, index);
    if (asked) fail(asked, error);
  }
  function ended(worker: Worker, how: string, tail: string): void {
    workers.delete(worker);
    const left = [...worker.sent.values()];
    if (!worker.ready && ++beginDeaths >= DEATHS_MAX) broken ??= lost("worker processes end before they begin", how, tail);
    for (const asked of left) {
      // which of several it was is not known: each is done alone from now on
      asked.isSuspect = true;
      if (left.length === 1) asked.deaths++;
      if (asked.deaths < DEATHS_MAX) alone.push(asked);
      else fail(asked, lost(`${asked.task.title}: ${DEATHS_MAX} processes ended in the middle of it`, how, tail));
    }
    pump();
  }
  const stopLooking = (options.every ?? everyInterval)(LOOK_MS, () => {
    const now = clock.monotonic();
    for (const { process, sent, heardMs, progressMs } of workers) {
      if (now - heardMs > silenceMs || (sent.size > 0 && now - progressMs > taskMs)) process.kill();
    }
  });

  return {
    capacity: options.processes * 2 * BATCH_MAX,
    get broken() {
      return broken;
    },
    get pids() {
      return [...workers].flatMap(({ process }) => process.pid ?? []);
    },
    perform(index, task, journal, signal) {
      if (stopped !== signal) {
        stopped = signal;
        const stop = () => {
          for (const { process } of workers) process.send({ kind: "stop" });
          drop();
        };
        signal.addEventListener("abort", stop, { once: true });
      }
      return new Promise((resolve) => {
        waiting.push({ index, task, journal, isSuspect: false, deaths: 0, resolve });
        // tasks that start in one turn go together
        if (waiting.length - head === 1) queueMicrotask(pump);
      });
    },
    close() {
      stopLooking();
      for (const { process } of workers) process.kill();
    },
  };
}

function fail({ task, journal, resolve }: Asked, error: EmporiumError): void {
  journal
    .failed(task.id, error)
    .catch(() => {}) // `journal.broken` tells
    .finally(() => resolve({ state: "failed", error }));
}

function lost(what: string, how: string, tail: string): EmporiumError {
  return new EmporiumError("ENGINE_LOST", `${what} (${how})`, {
    hint: tail === "" ? "often the memory of the machine is too small: allow fewer jobs" : `it wrote: ${tail}`,
  });
}
