import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { asEmporiumError, type EmporiumError } from "../../core/errors.js";
import { fileError } from "../../stores/file/errors.js";
import type { Store } from "../../stores/store.js";
import type { Every } from "../every.js";
import { openAppender } from "../journal-append.js";
import { encodeLine } from "../journal-lines.js";
import { type SegmentName, segmentKey } from "./run-files.js";

/**
 * Milliseconds between flushes to an object store; one comes sooner after so many lines. A receipt that is lost before costs its
 * task once more.
 */
const FLUSH_MS = 5_000;
const FLUSH_LINES = 1_000;

/** Journal of one process for an attempt. Nobody else writes its objects. */
export interface SegmentWriter {
  /** Adds a line; `durable` waits for the disk where the target is a file system. */
  add(payload: string, durable: boolean): Promise<void>;
  /** Set once a write has failed: nothing can be proven done from then on. */
  readonly broken: EmporiumError | undefined;
  /** Writes what is left. @throws {EmporiumError} what `broken` says */
  close(): Promise<void>;
}

/**
 * Files are appended to, with shared syncs. An object store has no append: there each flush is a new object. A slice that was begun before
 * writes each line at once: where a process dies again, the journal tells at which task.
 *
 * @param folder key of the run's folder
 */
export function openSegments(
  store: Store,
  folder: string,
  stage: string,
  name: Omit<SegmentName, "part">,
  every: Every,
): Promise<SegmentWriter> {
  const keyOf = (part: number) => `${folder}${segmentKey(stage, { ...name, part })}`;
  return store.local
    ? fileSegments(store.local.path(keyOf(0)), store.local.sync)
    : Promise.resolve(objectSegments(store, keyOf, name.attempt > 0 ? 1 : FLUSH_LINES, every));
}

async function fileSegments(path: string, sync: boolean): Promise<SegmentWriter> {
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
    const appender = openAppender(file, 0, path, { sync });
    return {
      async add(payload, durable) {
        const { end } = await appender.write(encodeLine(payload));
        if (durable) await appender.sync(end);
      },
      get broken() {
        return appender.broken;
      },
      close: () => appender.close(),
    };
  } catch (error) {
    throw fileError(error, path, "written");
  }
}

function objectSegments(store: Store, keyOf: (part: number) => string, linesMax: number, every: Every): SegmentWriter {
  let lines: Buffer[] = [];
  let part = 0;
  let isBegun = false;
  let broken: EmporiumError | undefined;
  let writing: Promise<void> = Promise.resolve();

  function flush(): Promise<void> {
    const held = lines;
    lines = [];
    writing = writing.then(async () => {
      if (broken || held.length === 0) return;
      try {
        await store.write(keyOf(part++), Buffer.concat(held), { contentType: "application/x-ndjson" });
      } catch (error) {
        broken = asEmporiumError(error);
      }
    });
    return writing;
  }
  const stop = every(FLUSH_MS, () => void flush());
  return {
    async add(payload) {
      if (broken) throw broken;
      lines.push(encodeLine(payload));
      // that it lives is known from its first line on
      if (lines.length >= linesMax || !isBegun) {
        isBegun = true;
        await flush();
      }
    },
    get broken() {
      return broken;
    },
    async close() {
      stop();
      await flush();
      if (broken) throw broken;
    },
  };
}
