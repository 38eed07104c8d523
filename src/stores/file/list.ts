import type { Dirent } from "node:fs";
import { lstat, readdir, stat as statPath } from "node:fs/promises";
import { join } from "node:path";
import { throwIfCancelled } from "../../core/cancel.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { compareKeys, isPartName } from "../keys.js";
import type { Entry, Stat } from "../store.js";
import { fileError } from "./errors.js";
import { absentAs, type FileRoot } from "./root.js";
import { fileStat } from "./stat.js";

/** Parallel `stat` calls while a folder is listed. */
const STATS_IN_FLIGHT = 64;

interface Item {
  /** Ends with `/` for folders, so that sorted items give sorted keys. */
  name: string;
  /** The real path of a folder. */
  real?: string;
  stat?: Stat;
}

interface Folder {
  /** Its real path. */
  real: string;
  entries: readonly Dirent[];
}

/** Every file whose key begins with `folder + start`, in key order, without holding more than one folder a level. */
export async function* listBelow(root: FileRoot, folder: string, start: string, signal?: AbortSignal): AsyncGenerator<Entry> {
  const found = await openFolder(root, folder, signal);
  if (found) yield* walk(root, folder, found, start, [found.real], signal);
}

/** One level: files, and folders with a `/`. */
export async function* childrenOf(root: FileRoot, folder: string, signal?: AbortSignal): AsyncGenerator<Entry> {
  const found = await openFolder(root, folder, signal);
  if (!found) return;
  for await (const item of itemsOf(root, found, "", signal)) {
    if (item.real !== undefined) yield { key: folder + item.name, size: 0 };
    else if (item.stat) yield { key: folder + item.name, ...item.stat };
  }
}

async function* walk(
  root: FileRoot,
  folder: string,
  found: Folder,
  start: string,
  above: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<Entry> {
  for await (const item of itemsOf(root, found, start, signal)) {
    if (item.stat) yield { key: folder + item.name, ...item.stat };
    // A link to a parent folder contains only what is listed already.
    else if (item.real !== undefined && !above.includes(item.real)) {
      const entries = await entriesOf(root, folder + item.name, item.real, signal);
      yield* walk(root, folder + item.name, { real: item.real, entries }, "", [...above, item.real], signal);
    }
  }
}

async function* itemsOf(root: FileRoot, { real, entries }: Folder, start: string, signal?: AbortSignal): AsyncGenerator<Item> {
  const items: Item[] = [];
  const links: string[] = [];
  for (const entry of entries) {
    if (isPartName(entry.name) || !`${entry.name}/`.startsWith(start)) continue;
    if (entry.isDirectory()) items.push({ name: `${entry.name}/`, real: join(real, entry.name) });
    else if (entry.isFile()) items.push({ name: entry.name });
    else if (entry.isSymbolicLink()) links.push(entry.name);
  }
  for (const name of links) items.push(...(await resolveLink(root, join(real, name), name)));
  const wanted = items.filter(({ name }) => name.startsWith(start)).sort((a, b) => compareKeys(a.name, b.name));
  for (let at = 0; at < wanted.length; at += STATS_IN_FLIGHT) {
    throwIfCancelled(signal);
    const batch = wanted.slice(at, at + STATS_IN_FLIGHT);
    await Promise.all(
      batch.map(async (item) => {
        if (item.real === undefined && !item.stat) item.stat = await statNow(join(real, item.name));
      }),
    );
    yield* batch;
  }
}

/** A file that vanished since the folder was read is absent, but a file whose name is invalid must be reported. */
async function statNow(path: string): Promise<Stat | undefined> {
  try {
    const found = await lstat(path, { bigint: true }).catch(absentAs(undefined));
    if (found) return fileStat(found);
  } catch (error) {
    throw fileError(error, path, "listed");
  }
  if (!path.includes("\ufffd")) return undefined;
  const hint = "rename it, for example with convmv";
  throw new EmporiumError("NAME_UNSAFE", `${path} has a name that is not UTF-8`, { place: { file: path }, hint });
}

/**
 * A link to a place inside the root is listed under its own name. A link that leaves the root is listed as an object, and reading
 * it is refused with the reason. A broken link is left out.
 */
async function resolveLink(root: FileRoot, path: string, name: string): Promise<Item[]> {
  try {
    const real = await root.real(path);
    if (real === undefined) return [];
    const found = await statPath(real, { bigint: true });
    if (found.isDirectory()) return [{ name: `${name}/`, real }];
    return found.isFile() ? [{ name, stat: fileStat(found) }] : [];
  } catch (error) {
    if (isEmporiumError(error) && error.code === "STORE_DENIED") {
      return [{ name, stat: fileStat(await lstat(path, { bigint: true })) }];
    }
    const known = fileError(error, path, "listed");
    if (known.code === "STORE_ABSENT" || known.code === "STORE_FAILED") return [];
    throw known;
  }
}

/** A folder's entries, or undefined where there is none, or something else under its name. */
async function openFolder(root: FileRoot, folder: string, signal?: AbortSignal): Promise<Folder | undefined> {
  const path = root.path(folder, "folder");
  throwIfCancelled(signal);
  try {
    const real = await root.real(path);
    const entries = real && (await readdir(real, { withFileTypes: true }).catch(absentAs(undefined)));
    return real && entries ? { real, entries } : undefined;
  } catch (error) {
    throw fileError(error, path, "listed");
  }
}

/** Of a folder that a listing has found. */
async function entriesOf(root: FileRoot, folder: string, real: string, signal?: AbortSignal): Promise<Dirent[]> {
  throwIfCancelled(signal);
  return readdir(real, { withFileTypes: true }).catch((error: unknown) => {
    throw fileError(error, join(root.folder, folder), "listed");
  });
}
