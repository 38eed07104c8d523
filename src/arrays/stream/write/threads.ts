import { fromErrorRecord } from "../../../core/errors.js";
import { freeBuffers } from "../../../system/garbage.js";
import { startThread } from "../../../system/threads.js";
import { kernelModule, sharedMemory } from "../../kernels/kernels.js";
import { planGeometry } from "../plan/geometry.js";
import { FREE, type WorkerJob, type WorkerMessage } from "../work/worker-job.js";

export type ThreadsJob = Omit<WorkerJob, "memory" | "module" | "thread">;

/**
 * Worker threads that stay alive between volumes, since starting a thread costs more than converting a small tomogram. Each group
 * owns one shared memory, which grows to its largest job.
 */
export interface VolumeThreads {
  readonly threads: number;
  /** Memory of at least this many bytes. What lies in it is left over from the job before. */
  memory(bytes: number): WebAssembly.Memory;
  /** Runs one job on all threads. Rejects with the first failure when every thread has stopped. */
  run(job: ThreadsJob, memory: WebAssembly.Memory, hear: (message: WorkerMessage) => void): Promise<void>;
  /** Bytes of its shared memory. */
  readonly heldBytes: number;
  /** Gives the group back. A group whose thread died is not used again. */
  release(): void;
  end(): Promise<unknown>;
}

const IDLE_GROUPS_MAX = 8;
/** Memory that idle groups may keep, beside that of tasks. The threads of a larger group are told to free theirs. */
const IDLE_BYTES_MAX = 24 * 2 ** 20;
/** Address room that a memory can grow into. A larger job gets a memory of its own size. */
const GROWTH_BYTES_MAX = 384 * 2 ** 20;
/** Workers make few objects. */
const YOUNG_MIB = 4;
const PAGE = 65_536;

const idle: VolumeThreads[] = [];

/** A group with this many threads, an idle one if there is. */
export function takeThreads(threads: number): VolumeThreads {
  const at = idle.findIndex((group) => group.threads === threads);
  return at >= 0 ? idle.splice(at, 1)[0]! : startThreads(threads);
}

/** Ends all idle threads. Only needed for counting threads: idle threads do not keep a process alive. */
export async function endIdleThreads(): Promise<void> {
  await Promise.all(idle.splice(0).map((group) => group.end()));
}

function startThreads(threads: number): VolumeThreads {
  const entry = new URL("../work/worker.js", import.meta.url);
  const workers = Array.from({ length: threads }, () =>
    startThread<WorkerJob | typeof FREE, WorkerMessage>({ entry, youngMiB: YOUNG_MIB, sharesFiles: true }),
  );
  let held: WebAssembly.Memory | undefined;
  let broken = false;
  const group: VolumeThreads = {
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
      const runOne = (worker: (typeof workers)[number], thread: number) =>
        new Promise<void>((resolve) => {
          const finish = () => {
            worker.listen(undefined);
            worker.keepProcess(false);
            resolve();
          };
          worker.keepProcess(true);
          worker.listen({
            heard(message) {
              if (message.kind === "error") {
                failure ??= fromErrorRecord(message.error);
                finish();
              } else if (message.kind === "end") finish();
              else hear(message);
            },
            died(error) {
              broken = true;
              failure ??= error;
              // a thread that died cannot raise the stop word itself
              Atomics.store(new Int32Array(memory.buffer), planGeometry(job.geometry).control.stop, 1);
              finish();
            },
          });
          worker.send({ ...job, memory, module, thread });
        });
      await Promise.all(workers.map(runOne));
      if (failure) throw failure;
    },
    release() {
      const idleBytes = idle.reduce((sum, other) => sum + other.heldBytes, group.heldBytes);
      if (broken || idle.length >= IDLE_GROUPS_MAX) {
        held = undefined;
        void group.end();
        return;
      }
      if (idleBytes > IDLE_BYTES_MAX) {
        held = undefined;
        for (const worker of workers) worker.send(FREE);
        freeBuffers();
      }
      idle.push(group);
    },
    end: () => Promise.all(workers.map((worker) => worker.end())),
  };
  return group;
}
