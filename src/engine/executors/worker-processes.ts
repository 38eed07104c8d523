import { EmporiumError, fromErrorRecord } from "../../core/errors.js";
import type { Random } from "../../core/random.js";
import { formatBytes } from "../../core/units.js";
import { ROW_BYTES } from "../blocks/receipt-table.js";
import type { Performers } from "../blocks/run-blocks.js";
import type { OnEvent } from "../events.js";
import { type Every, everyInterval } from "../every.js";
import { type Asked, type AskedTasks, askedTasks } from "./asked-tasks.js";
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
import { workerUse } from "./worker-use.js";

export interface WorkerProcessesOptions extends StartOptions, WorkerLimits {
  readonly every?: Every | undefined;
  /** Random numbers for the time between attempts. */
  readonly random?: Random | undefined;
  /** Gets second attempts at tasks, ends of processes, and what they take. */
  readonly onEvent?: OnEvent | undefined;
  /** Memory that all processes together may take. Default: as much as there is. */
  readonly memory?: WorkerMemory | undefined;
  /** Memory of a process. Default: as the system says. */
  readonly rssOf?: ((pid: number) => number | undefined) | undefined;
}

/** Does tasks of blocks in child processes; keeps this process alive until it is closed. */
export interface WorkerProcesses extends Performers {
  /** Ids of the processes that are there now. */
  readonly pids: readonly number[];
  close(): void;
}

/** Processes that may die at one task, and at their begin, one after the other. */
const DEATHS_MAX = 3;
const LOOK_MS = 5_000;
const MEASURE_MS = 250;

/** State that the processes of a run share. */
interface Workers {
  readonly options: WorkerProcessesOptions;
  readonly asked: AskedTasks;
  readonly all: Set<Worker>;
  readonly use: ReturnType<typeof workerUse>;
  readonly watch: ReturnType<typeof memoryWatch> | undefined;
  beginDeaths: number;
  broken: EmporiumError | undefined;
  stopped: AbortSignal | undefined;
  /** No memory is left for another task. */
  isFull: boolean;
}

/**
 * Processes that do tasks of blocks in batches. A process that dies, says nothing, gets no further or takes too much memory is replaced, and what it
 * had is given to others: each of these tasks by itself, so that the one that ends processes is found. After its second death nothing else runs
 * beside it; at its third it fails with ENGINE_LOST, or MEMORY_LIMIT.
 */
export function workerProcesses(options: WorkerProcessesOptions): WorkerProcesses {
  const { clock, every = everyInterval, memory, rssOf } = options;
  const workers: Workers = {
    ...{ options, asked: askedTasks(), all: new Set(), use: workerUse(clock), watch: memory && memoryWatch(memory, rssOf) },
    ...{ beginDeaths: 0, broken: undefined, stopped: undefined, isFull: false },
  };
  const { asked, all, use } = workers;
  const stops = [
    every(LOOK_MS, () => endStalled(all, clock.monotonic(), options)),
    ...(memory ? [every(MEASURE_MS, () => actOnMemory(workers))] : []),
  ];
  function stopWith(signal: AbortSignal): void {
    workers.stopped = signal;
    const stop = () => {
      for (const { process } of all) process.send({ kind: "stop" });
      pump(workers);
    };
    signal.addEventListener("abort", stop, { once: true });
  }
  return {
    capacity: options.processes * 2 * BATCH_MAX,
    get broken() {
      return workers.broken;
    },
    get pids() {
      return [...all].flatMap(({ pid }) => pid ?? []);
    },
    use() {
      measure(workers);
      return use.now(all);
    },
    perform(index, task, journal, signal) {
      if (workers.stopped !== signal) stopWith(signal);
      return new Promise((resolve) => {
        // tasks that start in one turn go together
        if (asked.size === 0) queueMicrotask(() => pump(workers));
        asked.add({ index, task, journal, alone: "no", deaths: 0, tries: 0, needBytes: task.memoryBytes, resolve });
      });
    },
    close() {
      for (const stop of stops) stop();
      for (const worker of all) endWorker(worker, "idle");
    },
  };
}

const sentTasks = ({ all }: Workers) => [...all].flatMap(({ sent }) => [...sent.values()]);
const taskBytes = ({ options }: Workers) => options.memory?.taskBytes ?? Number.POSITIVE_INFINITY;

/** Gives ready processes work, and starts those that are missing. */
function pump(workers: Workers): void {
  const { options, asked, all, broken, stopped, isFull } = workers;
  if (broken || stopped?.aborted) {
    const error = broken ?? (stopped!.reason as EmporiumError);
    for (const { resolve } of asked.drain()) resolve({ state: broken ? "failed" : "cancelled", error });
    return;
  }
  const sent = sentTasks(workers);
  if (sent.length > 0 && (isFull || asked.wantsAll || sent.some(({ alone }) => alone === "run"))) return;
  const wanted = asked.wantsAll ? 1 : options.processes;
  // what the others keep is in its way
  for (const other of [...all].slice(asked.wantsAll ? 1 : all.size)) endWorker(other, "idle");
  if (asked.size > 0) while (all.size < wanted) all.add(start(workers));
  for (const worker of all) {
    if (isFailing(worker)) {
      if (!worker.isBusy) endWorker(worker, "failing");
    } else if (worker.ready && !worker.isEnding) give(workers, worker);
  }
}

function start(workers: Workers): Worker {
  return startWorker(
    workers.options,
    (worker, message) => heard(workers, worker, message),
    (worker, how, tail) => ended(workers, worker, how, tail),
  );
}

