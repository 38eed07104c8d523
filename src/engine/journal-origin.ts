import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { folderContents } from "./folder-contents.js";
import { type JournalRecord, parseRecord } from "./journal.js";
import { scanLines } from "./journal-lines.js";
import type { ObjectReceipt, Receipt } from "./task.js";

/** The last receipt of an object in the journals of a workspace. */
export interface ObjectOrigin {
  /** Name of the file below `journals`, and where the line with the receipt begins in it. */
  readonly journal: string;
  readonly byte: number;
  readonly receipt: Receipt;
  /** Receipt of the object, or of the folder that it is in; `key` is in the journal's target. */
  readonly output: ObjectReceipt;
  /** Facts on an object in a folder, where the texts behind folders' receipts are still there. */
  readonly member?: Pick<ObjectReceipt, "key" | "size" | "crc32"> | undefined;
  /** The key of the object in the target. */
  readonly key: string;
  /** Time at which the object was finished, or else that of the run's plan. */
  readonly writtenMs: number | undefined;
  /** Command that wrote the object; undefined where nobody noted it. */
  readonly command: { readonly words: readonly string[]; readonly folder: string } | undefined;
}

/** Journals, newest first, that are looked into. */
const JOURNALS_MAX = 200;

/**
 * Finds who wrote an object, in the journals of a workspace: the newest receipt of it. Journals are only read, and none is kept
 * in memory.
 *
 * @param storeUrl of a store, and a key in it: journals of a target above or below the store count too
 *
 * Cost: one sequential read of each journal of the target; 100,000 receipts in less than a second.
 */
export async function findOrigin(
  workspace: string,
  storeUrl: string,
  key: string,
  signal?: AbortSignal,
): Promise<ObjectOrigin | undefined> {
  const folder = join(workspace, "journals");
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".journal"));
  const times = await Promise.all(
    names.map(async (name) => ({ name, ms: (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
  );
  let found: ObjectOrigin | undefined;
  for (const { name } of times.sort((a, b) => b.ms - a.ms).slice(0, JOURNALS_MAX)) {
    signal?.throwIfAborted();
    const origin = await lastIn(folder, name, storeUrl, key);
    if (origin && (found === undefined || (origin.writtenMs ?? 0) > (found.writtenMs ?? 0))) found = origin;
  }
  if (!found?.output.key.endsWith("/")) return found;
  const { journal, output, key: own } = found;
  const contents = await folderContents(workspace, journal.replace(/\.journal$/, "")).find(output);
  return { ...found, member: contents?.find((one) => one.key === own) };
}

async function lastIn(folder: string, journal: string, storeUrl: string, key: string): Promise<ObjectOrigin | undefined> {
  const file = await open(join(folder, journal), "r").catch(() => undefined);
  if (!file) return undefined;
  // one target a journal; in one that was rewritten, old receipts stand before the line that names it
  let target: string | undefined;
  const heads = ["plan", "command"].map((kind) => Buffer.from(`{"record":"${kind}"`));
  let createdMs: number | undefined;
  let command: ObjectOrigin["command"];
  let found: ObjectOrigin | undefined;
  try {
    await scanLines(file, (payload) => {
      if (payload.subarray(0, heads[0]!.length).equals(heads[0]!)) {
        const record = parseRecord(payload);
        if (record?.record === "plan") target = record.target;
      }
      return target === undefined;
    });
    const own = keyIn(target, storeUrl, key);
    if (own === undefined) return undefined;
    const needles = withFolders(own).map((one) => Buffer.from(JSON.stringify(one)));
    await scanLines(file, (payload, { offset }) => {
      const isHead = heads.some((head) => payload.subarray(0, head.length).equals(head));
      if (!isHead && !needles.some((needle) => payload.includes(needle))) return true;
      const record: JournalRecord | undefined = parseRecord(payload);
      if (record?.record === "plan") createdMs = record.createdMs;
      if (record?.record === "command") {
        command = record.words && { words: record.words, folder: record.folder ?? "" };
      }
      if (record?.record === "done") {
        const { receipt } = record;
        const output = receipt.outputs.find((one) => one.key === own || (one.key.endsWith("/") && own.startsWith(one.key)));
        const writtenMs = output?.modifiedMs ?? createdMs;
        if (output) found = { journal, byte: offset, receipt, output, key: own, writtenMs, command };
      }
      return true;
    });
  } finally {
    await file.close();
  }
  return found;
}

/** A key of a store as the target has it, one of which may lie in the other. */
function keyIn(target: string | undefined, storeUrl: string, key: string): string | undefined {
  if (target === undefined) return undefined;
  if (target === storeUrl) return key;
  if (storeUrl.startsWith(`${target}/`)) return `${decodeURIComponent(storeUrl.slice(target.length + 1))}/${key}`;
  if (!target.startsWith(`${storeUrl}/`)) return undefined;
  const inner = `${decodeURIComponent(target.slice(storeUrl.length + 1))}/`;
  return key.startsWith(inner) ? key.slice(inner.length) : undefined;
}

/** The key, and each folder that it is in. */
function withFolders(key: string): string[] {
  const parts = key.split("/");
  return [key, ...parts.slice(1).map((_, i) => `${parts.slice(0, i + 1).join("/")}/`)];
}
