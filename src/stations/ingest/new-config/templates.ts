import { escapeGlob } from "../finders/glob.js";
import type { Item } from "./inventory.js";
import { stemOf, wordsOf } from "./run-names.js";

/** Files of several runs that are called alike. */
export interface Pattern {
  /** Glob below the source prefix, with `{run_name}`. */
  glob: string;
  /** The first of each run. */
  items: Map<string, Item>;
}

/** The glob of one run's file: its name becomes `{run_name}`, the rest stays as it is. */
export function globOf(path: string, run: string): string {
  return path
    .split("/")
    .map((part) => withoutName(part, run, literal))
    .join("/");
}

/** The same with every number that is not of the name taken out: what files that differ in counters and dates have in common. */
function looseGlobOf(path: string, run: string): { glob: string; numbers: string[] } {
  const numbers: string[] = [];
  const loose = (text: string) =>
    literal(text).replace(/\d+/g, (digits) => {
      numbers.push(digits);
      return NUMBER;
    });
  const parts = path.split("/");
  const file = parts.pop()!;
  const extension = file.slice(stemOf(file).length);
  const globs = [...parts, stemOf(file)].map((part) => withoutName(part, run, loose));
  return { glob: globs.join("/") + literal(extension), numbers };
}

/** No key holds it. */
const NUMBER = "\0";

/** A star where numbers differ, the number itself where all have the same: `bin8` stays what it is. */
function withStars(glob: string, numbers: readonly (readonly string[])[]): string {
  let at = 0;
  return glob.replaceAll(NUMBER, () => {
    const values = new Set(numbers.map((one) => one[at]!));
    at++;
    const [only] = values;
    return values.size === 1 ? only! : "*";
  });
}

/** What a person wrote in a name must not be read as a pattern or a template. */
function literal(text: string): string {
  return escapeGlob(text).replace(/[{}]/g, "$&$&");
}

function withoutName(part: string, run: string, rest: (text: string) => string): string {
  const words = wordsOf(part);
  const count = wordsOf(run).length;
  let out = "";
  let done = 0;
  for (let from = 0; from + count <= words.length; from++) {
    const { start } = words[from]!;
    const { end } = words[from + count - 1]!;
    if (start < done || part.slice(start, end) !== run) continue;
    out += `${rest(part.slice(done, start))}{run_name}`;
    done = end;
  }
  return out + rest(part.slice(done));
}

/**
 * Patterns of a kind of file, those of most runs first. Files that are called alike but for numbers (dates, counters) share one.
 *
 * @param runOf the run of a path; files without one are left out.
 */
export function patternsOf(items: readonly Item[], runOf: (path: string) => string | undefined): Pattern[] {
  const byRun = items.flatMap((item) => {
    const run = runOf(item.path);
    return run === undefined ? [] : [{ item, run }];
  });
  const runs = new Set(byRun.map(({ run }) => run));
  const exact = new Map<string, Pattern>();
  const loose = new Map<string, Numbered[]>();
  for (const { item, run } of byRun) keep(exact, globOf(item.path, run), run, item);
  const patterns: Pattern[] = [];
  for (const pattern of exact.values()) {
    const [[run, item] = []] = pattern.items;
    if (run === undefined || !item || pattern.items.size > 1 || runs.size === 1) {
      patterns.push(pattern);
      continue;
    }
    // what only one run has, though there are more, is called by something of its own
    const { glob, numbers } = looseGlobOf(item.path, run);
    loose.set(glob, [...(loose.get(glob) ?? []), { item, run, numbers }]);
  }
  for (const [glob, files] of loose) {
    for (const alike of variantsOf(files)) {
      patterns.push({
        glob: withStars(
          glob,
          alike.map(({ numbers }) => numbers),
        ),
        items: new Map(alike.map(({ run, item }) => [run, item])),
      });
    }
  }
  return patterns.sort((a, b) => b.items.size - a.items.size || a.glob.length - b.glob.length || (a.glob < b.glob ? -1 : 1));
}

interface Numbered {
  item: Item;
  run: string;
  numbers: readonly string[];
}

/** Numbers by which files of one run differ tell what they are (`bin4`, `bin8`); others are dates and counters. */
function variantsOf(files: readonly Numbered[]): Numbered[][] {
  const count = files[0]!.numbers.length;
  const telling = Array.from({ length: count }, (_, at) => {
    const ofRun = new Map<string, string>();
    return files.some(({ run, numbers }) => {
      const before = ofRun.get(run);
      ofRun.set(run, numbers[at]!);
      return before !== undefined && before !== numbers[at];
    });
  });
  const groups = new Map<string, Numbered[]>();
  for (const file of files) {
    const key = file.numbers.filter((_, at) => telling[at]).join(" ");
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups.values()];
}

function keep(patterns: Map<string, Pattern>, glob: string, run: string, item: Item): void {
  const pattern = patterns.get(glob) ?? { glob, items: new Map<string, Item>() };
  if (!pattern.items.has(run)) pattern.items.set(run, item);
  patterns.set(glob, pattern);
}

/** Of what a run has one of: as few patterns as give one to each run that has any, the plainest first. */
export function oneEach(patterns: readonly Pattern[]): Pattern[] {
  const covered = new Set<string>();
  const chosen: Pattern[] = [];
  const plain = [...patterns].sort((a, b) => b.items.size - a.items.size || extraOf(a.glob) - extraOf(b.glob));
  for (const pattern of plain) {
    const fresh = [...pattern.items.keys()].filter((run) => !covered.has(run));
    if (fresh.length === 0) continue;
    for (const run of fresh) covered.add(run);
    chosen.push(pattern);
  }
  return chosen;
}

/** Letters of the file's name beside the run's. */
function extraOf(glob: string): number {
  return glob.slice(glob.lastIndexOf("/") + 1).length;
}

/** Globs of many files a run, those of most files first: what follows the run's name is left open. */
export function seriesGlobs(items: readonly Item[], runOf: (path: string) => string | undefined): string[] {
  const globs = new Map<string, number>();
  for (const { path } of items) {
    const run = runOf(path);
    if (run === undefined) continue;
    const slash = path.lastIndexOf("/") + 1;
    const file = path.slice(slash);
    const extension = literal(file.slice(stemOf(file).length));
    // up to the character after the name, which distinguishes TS_1 from TS_10
    const named = /^.*\{run_name\}[_. -]?/.exec(globOf(stemOf(file), run))?.[0];
    const glob = `${globOf(path.slice(0, slash), run)}${stemOf(file) === run ? "{run_name}" : `${named ?? ""}*`}${extension}`;
    globs.set(glob, (globs.get(glob) ?? 0) + 1);
  }
  return [...globs].sort((a, b) => b[1] - a[1]).map(([glob]) => glob);
}
