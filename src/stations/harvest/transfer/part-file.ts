import { type FileHandle, mkdir, open, rename, rm, statfs, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import { formatBytes } from "../../../core/units.js";
import { type DirectHandles, openDirectHandle, writePages, writesDirect } from "../../../stores/file/direct.js";
import { errnoOf, fileError } from "../../../stores/file/errors.js";
import { syncPath } from "../../../stores/file/sync.js";
import type { IoMode } from "../../../stores/io-mode.js";
import { partPathOf, statePathOf } from "./part-paths.js";
import { type RangeSet, type Ranges, rangeSet } from "./ranges.js";
import { bootOfSystem, type PartState, removeState, stateText, writeState } from "./state.js";

/** The unfinished file, with the state beside it, which lists the bytes that a later run may keep. */
export interface PartFile {
  /** Handle of the file, for a thread that reads behind the writes. */
  readonly handle: FileHandle;
  /** Whether bytes go past the page cache, provided that they lie on pages of memory as on those of the file. */
  readonly isDirect: boolean;
  /** Ranges of the file that are written, those of an earlier run included. */
  readonly done: RangeSet;
  /** Has `replace` write the state from now on, or with undefined this module again. Resolves when no such write is under way. */
  delegate(replace: ((path: string, text: string) => Promise<void>) | undefined): Promise<void>;
  /** Calls may overlap; their ranges must not. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Saves the state for a later run, and closes. */
  suspend(): Promise<void>;
  /** Starts to sync the written bytes. Errors come with `finish`. */
  flush(): void;
  /** Cuts to the size, syncs, sets the time, renames to the target and removes the state. */
  finish(size: number, modifiedMs: number | undefined): Promise<void>;
  /** Closes and removes everything. */
  discard(): Promise<void>;
}

export interface PartFileOptions {
  target: string;
  /** The object, for the state. Without it there is no state. */
  object?: Pick<PartState, "source" | "size" | "etag" | "modifiedMs"> | undefined;
  /** Expected bytes, if they are known without `object`. */
  size?: number | undefined;
  /** Ranges of an earlier run that are kept, and those of them that reached the disk. */
  done: Ranges;
  synced?: Ranges | undefined;
  sync: boolean;
  /** Past the page cache or through it. Default: through it. */
  io?: IoMode | undefined;
  clock: Clock;
}

/** A new state is written after this many bytes; past the second number writes wait for it. A kill then costs 8 MiB at most. */
const STATE_BYTES = 3 * 1024 * 1024;
const UNSAVED_BYTES_MAX = 4 * 1024 * 1024;
/** A power loss may cost this much. Syncing every state would halve the speed. */
const STATE_SYNC_BYTES = 512 * 1024 * 1024;
/** The file is synced piece by piece, so that the last sync is short. Pieces are smaller where bytes arrive slowly. */
const SYNC_BYTES = 64 * 1024 * 1024;
const SYNC_BYTES_SLOW = 8 * 1024 * 1024;
const SYNC_MS = 500;
/** Free disk space that is required, as a multiple of the bytes to come. Not asked for less than the second number. */
const ROOM_SHARE = 1.05;
const ROOM_BYTES_MIN = 8 * 1024 * 1024;

export async function openPartFile(options: PartFileOptions): Promise<PartFile> {
  const { target, object, sync, clock } = options;
  const path = partPathOf(target);
  const statePath = statePathOf(target);
  const done = rangeSet(options.done);
  const file = await openWithRoom(options, done.bytes).catch((error: unknown) => {
    throw fileError(error, path, "written");
  });
  const { handle } = file;
  /** The first failure behind the writes; the next write throws it. */
  let failure: unknown;
  const onFailure = (error: unknown) => {
    failure ??= error;
  };
  const disk = diskSync(handle, done, options, onFailure);
  const state = object && stateWriter(object, done, disk, options, onFailure);
  const settle = async () => {
    await state?.settle();
    await disk.running;
  };

  const close = async () => {
    await file.direct?.close();
    await handle.close();
  };

  return {
    handle,
    isDirect: file.direct !== undefined,
    done,
    async delegate(other) {
      await state?.delegate(other);
    },
    async write(bytes, offset) {
      if (failure) throw fileError(failure, path, "written");
      try {
        await writePages(file, bytes, offset);
      } catch (error) {
        throw fileError(error, path, "written");
      }
      done.add(offset, offset + bytes.length);
      await state?.keepUp();
      if (sync && disk.isDue()) disk.start();
    },
    async suspend() {
      await settle();
      try {
        await state?.finish();
      } finally {
        await close();
      }
    },
    flush() {
      if (sync) disk.start();
    },
    async finish(size, modifiedMs) {
      await settle();
      if (failure) throw fileError(failure, path, "written");
      try {
        if (!object) await handle.truncate(size);
        if (sync) await handle.sync();
        await close();
        if (modifiedMs !== undefined) await utimes(path, new Date(clock.now()), new Date(modifiedMs));
        await rename(path, target);
        if (sync) await syncFolder(dirname(target));
      } catch (error) {
        throw fileError(error, target, "written");
      }
      if (object) await removeState(statePath);
    },
    async discard() {
      await settle();
      await close();
      await removePart(target);
    },
  };
}

type DiskSync = ReturnType<typeof diskSync>;

/** Syncs the file behind the writes, one sync at a time. A sync that failed is never tried again. */
function diskSync(
  handle: FileHandle,
  done: RangeSet,
  { synced = [], clock }: PartFileOptions,
  onFailure: (error: unknown) => void,
) {
  let sentBytes = rangeSet(synced).bytes;
  let sentMs = clock.monotonic();
  const disk = {
    synced,
    syncedBytes: sentBytes,
    running: undefined as Promise<void> | undefined,
    isDue: () => !disk.running && done.bytes - sentBytes >= (clock.monotonic() - sentMs > SYNC_MS ? SYNC_BYTES_SLOW : SYNC_BYTES),
    start() {
      const ranges = done.ranges.map(([from, to]) => [from, to] as const);
      const bytes = done.bytes;
      sentBytes = bytes;
      sentMs = clock.monotonic();
      disk.running ??= handle
        .datasync()
        .then(() => {
          disk.synced = ranges;
          disk.syncedBytes = bytes;
        }, onFailure)
        .finally(() => {
          disk.running = undefined;
        });
    },
  };
  return disk;
}

/** Writes the state behind the writes, one at a time. */
function stateWriter(
  object: NonNullable<PartFileOptions["object"]>,
  done: RangeSet,
  disk: DiskSync,
  { target, sync, clock }: PartFileOptions,
  onFailure: (error: unknown) => void,
) {
  const path = statePathOf(target);
  /** Written bytes by the newest state, which may still be on its way to the disk; `keptBytes`: by the state in its place. */
  let savedBytes = done.bytes;
  let keptBytes = done.bytes;
  let durableBytes = 0;
  let replace: ((path: string, text: string) => Promise<void>) | undefined;
  let saving: Promise<void> | undefined;

  async function save(): Promise<void> {
    const bytes = done.bytes;
    savedBytes = bytes;
    const { synced, syncedBytes } = disk;
    const durable = sync && syncedBytes - durableBytes >= STATE_SYNC_BYTES;
    if (durable) durableBytes = syncedBytes;
    const text = stateText({ ...object, written: done.ranges, synced, boot: bootOfSystem(clock) });
    await (replace && !durable ? replace(path, text) : writeState(path, text, durable));
    keptBytes = bytes;
  }

  function saveSoon(): void {
    if (done.bytes - savedBytes < STATE_BYTES) return;
    saving ??= save()
      .catch(onFailure)
      .finally(() => {
        saving = undefined;
        saveSoon();
      });
  }

  return {
    async keepUp() {
      saveSoon();
      while (saving && done.bytes - keptBytes > UNSAVED_BYTES_MAX) await saving;
    },
    async delegate(other: typeof replace) {
      replace = other;
      await saving;
    },
    async settle() {
      while (saving) await saving;
    },
    async finish() {
      replace = undefined;
      if (done.bytes > keptBytes) await save();
    },
  };
}

/** Removes the unfinished file of an earlier run, and its state. */
export async function removePart(target: string): Promise<void> {
  await rm(partPathOf(target), { force: true });
  await removeState(statePathOf(target));
}

/** Opens `<target>.part`, at the object's size where that is known. */
async function openWithRoom(options: PartFileOptions, done: number): Promise<DirectHandles> {
  const { target, object, size = object?.size, io = "buffered" } = options;
  const path = partPathOf(target);
  const flags = done > 0 ? "r+" : "w+";
  const handle = await open(path, flags).catch(async (error: unknown) => {
    if (done > 0 || errnoOf(error) !== "ENOENT") throw error;
    await mkdir(dirname(target), { recursive: true });
    return open(path, flags);
  });
  try {
    if (size !== undefined) {
      await checkRoom(target, size - done);
      await handle.truncate(size);
    }
    const isDirect = size !== undefined && writesDirect(io, dirname(target), size);
    return { handle, direct: isDirect ? await openDirectHandle(path) : undefined };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function checkRoom(target: string, bytes: number): Promise<void> {
  if (bytes < ROOM_BYTES_MIN) return;
  const disk = await statfs(dirname(target)).catch(() => undefined);
  if (!disk) return; // a file system that does not tell
  const free = disk.bavail * disk.bsize;
  const need = bytes * ROOM_SHARE;
  if (free >= need) return;
  throw new EmporiumError("DISK_FULL", `${target} needs ${formatBytes(Math.ceil(need))}, ${formatBytes(free)} are free`, {
    place: { file: target },
    hint: `free ${formatBytes(Math.ceil(need - free))}, or choose another target, then run the same command again`,
  });
}

interface FolderSync {
  running: Promise<void>;
  next?: Promise<void>;
}

const folderSyncs = new Map<string, FolderSync>();

/** Syncs the entries of a folder. Calls that come while one sync runs share the next one, which begins after their renames. */
function syncFolder(folder: string): Promise<void> {
  const start = (): Promise<void> => {
    const state: FolderSync = { running: syncPath(folder, "folder") };
    folderSyncs.set(folder, state);
    const over = () => {
      if (folderSyncs.get(folder) === state && !state.next) folderSyncs.delete(folder);
    };
    state.running.then(over, over);
    return state.running;
  };
  const state = folderSyncs.get(folder);
  if (!state) return start();
  state.next ??= state.running.then(start, start);
  return state.next;
}
