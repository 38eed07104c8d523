import { volumeOf } from "../../../core/box.js";
import type { LocalAccess, Store } from "../../../stores/store.js";
import { turns } from "../../../system/parallel.js";
import { threadPool } from "../../../system/threads.js";
import { cellShape, isPartly, type Reader } from "./array-place.js";
import { type Job, runJob } from "./jobs.js";
import type { JobResult } from "./work.js";
import type { WorkerPlace } from "./worker.js";

/** Runs jobs, on threads or here. */
export interface Workers {
  run(job: Job): Promise<JobResult>;
  end(): Promise<void>;
}

/** Memory of a thread: its own heap, windows of a file, and parts of a chunk and of the one above it. */
const THREAD_BYTES = 32 * 2 ** 20;

/** Threads that there is memory for. */
export function threadsOf({ jobs, memoryBytes }: { jobs: number; memoryBytes: number }): number {
  return Math.max(1, Math.min(jobs, Math.floor(memoryBytes / THREAD_BYTES)));
}

/** Memory of a job: copies of a chunk's voxels where they cannot be decoded part by part from a file. */
function bytesOf(job: Job, isNear: boolean): number {
  if (job.kind === "sum") return THREAD_BYTES;
  const chunkBytes = volumeOf(cellShape(job.array)) * job.array.meta.type.itemBytes;
  // as stored, for the decoder, by itself, and as a box; a Blosc frame as it came, and in the decoder's memory
  const copies = !isPartly(job.array) ? 4 : isNear ? 0 : 2;
  return Math.max(THREAD_BYTES, copies * chunkBytes);
}

/** Reads that Node does at once beside the threads that ask for them: more threads read themselves, some while others compute. */
const NODE_READS = 4;
/** Windows of a thread that reads ahead: the one that it looks at, and those that come in the meantime. */
const WINDOWS = 4;

/**
 * Threads for a store whose objects are files. For any other, and for one thread, the caller's own: there the network takes the
 * time. Jobs wait for each other where there is no memory for all of them.
 */
export function startWorkers(
  store: Store,
  { threads, memoryBytes }: { threads: number; memoryBytes: number },
  signal: AbortSignal,
): Workers {
  const { run, end } = store.local && threads > 1 ? onThreads(store.local, threads) : inThisThread(store, signal);
  const turn = turns(Math.max(THREAD_BYTES, memoryBytes));
  return {
    async run(job) {
      const leave = await turn(bytesOf(job, store.local !== undefined));
      try {
        return await run(job);
      } finally {
        leave();
      }
    },
    end,
  };
}

function onThreads(local: LocalAccess, threads: number): Workers {
  const windows = threads <= NODE_READS ? WINDOWS : 1;
  return threadPool<Job, JobResult>({
    entry: new URL("./worker.js", import.meta.url),
    data: { root: local.path(""), io: local.io, windows } satisfies WorkerPlace,
    threadsMax: threads,
    idleMax: threads,
  });
}

function inThisThread(store: Store, signal: AbortSignal): Workers {
  const reader: Reader = {
    isNear: store.local !== undefined,
    read: (key, range) => store.read(key, range, { signal }),
    size: async (key) => (await store.stat(key, { signal }))?.size,
  };
  return { run: (job) => runJob(job, reader), end: async () => {} };
}
