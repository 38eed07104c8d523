import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import type { ComparedArchive } from "../../../model/compared-archive.js";
import type { Store } from "../../../stores/store.js";
import { keepHeapSmall } from "../../../system/garbage.js";
import type { Recognised } from "./claims.js";
import { complete } from "./complete.js";
import { joinedRuns } from "./completion/joined-runs.js";
import { namedAlike } from "./completion/named-alike.js";
import { conventions } from "./conventions/conventions.js";
import { withoutCopiedFolders } from "./copied-folders.js";
import { type Decided, type Decisions, decide, type Given, NOTHING_GIVEN } from "./decide.js";
import { type DecisionsDocument, givenOf, NO_DECISIONS } from "./decisions-file.js";
import { withoutMadeNames } from "./named-after-made.js";
import { runsOfSeries } from "./recognisers/common/same-series.js";
import { RECOGNISERS } from "./recognisers.js";
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
 * Knows a laboratory: surveys the folder, asks every recogniser, and joins what they claim with what a person has decided.
 *
 * @throws {EmporiumError} STORE_…
 */
export async function knowLaboratory(store: Store, { given, archive, ...options }: SurveyOptions & SaidBefore): Promise<Known> {
  const laboratory = await survey(store, options);
  const said = given || archive ? givenOf(given ?? NO_DECISIONS, laboratory, archive) : undefined;
  // of claims nothing is held while they are completed: they are as many as the files
  const decided = await decidedIn(laboratory, options.signal, said);
  return { laboratory, decisions: await complete(laboratory, decided, said ?? NOTHING_GIVEN, options.signal) };
}

async function decidedIn(laboratory: Laboratory, signal: AbortSignal, given: Given | undefined): Promise<Decided> {
  return decide(laboratory, await recognisedIn(laboratory, signal), given);
}

/** What every recogniser claims of a folder: the same whatever a person decides. */
export async function recognisedIn(whole: Laboratory, signal: AbortSignal): Promise<readonly Recognised[]> {
  const { laboratory, copies } = await withoutCopiedFolders(whole);
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
  const all = [...known, await conventions(laboratory, known)];
  await turnOfTheLoop();
  return namedAlike(laboratory, await joinedRuns(laboratory, await runsOfSeries(laboratory, all)));
}

export async function decisionsOf(
  laboratory: Laboratory,
  recognised: readonly Recognised[],
  signal: AbortSignal,
  given: Given = NOTHING_GIVEN,
): Promise<Decisions> {
  return complete(laboratory, await decide(laboratory, recognised, given), given, signal);
}
