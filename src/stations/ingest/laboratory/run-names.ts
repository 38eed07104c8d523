import { groupsOf } from "../../../core/groups.js";
import { inNumbers } from "../../../core/natural-order.js";

/** A file with what it seems to be, for the names of runs. */
export interface NamedFile {
  readonly path: string;
  /** A role, or finer: `.xf`. */
  readonly kind: string;
}

/** The part of a path that names the run: some words of one of its folders or of its file. */
interface Rule {
  /** Folder from the front; -1 is the file. */
  component: number;
  /** First word, and how many: from the front (`keep`) or all but so many at the end (`drop`). */
  from: number;
  keep?: number;
  drop?: number;
}

export interface RunNames {
  names: string[];
  /** Kind of the items whose paths gave them. */
  kind: string | undefined;
}

/** Kinds of which a run has one file: a name that finds several is the name of something larger. */
const SINGULAR: readonly string[] = ["acquisition", "raw tilts", ".xf", ".tlt", ".aln"];
/** Kinds that give names to runs, in the order in which they are tried. */
const PRIMARY: readonly string[] = ["tomogram", "tilt series", "acquisition", "raw tilts", "frame"];
const KEEP_MAX = 8;
const DROP_MAX = 3;
/** Number of files of each kind that are enough to see a pattern. */
const SAMPLE = 4_000;

/**
 * The names of the runs: the part that paths of most kinds of files share. Every way to take a name out of the paths of tomograms
 * (otherwise of tilt series, …) is tried; the one counts whose names match most other kinds, one file of each.
 */
export function findRunNames(items: readonly NamedFile[]): RunNames {
  const index = wordIndex(items);
  let best: { score: number; names: string[]; kind: string; length: number } | undefined;
  for (const kind of PRIMARY) {
    const paths = items.filter((item) => item.kind === kind).map(({ path }) => path);
    if (paths.length === 0) continue;
    for (const rule of rulesFor(paths)) {
      const names = [...new Set(paths.slice(0, SAMPLE).flatMap((path) => nameBy(rule, path) ?? []))];
      if (names.length === 0) continue;
      const score = scoreOf(names, kind, paths.length, index) * plausibility(rule, names, paths);
      const length = names.reduce((sum, name) => sum + name.length, 0) / names.length;
      const isBetter =
        !best || score > best.score + 1e-9 || (score > best.score - 1e-9 && kind === best.kind && length > best.length);
      if (isBetter) best = { score, names, kind, length };
    }
  }
  if (!best) return { names: [], kind: undefined };
  return { names: [...new Set([...best.names, ...alike(best.names, items)])].sort(inNumbers), kind: best.kind };
}

/**
 * Mean over the names of the number of kinds that match a name, less if it matches many files of a kind that a run has once;
 * times the share of such files that are matched at all.
 */
function scoreOf(names: readonly string[], kind: string, paths: number, index: WordIndex): number {
  let sum = 0;
  const found = new Set<number>();
  for (const name of names) {
    const byKind = index.find(name);
    for (const [other, ids] of byKind) {
      for (const id of ids) found.add(id);
      if (!SINGULAR.includes(other)) sum += 1;
      else sum += ids.length === 1 ? 1 : ids.length === 2 ? 0.25 : -1;
    }
  }
  // one name for everything is a folder's or a project's, unless there is nothing else
  const isSpread = names.length > 1 || paths === 1;
  return (sum / names.length) * (0.5 + found.size / index.size / 2) * (isSpread ? 1 : 0.5) * (kind === "frame" ? 0.5 : 1);
}

/** Files with one name in many folders are named by type, and the folders by run; a bare number is a date or a counter. */
function plausibility({ component }: Rule, names: readonly string[], paths: readonly string[]): number {
  const bare = names.every((name) => /^\d+$/.test(name)) ? 0.8 : 1;
  if (component >= 0) return bare;
  const files = new Set(paths.map((path) => path.slice(path.lastIndexOf("/") + 1)));
  return files.size < paths.length ? bare * 0.5 : bare;
}

/** Runs that the chosen paths do not show, because only their tilt series or acquisition exists. */
function alike(names: readonly string[], items: readonly NamedFile[]): string[] {
  const shapes = new Set(names.map(withoutNumbers));
  const more = new Set<string>();
  for (const kind of ["tomogram", "tilt series", "acquisition"]) {
    const paths = items.filter((item) => item.kind === kind).map(({ path }) => path);
    for (const rule of rulesFor(paths)) {
      const found = paths.flatMap((path) => nameBy(rule, path) ?? []);
      const known = names.filter((name) => found.includes(name));
      if (known.length < 0.5 * names.length) continue;
      for (const name of found) if (shapes.has(withoutNumbers(name))) more.add(name);
    }
  }
  return [...more];
}

