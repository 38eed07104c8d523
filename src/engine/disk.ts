import { open, rm, rmdir } from "node:fs/promises";
import { errnoOf } from "../stores/file/errors.js";

/** Syncs a folder, so that a rename or a new file in it survives a power loss, if the system can do that for folders. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync();
  } catch (error) {
    if (!["EISDIR", "EPERM", "EINVAL", "ENOTSUP"].includes(errnoOf(error) ?? "")) throw error;
  } finally {
    await handle?.close();
  }
}

/** Removes a file, or a folder with its contents. Does nothing if it does not exist. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Removes a folder if nothing is in it. Anything put there meanwhile is safe: the system refuses. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(errnoOf(error) ?? "")) throw error;
  }
}
