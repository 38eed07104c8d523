import { closeSync, constants, openSync, readSync, statfsSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { systemClock } from "../../core/clock.js";
import { LIMITS } from "../../core/limits.js";
import { pageMemory } from "../../system/page-memory.js";
import type { IoMode } from "../io-mode.js";
import { errnoOf } from "./errors.js";
import { writeFully } from "./write-fully.js";

/** Offsets, lengths and addresses of direct transfers are multiples of it: devices have logical blocks of 512 or 4096 bytes. */
export const PAGE_BYTES = 4096;
/** Shorter transfers go through the cache: one by one a disk is slower than memory. */
const TRANSFER_BYTES_MIN = 32 * 2 ** 10;
/** From this size on a file is worth direct transfers. */
export const LONG_FILE_BYTES = 64 * 2 ** 20;
/**
 * File systems on which direct transfers were seen to be quicker, by their numbers from statfs(2): ext4, XFS, and an overlay,
 * which hands on to what lies below.
 */
const QUICKER = new Set([0xef53, 0x58465342, 0x794c7630]);
/** Faster than disks read through the cache, slower than memory is copied. */
const CACHED_BYTES_PER_MS = 3 * 2 ** 20;
const PROBE_BYTES = 2 ** 20;
/** Most bytes of one system call. */
const READ_BYTES = LIMITS.chunkBytes;

export const pagesBelow = (bytes: number): number => bytes - (bytes % PAGE_BYTES);
export const pagesAbove = (bytes: number): number => Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;

/** Whether a file of so many bytes is to be written past the cache. @param folder of the file, which exists */
export function writesDirect(mode: IoMode, folder: string, bytes: number): boolean {
  if (mode !== "auto") return mode === "direct";
  return bytes >= LONG_FILE_BYTES && isQuicker(folder);
}

/** Whether so many bytes of a file are to be read past the cache: not where they are in it already. @param least fewer go through it */
export function readsDirect(
  mode: IoMode,
  path: string,
  { offset, length }: { offset: number; length: number },
  least: number = LONG_FILE_BYTES,
): boolean {
  if (mode !== "auto") return mode === "direct";
  return length >= least && isQuicker(path) && !isCached(path, offset, length);
}

function isQuicker(path: string): boolean {
  try {
    return QUICKER.has(statfsSync(path).type);
  } catch {
    return false; // who opens it tells why
  }
}

/** No system call of Node's tells what is in the cache; the time that a few pieces take does. */
function isCached(path: string, offset: number, length: number): boolean {
  const bytes = Math.min(PROBE_BYTES, length);
  const piece = new Uint8Array(bytes).fill(1); // so that it has pages before the clock runs
  const places = length >= LONG_FILE_BYTES ? [1 / 4, 1 / 2, 3 / 4] : [1 / 2];
  const fd = openSync(path, "r");
  try {
    const times = places.map((share) => {
      const began = systemClock.monotonic();
      readSync(fd, piece, 0, bytes, offset + Math.floor((length - bytes) * share));
      return systemClock.monotonic() - began;
    });
    return bytes / times.sort((a, b) => a - b)[Math.floor(times.length / 2)]! >= CACHED_BYTES_PER_MS;
  } finally {
    closeSync(fd);
  }
}

/** Opens a file past the cache; undefined where the system or the file system has no such thing. @throws as `openSync` for other reasons */
export function openDirect(path: string, flags: number): number | undefined {
  if (constants.O_DIRECT === undefined) return undefined; // macOS, Windows
  try {
    return openSync(path, flags | constants.O_DIRECT, 0o666);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** Whether an error is a refusal of the transfer: some file systems take the flag, and refuse then. */
export function isRefusal(error: unknown): boolean {
  return ["EINVAL", "ENOTSUP", "EOPNOTSUPP"].includes(errnoOf(error) ?? "");
}

/** A file, open through the cache, and past it as long as it lets itself be. */
export interface DirectFile {
  readonly fd: number;
  direct: number | undefined;
}

/** @param isDirect whether to try past the cache. @param flags of a file that exists */
export function openBoth(path: string, flags: "r" | "r+", isDirect: boolean): DirectFile {
  const fd = openSync(path, flags);
  try {
    return { fd, direct: isDirect ? openDirect(path, flags === "r" ? constants.O_RDONLY : constants.O_WRONLY) : undefined };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

export function closeBoth({ fd, direct }: DirectFile): void {
  closeSync(fd);
  if (direct !== undefined) closeSync(direct);
}

/** Room on a page of memory that transfers go by way of: `bytes` from `at`, both multiples of a page. */
export interface Window {
  readonly memory: Uint8Array;
  readonly at: number;
  readonly bytes: number;
}

/** A window in a memory of its own. @param bytes a multiple of 64 KiB */
export const newWindow = (bytes: number): Window => ({ memory: pageMemory(bytes), at: 0, bytes });

/** Reads so many bytes at a position to an address of a memory, or what there is until the file ends. Returns how many. */
export function readLong(
  file: DirectFile,
  memory: Uint8Array,
  window: Window,
  { at, length, position }: { at: number; length: number; position: number },
): number {
  let done = 0;
  while (file.direct !== undefined && length - done >= TRANSFER_BYTES_MIN) {
    const from = pagesBelow(position + done);
    const skip = position + done - from;
    const wanted = Math.min(window.bytes, pagesAbove(skip + length - done));
    const read = transfer(file, (fd) => readSync(fd, window.memory, window.at, wanted, from));
    if (read === undefined) break;
    const some = Math.min(read - skip, length - done);
    if (some <= 0) return done;
    memory.set(window.memory.subarray(window.at + skip, window.at + skip + some), at + done);
    done += some;
  }
  while (done < length) {
    const read = readSync(file.fd, memory, at + done, length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

/** Writes bytes of a memory, which begins on a page, to a position. What shares a page with a neighbour goes through the cache; no two transfers touch one page in both ways. */
export function writeLong(
  file: DirectFile,
  memory: Uint8Array,
  window: Window,
  { at, length, position }: { at: number; length: number; position: number },
): void {
  const end = pagesBelow(position + length);
  let next = position;
  if (file.direct !== undefined && end - pagesAbove(position) >= TRANSFER_BYTES_MIN) {
    next = pagesAbove(position);
    writeAll(file.fd, memory, at, next - position, position);
    while (next < end) {
      const from = at + next - position;
      const some = Math.min(window.bytes, end - next);
      const isOnPage = from % PAGE_BYTES === 0;
      if (!isOnPage) window.memory.set(memory.subarray(from, from + some), window.at);
      const written = transfer(file, (fd) =>
        isOnPage ? writeSync(fd, memory, from, some, next) : writeSync(fd, window.memory, window.at, some, next),
      );
      // a full disk takes a part of it, and tells why when it is asked for the rest
      if (written === undefined || written < PAGE_BYTES) break;
      next += pagesBelow(written);
    }
  }
  writeAll(file.fd, memory, at + next - position, position + length - next, next);
}

/** A file for transfers that do not block this thread: open through the cache, and past it as long as it lets itself be. */
export interface DirectHandles {
  readonly handle: FileHandle;
  direct: FileHandle | undefined;
}

/** Opens a file for reads of it all, past the cache as the mode says. @throws as `open` */
export async function openToRead(path: string, mode: IoMode): Promise<DirectHandles> {
  const handle = await open(path, "r");
  try {
    const { size: length } = await handle.stat();
    return { handle, direct: readsDirect(mode, path, { offset: 0, length }) ? await openDirectHandle(path, "r") : undefined };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Opens a file that exists for writes, past the cache as the mode says. @param bytes that it will have @throws as `open` */
export async function openToWrite(path: string, mode: IoMode, bytes: number): Promise<DirectHandles> {
  const handle = await open(path, "r+");
  try {
    return { handle, direct: writesDirect(mode, path, bytes) ? await openDirectHandle(path) : undefined };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

export async function closeHandles({ handle, direct }: DirectHandles): Promise<void> {
  await handle.close();
  await direct?.close();
}

/** Opens a file that exists past the cache, too; undefined where it cannot be. @throws as `open` for other reasons */
export async function openDirectHandle(path: string, flags: "r" | "r+" = "r+"): Promise<FileHandle | undefined> {
  if (constants.O_DIRECT === undefined) return undefined;
  return open(path, constants.O_DIRECT | (flags === "r" ? constants.O_RDONLY : constants.O_WRONLY)).catch((error: unknown) => {
    if (isRefusal(error)) return undefined;
    throw error;
  });
}

/** Like `writeLong`, with bytes that lie on their pages of memory as they will on those of the file, and in calls that may overlap. */
export async function writePages(file: DirectHandles, bytes: Uint8Array, position: number): Promise<void> {
  const end = position + bytes.length;
  const isAlike = bytes.byteOffset % PAGE_BYTES === position % PAGE_BYTES;
  const [first, last] = [pagesAbove(position), pagesBelow(end)];
  let next = position;
  if (file.direct && isAlike && last - first >= TRANSFER_BYTES_MIN) {
    await writeFully(file.handle, bytes.subarray(0, first - position), position);
    next = first;
    while (next < last && file.direct) {
      const from = next;
      const pages = bytes.subarray(from - position, last - position);
      const written = await transferPages(
        file,
        async (handle) => (await handle.write(pages, 0, pages.length, from)).bytesWritten,
      );
      if (written === undefined || written < PAGE_BYTES) break;
      next += pagesBelow(written);
    }
  }
  await writeFully(file.handle, bytes.subarray(next - position), next);
}

/** Reads what there is from a position: whole pages past the cache where the memory begins on a page, too. Returns how many bytes. */
export async function readPages(file: DirectHandles, into: Uint8Array, position: number): Promise<number> {
  const isAlike = into.byteOffset % PAGE_BYTES === 0 && position % PAGE_BYTES === 0;
  const last = isAlike ? pagesBelow(into.length) : 0;
  let done = 0;
  while (file.direct && last - done >= TRANSFER_BYTES_MIN) {
    const from = done;
    const some = Math.min(last - from, READ_BYTES);
    const read = await transferPages(file, async (handle) => (await handle.read(into, from, some, position + from)).bytesRead);
    if (read === undefined) break;
    done += read;
    if (read < some) return done; // where the file ends
  }
  while (done < into.length) {
    const { bytesRead } = await file.handle.read(into, done, Math.min(READ_BYTES, into.length - done), position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** @returns undefined where the file refuses direct transfers: from now on it is asked for none. */
async function transferPages(file: DirectHandles, work: (direct: FileHandle) => Promise<number>): Promise<number | undefined> {
  try {
    return await work(file.direct!);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // others may be under way with it: the handle is closed when the last of them is done
    const refused = file.direct;
    file.direct = undefined;
    await refused?.close();
    return undefined;
  }
}

/** @returns undefined where the file refuses direct transfers: from now on it is asked for none. */
function transfer(file: DirectFile, work: (fd: number) => number): number | undefined {
  try {
    return work(file.direct!);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    closeSync(file.direct!);
    file.direct = undefined;
    return undefined;
  }
}

export function writeAll(fd: number, memory: Uint8Array, at: number, length: number, position: number): void {
  for (let done = 0; done < length; ) done += writeSync(fd, memory, at + done, length - done, position + done);
}
