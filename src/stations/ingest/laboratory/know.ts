import type { Store } from "../../../stores/store.js";
import type { Recognised } from "./claims.js";
import { complete } from "./complete.js";
import { conventions } from "./conventions/conventions.js";
import { withoutCopiedFolders } from "./copied-folders.js";
import { type Decisions, decide, type Given, NOTHING_GIVEN } from "./decide.js";
import { type DecisionsDocument, givenOf } from "./decisions-file.js";
import { RECOGNISERS } from "./recognisers.js";
import type { Laboratory } from "./survey/laboratory.js";
import { type SurveyOptions, survey } from "./survey/survey.js";

/** A folder with what is decided of each of its files. */
export interface Known {
  readonly laboratory: Laboratory;
  readonly decisions: Decisions;
}

/**
 * Knows a laboratory: surveys the folder, asks every recogniser, and joins what they claim with what a person has decided.
 *
 * @throws {EmporiumError} STORE_…
 */
export async function knowLaboratory(
  store: Store,
  { given, ...options }: SurveyOptions & { readonly given?: DecisionsDocument | undefined },
): Promise<Known> {
  const laboratory = await survey(store, options);
  const recognised = await recognisedIn(laboratory, options.signal);
  const decisions = await decisionsOf(laboratory, recognised, options.signal, given && givenOf(given, laboratory));
  return { laboratory, decisions };
}

/** What every recogniser claims of a folder: the same whatever a person decides. */
export async function recognisedIn(whole: Laboratory, signal: AbortSignal): Promise<readonly Recognised[]> {
  const { laboratory, copies } = await withoutCopiedFolders(whole);
  const recognised: Recognised[] = copies ? [copies] : [];
  for (const recogniser of RECOGNISERS) {
    signal.throwIfAborted();
    const found = await recogniser.recognise(laboratory);
    if (found) recognised.push(found);
  }
  recognised.push(await conventions(laboratory, recognised));
  return recognised;
}

export async function decisionsOf(
  laboratory: Laboratory,
  recognised: readonly Recognised[],
  signal: AbortSignal,
  given: Given = NOTHING_GIVEN,
): Promise<Decisions> {
  return complete(laboratory, decide(laboratory, recognised, given), given, signal);
}
