/** The clock is passed as an argument. Nothing below the command line calls `Date.now()` or `setTimeout` by itself. */
export interface Clock {
  /** Milliseconds since 1970, for people and files. */
  now(): number;
  /** Milliseconds that never go back, for durations. */
  monotonic(): number;
  /** Resolves after `ms`, rejects with the signal's reason when it aborts before. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      }, ms);
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", stop, { once: true });
    }),
};

/** A clock for tests: time passes only by `sleep` (which returns at once and is recorded) and `advance`. */
export function manualClock(startMs = 0): Clock & { advance(ms: number): void; readonly sleeps: number[] } {
  let time = startMs;
  const sleeps: number[] = [];
  return {
    now: () => time,
    monotonic: () => time,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      sleeps.push(ms);
      time += ms;
    },
    advance: (ms) => {
      time += ms;
    },
    sleeps,
  };
}
