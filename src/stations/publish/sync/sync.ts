import { asEmporiumError, type EmporiumError, toErrorRecord } from "../../../core/errors.js";
import { cancelled } from "../../../stores/cancel.js";
import { compareKeys } from "../../../stores/keys.js";
import type { Entry, Store } from "../../../stores/store.js";
import { pathTaken } from "../plan/filters.js";
import { makeBudget } from "./budget.js";
import { sameAsObject } from "./contents.js";
import { holds, refuseCollisions } from "./groups.js";
import { makeSender } from "./send.js";
import { noCounts, type SendReason, type SyncContext, type SyncCounts, type SyncOptions, type SyncSource } from "./task.js";
import { type WantedFile, wantedFiles } from "./wanted.js";

/** Requests in flight: enough that the way to a far bucket is full with files of some ten kilobytes. */
export const JOBS = 64;

/** Bytes of files and parts in memory. */
const BUFFER_BYTES = 128 * 1024 * 1024;

/** Failures one after the other, with nothing that worked between them, after which no more is tried. */
const FAILURES_IN_A_ROW_MAX = 20;
const ERRORS_KEPT = 100;
const PROGRESS_MS = 50;

/** What is to be done about one key. */
type Step = { file: WantedFile; entry: Entry | undefined } | { extra: Entry; source: SyncSource };

/**
 * Brings what the sources of a group hold below their keys of the target, by the rule of `aws s3 sync`: a file is sent when there is no such object, when the
 * sizes differ, or when the file is newer. Nothing is removed unless that is asked for. Walk and listing are read side by side in the order of keys, so
 * memory does not grow with their length.
 *
 * A file that cannot be sent is counted, and all others are done.
 *
 * @throws {EmporiumError} COLLISION before anything is sent; CANCELLED; what the listing throws.
 */
export async function syncGroup(
  group: readonly SyncSource[],
  options: SyncOptions,
  context: SyncContext,
): Promise<Map<string, SyncCounts>> {
  const { target, signal, clock, record, onEvent, log } = context;
  const { checksum = false, dryRun = false, jobs = JOBS, bytesPerSecond } = options;
  const counts = new Map(group.map(({ id }) => [id, noCounts()]));
  await refuseCollisions(group, signal);
  const sender = makeSender(context, makeBudget({ bytesMax: BUFFER_BYTES, clock, bytesPerSecond }));
  /** Of these sources something could not be looked at, so what seems left over may belong to it. */
  const incomplete = new Set<SyncSource>();
  let failedInARow = 0;
  let stopped: EmporiumError | undefined;

  function fail(source: SyncSource, key: string, error: EmporiumError): void {
    const count = counts.get(source.id)!;
    count.failed++;
    if (count.errors.length < ERRORS_KEPT) count.errors.push(toErrorRecord(error));
    record.fail(source.id, key, error);
  }

  const told = new Map<string, { bytes: number; atMs: number }>();
  function progress(id: string, bytes: number): void {
    const before = told.get(id) ?? { bytes: 0, atMs: Number.NEGATIVE_INFINITY };
    before.bytes += bytes;
    told.set(id, before);
    const atMs = clock.monotonic();
    if (atMs - before.atMs < PROGRESS_MS) return;
    before.atMs = atMs;
    onEvent({ atMs, kind: "progress", id, bytesDone: before.bytes });
  }

  async function send(file: WantedFile, reason: SendReason): Promise<void> {
    const { source, key, size } = file;
    const count = counts.get(source.id)!;
    const etag = dryRun ? undefined : await sender.send(file, (bytes) => progress(source.id, bytes));
    if (dryRun) progress(source.id, size);
    count.sent++;
    count.sentBytes += size;
    record.put(source.id, key, size, reason, etag);
  }

  async function carryOut(step: Step): Promise<void> {
    const { source, key } = "file" in step ? step.file : { source: step.source, key: step.extra.key };
    try {
      if ("extra" in step) {
        if (!dryRun) await target.remove(key, { signal });
        counts.get(source.id)!.removed++;
        record.removed(source.id, key, step.extra.size);
      } else {
        const { file, entry } = step;
        const reason = await reasonToSend(file, entry, checksum, target, signal);
        if (reason === undefined) {
          counts.get(source.id)!.skipped++;
          progress(source.id, file.size);
          record.skip(source.id, key, file.size);
        } else await send(file, reason);
      }
      failedInARow = 0;
    } catch (thrown) {
      if (signal?.aborted) throw cancelled(signal);
      const error = asEmporiumError(thrown);
      fail(source, key, error);
      if (++failedInARow >= FAILURES_IN_A_ROW_MAX) stopped ??= error;
    }
  }

  const steps = stepsOf(group, options.delete ?? false, context, counts, incomplete, (source, key, error) => {
    incomplete.add(source);
    fail(source, key, error);
  });
  await inLanes(steps, jobs, carryOut, () => stopped !== undefined);
  if (signal?.aborted) throw cancelled(signal);
  if (stopped) {
    log.warn(`${FAILURES_IN_A_ROW_MAX} files failed one after the other: no more are tried`, { code: stopped.code });
    for (const count of counts.values())
      count.warnings.push(`stopped after ${FAILURES_IN_A_ROW_MAX} failures one after the other`);
  }
  return counts;
}

