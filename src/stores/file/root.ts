import { mkdir, readdir, realpath, rm, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { checkKey, unsafe, windowsFault } from "../keys.js";
import { errnoOf } from "./errors.js";
import { isInside, leavesFolder } from "./inside.js";
import { isLeftover } from "./part-names.js";
import { syncNewFolders } from "./sync.js";

/** The folder of a file store. Nothing leaves it: keys cannot (`checkKey`), and symbolic links are followed only inside. */
export interface FileRoot {
  readonly folder: string;
  /** Wait until what was written would survive a power loss. */
  readonly sync: boolean;
  /** The path of a key. Does not access the disk. */
  path(key: string, kind?: "object" | "folder" | "either"): string;
  /** The real path that reading this path would reach, or undefined when there is nothing. */
  real(path: string): Promise<string | undefined>;
  /** Makes the folder of a path that is about to be written. Returns the real path to write; its last name is not followed. */
  forWriting(path: string): Promise<string>;
}

export function fileRoot(folder: string, sync: boolean): FileRoot {
  let realFolder: string | undefined;
  const swept = new Set<string>();

  async function rootNow(): Promise<string | undefined> {
    realFolder ??= await realpath(folder).catch(absentAs(undefined));
    return realFolder;
  }

  async function inside(path: string, real: string): Promise<string> {
    const root = await rootNow();
    if (root !== undefined && isInside(root, real)) return real;
    throw leavesFolder(path, folder, real);
  }

  /** Unfinished files of earlier processes are removed once, when this process first writes to the folder. */
  async function sweep(real: string): Promise<void> {
    if (swept.has(real)) return;
    swept.add(real);
    for (const name of await readdir(real)) if (isLeftover(name)) await rm(join(real, name), { recursive: true, force: true });
  }

  return {
    folder,
    sync,
    path(key, kind = "object") {
      const bare = checkKey(key, kind);
      if (bare === "") return folder;
      if (process.platform === "win32") {
        for (const segment of bare.split("/")) {
          const fault = windowsFault(segment);
          if (fault) throw unsafe(key, fault);
        }
      }
      return join(folder, bare);
    },
    async real(path) {
      const real = await realpath(path).catch(absentAs(undefined));
      return real === undefined ? undefined : inside(path, real);
    },
    async forWriting(path) {
      const parent = dirname(path);
      let real = await realpath(parent).catch(absentAs(undefined));
      if (real === undefined) {
        // A link on the way could make `mkdir -p` build folders outside, so what exists is checked first.
        let existing = parent;
        if (parent !== folder && (await rootNow()) === undefined) {
          await makeFolder(folder, sync);
          await rootNow();
        }
        let found: string | undefined;
        while (found === undefined && existing !== folder && existing !== dirname(existing)) {
          existing = dirname(existing);
          found = await realpath(existing).catch(absentAs(undefined));
        }
        if (found !== undefined) await inside(existing, found);
        await makeFolder(parent, sync);
        real = await realpath(parent);
      }
      await inside(parent, real);
      await sweep(real);
      return join(real, path.slice(parent.endsWith(sep) ? parent.length : parent.length + 1));
    },
  };
}

async function makeFolder(folder: string, sync: boolean): Promise<void> {
  const first = await makeMissing(folder);
  if (first !== undefined && sync) await syncNewFolders(folder, first);
}

/**
 * Creates a folder and its missing parents; returns the highest one created. Node's recursive form never ends if ENOENT comes
 * although the parent exists (`/proc`), and reports ENOENT instead of EROFS.
 */
async function makeMissing(folder: string): Promise<string | undefined> {
  const made = await makeOne(folder);
  if (made !== "no parent") return made;
  const first = await makeMissing(dirname(folder));
  const again = await makeOne(folder); // the parent is there now, whoever made it
  if (again !== "no parent") return first ?? again;
  throw Object.assign(new Error(`ENOENT: ${folder} cannot be made`), { code: "ENOENT", path: folder });
}

async function makeOne(folder: string): Promise<string | undefined | "no parent"> {
  try {
    await mkdir(folder);
    return folder;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "EEXIST" && (await stat(folder)).isDirectory()) return undefined;
    if (errno === "ENOENT" && dirname(folder) !== folder) return "no parent";
    throw error;
  }
}

/** Nothing there, or a file where a folder would be: both mean that there is no such key. */
export function absentAs<T>(value: T): (error: unknown) => T {
  return (error) => {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return value;
    throw error;
  };
}
