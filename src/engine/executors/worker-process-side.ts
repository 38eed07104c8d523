import type { Clock } from "../../core/clock.js";
import { asEmporiumError, type EmporiumError, type ErrorFacts, type ErrorRecord, toErrorRecord } from "../../core/errors.js";
import type { Store } from "../../stores/store.js";
import { startThread } from "../../system/threads.js";
import type { BlockSource } from "../blocks/block-source.js";
import { figureRow } from "../blocks/figures.js";
import { ROW_BYTES, rowOf } from "../blocks/receipt-table.js";
import { envOf } from "../env.js";
import type { JournalRecord } from "../journal.js";
import { performTask } from "../perform.js";
import type { Operations, PlainObject } from "../task.js";
import type { Performed } from "./schedule.js";

/** The process's side of `workerProcesses`. */

/** Work that a module brings to a worker process: its export `openBlockWork` returns it. */
export interface BlockWork {
  /** The same blocks as those of the process that asks. */
  readonly blocks: BlockSource;
  readonly operations: Operations;
  readonly source: Store;
  readonly target: Store;
}
interface WorkModule {
  openBlockWork(data: PlainObject): Promise<BlockWork>;
}

export type ToProcess =
  | {
      readonly kind: "begin";
      readonly module: string;
      readonly data: PlainObject;
      readonly scratch: string;
      readonly createdMs: number;
      readonly threads: number;
    }
  | { readonly kind: "do"; readonly tasks: readonly number[] }
  | { readonly kind: "stop" };

export type FromProcess =
  | { readonly kind: "ready" }
  /** The process cannot begin. */
  | { readonly kind: "broken"; readonly error: ErrorRecord }
  /** Tasks that are done, each with the row of its receipt, and a row of `figureRow`. */
  | { readonly kind: "done"; readonly tasks: readonly number[]; readonly rows: Uint8Array; readonly figures: readonly number[][] }
  | { readonly kind: "failed"; readonly tasks: readonly [number]; readonly error: ErrorRecord; readonly again: Again }
  | { readonly kind: "cancelled"; readonly tasks: readonly number[] };

/** Whether another attempt at a failed task may help. */
type Again = Pick<ErrorFacts, "retry" | "retryAfterMs">;

/** Milliseconds after which done tasks are told, at most. */
const TELL_MS = 50;

/** Milliseconds that tasks which are given up may take to end. */
const END_MS = 10_000;

const tell = (message: FromProcess) => process.send?.(message);

if (process.send) listen();

function listen(): void {
  const stop = new AbortController();
  let work: Promise<(tasks: readonly number[]) => Promise<void>> | undefined;
  let last: Promise<void> = Promise.resolve();
  startThread({ entry: new URL("./heartbeat-thread.js", import.meta.url) });
  process.on("disconnect", () => {
    // the run is gone: what is running is given up, and the process ends, whatever it may wait for
    stop.abort();
    const end = () => process.kill(process.pid, "SIGKILL");
    last.then(end, end);
    envOf({}).clock.sleep(END_MS).then(end, end);
  });
  // a terminal, `timeout` or a scheduler sends them to every process of a command: the one that asks says what is to end
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
  process.on("message", (message: ToProcess) => {
    if (message.kind === "stop") stop.abort();
    else if (message.kind === "begin") {
      work = open(message, stop.signal);
      work.then(
        () => tell({ kind: "ready" }),
        (error: unknown) => tell({ kind: "broken", error: toErrorRecord(asEmporiumError(error)) }),
      );
    } else last = last.then(async () => (await work!)(message.tasks));
  });
}

/** @returns what does some tasks, one after the other */
async function open(
  { module, data, scratch, createdMs, threads }: Extract<ToProcess, { kind: "begin" }>,
  signal: AbortSignal,
): Promise<(tasks: readonly number[]) => Promise<void>> {
  const { openBlockWork } = (await import(module)) as WorkModule;
  const { blocks, ...stores } = await openBlockWork(data);
  const env = envOf({});
  const results = teller(env.clock);
  // the process that asks keeps the journal
  let row: Buffer | undefined;
  const add = async (record: JournalRecord) => {
    if (record.record === "done") row = rowOf(record.receipt.outputs);
  };
  const journal = { append: add, jot: add, attempt: () => undefined, broken: undefined };
  // whoever asks repeats attempts, and better in another process
  const options = { ...env, ...stores, journal, scratch, createdMs, signal, emit: () => {}, attempts: 1 };
  return async (tasks) => {
    const cancelled: number[] = [];
    for (const index of tasks) {
      const task = blocks.task(index);
      const grant = { threads: task.threads === "all" ? threads : 1, memoryBytes: task.memoryBytes };
      const begun = { ms: env.clock.monotonic(), cpu: process.cpuUsage() };
      const ended: Performed = signal.aborted ? { state: "cancelled" } : await performTask(task, grant, options);
      const { state, error, receipt } = ended;
      if (state === "done") results.add(index, row!, figuresSince(begun, env.clock, receipt?.facts));
      else if (state === "failed") tell(failedOnce(index, error!));
      else cancelled.push(index);
    }
    results.flush();
    if (cancelled.length > 0) tell({ kind: "cancelled", tasks: cancelled });
  };
}

function figuresSince({ ms, cpu }: { ms: number; cpu: NodeJS.CpuUsage }, clock: Clock, facts: PlainObject | undefined): number[] {
  const { user, system } = process.cpuUsage(cpu);
  return figureRow((clock.monotonic() - ms) / 1000, (user + system) / 1e6, facts);
}

function failedOnce(index: number, error: EmporiumError): FromProcess {
  const { retry, retryAfterMs } = error.facts;
  return { kind: "failed", tasks: [index], error: toErrorRecord(error), again: { retry, retryAfterMs } };
}

/** Tells what is done, some tasks at a time. */
function teller(clock: Clock) {
  let tasks: number[] = [];
  let rows: Buffer[] = [];
  let figures: number[][] = [];
  let toldMs = clock.monotonic();
  function flush(): void {
    if (tasks.length > 0) tell({ kind: "done", tasks, rows: Buffer.concat(rows, tasks.length * ROW_BYTES), figures });
    [tasks, rows, figures] = [[], [], []];
    toldMs = clock.monotonic();
  }
  return {
    flush,
    add(index: number, row: Buffer, figure: number[]): void {
      tasks.push(index);
      rows.push(row);
      figures.push(figure);
      if (clock.monotonic() - toldMs > TELL_MS) flush();
    },
  };
}
