import { fewFiles } from "../../../core/finding.js";
import { counted } from "../../../core/units.js";
import { globOf, literal } from "../laboratory/configuration/globs.js";
import { type DecisionsDocument, givenOf, NO_DECISIONS } from "../laboratory/decisions-file.js";
import { runFinder } from "../laboratory/run-names.js";
import type { IngestPlan } from "../plan.js";
import type { Rest } from "./rest.js";

/** Complete files that the configuration does not know, and that nobody has left out. */
export interface UnknownFiles {
  /** Takes what a plan says of the files. @returns those that are to be told now, each once */
  take(plan: Pick<IngestPlan, "account" | "entities">, now: UnknownNow): Promise<readonly string[]>;
  /** Of the last plan that was of all files; sorted. */
  readonly all: readonly string[];
}

interface UnknownNow {
  readonly rest: Rest;
  /** Files that a waiting run speaks of. */
  readonly spoken: ReadonlySet<string>;
  /** The plan is of all runs, also of those that are taken. */
  readonly isOfAll: boolean;
  /** Names of the runs that are in the tree. */
  readonly taken: readonly string[];
  /** Nothing waits. */
  readonly isQuiet: boolean;
}

/**
 * @param prefix of the keys below the source, with its slash
 * @param decisions the file of decisions beside the configuration: what it leaves out is known, of runs that come later, too
 */
export function unknownFiles(prefix: string, decisions: DecisionsDocument = NO_DECISIONS): UnknownFiles {
  const rows = decisions.files.filter(({ is }) => is === "left out").flatMap((row) => [row, ...alikeOf(row, decisions.runs)]);
  const leftOut = (keys: readonly string[], { entities }: Pick<IngestPlan, "entities">): ReadonlySet<string> => {
    const runs = new Set([...decisions.runs, ...entities.flatMap(({ run }) => run ?? [])]);
    const files = keys.map((key) => ({ path: key.slice(prefix.length) }));
    const given = givenOf({ runs: [...runs], questions: [], files: rows }, { files });
    return new Set([...given.files].flatMap(([path, { role }]) => (role === "left out" ? [prefix + path] : [])));
  };
  let unknown = new Set<string>();
  let named = new Set<string>();
  const told = new Set<string>();
  return {
    async take(plan, { rest, spoken, isOfAll, taken, isQuiet }) {
      const { files, notImported } = await plan.account();
      // files of what this command does not import look like files that nobody knows
      if (notImported.length > 0) return [];
      if (isOfAll) [unknown, named] = [new Set(), new Set()];
      const unnamed: string[] = [];
      // a plan that leaves out runs that are taken names none of their files: an earlier one did
      for (const { path, fate } of files) if (fate !== "unnamed") named.add(path);
      for (const { path, fate } of files) if (fate === "unnamed" && !named.has(path)) unnamed.push(path);
      const folders = unnamed.filter((path) => path.endsWith("/"));
      const inside =
        folders.length === 0 ? [] : [...rest.keys()].filter((key) => folders.some((folder) => key.startsWith(folder)));
      const keys = [...unnamed.filter((path) => !path.endsWith("/")), ...inside];
      const open = keys.filter((key) => !named.has(key) && !spoken.has(key) && rest.why(key) === undefined);
      const left = leftOut(open, plan);
      const found = open.filter((key) => !left.has(key));
      for (const key of found) unknown.add(key);
      // what comes before the file that gives its run a name is known later
      const isOfTaken = runFinder(taken);
      const news = found.filter((key) => !told.has(key) && (isQuiet || isOfTaken(key.slice(prefix.length)) !== undefined));
      for (const key of news) told.add(key);
      return news;
    },
    get all() {
      return [...unknown].filter((key) => !named.has(key)).sort();
    },
  };
}

/** Files of other runs that are called like one that is left out: `TS_01.log` stands for the log of each. */
function alikeOf(row: DecisionsDocument["files"][number], runs: readonly string[]): DecisionsDocument["files"] {
  const run = literal(row.files) === row.files ? runFinder(runs)(row.files) : undefined;
  return run === undefined ? [] : [{ ...row, files: globOf(row.files, run) }];
}

/** `3 files are not used, since no line of the configuration names them: a, b, c` */
export function unknownText(names: readonly string[]): string {
  const are =
    names.length === 1
      ? "is not used, since no line of the configuration names it"
      : "are not used, since no line of the configuration names them";
  return `${counted(names.length, "file")} ${are}: ${fewFiles(names)}`;
}
