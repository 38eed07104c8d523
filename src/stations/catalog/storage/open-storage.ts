import { stat } from "node:fs/promises";
import { EmporiumError } from "../../../core/errors.js";
import type { StoreOptions } from "../../../stores/location.js";
import type { Store } from "../../../stores/store.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { storageLocation } from "../inputs/config.js";

/**
 * Opens the storage of files and frames: a folder, or a bucket. `local` and `s3` are the older catalogue's defaults. A folder
 * must exist: it is usually a server's mount, and below one that is not mounted the wrong disk would be filled.
 *
 * @throws {EmporiumError} USAGE, LOCATION_UNKNOWN
 */
export async function openStorage(location: string, options: StoreOptions = {}): Promise<Store> {
  const place = parseLocation(storageLocation(location));
  if (place.path !== undefined && !(await isFolder(place.path))) {
    throw new EmporiumError("USAGE", `the storage ${place.path} does not exist, or is not a folder`, {
      place: { file: place.path },
      hint: "mount or create the folder first, or give another one with --storage",
    });
  }
  return openStore(place, options);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
