import { baseName } from "../../../../../stores/keys.js";

export { baseName };

/** The folder of a path, `""` for the top. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** The first folder of a path, or the name of a file that lies in none. */
export const topOf = (path: string): string => path.split("/", 1)[0]!;

const MAKER =
  "wd|western[ _.-]?digital|seagate|la ?cie|toshiba|samsung|san ?disk|elements|my[ _.-]?passport|my[ _.-]?book|g[ _.-]?drive";
const DEVICE = "hdd|ssd|usb|nas|(?:hard[ _.-]?)?disks?|drives?|(?:fest)?platte|\\d+[ _.-]?tb";
/** `WD_backup`, `backup_disk2`, `LaCie 2TB backup`. `backup_Elements` has what was saved from that drive. */
const DRIVE = new RegExp(
  `^(?:(?:${MAKER}|${DEVICE})[ _.-]?\\d*[ _.-]+)+backups?[ _.-]?\\d*$|^backups?[ _.-]+(?:${DEVICE})[ _.-]?\\d*$`,
  "i",
);
/** Whether a folder is called as a drive that its owner uses for backups, whatever lies on it. */
export const isDrive = (folder: string): boolean => DRIVE.test(folder);

const PRODUCT = /(?<![A-Za-z])(?:seagate[ _.-]?)?backup[ _.-]?plus(?![a-z])/gi;

/** A folder without what drives are called: `Backup Plus` of its maker, or `WD_backup` of its owner, may hold the only files there are. */
export function withoutProduct(folder: string): string {
  const parts = folder.replace(PRODUCT, "").split("/");
  const drive = parts.findIndex(isDrive);
  return parts.filter((_, at) => at !== drive).join("/");
}

/** The innermost folder that has all files. */
export function commonFolder(files: readonly { readonly path: string }[]): string {
  let common: string | undefined;
  for (const { path } of files) {
    const folder = folderOf(path);
    common ??= folder;
    while (common !== "" && folder !== common && !folder.startsWith(`${common}/`)) common = folderOf(common);
  }
  return common ?? "";
}

/** Number of folders, from the top, in which two files lie together. */
export function sharedDepth(one: string, other: string): number {
  const [a, b] = [folderOf(one).split("/"), folderOf(other).split("/")];
  const at = a.findIndex((part, i) => part === "" || part !== b[i]);
  return at < 0 ? a.length : at;
}

/**
 * A test whether a file lies for another session than one elsewhere, by the names of folders: `denoised/L03/x` for `L03`, and `aretomo3/L07/x` beside
 * `aretomo3/L03`.
 */
export function otherSessions(folders: readonly string[]): (one: string, elsewhere: string) => boolean {
  const all = new Set<string>();
  for (const folder of folders) for (let at = folder; at !== "" && !all.has(at); at = folderOf(at)) all.add(at);
  return (one, elsewhere) => {
    const own = folderOf(one).split("/");
    const there = folderOf(elsewhere).split("/");
    return there.some((part, at) => {
      const parent = there.slice(0, at).join("/");
      const isBeside = (other: string) => {
        const beside = within(parent, other);
        return !there.includes(other) && all.has(beside) && !one.startsWith(`${beside}/`);
      };
      return !own.includes(part) && own.some(isBeside);
    });
  };
}

