import { EmporiumError, type ErrorRecord } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import type { Store } from "../../stores/store.js";
import { listSegments, type ProcessSegments, segmentPayloads } from "../cluster/stage-journals.js";
import { openPages, type ReceiptPages, type ReceiptStage } from "./receipt-pages.js";
import { ROW_BYTES, sameBytes } from "./receipt-table.js";

/** Lines of the segments of a stage of blocks, beside those of every segment. Blocks have their numbers within the stage. */
export type BlockRecord =
  /** These blocks are done; `rows` are their rows of the table, in base64. */
  { record: "blocks"; at: readonly number[]; rows: string } | { record: "failed"; task: string; error: ErrorRecord };

export interface MergeOptions {
  readonly log: Log;
  /** Removes the segments afterwards. Only while nobody writes any. */
  readonly remove?: boolean | undefined;
}

/**
 * Brings what segments say into the table of a stage. Segments are read one after the other, in the order of their slices, so only the pages of
 * the table that they touch are in memory. Doing it twice, or being killed in the middle of it, does no harm.
 *
 * @param folder key of the run's folder
 * @returns how many segments there were
 * @throws {EmporiumError} ENGINE_DISAGREES where two processes did one block and their bytes differ
 */
export async function mergeReceipts(store: Store, folder: string, stage: ReceiptStage, options: MergeOptions): Promise<number> {
  const processes = await listSegments(store, folder, stage.name);
  const pages = openPages(store, folder, stage, options.log);
  for (const process of processes) {
    for (const key of process.keys) {
      await mergeSegment(await segmentPayloads(store, key), stage, pages, process);
    }
  }
  await pages.flush();
  if (options.remove) for (const { keys } of processes) for (const key of keys) await store.remove(key);
  return processes.reduce((sum, { keys }) => sum + keys.length, 0);
}

async function mergeSegment(
  payloads: Iterable<Buffer>,
  stage: ReceiptStage,
  pages: ReceiptPages,
  process: ProcessSegments,
): Promise<void> {
  for (const payload of payloads) {
    const record = JSON.parse(payload.toString("utf8")) as BlockRecord;
    if (record.record !== "blocks") continue;
    const rows = Buffer.from(record.rows, "base64");
    let place = await pages.at(record.at[0]!);
    let firstOfPage = record.at[0]! - place.row;
    for (let i = 0; i < record.at.length; i++) {
      const block = record.at[i]!;
      if (block < firstOfPage || block >= firstOfPage + place.page.rows) {
        place = await pages.at(block);
        firstOfPage = block - place.row;
      }
      const row = rows.subarray(i * ROW_BYTES, (i + 1) * ROW_BYTES);
      const at = block - firstOfPage;
      if (place.page.has(at) && !sameBytes(place.page.get(at), row)) throw disagree(stage, block, process);
      place.page.set(at, row);
      pages.changed(block);
    }
  }
}

function disagree({ name }: ReceiptStage, block: number, { name: { slice, attempt, token } }: ProcessSegments): EmporiumError {
  return new EmporiumError("ENGINE_DISAGREES", `two processes made block ${block} of stage ${name}, and their bytes differ`, {
    hint: `one of them wrote the journal ${slice}.${attempt}.${token}: find out which machine computes wrongly, and run again with --force-overwrite`,
  });
}
