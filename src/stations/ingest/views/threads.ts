import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { EmporiumError, type ErrorRecord, fromErrorRecord } from "../../../core/errors.js";
import type { Jobs } from "./jobs.js";

// Tests run the sources; a worker thread of Node 20 needs JavaScript, which is in dist/.
const ENTRY = import.meta.url.endsWith(".ts")
  ? new URL("../../../../dist/stations/ingest/views/worker.js", import.meta.url)
  : new URL("./worker.js", import.meta.url);
/** Threads that stay for the next job: an import makes many small views, and a thread costs more than one of them. */
const IDLE_MAX = 8;

/** A thread that has had a larger job is not kept: what it used would stay in its heap, and count for nobody. */
const KEPT_BYTES_MAX = 2 ** 20;
/** Of the objects of a moment, MiB; the default of 48 is much beside the buffers of a job. */
const RESOURCES = { maxYoungGenerationSizeMb: 12 };

const idle: Worker[] = [];

/**
 * Does a job on a thread of its own, so that progress and other tasks of the process go on meanwhile. As many jobs run at once as are given:
 * whoever has several keeps to the threads that the task was granted.
 *
 * @param transfer buffers of the job that the caller gives away.
 * @throws {EmporiumError} what the work throws; INTERNAL for a thread that died; the signal's reason.
 */
export function onThread<K extends keyof Jobs>(
  kind: K,
  job: Jobs[K]["job"],
  { signal, transfer = [] }: { signal: AbortSignal; transfer?: readonly ArrayBufferLike[] },
): Promise<Jobs[K]["result"]> {
  signal.throwIfAborted();
  const isSmall = bytesOf(job) <= KEPT_BYTES_MAX;
  const worker = idle.pop() ?? new Worker(fileURLToPath(ENTRY), { execArgv: [], resourceLimits: RESOURCES });
  worker.ref();
  return new Promise((resolve, reject) => {
    const done = (isUsable: boolean, then: () => void) => {
      worker.off("message", hear).off("error", die).off("exit", exit);
      signal.removeEventListener("abort", stop);
      worker.unref();
      if (isUsable && isSmall && idle.length < IDLE_MAX) idle.push(worker);
      else {
        // its memory is free when it has ended, and the next job begins then
        void worker.terminate().finally(then);
        return;
      }
      then();
    };
    const fail = (error: unknown) => done(false, () => reject(error));
    const hear = ({ result, error }: { result?: Jobs[K]["result"]; error?: ErrorRecord }) => {
      done(true, () => (error ? reject(fromErrorRecord(error)) : resolve(result!)));
    };
    const die = (cause: Error) =>
      fail(
        new EmporiumError("INTERNAL", `a worker thread died: ${cause.message}`, { hint: "it may have run out of memory", cause }),
      );
    const exit = () => die(new Error("it ended by itself"));
    const stop = () => fail(signal.reason);
    worker.on("message", hear).on("error", die).on("exit", exit);
    signal.addEventListener("abort", stop, { once: true });
    worker.postMessage({ kind, job }, transfer as ArrayBuffer[]);
  });
}

/** Bytes of the lists in a job, and of those in its lists. */
function bytesOf(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  return typeof value === "object" && value !== null
    ? Object.values(value).reduce((sum: number, one) => sum + bytesOf(one), 0)
    : 0;
}
