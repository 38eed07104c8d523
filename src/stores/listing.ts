import { createHash } from "node:crypto";
import { cancelled, throwIfCancelled } from "../core/cancel.js";
import { protocol } from "../net/errors.js";
import { checkKey, compareKeys } from "./keys.js";
import type { Entry, ListOptions } from "./store.js";

/** One folder of a store that knows folders only (a web server's pages, FTP). */
export interface FolderReader {
  /** Address of the root, for messages. */
  url: string;
  /**
   * The direct contents of a folder (`""`: the root; others end with `/`), in any order, with whole keys; folder keys end with
   * `/`. Undefined if there is no such folder. `listed`: the parent's listing named the folder.
   */
  read(folder: string, listed: boolean, options: ListOptions): Promise<Entry[] | undefined>;
  /** Folders that may be read ahead of the one that is being listed. */
  ahead: number;
}

/** Folders within folders: deeper is a loop of links that shows no other sign. */
const DEPTH_MAX = 100;
const FOLDERS_MAX = 1_000_000;

/** One level, sorted. */
export async function* listFolder(reader: FolderReader, folder: string, options: ListOptions): AsyncGenerator<Entry> {
  throwIfCancelled(options.signal);
  const bare = checkKey(folder, "folder");
  yield* sorted(await reader.read(bare === "" ? "" : `${bare}/`, false, options), options);
}

/**
 * Everything below a prefix in key order, folder by folder, depth first: that is the order of whole keys when a folder counts
 * with its `/`. A folder that looks in every name, date and size like two that it lies in is those again, by a link, and is
 * passed over. (Like one only, it may be its own: groups of groups look alike.)
 *
 * @throws {EmporiumError} STORE_PROTOCOL when folders do not end.
 */
export async function* listTree(reader: FolderReader, prefix: string, options: ListOptions): AsyncGenerator<Entry> {
  const { signal, onUnusable } = options;
  throwIfCancelled(signal);
  const stop = new AbortController();
  const forward = () => stop.abort(signal && cancelled(signal));
  signal?.addEventListener("abort", forward, { once: true });
  let folders = 0;

  function read(folder: string, listed: boolean): Promise<Entry[] | undefined> {
    if (++folders > FOLDERS_MAX) throw protocol(reader.url, `lists more than ${FOLDERS_MAX} folders`, undefined, "no");
    const level = reader.read(folder, listed, { signal: stop.signal, onUnusable });
    level.catch(() => {}); // one that was read ahead may never be asked for
    return level;
  }

  async function* below(entries: readonly Entry[], marks: readonly string[]): AsyncGenerator<Entry> {
    if (marks.length > DEPTH_MAX)
      throw protocol(reader.url, `lists folders ${DEPTH_MAX} deep, which looks like a loop`, undefined, "no");
    const waiting = entries.filter(({ key }) => key.endsWith("/"));
    const begun: Promise<Entry[] | undefined>[] = [];
    for (const entry of entries) {
      if (!entry.key.endsWith("/")) {
        yield entry;
        continue;
      }
      while (begun.length <= reader.ahead && waiting.length > 0) begun.push(read(waiting.shift()!.key, true));
      const inner = sorted(await begun.shift(), options);
      const mark = markOf(entry.key, inner);
      if (mark !== undefined && marks.filter((other) => other === mark).length >= 2) continue;
      yield* below(inner, [...marks, mark ?? ""]);
    }
  }

  try {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const all = sorted(await read(folder, false), options);
    const first = all.filter(({ key }) => key.startsWith(prefix));
    yield* below(first, [markOf(folder, all) ?? ""]);
  } finally {
    signal?.removeEventListener("abort", forward);
    stop.abort();
  }
}

/** Entries in key order, each name once, without what can be no key. */
function sorted(entries: readonly Entry[] = [], { onUnusable }: ListOptions): Entry[] {
  for (const { key } of entries) if (!isKey(key)) onUnusable?.(key);
  const wanted = entries.filter(({ key }) => isKey(key)).sort((a, b) => compareKeys(a.key, b.key));
  return wanted.filter(({ key }, i) => key !== wanted[i - 1]?.key);
}

function isKey(key: string): boolean {
  try {
    checkKey(key, "either");
    return true;
  } catch {
    return false;
  }
}

/** Tells folders apart by what is in them. Undefined where only folders are: too many of those look alike. */
function markOf(folder: string, entries: readonly Entry[]): string | undefined {
  if (!entries.some(({ key }) => !key.endsWith("/"))) return undefined;
  const hash = createHash("sha256");
  for (const { key, size, modifiedMs } of entries) hash.update(`${key.slice(folder.length)}\0${size}\0${modifiedMs}\0`);
  return hash.digest("base64");
}
