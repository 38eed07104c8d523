import { few } from "../../../../core/finding.js";
import { groupsOf } from "../../../../core/groups.js";
import type { Claim, Question, Recognised, RunOfFile } from "../claims.js";
import { haveOtherPixels } from "../conventions/apart.js";
import { stableId } from "../questions.js";
import { type MdocFacts, mdocsOf } from "../recognisers/common/mdocs.js";
import { stemOf } from "../recognisers/common/names.js";
import { baseName } from "../recognisers/common/paths.js";
import { showTheSame } from "../recognisers/common/prints.js";
import { tightName } from "../run-names.js";
import { inRuns } from "../runs-of-files.js";
import type { Laboratory } from "../survey/laboratory.js";

type Runs = ReadonlyMap<string, readonly Claim[]>;

/** A run whose stack has the name under which others were recorded. */
interface Named {
  readonly run: string;
  /** Mdocs of that name by the runs that they are of. */
  readonly recorded: ReadonlyMap<string, MdocFacts>;
}

/**
 * A stack that a program made outside of the project in which a series was renamed has the name that the microscope gave: `Position_1` of two sessions, of
 * which one is `lam4` by now. It is of the series of which an mdoc has that name and whose stack shows the same images; the name alone tells nothing, since
 * microscopes count anew in each session. Where no stack is there to be compared with, a person is asked.
 */
export async function recordedAs(laboratory: Laboratory, recognised: readonly Recognised[]): Promise<readonly Recognised[]> {
  const claims = recognised.flatMap(({ claims: own }) => own.filter(({ run }) => run !== undefined));
  const asked = new Set(
    recognised.flatMap(({ questions = [] }) => questions.filter(({ isOfRuns }) => isOfRuns).flatMap(({ files }) => files)),
  );
  const runs = groupsOf(claims, ({ run }) => run!);
  const names = new Map<string, string>();
  const notes: string[] = [];
  const questions: Question[] = [];
  for (const named of await namedAsRecorded(laboratory, runs)) {
    const { run, recorded } = named;
    if (runs.get(run)!.some(({ path }) => asked.has(path))) continue;
    const open: string[] = [];
    const same: string[] = [];
    for (const other of recorded.keys()) {
      const shows = await showStacksOf(laboratory, runs.get(run)!, runs.get(other)!);
      if (shows !== false) open.push(other);
      if (shows === true) same.push(other);
    }
    const [only] = same;
    if (only !== undefined && open.length === 1) {
      names.set(run, only);
      notes.push(
        `${recorded.get(only)!.path} describes the stack of ${run}, and both show the same images: published as run ${only}.`,
      );
    } else if (open.length > 0) questions.push(questionOf(laboratory, runs.get(run)!, named, open));
  }
  if (names.size === 0 && questions.length === 0) return recognised;
  const changes = claims.flatMap(({ path, run }): RunOfFile[] => {
    const isOf = names.get(run!);
    return isOf === undefined ? [] : [{ path, run: run!, isOf }];
  });
  return [...inRuns(recognised, changes), { software: "", by: [], claims: [], notes, questions }];
}

/** Runs with a stack and nothing that was recorded, by the mdocs of other runs that have the name of the stack. */
async function namedAsRecorded(laboratory: Laboratory, runs: Runs): Promise<Named[]> {
  const runOf = new Map([...runs].flatMap(([run, own]) => own.map(({ path }) => [path, run] as const)));
  const mdocs = (await mdocsOf(laboratory)).all.flatMap((mdoc) => {
    const own = mdoc.kind === "series" ? runOf.get(mdoc.path) : undefined;
    // an mdoc alone is of no series that was renamed: it may be called otherwise, and describe the stack
    const run = own !== undefined && runs.get(own)!.some(({ role }) => role !== "acquisition") ? own : undefined;
    const image = mdoc.imageFile === undefined ? [] : [stemOf(baseName(mdoc.imageFile.replaceAll("\\", "/")))];
    return run === undefined ? [] : [...new Set([mdoc.stem, ...image].map(tightName))].map((name) => ({ name, run, mdoc }));
  });
  const byName = groupsOf(mdocs, ({ name }) => name);
  const recorded = new Set(mdocs.map(({ run }) => run));
  return [...runs].flatMap(([run, own]): Named[] => {
    const isRecorded = recorded.has(run) || own.some(({ role }) => role === "frame" || role === "acquisition");
    const stacks = isRecorded ? [] : own.filter(({ role }) => role === "tilt series");
    // a name without a number, such as `tilt_series`, is that of none
    const found = stacks.flatMap(({ path }) => (/\d/.test(stemOf(path)) ? (byName.get(tightName(stemOf(path))) ?? []) : []));
    return found.length === 0 ? [] : [{ run, recorded: new Map(found.map((one) => [one.run, one.mdoc])) }];
  });
}

/** Whether any stacks of two runs show the same images; undefined where nothing can be compared. */
async function showStacksOf(
  laboratory: Laboratory,
  some: readonly Claim[],
  others: readonly Claim[],
): Promise<boolean | undefined> {
  const stacksOf = (own: readonly Claim[]) => [...new Set(own.flatMap(({ role, path }) => (role === "tilt series" ? path : [])))];
  let result: boolean | undefined;
  for (const a of stacksOf(some))
    for (const b of stacksOf(others)) {
      const shows = await showTheSame(laboratory, a, b);
      if (shows === true) return true;
      result ??= shows;
    }
  return result;
}

/** Asks of which series a stack is; one whose pixels no mdoc of its name can have is held to be a series of its own until then. */
function questionOf(
  laboratory: Laboratory,
  claims: readonly Claim[],
  { run, recorded }: Named,
  open: readonly string[],
): Question {
  const files = [...new Set(claims.map(({ path }) => path))];
  const told = (isOf: string | undefined) => files.map((path): RunOfFile => ({ path, run, isOf }));
  const stacks = claims.filter(({ role }) => role === "tilt series");
  const isOther = haveOtherPixels(
    stacks.map(({ path }) => laboratory.get(path)?.volume?.spacingsAngstrom[1]),
    open.map((other) => recorded.get(other)!.pixelAngstrom),
  );
  const pixels = isOther ? " Its pixel size is not that of the mdoc, nor a binning of it." : "";
  const by = few(open.map((other) => `${recorded.get(other)!.path} of ${other}`));
  return {
    id: stableId("recorded", `${run} ${open.join(" ")}`),
    text: `Is ${run} the same tilt series as ${open.length === 1 ? open[0] : `one of ${open.join(", ")}`}?`,
    why: `Its stack has the name that ${by} describes, but there are no other images to compare.${pixels}`,
    files,
    isOfRuns: true,
    options: [
      ...open.map((other, at) => ({
        answer: `${at + 1}`,
        says: `yes: published with run ${other}`,
        claims: [],
        runs: told(other),
      })),
      { answer: "separate-run", says: "no: published as a run of its own", claims: [], runs: told(run) },
      { answer: "leave-out", says: "not published", claims: [], runs: told(undefined) },
    ],
    guess: isOther ? "separate-run" : "leave-out",
  };
}