function give(workers: Workers, worker: Worker): void {
  const sent = sentTasks(workers);
  const freeBytes = taskBytes(workers) - sent.reduce((sum, { needBytes }) => sum + needBytes, 0);
  const room = { who: worker, ...roomOf(worker), isOnly: sent.length === 0, freeBytes, processes: workers.all.size };
  giveTasks(worker, workers.asked.next(room), workers.options.clock);
}

function heard(workers: Workers, worker: Worker, message: FromProcess): void {
  worker.heardMs = workers.options.clock.monotonic();
  if (message.kind === "ready") {
    worker.ready = true;
    workers.use.begin(worker);
    workers.beginDeaths = 0;
  } else if (message.kind === "broken") workers.broken ??= fromErrorRecord(message.error);
  else takeResults(workers, worker, message);
  pump(workers);
}

type Results = Extract<FromProcess, { tasks: readonly number[] }>;

function takeResults(workers: Workers, worker: Worker, message: Results): void {
  const { tasks } = message;
  const nowMs = workers.options.clock.monotonic();
  worker.taskMs = (worker.taskMs + (nowMs - worker.sinceMs) / tasks.length) / 2;
  worker.sinceMs = nowMs;
  if (message.kind === "done") worker.failed.clear();
  tasks.forEach((index, i) => {
    const one = worker.sent.get(index);
    worker.sent.delete(index);
    if (one) takeResult(workers, worker, one, message, i);
  });
  if (!worker.isBusy) workers.use.rest(worker);
}

function takeResult(workers: Workers, worker: Worker, one: Asked, message: Results, at: number): void {
  const { stopped, options } = workers;
  if (message.kind === "cancelled") one.resolve({ state: "cancelled", error: stopped?.reason as EmporiumError });
  if (message.kind === "done") {
    const { rows, figures } = message;
    finish(one, Buffer.from(rows.buffer, rows.byteOffset + at * ROW_BYTES, ROW_BYTES), figures[at]!);
  }
  if (message.kind !== "failed") return;
  worker.failed.add(one.index);
  one.avoid = worker;
  const failure = { error: fromErrorRecord(message.error), again: message.again };
  const ask = () => {
    workers.asked.addAgain(one);
    pump(workers);
  };
  if (!tryAgain(one, failure, { random: Math.random, ...options }, stopped, ask)) fail(one, failure.error);
}

function ended(workers: Workers, worker: Worker, how: string, tail: string): void {
  const { all, use, options, asked, stopped } = workers;
  all.delete(worker);
  use.end(worker);
  const { ready, ending, sent, pid } = worker;
  // of a run that is stopped nothing is done again
  if (ending !== "idle" && !stopped?.aborted) {
    const atMs = options.clock.monotonic();
    options.onEvent?.({ kind: "worker", pid, ended: wordsOfEnd(worker, how), tasks: sent.size, atMs });
  }
  if (!ready && ending === undefined && ++workers.beginDeaths >= DEATHS_MAX)
    workers.broken ??= lost("worker processes end before they begin", how, tail);
  const left = [...sent.values()];
  for (const one of left) one.alone = one.alone === "run" ? "run" : "process"; // which of several it was is not known
  if (left.length === 1) blame(workers, left[0]!, worker, endedForMemory(worker, how, tail));
  for (const one of left) {
    if (one.deaths < DEATHS_MAX) asked.addAgain(one);
    else fail(one, giveUp(one, worker, how, tail));
  }
  pump(workers);
}

/** A process had nothing but this task when it ended. */
function blame(workers: Workers, one: Asked, worker: Worker, isForMemory: boolean): void {
  one.deaths++;
  one.avoid = worker;
  if (one.deaths === DEATHS_MAX - 1) one.alone = "run";
  const wanted = Math.max(2 * one.needBytes, buffersOf(worker.rssBytes));
  if (isForMemory) one.needBytes = Math.min(taskBytes(workers), wanted);
}

function measure({ all, watch, use }: Workers) {
  if (!watch) return undefined;
  for (const worker of all) worker.rssBytes = watch.measure(worker);
  const state = watch.look(all);
  use.rssBytesMax = Math.max(use.rssBytesMax, state.rssBytes);
  return state;
}

function actOnMemory(workers: Workers): void {
  const { use, all, options, isFull: wasFull } = workers;
  const state = measure(workers);
  if (!state) return;
  const { rssBytes, end } = state;
  options.onEvent?.({ kind: "measured", rssBytes, idleShare: use.idleShare(all), atMs: options.clock.monotonic() });
  if (end) endWorker(end, end.isBusy ? "memory" : "idle");
  workers.isFull = state.isFull;
  if (wasFull) pump(workers);
}

function finish({ task, journal, resolve, tries, deaths }: Asked, row: Buffer, figures: readonly number[]): void {
  journal.done(task.id, row).then(
    () => resolve({ state: "done", figures, again: tries + deaths }),
    (error: EmporiumError) => resolve({ state: "failed", error }),
  );
}

function fail({ task, journal, resolve, tries, deaths }: Asked, error: EmporiumError): void {
  journal
    .failed(task.id, error)
    .catch(() => {}) // `journal.broken` tells
    .finally(() => resolve({ state: "failed", error, again: tries + deaths - 1 }));
}

function giveUp({ task }: Asked, worker: Worker, how: string, tail: string): EmporiumError {
  if (worker.ending !== "memory")
    return lost(`${task.title}: ${DEATHS_MAX} processes ended in the middle of it`, wordsOfEnd(worker, how), tail);
  const found = `${task.title} took ${formatBytes(buffersOf(worker.rssBytes))} of memory when nothing else ran, more than is allowed`;
  return new EmporiumError("MEMORY_LIMIT", found, { hint: "allow more with --memory, or give the grid a smaller block" });
}
