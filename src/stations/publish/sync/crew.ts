import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { Clock } from "../../../core/clock.js";
import { LIMITS } from "../../../core/limits.js";
import type { LearntWay } from "../../../stores/s3-short-way.js";
import type { S3Credentials } from "../../../stores/s3-sign.js";
import { type CrewData, type CrewJob, type FromCrew, THREAD_BYTES, type ToCrew } from "./crew-messages.js";
import type { WantedFile } from "./wanted.js";

/** Threads that send small files. */
export interface Crew {
  /** The object's etag; undefined where the crew could not: then it is sent in the ordinary way, which knows what went wrong and tries again. */
  send(file: WantedFile): Promise<string | undefined>;
  close(): Promise<void>;
}

export interface CrewOptions extends Omit<CrewData, "facts"> {
  readonly clock: Clock;
  /** Default: one for each core, at most 8. */
  readonly threads?: number | undefined;
  /** Ceiling for the buffers of all: half of it is for threads. Default 512 MiB. */
  readonly memoryBytes?: number | undefined;
}

/** While a server asks for fewer requests, the ordinary way keeps the pace that it wants. */
const CALM_MS = 30_000;
/** How long credentials are taken for good before they are asked for again. */
const CREDENTIALS_MS = 30_000;
const THREADS_MAX = 8;

/** @param memoryBytes of all buffers; a thread keeps up to `THREAD_BYTES`. */
function threadsFor(memoryBytes: number): number {
  return Math.max(1, Math.min(THREADS_MAX, availableParallelism(), Math.floor(memoryBytes / 2 / THREAD_BYTES)));
}

// A worker thread of Node 20 needs JavaScript, which is in dist/ also when the sources are run.
const ENTRY = import.meta.url.endsWith(".ts")
  ? new URL("../../../../dist/stations/publish/sync/crew-worker.js", import.meta.url)
  : new URL("./crew-worker.js", import.meta.url);

interface Thread {
  readonly worker: Worker;
  outbox: CrewJob[];
  told: S3Credentials | undefined;
  running: number;
}

export function startCrew(
  { facts, credentials }: LearntWay,
  { clock, memoryBytes = LIMITS.memoryBytes, threads = threadsFor(memoryBytes), ...data }: CrewOptions,
): Crew {
  const waiting = new Map<number, (etag: string | undefined) => void>();
  let count = 0;
  let calmAtMs = Number.NEGATIVE_INFINITY;
  let known: { credentials: S3Credentials; untilMs: number } | undefined;
  let over = false;
  const crew = Array.from({ length: threads }, (): Thread => {
    const worker = new Worker(fileURLToPath(ENTRY), { workerData: { facts, ...data } satisfies CrewData, execArgv: [] });
    const thread: Thread = { worker, outbox: [], told: undefined, running: 0 };
    worker.on("message", (results: FromCrew) => {
      for (const { id, etag, throttled } of results) {
        if (throttled) calmAtMs = clock.monotonic() + CALM_MS;
        thread.running--;
        waiting.get(id)?.(etag);
        waiting.delete(id);
      }
    });
    // a thread that dies leaves its files to the ordinary way, and so does a crew without threads
    worker.on("error", () => {});
    worker.on("exit", () => lose(thread));
    worker.unref();
    return thread;
  });

  function lose(thread: Thread): void {
    const at = crew.indexOf(thread);
    if (at < 0) return;
    crew.splice(at, 1);
    if (over) return;
    for (const done of waiting.values()) done(undefined);
    waiting.clear();
  }

  async function flush(thread: Thread): Promise<void> {
    try {
      if (!known || clock.monotonic() >= known.untilMs)
        known = { credentials: await credentials(), untilMs: clock.monotonic() + CREDENTIALS_MS };
    } catch {
      const lost = thread.outbox;
      thread.outbox = [];
      for (const { id } of lost) {
        thread.running--;
        waiting.get(id)?.(undefined);
        waiting.delete(id);
      }
      return;
    }
    const { accessKeyId, secretAccessKey, sessionToken } = known.credentials;
    const fresh = thread.told !== known.credentials;
    const message: ToCrew = {
      jobs: thread.outbox,
      ...(fresh ? { credentials: { accessKeyId, secretAccessKey, sessionToken } } : {}),
    };
    thread.told = known.credentials;
    thread.outbox = [];
    thread.worker.postMessage(message);
  }

  return {
    async send({ path, key, size, modifiedMs }) {
      if (crew.length === 0 || over || clock.monotonic() < calmAtMs) return undefined;
      const thread = crew.reduce((least, other) => (other.running < least.running ? other : least));
      const id = count++;
      const done = new Promise<string | undefined>((resolve) => waiting.set(id, resolve));
      thread.running++;
      thread.outbox.push({ id, path, key, size, modifiedMs });
      // what is asked for in one turn goes in one message
      if (thread.outbox.length === 1) setImmediate(() => void flush(thread));
      return done;
    },
    async close() {
      over = true;
      await Promise.all(crew.map(({ worker }) => worker.terminate()));
      for (const done of waiting.values()) done(undefined);
      waiting.clear();
    },
  };
}
