import { stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EmporiumError } from "../../../core/errors.js";
import { formatBytes } from "../../../core/units.js";

/** Adds the space of folders and the manifest. */
const MARGIN = 1.05;

/**
 * Refuses a download that does not fit.
 *
 * @param bytes still to be written
 * @throws {EmporiumError} DISK_FULL, with the free and the required space
 */
export async function checkRoom(folder: string, bytes: number): Promise<void> {
  if (bytes === 0) return;
  const disk = await statfs(await existing(folder)).catch(() => undefined);
  if (!disk) return;
  const free = disk.bavail * disk.bsize;
  const need = Math.ceil(bytes * MARGIN);
  if (free >= need) return;
  throw new EmporiumError("DISK_FULL", `${folder} has ${formatBytes(free)} free, the download needs ${formatBytes(need)}`, {
    place: { file: folder },
    hint: "free some space, choose another --dest, or fewer files with --include",
  });
}

/** The next existing folder above. */
async function existing(folder: string): Promise<string> {
  for (let at = folder; ; at = dirname(at)) if ((await stat(at).catch(() => undefined)) || at === dirname(at)) return at;
}

/** Bytes that an unfinished file has on the disk. */
export async function allocatedBytes(folder: string, rel: string): Promise<number> {
  const path = join(folder, rel);
  const found = await stat(`${path}.part`).catch(() => undefined);
  return found ? found.blocks * 512 : 0;
}
