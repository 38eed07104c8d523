import { compareKeys } from "../../../stores/keys.js";
import type { Entry } from "../../../stores/store.js";
import { mapLimit } from "../../../system/parallel.js";
import type { Listing } from "../finders/listing.js";

const LISTINGS_AT_ONCE = 16;
/** A folder that holds one of these is a volume: its chunks are not counted one by one. */
const VOLUME_DOCUMENTS = new Set([".zgroup", ".zarray", ".zattrs", "zarr.json", "attributes.json"]);

/**
 * The files below a folder, in order. A folder is one entry, with a slash at its end, where it is one thing (Zarr, N5, or used as a
 * whole), and where no glob has looked into it: an archive of thousands of folders is not listed for the few that are imported.
 *
 * @param isWhole whether a folder (key without a slash at its end) is used as one thing.
 */
export async function walkFiles(
  listing: Pick<Listing, "children" | "listed">,
  prefix: string,
  isWhole: (key: string) => boolean,
): Promise<string[]> {
  const keys: string[] = [];
  const isVolume = (folder: string, entries: readonly Entry[]): boolean =>
    isWhole(folder.slice(0, -1)) || entries.some(({ key }) => VOLUME_DOCUMENTS.has(key.slice(folder.length)));
  const looked = new Set<string>();
  for (const folder of listing.listed()) {
    for (let end = folder.length; end > 0; end = folder.lastIndexOf("/", end - 2) + 1) looked.add(folder.slice(0, end));
  }
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
