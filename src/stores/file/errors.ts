import { asEmporiumError, EmporiumError, type ErrorCode, isEmporiumError } from "../../core/errors.js";

interface Kind {
  code: ErrorCode;
  found: string;
  hint?: string;
  retry?: "later";
}

/** The operating system's error names, explained for users. The codes are those of errno(3). */
const KINDS: Record<string, Kind> = {
  ENOSPC: {
    code: "DISK_FULL",
    found: "the disk is full",
    hint: "free some space or choose another target, then run the same command again",
  },
  EDQUOT: {
    code: "DISK_FULL",
    found: "the quota is used up",
    hint: "free some space or get a larger quota, then run the same command again",
  },
  EFBIG: {
    code: "DISK_FULL",
    found: "the file system does not hold files of this size",
    hint: "choose a target on another disk",
  },
  EACCES: { code: "STORE_DENIED", found: "permission denied", hint: "check the owner and mode of the file and its folders" },
  EPERM: { code: "STORE_DENIED", found: "operation not permitted", hint: "check the owner and mode of the file and its folders" },
  EROFS: { code: "STORE_READONLY", found: "the file system is mounted read-only", hint: "choose a target that can be written" },
  EMFILE: {
    code: "STORE_UNAVAILABLE",
    found: "too many open files",
    hint: "raise `ulimit -n` or use fewer workers",
    retry: "later",
  },
  ENFILE: { code: "STORE_UNAVAILABLE", found: "the machine has too many open files", hint: "use fewer workers", retry: "later" },
  EBUSY: { code: "STORE_UNAVAILABLE", found: "the file is busy", retry: "later" },
  EAGAIN: { code: "STORE_UNAVAILABLE", found: "the file system asks to try again", retry: "later" },
  ESTALE: { code: "STORE_UNAVAILABLE", found: "the network drive lost the file", hint: "check the mount", retry: "later" },
  ETIMEDOUT: { code: "STORE_UNAVAILABLE", found: "the network drive does not answer", hint: "check the mount", retry: "later" },
  EIO: {
    code: "STORE_FAILED",
    found: "the disk reported an input/output error",
    hint: "check the disk and its cables, or the mount",
  },
  ENAMETOOLONG: {
    code: "NAME_UNSAFE",
    found: "the path is longer than the file system allows",
    hint: "shorten the name or its folders",
  },
  EILSEQ: { code: "NAME_UNSAFE", found: "the file system does not allow this name", hint: "rename it" },
  EINVAL: { code: "STORE_FAILED", found: "the file system refuses the operation" },
  ENOTDIR: {
    code: "STORE_FAILED",
    found: "a part of the path is a file, not a folder",
    hint: "remove or rename the file that is in the way",
  },
  EISDIR: {
    code: "STORE_FAILED",
    found: "is a folder, not a file",
    hint: "remove or rename the folder that is in the way",
  },
  ENOTEMPTY: {
    code: "STORE_FAILED",
    found: "a folder that should be empty is not",
    hint: "find the other process that writes there",
  },
  EEXIST: {
    code: "STORE_FAILED",
    found: "a file or folder of this name exists already",
    hint: "remove or rename what is in the way",
  },
  ELOOP: { code: "STORE_FAILED", found: "the links go round in a circle", hint: "repair the symbolic links of this path" },
  ENOENT: { code: "STORE_ABSENT", found: "no such file or folder", hint: "check the path, and whether its folder exists" },
  EXDEV: { code: "STORE_FAILED", found: "the two names are on different disks" },
};

export function errnoOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}

/** Any error of `node:fs` as one of ours: `/x/y.mrc cannot be written: the disk is full`. */
export function fileError(thrown: unknown, path: string, verb: "read" | "written" | "listed" | "removed"): EmporiumError {
  if (isEmporiumError(thrown)) return thrown;
  const errno = errnoOf(thrown);
  const kind = errno === undefined ? undefined : KINDS[errno];
  const reason = kind?.found ?? (thrown instanceof Error ? thrown.message : String(thrown));
  return new EmporiumError(kind?.code ?? "STORE_FAILED", `${path} cannot be ${verb}: ${reason}${errno ? ` (${errno})` : ""}`, {
    place: { file: path },
    hint: kind?.hint,
    retry: kind?.retry,
    cause: thrown,
  });
}

/** What the operating system refuses for reasons that a person can do away with, in calls that write. */
const OF_THE_MACHINE: readonly ErrorCode[] = ["DISK_FULL", "STORE_READONLY", "STORE_DENIED", "STORE_UNAVAILABLE"];
const WRITES =
  /^(?:write|open|mkdir|mkdtemp|rename|fsync|fdatasync|ftruncate|truncate|copyfile|link|symlink|unlink|rmdir|rm|chmod|utimes?|futimes?|scandir)$/;

/**
 * Anything thrown as one of ours. An error of the operating system that no caller has explained is no bug of the program where the disk is full, read-only or
 * closed to it: its code says so, and its message names the file where the system did.
 */
export function asKnownError(thrown: unknown): EmporiumError {
  const { syscall, path } = (thrown instanceof Error ? thrown : {}) as { syscall?: unknown; path?: unknown };
  const kind = KINDS[errnoOf(thrown) ?? ""];
  const isOfTheMachine = kind !== undefined && OF_THE_MACHINE.includes(kind.code) && WRITES.test(String(syscall));
  if (!isOfTheMachine) return asEmporiumError(thrown);
  return fileError(thrown, typeof path === "string" ? path : "a file", syscall === "scandir" ? "listed" : "written");
}

export async function trying<T>(path: string, verb: "read" | "written" | "removed", work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, path, verb);
  }
}
