import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cancelled } from "../../../core/cancel.js";
import { asEmporiumError, EmporiumError, toErrorRecord } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { readTasks } from "../../../engine/cluster/graph.js";
import { readDead } from "../../../engine/cluster/judge.js";
import { asPlain, type ResultTask, readResult, removeTaskLocks } from "../../../engine/cluster/results.js";
import { runFolder } from "../../../engine/cluster/run-files.js";
import type { OpenRun, RunRecord } from "../../../engine/cluster/run-record.js";
import { bufferMemory } from "../../../engine/cluster/worker-memory.js";
import { envOf } from "../../../engine/env.js";
import type { Plain, Task, TaskContext } from "../../../engine/task.js";
import { errnoOf } from "../../../stores/file/errors.js";
import type { IoMode } from "../../../stores/io-mode.js";
import type { Store } from "../../../stores/store.js";
import { abortAbandoned } from "./abandoned.js";
import { type Carrier, JOBS, makeCarrier } from "./carrier.js";
import { inLanes } from "./lanes.js";
import { openRunLog } from "./run-log.js";
import type { Senders } from "./sender-threads.js";
import { noCounts, type SyncContext, type SyncCounts, type SyncOptions } from "./task.js";
import type { SyncSource, WantedFile } from "./wanted.js";

/** Transfer of files by jobs of a cluster: each task has a slice of the files, and a result. */

/** A file as a task stores it. `key`: key in the source store; null for a file of this machine. */
type PackedFile = [
  id: string,
  key: string,
  path: string,
  size: number,
  modifiedMs: number,
  object: string | null,
  etag: string | null,
];

/** Number of files in one task. */
const BATCH_FILES = 200;
const BATCH_BYTES = 512 * 1024 * 1024;

export function packFile({ source, key, path, size, modifiedMs, object }: WantedFile): Plain {
  const packed: PackedFile = [source.id, key, path, size, modifiedMs, object?.key ?? null, object?.etag ?? null];
  return packed;
}

/** @param store store of the sources, if they are no files of this machine */
export function unpackFile(packed: Plain, store: Store | undefined): WantedFile {
  const [id, key, path, size, modifiedMs, object, etag] = packed as unknown as PackedFile;
  // only its name is asked of a file that is sent by itself
  const source: SyncSource = { id, kind: "file", path, key, takes: () => true };
  const from = object === null ? {} : { object: { store: store!, key: object, etag: etag ?? undefined } };
  return { source, key, path, size, modifiedMs, ...from };
}

/** Collects files into tasks of about equal cost. @param run name of the operation */
export function batches(run: string, add: (task: ResultTask) => Task) {
  let files: Plain[] = [];
  let bytes = 0;
  let first = "";
  let last = "";
  const tasks: Task[] = [];
  const close = (): void => {
    if (files.length === 0) return;
    const title = files.length === 1 ? first : `${counted(files.length, "file")} from ${first} to ${last}`;
    tasks.push(add({ run, title, params: { files }, bytes }));
    files = [];
    bytes = 0;
  };
  return {
    put(file: WantedFile): void {
      if (files.length === 0) first = file.key;
      last = file.key;
      files.push(packFile(file));
      bytes += file.size;
      if (files.length >= BATCH_FILES || bytes >= BATCH_BYTES) close();
    },
    /** The tasks since the last call. */
    end(): Task[] {
      close();
      return tasks.splice(0);
    },
  };
}

/** Result of a task. */
export interface SentResult {
  readonly counts: [id: string, counts: SyncCounts][];
  /** Keys that could not be sent. */
  readonly failed: string[];
}

/** Options of the command that nodes need for sending, as JSON. */
export interface SendParams {
  readonly checksum: boolean;
  readonly delete: boolean;
  readonly jobs: number | null;
  readonly bytesPerSecond: number | null;
  readonly io: IoMode;
  /** Number of workers that share `bytesPerSecond`. */
  readonly sharers: number;
}

export function sendParams(options: SyncOptions, sharers: number): SendParams {
  const { checksum = false, delete: removes = false, jobs = null, bytesPerSecond = null, io = "auto" } = options;
  return { checksum, delete: removes, jobs, bytesPerSecond, io, sharers };
}

export function syncOptions(params: SendParams, record: RunRecord): SyncOptions {
  const { checksum, delete: removes, jobs, bytesPerSecond, io, sharers } = params;
  return {
    ...{ checksum, delete: removes, io, jobs: jobs ?? JOBS, memoryBytes: bufferMemory(record.resources.memoryBytes) },
    ...(bytesPerSecond === null ? {} : { bytesPerSecond: bytesPerSecond / sharers }),
  };
}

/** A target that is open for one task. */
export interface OpenTarget {
  readonly target: Store;
  senders?(): Senders | undefined;
  close(): Promise<void>;
}

export interface NodeScene {
  readonly record: RunRecord;
  readonly options: SyncOptions;
  openTarget(): Promise<OpenTarget>;
}

/** Folder and name of a task's log, by which another attempt finds the uploads that it has begun. */
function pieceOf({ store, folder }: Pick<OpenRun, "store" | "folder">, task: Task): { folder: string; name: string } {
  return { folder: store.local!.path(`${folder}log`), name: task.id.slice(0, 24) };
}

