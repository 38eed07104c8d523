import { isEmporiumError } from "../../core/errors.js";
import { folderListing } from "../../stores/folder-listing.js";
import type { Entry, Store } from "../../stores/store.js";
import type { VoxelIdentity } from "../blocks/volume.js";

/** Objects that are looked at: five seconds of a disk, and 250 requests to a bucket. */
const OBJECTS_MAX = 250_000;

/**
 * Identity of a level's stored objects, which changes when they are replaced under the same names. It comes from one listing:
 * sizes, and times of files or ETags of a bucket. No object is read. Web and FTP servers are not asked: a listing of theirs takes
 * a request for each folder.
 *
 * @param folder key with a slash at its end, or empty: the whole store
 * @param most objects that are looked at, in the order of their keys
 * @returns undefined where the store does not say
 */
export async function voxelIdentity(
  store: Store,
  folder: string,
  { most = OBJECTS_MAX, signal }: { most?: number; signal?: AbortSignal | undefined } = {},
): Promise<VoxelIdentity | undefined> {
  if (/^(https?|ftps?):/.test(store.url)) return undefined;
  // a copy of files has other inodes, of which their etags are made, but may keep their times
  const listing = folderListing(folder, store.local ? ({ modifiedMs }: Entry) => modifiedMs : undefined);
  let objects = 0;
  try {
    for await (const entry of store.list(folder, { signal })) {
      if (objects === most) return { key: folder, ...listing.end(), objects, isAll: false };
      listing.add(entry);
      objects++;
    }
  } catch (error) {
    // some buckets are read by everybody and listed by nobody
    if (isEmporiumError(error) && error.code === "STORE_DENIED") return undefined;
    throw error;
  }
  return { key: folder, ...listing.end(), objects, isAll: true };
}