async function reasonToSend(
  file: WantedFile,
  entry: Entry | undefined,
  checksum: boolean,
  target: Store,
  signal: AbortSignal | undefined,
): Promise<SendReason | undefined> {
  if (!entry) return "new";
  if (entry.size !== file.size) return "size";
  if (checksum) return (await sameAsObject(file, entry, target, signal)) ? undefined : "checksum";
  return file.modifiedMs > (entry.modifiedMs ?? Number.NEGATIVE_INFINITY) ? "mtime" : undefined;
}

/** Walk and listing, merged. Each key comes once; the first of two sources that agree on it has it. */
async function* stepsOf(
  group: readonly SyncSource[],
  removing: boolean,
  { target, signal, log }: SyncContext,
  counts: ReadonlyMap<string, SyncCounts>,
  incomplete: Set<SyncSource>,
  onUnsendable: (source: SyncSource, key: string, error: EmporiumError) => void,
): AsyncGenerator<Step> {
  const takes = new Map(group.map((source) => [source, pathTaken(source.filters)]));
  const isKept = new Set<SyncSource>();
  const remover = (key: string) => {
    const source = group.find((one) => holds(one, key) && takes.get(one)!(one.key === "" ? key : key.slice(one.key.length + 1)));
    if (!source || !incomplete.has(source)) return source;
    if (!isKept.has(source)) {
      const words = `${source.path} could not be read as a whole, so nothing below ${target.url}/${source.key} is removed`;
      counts.get(source.id)!.warnings.push(words);
      log.warn(words);
    }
    isKept.add(source);
    return undefined;
  };
  // What seems left over may be a file that cannot be seen, so a walk says first whether everything can.
  if (removing) for await (const _ of wantedFiles(group, (source) => incomplete.add(source), signal));
  const files = wantedFiles(group, onUnsendable, signal);
  const entries = objectsOf(group, target, signal);
  let entry = await entries.next();
  let last: string | undefined;
  try {
    for await (const file of files) {
      if (file.key === last) continue;
      last = file.key;
      const count = counts.get(file.source.id)!;
      count.files++;
      count.bytes += file.size;
      for (; !entry.done && compareKeys(entry.value.key, file.key) < 0; entry = await entries.next()) {
        const source = removing ? remover(entry.value.key) : undefined;
        if (source) yield { extra: entry.value, source };
      }
      const found = !entry.done && entry.value.key === file.key ? entry.value : undefined;
      if (found) entry = await entries.next();
      yield { file, entry: found };
    }
    for (; removing && !entry.done; entry = await entries.next()) {
      const source = remover(entry.value.key);
      if (source) yield { extra: entry.value, source };
    }
  } finally {
    await entries.return(undefined);
  }
}

/** What the target has under the keys of a group: one listing, or one question for each single file. */
export async function* objectsOf(
  group: readonly SyncSource[],
  target: Store,
  signal: AbortSignal | undefined,
): AsyncGenerator<Entry> {
  // The sources of a group overlap, so its folders all lie below the one with the shortest key.
  const top = group.filter(({ kind }) => kind === "folder").sort((a, b) => a.key.length - b.key.length)[0];
  if (top) return yield* target.list(top.key === "" ? "" : `${top.key}/`, { signal });
  for (const { key } of group.slice(0, 1)) {
    const stat = await target.stat(key, { signal });
    if (stat) yield { key, ...stat };
  }
}

/** Works on the items in several lanes; each takes the next one when it is free. The first that throws ends all. */
async function inLanes<T>(
  items: AsyncGenerator<T>,
  lanes: number,
  work: (item: T) => Promise<void>,
  isOver: () => boolean,
): Promise<void> {
  let failure: { error: unknown } | undefined;
  const lane = async () => {
    try {
      while (!failure && !isOver()) {
        const next = await items.next();
        if (next.done) return;
        await work(next.value);
      }
    } catch (error) {
      failure ??= { error };
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await items.return(undefined);
  if (failure) throw failure.error;
}
