import { compareKeys } from "../stores/keys.js";
import type { Entry, Store } from "../stores/store.js";
import { isHiddenKey } from "./hidden.js";

export interface WalkOptions {
  /** Any beginning of a key, also in the middle of a name. */
  prefix: string;
  /** Keys up to this one, itself included, are left out. */
  after?: string | undefined;
  /** Keys with this after the prefix are grouped, and returned once as `prefix`. */
  delimiter?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** An object, or the common beginning of several keys. */
export type Found = { entry: Entry } | { prefix: string };

/**
 * The objects of a store in the order of S3 (UTF-8 bytes of whole keys), from a given key on. Folders before it, beside the
 * prefix or behind a delimiter are not listed, so the cost of a page does not depend on the whole tree.
 */
export async function* walk(store: Store, { prefix, after = "", delimiter, signal }: WalkOptions): AsyncGenerator<Found> {
  let told: string | undefined;
  const fold = (key: string): string | undefined => {
    const at = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
    return at < 0 ? undefined : key.slice(0, at + delimiter!.length);
  };
  yield* folder(prefix.slice(0, prefix.lastIndexOf("/") + 1));

  async function* folder(key: string): AsyncGenerator<Found> {
    for await (const entry of store.children(key, { signal })) {
      const isFolder = entry.key.endsWith("/");
      if (isHidden(entry)) continue;
      // below a folder all keys begin with its own
      const isWithin = entry.key.startsWith(prefix) || (isFolder && prefix.startsWith(entry.key));
      if (!isWithin || isPast(entry.key, isFolder)) continue;
      const common = entry.key.startsWith(prefix) ? fold(entry.key) : undefined;
      if (common !== undefined) {
        // a folder is a common beginning only when something is in it
        if (common !== told && compareKeys(common, after) > 0 && (!isFolder || (await hasObjects(entry.key))))
          yield { prefix: common };
        told = common;
      } else if (isFolder) yield* folder(entry.key);
      else yield { entry };
    }
  }

  /** Everything at or below the key is before the start. A common prefix is done once a key below it has been returned. */
  function isPast(key: string, isFolder: boolean): boolean {
    return compareKeys(key, after) <= 0 && !(isFolder && after.startsWith(key) && fold(key) === undefined);
  }

  async function hasObjects(key: string): Promise<boolean> {
    for await (const entry of store.children(key, { signal })) {
      if (isHidden(entry)) continue;
      if (!entry.key.endsWith("/") || (await hasObjects(entry.key))) return true;
    }
    return false;
  }
}

/** Whether an entry is hidden. Everything below a hidden folder is, also below one that is named like a document of Zarr. */
function isHidden({ key }: Entry): boolean {
  return isHiddenKey(key.endsWith("/") ? `${key}-` : key);
}
