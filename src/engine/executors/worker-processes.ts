import { EmporiumError, fromErrorRecord } from "../../core/errors.js";
import type { Random } from "../../core/random.js";
import { formatBytes } from "../../core/units.js";
import { ROW_BYTES } from "../blocks/receipt-table.js";
import type { Performers } from "../blocks/run-blocks.js";
import type { OnEvent } from "../events.js";
import { type Every, everyInterval } from "../lock.js";
import { type Asked, askedTasks } from "./asked-tasks.js";
import { buffersOf, memoryWatch, type WorkerMemory } from "./memory-watch.js";
import { tryAgain } from "./try-again.js";
import {
  BATCH_MAX,
  endedForMemory,
  endStalled,
  endWorker,
  giveTasks,
  isFailing,
  lost,
  roomOf,
  type StartOptions,
  startWorker,
  type Worker,
  type WorkerLimits,
  wordsOfEnd,
} from "./worker.js";
import type { FromProcess } from "./worker-process-side.js";

export interface WorkerProcessesOptions extends StartOptions, WorkerLimits {
  readonly every?: Every | undefined;
  /** For the time between attempts. */
  readonly random?: Random | undefined;
  /** Gets second attempts at tasks. */
  readonly onEvent?: OnEvent | undefined;
  /** What all processes together may take. Default: as much as there is. */
  readonly memory?: WorkerMemory | undefined;
  /** Memory of a process. Default: as the system says. */
  readonly rssOf?: ((pid: number) => number | undefined) | undefined;
}

/** Does tasks of blocks in child processes; keeps this process alive until it is closed. */
export interface WorkerProcesses extends Performers {
  /** Of the processes that are there now. */
  readonly pids: readonly number[];
  close(): void;
}

/** Processes that may die at one task, and at their begin, one after the other. */
const DEATHS_MAX = 3;
const LOOK_MS = 5_000;
const MEASURE_MS = 250;

/**
 * Processes that do tasks of blocks in batches. A process that dies, says nothing, gets no further or takes too much memory is replaced, and what it
 * had is given to others: each of these tasks by itself, so that the one that ends processes is found. After its second death nothing else runs
 * beside it; at its third it fails with ENGINE_LOST, or MEMORY_LIMIT.
 */
