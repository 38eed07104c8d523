import { EmporiumError } from "../core/errors.js";

/** A command that was told to stop gets this long to finish or drop its step; work that was cut off is resumed all the same. */
export const GRACE_MS = 5_000;

/** SIGUSR2 is how LSF and Grid Engine tell a job that its time is over. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"] as const;

/** The process, as far as signals need it. */
export interface SignalSource {
  on(name: (typeof SIGNALS)[number], listener: () => void): unknown;
  exit(status: number): void;
}

/** The first signal aborts; the second, or the end of the grace time, ends the process at once with 130. */
export function abortOnSignals(source: SignalSource, after: (ms: number, act: () => void) => void): AbortSignal {
  const controller = new AbortController();
  for (const name of SIGNALS) {
    source.on(name, () => {
      if (controller.signal.aborted) return source.exit(130);
      controller.abort(new EmporiumError("CANCELLED", `stopped by ${name}`, { hint: "run the same command again to resume" }));
      after(GRACE_MS, () => source.exit(130));
    });
  }
  return controller.signal;
}

const waitedFor = new WeakSet<AbortSignal>();

/** Whether a command waited to be stopped: its exit status is then its own. */
function isNormalEnd(signal: AbortSignal): boolean {
  return waitedFor.has(signal);
}

/** Ends when the command is stopped: for a page or a server that is the normal end. */
export function toldToStop(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) waitedFor.add(signal);
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Exit status of the process: 130 for what a signal stopped. 75 stays; it says that a worker was stopped in time. */
export function exitStatusOf(status: number, signal: AbortSignal): number {
  return signal.aborted && !isNormalEnd(signal) && status !== 0 && status !== 75 ? 130 : status;
}
