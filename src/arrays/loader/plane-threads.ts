import { type ThreadPool, threadPool } from "../../system/threads.js";
import { inForm, type PlaneForm } from "../plane/convert.js";
import { type BoxReadOptions, type Plane, type PlaneChoice, type PlaneSource, virtualLevels } from "../plane/plane.js";
import type { LocalPlaneFile, PlaneJob, PlaneResult } from "./work/plane-job.js";

/** Threads that cut planes of local files and convert them, so that who answers requests goes on. */
export interface PlaneThreads {
  /** @throws {EmporiumError} what `readPlane` throws; STORE_CONFLICT where the file is another one now; the signal's reason */
  cut(file: LocalPlaneFile, choice: PlaneChoice, form: PlaneForm, signal?: AbortSignal): Promise<PlaneResult>;
  readBox(file: LocalPlaneFile, ...box: BoxArguments): Promise<Uint8Array>;
  /** A small plane on this thread, a large one on another, to which its memory goes. */
  form(plane: Plane, form: PlaneForm): Promise<Plane>;
  end(): Promise<void>;
}

type BoxArguments = [
  box: Parameters<PlaneSource["readBox"]>[1],
  step: Parameters<PlaneSource["readBox"]>[2],
  options?: BoxReadOptions,
];

/** What this thread converts itself takes no longer than a few milliseconds. */
const HERE_BYTES = 2 ** 20;

/** @param keptBytes of decoded rows, that each thread keeps of files which are compressed */
export function planeThreads(threadsMax: number, keptBytes: number): PlaneThreads {
  const entry = new URL("./work/plane-worker.js", import.meta.url);
  let pool: ThreadPool<PlaneJob, PlaneResult> | undefined;
  /** One thread: it goes on where it was in a compressed file. */
  let front: ThreadPool<PlaneJob, PlaneResult> | undefined;
  const run = (job: PlaneJob, transfer: readonly ArrayBufferLike[] = []) => {
    if (job.kind !== "form" && job.file.compression) {
      front ??= threadPool({ entry, threadsMax: 1, idleMax: 1 });
      return front.run(job, { transfer });
    }
    pool ??= threadPool({ entry, threadsMax, idleMax: threadsMax });
    return pool.run(job, { transfer });
  };
  /** A thread is told by a number in memory that both have: ending it would cost more than most planes. */
  const stoppable = async (signal: AbortSignal | undefined, job: (stop: Int32Array) => PlaneJob): Promise<PlaneResult> => {
    signal?.throwIfAborted();
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const end = () => Atomics.store(stop, 0, 1);
    signal?.addEventListener("abort", end, { once: true });
    try {
      const result = await run(job(stop));
      signal?.throwIfAborted();
      return result;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", end);
    }
  };
  return {
    cut: (file, choice, form, signal) => stoppable(signal, (stop) => ({ kind: "plane", file, choice, form, stop, keptBytes })),
    async readBox(file, box, step, { signal } = {}) {
      return (await stoppable(signal, (stop) => ({ kind: "box", file, box, step, stop, keptBytes }))).bytes;
    },
    async form(plane, form) {
      if (form.as === "native" || plane.bytes.length <= HERE_BYTES) return { ...plane, ...inForm(plane, form) };
      return run({ kind: "form", plane, form }, [plane.bytes.buffer]);
    },
    async end() {
      await Promise.all([pool?.end(), front?.end()]);
    },
  };
}

/** Planes of a local file, cut by threads. */
export function threadedPlanes(
  threads: PlaneThreads,
  file: LocalPlaneFile,
  { name, dtype, shape }: Pick<PlaneSource, "name" | "dtype"> & { shape: Parameters<typeof virtualLevels>[0] },
): PlaneSource {
  return {
    name,
    dtype,
    levels: virtualLevels(shape),
    readBox: (_stored, box, step, options) => threads.readBox(file, box, step, options),
  };
}
