import { link, lstat, rename, rm, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Stat, WriteOptions } from "../store.js";
import { conflict } from "../upload.js";
import { errnoOf } from "./errors.js";
import { writePart } from "./part-names.js";
import { absentAs, type FileRoot } from "./root.js";
import { fileEtag, fileStat } from "./stat.js";
import { syncPath } from "./sync.js";

/** Renames a finished file to `target`; `shown` is its path in messages. Checking and renaming are atomic within this process. */
export async function place(
  { sync }: Pick<FileRoot, "sync">,
  part: string,
  target: string,
  shown: string,
  { ifMatch, ifAbsent }: WriteOptions,
): Promise<Stat> {
  return serially(target, async () => {
    if (ifMatch !== undefined) {
      const now = await lstat(target, { bigint: true }).catch(absentAs(undefined));
      if (!now || fileEtag(now) !== ifMatch) throw conflict(shown);
    }
    if (ifAbsent) await linkNew(part, target, shown);
    else await rename(part, target);
    if (sync) await syncPath(dirname(target), "folder");
    return fileStat(await lstat(target, { bigint: true }));
  });
}

/** A hard link refuses to replace anything, which a rename never does. */
async function linkNew(part: string, target: string, name: string): Promise<void> {
  try {
    await link(part, target);
  } catch (error) {
    const errno = errnoOf(error) ?? "";
    if (errno === "EEXIST") throw conflict(name);
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(errno)) throw error;
    if (await lstat(target).catch(absentAs(undefined))) throw conflict(name);
    await rename(part, target);
    return;
  }
  await unlink(part);
}

/**
 * Renames a file over a file, or a folder to a free name. No system call swaps folders on all systems, so an old folder is first
 * moved aside: readers see nothing for that moment, never a mixture.
 */
export async function replaceWhole(part: string, target: string, isFolder: boolean): Promise<void> {
  const old = await lstat(target).catch(absentAs(undefined));
  if (!old || (!isFolder && !old.isDirectory())) return rename(part, target);
  const aside = writePart(basename(target));
  const asidePath = join(dirname(target), aside.name);
  try {
    await rename(target, asidePath);
    try {
      await rename(part, target);
    } catch (error) {
      await rename(asidePath, target);
      throw error;
    }
    await rm(asidePath, { recursive: true, force: true });
  } finally {
    aside.done();
  }
}

const queues = new Map<string, Promise<unknown>>();

/** One at a time for a path, in this process. */
export async function serially<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(path);
  const mine = (before ?? Promise.resolve()).then(work, work);
  const settled = mine.catch(() => {});
  queues.set(path, settled);
  try {
    return await mine;
  } finally {
    if (queues.get(path) === settled) queues.delete(path);
  }
}
