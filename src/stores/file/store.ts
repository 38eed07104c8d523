import { constants, type FileHandle, link, lstat, open, rename, rm, stat as statPath, unlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ByteRange, ReadOptions } from "../../core/bytes.js";
import { cancelled, throwIfCancelled } from "../../core/cancel.js";
import { EmporiumError } from "../../core/errors.js";
import { changed } from "../faults.js";
import { checkKey, checkPrefix } from "../keys.js";
import { clampRange } from "../range.js";
import type { CreateOptions, Entry, LocalAccess, Stat, Store, StoreReadOptions, Upload, WriteOptions } from "../store.js";
import { conflict } from "../upload.js";
import { errnoOf, fileError } from "./errors.js";
import { childrenOf, listBelow } from "./list.js";
import { partName, writePart } from "./part-names.js";
import { absentAs, type FileRoot, fileRoot } from "./root.js";
import { fileEtag, fileStat } from "./stat.js";
import { streamFile } from "./stream.js";
import { syncPath, syncTree } from "./sync.js";
import { fileUpload, findUploads } from "./upload.js";

export interface FileStoreOptions {
  /** Wait until what was written would survive a power loss. Default true. */
  sync?: boolean | undefined;
}

/** One read of the system moves at most this much, so that a cancelled read of a large file ends soon. */
const READ_BYTES = 64 * 1024 * 1024;

const PART_ATTEMPTS = 5;

/**
 * A folder of this machine. A body is written to a hidden sibling, synced, and renamed to its key; then the folder is synced.
 *
 * `ifMatch` and `ifAbsent` are atomic among all stores of one process; `ifAbsent` also among processes where the disk has hard links.
 */
