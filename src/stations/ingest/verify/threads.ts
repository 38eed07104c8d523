import type { Store } from "../../../stores/store.js";
import { threadPool } from "../../../system/threads.js";
import type { Reader } from "./array-place.js";
import { type Job, runJob } from "./jobs.js";
import type { JobResult } from "./work.js";

/** Runs jobs, on threads or here. */
export interface Workers {
  run(job: Job): Promise<JobResult>;
  end(): Promise<void>;
}

/**
 * Threads for a store whose objects are files. For any other, and for one thread, the caller's own: there the network takes the
 * time.
 */
export function startWorkers(store: Store, threads: number, signal: AbortSignal): Workers {
  if (store.local && threads > 1) {
    const entry = new URL("./worker.js", import.meta.url);
    return threadPool<Job, JobResult>({
      entry,
      data: { root: store.local.path(""), io: store.local.io },
      threadsMax: threads,
      idleMax: threads,
    });
  }
  const reader: Reader = {
    isNear: store.local !== undefined,
    read: (key, range) => store.read(key, range, { signal }),
    size: async (key) => (await store.stat(key, { signal }))?.size,
  };
  return { run: (job) => runJob(job, reader), end: async () => {} };
}
