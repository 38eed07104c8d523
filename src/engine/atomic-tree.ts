import { mkdir, open, readdir, stat as statPath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { crcText } from "../core/crc32.js";
import { EmporiumError } from "../core/errors.js";
import { compareKeys, isPartName } from "../stores/keys.js";
import type { LocalAccess, Store } from "../stores/store.js";
import { forEachLimited } from "../system/parallel.js";
import { type SendContext, uploadFile } from "./atomic.js";
import { removeTree } from "./disk.js";
import type { ObjectReceipt, PlainObject } from "./task.js";

const FILES_IN_FLIGHT = 8;
const READ_BYTES = 1024 * 1024;

/** Decides by its key, relative to the entity's folder, whether an object is metadata, which readers read first. */
export type IsMetadata = (relativeKey: string) => boolean;

/**
 * Sends a finished folder of this machine to a folder key (`TS_1/tomo.zarr/`), so that readers see the old entity, then none,
 * then the new one, and never a mixture.
 *
 * Onto files: a hidden copy beside the key, renamed as a whole. Onto object stores, which have no rename: the old metadata is
 * removed first, outermost first; then all old objects; then the new ones are sent, many at a time; then the new metadata,
 * outermost last. Each object that is there is noted, and not sent again by a later attempt.
 *
 * @returns one receipt an object, in key order; `folderReceipt` makes one of many.
 */
export async function uploadTree(
  context: SendContext,
  folder: string,
  key: string,
  options: { isMetadata: IsMetadata; onBytes?: ((bytesDone: number) => void) | undefined },
): Promise<ObjectReceipt[]> {
  if (!key.endsWith("/")) throw new EmporiumError("INTERNAL", `${key} is not a folder key: it must end with /`);
  const names = await filesBelow(folder);
  const onBytes = options.onBytes ?? (() => {});
  const { local } = context.target;
  if (local) return adoptTree(context, local, folder, key, names, onBytes);

  const sent = sentBefore(context.notes, key);
  if (!sent) {
    await clearEntity(context, key, options.isMetadata);
    await context.note({ tree: key, cleared: true });
  }
  const receipts = new Map<string, ObjectReceipt>();
  const memoryBytes = context.memoryBytes / FILES_IN_FLIGHT;
  let bytesDone = 0;
  const sendOne = async (name: string) => {
    const { size, mtimeNs } = await statPath(join(folder, name), { bigint: true });
    const file = `${size} ${mtimeNs}`;
    const before = sent?.get(name);
    const receipt =
      before?.file === file
        ? (before.receipt as unknown as ObjectReceipt)
        : await uploadFile({ ...context, memoryBytes }, join(folder, name), key + name, {
            onBytes() {},
          });
    if (before?.file !== file) await context.note({ tree: key, name, file, receipt: { ...receipt } as unknown as PlainObject });
    receipts.set(name, receipt);
    bytesDone += receipt.size;
    onBytes(bytesDone);
  };
  const { data, metadata } = metadataLast(names, options.isMetadata);
  await forEachLimited(data, FILES_IN_FLIGHT, sendOne);
  for (const name of metadata) await sendOne(name);
  return names.map((name) => receipts.get(name)!);
}

/**
 * Removes an entity of many objects so that no reader meets it half removed: its metadata first, outermost first, then all else.
 */
export async function clearEntity(
  { target, signal }: { target: Store; signal: AbortSignal },
  folder: string,
  isMetadata: IsMetadata,
): Promise<void> {
  const found: string[] = [];
  let any = false;
  for await (const { key } of target.list(folder, { signal })) {
    any = true;
    const name = key.slice(folder.length);
    if (isMetadata(name)) found.push(name);
  }
  for (const name of metadataLast(found, isMetadata).metadata.reverse()) await target.remove(folder + name, { signal });
  if (any) await target.remove(folder, { signal });
}

/** Splits names into data and metadata. Metadata is written inner before outer: what an outer document names then exists. */
export function metadataLast(names: readonly string[], isMetadata: IsMetadata): { data: string[]; metadata: string[] } {
  const depth = (name: string) => name.split("/").length;
  const metadata = names.filter(isMetadata).sort((a, b) => depth(b) - depth(a) || compareKeys(a, b));
  return { data: names.filter((name) => !isMetadata(name)), metadata };
}

async function adoptTree(
  { target, signal }: SendContext,
  local: LocalAccess,
  folder: string,
  key: string,
  names: readonly string[],
  onBytes: (bytesDone: number) => void,
): Promise<ObjectReceipt[]> {
  const part = await local.partPath(key, "tree");
  await removeTree(part);
  await mkdir(part, { recursive: true });
  const sums = new Map<string, { size: number; crc32: string }>();
  let bytesDone = 0;
  await forEachLimited(names, FILES_IN_FLIGHT, async (name) => {
    signal.throwIfAborted();
    await mkdir(dirname(join(part, name)), { recursive: true });
    const sum = await copyFile(join(folder, name), join(part, name));
    sums.set(name, sum);
    bytesDone += sum.size;
    onBytes(bytesDone);
  });
  await local.adopt(part, key);
  const receipts: ObjectReceipt[] = [];
  for (const name of names) {
    const stat = await target.stat(key + name, { signal });
    receipts.push({ key: key + name, ...sums.get(name)!, etag: stat?.etag, modifiedMs: stat?.modifiedMs });
  }
  return receipts;
}

async function copyFile(from: string, to: string): Promise<{ size: number; crc32: string }> {
  const input = await open(from, "r");
  try {
    const output = await open(to, "wx");
    try {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      let crc = 0;
      let size = 0;
      for (;;) {
        const { bytesRead } = await input.read(buffer, 0, buffer.length, size);
        if (bytesRead === 0) return { size, crc32: crcText(crc) };
        crc = crc32(buffer.subarray(0, bytesRead), crc);
        await output.writeFile(buffer.subarray(0, bytesRead)); // continues where the last one ended
        size += bytesRead;
      }
    } finally {
      await output.close();
    }
  } finally {
    await input.close();
  }
}

/** The objects of an unfinished tree that exist according to the notes. Undefined when it was not started. */
function sentBefore(notes: readonly PlainObject[], key: string): Map<string, PlainObject> | undefined {
  const ours = notes.filter((record) => record.tree === key);
  if (ours.length === 0) return undefined;
  return new Map(ours.filter((record) => record.name !== undefined).map((record) => [String(record.name), record]));
}

/** Files below a folder, relative, with `/`, in key order. Links are not followed, unfinished files of ours are left out. */
async function filesBelow(folder: string, prefix = ""): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
    if (isPartName(entry.name)) continue;
    if (entry.isDirectory()) names.push(...(await filesBelow(folder, `${prefix}${entry.name}/`)));
    else if (entry.isFile()) names.push(prefix + entry.name);
  }
  return prefix === "" ? names.sort(compareKeys) : names;
}
