import { join } from "node:path";
import type { Box } from "../../../core/box.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../../core/errors.js";
import type { Env } from "../../../engine/env.js";
import type { TaskBrief } from "../../../engine/events.js";
import { noVolumeDocument, VOLUME_DOCUMENTS, type VolumeFamily } from "../../../model/volume-formats.js";
import type { Store } from "../../../stores/store.js";
import { cropVolume, planCrop } from "../crop/crop.js";
import type { CropJob } from "./objects.js";
import type { Remote } from "./remote.js";
import type { CropReport } from "./report.js";

export interface CropRun extends Omit<Env, "random"> {
  dest: string;
  box: Box;
  scale: number | undefined;
  remote: Remote;
  concurrency: number;
  sync: boolean;
  signal: AbortSignal;
  warn(message: string): void;
}

/** Crops one volume. Failures are returned, not thrown, unless the run was stopped. */
export async function runCrop(job: CropJob, run: CropRun): Promise<CropReport & { error?: ErrorRecord | undefined }> {
  const { dest, box, scale, remote, concurrency, sync, clock, log, signal, onEvent, warn } = run;
  const { url, rel, requestLimits } = job;
  const startMs = clock.monotonic();
  const brief: TaskBrief = { id: rel, title: rel, run: "crop", bytes: 0 };
  const settled = (state: "done" | "already" | "failed" | "cancelled", error?: ErrorRecord) =>
    onEvent({
      atMs: clock.monotonic(),
      kind: "settled",
      task: brief,
      state,
      seconds: (clock.monotonic() - startMs) / 1000,
      error,
    });
  onEvent({ atMs: startMs, kind: "start", task: brief, threads: 1, notes: 0 });
  try {
    const store = remote.asking(job.store, requestLimits.paceHost);
    const format = job.format ?? (await formatOf(store, url));
    const result = await cropVolume({
      store,
      key: job.key,
      format,
      scale,
      box,
      target: join(dest, rel),
      concurrency,
      sync,
      log,
      signal,
    });
    for (const warning of result.warnings) warn(warning);
    settled(result.status === "present" ? "already" : "done");
    return { url, rel, status: result.status, chunks: result.chunks };
  } catch (thrown) {
    const error = toErrorRecord(asEmporiumError(thrown, "STORE_FAILED"));
    settled(signal.aborted ? "cancelled" : "failed", error);
    if (signal.aborted) throw thrown;
    return { url, rel, status: "failed", error };
  }
}

/**
 * Reads the metadata of a volume that would be cropped, and writes nothing. Warnings are those of `runCrop`.
 *
 * @throws {EmporiumError} as `planCrop`
 */
export async function checkCrop(
  { store, key, url, format, requestLimits }: CropJob,
  { remote, ...rest }: Pick<CropRun, "box" | "scale" | "remote" | "signal" | "warn">,
): Promise<void> {
  const { warn, ...asked } = rest;
  const asking = remote.asking(store, requestLimits.paceHost);
  const plan = await planCrop({ store: asking, key, format: format ?? (await formatOf(asking, url)), ...asked });
  for (const warning of plan.warnings) warn(warning);
}

/** By the documents that make a folder a volume. */
async function formatOf(store: Store, url: string): Promise<VolumeFamily> {
  for (const { name, family } of VOLUME_DOCUMENTS) if (await store.stat(name)) return family;
  throw new EmporiumError("FORMAT_UNKNOWN", `${url}: ${noVolumeDocument()}`, {
    place: { url },
    hint: "give --crop the folder of a volume; name its format with zarr://, n5:// or precomputed://",
  });
}
