import { type FileHandle, mkdir, open, rename, rm, statfs, utimes } from "node:fs/promises";
import { dirname } from "node:path";
import type { Clock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import { formatBytes } from "../../../core/units.js";
import { errnoOf, fileError } from "../../../stores/file/errors.js";
import { syncPath } from "../../../stores/file/sync.js";
import { type RangeSet, type Ranges, rangeSet } from "./ranges.js";
import { bootOfSystem, type PartState, removeState, stateText, writeState } from "./state.js";

export const partPathOf = (target: string) => `${target}.part`;
export const statePathOf = (target: string) => `${target}.part.json`;

/** The unfinished file: bytes by their place, and beside it what of them a later run may keep. */
export interface PartFile {
  /** For whoever reads behind the writes. */
  readonly handle: FileHandle;
  /** What has been written. */
  readonly done: RangeSet;
  /** Another who writes the state from now on. Resolves when nothing of the one before is under way. */
  delegate(replace: ((path: string, text: string) => Promise<void>) | undefined): Promise<void>;
  /** Calls may overlap; their ranges must not. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** Makes what was written findable by a later run, and closes. */
  suspend(): Promise<void>;
  /** Begins to send what is written to the disk. Errors come with `finish`. */
  flush(): void;
  /** Cuts to the size, syncs, sets the time, renames to the target and forgets the state. */
  finish(size: number, modifiedMs: number | undefined): Promise<void>;
  /** Closes and removes everything. */
  discard(): Promise<void>;
}

export interface PartFileOptions {
  target: string;
  /** What the state says of the object; without it none is kept. */
  object?: Pick<PartState, "source" | "size" | "etag" | "modifiedMs"> | undefined;
  /** Bytes that will come, where that is known without `object`. */
  size?: number | undefined;
  /** Ranges of an earlier run that are kept, and what of them had reached the disk. */
  done: Ranges;
  synced?: Ranges | undefined;
  sync: boolean;
  clock: Clock;
}

/** A state is written as soon as so much has come since the last one, and writes wait for it when so much has: a kill may cost 8 MiB in all. */
const STATE_BYTES = 3 * 1024 * 1024;
const UNSAVED_BYTES_MAX = 4 * 1024 * 1024;
/** A state that is lost with the power costs the time of fetching all again, so it is synced now and then. (Syncing every one would halve the speed.) */
const STATE_SYNC_BYTES = 512 * 1024 * 1024;
/** The disk gets so much at a time, so that the last sync finds little to do; less where that took a while to come. */
const SYNC_BYTES = 64 * 1024 * 1024;
const SYNC_BYTES_LATER = 8 * 1024 * 1024;
const SYNC_MS = 500;
/** Room beyond the file's size that must be there. */
const ROOM_SHARE = 1.05;
/** For less, nobody asks how full the disk is. */
const ROOM_BYTES_MIN = 8 * 1024 * 1024;

export async function openPartFile(options: PartFileOptions): Promise<PartFile> {
  const { target, object, sync, clock } = options;
  const path = partPathOf(target);
  const statePath = statePathOf(target);
  const done = rangeSet(options.done);
  const handle = await openForWriting(path, target, done.bytes > 0).catch((error: unknown) => {
    throw fileError(error, path, "written");
  });
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await handle.close();
  };
  const size = object?.size ?? options.size;
  if (size !== undefined) {
    try {
      await checkRoom(target, size - done.bytes);
      await handle.truncate(size);
    } catch (error) {
      await close();
      throw fileError(error, path, "written");
    }
  }

  let synced: Ranges = options.synced ?? [];
  let syncedBytes = rangeSet(synced).bytes;
  /** What was sent to the disk, and when: `synced` once it has arrived. */
  let sentBytes = syncedBytes;
  let sentMs = clock.monotonic();
  let savedBytes = done.bytes;
  /** What the state that is in its place tells of; `savedBytes` is that of the one that is being written. */
  let keptBytes = done.bytes;
  let durableBytes = 0;
  let replace: ((path: string, text: string) => Promise<void>) | undefined;
  /** The saving or syncing that is under way; at most one of each. */
  let saving: Promise<void> | undefined;
  let syncing: Promise<void> | undefined;
  /** The first failure behind the writes; the next write throws it. A sync that failed is never tried again. */
  let failure: unknown;

  function copyOf(ranges: Ranges): Ranges {
    return ranges.map(([from, to]) => [from, to] as const);
  }

  async function save(): Promise<void> {
    const bytes = done.bytes;
    savedBytes = bytes;
    const durable = sync && syncedBytes - durableBytes >= STATE_SYNC_BYTES;
    if (durable) durableBytes = syncedBytes;
    const text = stateText({ ...object!, written: done.ranges, synced, boot: bootOfSystem(clock) });
    await (replace && !durable ? replace(statePath, text) : writeState(statePath, text, durable));
    keptBytes = bytes;
  }

  function saveSoon(): void {
    saving ??= save()
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => {
        saving = undefined;
        if (done.bytes - savedBytes >= STATE_BYTES) saveSoon();
      });
  }

  function syncSoon(): void {
    const ranges = copyOf(done.ranges);
    const bytes = done.bytes;
    sentBytes = bytes;
    sentMs = clock.monotonic();
    syncing ??= handle
      .datasync()
      .then(
        () => {
          synced = ranges;
          syncedBytes = bytes;
        },
        (error: unknown) => {
          failure ??= error;
        },
      )
      .finally(() => {
        syncing = undefined;
      });
  }

  async function settle(): Promise<void> {
    while (saving || syncing) await (saving ?? syncing);
  }

  return {
    handle,
    done,
    async delegate(other) {
      replace = other;
      await saving;
    },
    async write(bytes, offset) {
      if (failure) throw fileError(failure, path, "written");
      try {
        for (let over = 0; over < bytes.length; ) {
          over += (await handle.write(bytes, over, bytes.length - over, offset + over)).bytesWritten;
        }
      } catch (error) {
        throw fileError(error, path, "written");
      }
      done.add(offset, offset + bytes.length);
      if (object && done.bytes - savedBytes >= STATE_BYTES) saveSoon();
      while (object && saving && done.bytes - keptBytes > UNSAVED_BYTES_MAX) await saving;
      if (sync && !syncing && done.bytes - sentBytes >= (clock.monotonic() - sentMs > SYNC_MS ? SYNC_BYTES_LATER : SYNC_BYTES))
        syncSoon();
    },
    async suspend() {
      await settle();
      replace = undefined;
      try {
        if (object && done.bytes > keptBytes) await save();
      } finally {
        await close();
      }
    },
    flush() {
      if (sync) syncSoon();
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
      await rm(path, { force: true });
      await removeState(statePath);
    },
  };
}

