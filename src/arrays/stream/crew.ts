import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { EmporiumError, fromErrorRecord } from "../../core/errors.js";
import { freeBuffers } from "../../system/garbage.js";
import { kernelModule, sharedMemory } from "../kernels/kernels.js";
import { planGeometry } from "./geometry.js";
import { FREE, type WorkerJob, type WorkerMessage } from "./worker-job.js";

export type CrewJob = Omit<WorkerJob, "memory" | "module" | "thread">;

/**
 * Worker threads that stay alive between volumes: a deposition has hundreds of small ones, and starting a thread costs more than
 * converting a small tomogram. A crew owns one shared memory, which grows to the largest job it has seen.
 */
export interface Crew {
  readonly threads: number;
  /** Memory of at least this many bytes. What lies in it is left over from the job before. */
  memory(bytes: number): WebAssembly.Memory;
  /** Runs one job on all threads. Rejects with the first failure when every thread has stopped. */
  run(job: CrewJob, memory: WebAssembly.Memory, hear: (message: WorkerMessage) => void): Promise<void>;
  /** Bytes of its shared memory. */
  readonly heldBytes: number;
  /** Gives the crew back. A crew whose thread died is not used again. */
  release(): void;
  end(): Promise<unknown>;
}

// Tests run the sources; a worker thread of Node 20 needs JavaScript, which is in dist/.
const ENTRY = import.meta.url.endsWith(".ts")
  ? new URL("../../../dist/arrays/stream/worker.js", import.meta.url)
  : new URL("./worker.js", import.meta.url);
const IDLE_CREWS_MAX = 8;
/** What idle crews may hold together: it counts for no task. The threads of a crew with more are told to free theirs. */
const IDLE_BYTES_MAX = 24 * 2 ** 20;
/** Address room that a memory can grow into. A larger job gets a memory of its own size. */
const GROWTH_BYTES_MAX = 384 * 2 ** 20;
/** Of the objects of a moment, MiB: workers make few. */
const RESOURCES = { maxYoungGenerationSizeMb: 4 };
const PAGE = 65_536;

const idle: Crew[] = [];

/** A crew with this many threads, an idle one if there is. */
export function hireCrew(threads: number): Crew {
  const at = idle.findIndex((crew) => crew.threads === threads);
  return at >= 0 ? idle.splice(at, 1)[0]! : newCrew(threads);
}

/** Ends all idle threads. A process does not need it (idle threads do not keep one alive); whoever counts threads does. */
export async function dismissCrews(): Promise<void> {
  await Promise.all(idle.splice(0).map((crew) => crew.end()));
}

function newCrew(threads: number): Crew {
  const workers = Array.from({ length: threads }, () => {
    // files are opened by one worker and closed by another, so a worker must not close "its" files when it ends
    const worker = new Worker(fileURLToPath(ENTRY), { trackUnmanagedFds: false, execArgv: [], resourceLimits: RESOURCES });
    worker.unref();
    return worker;
  });
  let held: WebAssembly.Memory | undefined;
  let broken = false;
  const crew: Crew = {
    threads,
    get heldBytes() {
      return held?.buffer.byteLength ?? 0;
    },
    memory(bytes) {
      if (held && held.buffer.byteLength < bytes && bytes > GROWTH_BYTES_MAX) held = undefined;
      if (held && held.buffer.byteLength < bytes) held.grow(Math.ceil((bytes - held.buffer.byteLength) / PAGE));
      held ??= sharedMemory(bytes, Math.max(bytes, GROWTH_BYTES_MAX));
      return held;
    },
    async run(job, memory, hear) {
      const module = kernelModule();
      let failure: Error | undefined;
      const runOne = (worker: Worker, thread: number) =>
        new Promise<void>((resolve) => {
          const finish = () => {
            worker.off("message", listen).off("error", die).off("exit", exit);
            worker.unref();
            resolve();
          };
          const die = (error: Error) => {
            broken = true;
            failure ??= error;
            // a thread that died cannot raise the stop word itself
            Atomics.store(new Int32Array(memory.buffer), planGeometry(job.geometry).control.stop, 1);
            finish();
          };
          const exit = () =>
            die(new EmporiumError("INTERNAL", "a worker thread ended by itself", { hint: "it may have run out of memory" }));
          const listen = (message: WorkerMessage) => {
            if (message.kind === "error") {
              failure ??= fromErrorRecord(message.error);
              finish();
            } else if (message.kind === "end") finish();
            else hear(message);
          };
          worker.ref();
          worker.on("message", listen).on("error", die).on("exit", exit);
          worker.postMessage({ ...job, memory, module, thread } satisfies WorkerJob);
        });
      await Promise.all(workers.map(runOne));
      if (failure) throw failure;
    },
    release() {
      const idleBytes = idle.reduce((sum, other) => sum + other.heldBytes, crew.heldBytes);
      if (broken || idle.length >= IDLE_CREWS_MAX) {
        held = undefined;
        void crew.end();
        return;
      }
      if (idleBytes > IDLE_BYTES_MAX) {
        held = undefined;
        for (const worker of workers) worker.postMessage(FREE);
        freeBuffers();
      }
      idle.push(crew);
    },
    end: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
  return crew;
}
