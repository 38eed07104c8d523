import { readFile } from "node:fs/promises";
import type { ErrorRecord } from "../../core/errors.js";
import { EmporiumError } from "../../core/errors.js";
import { trying } from "../../stores/file/errors.js";
import { absentAs } from "../../stores/file/root.js";
import type { Store } from "../../stores/store.js";
import { mapLimit } from "../../system/parallel.js";
import { parseRecord } from "../journal.js";
import { payloadsOf } from "../journal-lines.js";
import type { Receipt } from "../task.js";
import { journalFolder, parseSegmentKey, type SegmentName } from "./run-files.js";

const READS_IN_FLIGHT = 8;

/** Which tasks are done, by their names. */
export interface DoneTasks {
  readonly size: number;
  has(task: string): boolean;
}

/** Contents of the journals of all attempts at some slices. */
export interface StageJournals {
  /** Receipts of tasks that are a list; empty for blocks, which have rows of a table. */
  readonly receipts: ReadonlyMap<string, Receipt>;
  /** Tasks that are proven done. */
  readonly done: DoneTasks;
  /** The last error of tasks that failed for good and were not done by another attempt. */
  readonly failed: ReadonlyMap<string, ErrorRecord>;
  /** Number of times that a task was begun by a process that then wrote no more of it, nor of its own end. */
  readonly deaths: ReadonlyMap<string, number>;
  /** Tasks of a list that were done before the run began. */
  readonly seeded: ReadonlySet<string>;
  /** Number of tasks for which there was nothing to do when the run began. */
  readonly doneBefore: number;
  /** Attempts, by slice and number. */
  readonly attempts: ReadonlyMap<number, ReadonlyMap<number, AttemptFacts>>;
  /** Objects read, and their bytes: they grow while somebody works. */
  readonly bytes: number;
}

export interface AttemptFacts {
  /** Tasks that this attempt finished. */
  readonly done: number;
  readonly failed: number;
  /** The process wrote that it ended. */
  readonly ended: boolean;
  readonly host?: string | undefined;
  /** Processes that began: an engine may start one twice, or again. */
  readonly processes: number;
  /** Seconds that each process worked which wrote its end. */
  readonly seconds: readonly number[];
  /** Milliseconds from the process's begin to its last heartbeat, by its own clock. */
  readonly livedMs?: number | undefined;
  /** Time at which it last wrote, by the store's clock. */
  readonly writtenMs?: number | undefined;
}

export interface JournalsOptions {
  /** Reads this slice alone. */
  readonly slice?: number | undefined;
  readonly since?: number | undefined;
}

/**
 * Reads the journals of a stage, or of one slice of it. The order of the objects does not matter: a receipt counts whoever wrote it, and
 * it counts more than an error.
 *
 * @param folder key of the run's folder
 * @param options `since`: errors and deaths of attempts before this one do not count
 * @throws {EmporiumError} ENGINE_DISAGREES where two processes did one task and their outputs differ
 */
export async function readJournals(
  store: Store,
  folder: string,
  stage: string,
  { slice, since = 0 }: JournalsOptions = {},
): Promise<StageJournals> {
  const receipts = new Map<string, Receipt>();
  const failed = new Map<string, ErrorRecord>();
  const deaths = new Map<string, number>();
  const seeded = new Set<string>();
  const attempts = new Map<number, Map<number, AttemptFacts>>();
  const processes = (await listSegments(store, folder, stage)).filter(
    ({ name }) => slice === undefined || name.slice === slice || name.token === SEED,
  );
  const bytes = processes.reduce((sum, process) => sum + process.bytes, 0);
  await mapLimit(processes, READS_IN_FLIGHT, async ({ name, keys, writtenMs }) => {
    const open = new Set<string>();
    const facts = {
      done: 0,
      failed: 0,
      ended: false,
      host: undefined as string | undefined,
      processes: 1,
      seconds: [] as number[],
      livedMs: 0,
      writtenMs,
    };
    let startedMs = 0;
    for (const key of keys) {
      for (const payload of await segmentPayloads(store, key)) {
        const record = parseRecord(payload) as SegmentRecord | undefined;
        if (record?.record === "start") open.add(record.task);
        else if (record?.record === "done") {
          open.delete(record.receipt.task);
          addReceipt(receipts, record.receipt);
          if (name.token === SEED) seeded.add(record.receipt.task);
          facts.done++;
        } else if (record?.record === "failed") {
          open.delete(record.task);
          if (name.attempt < since) continue;
          failed.set(record.task, record.error);
          facts.failed++;
        } else if (record?.record === "worker") {
          facts.host = record.host;
          startedMs = record.startedMs;
        } else if (record?.record === "heartbeat") facts.livedMs = record.atMs - startedMs;
        else if (record?.record === "end") {
          facts.ended = true;
          if (record.seconds !== undefined) facts.seconds.push(record.seconds);
        }
      }
    }
    if (!facts.ended && name.attempt >= since) for (const task of open) deaths.set(task, (deaths.get(task) ?? 0) + 1);
    if (name.token === SEED) return;
    if (!attempts.has(name.slice)) attempts.set(name.slice, new Map());
    const before = attempts.get(name.slice)!.get(name.attempt);
    attempts.get(name.slice)!.set(name.attempt, before ? joined(before, facts) : facts);
  });
  for (const task of receipts.keys()) {
    failed.delete(task);
    deaths.delete(task);
  }
  return { receipts, done: receipts, failed, deaths, seeded, doneBefore: seeded.size, attempts, bytes };
}

