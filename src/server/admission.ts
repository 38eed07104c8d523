import type { Clock } from "../core/clock.js";
import { freeBuffers } from "../system/garbage.js";
import { turns } from "../system/parallel.js";

/**
 * Lets work on volumes begin while there is memory for it. The memory that each part may keep is counted (memory-shares.ts); that
 * of threads, libraries and the engine only shows in the size of the process, which is checked before more work begins.
 */
export interface Admission {
  /**
   * Runs work at once where the process is small enough. Otherwise it waits until it is, or until nothing else is under way: one
   * piece of work is always done. Waiting work is let in in the order of coming; the caller limits how much may wait.
   *
   * @param work asks for no other admission. @throws what it throws; the signal's reason
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export interface AdmissionOptions {
  /** Size of the process from which nothing begins beside other work. */
  readonly fullBytes: number;
  readonly clock: Clock;
  /** Resident memory of the process. Default: as Node tells it. */
  readonly residentBytes?: (() => number) | undefined;
  /** Milliseconds of CPU time that the process has used. */
  readonly usedMs?: (() => number) | undefined;
  /** Frees buffers that are not in use. */
  readonly free?: (() => void) | undefined;
  /**
   * Ends threads, which keep the memory that they once needed. Called while nothing is under way but the process is still full.
   */
  readonly rest?: (() => Promise<void>) | undefined;
}

/**
 * Bytes that a piece of work is assumed to need before it shows in the process: many that come at once would all find the process
 * small.
 */
const BEGUN_BYTES = 32 * 2 ** 20;
/** CPU milliseconds of the process after which its work shows: a second of two cores, and longer on a busy machine. */
const SHOWN_CPU_MS = 2000;
/** Milliseconds after which work shows in any case, whether it computed or waited for bytes of others. */
const SHOWN_MS = 10_000;
/** Milliseconds between two looks at the process. */
const LOOK_MS = 25;
/** Milliseconds between two attempts to free memory, each of which costs some 20 ms of the thread that answers. */
const FREE_MS = 500;

export function admission({
  fullBytes,
  clock,
  residentBytes = () => process.memoryUsage.rss(),
  usedMs = cpuMs,
  free = freeBuffers,
  rest = async () => {},
}: AdmissionOptions): Admission {
  const turn = turns(1);
  /** Work under way: when it began, and the CPU time of the process at that moment. */
  const underWay = new Set<{ readonly ms: number; readonly usedMs: number }>();
  const unseenBytes = (): number => {
    const [ms, used] = [clock.monotonic(), usedMs()];
    const unseen = [...underWay].filter((one) => ms - one.ms < SHOWN_MS && used - one.usedMs < SHOWN_CPU_MS);
    return BEGUN_BYTES * unseen.length;
  };
  let freedMs = Number.NEGATIVE_INFINITY;
  return {
    async run(work, signal) {
      const leave = await turn();
      let begun: { readonly ms: number; readonly usedMs: number };
      try {
        signal?.throwIfAborted();
        while (underWay.size > 0 && residentBytes() + unseenBytes() > fullBytes) {
          if (residentBytes() > fullBytes && clock.monotonic() - freedMs > FREE_MS) {
            free();
            freedMs = clock.monotonic();
          }
          await clock.sleep(LOOK_MS, signal);
        }
        if (underWay.size === 0 && residentBytes() > fullBytes) {
          free();
          if (residentBytes() > fullBytes) await rest();
        }
        begun = { ms: clock.monotonic(), usedMs: usedMs() };
        underWay.add(begun);
      } finally {
        leave();
      }
      try {
        return await work();
      } finally {
        underWay.delete(begun);
      }
    },
  };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