/** Forgets what an earlier run left. */
export async function removePart(target: string): Promise<void> {
  await rm(partPathOf(target), { force: true });
  await removeState(statePathOf(target));
}

async function openForWriting(path: string, target: string, keep: boolean): Promise<FileHandle> {
  const flags = keep ? "r+" : "w+";
  try {
    return await open(path, flags);
  } catch (error) {
    if (keep || errnoOf(error) !== "ENOENT") throw error;
    await mkdir(dirname(target), { recursive: true });
    return open(path, flags);
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

const folderSyncs = new Map<string, { running: Promise<void>; next: Promise<void> | undefined }>();

/** Syncs the entries of a folder. Whoever comes while one sync runs shares the next: it begins after their renames. */
function syncFolder(folder: string): Promise<void> {
  const state = folderSyncs.get(folder);
  if (state) {
    state.next ??= state.running.then(
      () => startFolderSync(folder),
      () => startFolderSync(folder),
    );
    return state.next;
  }
  return startFolderSync(folder);
}

function startFolderSync(folder: string): Promise<void> {
  const state: { running: Promise<void>; next: Promise<void> | undefined } = {
    running: syncPath(folder, "folder"),
    next: undefined,
  };
  folderSyncs.set(folder, state);
  const over = () => {
    if (folderSyncs.get(folder) === state && state.next === undefined) folderSyncs.delete(folder);
  };
  state.running.then(over, over);
  return state.running;
}
