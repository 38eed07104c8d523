import { statfsSync } from "node:fs";

/** Folder in which Linux has memory that processes share by name. Containers often have 64 MiB of it. */
const SHARED_MEMORY = "/dev/shm";
/** Hash tables of a parallel query have up to 96 MiB (`work_mem`, twice, of three processes), some queries three of them, and several may run at once. */
const ROOM_BYTES = 2 ** 30;

/**
 * The setting for the memory that the processes of one server share while a query runs: named shared memory where the machine has
 * room for it, otherwise files of the data folder, which the server empties when it starts. With 1 MB of shared memory no server
 * starts; with 64 MB it does, and large queries fail later.
 *
 * @param folder of the machine's shared memory
 * @returns words for PostgreSQL's programs, `-c NAME=VALUE`; none where the system has no choice
 */
export function sharedMemoryWords(folder = SHARED_MEMORY): string[] {
  if (process.platform !== "linux") return [];
  return ["-c", `dynamic_shared_memory_type=${freeBytes(folder) < ROOM_BYTES ? "mmap" : "posix"}`];
}

/** Free bytes of a file system; 0 where there is no such folder. */
function freeBytes(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
