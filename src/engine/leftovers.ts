import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { crcText } from "../core/crc32.js";
import { errnoOf } from "../stores/file/errors.js";
import { isPartName } from "../stores/keys.js";
import type { Store } from "../stores/store.js";
import { removeTree } from "./disk.js";

/**
 * Removes what unfinished attempts left under some output keys: open uploads, and hidden parts beside and inside them. The locks
 * of the target guarantee that no process writes these keys.
 */
export async function removeLeftovers(target: Store, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    for await (const { key: open, token } of target.openUploads(key)) {
      const upload = await target.create(open, { resume: token });
      await upload.abort();
    }
    if (target.local) await removeParts(target.local.path(key), key.endsWith("/"));
  }
}

async function removeParts(path: string, isFolder: boolean): Promise<void> {
  const folder = dirname(path);
  for (const entry of await entriesOf(folder))
    if (isPartOf(entry.name, basename(path))) await removeTree(join(folder, entry.name));
  const folders = isFolder ? [path] : [];
  for (let inner = folders.pop(); inner !== undefined; inner = folders.pop()) {
    for (const entry of await entriesOf(inner)) {
      if (isPartName(entry.name)) await removeTree(join(inner, entry.name));
      else if (entry.isDirectory()) folders.push(join(inner, entry.name));
    }
  }
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return [];
    throw error;
  }
}

/** True for `.<name>.<tag>.part`, and for the form in which a long name is cut and ends with `~` and its checksum. */
function isPartOf(part: string, name: string): boolean {
  if (!isPartName(part)) return false;
  const owner = part.slice(1, part.lastIndexOf(".", part.length - ".part".length - 1));
  return owner === name || (owner.endsWith(`~${crcText(crc32(name))}`) && name.startsWith(owner.slice(0, -9)));
}
