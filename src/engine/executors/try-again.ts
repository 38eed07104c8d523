import type { Clock } from "../../core/clock.js";
import { asEmporiumError, type EmporiumError, type ErrorFacts, toErrorRecord } from "../../core/errors.js";
import type { Random } from "../../core/random.js";
import { waitBefore } from "../attempts.js";
import type { OnEvent } from "../events.js";
import type { Asked } from "./asked-tasks.js";

export interface TryAgainOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent?: OnEvent | undefined;
}

/**
 * Has a failed task done again after a while, where that may help.
 *
 * @param ask called then; a run that is stopped before cancels the task
 * @returns false where it has failed for good
 */
export function tryAgain(
  one: Asked,
  { error, again }: { error: EmporiumError; again: ErrorFacts },
  { clock, random, onEvent }: TryAgainOptions,
  stopped: AbortSignal | undefined,
  ask: (one: Asked) => void,
): boolean {
  const waitMs = stopped?.aborted || one.journal.broken ? undefined : waitBefore(again, ++one.tries, random);
  if (waitMs === undefined) return false;
  onEvent?.({
    ...{ kind: "retry", id: one.task.id, attempt: one.tries + 1, waitMs, error: toErrorRecord(error) },
    atMs: clock.monotonic(),
  });
  clock.sleep(waitMs, stopped).then(
    () => ask(one),
    (reason: unknown) => one.resolve({ state: "cancelled", error: asEmporiumError(reason, "CANCELLED") }),
  );
  return true;
}
