import { createHash } from "node:crypto";
import { setMaxListeners } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { cancelled } from "../../../core/cancel.js";
import { EmporiumError } from "../../../core/errors.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { TaskBrief } from "../../../engine/events.js";
import { takeLocks } from "../../../engine/lock.js";
import { fileError } from "../../../stores/file/errors.js";
import { fileStore } from "../../../stores/file/store.js";
import { nestingOf, refuseInSource } from "../../../stores/nesting.js";
import type { Store } from "../../../stores/store.js";
import type { Plan, PlanItem } from "../plan/plan.js";
import { abortAbandoned } from "../sync/abandoned.js";
import { groupSources, refuseCollisions } from "../sync/groups.js";
import { inEvents } from "../sync/in-events.js";
import { type TransferReport, transferReport } from "../sync/report.js";
import { openRunLog } from "../sync/run-log.js";
import { syncGroup } from "../sync/sync.js";
import type { SyncCounts, SyncOptions } from "../sync/task.js";
import type { SyncSource } from "../sync/wanted.js";
import { openBucket, sendersOf, syncSource } from "./sources.js";

export interface RunReport extends TransferReport {
  readonly sample: string;
  /** Path of the log, which has a line for each file. */
  readonly log: string;
}

export interface PublishRunOptions extends SyncOptions, GivenEnv {
  /** Folder of logs and locks. */
  readonly workspace: string;
}

/**
 * Sends the items of a plan by the rule of `syncGroup`. After a stop the same call resumes: only missing files, and missing parts
 * of uploads, are sent. Items without a source and files that fail are reported, and all others are sent.
 *
 * @throws {EmporiumError} before anything is sent: the error of an item that has one (KTX_MISSING, KTX_OBSOLETE), COLLISION,
 *   TARGET_LOCKED; CANCELLED
 */
export async function publishRun(plan: Plan, options: PublishRunOptions): Promise<RunReport> {
  const { workspace } = options;
  const { clock, random, log, signal, onEvent } = envOf(options);
  const startMs = clock.monotonic();
  const { present, failures } = await sourcesOf(plan);
  const groups = groupSources(present);
  for (const group of groups) await refuseCollisions(group, { signal, io: options.io });
  const { onWay, senders, close } = sendersOf({ bucket: plan.bucket, ...plan.transfer, memoryBytes: options.memoryBytes }, clock);
  const target = await openBucket(plan, { jobs: options.jobs, clock, random, onWay, io: options.io });
  const folder = logFolder(workspace);
  const name = logName(plan, target);
  // The lock is beside the log, since the bucket is public.
  const lost = new AbortController();
  const locks = await takeLocks(fileStore(folder, { sync: false }), [name], {
    job: `publish run ${plan.sample}`,
    ...{ clock, random, log, signal },
    onLost: (error) => lost.abort(error),
  });
  const counts = new Map<string, SyncCounts>();
  const stop = signal ? AbortSignal.any([signal, lost.signal]) : lost.signal;
  setMaxListeners(0, stop); // every request adds a listener
  try {
    const record = await openRunLog(folder, name, clock);
    const checksum = options.checksum ?? plan.transfer.checksum;
    const settings = { ...options, checksum, delete: options.delete ?? plan.transfer.delete };
    try {
      onEvent({
        atMs: clock.monotonic(),
        kind: "plan",
        tasks: present.length,
        bytes: present.reduce((sum, { id }) => sum + briefOf(plan, id).bytes, 0),
        unplanned: { failed: failures.size, blocked: 0 },
        resumed: false,
        createdMs: clock.now(),
      });
      for (const group of groups) {
        const briefs = group.map(({ id }) => briefOf(plan, id));
        const done = await inEvents(briefs, clock, onEvent, () =>
          syncGroup(group, settings, { target, clock, log, signal: stop, onEvent, record, senders }),
        );
        for (const [id, count] of done) {
          counts.set(id, count);
          record.summary(id, count);
        }
      }
      if (!options.dryRun) await abortAbandoned(record, target, log);
    } catch (error) {
      if (stop.aborted) throw cancelled(stop);
      throw error;
    } finally {
      record.close();
    }
    const report = transferReport({
      title: plan.sample,
      bucket: target.url,
      items: plan.items,
      counts,
      failures,
      checksum,
      delete: settings.delete,
      dryRun: options.dryRun ?? false,
      logs: [record.path],
      seconds: (clock.monotonic() - startMs) / 1000,
    });
    return { sample: plan.sample, ...report, log: record.path };
  } finally {
    await close();
    await locks.release();
  }
}

export const logFolder = (workspace: string): string => join(workspace, "publish");

/** Name of the log of a plan's items in a bucket, and of the lock beside it. */
export function logName({ sample, items }: Plan, target: Pick<Store, "url">): string {
  const identity = [target.url, ...items.map(({ id }) => id)].join("\n");
  return `${sample}-${createHash("sha256").update(identity).digest("hex").slice(0, 12)}`;
}

const TARGET_HINT = "send it to a location outside the source";

/**
 * The sources of a plan, and the errors of those that cannot be sent. @throws {EmporiumError} the error of an item that has one;
 * USAGE
 */
export async function sourcesOf(plan: Plan): Promise<{ present: SyncSource[]; failures: Map<string, EmporiumError> }> {
  for (const { id, source, error } of plan.items) {
    if (!error) continue;
    const hint = "repair the source, and plan again";
    throw new EmporiumError(error.code, `${id}: ${error.message}`, { place: { file: source }, hint });
  }
  const present: SyncSource[] = [];
  const failures = new Map<string, EmporiumError>();
  for (const item of plan.items) {
    const fault = await sourceFault(plan, item);
    if (fault) failures.set(item.id, fault);
    else present.push(syncSource(plan, item));
  }
  for (const { path, key, kind } of present) {
    const target = `${plan.bucket.replace(/\/+$/, "")}/${key}`;
    refuseInSource(target, path, { what: "the target", hint: TARGET_HINT });
    // the source would be written over, or removed with --delete
    if (kind === "folder" && nestingOf(target, path) === "around")
      throw new EmporiumError("USAGE", `the target ${target} contains its source ${path}, which is only read`, {
        hint: TARGET_HINT,
      });
  }
  return { present, failures };
}

async function sourceFault(plan: Plan, item: PlanItem): Promise<EmporiumError | undefined> {
  const { path } = syncSource(plan, item);
  try {
    const facts = await stat(path);
    if (item.action === "sync" ? facts.isDirectory() : facts.isFile()) return undefined;
    return new EmporiumError("STORE_FAILED", `${item.id}: ${path} is no ${item.action === "sync" ? "folder" : "plain file"}`, {
      place: { file: path },
    });
  } catch (error) {
    return fileError(error, path, "read");
  }
}

function briefOf(plan: Plan, id: string): TaskBrief {
  return { id, title: id, run: "publish", bytes: plan.items.find((item) => item.id === id)?.bytes ?? 0 };
}
