import { EmporiumError } from "./errors.js";
import { closingBracket, type GlobPart, matchesGlob, parseGlob } from "./glob.js";

/** Whether a path below a folder is selected. */
export type PathFilter = (path: string) => boolean;

/** Filter without globs: it selects every path. */
export const everything: PathFilter = () => true;

/**
 * Selects the paths that any `include` glob matches (all paths if there is none) and that no `exclude` glob matches.
 *
 * @throws {EmporiumError} USAGE for an invalid glob.
 */
export function pathFilter({
  include = [],
  exclude = [],
}: {
  include?: readonly string[];
  exclude?: readonly string[];
}): PathFilter {
  const wanted = include.map(globMatcher);
  const unwanted = exclude.map(globMatcher);
  return (path) => (wanted.length === 0 || wanted.some((test) => test(path))) && !unwanted.some((test) => test(path));
}

/** Most patterns that one may expand to: `{a,b}` multiplies. */
const ALTERNATIVES_MAX = 1_000;
const LENGTH_MAX = 1_000;

/**
 * A glob on whole paths: `*` and `?` within a name, `**` as a whole name for any number of folders, `[abc]`, `[a-z]`, `[!a]`, `{a,b}`
 * (nested, empty ones included), and `\` before a literal character. A pattern without `/` is matched against the last name, as rsync and
 * git do it: `*.md5` is in every folder; with a `/` at its beginning it is anchored at the start. A pattern that ends with `/`, or that
 * matches a folder, takes all that is below it.
 *
 * Matching takes time proportional to pattern times path: there is no backtracking that a hostile name could blow up.
 */
export function globMatcher(pattern: string): PathFilter {
  if (pattern === "" || pattern.length > LENGTH_MAX || pattern.includes("\0"))
    throw wrong(pattern, "is empty, too long or contains a NUL");
  const alternatives = expandBraces(pattern).map(parsePattern);
  return (path) => {
    const names = path.split("/");
    return alternatives.some((segments) => matchesPath(segments, names));
  };
}

type Segment = "deep" | readonly GlobPart[];

function parsePattern(text: string): Segment[] {
  const anchored = text.includes("/") && !/^[^/]+\/$/.test(text);
  const names = text.split("/").filter((name) => name !== "" && name !== ".");
  if (names.length === 0) throw wrong(text, "names nothing");
  if (names.includes("..")) throw wrong(text, "leads outside of the folder");
  const dialect = {
    shell: true,
    fault: (fault: string) => {
      throw wrong(text, fault);
    },
  };
  const segments = names.map((name): Segment => (name === "**" ? "deep" : parseGlob(name, dialect)));
  return anchored ? segments : ["deep", ...segments];
}

/** All of the names, or the first of them: a pattern that matches a folder takes what is below. Dynamic programming over (segment, name). */
function matchesPath(segments: readonly Segment[], names: readonly string[]): boolean {
  let reached = new Set([0]);
  const close = (states: Set<number>) => {
    for (const at of states) if (segments[at] === "deep") states.add(at + 1);
    return states;
  };
  close(reached);
  for (const name of names) {
    const next = new Set<number>();
    for (const at of reached) {
      const segment = segments[at];
      if (segment === undefined) return true; // a folder above matched
      if (segment === "deep") next.add(at);
      else if (matchesGlob(segment, name)) next.add(at + 1);
    }
    reached = close(next);
  }
  return reached.has(segments.length);
}

/** `{a,b}` as a shell writes it out. Braces without a comma, and in brackets, stand for themselves. */
function expandBraces(pattern: string): string[] {
  let waiting = [pattern];
  const done: string[] = [];
  while (waiting.length > 0) {
    const next: string[] = [];
    for (const text of waiting) {
      const group = firstGroup(text);
      if (!group) done.push(text);
      else for (const choice of group.choices) next.push(text.slice(0, group.start) + choice + text.slice(group.end));
    }
    if (next.length + done.length > ALTERNATIVES_MAX) throw wrong(pattern, `has braces for more than ${ALTERNATIVES_MAX} globs`);
    waiting = next;
  }
  return [...new Set(done)];
}

function firstGroup(text: string): { start: number; end: number; choices: string[] } | undefined {
  for (let start = 0; start < text.length; start++) {
    if (text[start] === "\\") start++;
    else if (text[start] === "[") start = endOfBracket(text, start);
    else if (text[start] === "{") {
      const group = groupAt(text, start);
      if (group) return group;
    }
  }
  return undefined;
}

function groupAt(text: string, start: number): { start: number; end: number; choices: string[] } | undefined {
  const commas: number[] = [];
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === "[") at = endOfBracket(text, at);
    else if (char === "{") depth++;
    else if (char === "," && depth === 1) commas.push(at);
    else if (char === "}" && --depth === 0) {
      if (commas.length === 0) return undefined;
      const borders = [start, ...commas, at];
      return { start, end: at + 1, choices: borders.slice(1).map((border, i) => text.slice(borders[i]! + 1, border)) };
    }
  }
  return undefined;
}

/** The closing bracket of a set, or the opening one where it is never closed. */
function endOfBracket(text: string, start: number): number {
  const end = closingBracket(text, start, true);
  return end < 0 ? start : end;
}

function wrong(pattern: string, fault: string): EmporiumError {
  return new EmporiumError("USAGE", `the glob "${pattern.slice(0, 100)}" ${fault}`, {
    hint: "for example *.dm3, data/**/slice_00[0-4]?.tif, {raw,aligned}/*",
  });
}
