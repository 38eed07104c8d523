import { crc32 } from "node:zlib";
import { crcText } from "../core/crc32.js";
import { EmporiumError } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { counted } from "../core/units.js";
import { folderListing } from "../stores/folder-listing.js";
import { compareKeys } from "../stores/keys.js";
import { objectName, type Stat, type Store } from "../stores/store.js";
import { forEachLimited } from "../system/parallel.js";
import { contentLine } from "./folder-contents.js";
import type { ObjectReceipt, Receipt, Task, TaskInput } from "./task.js";

const READ_BYTES = 8 * 1024 * 1024;
const STATS_IN_FLIGHT = 16;
const READS_IN_FLIGHT = 4;

/**
 * Receipt of a folder as a whole, for entities of very many objects: one line in the journal instead of a hundred thousand. Key
 * with a last `/`; size of all objects together; `etag` a hash of the listing (relative key, size, etag or time of each, in key
 * order); `crc32` that of the text that has, for each object in key order, its relative key, size and CRC-32 as decimal and
 * hexadecimal text, separated by blanks, and a line feed.
 *
 * @param objects one for each object below the folder, in any order, as the writer knows them.
 * @param keep gets that text, to name a single object later (`TaskContext.keepContents`).
 * @throws {EmporiumError} STORE_FAILED when the folder holds other objects than these, or of other sizes.
 *
 * Cost: one listing pass.
 */
export async function folderReceipt(
  store: Store,
  folder: string,
  objects: Iterable<Pick<ObjectReceipt, "key" | "size" | "crc32">>,
  keep?: ((folder: string, text: string) => Promise<void>) | undefined,
): Promise<ObjectReceipt> {
  const known = new Map(Array.from(objects, (object) => [object.key, object]));
  const listing = folderListing(folder);
  const sums = contentSum(folder);
  const lines: string[] = [];
  for await (const entry of store.list(folder)) {
    const object = known.get(entry.key);
    if (object?.size !== entry.size) {
      const wanted = object ? `${counted(object.size, "byte")}` : "no such object";
      throw new EmporiumError(
        "STORE_FAILED",
        `${objectName(store, entry.key)} has ${counted(entry.size, "byte")}, ${wanted} expected`,
      );
    }
    known.delete(entry.key);
    listing.add(entry);
    sums.add(object);
    if (keep) lines.push(contentLine(folder, object));
  }
  for (const missing of known.keys()) {
    throw new EmporiumError("STORE_FAILED", `${objectName(store, missing)} is not there, though it was written`);
  }
  await keep?.(folder, lines.join(""));
  return { key: folder, ...listing.end(), crc32: sums.end() };
}

function contentSum(folder: string) {
  let crc = 0;
  return {
    add(object: Pick<ObjectReceipt, "key" | "size" | "crc32">) {
      crc = crc32(contentLine(folder, object), crc);
    },
    end: () => crcText(crc),
  };
}

/** True if an object is unchanged since it was seen: same size, and same etag, or same time if one of them has no etag. */
export function isSame(before: Pick<TaskInput, "size" | "etag" | "modifiedMs">, now: Stat): boolean {
  if (before.size !== now.size) return false;
  if (before.etag !== undefined && now.etag !== undefined) return before.etag === now.etag;
  return before.modifiedMs === undefined || now.modifiedMs === undefined || before.modifiedMs === now.modifiedMs;
}

/** Which of some tasks are done: their receipts are for these very inputs, and every object is still there as it was left. */
export async function findDone(
  target: Store,
  tasks: readonly Task[],
  receiptOf: (task: string) => Receipt | undefined,
  options: { verify?: boolean | undefined; log: Log; signal: AbortSignal },
): Promise<Map<string, Receipt>> {
  const candidates = new Map<string, Receipt>();
  for (const task of tasks) {
    const receipt = receiptOf(task.id);
    if (!receipt || !sameInputs(receipt.inputs, task.inputs)) continue;
    candidates.set(task.id, { ...receipt, task: task.id, title: task.title, inputs: task.inputs }); // equal: kept once, not twice
  }
  const stale = target.local
    ? await staleByStat(target, candidates, options.signal)
    : await staleByListing(target, candidates, options.signal);
  for (const id of stale) candidates.delete(id);
  if (options.verify) {
    await forEachLimited([...candidates], READS_IN_FLIGHT, async ([id, receipt]) => {
      const wrong = await firstWrong(target, receipt.outputs, options.signal);
      if (wrong === undefined) return;
      options.log.warn(`${objectName(target, wrong)} does not have the checksum of its receipt; ${receipt.title} is done again`);
      candidates.delete(id);
    });
  }
  return candidates;
}

function sameInputs(a: readonly TaskInput[], b: readonly TaskInput[]): boolean {
  return a.length === b.length && a.every((input, i) => input.key === b[i]!.key && sameIdentity(input, b[i]!));
}

