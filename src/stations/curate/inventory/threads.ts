import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { EmporiumError } from "../../../core/errors.js";
import type { ThreadAnswer, ThreadJob, ThreadSetup } from "./walk-job.js";

/** One thread of a scan: a job at a time. */
export interface Hand {
  run(job: ThreadJob): Promise<ThreadAnswer>;
  end(): Promise<unknown>;
}

// A worker thread of Node 20 needs JavaScript, which is in dist/ also when the sources are run.
const ENTRY = import.meta.url.endsWith(".ts")
  ? new URL("../../../../dist/stations/curate/inventory/worker.js", import.meta.url)
  : new URL("./worker.js", import.meta.url);

const YOUNG_MIB = 8;

/** The threads of a scan. A disk that answers slowly, as a network drive does, gets more of them: they wait and do not work. */
export interface Crew {
  readonly hands: readonly Hand[];
  /** One more thread, unless there are enough. */
  grow(): Hand | undefined;
  end(): Promise<void>;
}

/** Past so many questions at once a disk does not get faster, and a file server gets slow for others. */
const HANDS_MAX = 8;

/**
 * @param jobs a fixed number of threads; undefined: as many as cores, more where they wait
 * @param setup what a thread is told, by its number
 */
export function hireCrew(jobs: number | undefined, setup: (thread: number) => ThreadSetup): Crew {
  const hands = Array.from({ length: jobs ?? Math.min(HANDS_MAX, availableParallelism()) }, (_, thread) =>
    hireHand(setup(thread)),
  );
  return {
    hands,
    grow() {
      if (jobs !== undefined || hands.length >= HANDS_MAX) return undefined;
      const hand = hireHand(setup(hands.length));
      hands.push(hand);
      return hand;
    },
    async end() {
      await Promise.all(hands.map((hand) => hand.end()));
    },
  };
}

function hireHand(setup: ThreadSetup): Hand {
  const worker = new Worker(fileURLToPath(ENTRY), {
    workerData: setup,
    execArgv: [],
    // what a thread makes is short-lived: a small nursery keeps many threads small, and costs nothing that can be measured
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
  });
  let waiting: { resolve(answer: ThreadAnswer): void; reject(error: Error): void } | undefined;
  let dead: EmporiumError | undefined;
  worker.on("message", (answer: ThreadAnswer) => {
    const caller = waiting;
    waiting = undefined;
    if (answer.kind !== "failed") caller?.resolve(answer);
    else {
      const code = answer.errno === "ENOSPC" || answer.errno === "EDQUOT" ? "DISK_FULL" : "STORE_FAILED";
      caller?.reject(new EmporiumError(code, `the inventory cannot be written: ${answer.message}`));
    }
  });
  worker.on("error", (cause) => {
    dead = new EmporiumError("INTERNAL", `a worker thread died: ${cause.message}`, { cause });
    waiting?.reject(dead);
  });
  return {
    run(job) {
      if (dead) return Promise.reject(dead);
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        worker.postMessage(job);
      });
    },
    end: () => worker.terminate(),
  };
}
