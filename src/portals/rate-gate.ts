import type { Clock } from "../core/clock.js";

/**
 * Lets a host see at most `perSecond` requests in any window of one second: what IDR and EBI ask of their users. (The stores' pacer learns
 * how much a host bears and grows; this is a promise, and never does.)
 */
export interface RateGate {
  /** Waits for its turn. Call what it gives once the reply is there. */
  enter(signal?: AbortSignal): Promise<() => void>;
}

const WINDOW_MS = 1000;

/**
 * A place is free again one second after its reply came. The host has seen the request by then, however long it was under way: counting
 * from when it was sent lets a slow first connection and a quick fifth request meet in one second.
 */
export function rateGate(perSecond: number, clock: Clock): RateGate {
  /** From when on each free place may be used. */
  const free: number[] = new Array<number>(perSecond).fill(Number.NEGATIVE_INFINITY);
  const waiting: ((fromMs: number) => void)[] = [];

  function giveBack(fromMs: number): void {
    const next = waiting.shift();
    if (next) next(fromMs);
    else free.push(fromMs);
  }

  return {
    async enter(signal) {
      signal?.throwIfAborted();
      const fromMs = free.length > 0 ? takeEarliest(free) : await new Promise<number>((take) => waiting.push(take));
      try {
        signal?.throwIfAborted();
        // A timer may be early by a fraction of a millisecond.
        for (let left = fromMs - clock.monotonic(); left > 0; left = fromMs - clock.monotonic()) {
          await clock.sleep(Math.ceil(left), signal);
        }
      } catch (error) {
        giveBack(fromMs);
        throw error;
      }
      return () => giveBack(clock.monotonic() + WINDOW_MS);
    },
  };
}

function takeEarliest(times: number[]): number {
  const earliest = Math.min(...times);
  times.splice(times.indexOf(earliest), 1);
  return earliest;
}