/** What stands before or behind a name that is a part of another one: letters and digits of the name end there. */
export const APART = /^$|^[_. -]|[_. -]$/;

/** `TS_0012` → `TS_#`. */
export const withoutNumbers = (name: string): string => name.replace(/\d+/g, "#");

function* rulesFor(paths: readonly string[]): Generator<Rule> {
  const depth = Math.max(0, ...paths.slice(0, SAMPLE).map((path) => path.split("/").length));
  for (let component = -1; component < depth - 1; component++) {
    for (let from = 0; from < 3; from++) {
      for (let drop = 0; drop <= DROP_MAX; drop++) yield { component, from, drop };
      for (let keep = 1; keep <= KEEP_MAX; keep++) yield { component, from, keep };
    }
  }
}

function nameBy({ component, from, keep, drop = 0 }: Rule, path: string): string | undefined {
  const parts = path.replace(/\/$/, "").split("/");
  if (component >= parts.length - 1) return undefined;
  const text = component < 0 ? stemOf(parts.at(-1)!).replace(VOXEL_SIZE, "") : parts[component]!;
  const words = wordsOf(text);
  const end = keep === undefined ? words.length - drop : from + keep;
  if (end <= from || end > words.length) return undefined;
  const name = text.slice(words[from]!.start, words[end - 1]!.end);
  // a run is known by a number or by a word of its own, not by two letters, and not by what folders are called for
  return /\d/.test(name) || (name.length > 3 && !COMMON.test(name)) ? name : undefined;
}

/** What WarpTools writes behind the name of a series: the voxel size of its tomogram. */
const VOXEL_SIZE = /_\d{1,4}\.\d\dApx$/;

/** What folders and files are called for what they hold. */
export const COMMON =
  /^(tomo(gram)?s?|recons?(tructions?)?|rec|raw|data|raw_?data|frames?|movies?|metadata|mdocs?|tilt_?series|(?:fixed|ali|ctf)?_?stacks?|annotations?|particle_?lists?|picks|labels?|masks?|segmentations?|input|output|results?|volumes?|vol|aligned|alignments?|generated)$/i;

/** A file's name without what follows its first extension that is one: `a.b_1.st.mdoc` → `a.b_1`. */
export function stemOf(name: string): string {
  return name.replace(/(\.[A-Za-z][A-Za-z0-9]{0,7}){1,2}$/, "");
}