/** The path of a name in a folder, which may be the top. */
export function within(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** A folder or file that is named from a folder, with whatever slashes; undefined for none, and for those elsewhere, as on another machine. */
export function namedFrom(folder: string, named: string | undefined): string | undefined {
  if (named === undefined || /^(?:[A-Za-z]:|[\\/])/.test(named)) return undefined;
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of named.split(/[\\/]/)) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

/** Parts of a path that bookkeeping names: of Windows or POSIX, absolute or not, without a drive, blanks at its ends, `.` and empty parts. */
function partsOf(path: string): string[] {
  return path
    .trim()
    .replace(/^[A-Za-z]:/, "")
    .split(/[\\/]/)
    .filter((part) => part !== "" && part !== ".");
}

/** Finds files that bookkeeping names by paths of a machine that is gone. */
export interface TailFinder {
  /**
   * The file whose path ends like the one given, in as many parts as possible; undefined where there is none, and where several end alike. Where the folder that
   * is named is there without the file, or with one that does not fit, one elsewhere is not the file.
   *
   * @param near folder whose files are preferred among several
   * @param fits only such files count. Default: all
   */
  find(path: string, near?: string, fits?: (path: string) => boolean): string | undefined;
  /** Every file of that name, whatever its folder; case does not matter where no file has the very name. */
  named(name: string): readonly string[];
}

/** Parts at the end of two paths that are not alike by chance: jobs of a program have folders and files of the same names. */
const FOR_CERTAIN = 3;

/** Indexes files by their names, once for all questions. */
export function tailFinder(paths: Iterable<string>): TailFinder {
  const byName = new Map<string, string[]>();
  const byLower = new Map<string, string[]>();
  for (const path of paths) {
    const name = baseName(path);
    add(byName, name, path);
    add(byLower, name.toLowerCase(), path);
  }
  const named = (name: string) => byName.get(name) ?? byLower.get(name.toLowerCase()) ?? [];
  const folders = new Map<string, Set<string>>();
  for (const name of byName.values())
    for (const path of name) {
      const folder = folderOf(path);
      const last = baseName(folder).toLowerCase();
      if (!folders.get(last)?.has(folder)) folders.set(last, (folders.get(last) ?? new Set()).add(folder));
    }
  const known = new Map<string, Alike>();
  /** Which of the folders that hold files is called, from its end, most like one that is named, and by how many parts. */
  const alikeTo = (folder: readonly string[]): Alike => {
    const key = folder.join("/").toLowerCase();
    const found = known.get(key) ?? mostAlike([...(folders.get(folder.at(-1)?.toLowerCase() ?? "") ?? [])], folder);
    known.set(key, found);
    return found;
  };
  let sessions: ReturnType<typeof otherSessions> | undefined;
  /** Whether the folder that is named, by two parts at least, is there, and that of the file has one other part in its place, or is called after one beside it. */
  const isElsewhere = (path: string, wanted: readonly string[]): boolean => {
    const [own, folder] = [partsOf(folderOf(path)), wanted.slice(0, -1)];
    const { folder: place, depth } = alikeTo(folder);
    if (place === undefined || depth < 2 || place === folderOf(path)) return false;
    sessions ??= otherSessions([...folders.values()].flatMap((some) => [...some]));
    if (sessions(path, within(place, wanted.at(-1)!))) return true;
    if (own.length < depth || equalTail(own, folder) >= depth) return false;
    const [there, here] = [folder.slice(-depth), own.slice(-depth)];
    return there.filter((part, at) => part.toLowerCase() !== here[at]!.toLowerCase()).length === 1;
  };
  return {
    named,
    find(path, near, fits = () => true) {
      const wanted = partsOf(path);
      const name = wanted.at(-1);
      if (name === undefined) return undefined;
      const called = named(name).filter((path) => !isElsewhere(path, wanted));
      const candidates = called.filter(fits);
      // what is named is there, but of no use: one of its name elsewhere is another
      const isThere = (path: string) => equalTail(partsOf(path), wanted);
      const unfit = Math.max(0, ...called.filter((path) => !candidates.includes(path)).map(isThere));
      let best: string[] = [];
      let most = unfit < FOR_CERTAIN ? 0 : unfit;
      for (const candidate of candidates) {
        const length = equalTail(partsOf(candidate), wanted);
        if (length > most) [best, most] = [[candidate], length];
        else if (length === most) best.push(candidate);
      }
      if (best.length === 1) return best[0];
      const beside = best.filter((candidate) => folderOf(candidate) === near);
      return beside.length === 1 ? beside[0] : undefined;
    },
  };
}

interface Alike {
  readonly folder: string | undefined;
  /** Parts at its end that are called so. */
  readonly depth: number;
}

function mostAlike(folders: readonly string[], wanted: readonly string[]): Alike {
  const all = folders.map((folder): Alike => ({ folder, depth: equalTail(partsOf(folder), wanted) }));
  return all.reduce((most, one) => (one.depth > most.depth ? one : most), { folder: undefined, depth: 0 } as Alike);
}

function equalTail(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a.at(-1 - length)!.toLowerCase() === b.at(-1 - length)!.toLowerCase())
    length++;
  return length;
}

function add(map: Map<string, string[]>, key: string, path: string): void {
  const known = map.get(key);
  if (known) known.push(path);
  else map.set(key, [path]);
}

/**
 * Names for things of one name that lie in several folders: each with the part of its folder by which it differs, as `grid2_TS_01`. A name that no other
 * thing has stays as it is.
 */
export function distinctNames(things: readonly { readonly name: string; readonly folder: string }[]): string[] {
  const groups = new Map<string, number[]>();
  for (const [at, { name }] of things.entries()) {
    const own = groups.get(name);
    if (own) own.push(at);
    else groups.set(name, [at]);
  }
  const names = things.map(({ name }) => name);
  for (const [name, group] of groups) {
    if (group.length < 2) continue;
    const folders = group.map((at) => partsOf(things[at]!.folder).filter((part) => part !== name));
    let [start, end] = [0, 0];
    const shortest = Math.min(...folders.map(({ length }) => length));
    while (start < shortest && folders.every((parts) => parts[start] === folders[0]![start])) start++;
    while (end < shortest - start && folders.every((parts) => parts.at(-1 - end) === folders[0]!.at(-1 - end))) end++;
    for (const [i, at] of group.entries()) names[at] = [...folders[i]!.slice(start, folders[i]!.length - end), name].join("_");
  }
  return names;
}
