import type { Clock } from "../../core/clock.js";
import type { WorkerUse } from "../blocks/run-blocks.js";
import type { Worker } from "./worker.js";

/** Measures the time in which worker processes had something to do, and the memory that all took. */
export function workerUse(clock: Clock) {
  let [readyMs, busyMs] = [0, 0]; // of those that are gone, and of what is over
  const since = (ms: number | undefined) => (ms === undefined ? 0 : clock.monotonic() - ms);
  const seconds = (workers: Iterable<Worker>) => {
    const all = [...workers];
    return {
      readySeconds: all.reduce((sum, worker) => sum + since(worker.readyMs), readyMs) / 1000,
      busySeconds: all.reduce((sum, worker) => sum + since(worker.busyMs), busyMs) / 1000,
    };
  };
  const use = {
    rssBytesMax: 0,
    begin(worker: Worker): void {
      worker.readyMs = clock.monotonic();
    },
    rest(worker: Worker): void {
      busyMs += since(worker.busyMs);
      worker.busyMs = undefined;
    },
    end(worker: Worker): void {
      use.rest(worker);
      readyMs += since(worker.readyMs);
      worker.readyMs = undefined;
    },
    idleShare(workers: Iterable<Worker>): number {
      const { readySeconds, busySeconds } = seconds(workers);
      return readySeconds > 0 ? 1 - Math.min(1, busySeconds / readySeconds) : 0;
    },
    now(workers: Iterable<Worker>): WorkerUse {
      return { busySeconds: seconds(workers).busySeconds, idleShare: use.idleShare(workers), rssBytesMax: use.rssBytesMax };
    },
  };
  return use;
}
