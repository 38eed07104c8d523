import type { Clock } from "../../../core/clock.js";
import { asEmporiumError, ERRORS, toErrorRecord } from "../../../core/errors.js";
import type { OnEvent, TaskBrief } from "../../../engine/events.js";
import { noCounts, type SyncCounts } from "./task.js";

/** Reports the progress of items that are processed together. If their listing fails, all of them fail. */
export async function inEvents(
  briefs: readonly TaskBrief[],
  clock: Clock,
  onEvent: OnEvent,
  work: () => Promise<ReadonlyMap<string, SyncCounts>>,
): Promise<ReadonlyMap<string, SyncCounts>> {
  const beganMs = clock.monotonic();
  for (const task of briefs) onEvent({ atMs: beganMs, kind: "start", task, threads: 1, notes: 0 });
  const done = await work().catch((thrown: unknown) => {
    const error = asEmporiumError(thrown);
    // an error that stops the whole run is no failure of these items
    if ([11, 130].includes(ERRORS[error.code].exit)) throw error;
    return new Map(briefs.map(({ id }) => [id, { ...noCounts(), failed: 1, errors: [toErrorRecord(error)] }]));
  });
  const atMs = clock.monotonic();
  const seconds = (atMs - beganMs) / 1000;
  for (const task of briefs) {
    const { errors, failed, warnings } = done.get(task.id)!;
    onEvent({ atMs, kind: "settled", task, state: failed > 0 ? "failed" : "done", seconds, error: errors[0], warnings });
  }
  return done;
}
