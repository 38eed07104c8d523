import type { Asked, Decision } from "./decide.js";

/** What is decided by the tomograms that a run has. A question about these may be open still, and its answer changes what follows. */
const BY_TOMOGRAMS: readonly Decision["role"][] = ["points", "mask", "mesh", "table", "left out"];

/**
 * Marks files of which the outcome hangs on questions that nobody has answered: lists of points and masks of runs that are asked about, such as those that
 * are left out since their run has no tomogram until somebody chooses one. Given again with an answer, what was decided of them no longer counts.
 *
 * @param lists paths of lists of points and tables, which may be of no run until a question is answered
 */
export function waitForAnswers(files: Map<string, Decision>, questions: readonly Asked[], lists: ReadonlySet<string>): void {
  const open = questions.filter(({ isAnswered }) => !isAnswered);
  if (open.length === 0) return;
  const all = open.map(({ id }) => id);
  const ofRuns = byRun(files, open);
  // of two alignments the tilt series decides
  const ofSeries = byRun(
    files,
    open.filter(({ options }) => options.some(({ claims }) => claims.some(({ role }) => role === "tilt series"))),
  );
  for (const [path, file] of files) {
    const isAlignment = file.role === "alignment";
    if (file.strength === "person" || file.question !== undefined) continue;
    if (!isAlignment && !BY_TOMOGRAMS.includes(file.role)) continue;
    const until = isAlignment ? (idsOf(file, ofSeries) ?? []) : (idsOf(file, ofRuns) ?? (lists.has(path) ? all : []));
    if (until.length > 0) files.set(path, { ...file, until });
  }
}

/** The questions by the runs that they are about. */
function byRun(files: ReadonlyMap<string, Decision>, questions: readonly Asked[]): Map<string, string[]> {
  const ofRuns = new Map<string, string[]>();
  for (const { id, files: paths, options } of questions) {
    const runs = [...paths.map((path) => files.get(path)?.run), ...options.flatMap(({ claims }) => claims.map(({ run }) => run))];
    for (const run of new Set(runs)) if (run !== undefined) ofRuns.set(run, [...(ofRuns.get(run) ?? []), id]);
  }
  return ofRuns;
}

/** The questions about the runs of a file; undefined for a file of no run. */
function idsOf({ run, runs }: Decision, ofRuns: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  if (run !== undefined) return ofRuns.get(run) ?? [];
  return runs && [...new Set(runs.flatMap((one) => ofRuns.get(one) ?? []))];
}
