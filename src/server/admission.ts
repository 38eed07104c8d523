import type { Clock } from "../core/clock.js";
import { freeBuffers } from "../system/garbage.js";
import { turns } from "../system/parallel.js";

/**
 * Lets work on volumes begin while there is memory for it. What each part may keep is counted (memory-shares.ts); what threads, libraries and the
 * engine take beside that is only seen in the process as a whole, so that is looked at before more begins.
 */
export interface Admission {
  /**
   * Runs work at once where the process is small enough. Otherwise it waits until it is, or until nothing else is under way: one piece of work is always
   * done. Who waits is let in in the order of coming; how many may wait, the caller limits.
   *
   * @param work asks for no other admission. @throws what it throws; the signal's reason
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export interface AdmissionOptions {
  /** From here on nothing begins beside other work. */
  readonly fullBytes: number;
  readonly clock: Clock;
  /** Of the process. */
  readonly residentBytes?: (() => number) | undefined;
  /** CPU time that the process has used. */
  readonly usedMs?: (() => number) | undefined;
  /** Gives back what nobody uses. */
  readonly free?: (() => void) | undefined;
  /** Ends threads, which keep what they once needed. Called while nothing is under way, where the process is full all the same. */
  readonly rest?: (() => Promise<void>) | undefined;
}

/** What a piece of work is taken to need before it shows in the process: many that come at once would all find it small. */
const BEGUN_BYTES = 32 * 2 ** 20;
/** After so much work of the process it is seen: a second of two cores, and longer on a busy machine. */
const SHOWN_CPU_MS = 2000;
/** After so long, whether it worked or waited for bytes of others. */
const SHOWN_MS = 10_000;
/** Between two looks at the process. */
const LOOK_MS = 25;
/** Freeing costs some 20 ms of the thread that answers. */
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
  /** Work under way, with when it began. */
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
