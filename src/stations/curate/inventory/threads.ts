import { availableParallelism } from "node:os";
import { type JobThread, startJobThread } from "../../../system/threads.js";
import type { ThreadAnswer, ThreadJob, ThreadSetup } from "./walk-job.js";

/** One thread of a scan. It does one job at a time. */
export type ScanThread = JobThread<ThreadJob, ThreadAnswer>;

/** The threads of a scan. A slow disk, such as a network drive, gets more of them, since they mostly wait. */
export interface ScanThreads {
  readonly all: readonly ScanThread[];
  /** One more thread, unless there are enough. */
  grow(): ScanThread | undefined;
  end(): Promise<void>;
}

/** With more requests in parallel a disk does not get faster, and a file server gets slow for others. */
const THREADS_MAX = 8;
/** A thread's objects are short-lived. A small young generation saves memory and costs no measurable time. */
const YOUNG_MIB = 8;

/**
 * @param jobs a fixed number of threads; undefined: as many as cores, more where they wait
 * @param setup the data of a thread, by its number
 */
export function startScanThreads(jobs: number | undefined, setup: (thread: number) => ThreadSetup): ScanThreads {
  const start = (thread: number): ScanThread =>
    startJobThread({ entry: new URL("./worker.js", import.meta.url), data: setup(thread), youngMiB: YOUNG_MIB });
  const all = Array.from({ length: jobs ?? Math.min(THREADS_MAX, availableParallelism()) }, (_, thread) => start(thread));
  return {
    all,
    grow() {
      if (jobs !== undefined || all.length >= THREADS_MAX) return undefined;
      const thread = start(all.length);
      all.push(thread);
      return thread;
    },
    async end() {
      await Promise.all(all.map((thread) => thread.end()));
    },
  };
}
