import { compareKeys } from "../../../stores/keys.js";
import type { Entry } from "../../../stores/store.js";
import { mapLimit } from "../../../system/parallel.js";
import type { Listing } from "../finders/listing.js";

const LISTINGS_AT_ONCE = 16;
/** A folder that holds one of these is a volume: its chunks are not counted one by one. */
const VOLUME_DOCUMENTS = new Set([".zgroup", ".zarray", ".zattrs", "zarr.json", "attributes.json"]);

export interface WalkOptions {
  /** Whether a folder (key without a slash at its end) is used as one thing. */
  isWhole(key: string): boolean;
  /** Keys that the configuration names: their folders are looked into. */
  readonly named: Iterable<string>;
}

/**
 * The files below a folder, in order. A folder is one entry, with a slash at its end, where it is one thing (Zarr, N5, or used as a
 * whole), and where no glob has looked into it: an archive of thousands of folders is not listed for the few that are imported.
 */
export async function walkFiles(
  listing: Pick<Listing, "children" | "listed">,
  prefix: string,
  { isWhole, named }: WalkOptions,
): Promise<string[]> {
  const keys: string[] = [];
  const isVolume = (folder: string, entries: readonly Entry[]): boolean =>
    isWhole(folder.slice(0, -1)) || entries.some(({ key }) => VOLUME_DOCUMENTS.has(key.slice(folder.length)));
  const looked = new Set<string>();
  const look = (folder: string) => {
    let end = folder.length;
    for (; end > 0 && !looked.has(folder.slice(0, end)); end = folder.lastIndexOf("/", end - 2) + 1)
      looked.add(folder.slice(0, end));
  };
  for (const folder of listing.listed()) look(folder);
  for (const key of named) look(key.slice(0, key.lastIndexOf("/") + 1));
  const root = prefix === "" ? "" : `${prefix}/`;
  const walk = async (folder: string): Promise<void> => {
    const entries = folder === root || looked.has(folder) ? await listing.children(folder) : undefined;
    if (entries === undefined || (folder !== root && isVolume(folder, entries))) {
      keys.push(folder);
      return;
    }
    const folders: string[] = [];
    for (const { key } of entries) (key.endsWith("/") ? folders : keys).push(key);
    await mapLimit(folders, LISTINGS_AT_ONCE, walk);
  };
  await walk(root);
  return keys.sort(compareKeys);
}
