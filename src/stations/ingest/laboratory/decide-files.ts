import { EmporiumError } from "../../../core/errors.js";
import type { Role } from "./claims.js";
import { hasRunName, literal } from "./configuration/globs.js";
import type { Decisions } from "./decide.js";
import { type DecisionsDocument, givenOf, plain } from "./decisions-file.js";
import type { Known } from "./know.js";
import { runFinder } from "./run-names.js";

/** What a person says of files. */
export interface Said {
  readonly is: Role;
  /** Default: the run that is known, else the one whose name the path contains. */
  readonly run?: string | undefined;
}

type Row = DecisionsDocument["files"][number];

/** Roles of files that need no run. */
const OF_ALL: readonly Role[] = ["left out", "gain", "table", "points"];

/**
 * A file of decisions in which a person has also decided about these files, one row each. The first row that names a file counts, so these are the first.
 * What is known of a file that keeps its role is kept.
 *
 * @throws {EmporiumError} USAGE for a role that needs a run where nothing tells which
 */
export function withFiles(
  given: DecisionsDocument,
  { decisions }: Known,
  paths: readonly string[],
  { is, run }: Said,
): DecisionsDocument {
  const find = runFinder(decisions.runs);
  const rows = paths.map((path): Row => {
    const known = decisions.files.get(path);
    const own = is === "left out" ? known?.run : (run ?? known?.run ?? find(path));
    if (own === undefined && !OF_ALL.includes(is) && !known?.runs) throw withoutRun(path, is);
    const details = known?.role === is ? known.details : undefined;
    return {
      files: literal(path),
      is,
      ...(own === undefined ? {} : { run: own }),
      ...(known?.runs && known.role === is ? { of_runs: [...known.runs] } : {}),
      because: "a person decided it",
      ...(details ? { details: plain(details) } : {}),
    };
  });
  const names = new Set(rows.map(({ files }) => files));
  return {
    ...given,
    runs: runsWith(given, decisions, run),
    files: [...rows, ...given.files.filter(({ files }) => !names.has(files))],
  };
}

/** As {@link withFiles}, for the files of a glob, which may have `{run_name}`. @throws {EmporiumError} USAGE where it names no file */
export function withPattern(given: DecisionsDocument, known: Known, pattern: string, { is, run }: Said): DecisionsDocument {
  const paths = pathsOfPattern(known, pattern);
  if (paths.length === 0) {
    throw new EmporiumError("USAGE", `${pattern} names no file of the folder`, {
      place: { path: "pattern" },
      hint: "write * for any letters of a name, ** for any folders, {run_name} for the name of a run; folders end at /",
    });
  }
  // a row for each file keeps what is known of it; in the file that is written those that are alike become one glob again
  if (!hasRunName(pattern)) return withFiles(given, known, paths, { is, run });
  const row: Row = { files: pattern, is, because: "a person decided it" };
  return { ...given, runs: runsWith(given, known.decisions, undefined), files: [row, ...given.files] };
}

/** Files of the folder that a glob of a file of decisions names. */
export function pathsOfPattern({ laboratory, decisions }: Known, pattern: string): string[] {
  const files: Row[] = [{ files: pattern, is: "left out", because: "" }];
  return [...givenOf({ runs: [...decisions.runs], questions: [], files }, laboratory).files.keys()];
}

/** A file of decisions with an answer to a question; without one it is open again. @throws {EmporiumError} USAGE for one that is no option */
export function withAnswer(
  given: DecisionsDocument,
  { questions }: Decisions,
  id: string,
  answer: string | undefined,
): DecisionsDocument {
  const question = questions.find((one) => one.id === id);
  const wanted = question?.options.map((option) => option.answer) ?? [];
  if (!question || (answer !== undefined && !wanted.includes(answer))) {
    const what = question ? `${answer}: expected one of ${wanted.join(", ")}` : `there is no question ${id}`;
    throw new EmporiumError("USAGE", what, { place: { path: question ? "answer" : "question" } });
  }
  const others = given.questions.filter((one) => one.id !== id);
  return { ...given, questions: [...others, ...(answer === undefined ? [] : [{ id, answer }])] };
}

const runsWith = (given: DecisionsDocument, { runs }: Decisions, run: string | undefined): string[] => [
  ...new Set([...given.runs, ...runs, ...(run === undefined ? [] : [run])]),
];

const withoutRun = (path: string, is: Role): EmporiumError =>
  new EmporiumError("USAGE", `${path}: ${/^[aeiou]/.test(is) ? "an" : "a"} ${is} needs a run, and nothing tells which`, {
    place: { path: "run" },
    hint: "name the run",
  });
