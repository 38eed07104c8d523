import type { Clock } from "../core/clock.js";
import type { ErrorRecord, Place } from "../core/errors.js";
import type { Log } from "../core/log.js";
import type { Store } from "../stores/store.js";

/**
 * Plain JSON, in which a task is told everything and reports, so that tasks can be printed, split between machines, compared and
 * resumed.
 */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };
export type PlainObject = { readonly [key: string]: Plain };

/** One object that a task reads, with what identified it when the plan was made. */
export interface TaskInput {
  /** Key in the source store. */
  key: string;
  size: number;
  etag?: string | undefined;
  modifiedMs?: number | undefined;
}

/** One entity's outputs: what a person would name, "tomogram 100 of TS_01". */
export interface Task {
  /** Hash of inputs, operation, parameters and outputs (`taskId`): same plan, same ids, on any machine. */
  readonly id: string;
  readonly title: string;
  /** Name of a registered operation. */
  readonly run: string;
  readonly params: PlainObject;
  readonly inputs: readonly TaskInput[];
  /** Keys in the target store. A key ending with `/` is a folder (an OME-Zarr). The last key marks the entity as complete. */
  readonly outputs: readonly string[];
  /** Ids of tasks that must be done first. */
  readonly needs: readonly string[];
  /**
   * Ids of tasks that run first; this task runs even if they fail. If one of them runs, this task runs again, even if it was done
   * before.
   */
  readonly after?: readonly string[] | undefined;
  /** Bytes to be read, for progress and order; 0 for small things. */
  readonly bytes: number;
  /** Buffers it will hold at most, for admission under `--memory`. */
  readonly memoryBytes: number;
  /** Worker threads that it can use: 1, or "all" for a volume that is large enough. */
  readonly threads: 1 | "all";
  /** False: done twice, it gives other bytes. On a cluster one process's outputs count. Default true. */
  readonly deterministic?: false | undefined;
  /** Place in the configuration where the user wrote it. */
  readonly place?: Place | undefined;
}

/** Tasks in a fixed order (dependencies first), and the moment when the plan was made: all outputs use it as the time. */
export interface TaskPlan {
  readonly createdMs: number;
  readonly tasks: readonly Task[];
  /**
   * Names that are locked in the target during the run (datasets, depositions). Plans without a common name can run in parallel.
   */
  readonly locks: readonly string[];
}

/** Facts by which a finished object is known. */
export interface ObjectReceipt {
  readonly key: string;
  readonly size: number;
  /** CRC-32 of the bytes, eight hexadecimal digits. */
  readonly crc32: string;
  readonly sha256?: string | undefined;
  /** The store's ETag after the write, which resume compares. */
  readonly etag?: string | undefined;
  readonly modifiedMs?: number | undefined;
}

export interface TaskOutcome {
  readonly outputs: readonly ObjectReceipt[];
  readonly warnings?: readonly string[] | undefined;
  /** Measured facts for reports (statistics, percentiles). */
  readonly facts?: PlainObject | undefined;
}

/** One line of the journal: a task that is proven done. */
export interface Receipt extends TaskOutcome {
  readonly task: string;
  readonly title: string;
  readonly inputs: readonly TaskInput[];
  readonly seconds: number;
  /** Place in the configuration where the user wrote it (`Task.place`). */
  readonly place?: Place | undefined;
}

/** Everything that an operation gets. It opens nothing by itself. */
export interface TaskContext {
  readonly source: Store;
  readonly target: Store;
  /** A local folder for this task alone. It survives a kill (same path on resume) and is removed when the task is done. */
  scratch(): Promise<string>;
  /** Worker threads and buffer bytes that this task may use now. */
  readonly threads: number;
  readonly memoryBytes: number;
  /** The plan's moment: the only clock that may reach an output. */
  readonly createdMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Bytes of `task.bytes` done so far. */
  progress(bytesDone: number): void;
  /** Partial receipts of an earlier, unfinished attempt at this very task, in order. */
  readonly notes: readonly PlainObject[];
  /** Adds a partial receipt; durable when it returns. */
  note(record: PlainObject): Promise<void>;
  /** Keeps the text behind a folder's receipt (`folderReceipt`) in the workspace; the journal has only its checksum. */
  readonly keepContents?: ((folder: string, text: string) => Promise<void>) | undefined;
}

export type Operation = (task: Task, context: TaskContext) => Promise<TaskOutcome>;
export type Operations = Readonly<Record<string, Operation>>;

export type TaskState = "done" | "already" | "failed" | "blocked" | "cancelled";

export interface TaskResult {
  readonly task: Task;
  readonly state: TaskState;
  readonly receipt?: Receipt | undefined;
  readonly error?: ErrorRecord | undefined;
}
