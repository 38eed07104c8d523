import type { Clock } from "../core/clock.js";

/**
 * Lets at most `perSecond` requests begin in any window of one second: what IDR and EBI ask of their users. (The stores' pacer learns
 * how much a host bears and grows; this is a promise, and never does.)
 */
export interface RateGate {
  enter(signal?: AbortSignal): Promise<void>;
}

const WINDOW_MS = 1000;
/** Timers and two clocks disagree by a little; the window that the server sees must not be shorter. */
const MARGIN_MS = 5;

export function rateGate(perSecond: number, clock: Clock): RateGate {
  /** When each of the last requests begins, the oldest first; those in the future have been promised. */
  const starts: number[] = [];
  return {
    async enter(signal) {
      signal?.throwIfAborted();
      const now = clock.monotonic();
      const before = starts.length < perSecond ? Number.NEGATIVE_INFINITY : starts.shift()!;
      const startMs = Math.max(now, starts.at(-1) ?? now, before + WINDOW_MS + MARGIN_MS);
      starts.push(startMs);
      // A timer may be early by a fraction of a millisecond.
      for (let left = startMs - now; left > 0; left = startMs - clock.monotonic()) await clock.sleep(Math.ceil(left), signal);
    },
  };
}
