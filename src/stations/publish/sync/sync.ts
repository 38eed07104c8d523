import { cancelled } from "../../../core/cancel.js";
import { JOBS, makeCarrier } from "./carrier.js";
import { refuseCollisions } from "./groups.js";
import { inLanes } from "./lanes.js";
import { stepsOf } from "./steps.js";
import { noCounts, type SyncContext, type SyncCounts, type SyncOptions } from "./task.js";
import type { SyncSource } from "./wanted.js";

/**
 * Sends the files of a group of sources by the rule of `aws s3 sync`: a file is sent if there is no such object, if the sizes
 * differ, or if the file is newer. Objects are removed only if the options say so. A file that cannot be sent is counted, and all
 * others are done.
 *
 * @throws {EmporiumError} COLLISION before anything is sent; CANCELLED; what the listing throws
 */
export async function syncGroup(
  group: readonly SyncSource[],
  options: SyncOptions,
  context: SyncContext,
): Promise<Map<string, SyncCounts>> {
  const { signal } = context;
  const counts = new Map(group.map(({ id }) => [id, noCounts()]));
  await refuseCollisions(group, { signal, io: options.io });
  const carrier = makeCarrier(counts, options, context);
  const steps = stepsOf(group, { removing: options.delete ?? false, counts, onUnsendable: carrier.fail }, context);
  await inLanes(
    steps,
    options.jobs ?? JOBS,
    async (step) => {
      if ("extra" in step) return void (await carrier.remove(step));
      const reason = await carrier.reason(step);
      if (reason !== undefined) await carrier.send(step.file, reason);
    },
    carrier.isOver,
  );
  if (signal?.aborted) throw cancelled(signal);
  carrier.end();
  return counts;
}
