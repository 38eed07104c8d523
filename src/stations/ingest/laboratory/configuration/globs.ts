import { type GlobPart, matchesGlob, parseGlob } from "../../../../core/glob.js";
import { groupsOf } from "../../../../core/groups.js";
import { escapeGlob } from "../../finders/glob.js";

/** A file of a run. */
export interface RunFile {
  readonly path: string;
  readonly run: string;
}

/** A glob below the source prefix, which may have `{run_name}`, and the runs that it is for; undefined: for all runs of the configuration. */
export interface GlobSource {
  readonly glob: string;
  readonly runs?: readonly string[] | undefined;
}

/** Paths of a folder, for globs that are tried on them. */
export interface Paths {
  /** Whatever a glob finds, in the way of `finders/glob.ts`: files, Zarr folders, and other folders too. */
  find(glob: string): string[];
}

export function pathsOf(files: readonly string[]): Paths {
  const byFolder = new Map<string, string[]>();
  const add = (folder: string, name: string) => {
    const own = byFolder.get(folder);
    if (own) own.push(name);
    else byFolder.set(folder, [name]);
  };
  const known = new Set<string>();
  for (const file of files) {
    let path = file;
    for (;;) {
      if (known.has(path)) break;
      known.add(path);
      const slash = path.lastIndexOf("/");
      add(slash < 0 ? "" : path.slice(0, slash), path.slice(slash + 1));
      if (slash < 0) break;
      path = path.slice(0, slash);
    }
  }
  const below = (folders: readonly string[], segment: string): string[] => {
    const parts = parseGlob(segment);
    const isPlain = parts.every((part) => typeof part === "number");
    const plain = isPlain ? String.fromCodePoint(...(parts as number[])) : "";
    const join = (folder: string, name: string) => (folder === "" ? name : `${folder}/${name}`);
    if (isPlain) return folders.map((folder) => join(folder, plain)).filter((path) => known.has(path));
    return folders.flatMap((folder) =>
      (byFolder.get(folder) ?? []).filter((name) => matches(parts, segment, name)).map((name) => join(folder, name)),
    );
  };
  return { find: (glob) => glob.split("/").reduce<string[]>(below, [""]) };
}

function matches(parts: readonly GlobPart[], segment: string, name: string): boolean {
  return (segment.startsWith(".") || !name.startsWith(".")) && matchesGlob(parts, name);
}

/** The glob for one run. */
export function filledIn(glob: string, run: string): string {
  return glob.replace(/\{\{|\}\}|\{run_name\}/g, (part) => (part === "{run_name}" ? escapeGlob(run) : part[0]!));
}

/** Text that stands for itself in a glob with templates. */
export function literal(text: string): string {
  return escapeGlob(text).replace(/[{}]/g, "$&$&");
}

/** A character of a name: a run's name stands alone where none of these is beside it. */
const OF_NAME = /[\p{L}\p{N}]/u;

/** The path as a glob: the run's name, where it stands alone, becomes `{run_name}`; the rest stands for itself. */
export function globOf(path: string, run: string): string {
  let out = "";
  let done = 0;
  for (let at = path.indexOf(run); at >= 0; at = path.indexOf(run, at + 1)) {
    const end = at + run.length;
    if (at < done || touches(path, at, end)) continue;
    out += `${literal(path.slice(done, at))}{run_name}`;
    done = end;
  }
  return out + literal(path.slice(done));
}

/** A number must not be cut out of a longer one, nor a word out of a longer word. */
function touches(path: string, at: number, end: number): boolean {
  const [before, first, last, after] = [path[at - 1], path[at], path[end - 1], path[end]];
  const joined = (a: string | undefined, b: string | undefined) =>
    a !== undefined && b !== undefined && OF_NAME.test(a) && OF_NAME.test(b) && /\d/.test(a) === /\d/.test(b);
  return joined(before, first) || joined(last, after);
}

/**
 * Sources that find these files and nothing else, each tried on all paths of the folder: globs with `{run_name}` as long as they are exact, and a glob for
 * a single file where none is.
 *
 * @param runs all runs of the configuration: a source that would find something else for one of them is limited to its own
 */
