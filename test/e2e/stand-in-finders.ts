import { type Entry, globsOf } from "./stand-in-entries.js";
import {
  anything,
  type Bare,
  type Expression,
  globExpression,
  matching,
  optional,
  regexExpression,
  searchExpression,
  sequence,
  text,
} from "./stand-in-names.js";

/** Where something is looked for: a dataset, a run of it, a voxel spacing of that. */
export interface StandInScope {
  readonly dataset?: string;
  readonly run?: string;
  readonly spacing?: string;
}

/** Finders called `destination_…` look into the target. */
export type Side = "source" | "target";

/** Names that are tried for a path before it is given up. */
const TRIES = 60;

export function sideOf({ finder }: Entry): Side {
  return finder.startsWith("destination_") ? "target" : "source";
}

/** Whether the parent filters of an entry let a scope through. */
export function passes({ include, leaveOut }: Entry, scope: StandInScope): boolean {
  const names = { dataset: scope.dataset, run: scope.run, voxel_spacing: scope.spacing };
  return Object.entries(names).every(([type, name]) => {
    if (name === undefined) return true;
    const wanted = include[type] ?? [];
    if (leaveOut[type]?.some((pattern) => anywhere(pattern).test(name))) return false;
    return wanted.length === 0 || wanted.some((pattern) => anywhere(pattern).test(name));
  });
}

/** As Python's `re.search`. */
export function anywhere(pattern: string): RegExp {
  return new RegExp(pattern.replaceAll("(?P<", "(?<"));
}

