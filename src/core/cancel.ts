import { asEmporiumError, type EmporiumError } from "./errors.js";

/** Throws CANCELLED, or the error that the signal was aborted with when it is one of ours. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
}

export function cancelled(signal: AbortSignal): EmporiumError {
  return asEmporiumError(signal.reason, "CANCELLED");
}
