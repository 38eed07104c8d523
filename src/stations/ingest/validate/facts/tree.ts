import { EmporiumError } from "../../../../core/errors.js";
import type { JsonObject } from "../../../../core/json.js";
import { LIMITS } from "../../../../core/limits.js";
import { formatBytes } from "../../../../core/units.js";
import { parseMetadata } from "../../../../formats/zarr/json.js";
import { type Entry, objectName, type Store } from "../../../../stores/store.js";
import type { UnfollowedLinks } from "../../../../stores/unfollowed-links.js";
import { cachedListing } from "../../finders/listing.js";
import { type Lazy, lazy } from "./fact.js";
import type { Document } from "./fields.js";

/** A tree of files for checks: folders are listed once, documents parsed. Keys of listed folders end with a slash. */
export interface Tree {
  readonly store: Store;
  readonly signal: AbortSignal | undefined;
  children(folder: string): Promise<readonly Entry[]>;
  /** In the folders that have been listed so far. */
  readonly links: UnfollowedLinks;
  /** An object or a folder (without a slash at its end). */
  exists(key: string): Promise<boolean>;
  /** A JSON object, or undefined where there is no such file. @throws {EmporiumError} FORMAT_…, STORE_… */
  document(key: string): Promise<JsonObject | undefined>;
  /** The same as a fact that is read once. */
  metadata(key: string, what: string): Lazy<Document>;
  /** A small file. @throws {EmporiumError} FORMAT_LIMIT, STORE_… */
  bytes(key: string): Promise<Uint8Array | undefined>;
}

/** A view of a store that remembers its listings: one for each run, so that a tree of any size needs the memory of a few. */
export function treeOf(store: Store, signal?: AbortSignal): Tree {
  const listing = cachedListing(store, signal);
  const bytes = async (key: string) => {
    const stat = await store.stat(key, { signal });
    if (!stat) return undefined;
    if (stat.size > LIMITS.headerBytes) {
      const name = objectName(store, key);
      const message = `${name} has ${formatBytes(stat.size)}; at most ${formatBytes(LIMITS.headerBytes)} are read at once`;
      throw new EmporiumError("FORMAT_LIMIT", message, { place: { file: name } });
    }
    return store.read(key, undefined, { signal, ifMatch: stat.etag });
  };
  const document = async (key: string) => {
    const found = await bytes(key);
    return found && parseMetadata(found, objectName(store, key));
  };
  return {
    store,
    signal,
    children: listing.children,
    links: listing.links,
    async exists(key) {
      const slash = key.lastIndexOf("/") + 1;
      return (await listing.child(key.slice(0, slash), key.slice(slash))) !== undefined;
    },
    document,
    metadata: (key, what) =>
      lazy(what, async () => {
        const json = await document(key);
        return json && { key, json };
      }),
    bytes,
  };
}

/** Names of the files directly in a folder (without its slash) whose name ends so. */
export async function filesIn(tree: Tree, folder: string, end = ""): Promise<string[]> {
  return namesOf(await tree.children(`${folder}/`), folder).filter((name) => !name.endsWith("/") && name.endsWith(end));
}

/** Names of the folders directly in a folder, hidden ones left out. `""` is the root. */
export async function foldersIn(tree: Tree, folder: string): Promise<string[]> {
  const entries = await tree.children(folder === "" ? "" : `${folder}/`);
  return namesOf(entries, folder).flatMap((name) => (name.endsWith("/") && !name.startsWith(".") ? name.slice(0, -1) : []));
}

function namesOf(entries: readonly Entry[], folder: string): string[] {
  return entries.map(({ key }) => (folder === "" ? key : key.slice(folder.length + 1)));
}

/** Names of what lies in a folder, folders without a slash, hidden ones left out. */
export async function namesIn(tree: Tree, folder: string): Promise<string[]> {
  const entries = await tree.children(`${folder}/`);
  return entries.map(({ key }) => key.slice(folder.length + 1).replace(/\/$/, "")).filter((name) => !name.startsWith("."));
}
