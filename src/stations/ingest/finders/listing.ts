import { isEmporiumError } from "../../../core/errors.js";
import { compareKeys } from "../../../stores/keys.js";
import { type Entry, objectName, type Store } from "../../../stores/store.js";
import { UnfollowedLinks } from "../../../stores/unfollowed-links.js";

/** A store whose folders are listed once each, however many globs ask for them. */
export interface Listing {
  readonly store: Store;
  /** In the folders that have been listed so far. */
  readonly links: UnfollowedLinks;
  /** The direct children of a folder (`""` or a key ending in `/`), sorted by key; folders end in `/`. Empty if missing. */
  children(folder: string): Promise<readonly Entry[]>;
  /** The folders that have been listed so far. */
  listed(): ReadonlySet<string>;
  /** The object or folder of this name in a folder. Where both have it, the object counts. */
  child(folder: string, name: string): Promise<Entry | undefined>;
  /** The path that `match_regex` searches: bucket or folder of this machine, without a scheme. */
  fullPath(key: string): string;
}

export function cachedListing(store: Store, signal?: AbortSignal): Listing {
  const links = new UnfollowedLinks();
  const folders = new Map<string, Promise<readonly Entry[]>>();
  const indexes = new Map<string, Promise<ReadonlyMap<string, Entry>>>();
  const list = async (folder: string): Promise<readonly Entry[]> => {
    const entries: Entry[] = [];
    try {
      for await (const entry of store.children(folder, { signal, onLink: links.add, onUnusable: links.unusable }))
        entries.push(entry);
    } catch (error) {
      if (isEmporiumError(error) && error.code === "STORE_ABSENT") return [];
      throw error;
    }
    return entries.sort((a, b) => compareKeys(a.key, b.key));
  };
  const children = (folder: string) => {
    let entries = folders.get(folder);
    if (!entries) {
      entries = list(folder);
      folders.set(folder, entries);
    }
    return entries;
  };
  const indexOf = async (folder: string): Promise<ReadonlyMap<string, Entry>> => {
    const index = new Map<string, Entry>();
    for (const entry of await children(folder)) {
      const isFolder = entry.key.endsWith("/");
      const name = entry.key.slice(folder.length, isFolder ? -1 : undefined);
      if (!isFolder || !index.has(name)) index.set(name, entry);
    }
    return index;
  };
  return {
    store,
    links,
    children,
    listed: () => new Set(folders.keys()),
    async child(folder, name) {
      let index = indexes.get(folder);
      if (!index) {
        index = indexOf(folder);
        indexes.set(folder, index);
      }
      return (await index).get(name);
    },
    fullPath: (key) => objectName(store, key).replace(/^[a-z][a-z0-9+.-]*:\/\//i, ""),
  };
}
