import type { FileRow, FolderRecord } from "./folder-facts.js";
import { decodeFolder, encodeFolder } from "./folder-record.js";
import { openWriter, readBlocks } from "./listing.js";
import { type HeadChoice, hasHead } from "./read-head.js";
import type { ScanThread } from "./threads.js";

/** Files whose heads one thread reads before it answers. */
const BATCH_FILES = 256;

export interface HeadTotals {
  /** Files that were opened, and files whose facts an earlier scan has. */
  read: number;
  known: number;
}

interface Waiting {
  /** In the order of the listing: finished blocks, and folders whose heads are still read. */
  pieces: (Buffer | Due)[];
  files: number;
}

interface Due {
  record: FolderRecord;
  /** Indices in `record.files`. */
  rows: number[];
}

/**
 * Reads the heads of files that have none yet, and writes a new listing with their facts. Blocks are written in their order, so
 * the file of a stopped scan is the beginning of a whole one, and the next scan uses it.
 */
export async function readHeads(
  listed: string,
  out: string,
  {
    choice,
    threads,
    signal,
    onProgress,
  }: {
    choice: HeadChoice;
    threads: readonly ScanThread[];
    signal: AbortSignal | undefined;
    onProgress: (totals: Readonly<HeadTotals>, at: string) => void;
  },
): Promise<HeadTotals> {
  const totals: HeadTotals = { read: 0, known: 0 };
  const writer = openWriter(out);
  const free = [...threads];
  const running: Promise<void>[] = [];
  let batch: Waiting = { pieces: [], files: 0 };
  /** Batches are read in any order and written in their own. */
  let written = Promise.resolve();
  const dispatch = async () => {
    const { pieces } = batch;
    batch = { pieces: [], files: 0 };
    const due = pieces.filter((piece): piece is Due => !Buffer.isBuffer(piece));
    while (due.length > 0 && free.length === 0) await Promise.race(running);
    const thread = due.length > 0 ? free.pop() : undefined;
    const job = thread ? fill(thread, due, totals).finally(() => free.push(thread)) : Promise.resolve();
    const settled: Promise<void> = job.finally(() => void running.splice(running.indexOf(settled), 1));
    running.push(settled);
    settled.catch(() => {});
    const before = written;
    written = (async () => {
      await before;
      await job;
      for (const piece of pieces) writer.write(Buffer.isBuffer(piece) ? piece : Buffer.from(encodeFolder(piece.record)));
      const last = due.at(-1);
      if (last) onProgress(totals, last.record.path);
    })();
    written.catch(() => {});
    // limits the pieces that wait for one slow folder
    if (running.length > 2 * threads.length) await before;
  };
  try {
    for (const { bytes } of readBlocks(listed)) {
      signal?.throwIfAborted();
      const due = dueOf(bytes, choice, totals);
      batch.pieces.push(due ?? bytes);
      batch.files += due?.rows.length ?? 0;
      if (batch.files >= BATCH_FILES || batch.pieces.length >= BATCH_FILES) await dispatch();
    }
    await dispatch();
    await written;
  } finally {
    await Promise.allSettled(running);
    writer.close();
  }
  return totals;
}

function dueOf(block: Buffer, choice: HeadChoice, totals: HeadTotals): Due | undefined {
  const record = decodeFolder(block.toString());
  if (!record) return undefined;
  const rows: number[] = [];
  for (const [at, [name, size, , more]] of record.files.entries()) {
    if (more?.type !== undefined || !hasHead(name, size, choice)) continue;
    if (more?.head !== undefined && more.head.format !== "unread") totals.known++;
    else rows.push(at);
  }
  return rows.length > 0 ? { record, rows } : undefined;
}

async function fill(thread: ScanThread, due: readonly Due[], totals: HeadTotals): Promise<void> {
  const folders = due.map(({ record, rows }) => ({ path: record.path, names: rows.map((row) => record.files[row]![0]) }));
  const answer = await thread.run({ kind: "heads", folders });
  if (answer.kind !== "heads") return;
  for (const [folder, { record, rows }] of due.entries()) {
    const files = record.files as FileRow[];
    for (const [at, row] of rows.entries()) {
      const [name, size, mtimeUs, more] = files[row]!;
      files[row] = [name, size, mtimeUs, { ...more, head: answer.heads[folder]![at]! }];
      totals.read++;
    }
  }
}
