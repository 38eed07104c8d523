import type { Log } from "../../core/log.js";
import type { Store } from "../../stores/store.js";
import type { PlacedStage } from "./block-source.js";
import { blockOfKey } from "./chunk-outputs.js";
import { openPages } from "./receipt-pages.js";
import { objectTag, receiptOfRow } from "./receipt-table.js";

/**
 * Compares the receipts of a stage with what is in the target, by one listing of its folder, and forgets those whose objects are gone or are
 * others now.
 *
 * @returns how many were forgotten.
 *
 * Cost: one listing pass; 12 bytes a block.
 */
export async function forgetStale(
  store: Store,
  folder: string,
  stage: PlacedStage,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<number> {
  const { outputs, count, numbering } = stage;
  if (!outputs) return 0;
  const tags = new BigUint64Array(count);
  const objects = new Uint32Array(count);
  for await (const entry of store.list(outputs.prefix, { signal })) {
    const written = blockOfKey(outputs, stage, entry.key);
    const block = written === undefined ? -1 : numbering.taskOf(written);
    if (block < 0) continue;
    tags[block]! += objectTag(entry); // wraps around
    objects[block]!++;
  }
  const pages = openPages(store, folder, stage, log);
  let forgotten = 0;
  for (let block = 0; block < count; ) {
    const { page, row } = await pages.at(block);
    for (let at = row; at < page.rows; at++, block++) {
      if (!page.has(at)) continue;
      const receipt = receiptOfRow(page.get(at));
      if (receipt.tag === tags[block] && receipt.objects === objects[block]) continue;
      page.clear(at);
      pages.changed(block);
      forgotten++;
    }
  }
  await pages.flush();
  return forgotten;
}
