import { cancelled } from "../core/cancel.js";
import type { Clock } from "../core/clock.js";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { type Log, silentLog } from "../core/log.js";
import type { Random } from "../core/random.js";
import { counted } from "../core/units.js";

/** Number of tries, and the pauses between them. */
export interface RetryPolicy {
  /** Number of tries in all. */
  readonly tries: number;
  /** The pause before try n + 1 is a random share of `baseMs · 2ⁿ⁻¹`, at most `capMs` (exponential back-off with full jitter). */
  readonly baseMs: number;
  readonly capMs: number;
  /** A server that asks for a longer pause (`Retry-After`) is given up on: the user should know, not wait. */
  readonly retryAfterMsMax: number;
}

export interface RetryContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Log | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Makes the error for when there are no more tries. Default: the last error, which says how many there were. */
  readonly exhausted?: ((error: EmporiumError, tries: number) => EmporiumError) | undefined;
}

/** The tries of one thing. */
export interface Retries {
  /** Number of failures since the last progress. */
  readonly failures: number;
  /** Progress was made: what failed before does not count any more. */
  worked(): void;
  /**
   * Resolves when it is time to try again.
   *
   * @param what begins the line of the log; the error's own message follows.
   * @throws the error itself where it is not to be tried again, or has been often enough; {EmporiumError} CANCELLED
   */
  failed(error: unknown, what?: string): Promise<void>;
  /** @throws {EmporiumError} CANCELLED */
  sleep(ms: number): Promise<void>;
}

/** Errors say by `retry` whether they may pass: `now` at once, `later` after a pause. */
export function retries(policy: RetryPolicy, context: RetryContext): Retries {
  const { clock, random, log = silentLog, signal, exhausted = withTries } = context;
  let failures = 0;

  async function sleep(ms: number): Promise<void> {
    if (signal?.aborted) throw cancelled(signal);
    if (ms <= 0) return;
    await clock.sleep(ms, signal).catch((error: unknown) => {
      throw signal?.aborted ? cancelled(signal) : error;
    });
  }

  return {
    get failures() {
      return failures;
    },
    worked() {
      failures = 0;
    },
    async failed(error, what) {
      if (signal?.aborted) throw cancelled(signal);
      if (!isEmporiumError(error)) throw error;
      const { retry = "no", retryAfterMs = 0 } = error.facts;
      if (retry === "no") throw error;
      failures++;
      if (failures >= policy.tries || retryAfterMs > policy.retryAfterMsMax) throw exhausted(error, failures);
      const jitterMs = retry === "now" ? 0 : random() * Math.min(policy.capMs, policy.baseMs * 2 ** (failures - 1));
      const waitMs = Math.round(Math.max(jitterMs, retryAfterMs));
      log.debug(`${what === undefined ? "" : `${what}: `}${error.message}; trying again in ${waitMs} ms`, { failed: failures });
      await sleep(waitMs);
    },
    sleep,
  };
}

/** Repeats `work` until it succeeds. @param work gets the number of failures so far. */
export async function retried<T>(tries: Retries, work: (failed: number) => Promise<T>, what?: string): Promise<T> {
  for (;;) {
    try {
      return await work(tries.failures);
    } catch (error) {
      await tries.failed(error, what);
    }
  }
}

/** The error's class stays: who runs the whole again may have more luck. */
function withTries(error: EmporiumError, tries: number): EmporiumError {
  if (tries < 2) return error;
  return new EmporiumError(error.code, `${error.message} (${counted(tries, "try", "tries")})`, { ...error.facts, cause: error });
}