/** As `taskId` sees it. */
function sameIdentity(a: TaskInput, b: TaskInput): boolean {
  return a.size === b.size && a.etag === b.etag && (a.etag !== undefined || a.modifiedMs === b.modifiedMs);
}

/** Files: one stat for each object, which costs microseconds. */
async function staleByStat(target: Store, receipts: ReadonlyMap<string, Receipt>, signal: AbortSignal): Promise<Set<string>> {
  const stale = new Set<string>();
  await forEachLimited(receipts, STATS_IN_FLIGHT, async ([id, { outputs }]) => {
    for (const output of outputs) {
      const now = output.key.endsWith("/")
        ? await statFolder(target, output.key, signal)
        : await target.stat(output.key, { signal });
      if (now && isSame(output, now)) continue;
      stale.add(id);
      return;
    }
  });
  return stale;
}

/** A folder as its receipt has it. Cost: one listing pass. */
export async function statFolder(target: Store, folder: string, signal?: AbortSignal): Promise<Stat> {
  const listing = folderListing(folder);
  for await (const entry of target.list(folder, { signal })) listing.add(entry);
  return listing.end();
}

/** Elsewhere each request has its price: one listing skip what the receipts cover, and none for a task of its own. */
async function staleByListing(target: Store, receipts: ReadonlyMap<string, Receipt>, signal: AbortSignal): Promise<Set<string>> {
  const objects = new Map<string, { id: string; output: ObjectReceipt }>();
  const folders = new Map<string, { id: string; output: ObjectReceipt; listing: ReturnType<typeof folderListing> }>();
  for (const [id, { outputs }] of receipts) {
    for (const output of outputs) {
      if (output.key.endsWith("/")) folders.set(output.key, { id, output, listing: folderListing(output.key) });
      else objects.set(output.key, { id, output });
    }
  }
  const stale = new Set<string>();
  for (const prefix of listingPrefixes([...objects.keys(), ...folders.keys()])) {
    for await (const entry of target.list(prefix, { signal })) {
      const found = objects.get(entry.key);
      if (found && isSame(found.output, entry)) objects.delete(entry.key);
      for (const folder of foldersOf(entry.key)) folders.get(folder)?.listing.add(entry);
    }
  }
  for (const { id } of objects.values()) stale.add(id);
  for (const { id, output, listing } of folders.values()) if (!isSame(output, listing.end())) stale.add(id);
  return stale;
}

function* foldersOf(key: string): Generator<string> {
  for (let at = key.indexOf("/"); at >= 0; at = key.indexOf("/", at + 1)) yield key.slice(0, at + 1);
}

/** Fewest prefixes to list: for each first segment of the keys, the longest folder that they share. */
export function listingPrefixes(keys: readonly string[]): string[] {
  const shared = new Map<string, string>();
  for (const key of keys) {
    const folder = key.slice(0, key.lastIndexOf("/") + 1);
    const first = folder.slice(0, folder.indexOf("/") + 1) || key;
    const before = shared.get(first);
    shared.set(first, before === undefined ? folder || key : commonFolder(before, folder || key));
  }
  return [...shared.values()].sort(compareKeys);
}

function commonFolder(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at === a.length && at === b.length ? a : a.slice(0, a.lastIndexOf("/", at - 1) + 1);
}

/** Reads objects again, in bounded memory: the key of the first that is not what its receipt says, or undefined. */
async function firstWrong(target: Store, outputs: readonly ObjectReceipt[], signal: AbortSignal): Promise<string | undefined> {
  for (const output of outputs) {
    const crc = output.key.endsWith("/")
      ? await folderCrc(target, output.key, signal)
      : await objectCrc(target, output.key, output.size, signal);
    if (crc !== output.crc32) return output.key;
  }
  return undefined;
}

async function folderCrc(target: Store, folder: string, signal: AbortSignal): Promise<string> {
  const sums = contentSum(folder);
  for await (const { key, size } of target.list(folder, { signal })) {
    sums.add({ key, size, crc32: (await objectCrc(target, key, size, signal)) ?? "" });
  }
  return sums.end();
}

/** CRC-32 of an object's bytes, eight hexadecimal digits; undefined when it is absent or has another size. */
export async function objectCrc(store: Store, key: string, size: number, signal?: AbortSignal): Promise<string | undefined> {
  let crc = 0;
  let offset = 0;
  do {
    const length = Math.min(READ_BYTES, size - offset); // 0 for an object of no bytes: it must be there, too
    const bytes = await store.read(key, { offset, length }, { signal });
    if (bytes?.length !== length) return undefined;
    crc = crc32(bytes, crc);
    offset += length;
  } while (offset < size);
  return crcText(crc);
}
