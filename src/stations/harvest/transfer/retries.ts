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
/** While the network is down (a closed lid, a cut line): the longest wait, the interval of tries, and of log lines. */
const GONE_MS_MAX = 15 * 60_000;
const LOOK_MS = 15_000;
const TELL_MS = 60_000;

export interface TransferRetryOptions {
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
}

/** Waits between tries, and ends them. */
export interface TransferRetries {
  /** Progress was made: earlier failures no longer count. */
  worked(): void;
  /** Resolves at the time of the next try. Throws the error if it is permanent, or after the last try. */
  failed(error: unknown, host: HostPace): Promise<void>;
}

export function transferRetries({ clock, random, log, signal }: TransferRetryOptions): TransferRetries {
  const tries = retries(POLICY, { clock, random, log, signal });
  let waited = false;

  /** Whether a host that replied in this run is now unreachable. Then the network is down, and tries are not counted. */
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

/** The last log line about an unreachable host. All its connections and transfers share one line a minute. */
const toldMs = new WeakMap<HostPace, number>();
