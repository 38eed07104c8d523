import type { Clock } from "../../../core/clock.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import type { Log } from "../../../core/log.js";
import type { Random } from "../../../core/random.js";
import { formatSeconds } from "../../../core/units.js";
import { isUnreachable } from "../../../net/errors.js";
import type { HostPace } from "../../../net/pace.js";
import { type RetryPolicy, retries } from "../../../net/retry.js";

/** Tries of one request without progress. */
const POLICY: RetryPolicy = { tries: 6, baseMs: 500, capMs: 60_000, retryAfterMsMax: 10 * 60_000 };
/** A network that is gone (a closed lid, a cut line) is waited for so long, looked for so often, and told of once a minute. */
const GONE_MS_MAX = 15 * 60_000;
const LOOK_MS = 15_000;
const TELL_MS = 60_000;

export interface TransferRetryOptions {
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
}

/** Waits after failures of one row of tries, and says when it is enough. */
export interface TransferRetries {
  /** Progress was made: what failed before does not count any more. */
  worked(): void;
  /** Resolves when it is time to try again. Throws the error when it will not pass, or has not passed however often it was tried. */
  failed(error: unknown, host: HostPace): Promise<void>;
}

export function transferRetries({ clock, random, log, signal }: TransferRetryOptions): TransferRetries {
  const tries = retries(POLICY, { clock, random, log, signal });
  let waited = false;

  /** Whether the host was there in this run, and now is not: then not it is to blame, and tries are not counted. */
  function isGone(error: EmporiumError, host: HostPace): boolean {
    return isUnreachable(error) && host.answeredMs !== undefined && clock.monotonic() - host.answeredMs < GONE_MS_MAX;
  }

  return {
    worked() {
      tries.worked();
      if (waited) log.info("the network is back");
      waited = false;
    },
    async failed(error, host) {
      if (!isEmporiumError(error) || !isGone(error, host)) return tries.failed(error);
      const { retryAfterMs = 0 } = error.facts;
      if (tries.failures + 1 < POLICY.tries || retryAfterMs > POLICY.retryAfterMsMax)
        return tries.failed(new EmporiumError(error.code, error.message, { ...error.facts, retry: "later", cause: error }));
      const now = clock.monotonic();
      waited = true;
      if (now - (toldMs.get(host) ?? Number.NEGATIVE_INFINITY) >= TELL_MS) {
        toldMs.set(host, now);
        log.warn(`${error.message}: waiting for the network since ${formatSeconds((now - host.answeredMs!) / 1000)}`);
      }
      return tries.sleep(LOOK_MS * (0.5 + random() / 2));
    },
  };
}

/** When was last told that a host cannot be reached: its connections, and all transfers from it, share one line a minute. */
const toldMs = new WeakMap<HostPace, number>();
