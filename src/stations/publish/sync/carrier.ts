import { cancelled } from "../../../core/cancel.js";
import { asEmporiumError, type EmporiumError, toErrorRecord } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import type { Entry } from "../../../stores/store.js";
import { makeBudget } from "./budget.js";
import { sameAsObject } from "./contents.js";
import { makeSender } from "./send.js";
import type { ExtraStep, FileStep } from "./steps.js";
import type { SendReason, SyncContext, SyncCounts, SyncOptions } from "./task.js";
import type { SyncSource, WantedFile } from "./wanted.js";

/** Number of requests in flight. So many fill the connection to a distant bucket even with files of some ten kilobytes. */
export const JOBS = 64;

/** Bytes of files and parts in memory; as many again are kept for the next file. */
const BUFFER_BYTES = 128 * 1024 * 1024;
/** Share of the memory for buffers. Threads have buffers of their own. */
const BUFFER_SHARE = 0.25;

/** Number of consecutive failures after which no more files are tried. */
const FAILURES_IN_A_ROW_MAX = 20;
const ERRORS_KEPT = 100;
const PROGRESS_MS = 50;

/** Sends, skips and removes single keys, and counts them. Failures are counted and named; only a cancellation throws. */
export interface Carrier {
  /** Reason for which the file must be sent. Undefined: it is there already, or could not be compared; either is counted. */
  reason(step: FileStep): Promise<SendReason | undefined>;
  /** @returns whether the file arrived. */
  send(file: WantedFile, reason: SendReason): Promise<boolean>;
  /** @returns whether the object is gone. */
  remove(step: ExtraStep): Promise<boolean>;
  fail(source: SyncSource, key: string, error: EmporiumError): void;
  /** Whether there were too many consecutive failures. */
  isOver(): boolean;
  /** Warns after too many consecutive failures. */
  end(): void;
}

/** @param onFailure called for every key that fails. */
export function makeCarrier(
  counts: ReadonlyMap<string, SyncCounts>,
  options: SyncOptions,
  context: SyncContext,
  onFailure: (key: string) => void = () => {},
): Carrier {
  const { target, signal, clock, record, log } = context;
  const { dryRun = false, bytesPerSecond, memoryBytes = LIMITS.memoryBytes, io } = options;
  const bytesMax = Math.min(BUFFER_BYTES, memoryBytes * BUFFER_SHARE);
  const progress = progressOf(context);
  const sender = makeSender(context, { budget: makeBudget({ bytesMax, clock, bytesPerSecond }), spareBytes: bytesMax, io });
  let failedInARow = 0;
  let stopped: EmporiumError | undefined;

  function fail(source: SyncSource, key: string, error: EmporiumError): void {
    const count = counts.get(source.id)!;
    count.failed++;
    if (count.errors.length < ERRORS_KEPT) count.errors.push(toErrorRecord(error));
    record.fail(source.id, key, error);
    onFailure(key);
  }

  async function attempt<T>(source: SyncSource, key: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (thrown) {
      if (signal?.aborted) throw cancelled(signal);
      const error = asEmporiumError(thrown);
      fail(source, key, error);
      if (++failedInARow >= FAILURES_IN_A_ROW_MAX) stopped ??= error;
      return undefined;
    }
  }

  return {
    reason: ({ file, entry }) =>
      attempt(file.source, file.key, async () => {
        const reason = await reasonFor(file, entry, options, context);
        if (reason !== undefined) return reason;
        failedInARow = 0;
        counts.get(file.source.id)!.skipped++;
        progress(file.source.id, file.size);
        record.skip(file.source.id, file.key, file.size);
        return undefined;
      }),
    async send(file, reason) {
      const { source, key, size } = file;
      const sent = await attempt(source, key, async () => {
        const etag = dryRun ? undefined : await sender.send(file, (bytes) => progress(source.id, bytes));
        failedInARow = 0;
        if (dryRun) progress(source.id, size);
        const count = counts.get(source.id)!;
        count.sent++;
        count.sentBytes += size;
        record.put(source.id, key, size, reason, etag);
        return true;
      });
      return sent === true;
    },
    async remove({ extra, source }) {
      const removed = await attempt(source, extra.key, async () => {
        if (!dryRun) await target.remove(extra.key, { signal });
        failedInARow = 0;
        counts.get(source.id)!.removed++;
        record.removed(source.id, extra.key, extra.size);
        return true;
      });
      return removed === true;
    },
    fail,
    isOver: () => stopped !== undefined,
    end() {
      if (!stopped) return;
      log.warn(`${FAILURES_IN_A_ROW_MAX} files failed one after the other: no more are tried`, { code: stopped.code });
      for (const count of counts.values())
        count.warnings.push(`stopped after ${FAILURES_IN_A_ROW_MAX} failures one after the other`);
    },
  };
}

async function reasonFor(
  file: WantedFile,
  entry: Entry | undefined,
  { checksum, io }: SyncOptions,
  { target, signal }: SyncContext,
): Promise<SendReason | undefined> {
  if (!entry) return "new";
  if (entry.size !== file.size) return "size";
  if (checksum) return (await sameAsObject(file, entry, target, { signal, io })) ? undefined : "checksum";
  return file.modifiedMs > (entry.modifiedMs ?? Number.NEGATIVE_INFINITY) ? "mtime" : undefined;
}

/** Adds bytes to an item's progress. */
function progressOf({ clock, onEvent }: SyncContext): (id: string, bytes: number) => void {
  const told = new Map<string, { bytes: number; atMs: number }>();
  return (id, bytes) => {
    const before = told.get(id) ?? { bytes: 0, atMs: Number.NEGATIVE_INFINITY };
    before.bytes += bytes;
    told.set(id, before);
    const atMs = clock.monotonic();
    if (atMs - before.atMs < PROGRESS_MS) return;
    before.atMs = atMs;
    onEvent({ atMs, kind: "progress", id, bytesDone: before.bytes });
  };
}
