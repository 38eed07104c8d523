import type { FileHandle } from "node:fs/promises";
import type { EmporiumError } from "../core/errors.js";
import { fileError } from "../stores/file/errors.js";
import { writeFully } from "../stores/file/write-fully.js";

/** Appends to a journal. Lines are written in the order of the calls; syncs are shared. */
export interface Appender {
  /** Resolves when the operating system has the line: the line survives the end of this process. */
  write(line: Uint8Array): Promise<{ offset: number; end: number }>;
  /** Resolves when all bytes before `end` are on the disk. */
  sync(end: number): Promise<void>;
  readonly broken: EmporiumError | undefined;
  readonly syncs: number;
  /** Writes and syncs the queued lines. */
  close(): Promise<void>;
}

/**
 * Group commit: lines that arrive while the disk is busy share one write and one sync. After a failed sync every call fails with
 * its error: the system may have dropped the bytes.
 *
 * @param options `sync: false`: lines survive only the end of the process.
 */
export function openAppender(file: FileHandle, size: number, path: string, { sync = true } = {}): Appender {
  interface Waiting {
    line: Uint8Array;
    resolve(span: { offset: number; end: number }): void;
    reject(error: unknown): void;
  }
  let queue: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let written = size;
  let synced = size;
  let syncing: { covers: number; finished: Promise<void> } | undefined;
  let syncs = 0;
  let broken: EmporiumError | undefined;

  async function drain(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      try {
        await writeFully(file, Buffer.concat(batch.map(({ line }) => line)), written);
      } catch (error) {
        broken ??= fileError(error, path, "written");
        for (const { reject } of [...batch, ...queue]) reject(broken);
        queue = [];
        break;
      }
      for (const { line, resolve } of batch) {
        const offset = written;
        written += line.length;
        resolve({ offset, end: written });
      }
    }
    writing = undefined; // in the same turn as the last check of the queue, so no line is left in it
  }

  async function syncTo(end: number): Promise<void> {
    while (synced < end) {
      if (broken) throw broken;
      if (!syncing) {
        const covers = written;
        syncing = { covers, finished: syncOnce(covers) };
      }
      await syncing.finished;
    }
  }

  async function syncOnce(covers: number): Promise<void> {
    try {
      syncs++;
      await (sync ? file.datasync() : undefined); // a turn passes in both cases: `syncing` is set by then
      synced = covers;
    } catch (error) {
      broken ??= fileError(error, path, "written");
      throw broken;
    } finally {
      syncing = undefined;
    }
  }

  return {
    write: (line) =>
      new Promise((resolve, reject) => {
        if (broken) return reject(broken);
        queue.push({ line, resolve, reject });
        writing ??= Promise.resolve().then(drain); // lines of this very turn go together
      }),
    sync: syncTo,
    get broken() {
      return broken;
    },
    get syncs() {
      return syncs;
    },
    async close() {
      try {
        await writing;
        if (!broken) await syncTo(written);
      } finally {
        await file.close();
      }
    },
  };
}
