import { type IndexEntry, readAutoindex } from "../stores/http/autoindex.js";
import type { PortalNet } from "./portal.js";

/** One file below the start, with its path relative to it. */
export interface WalkedFile extends IndexEntry {
  path: string;
}

export interface WalkOptions {
  /** Most folder pages that are requested: a listing that never ends is a server's error. */
  foldersMax?: number | undefined;
  /** Folder pages asked for at a time; the host's pace holds besides. */
  atOnce?: number | undefined;
  /** Told of an address that cannot be followed: a folder that is not there, or a name that no path can have. */
  unlisted(address: string): void;
}

const FOLDERS_MAX = 100_000;
const AT_ONCE = 4;

/**
 * Every file below a folder of a web server, breadth-first, folders in the order of their pages. Never above the start, no page
 * twice.
 *
 * @throws {EmporiumError} NOT_FOUND when the start does not exist
 */
export async function* walkIndex(start: string, net: PortalNet, options: WalkOptions): AsyncGenerator<WalkedFile> {
  const { foldersMax = FOLDERS_MAX, atOnce = AT_ONCE, unlisted } = options;
  const root = start.endsWith("/") ? start : `${start}/`;
  const seen = new Set([root]);
  let level = [{ url: root, path: "" }];
  while (level.length > 0) {
    const next: { url: string; path: string }[] = [];
    for (let from = 0; from < level.length; from += atOnce) {
      const some = level.slice(from, from + atOnce);
      const pages = await Promise.all(some.map(({ url }) => (url === root ? net.getText(url) : net.findText(url))));
      for (const [at, folder] of some.entries()) {
        const page = pages[at];
        if (page === undefined) {
          unlisted(folder.url);
          continue;
        }
        for (const entry of readAutoindex(page, folder.url, (name) => unlisted(folder.url + name))) {
          const path = folder.path + entry.name;
          if (entry.kind === "file") yield { ...entry, path };
          else if (!seen.has(entry.url) && seen.size < foldersMax) {
            seen.add(entry.url);
            next.push({ url: entry.url, path: `${path}/` });
          } else if (!seen.has(entry.url)) unlisted(entry.url);
        }
      }
    }
    level = next;
  }
}
