import { open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "./errors.js";

/** Parallel syncs. The disk merges concurrent syncs; more of them would only use file descriptors. */
const SYNCS_IN_FLIGHT = 16;

/**
 * Makes a file's bytes, or a folder's entries, survive a power loss. Never retries a failed sync: the system may have dropped the
 * pages, and a second call would succeed.
 */
export async function syncPath(path: string, kind: "file" | "folder"): Promise<void> {
  const handle = await open(path, "r").catch((error: unknown) => {
    if (kind === "folder" && FOLDER_CANNOT.has(errnoOf(error) ?? "")) return undefined;
    throw error;
  });
  try {
    await handle?.sync();
  } catch (error) {
    if (kind === "file" || !FOLDER_CANNOT.has(errnoOf(error) ?? "")) throw error;
  } finally {
    await handle?.close();
  }
}

/** Windows and some network drives have no sync for folders. */
const FOLDER_CANNOT = new Set(["EISDIR", "EPERM", "EINVAL", "ENOTSUP"]);

/** Syncs a folder and everything in it, many at a time. */
export async function syncTree(root: string): Promise<void> {
  const queue: { path: string; kind: "file" | "folder" }[] = [{ path: root, kind: "folder" }];
  for (let at = 0; at < queue.length; ) {
    const batch = queue.slice(at, at + SYNCS_IN_FLIGHT);
    at += batch.length;
    if (at > 4096) {
      queue.splice(0, at);
      at = 0;
    }
    await Promise.all(
      batch.map(async ({ path, kind }) => {
        if (kind === "folder") {
          for (const entry of await readdir(path, { withFileTypes: true })) {
            if (entry.isDirectory()) queue.push({ path: join(path, entry.name), kind: "folder" });
            else if (entry.isFile()) queue.push({ path: join(path, entry.name), kind: "file" });
          }
        }
        await syncPath(path, kind);
      }),
    );
  }
}

/** Syncs the folders that `mkdir -p` has just made, from the deepest up to the one that got the first of them. */
export async function syncNewFolders(deepest: string, firstMade: string): Promise<void> {
  for (let folder = dirname(deepest); ; folder = dirname(folder)) {
    await syncPath(folder, "folder");
    if (folder.length <= dirname(firstMade).length) return;
  }
}