export function fileStore(folder: string, { sync = true }: FileStoreOptions = {}): Store & { readonly local: LocalAccess } {
  const root = fileRoot(resolve(folder), sync);
  const url = pathToFileURL(root.folder).href.replace(/\/$/, "");

  /** Renames a finished file to its key. Checking and renaming are atomic within this process. */
  async function place(part: string, target: string, key: string, { ifMatch, ifAbsent }: WriteOptions): Promise<Stat> {
    return serially(target, async () => {
      if (ifMatch !== undefined) {
        const now = await lstat(target, { bigint: true }).catch(absentAs(undefined));
        if (!now || fileEtag(now) !== ifMatch) throw conflict(root.path(key));
      }
      if (ifAbsent) await linkNew(part, target, root.path(key));
      else await rename(part, target);
      if (sync) await syncPath(dirname(target), "folder");
      return fileStat(await lstat(target, { bigint: true }));
    });
  }

  async function removeNow(key: string): Promise<void> {
    const path = root.path(key, "either");
    const parent = await root.real(dirname(path));
    if (parent === undefined) return;
    const target = join(parent, basename(path));
    const found = await lstat(target).catch(absentAs(undefined));
    if (!found) return;
    if (key.endsWith("/")) {
      // The target of a link is not below this key.
      if (found.isDirectory()) await rm(target, { recursive: true, force: true });
    } else if (!found.isDirectory()) await unlink(target).catch(absentAs(undefined));
    else return;
    if (sync) await syncPath(parent, "folder");
  }

  /** A new part file beside its target. Another process may remove the folder, which is empty, just before: then it is made again. */
  async function openPart(path: string, name: string) {
    for (let attempt = 1; ; attempt++) {
      try {
        const target = await root.forWriting(path);
        const partPath = join(dirname(target), name);
        return { target, partPath, handle: await open(partPath, "wx") };
      } catch (error) {
        if (errnoOf(error) !== "ENOENT" || attempt === PART_ATTEMPTS) throw error;
      }
    }
  }

  return {
    url,
    features: { ranges: true, conditionalWrites: true, atomicReplace: true, writable: true },
    async stat(key: string, { signal }: ReadOptions = {}) {
      const path = root.path(key);
      throwIfCancelled(signal);
      return trying(path, "read", async () => {
        const real = await root.real(path);
        const found = real === undefined ? undefined : await statPath(real, { bigint: true }).catch(absentAs(undefined));
        return found?.isFile() ? fileStat(found) : undefined;
      });
    },
    async read(key: string, range?: ByteRange, { ifMatch, signal }: StoreReadOptions = {}) {
      const path = root.path(key);
      throwIfCancelled(signal);
      return trying(path, "read", async () => {
        const handle = await openFile(root, path);
        if (!handle) return undefined;
        try {
          const before = await handle.stat({ bigint: true });
          if (!before.isFile()) return undefined;
          if (ifMatch !== undefined && fileEtag(before) !== ifMatch) throw changed(path);
          const bytes = await readRange(handle, clampRange(range, Number(before.size)), path, signal);
          // A program that writes into the file, instead of renaming a new one over it, could have done so just now.
          if (bytes.length > 0 && fileEtag(await handle.stat({ bigint: true })) !== fileEtag(before)) throw changed(path);
          return bytes;
        } finally {
          await handle.close();
        }
      });
    },
    async write(key: string, body: Uint8Array, options: WriteOptions = {}) {
      const path = root.path(key);
      throwIfCancelled(options.signal);
      return trying(path, "written", async () => {
        const part = writePart(basename(path));
        const { target, partPath, handle } = await openPart(path, part.name).catch((error: unknown) => {
          part.done();
          throw error;
        });
        try {
          try {
            await writeFile(handle, body, { signal: options.signal });
            if (sync) await handle.sync();
          } finally {
            await handle.close();
          }
          return await place(partPath, target, key, options);
        } catch (error) {
          await rm(partPath, { force: true });
          throw options.signal?.aborted ? cancelled(options.signal) : error;
        } finally {
          part.done();
        }
      });
    },
    async create(key: string, options: CreateOptions = {}): Promise<Upload> {
      const path = root.path(key);
      throwIfCancelled(options.signal);
      return trying(path, "written", async () =>
        fileUpload(key, await root.forWriting(path), path, {
          resume: options.resume,
          sync,
          place: (part, target) => place(part, target, key, options),
        }),
      );
    },
    async *list(prefix: string, { signal }: ReadOptions = {}): AsyncIterable<Entry> {
      checkPrefix(prefix);
      const slash = prefix.lastIndexOf("/") + 1;
      yield* listBelow(root, prefix.slice(0, slash), prefix.slice(slash), signal);
    },
    async *children(folderKey: string, { signal }: ReadOptions = {}): AsyncIterable<Entry> {
      const bare = checkKey(folderKey, "folder");
      yield* childrenOf(root, bare === "" ? "" : `${bare}/`, signal);
    },
    async remove(key: string, { signal }: ReadOptions = {}) {
      const path = root.path(key, "either");
      throwIfCancelled(signal);
      await trying(path, "removed", () => removeNow(key));
    },
    async *openUploads(key: string, { signal }: ReadOptions = {}) {
      if (key !== "") checkKey(key, "either");
      yield* findUploads(root, key, signal);
    },
    async stream(key: string, from?: { offset: number; length?: number | undefined }, options: StoreReadOptions = {}) {
      const path = root.path(key);
      throwIfCancelled(options.signal);
      return trying(path, "read", async () => {
        const handle = await openFile(root, path);
        return handle && streamFile(handle, path, from, options);
      });
    },
    local: {
      sync,
      path: (key) => root.path(key, "folder"),
      async partPath(key, tag) {
        const path = root.path(key, "either");
        if (!/^[A-Za-z0-9_-]{1,64}$/.test(tag))
          throw new EmporiumError("INTERNAL", `a part's tag is a short plain word, found ${tag}`);
        return trying(path, "written", async () => join(dirname(await root.forWriting(path)), partName(basename(path), tag)));
      },
      async adopt(partPath, key) {
        const path = root.path(key, "either");
        await trying(path, "written", async () => {
          const isFolder = (await lstat(partPath)).isDirectory();
          if (sync) await (isFolder ? syncTree(partPath) : syncPath(partPath, "file"));
          const target = await root.forWriting(path);
          await serially(target, async () => {
            await replaceWhole(partPath, target, isFolder);
            if (sync) await syncPath(dirname(target), "folder");
          });
        });
      },
    },
  };
}

/** Opens the file of a key. Does not wait for a writer if the file is a pipe. */
async function openFile(root: FileRoot, path: string): Promise<FileHandle | undefined> {
  const real = await root.real(path);
  if (real === undefined) return undefined;
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);
  return open(real, flags).catch(absentAs(undefined));
}

async function readRange(
  handle: FileHandle,
  { offset, length }: ByteRange,
  path: string,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    throwIfCancelled(signal);
    const { bytesRead } = await handle.read(bytes, done, Math.min(READ_BYTES, length - done), offset + done);
    if (bytesRead === 0) throw changed(path);
    done += bytesRead;
  }
  return bytes;
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
 * A file replaces a file, and a folder takes a free name, by one rename. No system call swaps folders everywhere, so an old folder
 * is moved aside first: for that moment readers see nothing, never a mixture.
 */
async function replaceWhole(part: string, target: string, isFolder: boolean): Promise<void> {
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
async function serially<T>(path: string, work: () => Promise<T>): Promise<T> {
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

async function trying<T>(path: string, verb: "read" | "written" | "removed", work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, path, verb);
  }
}