/** As Python's `re.match`. */
export function atStart(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern.replaceAll("(?P<", "(?<")})`);
}

export function isExcluded({ exclude }: Entry, name: string): boolean {
  return exclude.some((pattern) => atStart(pattern).test(name));
}

/** Wildcards of globs: what has none is laid out first, and what has many finds what is there. */
export function wildness(globs: readonly string[]): number {
  return Math.max(0, ...globs.map((glob) => (glob.match(/[*?[]/g) ?? []).length));
}

/** Shortest name in which a pattern is found, and that a folder may have. */
export function nameFor(pattern: string): string | undefined {
  return matching([searchExpression(pattern)], (name) => isName(name) && anywhere(pattern).test(name));
}

/** What entries find, told by their globs and regular expressions and nothing else: a second opinion to the program's. Globs are filled in. */
export class Finders {
  readonly #fullPath: (side: Side, path: string) => string;
  readonly #patterns = new Map<Entry, { match: RegExp; name: RegExp }>();
  readonly #globs = new Map<string, RegExp>();

  /** @param fullPath what `match_regex` searches. */
  constructor(fullPath: (side: Side, path: string) => string) {
    this.#fullPath = fullPath;
  }

  finds(entry: Entry, glob: string, path: string): boolean {
    let regex = this.#globs.get(glob);
    if (!regex) {
      regex = globRegex(glob);
      this.#globs.set(glob, regex);
    }
    if (!regex.test(path)) return false;
    const full = this.#fullPath(sideOf(entry), path);
    if (!this.#patternsOf(entry).match.test(full)) return false;
    const isMulti = entry.finder === "source_multi_glob" || "glob_strings" in entry.parameters;
    const name = isMulti ? full : this.nameOf(entry, path);
    return name === undefined || !isExcluded(entry, name);
  }

  /** The name that a find gets. */
  nameOf(entry: Entry, path: string): string | undefined {
    return this.#patternsOf(entry).name.exec(path.slice(path.lastIndexOf("/") + 1))?.[1];
  }

  /** A path that an entry finds under a name. @param name undefined: any that a folder may have */
  locate(
    entry: Entry,
    globs: readonly string[],
    name: string | undefined,
    approves: (name: string) => boolean = () => true,
  ): string | undefined {
    for (const glob of globs) {
      const isMeant = (path: string) => {
        const found = this.finds(entry, glob, path) ? this.nameOf(entry, path) : undefined;
        return found !== undefined && isName(found) && (name === undefined || found === name) && approves(found);
      };
      const named = sequence(optional(sequence(anything(), text("/"))), nameExpression(entry, name));
      const path = this.#matching(entry, glob, [{ bare: named }], isMeant, TRIES);
      if (path !== undefined) return path;
    }
    return undefined;
  }

  /**
   * A path that an entry finds and somebody approves.
   *
   * @param steps sources of datasets, runs and spacings below whose finds it may lie, with the names that these are to have: what they find must
   *   give them such a name, and the shortest path seldom does.
   */
  path(
    entry: Entry,
    glob: string,
    approves: (path: string) => boolean,
    steps: readonly { entry: Entry; glob: string; name: string }[],
  ): string | undefined {
    const isMeant = (path: string) => this.finds(entry, glob, path) && approves(path);
    const tries = wildness([glob]) === 0 ? 1 : TRIES;
    const plain = this.#matching(entry, glob, [], isMeant, tries);
    if (plain !== undefined) return plain;
    for (const step of steps) {
      const found = this.#matching(entry, glob, stepExpressions(step), isMeant, tries);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #matching(
    entry: Entry,
    glob: string,
    more: readonly Bare[],
    approves: (path: string) => boolean,
    tries: number,
  ): string | undefined {
    const { match } = this.#patternsOf(entry);
    const searched = match.source === ".*" ? [] : [searchExpression(match.source)];
    const prefix = this.#fullPath(sideOf(entry), "");
    return matching([{ bare: globExpression(glob) }, ...more, ...searched], approves, { prefix, tries });
  }

  #patternsOf(entry: Entry): { match: RegExp; name: RegExp } {
    let patterns = this.#patterns.get(entry);
    if (!patterns) {
      patterns = { match: anywhere(String(entry.parameters.match_regex || ".*")), name: atStart(nameRegexOf(entry)) };
      this.#patterns.set(entry, patterns);
    }
    return patterns;
  }
}

/** Sources that find datasets, runs and spacings by what lies in a tree. */
export function isStructure(entry: Entry): boolean {
  return STRUCTURE.includes(entry.type) && entry.finder !== "tomogram_header" && globsOf(entry).length > 0;
}

/** What is walked through on the way to files. */
export const STRUCTURE: readonly string[] = ["dataset", "run", "voxel_spacing"];

function nameRegexOf({ parameters }: Entry): string {
  return String(parameters.name_regex || "(.*)");
}

function isName(name: string): boolean {
  return /^[\w-][\w.-]*$/.test(name);
}

const inName = (character: string) => character !== "/";

/** Last parts of paths that give an entry a name. */
function nameExpression(entry: Entry, name: string | undefined): Expression {
  const source = nameRegexOf(entry);
  const regex = regexExpression(source, { group: name, without: "/", inside: true });
  return source.endsWith("$") ? regex : sequence(regex, anything(inName));
}

/** What an entry finds under a name, and everything below that. */
function stepExpressions({ entry, glob, name }: { entry: Entry; glob: string; name: string }): Bare[] {
  const below = optional(sequence(text("/"), anything()));
  const folders = glob.split("/").slice(0, -1);
  const named = folders.flatMap((segment) => [segment === "**" ? anything() : anything(inName), text("/")]);
  return [{ bare: sequence(globExpression(glob), below) }, { bare: sequence(...named, nameExpression(entry, name), below) }];
}

function globRegex(glob: string): RegExp {
  const segments = glob.split("/").map((segment) => {
    if (segment === "**") return "(?:[^/.][^/]*/)*";
    const body = segment
      .replace(/[.+^${}()|\\]/g, "\\$&")
      .replaceAll("[!", "[^")
      .replace(/\*/g, "[^/]*")
      .replace(/\?/g, "[^/]");
    return `${/^[*?[]/.test(segment) ? "(?!\\.)" : ""}${body}/`;
  });
  return new RegExp(`^${segments.join("").replace(/\/$/, "")}$`);
}
