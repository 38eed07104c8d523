import { groupsOf } from "../../../../../core/groups.js";
import { tightName } from "../../run-names.js";
import { stemOf } from "./names.js";
import { folderOf } from "./paths.js";
import { sitesOf } from "./sites.js";

interface Placed {
  readonly path: string;
}

/** Of more that are called alike only those are compared that have a folder of a rarer name in common with the file. */
const COMPARED_MAX = 64;

/**
 * Number of folders around a file that are called as folders around another one, and one more where they lie beside each other: `deconv/wt/TS_01.mrc` is
 * nearer to `segmented/wt/TS_01_seg.mrc` than `deconv/dko/TS_01.mrc`. One in a folder below, such as `old`, has all of its folders, too.
 */
export function nearnessTo(path: string): (other: Placed) => number {
  const own = folderOf(path);
  const around = own.split("/");
  return (other) => {
    const folder = folderOf(other.path);
    return folder.split("/").filter((part) => around.includes(part)).length + Number(folder === own);
  };
}

/**
 * Finds those of a group of files called alike that are nearest to a file, in the order of the group.
 *
 * @param groups files by what they are called
 */
export function nearestFinder<T extends Placed>(
  groups: ReadonlyMap<string, readonly T[]>,
): (key: string, path: string, fits: (one: T) => boolean) => readonly T[] {
  const inFolders = new Map<string, ReadonlyMap<string, readonly T[]>>();
  const rareOnes = (key: string, group: readonly T[], path: string): readonly T[] => {
    const byFolder = inFolders.get(key) ?? byFolders(group);
    inFolders.set(key, byFolder);
    const rare = folderOf(path)
      .split("/")
      .map((part) => byFolder.get(part) ?? [])
      .filter(({ length }) => length <= COMPARED_MAX);
    return [...new Set(rare.flat())];
  };
  return (key, path, fits) => {
    const group = groups.get(key) ?? [];
    const some = group.length <= COMPARED_MAX ? group : rareOnes(key, group, path);
    const fitting = some.filter(fits);
    if (fitting.length === 0 && some !== group) return group.filter(fits).slice(0, COMPARED_MAX);
    const near = nearnessTo(path);
    const most = Math.max(...fitting.map(near));
    return fitting.filter((one) => near(one) === most);
  };
}

function byFolders<T extends Placed>(group: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const placed = group.flatMap((one) => [...new Set(folderOf(one.path).split("/"))].map((part) => ({ part, one })));
  return new Map([...groupsOf(placed, ({ part }) => part)].map(([part, some]) => [part, some.map(({ one }) => one)]));
}

/** Whether files of one name lie in folders of different people, samples or sessions, and so may be of different series. */
export function areOfSites(files: readonly Placed[]): boolean {
  if (files.length < 2) return false;
  const siteOf = sitesOf(
    files.map(({ path }) => folderOf(path)),
    tightName(stemOf(files[0]!.path)),
  );
  return new Set(files.flatMap(({ path }) => siteOf(path)?.name ?? [])).size > 1;
}
