import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { join } from "node:path";
import { cancelled } from "../../../core/cancel.js";
import { EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { TaskBrief } from "../../../engine/events.js";
import { heldLocks, takeLocks } from "../../../engine/lock.js";
import { copyPlaceholderNotes } from "../../../engine/tree-notes.js";
import { isBucket, objectName, type Store } from "../../../stores/store.js";
import { openStore } from "../../../stores/url.js";
import { sendersOf } from "../run/sources.js";
import { abortAbandoned } from "../sync/abandoned.js";
import { JOBS } from "../sync/carrier.js";
import { inEvents } from "../sync/in-events.js";
import { type TransferReport, transferReport } from "../sync/report.js";
import { NO_RECORD, openRunLog, type RunLog } from "../sync/run-log.js";
import type { SyncContext, SyncCounts, SyncOptions } from "../sync/task.js";
import { wantedFiles } from "../sync/wanted.js";
import { lockNamesOf, lookAtTree, placeholderWarnings, refuseLocked, refuseOverlap } from "./open-tree.js";
import type { SelectedTree, TreeItem, TreeSelection } from "./select.js";
import { DATASET_DOCUMENT } from "./stages.js";
import { syncItem } from "./sync-item.js";

export interface PublishTreeOptions extends SyncOptions, TreeSelection, GivenEnv {
  /** Folder with the logs. */
  readonly workspace: string;
  /** Values that nobody confirmed may go into a bucket. Default false. */
  readonly allowPlaceholders?: boolean | undefined;
}

/** Report of `publishTree`, dataset by dataset. */
export interface TreeReport extends TransferReport {
  readonly tree: string;
  readonly warnings: readonly string[];
}

/**
 * Sends a standardised tree, or a part of it, to a folder or bucket, by the rule of `aws s3 sync` and in the order of `STAGES`:
 * metadata last, children before their parents, so a reader never finds half of an entity. After a stop the same call resumes.
 *
 * With `delete` it removes objects that the tree no longer has, documents first: below the sent datasets (with `runs`: below
 * those runs), and only keys that the globs match. Receipts, locks and unfinished files of an ingest are neither sent nor
 * removed.
 *
 * ```ts
 * const report = await publishTree("out", "s3://bucket", { workspace: ".emporium", datasets: ["10001"] });
 * ```
 *
 * @throws {EmporiumError} before anything is touched: USAGE, STORE_ABSENT (no standardised tree), TARGET_LOCKED (an ingest writes
 *   the tree, or another process the target); CANCELLED
 */
export async function publishTree(tree: string, location: string, options: PublishTreeOptions): Promise<TreeReport> {
  const { clock, random, log, signal, onEvent } = envOf(options);
  const { memoryBytes, jobs = JOBS, dryRun = false } = options;
  const startMs = clock.monotonic();
  refuseOverlap(tree, location);
  const { onWay, senders, close } = sendersOf({ bucket: location, memoryBytes }, clock);
  const source = await openStore(tree, { clock, random, readOnly: true });
  const target = await openStore(location, { clock, random, onWay, inFlight: jobs, io: options.io });
  if (!target.features.writable) throw readOnly(target);
  const selected = await lookAtTree(source, options.delete ? target : undefined, options, { clock, log, signal });
  refuseOverlap(tree, location, selected);
  const sizes = await measure(selected, options.delete ?? false, source, signal);
  const warnings = [...warningsOf(selected), ...(await placeholderWarnings(source, target, selected, { ...options, signal }))];
  for (const warning of warnings) log.warn(warning);
  const lost = new AbortController();
  const stop = signal ? AbortSignal.any([signal, lost.signal]) : lost.signal;
  setMaxListeners(0, stop); // every request adds a listener
  // a place that does not answer is told once, not for each dataset; otherwise it is the locks that find out
  if (dryRun) await target.children("", { signal })[Symbol.asyncIterator]().next();
  // An ingest that writes the target takes the same locks.
  const locks = await takeLocks(target, dryRun ? [] : selected.items.flatMap(lockNamesOf), {
    ...{ job: `publish tree ${tree}`, clock, random, log, signal },
    onLost: (error) => lost.abort(error),
  });
  const counts = new Map<string, SyncCounts>();
  const logs: string[] = [];
  try {
    onEvent({ atMs: clock.monotonic(), kind: "plan", ...sizes.plan, resumed: false, createdMs: clock.now() });
    const incomplete = new Set<string | undefined>();
    for (const item of selected.items) {
      const record = dryRun ? undefined : await openRunLog(join(options.workspace, "publish"), logName(item, target), clock);
      const context: SyncContext = { target, clock, log, signal: stop, onEvent, senders, record: record ?? NO_RECORD };
      const brief: TaskBrief = { id: item.id, title: item.id, run: "publish", bytes: sizes.bytes.get(item.id) ?? 0 };
      try {
        const count = await inEvents([brief], clock, onEvent, async () => {
          const beforeDocuments = async () => refuseLocked(selected, await heldLocks(source, { clock, log, signal: stop }));
          const settings = { ...options, incomplete: incomplete.has(item.id), beforeDocuments };
          return new Map([[item.id, await syncItem(item, settings, context)]]);
        });
        keep(item, count.get(item.id)!, { counts, incomplete, record, logs });
        if (record) await abortAbandoned(record, target, log);
      } finally {
        record?.close();
      }
    }
    if (!dryRun && !isBucket(target)) {
      const whole =
        !options.runs && !options.include && !options.exclude && [...counts.values()].every(({ failed }) => failed === 0);
      await copyPlaceholderNotes(source, target, new Set(counts.keys()), { whole, signal: stop });
    }
  } catch (error) {
    if (stop.aborted) throw cancelled(stop);
    throw error;
  } finally {
    await close();
    await locks.release();
  }
  const report = transferReport({
    title: tree,
    bucket: target.url,
    items: selected.items.map(({ id }) => ({ id, source: objectName(source, id), target: objectName(target, id) })),
    counts,
    failures: new Map(),
    checksum: options.checksum ?? false,
    delete: options.delete ?? false,
    dryRun,
    logs,
    seconds: (clock.monotonic() - startMs) / 1000,
    errors: [...selected.refused.map(toErrorRecord), ...selected.unfinished.map((folder) => unfinished(source, folder))],
  });
  return { tree: source.local ? source.local.path("") : source.url, ...report, warnings };
}

interface Kept {
  counts: Map<string, SyncCounts>;
  incomplete: Set<string | undefined>;
  record: RunLog | undefined;
  logs: string[];
}

/** Adds the counts of an item. If something of a dataset failed, the document of its deposition is not sent. */
function keep({ id, deposition }: TreeItem, count: SyncCounts, { counts, incomplete, record, logs }: Kept): void {
  counts.set(id, count);
  if (count.failed > 0 && deposition !== undefined) incomplete.add(`depositions_metadata/${deposition}`);
  if (!record) return;
  record.summary(id, count);
  logs.push(record.path);
}

/**
 * Name of a dataset's log. There is one for each target, whatever part of the dataset is sent, so that unfinished multipart
 * uploads are found again.
 */
export function logName({ id }: Pick<TreeItem, "id">, target: Pick<Store, "url">): string {
  const hash = createHash("sha256").update(`${target.url}\n${id}`).digest("hex").slice(0, 12);
  return `tree-${id.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 60)}-${hash}`;
}

/**
 * Bytes and files to send. Files of this machine are counted; a bucket is only checked for any.
 *
 * @throws {EmporiumError} USAGE where there is nothing to send; if objects are to be removed, for any single dataset, too
 */
export async function measure({ items }: SelectedTree, removing: boolean, tree: Store, signal: AbortSignal | undefined) {
  const bytes = new Map<string, number>();
  for (const { id, sources } of items) {
    for (const source of sources) {
      for await (const { size } of wantedFiles([source], () => {}, signal)) {
        bytes.set(id, (bytes.get(id) ?? 0) + size);
        if (!tree.local) break;
      }
    }
  }
  const empty = items.find(({ id, kind }) => kind !== "deposition" && !bytes.has(id));
  if (bytes.size === 0 || (removing && empty)) {
    throw new EmporiumError("USAGE", `nothing of ${empty?.id ?? "the tree"} is taken by --include and --exclude`, {
      place: tree.local ? { file: tree.local.path(empty?.id ?? "") } : { url: `${tree.url}/${empty?.id ?? ""}` },
      hint: "check the globs: without / they match names in every folder, with / paths from the tree's top, such as 10001/*/Frames/**",
    });
  }
  const total = [...bytes.values()].reduce((sum, one) => sum + one, 0);
  const plan = { tasks: items.length, bytes: tree.local ? total : 0, ...(tree.local ? {} : { unsized: items.length }) };
  return { bytes: tree.local ? bytes : new Map<string, number>(), plan };
}

export function warningsOf({ others }: SelectedTree): string[] {
  if (others.length === 0) return [];
  const named = others.slice(0, 5).join(", ") + (others.length > 5 ? ` and ${others.length - 5} more` : "");
  return [`no part of a standardised tree, and not sent: ${named}`];
}

export function unfinished(tree: Store, folder: string): ErrorRecord {
  const name = objectName(tree, folder);
  const message = `${folder} has no ${DATASET_DOCUMENT}, so it is not sent`;
  const hint = "ingest the dataset's metadata (--import-dataset-metadata), or remove the folder";
  return toErrorRecord(new EmporiumError("STORE_ABSENT", message, { place: tree.local ? { file: name } : { url: name }, hint }));
}

export function readOnly({ url }: Store): EmporiumError {
  return new EmporiumError("STORE_READONLY", `${url} cannot be written`, {
    place: { url },
    hint: "give a folder, s3://bucket/prefix or gs://bucket/prefix",
  });
}
