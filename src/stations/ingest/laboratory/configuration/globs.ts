import { type GlobPart, matchesGlob, parseGlob } from "../../../../core/glob.js";
import { groupsOf } from "../../../../core/groups.js";
import { escapeGlob } from "../../finders/glob.js";
import { wordsOf } from "../run-names.js";

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
  return glob.replace(TEMPLATES, (part) => (part === "{run_name}" ? escapeGlob(run) : part[0]!));
}

/** `{run_name}`, and braces that stand for themselves: of a file that is called `{run_name}.rec` it is no run. */
const TEMPLATES = /\{\{|\}\}|\{run_name\}/g;

/** The glob with this in the place of `{run_name}`. */
export function withRunName(glob: string, text: string): string {
  return glob.replace(TEMPLATES, (part) => (part === "{run_name}" ? text : part));
}

/** Whether a glob has the name of a run. */
export const hasRunName = (glob: string): boolean => withRunName(glob, "") !== glob;

/** Text that stands for itself in a glob with templates. */
export function literal(text: string): string {
  // nearly all names are as they stand, and each is asked for often
  if (!/[*?[\]{}]/.test(text)) return text;
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

/**
 * What the files of all runs that are called alike have in common: the path as a glob with this in the place of the run's name. Of series of one name in
 * several folders each run has that of its folder before it, `grid1_TS_01`: there it is the longest end of it that stands in the path.
 */
export function withoutRun(path: string, run: string, sign: string): string {
  for (const { start } of wordsOf(run)) {
    const end = run.slice(start);
    // a number alone may be anything
    const glob = start === 0 || /\p{L}.*\d/u.test(end) ? globOf(path, end) : "";
    if (hasRunName(glob)) return withRunName(glob, sign);
  }
  return literal(path);
}

/** A number must not be cut out of a longer one, nor a word out of a longer word. */
function touches(path: string, at: number, end: number): boolean {
  const [before, first, last, after] = [path[at - 1], path[at], path[end - 1], path[end]];
  const joined = (a: string | undefined, b: string | undefined) =>
    a !== undefined && b !== undefined && OF_NAME.test(a) && OF_NAME.test(b) && /\d/.test(a) === /\d/.test(b);
  return joined(before, first) || joined(last, after);
}

/**
 * Sources that find these files and nothing else, each tried on all paths of the folder: first the glob with `{run_name}` that finds most of them, the plainer
 * one where two find as many, and a glob for a single file where none is exact.
 *
 * @param runs all runs of the configuration: a source that would find something else for one of them is limited to its own
 */
export function globSources(files: readonly RunFile[], paths: Paths, runs: readonly string[]): GlobSource[] {
  const byRun = new Map<string, Set<string>>();
  for (const [run, own] of groupsOf(files, (file) => file.run)) byRun.set(run, new Set(own.map(({ path }) => path)));
  const open = new Set(files.map(({ path }) => path));
  /** Each run as a whole, and nothing that is not its own or is found already. */
  const exactFor = (glob: string, run: string): string[] | undefined => {
    const found = paths.find(filledIn(glob, run));
    return found.length > 0 && found.every((path) => byRun.get(run)!.has(path) && open.has(path)) ? found : undefined;
  };
  const sources: { glob: string; runs: string[] }[] = [];
  const candidates = candidatesFor(files);
  for (let at = 0; at < candidates.length && open.size > 0; ) {
    const one = candidates[at]!;
    const exact = one.runs.flatMap((run) => {
      const found = exactFor(one.glob, run);
      return found ? [{ run, found }] : [];
    });
    const most = exact.reduce((sum, { found }) => sum + found.length, 0);
    const next = candidates[at + 1];
    if (most < one.most && next && isBefore(next, { ...one, most })) {
      // it finds fewer than was thought: others come first
      sink(candidates, at, most);
      continue;
    }
    at++;
    if (exact.length === 0) continue;
    sources.push({ glob: one.glob, runs: exact.map(({ run }) => run) });
    for (const { found } of exact) for (const path of found) open.delete(path);
  }
  const single = files.filter(({ path }) => open.has(path)).map(({ path, run }) => ({ glob: globOf(path, run), runs: [run] }));
  return [...sources, ...single].map(({ glob, runs: own }) => {
    const has = new Set(own);
    return runs.every((run) => has.has(run)) ? { glob } : { glob, runs: own };
  });
}

interface Candidate {
  readonly glob: string;
  readonly runs: readonly string[];
  /** Files that it finds at most. */
  most: number;
  /** The plainer its way, the lower. */
  readonly rank: number;
}

const isBefore = (one: Candidate, other: Candidate): boolean =>
  one.most !== other.most ? one.most > other.most : one.rank < other.rank;

/** All globs of more than one file, those first that may find most. */
function candidatesFor(files: readonly RunFile[]): Candidate[] {
  const candidates = WAYS.flatMap((way, rank) => {
    const groups = new Map<string, { count: number; runs: Set<string> }>();
    for (const file of files)
      for (const glob of way(file)) {
        const group = groups.get(glob);
        if (group) {
          group.count++;
          group.runs.add(file.run);
        } else groups.set(glob, { count: 1, runs: new Set([file.run]) });
      }
    return [...groups].flatMap(([glob, { count, runs }]): Candidate[] =>
      count > 1 ? [{ glob, runs: [...runs], most: count, rank }] : [],
    );
  });
  return candidates.sort((a, b) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0));
}

