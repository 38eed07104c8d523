import { createHash } from "node:crypto";
import type { Store } from "../../stores/store.js";
import { parseContents } from "../folder-contents.js";
import type { KnownReceipt, TargetReceipts } from "../journal-receipts.js";
import { runFolder } from "./run-files.js";
import { listRuns } from "./run-record.js";
import { readJournals } from "./stage-journals.js";

/**
 * The receipts that runs on clusters have left in a target, as `findTargetReceipts` gives those of a workspace. Memory: about a kilobyte a
 * task, and nothing where the target has no run.
 */
export async function findRunReceipts(store: Store, groupOf: (key: string) => string): Promise<TargetReceipts> {
  const groups = new Map<string, { folder: string; receipt: KnownReceipt }[]>();
  const journals: string[] = [];
  for (const { id, stages } of await listRuns(store)) {
    const folder = runFolder(id);
    journals.push(`${store.url}/${folder}`);
    for (const { name } of stages) {
      for (const { outputs } of (await readJournals(store, folder, name)).receipts.values()) {
        for (const receipt of outputs) {
          const group = groupOf(receipt.key);
          groups.set(group, [...(groups.get(group) ?? []), { folder, receipt }]);
        }
      }
    }
  }
  return {
    journals,
    groups: () => groups.keys(),
    async of(group) {
      const known = new Map<string, KnownReceipt[]>();
      for (const { folder, receipt } of groups.get(group) ?? []) {
        const contents = receipt.key.endsWith("/") ? await contentsOf(store, folder, receipt) : undefined;
        known.set(receipt.key, [...(known.get(receipt.key) ?? []), { ...receipt, contents }]);
      }
      return known;
    },
  };
}

/** In the folder of a run. */
export const contentsFolder = "contents/";

/** Key of the text behind the receipt of a folder. */
export function contentsKey(folder: string, key: string): string {
  return `${folder}${contentsFolder}${createHash("sha256").update(key).digest("hex").slice(0, 32)}.txt`;
}

async function contentsOf(store: Store, folder: string, receipt: KnownReceipt): Promise<KnownReceipt["contents"]> {
  const bytes = await store.read(contentsKey(folder, receipt.key));
  return bytes && parseContents(receipt, new TextDecoder().decode(bytes));
}
