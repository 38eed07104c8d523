import { threadPool } from "../../../system/threads.js";
import type { Jobs } from "./jobs.js";

/** An import makes many small views, and starting a thread costs more than one of them. */
const pool = threadPool<{ kind: keyof Jobs; job: unknown }, unknown>({
  entry: new URL("./worker.js", import.meta.url),
  idleMax: 8,
  // the default is much beside the buffers of a job
  youngMiB: 12,
});

/** A thread that has had a larger job is not kept: what it used would stay in its heap, and count for nobody. */
const KEPT_BYTES_MAX = 2 ** 20;

/**
 * Runs a job on its own thread, so that progress and other tasks of the process continue. As many jobs run at once as are given:
 * a caller with several keeps to the threads that its task was granted.
 *
 * @param transfer buffers of the job that the caller gives away.
 * @throws {EmporiumError} what the work throws; INTERNAL for a thread that died; the signal's reason.
 */
export async function onThread<K extends keyof Jobs>(
  kind: K,
  job: Jobs[K]["job"],
  options: { signal: AbortSignal; transfer?: readonly ArrayBufferLike[] },
): Promise<Jobs[K]["result"]> {
  const keep = bytesOf(job) <= KEPT_BYTES_MAX;
  return (await pool.run({ kind, job }, { ...options, keep })) as Jobs[K]["result"];
}

/** Bytes of the lists in a job, and of those in its lists. */
function bytesOf(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  return typeof value === "object" && value !== null
    ? Object.values(value).reduce((sum: number, one) => sum + bytesOf(one), 0)
    : 0;
}
