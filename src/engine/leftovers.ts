import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { crcText } from "../core/crc32.js";
import { errnoOf } from "../stores/file/errors.js";
import { isPartName } from "../stores/keys.js";
import type { Store } from "../stores/store.js";
import { removeTree } from "./disk.js";

/**
 * Removes what unfinished attempts have left under some output keys: open uploads, and hidden parts beside and inside them. No
 * process may be writing these keys: the locks of the target and the end of the task's own attempt guarantee that.
 *
 * @param own where others may be writing the keys: the names of the parts that go. Open uploads then stay, since nothing tells whose they are.
 */
export async function removeLeftovers(target: Store, keys: readonly string[], own?: (name: string) => boolean): Promise<void> {
  for (const key of keys) {
    if (!own) {
      for await (const { key: open, token } of target.openUploads(key)) {
        const upload = await target.create(open, { resume: token });
        await upload.abort();
      }
    }
    if (target.local) await removeParts(target.local.path(key), key.endsWith("/"), own ?? (() => true));
  }
}

async function removeParts(path: string, isFolder: boolean, goes: (name: string) => boolean): Promise<void> {
  for await (const part of findParts(path, isFolder)) if (goes(basename(part))) await removeTree(part);
}

/** Hidden parts beside an output, and inside of a folder. */
async function* findParts(path: string, isFolder: boolean): AsyncGenerator<string> {
  const folder = dirname(path);
  for (const { name } of await entriesOf(folder)) if (isPartOf(name, basename(path))) yield join(folder, name);
  const folders = isFolder ? [path] : [];
  for (let inner = folders.pop(); inner !== undefined; inner = folders.pop()) {
    for (const entry of await entriesOf(inner)) {
      if (isPartName(entry.name)) yield join(inner, entry.name);
      else if (entry.isDirectory()) folders.push(join(inner, entry.name));
    }
  }
}

/** Measures what `removeLeftovers` would remove. Bytes are those of files: object stores do not tell them of open uploads. */
export async function measureLeftovers(target: Store, keys: readonly string[]): Promise<{ objects: number; bytes: number }> {
  let [objects, bytes] = [0, 0];
  for (const key of keys) {
    if (!target.local) {
      for await (const _ of target.openUploads(key)) objects++;
      continue;
    }
    for await (const part of findParts(target.local.path(key), key.endsWith("/"))) {
      objects++;
      bytes += await bytesOf(part);
    }
  }
  return { objects, bytes };
}

async function bytesOf(path: string): Promise<number> {
  const stat = await lstat(path).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
  if (!stat?.isDirectory()) return stat?.size ?? 0;
  let bytes = 0;
  for (const { name } of await entriesOf(path)) bytes += await bytesOf(join(path, name));
  return bytes;
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}

const isAbsent = (error: unknown) => ["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "");

/** True for `.<name>.<tag>.part`, and for the form in which a long name is cut and ends with `~` and its checksum. */
function isPartOf(part: string, name: string): boolean {
  if (!isPartName(part)) return false;
  const owner = part.slice(1, part.lastIndexOf(".", part.length - ".part".length - 1));
  return owner === name || (owner.endsWith(`~${crcText(crc32(name))}`) && name.startsWith(owner.slice(0, -9)));
}
