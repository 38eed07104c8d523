import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { EmporiumError, type ErrorRecord, fromErrorRecord } from "../../../core/errors.js";
import type { Store } from "../../../stores/store.js";
import type { Reader } from "./array-place.js";
import { type Job, runJob } from "./jobs.js";
import type { JobResult } from "./work.js";

/** Runs jobs, on threads or here. */
export interface Hands {
  run(job: Job): Promise<JobResult>;
  end(): Promise<void>;
}

// A worker thread of Node 20 needs JavaScript, which is in dist/ also when the sources are run.
const ENTRY = import.meta.url.endsWith(".ts")
  ? new URL("../../../../dist/stations/ingest/verify/worker.js", import.meta.url)
  : new URL("./worker.js", import.meta.url);

/**
 * Threads for a store whose objects are files; for any other, and for one thread, the caller's own: there the network is what takes time.
 */
export function hireHands(store: Store, threads: number, signal: AbortSignal): Hands {
  if (store.local && threads > 1) return threadHands(store.local.path(""), threads);
  const reader: Reader = {
    read: (key, range) => store.read(key, range, { signal }),
    size: async (key) => (await store.stat(key, { signal }))?.size,
  };
  return { run: (job) => runJob(job, reader), end: async () => {} };
}

interface Waiting {
  resolve(result: JobResult): void;
  reject(error: Error): void;
}

function threadHands(root: string, threads: number): Hands {
  const waiting = new Map<number, Waiting>();
  const busy: number[] = [];
  let next = 0;
  const workers = Array.from({ length: threads }, (_, thread) => {
    const worker = new Worker(fileURLToPath(ENTRY), { workerData: { root }, execArgv: [] });
    busy.push(0);
    worker.on("message", ({ id, result, error }: { id: number; result?: JobResult; error?: ErrorRecord }) => {
      const job = waiting.get(id)!;
      waiting.delete(id);
      busy[thread]!--;
      if (result) job.resolve(result);
      else job.reject(fromErrorRecord(error!));
    });
    worker.on("error", (cause) => {
      for (const job of waiting.values())
        job.reject(new EmporiumError("INTERNAL", `a worker thread died: ${cause.message}`, { cause }));
      waiting.clear();
    });
    return worker;
  });
  return {
    run(job) {
      const thread = busy.indexOf(Math.min(...busy));
      busy[thread]!++;
      const id = next++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        workers[thread]!.postMessage({ id, job });
      });
    },
    async end() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
