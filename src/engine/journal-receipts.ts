import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { folderContents } from "./folder-contents.js";
import { parseRecord } from "./journal.js";
import { HEAD_BYTES, type LineSpan, scanLines } from "./journal-lines.js";
import type { ObjectReceipt, Receipt } from "./task.js";

/** A receipt of an object or folder, with what is known of the objects in a folder. */
export interface KnownReceipt extends ObjectReceipt {
  readonly contents?: readonly Pick<ObjectReceipt, "key" | "size" | "crc32">[] | undefined;
}

/** The receipts of all jobs for one target. */
export interface TargetReceipts {
  /** Journals that were written for the target. */
  readonly journals: readonly string[];
  /** Groups of keys, as `groupOf` names them, that receipts speak of. */
  groups(): Iterable<string>;
  /**
   * Receipts of a group by key. The last receipt of a job counts; several jobs may have written one key, so there may be several.
   */
  of(group: string): Promise<Map<string, KnownReceipt[]>>;
}

export interface JournalReceipts extends TargetReceipts {
  /** Whether a task has begun to write this output and neither finished nor been cleaned up since. */
  hasBegun(key: string): boolean;
}

/**
 * The receipts of a target in the journals of a workspace, read only: other processes' journals are not changed, and a torn last
 * line is skipped.
 *
 * Cost: one sequential read of each journal; memory is about 150 bytes a task. Receipts themselves are read when a group is asked
 * for.
 */
export async function findTargetReceipts(
  workspace: string,
  targetUrl: string,
  groupOf: (key: string) => string,
): Promise<JournalReceipts> {
  const folder = join(workspace, "journals");
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".journal")).sort();
  const groups = new Map<string, Map<string, LineSpan[]>>(); // by journal
  const journals: string[] = [];
  const begun = new Set<string>();
  for (const name of names) {
    const path = join(folder, name);
    const found = await scan(path, targetUrl, groupOf);
    if (!found) continue;
    journals.push(path);
    for (const key of found.begun) begun.add(key);
    for (const [group, spans] of found.groups) {
      const lines = groups.get(group) ?? new Map<string, LineSpan[]>();
      groups.set(group, lines.set(path, spans));
    }
  }
  return {
    journals,
    groups: () => groups.keys(),
    hasBegun: (key) => begun.has(key),
    async of(group) {
      const known = new Map<string, KnownReceipt[]>();
      for (const [path, lines] of groups.get(group) ?? []) {
        for (const [key, receipt] of await lastReceipts(path, lines, (key) => groupOf(key) === group)) {
          const contents = key.endsWith("/") ? await contentsOf(workspace, path, receipt) : undefined;
          known.set(key, [...(known.get(key) ?? []), { ...receipt, contents }]);
        }
      }
      return known;
    },
  };
}

function contentsOf(workspace: string, journal: string, receipt: ObjectReceipt) {
  const name = journal.slice(journal.lastIndexOf("/") + 1).replace(/\.journal$/, "");
  return folderContents(workspace, name).find(receipt);
}

/** Lines with receipts by group, and outputs of unfinished tasks; undefined for a journal of another target. */
async function scan(
  path: string,
  targetUrl: string,
  groupOf: (key: string) => string,
): Promise<{ groups: Map<string, LineSpan[]>; begun: Iterable<string> } | undefined> {
  const groups = new Map<string, LineSpan[]>();
  const begun = new Map<string, readonly string[]>();
  let ours = false;
  const file = await open(path, "r");
  try {
    await scanLines(file, (payload, span) => {
      const record = parseRecord(payload);
      if (record?.record === "plan") ours = record.target === targetUrl;
      if (record?.record === "start") begun.set(record.task, record.outputs);
      if (record?.record === "forget") begun.delete(record.task);
      if (record?.record !== "done") return record !== undefined;
      begun.delete(record.receipt.task);
      for (const group of new Set(record.receipt.outputs.map(({ key }) => groupOf(key)))) {
        const spans = groups.get(group) ?? [];
        spans.push(span);
        groups.set(group, spans);
      }
      return true;
    });
  } finally {
    await file.close();
  }
  return ours ? { groups, begun: [...begun.values()].flat() } : undefined;
}

async function lastReceipts(
  path: string,
  lines: readonly LineSpan[],
  wanted: (key: string) => boolean,
): Promise<Map<string, ObjectReceipt>> {
  const receipts = new Map<string, ObjectReceipt>();
  const file = await open(path, "r");
  try {
    for (const { offset, length } of lines) {
      const line = Buffer.allocUnsafe(length);
      await file.read(line, 0, length, offset);
      const record = parseRecord(line.subarray(HEAD_BYTES, length - 1));
      const { outputs }: Pick<Receipt, "outputs"> = record?.record === "done" ? record.receipt : { outputs: [] };
      for (const output of outputs) if (wanted(output.key)) receipts.set(output.key, output);
    }
  } finally {
    await file.close();
  }
  return receipts;
}
