import type { Dirent } from "node:fs";
import { lstat, readdir, realpath, stat as statPath } from "node:fs/promises";
import { join } from "node:path";
import { throwIfCancelled } from "../../core/cancel.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { compareKeys, isPartName } from "../keys.js";
import type { Entry, ListOptions, Stat, UnfollowedLink } from "../store.js";
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
  /** A link, or what is reached by one. */
  linked?: true;
  /** Target of a link that leaves the root. */
  leaves?: string;
}

/** What a folder has beside its files and folders, each with its name in the folder. */
interface Told {
  link(link: Omit<UnfollowedLink, "key">, name: string): void;
  /** A name that can be no key. Undefined: such a name ends the listing. */
  unusable: ((name: string) => void) | undefined;
}

interface Folder {
  /** Real path of the folder. */
  real: string;
  entries: readonly Dirent[];
}

/** Every file whose key begins with `folder + start`, in key order, without holding more than one folder a level. */
export async function* listBelow(
  root: FileRoot,
  folder: string,
  start: string,
  options: ListOptions = {},
): AsyncGenerator<Entry> {
  const found = await openFolder(root, folder, options.signal);
  if (found) yield* walk(root, folder, found, start, await foldersAbove(root, folder, found.real), options);
}

/** The contents of one folder: files, and folders with a `/`. */
export async function* childrenOf(root: FileRoot, folder: string, options: ListOptions = {}): AsyncGenerator<Entry> {
  const found = await openFolder(root, folder, options.signal);
  if (!found) return;
  const above = await foldersAbove(root, folder, found.real);
  for await (const item of itemsOf(root, found, "", above, telling(folder, options), options.signal)) {
    if (item.real !== undefined) yield { key: folder + item.name, size: 0 };
    else if (item.stat) yield entryOf(folder, item);
  }
}

/** Real paths of a folder and of all folders above it on the way of its key, up to the root. */
async function foldersAbove(root: FileRoot, folder: string, real: string): Promise<string[]> {
  const top = await root.real(root.folder);
  if (top === undefined) return [real];
  const names = folder.split("/").slice(0, -1);
  const keys = names.map((_, at) => names.slice(0, at + 1));
  if (real === join(top, ...names)) return [top, ...keys.map((parts) => join(top, ...parts))];
  const reals = await Promise.all(keys.map((parts) => root.real(join(root.folder, ...parts))));
  return [top, ...reals.filter((one) => one !== undefined)];
}

function telling(folder: string, { onLink, onUnusable }: ListOptions): Told {
  return {
    link: (link, name) => onLink?.({ key: folder + name, ...link }),
    unusable: onUnusable && ((name) => onUnusable(folder + name)),
  };
}

function entryOf(folder: string, { name, stat, linked, leaves }: Item): Entry {
  return { key: folder + name, ...stat!, ...(linked && { linked }), ...(leaves !== undefined && { leaves }) };
}

async function* walk(
  root: FileRoot,
  folder: string,
  found: Folder,
  start: string,
  above: readonly string[],
  options: ListOptions,
): AsyncGenerator<Entry> {
  const { signal } = options;
  const isBelowLink = found.real !== join(above[0]!, folder.slice(0, -1));
  for await (const item of itemsOf(root, found, start, above, telling(folder, options), signal)) {
    if (item.stat) yield entryOf(folder, isBelowLink ? { ...item, linked: true } : item);
    else if (item.real !== undefined) {
      const entries = await entriesOf(root, folder + item.name, item.real, signal);
      yield* walk(root, folder + item.name, { real: item.real, entries }, "", [...above, item.real], options);
    }
  }
}

/** @param above real paths of folders: a link to one of them contains only what is listed already, and is left out */
async function* itemsOf(
  root: FileRoot,
  { real, entries }: Folder,
  start: string,
  above: readonly string[],
  told: Told,
  signal?: AbortSignal,
): AsyncGenerator<Item> {
  const items: Item[] = [];
  const links: string[] = [];
  for (const entry of entries) {
    if (isPartName(entry.name) || !`${entry.name}/`.startsWith(start)) continue;
    if (entry.isDirectory()) items.push({ name: `${entry.name}/`, real: join(real, entry.name) });
    else if (entry.isFile()) items.push({ name: entry.name });
    else if (entry.isSymbolicLink()) links.push(entry.name);
    else told.link({ leads: "special" }, entry.name);
  }
  for (const name of links) {
    const item = await resolveLink(root, join(real, name), name, told);
    if (item?.real !== undefined && above.includes(item.real)) told.link({ leads: "above", to: item.real }, name);
    else if (item) items.push(item);
  }
  const wanted = await named(
    items.filter(({ name }) => name.startsWith(start)).sort((a, b) => compareKeys(a.name, b.name)),
    real,
    told,
  );
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

/** Without those whose name is not UTF-8: Node shows U+FFFD for its bytes, and nothing is found under what it shows. */
async function named(items: Item[], real: string, { unusable }: Told): Promise<Item[]> {
  if (!items.some(({ name }) => name.includes("\ufffd"))) return items;
  const found: Item[] = [];
  for (const item of items) {
    const path = join(real, item.name);
    if (!item.name.includes("\ufffd") || (await statNow(path)) !== undefined) found.push(item);
    else if (unusable) unusable(item.name);
    else throw notUtf8(path);
  }
  return found;
}

function notUtf8(path: string): EmporiumError {
  const hint = "rename it, for example with convmv";
  return new EmporiumError("NAME_UNSAFE", `${path} has a name that is not UTF-8`, { place: { file: path }, hint });
}

/** Undefined for a file that vanished since the folder was read. */
async function statNow(path: string): Promise<Stat | undefined> {
  try {
    const found = await lstat(path, { bigint: true }).catch(absentAs(undefined));
    return found && fileStat(found);
  } catch (error) {
    throw fileError(error, path, "listed");
  }
}

/**
 * A link to a place inside the root is listed under its own name. One that leaves the root is listed as what it is, and reading it is refused with the reason.
 * One that leads nowhere, or to another link in a circle, is left out.
 */
async function resolveLink(root: FileRoot, path: string, name: string, told: Told): Promise<Item | undefined> {
  try {
    const real = await root.real(path);
    const found = real === undefined ? undefined : await statPath(real, { bigint: true });
    if (real === undefined || !found) return void told.link({ leads: "nowhere" }, name);
    if (found.isDirectory()) return { name: `${name}/`, real };
    if (found.isFile()) return { name, stat: fileStat(found), linked: true };
    return void told.link({ leads: "special", to: real }, name);
  } catch (error) {
    if (isEmporiumError(error) && error.code === "STORE_DENIED") {
      const target = await realpath(path);
      const to = (await statPath(target)).isDirectory() ? `${target}/` : target;
      told.link({ leads: "outside", to }, name);
      return { name, stat: fileStat(await lstat(path, { bigint: true })), leaves: to };
    }
    const known = fileError(error, path, "listed");
    if (known.code !== "STORE_ABSENT" && known.code !== "STORE_FAILED") throw known;
    told.link({ leads: "nowhere" }, name);
    return undefined;
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

/** Entries of a folder that a listing has found. One that has vanished since is an error. */
async function entriesOf(root: FileRoot, folder: string, real: string, signal?: AbortSignal): Promise<Dirent[]> {
  throwIfCancelled(signal);
  return readdir(real, { withFileTypes: true }).catch((error: unknown) => {
    throw fileError(error, join(root.folder, folder), "listed");
  });
}
