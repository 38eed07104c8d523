import { spawn } from "node:child_process";
import { open, readdir } from "node:fs/promises";
import { platform, release } from "node:os";
import { dirname, join } from "node:path";
import { errnoOf } from "./errors.js";

/** Parallel syncs. The disk merges concurrent syncs; more of them would only use file descriptors. */
const SYNCS_IN_FLIGHT = 16;

/**
 * Makes a file's bytes, or a folder's entries, survive a power loss. Never retries a failed sync: the system may have dropped the
 * pages, and a second call would succeed.
 */
export async function syncPath(path: string, kind: "file" | "folder"): Promise<void> {
  const handle = await open(path, "r").catch((error: unknown) => {
    if (kind === "folder" && FOLDER_CANNOT.has(errnoOf(error) ?? "")) return undefined;
    throw error;
  });
  try {
    await handle?.sync();
  } catch (error) {
    if (kind === "file" || !FOLDER_CANNOT.has(errnoOf(error) ?? "")) throw error;
  } finally {
    await handle?.close();
  }
}

/** Linux tells of failed writes by `syncfs` since this version. */
const TELLING_SYNCFS = [5, 8] as const;

/** Syncs of a whole file system. */
export interface FileSystemSync {
  /**
   * Makes all that was written so far survive a power loss. Of one call at a time.
   *
   * @returns false where that is not to be had, or failed: then each file must be synced by itself, which tells whose write failed
   */
  sync(): Promise<boolean>;
  close(): void;
}

/** Asks for a sync at each line it reads, and ends with its input: no child is left of a program that was killed. */
const SYNC_AT_EACH_LINE = 'while read -r line; do if sync -f -- "$1"; then echo yes; else echo no; fi; done';

/**
 * One call in place of one for each of many small files, as PostgreSQL offers it (`recovery_init_sync_method = syncfs`). Node has no such call,
 * so it is that of `sync -f` (coreutils, BusyBox), started by a shell that waits for its turns: it forks in 1 ms, this process in 10 ms and more,
 * during which nothing else runs.
 *
 * @param folder on the file system
 */
export function fileSystemSync(folder: string): FileSystemSync {
  let shell: ReturnType<typeof startShell> | undefined;
  return {
    async sync() {
      if (!tellsOfFailures()) return false;
      shell ??= startShell(folder);
      return shell.ask();
    },
    close: () => shell?.end(),
  };
}

function tellsOfFailures(): boolean {
  if (platform() !== "linux") return false;
  const [major = 0, minor = 0] = release().split(".").map(Number);
  return major > TELLING_SYNCFS[0] || (major === TELLING_SYNCFS[0] && minor >= TELLING_SYNCFS[1]);
}

function startShell(folder: string) {
  const child = spawn("sh", ["-c", SYNC_AT_EACH_LINE, "sh", folder], { stdio: ["pipe", "pipe", "ignore"] });
  let gone = false;
  let told = "";
  let answer: ((synced: boolean) => void) | undefined;
  const tell = (synced: boolean) => {
    answer?.(synced);
    answer = undefined;
  };
  const end = () => {
    gone = true;
    tell(false);
  };
  child.on("error", end);
  child.on("close", end);
  child.stdin.on("error", end);
  child.stdout.setEncoding("latin1").on("data", (text: string) => {
    told += text;
    if (!told.endsWith("\n")) return;
    tell(told === "yes\n");
    told = "";
  });
  return {
    ask: () =>
      new Promise<boolean>((resolve) => {
        if (gone) return resolve(false);
        answer = resolve;
        child.stdin.write("\n");
      }),
    end: () => child.stdin.end(),
  };
}

/** Windows and some network drives have no sync for folders. */
const FOLDER_CANNOT = new Set(["EISDIR", "EPERM", "EINVAL", "ENOTSUP"]);

/** Syncs a folder and everything in it, many at a time. */
export async function syncTree(root: string): Promise<void> {
  const queue: { path: string; kind: "file" | "folder" }[] = [{ path: root, kind: "folder" }];
  for (let at = 0; at < queue.length; ) {
    const batch = queue.slice(at, at + SYNCS_IN_FLIGHT);
    at += batch.length;
    if (at > 4096) {
      queue.splice(0, at);
      at = 0;
    }
    await Promise.all(
      batch.map(async ({ path, kind }) => {
        if (kind === "folder") {
          for (const entry of await readdir(path, { withFileTypes: true })) {
            if (entry.isDirectory()) queue.push({ path: join(path, entry.name), kind: "folder" });
            else if (entry.isFile()) queue.push({ path: join(path, entry.name), kind: "file" });
          }
        }
        await syncPath(path, kind);
      }),
    );
  }
}

/** Syncs the folders that `mkdir -p` has just made, from the deepest up to the one that got the first of them. */
export async function syncNewFolders(deepest: string, firstMade: string): Promise<void> {
  for (let folder = dirname(deepest); ; folder = dirname(folder)) {
    await syncPath(folder, "folder");
    if (folder.length <= dirname(firstMade).length) return;
  }
}
