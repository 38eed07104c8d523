import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { ComparedArchive } from "../../../model/compared-archive.js";
import type { Store } from "../../../stores/store.js";
import { keepHeapSmall } from "../../../system/garbage.js";
import type { Recognised } from "./claims.js";
import { comparisonNotes } from "./compared-archive.js";
import { complete } from "./complete.js";
import { joinedRuns } from "./completion/joined-runs.js";
import { withMadeOnly } from "./completion/made-only.js";
import { namedAlike } from "./completion/named-alike.js";
import { recordedAs } from "./completion/recorded-as.js";
import { ofSameExposures } from "./completion/same-exposures.js";
import { withSecondAxes } from "./completion/second-axes.js";
import { withTwoAxes } from "./completion/two-axes.js";
import { conventions } from "./conventions/conventions.js";
import { withoutCopiedFolders } from "./copied-folders.js";
import { type Decided, type Decisions, decide, type Given, NOTHING_GIVEN, withoutEffect } from "./decide.js";
import { type DecisionsDocument, givenOf, NO_DECISIONS } from "./decisions-file.js";
import { withoutMadeNames } from "./named-after-made.js";
import { joinedDecisions, projectsOf } from "./projects.js";
import { runsOfSeries } from "./recognisers/common/same-series.js";
import { RECOGNISERS } from "./recognisers.js";
import { withoutSimulated } from "./simulated.js";
import type { Laboratory } from "./survey/laboratory.js";
import { type SurveyOptions, survey } from "./survey/survey.js";

/** A folder with what is decided of each of its files. */
export interface Known {
  readonly laboratory: Laboratory;
  readonly decisions: Decisions;
}

/** What is known before a folder is looked at. */
interface SaidBefore {
  /** What a person has decided already, such as in a file of decisions. */
  readonly given?: DecisionsDocument | undefined;
  /** What the comparison with a portal tells of its folders. */
  readonly archive?: ComparedArchive | undefined;
}

/** Of 100,000 files some 100 MiB are in use; the engine would hold several times as much. */
const GARBAGE_BYTES = 24 * 2 ** 20;

/** For whoever looks at a folder or writes what is known of it: what is no more in use is freed early meanwhile. */
export async function inSmallHeap<T>(work: () => Promise<T>): Promise<T> {
  const end = keepHeapSmall(GARBAGE_BYTES);
  try {
    return await work();
  } finally {
    end();
  }
}

/**
 * Knows a laboratory: surveys the folder, asks every recogniser, and joins what they claim with what a person has decided; project by project, where the
 * folder has several.
 *
 * @throws {EmporiumError} STORE_…
 */
export async function knowLaboratory(store: Store, { given, archive, ...options }: SurveyOptions & SaidBefore): Promise<Known> {
  const laboratory = await survey(store, options);
  const said = given || archive ? givenOf(given ?? NO_DECISIONS, laboratory, archive) : NOTHING_GIVEN;
  const { signal } = options;
  // of claims nothing is held while they are completed: they are as many as the files
  const inProjects = async (whole: Laboratory): Promise<Decisions[]> => {
    const { projects, decided } = await decidedIn(whole, said, signal);
    if (decided) return [await complete(whole, decided, said, signal)];
    const all: Decisions[] = [];
    for (const project of projects) all.push(...(await inProjects(project)));
    return all;
  };
  return { laboratory, decisions: await together(laboratory, await inProjects(laboratory), { given: said, signal }) };
}

/** What claims decide of a folder, if it is one project. */
async function decidedIn(
  whole: Laboratory,
  given: Given,
  signal: AbortSignal,
): Promise<{ readonly projects: readonly Laboratory[]; readonly decided?: Decided }> {
  const { recognised, projects } = await recognisedAsOne(whole, signal);
  return projects.length > 0 ? { projects } : { projects, decided: await decide(whole, recognised, given) };
}

/** What every recogniser claims of a project. */
export interface Project {
  readonly laboratory: Laboratory;
  readonly recognised: readonly Recognised[];
}

/** What every recogniser claims of each project of a folder: the same whatever a person decides. */
export async function recognisedIn(whole: Laboratory, signal: AbortSignal): Promise<readonly Project[]> {
  const { recognised, projects } = await recognisedAsOne(whole, signal);
  if (projects.length === 0) return [{ laboratory: whole, recognised }];
  const all: Project[] = [];
  for (const project of projects) all.push(...(await recognisedIn(project, signal)));
  return all;
}

/** What every recogniser claims of a folder as a whole, and the projects that it shows. */
async function recognisedAsOne(
  whole: Laboratory,
  signal: AbortSignal,
): Promise<{ readonly recognised: readonly Recognised[]; readonly projects: readonly Laboratory[] }> {
  const { laboratory, copies, pairs } = await withoutCopiedFolders(whole);
  const recognised: Recognised[] = copies ? [copies] : [];
  for (const recogniser of RECOGNISERS) {
    signal.throwIfAborted();
    // many of them wait for nothing: without a turn of the loop what they leave would be freed after the last one alone
    await turnOfTheLoop();
    const found = await recogniser.recognise(laboratory);
    if (found) recognised.push(found);
  }
  await turnOfTheLoop();
  const known = withoutMadeNames(laboratory, recognised);
  const { recorded: all, asked, related } = await withoutSimulated(laboratory, [...known, await conventions(laboratory, known)]);
  await turnOfTheLoop();
  const ofExposures = await ofSameExposures(laboratory, all);
  await turnOfTheLoop();
  const ofSeries = await runsOfSeries(laboratory, ofExposures);
  await turnOfTheLoop();
  const joined = await joinedRuns(laboratory, await recordedAs(laboratory, ofSeries));
  const ofAxes = await withSecondAxes(laboratory, withTwoAxes(laboratory, joined.recognised));
  const inRuns = [...(await namedAlike(laboratory, await withMadeOnly(laboratory, ofAxes))), ...asked];
  // where not all were compared two folders may have something in common that nobody has looked at
  return { recognised: inRuns, projects: joined.isComplete ? projectsOf(whole, inRuns, [...pairs, ...related]) : [] };
}

/** What is decided of a folder by what was recognised of its projects. */
export async function decisionsOf(
  laboratory: Laboratory,
  projects: readonly Project[],
  signal: AbortSignal,
  given: Given = NOTHING_GIVEN,
): Promise<Decisions> {
  const parts: Decisions[] = [];
  for (const { laboratory: own, recognised } of projects)
    parts.push(await complete(own, await decide(own, recognised, given), given, signal));
  return together(laboratory, parts, { given, signal });
}

/** The decisions of all projects. Where two of them have runs of one name after all the folder is looked at as one project. */
async function together(
  laboratory: Laboratory,
  parts: readonly Decisions[],
  { given, signal }: { readonly given: Given; readonly signal: AbortSignal },
): Promise<Decisions> {
  let all = joinedDecisions(laboratory, parts, given.answers);
  if (!all) {
    const { recognised } = await recognisedAsOne(laboratory, signal);
    all = await complete(laboratory, await decide(laboratory, recognised, given), given, signal);
  }
  const left = given.archive ? comparisonNotes(given.archive, all.files.values()) : [];
  return { ...all, notes: [...left, ...all.notes, ...withoutEffect(given, all.questions)] };
}