export function globSources(files: readonly RunFile[], paths: Paths, runs: readonly string[]): GlobSource[] {
  const byRun = new Map<string, Set<string>>();
  for (const [run, own] of groupsOf(files, (file) => file.run)) byRun.set(run, new Set(own.map(({ path }) => path)));
  const sources: { glob: string; runs: string[] }[] = [];
  let left = [...files];
  for (const way of WAYS) {
    const groups = new Map<string, RunFile[]>();
    for (const file of left) {
      for (const glob of way(file)) {
        const group = groups.get(glob);
        if (group) group.push(file);
        else groups.set(glob, [file]);
      }
    }
    const open = new Set(left.map(({ path }) => path));
    for (const [glob, group] of [...groups].sort((a, b) => b[1].length - a[1].length)) {
      const own = [...new Set(group.map(({ run }) => run))];
      if (way !== exactly && own.length + group.length <= 2) continue;
      const covered = new Set<string>();
      // each run as a whole, and nothing that is not its own or is found already
      const exact = own.filter((run) => {
        const found = paths.find(filledIn(glob, run));
        const isExact = found.length > 0 && found.every((path) => byRun.get(run)!.has(path) && open.has(path));
        if (isExact) for (const path of found) covered.add(path);
        return isExact;
      });
      if (exact.length === 0) continue;
      sources.push({ glob, runs: exact });
      for (const path of covered) open.delete(path);
    }
    left = left.filter(({ path }) => open.has(path));
    if (left.length === 0) break;
  }
  return sources.map(({ glob, runs: own }) => {
    const has = new Set(own);
    return runs.every((run) => has.has(run)) ? { glob } : { glob, runs: own };
  });
}

type Way = (file: RunFile) => string[];

const exactly: Way = ({ path, run }) => [globOf(path, run)];

/** Numbers that are not of the run's name are left open: counters, dates, angles. */
const withoutNumbers: Way = ({ path, run }) => {
  const { folder, stem, extension } = partsOf(path);
  return [folderGlob(folder, run) + openNumbers(globOf(stem, run)) + literal(extension)];
};

/** Everything behind the run's name is left open, first from a sign on, then from the first number on. */
const behindName: Way = ({ path, run }) => {
  const { folder, stem, extension } = partsOf(path);
  const named = globOf(stem, run);
  const at = named.indexOf("{run_name}");
  const before = folderGlob(folder, run);
  if (at < 0) return [`${before}*${literal(extension)}`];
  const head = named.slice(0, at + "{run_name}".length);
  const [, sign = "", number = ""] = /^([_. -]?)(\d*)/.exec(named.slice(head.length)) ?? [];
  return [
    `${before}${head}${sign}*${literal(extension)}`,
    ...(number === "" ? [] : [`${before}${head}${sign}[0-9]*${literal(extension)}`]),
    ...(number === "" ? [] : [`${before}${head}${sign}${"[0-9]".repeat(number.length)}[!0-9]*${literal(extension)}`]),
  ];
};

/** The same with the numbers of folders: dates, sessions, grids. */
const withoutFolderNumbers: Way = ({ path, run }) => {
  const { folder, stem, extension } = partsOf(path);
  return [
    openNumbers(folderGlob(folder, run)) + globOf(stem, run) + literal(extension),
    openNumbers(folderGlob(folder, run)) + openNumbers(globOf(stem, run)) + literal(extension),
  ];
};

const WAYS: readonly Way[] = [exactlyShared(), behindName, withoutNumbers, withoutFolderNumbers, exactly];

/** The plainest: a glob that several runs share as it stands. */
function exactlyShared(): Way {
  return (file) => {
    const glob = globOf(file.path, file.run);
    return glob.includes("{run_name}") ? [glob] : [];
  };
}

function partsOf(path: string): { folder: string; stem: string; extension: string } {
  const slash = path.lastIndexOf("/") + 1;
  const name = path.slice(slash);
  const extension = /(?:\.[A-Za-z][A-Za-z0-9]{0,7}){1,2}$/.exec(name)?.[0] ?? "";
  return { folder: path.slice(0, slash), stem: name.slice(0, name.length - extension.length), extension };
}

const folderGlob = (folder: string, run: string): string => globOf(folder, run);

/** Numbers of a glob, but for those of sets and of `{run_name}`: `-12.50` → `*`. */
function openNumbers(glob: string): string {
  return glob.replace(/\[[^\]]*\]|\{run_name\}|-?\d+(?:\.\d+)?/g, (part) => (/^[[{]/.test(part) ? part : "*"));
}
