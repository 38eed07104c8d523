import { asEmporiumError, type EmporiumError, toErrorRecord } from "../../core/errors.js";
import type { Store } from "../../stores/store.js";
import { openSegments, type SegmentWriter } from "../cluster/segments.js";
import type { Every } from "../every.js";
import { type JournalRecord, type TaskJournal, withoutSecrets } from "../journal.js";
import { blockOfTask, type PlacedStage } from "./block-source.js";
import type { BlockRecord } from "./merge.js";
import { rowOf } from "./receipt-table.js";

/** Bytes after which a new segment begins: whoever merges holds one in memory. */
const SEGMENT_BYTES = 16 * 2 ** 20;
/** Receipts of one line. */
const LINE_BLOCKS = 1_000;

/** The journal of blocks as a task that runs wants it: receipts become rows, without title and inputs, which the stage has. */
export interface BlockJournal extends TaskJournal {
  /** Adds the row of a task that was done elsewhere; durable when it returns. */
  done(task: string, row: Buffer): Promise<void>;
  failed(task: string, error: EmporiumError): Promise<void>;
  close(): Promise<void>;
}

export interface BlockJournalOptions {
  /** Token of this process, lower-case letters and digits: nobody else writes segments with it. */
  readonly token: string;
  readonly slice: number;
  readonly attempt: number;
  /** Wait until receipts would survive a power loss. */
  readonly sync: boolean;
  readonly every: Every;
}

/**
 * Writes receipts of blocks into segments, a journal a stage. Receipts that come while a line is being written go into the next line together.
 *
 * Notes of a block's task are not kept: an attempt that was cut off is begun anew.
 */
export function blockJournal(
  store: Store,
  folder: string,
  stages: readonly PlacedStage[],
  options: BlockJournalOptions,
): BlockJournal {
  const writers = new Map(stages.map((stage) => [stage.hash, stageWriter(store, folder, stage.name, options)]));
  function done(task: string, row: Buffer): Promise<void> {
    const { hash, index } = blockOfTask(task);
    return writers.get(hash)!.done(index, row);
  }
  async function add(record: JournalRecord): Promise<void> {
    if (record.record === "done") await done(record.receipt.task, rowOf(record.receipt.outputs));
    else if (record.record === "failed") await writers.get(blockOfTask(record.task).hash)!.line(withoutSecrets(record));
  }
  return {
    append: add,
    jot: add,
    done,
    failed: (task, error) => add({ record: "failed", task, error: toErrorRecord(error) }),
    attempt: () => undefined,
    get broken() {
      for (const { broken } of writers.values()) if (broken) return broken;
      return undefined;
    },
    async close() {
      for (const writer of writers.values()) await writer.close();
    },
  };
}

/** Lines that go down together, and who waits for them. */
interface Batch {
  readonly at: number[];
  readonly rows: Buffer[];
  readonly lines: string[];
  readonly written: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

function newBatch(): Batch {
  let [resolve, reject] = [() => {}, (_: unknown) => {}];
  const written = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  written.catch(() => {}); // `broken` has it, too
  return { at: [], rows: [], lines: [], written, resolve, reject };
}

function linesOf({ at, rows, lines }: Batch): string[] {
  const all = [...lines];
  for (let first = 0; first < at.length; first += LINE_BLOCKS) {
    const some = Buffer.concat(rows.slice(first, first + LINE_BLOCKS));
    const record: BlockRecord = { record: "blocks", at: at.slice(first, first + LINE_BLOCKS), rows: some.toString("base64") };
    all.push(JSON.stringify(record));
  }
  return all;
}

function stageWriter(store: Store, folder: string, stage: string, { token, slice, attempt, sync, every }: BlockJournalOptions) {
  let batch = newBatch();
  let segments: SegmentWriter | undefined;
  let [bytes, number] = [0, 0];
  let writing: Promise<void> | undefined;
  let broken: EmporiumError | undefined;

  async function write(now: Batch): Promise<void> {
    const lines = linesOf(now);
    if (bytes > SEGMENT_BYTES) {
      await segments!.close();
      segments = undefined;
      bytes = 0;
    }
    segments ??= await openSegments(store, folder, stage, { slice, attempt, token: `${token}n${number++}` }, every);
    const open = segments;
    await Promise.all(lines.map((line) => open.add(line, sync)));
    bytes += lines.reduce((sum, { length }) => sum + length, 0);
  }
  async function drain(): Promise<void> {
    while (batch.at.length + batch.lines.length > 0) {
      const now = batch;
      batch = newBatch();
      try {
        if (broken) throw broken;
        await write(now);
        now.resolve();
      } catch (error) {
        broken ??= asEmporiumError(error);
        now.reject(broken);
      }
    }
    writing = undefined; // in the same turn as the last look
  }
  function written(): Promise<void> {
    writing ??= Promise.resolve().then(drain); // what comes in this very turn goes together
    return batch.written;
  }
  return {
    done(index: number, row: Buffer): Promise<void> {
      batch.at.push(index);
      batch.rows.push(row);
      return written();
    },
    line(record: JournalRecord): Promise<void> {
      batch.lines.push(JSON.stringify(record));
      return written();
    },
    get broken() {
      return broken ?? segments?.broken;
    },
    async close(): Promise<void> {
      await writing;
      await segments?.close();
      segments = undefined;
    },
  };
}
