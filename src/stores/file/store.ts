import { constants, type FileHandle, lstat, open, rm, stat as statPath, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ByteRange, ReadOptions } from "../../core/bytes.js";
import { throwIfCancelled } from "../../core/cancel.js";
import { changed } from "../faults.js";
import type { IoMode } from "../io-mode.js";
import { checkKey, checkPrefix } from "../keys.js";
import { clampRange } from "../range.js";
import type {
  CreateOptions,
  Entry,
  ListOptions,
  LocalAccess,
  RemoveOptions,
  Store,
  StoreReadOptions,
  Upload,
  WriteOptions,
} from "../store.js";
import { trying } from "./errors.js";
import { childrenOf, listBelow } from "./list.js";
import { localAccess } from "./local-access.js";
import { place } from "./place.js";
import { absentAs, type FileRoot, fileRoot } from "./root.js";
import { fileEtag, fileStat } from "./stat.js";
import { streamFile } from "./stream.js";
import { syncPath } from "./sync.js";
import { fileUpload, findUploads } from "./upload.js";
import { writeWhole } from "./write-whole.js";

export interface FileStoreOptions {
  /** Wait until what was written would survive a power loss. Default true. */
  sync?: boolean | undefined;
  /** Whether code that reads and writes by path goes past the page cache. Default `auto`. */
  io?: IoMode | undefined;
}

/** One read of the system moves at most this much, so that a cancelled read of a large file ends soon. */
const READ_BYTES = 64 * 1024 * 1024;

/**
 * A local folder. A body is written to a hidden sibling, synced, and renamed to its key; then the folder is synced.
 *
 * `ifMatch` and `ifAbsent` are atomic in one process; `ifAbsent` also between processes if the file system has hard links.
 */
export function fileStore(
  folder: string,
  { sync = true, io = "auto" }: FileStoreOptions = {},
): Store & { readonly local: LocalAccess } {
  const root = fileRoot(resolve(folder), sync);
  const url = pathToFileURL(root.folder).href.replace(/\/$/, "");

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
      return trying(path, "read", () => readFile(root, path, range, ifMatch, signal));
    },
    async write(key: string, body: Uint8Array, options: WriteOptions = {}) {
      const path = root.path(key);
      throwIfCancelled(options.signal);
      return trying(path, "written", () => writeWhole(root, path, body, options));
    },
    async create(key: string, options: CreateOptions = {}): Promise<Upload> {
      const path = root.path(key);
      throwIfCancelled(options.signal);
      return trying(path, "written", async () =>
        fileUpload(key, await root.forWriting(path), path, {
          resume: options.resume,
          ...{ sync, io, size: options.size },
          place: (part, target) => place(root, part, target, path, options),
        }),
      );
    },
    async *list(prefix: string, options: ListOptions = {}): AsyncIterable<Entry> {
      checkPrefix(prefix);
      const slash = prefix.lastIndexOf("/") + 1;
      yield* listBelow(root, prefix.slice(0, slash), prefix.slice(slash), options);
    },
    async *children(folderKey: string, options: ListOptions = {}): AsyncIterable<Entry> {
      const bare = checkKey(folderKey, "folder");
      yield* childrenOf(root, bare === "" ? "" : `${bare}/`, options);
    },
    async remove(key: string, { lasting = true, signal }: RemoveOptions = {}) {
      const path = root.path(key, "either");
      throwIfCancelled(signal);
      await trying(path, "removed", () => removeNow(root, path, key.endsWith("/"), lasting && root.sync));
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
    local: localAccess(root, io),
  };
}

async function readFile(root: FileRoot, path: string, range?: ByteRange, ifMatch?: string, signal?: AbortSignal) {
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
}

/** Opens the file of a key. Does not wait for a writer if the file is a pipe. */
async function openFile(root: FileRoot, path: string): Promise<FileHandle | undefined> {
  const real = await root.real(path);
  if (real === undefined) return undefined;
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);
  return open(real, flags).catch(absentAs(undefined));
}

async function readRange(handle: FileHandle, { offset, length }: ByteRange, path: string, signal?: AbortSignal) {
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

async function removeNow(root: FileRoot, path: string, isFolder: boolean, sync: boolean): Promise<void> {
  const parent = await root.real(dirname(path));
  if (parent === undefined) return;
  const target = join(parent, basename(path));
  const found = await lstat(target).catch(absentAs(undefined));
  if (!found) return;
  if (isFolder) {
    // The target of a link is not below this key.
    if (found.isDirectory()) await rm(target, { recursive: true, force: true });
  } else if (!found.isDirectory()) await unlink(target).catch(absentAs(undefined));
  else return;
  if (sync) await syncPath(parent, "folder");
}
