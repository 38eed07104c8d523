import { availableParallelism } from "node:os";
import { type JobThread, startJobThread } from "../../../system/threads.js";
import type { ThreadAnswer, ThreadJob, ThreadSetup } from "./walk-job.js";

/** One thread of a scan: a job at a time. */
export type ScanThread = JobThread<ThreadJob, ThreadAnswer>;

/** The threads of a scan. A disk that answers slowly, as a network drive does, gets more of them: they wait and do not work. */
export interface ScanThreads {
  readonly all: readonly ScanThread[];
  /** One more thread, unless there are enough. */
  grow(): ScanThread | undefined;
  end(): Promise<void>;
}

/** Past so many questions at once a disk does not get faster, and a file server gets slow for others. */
const THREADS_MAX = 8;
/** A thread's objects are short-lived: a small young generation keeps many threads small, at no measurable cost. */
const YOUNG_MIB = 8;

/**
 * @param jobs a fixed number of threads; undefined: as many as cores, more where they wait
 * @param setup what a thread is told, by its number
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
