import { mkdir } from "node:fs/promises";
import { asEmporiumError, type EmporiumError, ERRORS, toErrorRecord } from "../../../core/errors.js";
import type { Env } from "../../../engine/env.js";
import { takeLocks } from "../../../engine/lock.js";
import type { Paces } from "../../../net/pace.js";
import { fileError } from "../../../stores/file/errors.js";
import { fileStore } from "../../../stores/file/store.js";
import type { IoMode } from "../../../stores/io-mode.js";
import { type CropRun, runCrop } from "./crops.js";
import { probeFolding } from "./folding.js";
import { type Manifest, openManifest } from "./manifest.js";
import type { DownloadPlan } from "./plan.js";
import { bytesToWrite, fromFault, merged, nameAll, totals } from "./plan-checks.js";
import type { Remote } from "./remote.js";
import type { CarriedOut, CropReport, Tally } from "./report.js";
import { checkRoom } from "./room.js";
import { sumsOf } from "./sums.js";
import { type Due, runTransfers } from "./transfers.js";

export interface CarryOutOptions extends Pick<CropRun, "scale">, Env {
  dest: string;
  manifestPath: string;
  /** For crops; present if the plan has any. */
  box: CropRun["box"] | undefined;
  connections: number | undefined;
  forceOverwrite: boolean;
  keepGoing: boolean;
  sync: boolean;
  io: IoMode;
  remote: Remote;
  pace: Paces;
  /** Ends the run, also from inside: a lost lock. */
  stop: AbortController;
  signal: AbortSignal;
  warn(message: string): void;
  results: Tally;
}

/** Small files gain more from parallel downloads than large ones lose: all share a host's connections. */
export const AT_ONCE_MIN = 8;

/**
 * Carries out a plan: locks the destination, gives each object its name, checks the free space, and fetches.
 *
 * @throws {EmporiumError} before the first byte: TARGET_LOCKED, DISK_FULL, STORE_FAILED (an invalid manifest), errors of the
 *   disk
 */
export async function carryOut(plan: DownloadPlan, options: CarryOutOptions): Promise<CarriedOut> {
  const { dest, manifestPath, clock, random, log, stop, signal } = options;
  await mkdir(dest, { recursive: true }).catch((error: unknown) => {
    throw fileError(error, dest, "written");
  });
  const onLost = (error: EmporiumError) => stop.abort(error);
  const locks = await takeLocks(fileStore(dest), ["download"], { job: "harvest download", clock, random, log, onLost, signal });
  let manifest: Manifest | undefined;
  let tidy = false;
  try {
    const folding = await probeFolding(dest, Math.floor(random() * 2 ** 32).toString(36));
    nameAll(plan, { folding, manifest: manifestPath, dest });
    manifest = await openManifest(manifestPath);
    await checkRoom(dest, await bytesToWrite(plan, manifest, dest));
    const done = await fetchAll(plan, manifest, options);
    tidy = done.fatal === undefined;
    return done;
  } finally {
    await manifest?.close({ tidy });
    await locks.release();
  }
}

async function fetchAll(plan: DownloadPlan, manifest: Manifest, options: CarryOutOptions): Promise<CarriedOut> {
  const { clock, remote, keepGoing, results, onEvent, warn, connections = 0 } = options;
  const startMs = clock.monotonic();
  const { files, bytes, unsized } = totals(plan);
  const { objects, crops: jobs } = merged(plan.sets);
  onEvent({
    ...{ atMs: startMs, kind: "plan", tasks: files + jobs.length, bytes, unsized, resumed: false, createdMs: clock.now() },
    unplanned: { failed: plan.faults.length, blocked: 0 },
  });
  for (const { url, rel, error } of plan.faults) results.add({ rel: rel ?? url, url, status: "failed", error });
  await noteFaults(plan, manifest, clock.now());
  const atOnce = objects.reduce(
    (most, { requestLimits }) => Math.max(most, requestLimits.connections),
    Math.max(AT_ONCE_MIN, connections),
  );
  const crops: CropReport[] = [];
  let fatal: EmporiumError | undefined;
  try {
    if (!keepGoing && plan.faults.length > 0) throw fromFault(plan);
    await runTransfers(dueOf(plan, remote, warn), { ...options, manifest, atOnce, onFetched: results.add });
    for (const job of jobs) {
      const { error, ...crop } = await runCrop(job, {
        ...options,
        box: options.box!,
        concurrency: job.requestLimits.connections,
      });
      crops.push(crop);
      if (error) results.errors.push({ ...error, rel: job.rel });
      if (error && !keepGoing) break;
    }
  } catch (error) {
    fatal = asEmporiumError(error);
    // an object's failure that ended the run is reported once
    if (!results.errors.some(({ code, message }) => code === fatal!.code && message === fatal!.message))
      results.errors.push(toErrorRecord(fatal));
  }
  onEvent({
    atMs: clock.monotonic(),
    kind: "end",
    exitStatus: fatal ? ERRORS[fatal.code].exit : 0,
    seconds: (clock.monotonic() - startMs) / 1000,
  });
  const settled = results.counts.files - plan.faults.length + crops.length;
  return { crops, fatal, left: files + jobs.length - settled };
}

/** Adds objects that could not be planned to the manifest if they have a path. */
export async function noteFaults({ faults }: Pick<DownloadPlan, "faults">, manifest: Manifest, nowMs: number): Promise<void> {
  for (const { url, rel, error } of faults) {
    if (rel === undefined) continue;
    const { code, message } = error;
    await manifest.put({ rel, url, status: "failed", retrieved_at: new Date(nowMs).toISOString(), error: { code, message } });
  }
}

/** The objects of each address in order, metadata of volumes before their chunks. */
function* dueOf({ sets }: DownloadPlan, remote: Remote, warn: (message: string) => void): Generator<Due> {
  for (const { objects, grids, sumFiles } of sets) {
    const sums = sumsOf(sumFiles, remote, warn);
    for (const object of objects) yield { object, sums };
    for (const grid of grids) for (const object of grid.objects()) yield { object, sums: undefined };
  }
}
