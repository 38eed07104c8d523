import { createHash } from "node:crypto";
import type { Entry } from "./store.js";

/**
 * Builds the size and etag of a folder from its listing, entry by entry, in key order.
 *
 * @param versionOf value that tells an object from an older one of its size
 */
export function folderListing(folder: string, versionOf: (entry: Entry) => string | number | undefined = tagOrTime) {
  const hash = createHash("sha256");
  let size = 0;
  return {
    add(entry: Entry) {
      size += entry.size;
      hash.update(`${entry.key.slice(folder.length)}\0${entry.size}\0${versionOf(entry) ?? ""}\n`);
    },
    end: () => ({ size, etag: hash.digest("hex").slice(0, 32) }),
  };
}

function tagOrTime({ etag, modifiedMs }: Entry): string | number | undefined {
  return etag ?? modifiedMs;
}
