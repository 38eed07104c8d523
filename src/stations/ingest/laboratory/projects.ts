import { few } from "../../../core/finding.js";
import { groupsOf } from "../../../core/groups.js";
import { inNumbers } from "../../../core/natural-order.js";
import { counted } from "../../../core/units.js";
import { isChore } from "./account.js";
import type { Claim, Recognised, Role } from "./claims.js";
import type { Asked, Decision, Decisions } from "./decide.js";
import { joinedAlike, together } from "./questions.js";
import { commonFolder } from "./recognisers/common/paths.js";
import type { Laboratory } from "./survey/laboratory.js";
import { onlyWith } from "./survey/only-with.js";

/** Runs with a tomogram that a folder has to have, to be a project: of less it may be one run of a project. */
const RUNS_MIN = 2;
/** Of which it has to have some: what has tomograms alone may have been made of those of another, for figures or for a training. */
const RECORDED: readonly Role[] = ["tilt series", "frame", "acquisition", "raw tilts"];

/**
 * The projects of a folder that have nothing to do with each other: they lie in different folders, each has series and tomograms of two runs or more, and no run,
 * copy or table is of two of them. What is known of one says nothing of another: neither its gain reference, nor the size of its pixels, nor how many
 * sections its series have.
 *
 * @param related pairs of files or folders that belong together, whatever is claimed of them
 * @returns a laboratory a project, and one of what is beside them; nothing where the folder is one project, or where a file may be of several
 */
export function projectsOf(
  laboratory: Laboratory,
  recognised: readonly Recognised[],
  related: readonly (readonly [string, string])[] = [],
): readonly Laboratory[] {
  const entryOf = entriesBelow(laboratory);
  const groups = new Groups();
  const withTomogram = new Set<string>();
  const recorded = new Set<string>();
  const use = ({ path, role, run, runs: several = [], sameRunAs, copyOf, details }: Claim) => {
    const entry = entryOf(path);
    for (const other of [sameRunAs, copyOf, details?.table, details?.points?.of])
      if (other !== undefined && laboratory.get(other)) groups.join(entry, entryOf(other));
    if (role === "left out") return;
    for (const name of run === undefined ? several : [run, ...several]) {
      const of = `run ${name}`;
      groups.join(entry, of);
      if (role === "tomogram") withTomogram.add(of);
      if (RECORDED.includes(role)) recorded.add(of);
    }
  };
  for (const { claims, questions = [], missingFrames = [] } of recognised) {
    claims.forEach(use);
    for (const { by, run } of missingFrames) groups.join(entryOf(by), `run ${run}`);
    for (const { options, isOfRuns, files } of questions) {
      for (const option of options) option.claims.forEach(use);
      if (isOfRuns) for (const path of files) groups.join(entryOf(files[0]!), entryOf(path));
    }
  }
  for (const [one, other] of related) groups.join(entryOf(one), entryOf(other));
  const entries = [...new Set(laboratory.files.map(({ path }) => entryOf(path)))];
  const ofProject = groupsOf(
    entries.filter((entry) => groups.has(entry)),
    (entry) => groups.of(entry),
  );
  const tomograms = groupsOf([...withTomogram], (run) => groups.of(run));
  const series = new Set([...recorded].map((run) => groups.of(run)));
  const isProject = (group: string) => (tomograms.get(group)?.length ?? 0) >= RUNS_MIN && series.has(group);
  if (ofProject.size < 2 || ![...ofProject.keys()].every(isProject)) return [];
  // what is beside them and might be of one of them: nobody knows of which
  const beside = new Set(entries.filter((entry) => !groups.has(entry)));
  if (!laboratory.files.every(({ path }) => !beside.has(entryOf(path)) || isChore(path))) return [];
  return [...ofProject.values(), ...(beside.size > 0 ? [[...beside]] : [])].map((own) => {
    const seen = new Set(own);
    return onlyWith(laboratory, (path) => seen.has(entryOf(path)));
  });
}

/**
 * What is decided of all projects together. Questions that are alike are one.
 *
 * @returns undefined where two of them have runs of the same name
 */
