import type { ErrorFacts } from "../core/errors.js";
import type { Random } from "../core/random.js";

/** Attempts at one task, when its errors say that it may succeed later. Stores have tried several times below each of them. */
export const ATTEMPTS = 3;
const WAIT_MS = 2_000;
const WAIT_MS_MAX = 60_000;

/**
 * Milliseconds until another attempt, at random so that not all come at once; undefined where none would help.
 *
 * @param failed attempts
 */
export function waitBefore({ retry = "no", retryAfterMs }: ErrorFacts, failed: number, random: Random): number | undefined {
  if (retry === "no" || failed >= ATTEMPTS) return undefined;
  if (retry === "now") return 0;
  return retryAfterMs ?? random() * Math.min(WAIT_MS_MAX, WAIT_MS * 4 ** (failed - 1));
}
