import { randomBytes } from "node:crypto";
import { constants, readdirSync, rmSync } from "node:fs";
import { type FileHandle, open, statfs } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "../../../core/crc32.js";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { isGone, type ProcessIdentity, thisProcess } from "../../../engine/holder.js";

/** Folder in which files are memory; only Linux has it. */
export const SHARED_MEMORY = "/dev/shm";
/** Slots begin at pages. */
const PAGE_BYTES = 4096;
/** Fewest slots: with one, the client and the server would wait for each other. */
const SLOTS_MIN = 2;
const NAME = /^emporium-blocks-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{32}$/;

/**
 * Slots of memory that a client maps. Node cannot map files, so a batch is written into the file: one copy by the kernel, in a thread
 * of libuv's pool, beside the reading of the next batch.
 */
export interface SharedRing {
  readonly path: string;
  readonly slots: number;
  /** Distance of two slots. */
  readonly slotBytes: number;
  /** @throws {EmporiumError} DISK_FULL where the memory is used up. */
  write(slot: number, pieces: readonly Uint8Array[]): Promise<void>;
  /** Reads bytes that a client wrote into a slot that it held. */
  read(slot: number, offset: number, bytes: number): Promise<Uint8Array>;
  /**
   * Removes the file's name, which is not needed once the client has mapped the file: nothing is left behind however both end.
   */
  unlink(): void;
  close(): Promise<void>;
}

export interface RingOptions {
  /** A folder of a memory file system. */
  readonly folder: string;
  /** Slots that are wanted; there may be fewer. */
  readonly slots: number;
  /** Bytes of the largest batch. */
  readonly batchBytes: number;
}

/**
 * Creates the file of a ring, after the files of servers that are gone have been removed.
 *
 * @returns a text that says why there is no ring: no such folder, or less than two slots of free memory. The file takes memory only when
 *   slots are written, so what is free is looked at before (containers often have 64 MiB).
 */
export async function createRing({ folder, slots: wanted, batchBytes }: RingOptions): Promise<SharedRing | string> {
  const slotBytes = Math.max(1, Math.ceil(batchBytes / PAGE_BYTES)) * PAGE_BYTES;
  const disk = await statfs(folder).catch(() => undefined);
  if (!disk) return `${folder} is not there`;
  sweepRings(folder);
  const slots = Math.min(wanted, Math.floor((disk.bavail * disk.bsize) / slotBytes));
  if (slots < SLOTS_MIN)
    return `${folder} has ${counted(disk.bavail * disk.bsize, "byte")} free; expected ${SLOTS_MIN * slotBytes}`;
  const path = join(folder, ringName());
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants;
  const file = await open(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0o600);
  await file.truncate(slots * slotBytes);
  let named = true;
  const unlink = () => {
    if (named) rmSync(path, { force: true });
    named = false;
  };
  return {
    path,
    slots,
    slotBytes,
    write: (slot, pieces) => writeSlot(file, slot * slotBytes, slotBytes, pieces),
    read: (slot, offset, bytes) => readSlot(file, slot * slotBytes + offset, bytes),
    unlink,
    async close() {
      unlink();
      await file.close();
    },
  };
}

async function writeSlot(file: FileHandle, offset: number, slotBytes: number, pieces: readonly Uint8Array[]): Promise<void> {
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (bytes > slotBytes) throw new EmporiumError("INTERNAL", `a batch of ${counted(bytes, "byte")} for a slot of ${slotBytes}`);
  // all at once: each call is a turn of a thread, which costs as much as 100 KiB
  let rest = pieces.filter((piece) => piece.length > 0);
  for (let done = 0; done < bytes; ) {
    const { bytesWritten } = await file.writev(rest, offset + done).catch((error: unknown) => {
      throw noMemory(error);
    });
    done += bytesWritten;
    rest = behind(rest, bytesWritten);
  }
}

/** The pieces without their first `bytes` bytes: the system may write less than it was given. */
export function behind(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes;
  const rest: Uint8Array[] = [];
  for (const piece of pieces) {
    if (left < piece.length) rest.push(piece.subarray(left));
    left = Math.max(0, left - piece.length);
  }
  return rest;
}

async function readSlot(file: FileHandle, offset: number, bytes: number): Promise<Uint8Array> {
  const found = new Uint8Array(bytes);
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await file.read(found, done, bytes - done, offset + done);
    if (bytesRead === 0) throw new EmporiumError("INTERNAL", `a slot needs ${counted(bytes, "byte")}, ${done} found`);
    done += bytesRead;
  }
  return found;
}

function noMemory(cause: unknown): EmporiumError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new EmporiumError("DISK_FULL", `shared memory cannot be written: ${message}`, {
    cause,
    hint: "use fewer slots or smaller batches, enlarge /dev/shm, or --no-shm",
  });
}

/** The name says whose it is: boot and process-number space, process, its start. */
function ringName({ machine = "", pid, processStart = "0" }: ProcessIdentity = thisProcess()): string {
  return `emporium-blocks-${machineMark(machine)}-${pid}-${processStart}-${randomBytes(16).toString("hex")}`;
}

function machineMark(machine: string): string {
  return crc32(new TextEncoder().encode(machine)).toString(16).padStart(8, "0");
}

/** Removes the rings of servers that were killed before their client had mapped them. @returns how many. */
export function sweepRings(folder: string): number {
  const self = thisProcess();
  const mark = machineMark(self.machine ?? "");
  const stale = readdirSync(folder).filter((name) => {
    const [, machine, pid, processStart] = NAME.exec(name) ?? [];
    return machine === mark && isGone({ ...self, pid: Number(pid), processStart });
  });
  // files of other users stay: they cannot be removed
  return stale.filter((name) => removed(join(folder, name))).length;
}

function removed(path: string): boolean {
  try {
    rmSync(path);
    return true;
  } catch {
    return false;
  }
}