export function joinedDecisions(
  laboratory: Pick<Laboratory, "files">,
  parts: readonly Decisions[],
  answers: ReadonlyMap<string, string>,
): Decisions | undefined {
  if (parts.length === 1) return parts[0];
  const runs = parts.flatMap((part) => part.runs);
  if (new Set(runs).size < runs.length) return undefined;
  const { questions, idOf } = joinedQuestions(
    parts.flatMap((part) => part.questions),
    answers,
  );
  // most files stay the objects that they are: a copy of so many would be held beside them
  const inWords = (file: Decision, all: readonly string[]): Decision => {
    const isOfAll = file.run === undefined && file.runs === undefined && file.role !== "left out";
    if (!isOfAll && file.question === undefined && file.until === undefined) return file;
    return {
      ...file,
      // what is of all runs is of those of its project
      ...(isOfAll && { runs: all }),
      ...(file.question !== undefined && { question: idOf(file.question) }),
      ...(file.until !== undefined && { until: file.until.map(idOf) }),
    };
  };
  const files = new Map<string, Decision>();
  const undecided = new Map<string, string>();
  for (const { path } of laboratory.files) {
    for (const part of parts) {
      const file = part.files.get(path);
      if (file) files.set(path, inWords(file, part.runs));
      const why = part.undecided.get(path);
      if (why !== undefined)
        undecided.set(
          path,
          why.replace(/^question (.+)$/, (_, id: string) => `question ${idOf(id)}`),
        );
    }
  }
  const software = groupsOf(
    parts.flatMap((part) => part.software),
    (one) => one.software,
  );
  return {
    ...parts[0]!,
    runs: runs.sort(inNumbers),
    files,
    undecided,
    questions,
    software: [...software].map(([name, same]) => ({ software: name, by: same.flatMap(({ by }) => by) })),
    notes: [projectsNote(laboratory, parts), ...new Set(parts.flatMap(({ notes }) => notes))],
  };
}

/** That folders are taken for projects of their own, which may be wrong. */
function projectsNote({ files: all }: Pick<Laboratory, "files">, parts: readonly Decisions[]): string {
  const entryOf = entriesBelow({ files: all });
  const folders = parts
    .filter(({ runs }) => runs.length > 0)
    .map(({ files, undecided }) => {
      const paths = [...files.keys(), ...undecided.keys()].map((path) => ({ path }));
      const shared = commonFolder(paths);
      return shared === commonFolder(all) ? few([...new Set(paths.map(({ path }) => entryOf(path)))], 2, "folder") : shared;
    });
  return `${counted(folders.length, "separate project")}, which share no run: ${folders.slice(0, 6).join("; ")}${folders.length > 6 ? "; …" : ""}.`;
}

/** Questions of one id, and open ones that are alike, as one. */
function joinedQuestions(all: readonly Asked[], answers: ReadonlyMap<string, string>) {
  const single = [...groupsOf(all, ({ id }) => id).values()].map(
    (same): Asked => (same.length === 1 ? same[0]! : { ...same[0]!, ...together(same) }),
  );
  const ids = new Map<string, string>();
  const questions = joinedAlike(single, answers).map(({ question, of: [first, ...others] }): Asked => {
    for (const { id } of [first!, ...others]) ids.set(id, question.id);
    return { ...first!, ...question };
  });
  return { questions, idOf: (id: string) => ids.get(id) ?? id };
}

/** The folder, or the file, below the innermost folder that has all files. */
function entriesBelow({ files }: Pick<Laboratory, "files">): (path: string) => string {
  const shared = commonFolder(files);
  const start = shared === "" ? 0 : shared.length + 1;
  return (path) => {
    const end = path.indexOf("/", start);
    return end < 0 ? path : path.slice(0, end);
  };
}

/** What belongs together, joined pair by pair. */
class Groups {
  readonly #above = new Map<string, string>();

  has(one: string): boolean {
    return this.#above.has(one);
  }

  /** The same for all that belong together. */
  of(one: string): string {
    let at = one;
    for (let next = this.#above.get(at); next !== undefined && next !== at; next = this.#above.get(at)) at = next;
    if (at !== one) this.#above.set(one, at);
    return at;
  }

  join(one: string, other: string): void {
    const [a, b] = [this.of(one), this.of(other)];
    this.#above.set(a, b);
    this.#above.set(b, b);
  }
}
