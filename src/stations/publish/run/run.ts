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
import { refuseInSource } from "../../../stores/nesting.js";
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

/** What `publishRun` did. */
export interface RunReport extends TransferReport {
  readonly sample: string;
  /** What was done, a line a file. */
  readonly log: string;
}

export interface PublishRunOptions extends SyncOptions, GivenEnv {
  /** Folder of logs and locks. */
  readonly workspace: string;
}

/**
 * Sends what a plan says, item by item; `syncGroup` tells the rule. Stopped or killed, the same call goes on: what has arrived is not sent again, and an upload in
 * parts continues with the parts that are missing.
 *
 * Items whose source is missing, and files that fail, are told of, and the others are done.
 *
 * @throws {EmporiumError} before anything is sent: the error of an item that has one (KTX_MISSING, KTX_OBSOLETE), COLLISION, TARGET_LOCKED; CANCELLED.
 */
export async function publishRun(plan: Plan, options: PublishRunOptions): Promise<RunReport> {
  const { workspace } = options;
  const { clock, random, log, signal, onEvent } = envOf(options);
  const startMs = clock.monotonic();
  const faulty = plan.items.find(({ error }) => error !== undefined);
  if (faulty) {
    const { code, message } = faulty.error!;
    throw new EmporiumError(code, `${faulty.id}: ${message}`, {
      place: { file: faulty.source },
      hint: "repair the source, and plan again",
    });
  }
  const present: SyncSource[] = [];
  const failures = new Map<string, EmporiumError>();
  for (const item of plan.items) {
    const fault = await sourceFault(plan, item);
    if (fault) failures.set(item.id, fault);
    else present.push(syncSource(plan, item));
  }
  for (const { path, key } of present) {
    const what = "the target";
    refuseInSource(`${plan.bucket.replace(/\/+$/, "")}/${key}`, path, { what, hint: "send it to a location outside the source" });
  }
  const groups = groupSources(present);
  for (const group of groups) await refuseCollisions(group, signal);
  const { onWay, senders, close } = sendersOf({ bucket: plan.bucket, ...plan.transfer, memoryBytes: options.memoryBytes }, clock);
  const target = await openBucket(plan, { jobs: options.jobs, clock, random, onWay });
  const folder = join(workspace, "publish");
  const name = `${plan.sample}-${createHash("sha256")
    .update(`${target.url}\n${plan.items.map(({ id }) => id).join("\n")}`)
    .digest("hex")
    .slice(0, 12)}`;
  // The lock lies beside the log: a bucket that everybody reads is no place for it.
  const lost = new AbortController();
  const locks = await takeLocks(fileStore(folder, { sync: false }), [name], {
    job: `publish run ${plan.sample}`,
    ...{ clock, random, log, signal },
    onLost: (error) => lost.abort(error),
  });
  const counts = new Map<string, SyncCounts>();
  const stop = signal ? AbortSignal.any([signal, lost.signal]) : lost.signal;
  setMaxListeners(0, stop); // every request listens to it
  try {
    const record = await openRunLog(folder, name, clock);
    const checksum = options.checksum ?? plan.transfer.checksum;
    const settings = { ...options, checksum, delete: options.delete ?? plan.transfer.delete };
    try {
      onEvent({
        atMs: clock.monotonic(),
        kind: "plan",
        tasks: present.length,
        bytes: totalBytes(plan, present),
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

/** Why an item cannot be sent at all. */
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

function totalBytes(plan: Plan, present: readonly SyncSource[]): number {
  return present.reduce((sum, { id }) => sum + briefOf(plan, id).bytes, 0);
}
