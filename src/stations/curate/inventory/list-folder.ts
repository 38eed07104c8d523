import { lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { errnoOf } from "../../../stores/file/errors.js";
import type { FileRow, FolderRecord, RowFacts } from "./folder-facts.js";
import { decodePath, diskPath } from "./path-bytes.js";

/** A folder may change again within a tick of the disk's clock. The longest ticks, of FAT and some servers, are two seconds. */
const SETTLED_US = 3_000_000;

export type FolderStat = Pick<Stats, "mtimeMs" | "ctimeMs">;

/** @returns undefined if there is no such folder @throws what `lstat` throws */
export function statFolder(path: string, follow: boolean): FolderStat | undefined {
  const stat = (follow ? statSync : lstatSync)(diskPath(path), { throwIfNoEntry: false });
  return stat?.isDirectory() ? stat : undefined;
}

export const toUs = (ms: number): number => Math.round(ms * 1000);

/**
 * Names, sizes and times of a folder's files, sorted by name. Never follows a link, never opens a file.
 *
 * @param path absolute
 * @param startedMs when the scan began
 * @param known an earlier record of the folder: heads of unchanged files are taken from it
 */
export function listFolder(
  path: string,
  rel: string,
  stat: FolderStat,
  startedMs: number,
  known: FolderRecord | undefined,
): FolderRecord {
  const [mtimeUs, ctimeUs] = [toUs(stat.mtimeMs), toUs(stat.ctimeMs)];
  const base = { path: rel, mtimeUs, ctimeUs };
  let names: string[];
  try {
    names = namesIn(path);
  } catch (error) {
    const errno = errnoOf(error) ?? "EIO";
    return { ...base, settled: false, folders: [], files: [], failure: { errno } };
  }
  names.sort();
  const folders: string[] = [];
  const files: FileRow[] = [];
  const heads = headsOf(known);
  let hidden = 0;
  let errno: string | undefined;
  const prefix = path.endsWith("/") ? path : `${path}/`;
  for (const name of names) {
    let found: Stats | undefined;
    try {
      found = lstatSync(diskPath(prefix + name), { throwIfNoEntry: false });
    } catch (error) {
      errno ??= errnoOf(error) ?? "EIO";
      hidden++;
      continue;
    }
    // removed since the folder was read
    if (found === undefined) continue;
    if (found.isDirectory()) {
      folders.push(name);
      continue;
    }
    const fileUs = toUs(found.mtimeMs);
    if (found.isFile()) {
      const before = heads?.get(name);
      const same = before !== undefined && before[1] === found.size && before[2] === fileUs;
      files.push(same ? before : [name, found.size, fileUs]);
    } else files.push([name, found.size, fileUs, { type: typeOf(found, prefix + name) }]);
  }
  const latestUs = Math.max(mtimeUs, ctimeUs);
  return {
    ...base,
    settled: hidden === 0 && toUs(startedMs) - latestUs >= SETTLED_US,
    folders,
    files,
    failure: errno === undefined ? undefined : { errno, names: hidden },
  };
}

/** For names that are not UTF-8 `readdir` gives U+FFFD. Then the folder is read again as bytes. */
function namesIn(path: string): string[] {
  const names = readdirSync(diskPath(path));
  if (!names.some((name) => name.includes("\ufffd"))) return names;
  return readdirSync(diskPath(path), { encoding: "buffer" }).map(decodePath);
}

function typeOf(stat: Stats, path: string): NonNullable<RowFacts["type"]> {
  if (!stat.isSymbolicLink()) return "special";
  try {
    return statSync(diskPath(path), { throwIfNoEntry: false }) ? "link" : "broken-link";
  } catch {
    // a circle of links, or a target that cannot be examined
    return "broken-link";
  }
}

function headsOf(known: FolderRecord | undefined): Map<string, FileRow> | undefined {
  const rows = known?.files.filter((row) => row[3]?.head !== undefined);
  return rows && rows.length > 0 ? new Map(rows.map((row) => [row[0], row])) : undefined;
}
