import type { Log } from "../../core/log.js";
import type { Store } from "../../stores/store.js";
import type { BlockSource } from "../blocks/block-source.js";
import { mergeReceipts } from "../blocks/merge.js";
import { BEGIN, type Begun, blocksFolder } from "../blocks/run-blocks.js";
import { removeLeftovers } from "../leftovers.js";
import { getJson, type OpenRun, putJson } from "./run-record.js";
import { readJournals } from "./stage-journals.js";

/** Steps at the end of a run of blocks. Several processes may be at them at once; all of them may be done again. */

/**
 * Brings what all processes have done into the tables of receipts. Segments stay: somebody else may be at it at the same time.
 *
 * @throws {EmporiumError} ENGINE_DISAGREES where two processes did one block and their bytes differ
 */
export async function mergeBlocks(source: BlockSource, target: Store, log: Log): Promise<void> {
  for (const stage of source.stages) await mergeReceipts(target, blocksFolder(source), stage, { log });
}

/** Notes that all blocks are done, so nobody has left anything unfinished. */
export async function markComplete(source: BlockSource, target: Store): Promise<void> {
  const key = `${blocksFolder(source)}${BEGIN}`;
  const begun = await getJson<Begun>(target, key);
  await putJson(target, key, { createdMs: begun?.createdMs ?? source.createdMs, complete: true } satisfies Begun);
}

/** Unfinished files of processes that died. Nobody works on the run any more. */
export async function removeParts({ stages }: BlockSource, target: Store): Promise<void> {
  for (const { outputs } of stages) if (outputs) await removeLeftovers(target, [outputs.prefix]);
}

/** Whether every process of a run wrote its end, and had its slice for itself. */
export async function isTidy({ record, store, folder }: OpenRun): Promise<boolean> {
  for (const { name } of record.stages) {
    for (const tries of (await readJournals(store, folder, name)).attempts.values()) {
      if (tries.size > 1 || [...tries.values()].some(({ ended, processes }) => !ended || processes > 1)) return false;
    }
  }
  return true;
}