export function workerProcesses(options: WorkerProcessesOptions): WorkerProcesses {
  const { clock, every = everyInterval, random = Math.random, memory } = options;
  const asked = askedTasks();
  const workers = new Set<Worker>();
  const taskBytes = memory?.taskBytes ?? Number.POSITIVE_INFINITY;
  let beginDeaths = 0;
  let broken: EmporiumError | undefined;
  let stopped: AbortSignal | undefined;
  let isFull = false;

  const sentTasks = () => [...workers].flatMap(({ sent }) => [...sent.values()]);

  /** Gives ready processes work, and starts those that are missing. */
  function pump(): void {
    if (broken || stopped?.aborted) {
      const error = broken ?? (stopped!.reason as EmporiumError);
      for (const { resolve } of asked.drain()) resolve({ state: broken ? "failed" : "cancelled", error });
      return;
    }
    const isBusy = sentTasks().length > 0;
    if (isBusy && (isFull || asked.wantsAll || sentTasks().some(({ alone }) => alone === "run"))) return;
    const wanted = asked.wantsAll ? 1 : options.processes;
    // what the others keep is in its way
    for (const other of [...workers].slice(asked.wantsAll ? 1 : workers.size)) endWorker(other, "idle");
    if (asked.size > 0) while (workers.size < wanted) workers.add(startWorker(options, heard, ended));
    for (const worker of workers) {
      if (isFailing(worker)) {
        if (!worker.isBusy) endWorker(worker, "failing");
      } else if (worker.ready && !worker.isEnding) give(worker);
    }
  }
  function give(worker: Worker): void {
    const sent = sentTasks();
    const freeBytes = taskBytes - sent.reduce((sum, { needBytes }) => sum + needBytes, 0);
    const isOnly = sent.length === 0;
    const room = { who: worker, ...roomOf(worker), isOnly, freeBytes, processes: workers.size };
    giveTasks(worker, asked.next(room), clock);
  }
  function heard(worker: Worker, message: FromProcess): void {
    worker.heardMs = clock.monotonic();
    if (message.kind === "ready") {
      worker.ready = true;
      beginDeaths = 0;
    } else if (message.kind === "broken") broken ??= fromErrorRecord(message.error);
    else takeResults(worker, message);
    pump();
  }
  function takeResults(worker: Worker, message: Extract<FromProcess, { tasks: readonly number[] }>): void {
    const { tasks } = message;
    const nowMs = clock.monotonic();
    worker.taskMs = (worker.taskMs + (nowMs - worker.sinceMs) / tasks.length) / 2;
    worker.sinceMs = nowMs;
    if (message.kind === "done") worker.failed.clear();
    tasks.forEach((index, i) => {
      const one = worker.sent.get(index);
      worker.sent.delete(index);
      if (!one) return;
      if (message.kind === "cancelled") one.resolve({ state: "cancelled", error: stopped?.reason as EmporiumError });
      else if (message.kind === "done")
        finish(one, Buffer.from(message.rows.buffer, message.rows.byteOffset + i * ROW_BYTES, ROW_BYTES));
      else {
        worker.failed.add(index);
        one.avoid = worker;
        const failure = { error: fromErrorRecord(message.error), again: message.again };
        if (!tryAgain(one, failure, { ...options, random }, stopped, again)) fail(one, failure.error);
      }
    });
  }
  function again(one: Asked): void {
    asked.addAgain(one);
    pump();
  }
  function ended(worker: Worker, how: string, tail: string): void {
    workers.delete(worker);
    const { ready, ending, sent } = worker;
    if (!ready && ending === undefined && ++beginDeaths >= DEATHS_MAX)
      broken ??= lost("worker processes end before they begin", how, tail);
    const left = [...sent.values()];
    for (const one of left) one.alone = one.alone === "run" ? "run" : "process"; // which of several it was is not known
    if (left.length === 1) blame(left[0]!, worker, how, tail);
    for (const one of left) {
      if (one.deaths < DEATHS_MAX) asked.addAgain(one);
      else fail(one, giveUp(one, worker, how, tail));
    }
    pump();
  }
  /** A process had nothing but this when it ended. */
  function blame(one: Asked, worker: Worker, how: string, tail: string): void {
    one.deaths++;
    one.avoid = worker;
    if (one.deaths === DEATHS_MAX - 1) one.alone = "run";
    if (endedForMemory(worker, how, tail))
      one.needBytes = Math.min(taskBytes, Math.max(2 * one.needBytes, buffersOf(worker.rssBytes)));
  }
  function look(): void {
    endStalled(workers, clock.monotonic(), options);
  }
  const watch = memory && memoryWatch(memory, options.rssOf);
  function measure(): void {
    if (!watch) return;
    for (const worker of workers) worker.rssBytes = watch.measure(worker);
    const state = watch.look(workers);
    if (state.end) endWorker(state.end, state.end.isBusy ? "memory" : "idle");
    const wasFull = isFull;
    isFull = state.isFull;
    if (wasFull) pump();
  }
  function stopWith(signal: AbortSignal): void {
    stopped = signal;
    const stop = () => {
      for (const { process } of workers) process.send({ kind: "stop" });
      pump();
    };
    signal.addEventListener("abort", stop, { once: true });
  }
  const stops = [every(LOOK_MS, look), ...(watch ? [every(MEASURE_MS, measure)] : [])];

  return {
    capacity: options.processes * 2 * BATCH_MAX,
    get broken() {
      return broken;
    },
    get pids() {
      return [...workers].flatMap(({ pid }) => pid ?? []);
    },
    perform(index, task, journal, signal) {
      if (stopped !== signal) stopWith(signal);
      return new Promise((resolve) => {
        // tasks that start in one turn go together
        if (asked.size === 0) queueMicrotask(pump);
        asked.add({ index, task, journal, alone: "no", deaths: 0, tries: 0, needBytes: task.memoryBytes, resolve });
      });
    },
    close() {
      for (const stop of stops) stop();
      for (const { process } of workers) process.kill();
    },
  };
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

function giveUp({ task }: Asked, worker: Worker, how: string, tail: string): EmporiumError {
  if (worker.ending !== "memory")
    return lost(`${task.title}: ${DEATHS_MAX} processes ended in the middle of it`, wordsOfEnd(worker, how), tail);
  const found = `${task.title} took ${formatBytes(buffersOf(worker.rssBytes))} of memory when nothing else ran, more than is allowed`;
  return new EmporiumError("MEMORY_LIMIT", found, { hint: "allow more with --memory, or give the grid a smaller block" });
}
