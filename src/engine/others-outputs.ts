import type { Store } from "../stores/store.js";
import { mapLimit } from "../system/parallel.js";
import { findTargetReceipts } from "./journal-receipts.js";
import { isSame, statFolder } from "./receipts.js";

const STATS_IN_FLIGHT = 16;

/** An output in whose place something is that is not ours. */
interface OthersOutput {
  readonly key: string;
  /** It was ours, and was changed since. */
  readonly wasOurs: boolean;
}

/** The keys of `findOthersOutputs`. */
export async function othersOutputs(...asked: Parameters<typeof findOthersOutputs>): Promise<string[]> {
  return (await findOthersOutputs(...asked)).map(({ key }) => key);
}

/**
 * The outputs in whose place something is that is not ours: no journal of the workspace has a receipt for it as it is now, and no task has begun to
 * write it. Nothing is written, and no lock is needed.
 *
 * @param outputs keys of objects, and of folders with a `/` at the end
 * @param known keys that somebody else knows to be ours: those of runs on clusters
 *
 * Cost: one request for each output where nothing is; otherwise one read of each journal of the target, and one listing of each folder.
 */
export async function findOthersOutputs(
  target: Store,
  outputs: readonly string[],
  { workspace, known, signal }: { workspace: string; known?: ReadonlySet<string> | undefined; signal?: AbortSignal | undefined },
): Promise<OthersOutput[]> {
  const asked = outputs.filter((key) => !known?.has(key));
  const isHere = await mapLimit(asked, STATS_IN_FLIGHT, (key) => isThere(target, key, signal));
  const there = asked.filter((_, at) => isHere[at]);
  if (there.length === 0) return [];
  const receipts = await findTargetReceipts(workspace, target.url, (key) => key);
  const others: OthersOutput[] = [];
  for (const key of there) {
    if (receipts.hasBegun(key)) continue;
    const own = (await receipts.of(key)).get(key) ?? [];
    const now =
      own.length === 0 ? undefined : await (key.endsWith("/") ? statFolder(target, key, signal) : target.stat(key, { signal }));
    if (now === undefined || !own.some((receipt) => isSame(receipt, now))) others.push({ key, wasOurs: own.length > 0 });
  }
  return others;
}

/** A folder is there once something is in it, or a file has its name. */
export async function isThere(target: Store, key: string, signal?: AbortSignal): Promise<boolean> {
  if ((await target.stat(key.replace(/\/$/, ""), { signal })) !== undefined) return true;
  if (!key.endsWith("/")) return false;
  for await (const _ of target.list(key, { signal })) return true;
  return false;
}