/** Runs work that sends or removes objects, with a log of its own and an open target. */
export async function withCarrier(
  task: Task,
  { clock, log, signal, target: home, progress }: TaskContext,
  { record, options, openTarget }: NodeScene,
  ids: readonly string[],
  work: (carrier: Carrier, context: SyncContext, counts: ReadonlyMap<string, SyncCounts>) => Promise<void>,
  onFailure: (key: string) => void = () => {},
): Promise<Plain> {
  const counts = new Map(ids.map((id) => [id, noCounts()]));
  const piece = pieceOf({ store: home, folder: runFolder(record.id) }, task);
  const opened = await openTarget();
  const failed: string[] = [];
  try {
    const lines = await openRunLog(piece.folder, piece.name, clock);
    try {
      let done = 0;
      const context: SyncContext = {
        ...{ target: opened.target, record: lines, senders: opened.senders, clock, log, signal },
        onEvent: (event) => {
          if (event.kind !== "progress") return;
          done = Math.max(done, event.bytesDone);
          progress(done);
        },
      };
      const carrier = makeCarrier(counts, options, context, (key) => {
        failed.push(key);
        onFailure(key);
      });
      await work(carrier, context, counts);
      if (signal.aborted) throw cancelled(signal);
      carrier.end();
      await abortAbandoned(lines, opened.target, log);
    } finally {
      lines.close();
    }
  } finally {
    await opened.close();
  }
  const result: SentResult = { counts: [...counts], failed };
  return asPlain(result);
}

/** Sends the files that the target lacks. Each is looked up by itself, so no foreign objects are listed. */
export async function sendFiles(
  files: readonly WantedFile[],
  carrier: Carrier,
  { target, signal }: SyncContext,
  lanes: number,
  send: (file: WantedFile, reason: NonNullable<Awaited<ReturnType<Carrier["reason"]>>>) => Promise<unknown>,
): Promise<void> {
  await inLanes(
    files.values(),
    lanes,
    async (file) => {
      let stat: Awaited<ReturnType<Store["stat"]>>;
      try {
        stat = await target.stat(file.key, { signal });
      } catch (thrown) {
        if (signal?.aborted) throw cancelled(signal);
        return carrier.fail(file.source, file.key, asEmporiumError(thrown));
      }
      const reason = await carrier.reason({ file, entry: stat && { key: file.key, ...stat } });
      if (reason !== undefined) await send(file, reason);
    },
    carrier.isOver,
  );
}

/** Sums of the results of a run's tasks by item. A task that was given up has failed with all of its files. */
export async function sumResults(run: OpenRun): Promise<Map<string, SyncCounts>> {
  const { record, store, folder } = run;
  const counts = new Map<string, SyncCounts>();
  const dead = new Map((await readDead(run, record.stages)).map(({ task, error }) => [task, error]));
  for (const task of await readTasks(store, folder, 0, record.tasks)) {
    const result = (await readResult<Plain>(store, record.id, task.outputs[0]!)) as unknown as SentResult | undefined;
    for (const [id, count] of result?.counts ?? []) addCounts(counts, id, count);
    if (result) continue;
    const lost = dead.get(task.id) ?? toErrorRecord(new EmporiumError("CANCELLED", `${task.title}: the run was ended before`));
    const ids = (task.params.files as Plain[] | undefined)?.map((file) => (file as unknown as PackedFile)[0]) ?? [];
    for (const id of new Set([...ids, ...((task.params.ids as string[] | undefined) ?? [])])) {
      const failed = Math.max(1, ids.filter((one) => one === id).length);
      addCounts(counts, id, { ...noCounts(), failed, errors: [lost] });
    }
  }
  return counts;
}

function addCounts(counts: Map<string, SyncCounts>, id: string, more: SyncCounts): void {
  const sum = counts.get(id) ?? noCounts();
  for (const key of ["files", "bytes", "sent", "sentBytes", "skipped", "removed", "extra", "failed", "held"] as const)
    sum[key] += more[key];
  sum.errors.push(...more.errors);
  sum.warnings.push(...more.warnings);
  counts.set(id, sum);
}

/**
 * Ends a run: aborts unfinished uploads, and joins the logs of its tasks.
 *
 * @param logOf folder and name of the log that a task's lines belong to
 */
export async function joinLogs(
  run: OpenRun,
  unfinished: readonly Task[],
  target: Store,
  logOf: (task: Task) => { folder: string; name: string },
): Promise<void> {
  await removeTaskLocks(run, unfinished);
  const { clock, log } = envOf({});
  const lost = new Set(unfinished.map(({ id }) => id));
  const logs = new Map<string, Awaited<ReturnType<typeof openRunLog>>>();
  try {
    for (const task of await readTasks(run.store, run.folder, 0, run.record.tasks)) {
      const whole = logOf(task);
      const name = join(whole.folder, whole.name);
      if (!logs.has(name)) {
        logs.set(name, await openRunLog(whole.folder, whole.name, clock));
        await abortAbandoned(logs.get(name)!, target, log);
      }
      const piece = pieceOf(run, task);
      const lines = await readFile(join(piece.folder, `${piece.name}.jsonl`), "utf8").catch((error: unknown) => {
        if (errnoOf(error) === "ENOENT") return undefined;
        throw error;
      });
      if (lines === undefined) continue;
      logs.get(name)!.add(lines);
      if (!lost.has(task.id)) continue;
      const rest = await openRunLog(piece.folder, piece.name, clock);
      await abortAbandoned(rest, target, log);
      rest.close();
    }
  } finally {
    for (const one of logs.values()) one.close();
  }
}
