import { compilePattern } from "../../../engine/pattern.js";

/** Initials, day and counter of one acquisition: `mka2019-05-25-10`. Laboratories write two initials, the portal three. */
export interface RunName {
  readonly who: string;
  readonly date: string;
  /** As written: it may begin with zeros. */
  readonly count: string;
}

const STRICT = /^([a-z]{2,3})(\d{4}-\d{2}-\d{2})-(\d+)$/;

/** A name of exactly the form that the portal uses. */
export function parseRunName(name: string): RunName | undefined {
  const match = STRICT.exec(name);
  return match ? { who: match[1]!, date: match[2]!, count: match[3]! } : undefined;
}

/** What the name of a run's folder says. */
export interface FolderRun {
  readonly run: string;
  readonly author?: string | undefined;
  readonly date?: string | undefined;
}

/** Tells whether a folder of that name is a run's, and which. */
export type RunNaming = (folder: string) => FolderRun | undefined;

/** Names of one kind of archive that are remembered: they repeat on every file's path. */
const REMEMBERED = 100_000;

/**
 * Runs are folders whose name has the portal's form, or all of whose name one of `patterns` matches. The group `run` of a pattern is the run's name,
 * without it the folder's; `author` and `date` are kept.
 *
 * @throws {EmporiumError} CONFIG_REGEX
 */
export function runNaming(patterns: readonly string[] = []): RunNaming {
  const compiled = patterns.map((source) => compilePattern(source));
  const known = new Map<string, FolderRun | undefined>();
  const judge: RunNaming = (folder) => {
    if (parseRunName(folder)) return { run: folder };
    for (const pattern of compiled) {
      const groups = pattern.whole(folder);
      if (groups) return { run: groups.run || folder, author: groups.author, date: groups.date };
    }
    return undefined;
  };
  if (compiled.length === 0) return judge;
  return (folder) => {
    if (known.has(folder)) return known.get(folder);
    const found = judge(folder);
    if (known.size < REMEMBERED) known.set(folder, found);
    return found;
  };
}

const LOOSE = /^([a-z]{2,3})-?(\d{4})-(\d{2})-(\d{2})-(\d+)$/;

/** The same form in another spelling: capitals, blanks, `_` or nothing in the place of `-` (`MKA_2019_05_25 10`). */
export function looseRunName(name: string): RunName | undefined {
  const match = LOOSE.exec(normalised(name));
  return match ? { who: match[1]!, date: `${match[2]}-${match[3]}-${match[4]}`, count: match[5]! } : undefined;
}

/** Lower case, blanks and `_` as `-`, none at the ends. */
export function normalised(name: string): string {
  return name
    .normalize("NFC")
    .toLowerCase()
    .replace(/[\s_-]+/g, "-")
    .replace(/^-|-$/g, "");
}
