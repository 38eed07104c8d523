import { compilePattern } from "../../../engine/pattern.js";

/** Initials, day and counter of one acquisition: `mka2019-05-25-10`. Laboratories write two initials, the portal three. */
export interface RunName {
  readonly who: string;
  readonly date: string;
  /** Counter as written, perhaps with leading zeros. */
  readonly count: string;
}

const STRICT = /^([a-z]{2,3})(\d{4}-\d{2}-\d{2})-(\d+)$/;

/** The parts of a name of exactly the portal's form; undefined for other names. */
export function parseRunName(name: string): RunName | undefined {
  const match = STRICT.exec(name);
  return match ? { who: match[1]!, date: match[2]!, count: match[3]! } : undefined;
}

/** A run as the name of its folder tells it. `author` and `date` are groups of the user's pattern. */
interface FolderRun {
  readonly run: string;
  readonly author?: string | undefined;
  readonly date?: string | undefined;
}

/** Recognises the folder of a run by its name. */
export type RunNaming = (folder: string) => FolderRun | undefined;

/** The most names that are cached: each comes with the path of every file. */
const REMEMBERED = 100_000;

/**
 * A run's folder has a name of the portal's form, or one that a pattern matches as a whole. The run's name is the pattern's group
 * `run`, else the folder's name; the groups `author` and `date` are kept.
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

/**
 * The parts of a name of the portal's form in another spelling: capitals; blanks, `_` or nothing instead of `-`
 * (`MKA_2019_05_25 10`).
 */
export function looseRunName(name: string): RunName | undefined {
  const match = LOOSE.exec(normalised(name));
  return match ? { who: match[1]!, date: `${match[2]}-${match[3]}-${match[4]}`, count: match[5]! } : undefined;
}

/** The name in lower case, with `-` for blanks and `_`, and none at the ends. */
export function normalised(name: string): string {
  return name
    .normalize("NFC")
    .toLowerCase()
    .replace(/[\s_-]+/g, "-")
    .replace(/^-|-$/g, "");
}
