import type { Clock } from "../core/clock.js";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import type { Log } from "../core/log.js";

/**
 * Runs database work, and retries it while the server is unavailable: it restarts, it recovers after a crash, an administrator
 * ended the session. The work must be one transaction or idempotent, since a connection can also break after the commit.
 *
 * @throws what the work throws; DATABASE_UNAVAILABLE once the server has been away for a minute.
 */
export type Steady = <T>(work: (attempt: number) => Promise<T>) => Promise<T>;

export interface SteadyOptions {
  clock: Clock;
  log: Log;
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds for which a server may be unavailable. Default 60 s: a restart takes seconds, and a longer outage should be
   * reported.
   */
  awayMsMax?: number | undefined;
}

const AWAY_MS_MAX = 60_000;
const [PAUSE_MS, PAUSE_MS_MAX] = [50, 2_000];

export function steadily({ clock, log, signal, awayMsMax = AWAY_MS_MAX }: SteadyOptions): Steady {
  // of all parallel work only the first failure logs a warning
  let toldUntil = Number.NEGATIVE_INFINITY;
  return async (work) => {
    let awaySince: number | undefined;
    let pauseMs = PAUSE_MS;
    for (let attempt = 0; ; attempt++) {
      try {
        return await work(attempt);
      } catch (error) {
        if (!isEmporiumError(error) || error.code !== "DATABASE_UNAVAILABLE" || signal?.aborted) throw error;
        const now = clock.monotonic();
        awaySince ??= now;
        if (now - awaySince >= awayMsMax) throw givenUp(error, awayMsMax);
        if (now >= toldUntil) log.warn(`the database went away (${error.message}); trying again`);
        toldUntil = now + awayMsMax;
        await clock.sleep(pauseMs, signal);
        pauseMs = Math.min(PAUSE_MS_MAX, 2 * pauseMs);
      }
    }
  };
}

function givenUp({ code, message, facts }: EmporiumError, awayMsMax: number): EmporiumError {
  const hint = "when the server runs again, run the same command: it resumes";
  return new EmporiumError(code, `${message}, for ${awayMsMax / 1000} s by now`, { ...facts, hint });
}