/** A day with what counts on from it is one word: of `mka2019-05-25-10` no part names a run. */
const WORD = /[\p{L}+@#]*(?<!\d)\d{4}-\d{2}-\d{2}(?:-\d+)*(?![\p{L}\p{N}+@#])|[\p{L}\p{N}+@#]+/gu;

/** Words of a name: what stands between `_`, `-`, `.`, blanks and the like. */
export function wordsOf(text: string): { start: number; end: number }[] {
  return Array.from(text.matchAll(WORD), (match) => ({ start: match.index, end: match.index + match[0].length }));
}

interface WordIndex {
  /** Items of each kind in whose path the words of a name stand beside each other. */
  find(name: string): Map<string, number[]>;
  size: number;
}

function wordIndex(items: readonly NamedFile[]): WordIndex {
  const perKind = new Map<string, number>();
  const index = new Map<string, { kind: string; id: number }[]>();
  let size = 0;
  for (const [id, { kind, path }] of items.entries()) {
    const count = (perKind.get(kind) ?? 0) + 1;
    perKind.set(kind, count);
    if (count > SAMPLE) continue;
    size++;
    const seen = new Set<string>();
    for (const part of path.replace(/\/$/, "").split("/")) {
      const words = wordsOf(part);
      for (let from = 0; from < words.length; from++) {
        for (let to = from; to < Math.min(words.length, from + KEEP_MAX); to++)
          seen.add(part.slice(words[from]!.start, words[to]!.end));
      }
    }
    for (const text of seen) {
      const entries = index.get(text);
      if (entries) entries.push({ kind, id });
      else index.set(text, [{ kind, id }]);
    }
  }
  return {
    size: Math.max(1, size),
    find(name) {
      const found = new Map<string, number[]>();
      for (const { kind, id } of index.get(name) ?? []) found.set(kind, [...(found.get(kind) ?? []), id]);
      return found;
    },
  };
}

/**
 * The run of a path: the longest name whose words stand in it. A name may begin with a folder, `2023-03-24_Position_1` of what lies below `2023-03-24`:
 * of two sessions with places of one name. Where no name stands there as it is written, case and the characters between words do not count; where none does so, zeros before numbers and whether letters and numbers
 * stand apart do not.
 */
export function runFinder(names: readonly string[]): (path: string) => string | undefined {
  const exactly = finderOf(names, (text) => text);
  const loose = groupsOf(names, looseName);
  const alone = [...loose.values()].flatMap((some) => (some.length === 1 ? some : []));
  const loosely = finderOf(alone, looseName);
  const tight = groupsOf(
    names.filter((name) => /\p{L}.*\d/u.test(name)),
    tightName,
  );
  const tightly = finderOf(
    [...tight.values()].flatMap((some) => (some.length === 1 ? some : [])),
    tightName,
    WORDS_MORE,
  );
  return (path) => exactly(path) ?? loosely(path) ?? tightly(path);
}

/**
 * Runs of which files have a name, which may go on behind it: `TS_03` of `TS_03_10.00Apx.mrc`. A series that somebody has renamed is a run under one of its
 * names, and lists go on to call it by the other.
 *
 * @param key by which names are compared
 */
export function runsCalled(
  files: Iterable<{ readonly path: string; readonly run?: string | undefined }>,
  key: (name: string) => string = (name) => name,
): (name: string) => readonly string[] {
  const runs = new Map<string, Set<string>>();
  for (const { path, run } of files) {
    if (run === undefined) continue;
    const stem = stemOf(path.slice(path.lastIndexOf("/") + 1));
    for (const { end } of wordsOf(stem)) {
      const name = key(stem.slice(0, end));
      runs.set(name, (runs.get(name) ?? new Set()).add(run));
    }
  }
  return (name) => [...(runs.get(key(name)) ?? [])];
}

/** Words that a name has more where its letters and its number stand apart: `ts_01` for `ts01`. */
const WORDS_MORE = 2;

/** A name as people mix it up: `TS 01` and `ts-01` for `TS_01`. */
export const looseName = (name: string): string => name.toLowerCase().replace(/[_\-. ]+/g, "_");

/**
 * A name by its letters and numbers: `ts01`, `TS_01` and `ts-1` are one. What stands between two numbers counts: `Position_1_2` is not `Position_12`.
 */
export const tightName = (name: string): string =>
  looseName(name)
    .replace(/(?<!\d)0+(?=\d)/g, "")
    .replace(/(?<!\d)_|_(?!\d)/g, "");

/** Whether a word is one side of a number with a decimal point, such as the threshold of `cutoff_0.12`: it names no run that is called by a number. */
const isOfDecimal = (part: string, { start, end }: { start: number; end: number }): boolean =>
  /^\d+$/.test(part.slice(start, end)) &&
  (/(?<![\d.])\d+\.$/.test(part.slice(0, start)) || /^\.\d+(?![\p{L}\d]|\.\d)/u.test(part.slice(end)));

/** @param key by which names are compared */
function finderOf(names: readonly string[], key: (text: string) => string, more = 0): (path: string) => string | undefined {
  const known = new Map(names.map((name) => [key(name), name]));
  const longest = Math.max(0, ...names.map((name) => wordsOf(name).length)) + more;
  const inFolders = new Map<string, Map<string, string>>();
  for (const name of names) {
    const words = wordsOf(name);
    for (let at = 1; at < words.length; at++) {
      const folder = key(name.slice(0, words[at - 1]!.end));
      const own = inFolders.get(folder) ?? new Map<string, string>();
      inFolders.set(folder, own.set(key(name.slice(words[at]!.start)), name));
    }
  }
  return (path) => {
    let best: string | undefined;
    let length = 0;
    const around: Map<string, string>[] = [];
    for (const part of path.replace(/\/$/, "").split("/")) {
      const words = wordsOf(part);
      for (let from = 0; from < words.length; from++) {
        for (let to = from; to < Math.min(words.length, from + longest); to++) {
          const text = key(part.slice(words[from]!.start, words[to]!.end));
          if (from === to && isOfDecimal(part, words[from]!)) continue;
          const within = around.map((own) => own.get(text)).find((name) => name !== undefined);
          const found = within ?? known.get(text);
          if (found === undefined || text.length < length || (text.length === length && within === undefined)) continue;
          best = found;
          length = text.length;
        }
      }
      const own = inFolders.get(key(part));
      if (own) around.unshift(own);
    }
    return best;
  };
}
