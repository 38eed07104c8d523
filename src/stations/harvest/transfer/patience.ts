import type { Clock } from "../../../core/clock.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import type { Log } from "../../../core/log.js";
import type { Random } from "../../../core/random.js";
import { formatSeconds } from "../../../core/units.js";
import { cancelled } from "../../../stores/cancel.js";
import { isUnreachable } from "../../../stores/network.js";
import type { HostPace } from "./pace.js";

/** Tries of one request without progress. */
export const TRIES = 6;
const BASE_MS = 500;
const CAP_MS = 60_000;
/** Who asks for more patience than this is asked another day. */
const RETRY_AFTER_MS_MAX = 10 * 60_000;
/** A network that is gone (a closed lid, a cut line) is waited for so long, looked for so often, and told of once a minute. */
const GONE_MS_MAX = 15 * 60_000;
const LOOK_MS = 15_000;
const TELL_MS = 60_000;

export interface PatienceOptions {
  clock: Clock;
  random: Random;
  log: Log;
  signal: AbortSignal;
}

/** Waits after failures of one row of tries, and says when it is enough. */
export interface RowOfTries {
  /** Progress was made: what failed before does not count any more. */
  worked(): void;
  /** Resolves when it is time to try again. Throws the error when it will not pass, or has not passed however often it was tried. */
  failed(error: unknown, host: HostPace): Promise<void>;
}

export function rowOfTries({ clock, random, log, signal }: PatienceOptions): RowOfTries {
  let failures = 0;
  let waited = false;

  async function sleep(ms: number): Promise<void> {
    if (signal.aborted) throw cancelled(signal);
    if (ms <= 0) return;
    await clock.sleep(ms, signal).catch((error: unknown) => {
      throw signal.aborted ? cancelled(signal) : error;
    });
  }

  /** Whether the host was there in this run, and now is not: then not it is to blame, and tries are not counted. */
  function isGone(error: EmporiumError, host: HostPace): boolean {
    return isUnreachable(error) && host.answeredMs !== undefined && clock.monotonic() - host.answeredMs < GONE_MS_MAX;
  }

  return {
    worked() {
      failures = 0;
      if (waited) log.info("the network is back");
      waited = false;
    },
    async failed(error, host) {
      if (signal.aborted) throw cancelled(signal);
      if (!isEmporiumError(error)) throw error;
      const { retryAfterMs = 0 } = error.facts;
      const gone = isGone(error, host);
      const retry = gone ? "later" : (error.facts.retry ?? "no");
      if (retry === "no") throw error;
      failures++;
      if (retryAfterMs > RETRY_AFTER_MS_MAX || (failures >= TRIES && !gone)) throw final(error, failures);
      if (failures >= TRIES) {
        const now = clock.monotonic();
        waited = true;
        if (now - (toldMs.get(host) ?? Number.NEGATIVE_INFINITY) >= TELL_MS) {
          toldMs.set(host, now);
          log.warn(`${error.message}: waiting for the network since ${formatSeconds((now - host.answeredMs!) / 1000)}`);
        }
        return sleep(LOOK_MS * (0.5 + random() / 2));
      }
      const jitterMs = retry === "now" ? 0 : random() * Math.min(CAP_MS, BASE_MS * 2 ** (failures - 1));
      const waitMs = Math.round(Math.max(jitterMs, retryAfterMs));
      log.debug(`${error.message}; trying again in ${waitMs} ms`, { failures });
      return sleep(waitMs);
    },
  };
}

/** When was last told that a host cannot be reached: its connections, and all transfers from it, share one line a minute. */
const toldMs = new WeakMap<HostPace, number>();

function final(error: EmporiumError, tries: number): EmporiumError {
  if (tries < 2) return error;
  return new EmporiumError(error.code, `${error.message} (${tries} tries)`, { ...error.facts, cause: error });
}
