import { isEmporiumError } from "../../core/errors.js";
import { Recent } from "../../core/recent.js";
import { type ThreadPool, threadPool } from "../../system/threads.js";
import { inForm, type PlaneForm } from "../plane/convert.js";
import { type BoxReadOptions, type Plane, type PlaneChoice, type PlaneSource, virtualLevels } from "../plane/plane.js";
import type { CompressedHead, LocalPlaneFile, PlaneJob, PlaneResult, TiffRows } from "./work/plane-job.js";

/** Threads that cut planes of local files and convert them, so that who answers requests goes on. */
export interface PlaneThreads {
  /** @throws {EmporiumError} as `readPlane`; STORE_CONFLICT if the file was replaced; the signal's reason */
  cut(file: LocalPlaneFile, choice: PlaneChoice, form: PlaneForm, signal?: AbortSignal): Promise<PlaneResult>;
  readBox(file: LocalPlaneFile, ...box: BoxArguments): Promise<Uint8Array>;
  /** The first bytes behind a compression of a file. @throws {EmporiumError} FORMAT_CORRUPT */
  head(file: CompressedHead): Promise<Uint8Array>;
  /** Decodes rows of a page of which the stored bytes are there. @throws {EmporiumError} as `readTiffRows` */
  rows(rows: TiffRows): Promise<Uint8Array>;
  /** A small plane on this thread, a large one on another, to which its memory goes. */
  form(plane: Plane, form: PlaneForm): Promise<Plane>;
  /** Ends threads that do nothing just now, with what they keep: the next work starts others. */
  rest(): Promise<void>;
  end(): Promise<void>;
}

type BoxArguments = [
  box: Parameters<PlaneSource["readBox"]>[1],
  step: Parameters<PlaneSource["readBox"]>[2],
  options?: BoxReadOptions,
];

/** A job of a file, before it is known which thread does it. */
type FileWork = WithoutShare<Extract<PlaneJob, { kind: "plane" | "box" }>>;
type WithoutShare<Job> = Job extends unknown ? Omit<Job, "keptBytes" | "needMax"> : never;

/** Largest plane that the calling thread converts itself: a few milliseconds of work. */
const HERE_BYTES = 2 ** 20;

/** Heap of a thread for young objects, in MiB: planes make few objects. */
const YOUNG_MIB = 2;
/** Files of which a strip or tile is known to take more than a thread has. */
const LARGE_KEPT = 256;

/**
 * @param rowsBytes for decoded rows of files which are compressed: half of them for one thread, which reads files that are compressed as a whole, and
 * strips that take more than the others have; it may use as much again while it decodes one
 */
export function planeThreads(threadsMax: number, rowsBytes: number): PlaneThreads {
  const share = { keptBytes: Math.floor(rowsBytes / 2 / threadsMax), needMax: Math.floor(rowsBytes / 2 / threadsMax) };
  const frontShare = { keptBytes: Math.floor(rowsBytes / 2), needMax: rowsBytes };
  const large = new Recent<string, true>(LARGE_KEPT);
  const entry = new URL("./work/plane-worker.js", import.meta.url);
  let pool: ThreadPool<PlaneJob, PlaneResult> | undefined;
  /** One thread: it goes on where it was in a compressed file. */
  let front: ThreadPool<PlaneJob, PlaneResult> | undefined;
  const runAny = (job: PlaneJob, transfer: readonly ArrayBufferLike[] = []) => {
    pool ??= threadPool({ entry, youngMiB: YOUNG_MIB, threadsMax, idleMax: threadsMax });
    return pool.run(job, { transfer });
  };
  const run = async (job: FileWork) => {
    const { path, etag, compression } = job.file;
    const id = `${path}\n${etag}`;
    if (!compression && !large.get(id)) {
      try {
        return await runAny({ ...job, ...share });
      } catch (error) {
        if (!isEmporiumError(error) || error.code !== "MEMORY_LIMIT") throw error;
        large.set(id, true);
      }
    }
    front ??= threadPool({ entry, youngMiB: YOUNG_MIB, threadsMax: 1, idleMax: 1 });
    return front.run({ ...job, ...frontShare });
  };
  /** A thread is told by a number in memory that both have: ending it would cost more than most planes. */
  const stoppable = async (signal: AbortSignal | undefined, job: (stop: Int32Array) => FileWork): Promise<PlaneResult> => {
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
    cut: (file, choice, form, signal) => stoppable(signal, (stop) => ({ kind: "plane", file, choice, form, stop })),
    async readBox(file, box, step, { signal } = {}) {
      return (await stoppable(signal, (stop) => ({ kind: "box", file, box, step, stop }))).bytes;
    },
    head: async (file) => (await runAny({ kind: "head", ...file })).bytes,
    async rows(rows) {
      const buffers = new Set(rows.stored.map(({ bytes }) => bytes.buffer));
      return (await runAny({ kind: "rows", ...rows }, [...buffers])).bytes;
    },
    async form(plane, form) {
      if (form.as === "native" || plane.bytes.length <= HERE_BYTES) return { ...plane, ...inForm(plane, form) };
      return runAny({ kind: "form", plane, form }, [plane.bytes.buffer]);
    },
    async rest() {
      await Promise.all([pool?.rest(), front?.rest()]);
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