/**
 * The whole lines of a segment so far; none where it is gone. A file is appended to while others read it, so its size and time may change
 * under the reader: that is no conflict, as it would be for other objects.
 */
export async function segmentPayloads(store: Store, key: string): Promise<Iterable<Buffer>> {
  const body = store.local ? await readAppended(store.local.path(key)) : await store.read(key);
  return body ? payloadsOf(Buffer.from(body.buffer, body.byteOffset, body.byteLength)) : [];
}

function readAppended(path: string): Promise<Buffer | undefined> {
  return trying(path, "read", () => readFile(path).catch(absentAs(undefined)));
}

/** Segments that one process has written of the journal of a stage. */
export interface ProcessSegments {
  readonly name: SegmentName;
  /** Its parts, in their order. */
  readonly keys: readonly string[];
  readonly bytes: number;
  /** Time at which the last of them was written, by the store's clock. */
  readonly writtenMs: number;
}

/** The journal of a stage by the processes that wrote it: by slice, then attempt, then token, so that their order is always the same. */
export async function listSegments(store: Store, folder: string, stage: string): Promise<ProcessSegments[]> {
  const processes = new Map<
    string,
    { name: SegmentName; parts: { key: string; part: number; size: number; modifiedMs: number }[] }
  >();
  for await (const { key, size, modifiedMs = 0 } of store.list(`${folder}${journalFolder(stage)}`)) {
    const name = parseSegmentKey(stage, key.slice(folder.length));
    if (!name) continue;
    const id = `${name.slice}.${name.attempt}.${name.token}`;
    if (!processes.has(id)) processes.set(id, { name, parts: [] });
    processes.get(id)!.parts.push({ key, part: name.part, size, modifiedMs });
  }
  return [...processes.values()]
    .sort((a, b) => a.name.slice - b.name.slice || a.name.attempt - b.name.attempt || (a.name.token < b.name.token ? -1 : 1))
    .map(({ name, parts }) => ({
      name,
      keys: parts.sort((a, b) => a.part - b.part).map(({ key }) => key),
      bytes: parts.reduce((sum, { size }) => sum + size, 0),
      writtenMs: parts.reduce((last, { modifiedMs }) => Math.max(last, modifiedMs), 0),
    }));
}

/** Token of the journal that a run begins with: receipts that were there before it. */
export const SEED = "seed";

/** Lines of a segment, beside those that every journal has. */
export type SegmentRecord =
  | { record: "start"; task: string }
  | { record: "done"; receipt: Receipt }
  | { record: "failed"; task: string; error: ErrorRecord }
  | { record: "worker"; host: string; job?: string | undefined; startedMs: number }
  | { record: "heartbeat"; atMs: number }
  | { record: "end"; complete: boolean; seconds?: number | undefined };

function joined(a: AttemptFacts, b: AttemptFacts): AttemptFacts {
  return {
    ...b,
    done: a.done + b.done,
    failed: a.failed + b.failed,
    ended: a.ended && b.ended,
    processes: a.processes + b.processes,
    seconds: [...a.seconds, ...b.seconds],
  };
}

function addReceipt(receipts: Map<string, Receipt>, receipt: Receipt): void {
  const before = receipts.get(receipt.task);
  if (!before) {
    receipts.set(receipt.task, receipt);
    return;
  }
  const other = before.outputs.find((output) =>
    receipt.outputs.some(({ key, crc32, size }) => key === output.key && (crc32 !== output.crc32 || size !== output.size)),
  );
  if (!other) return;
  throw new EmporiumError("ENGINE_DISAGREES", `two processes made ${other.key} (${receipt.title}), and their bytes differ`, {
    hint: "find out which machine computes wrongly (the journals name their hosts), remove the object and run the task again with --force-overwrite",
  });
}