/** Moves a candidate behind those that may find more. */
function sink(candidates: Candidate[], at: number, most: number): void {
  const [one] = candidates.splice(at, 1);
  one!.most = most;
  let [low, high] = [at, candidates.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(one!, candidates[middle]!)) high = middle;
    else low = middle + 1;
  }
  candidates.splice(low, 0, one!);
}

type Way = (file: RunFile) => string[];

/** Numbers that are not of the run's name are left open: counters, dates, angles. */
const withoutNumbers: Way = ({ path, run }) => {
  const { folder, stem, extension } = partsOf(path);
  return [folderGlob(folder, run) + openNumbers(globOf(stem, run)) + literal(extension)];
};

/** Everything behind the run's name is left open, first from a sign on, then from the first number on. */
const behindName: Way = ({ path, run }) => {
  const { folder, stem, extension } = partsOf(path);
  const named = globOf(stem, run);
  const before = folderGlob(folder, run);
  if (!hasRunName(named)) return [`${before}*${literal(extension)}`];
  const [beforeName = ""] = withRunName(named, "\0").split("\0");
  const head = `${beforeName}{run_name}`;
  const [, sign = "", number = ""] = /^([_. -]?)(\d*)/.exec(named.slice(head.length)) ?? [];
  return [
    `${before}${head}${sign}*${literal(extension)}`,
    ...(number === "" ? [] : [`${before}${head}${sign}[0-9]*${literal(extension)}`]),
    ...(number === "" ? [] : [`${before}${head}${sign}${"[0-9]".repeat(number.length)}[!0-9]*${literal(extension)}`]),
  ];
};

/** The same with the numbers of folders: dates, sessions, grids. */
const withoutFolderNumbers: Way = (file) => {
  const folder = folderGlob(partsOf(file.path).folder, file.run);
  const opened = openNumbers(folder);
  if (opened === folder) return [];
  return [exactlyShared()(file), behindName(file), withoutNumbers(file)].flat().map((glob) => opened + glob.slice(folder.length));
};

const WAYS: readonly Way[] = [exactlyShared(), behindName, withoutNumbers, withoutFolderNumbers];

/** The plainest: a glob that several runs share as it stands. */
function exactlyShared(): Way {
  return (file) => {
    const glob = globOf(file.path, file.run);
    return hasRunName(glob) ? [glob] : [];
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
  return glob.replace(/\[[^\]]*\]|\{run_name\}|(?:-?\d+(?:\.\d+)?)+/g, (part) => (/^[[{]/.test(part) ? part : "*"));
}
