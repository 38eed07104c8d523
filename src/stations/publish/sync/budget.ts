import { throwIfCancelled } from "../../../core/cancel.js";
import type { Clock } from "../../../core/clock.js";

/** Limits the bytes in memory, and the bytes per second. */
export interface Budget {
  /** Waits until there is room, in the order of the calls. A request for more than the limit waits until all is free. */
  take(bytes: number, signal: AbortSignal | undefined): Promise<void>;
  give(bytes: number): void;
}

export interface BudgetOptions {
  bytesMax: number;
  clock: Clock;
  /** Default: no limit. */
  bytesPerSecond?: number | undefined;
}

export function makeBudget({ bytesMax, clock, bytesPerSecond = Number.POSITIVE_INFINITY }: BudgetOptions): Budget {
  let free = bytesMax;
  let nextMs = Number.NEGATIVE_INFINITY;
  const waiting: { bytes: number; wake: () => void }[] = [];

  async function pace(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (bytesPerSecond === Number.POSITIVE_INFINITY) return;
    const now = clock.monotonic();
    const startMs = Math.max(now, nextMs);
    nextMs = startMs + (1000 * bytes) / bytesPerSecond;
    if (startMs > now) await clock.sleep(startMs - now, signal).catch(() => throwIfCancelled(signal));
  }

  return {
    async take(bytes, signal) {
      const wanted = Math.min(bytes, bytesMax);
      if (waiting.length > 0 || free < wanted) await new Promise<void>((wake) => waiting.push({ bytes: wanted, wake }));
      else free -= wanted;
      await pace(bytes, signal);
    },
    give(bytes) {
      free += Math.min(bytes, bytesMax);
      while (waiting[0] && waiting[0].bytes <= free) {
        const { bytes: wanted, wake } = waiting.shift()!;
        free -= wanted;
        wake();
      }
    },
  };
}
