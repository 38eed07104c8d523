import { EmporiumError, type ErrorRecord } from "../../../core/errors.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { Store } from "../../../stores/store.js";
import type { IngestConfig } from "../config/schema.js";
import type { OpenAddress } from "../ops/photo.js";
import { planContext } from "../plan.js";
import { makeSelection, type SelectionFlags } from "../selection.js";
import type { Suite } from "./check.js";
import { orNothing } from "./facts/fact.js";
import { judgeOf } from "./judge.js";
import type { PhotoSubject, Visit } from "./subjects.js";
import { type CheckCounts, type Counts, type ReportedFinding, type ReportedSkip, type RunCounts, Tally } from "./tally.js";
import { expectationsOf } from "./tree/expectations.js";
import { visitSource } from "./tree/source.js";
import { visitStandardized } from "./tree/standardized.js";

export interface ValidateOptions {
  /** By type: only entities whose name (or number) matches a pattern from its start; and those to leave out. */
  readonly filter?: SelectionFlags["filter"];
  readonly exclude?: SelectionFlags["exclude"];
  /** Opens pictures by addresses that metadata name. Default: they are not asked for. */
  readonly open?: OpenAddress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What came of all checks. */
export interface Validation {
  readonly suite: Suite;
  /** Of the tree or the sources. */
  readonly location: string;
  readonly config: string | null;
  readonly counts: Counts;
  readonly marks: readonly (Counts & { readonly mark: string })[];
  readonly checks: readonly CheckCounts[];
  readonly runs: readonly RunCounts[];
  /** Errors first. */
  readonly findings: readonly ReportedFinding[];
  readonly skipped: readonly ReportedSkip[];
  /** Pictures of the tree that are whole: key photos, and thumbnails of tomograms. */
  readonly pictures: readonly ReportedPicture[];
}

export interface ReportedPicture {
  readonly key: string;
  /** What it is of. */
  readonly entity: string;
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** A report shows so many at most. */
const PICTURES_KEPT = 300;

/**
 * Checks a laboratory's files before they are imported: what the finders of its configuration find, file by file. Nothing is
 * written.
 *
 * @param source folder or bucket; the configuration's `source_prefix` is below it.
 * @param options `faults` of the configuration itself become findings.
 * @throws {EmporiumError} CONFIG_…, USAGE (exit status 2)
 */
export async function validateSource(
  config: IngestConfig,
  source: Store,
  options: ValidateOptions & { readonly faults?: readonly ErrorRecord[] | undefined } = {},
): Promise<Validation> {
  const { filter, exclude, signal, faults = [] } = options;
  const selection = makeSelection({ everything: true, filter, exclude });
  const nothing = memoryStore({ url: "memory:none" });
  const context = await planContext(config, source, nothing, { selection, signal, open: refuseAddress });
  const { tally, visit, pictures } = tallying("source", signal);
  await visitSource(context, visit, faults);
  return validationOf("source", source.url, config, tally, pictures);
}

/**
 * Checks a finished tree in the portal's layout. Only headers and documents are read, point files as a stream.
 *
 * @param config of the deposition: then only its datasets are looked at, and what it says itself is expected of them.
 * @throws {EmporiumError} CONFIG_EMPTY where there is nothing to look at, USAGE
 */
export async function validateStandardized(
  tree: Store,
  { config, filter, exclude, open, signal }: ValidateOptions & { readonly config?: IngestConfig | undefined } = {},
): Promise<Validation> {
  const selection = makeSelection({ everything: true, filter, exclude });
  const { tally, visit, pictures } = tallying("standardized", signal);
  const expectations = config && (await expectationsOf(config, tree, signal));
  await visitStandardized({ store: tree, selection, expectations, open, signal, visit });
  return validationOf("standardized", tree.url, config, tally, pictures);
}

/** 0 all checks that could be decided have passed, warnings aside · 4 errors were found. */
export function exitStatusOf({ counts }: Pick<Validation, "counts">): 0 | 4 {
  return counts.failed > 0 ? 4 : 0;
}

interface Tallying {
  readonly tally: Tally;
  readonly visit: Visit;
  readonly pictures: ReportedPicture[];
}

function tallying(suite: Suite, signal: AbortSignal | undefined): Tallying {
  const tally = new Tally(suite);
  const judge = judgeOf(suite);
  const pictures: ReportedPicture[] = [];
  const visit: Visit = async (kind, subject) => {
    if (signal?.aborted) throw new EmporiumError("CANCELLED", "stopped: nothing was changed");
    for (const judged of await judge(kind, subject)) tally.add(judged);
    if (kind === "photo" && pictures.length < PICTURES_KEPT) pictures.push(...(await pictureOf(subject as PhotoSubject)));
  };
  return { tally, visit, pictures };
}

async function pictureOf({ facts, key, title: entity, dataset, run, role }: PhotoSubject): Promise<ReportedPicture[]> {
  const picture = await orNothing(facts);
  if (!picture || role === "tomogram-snapshot" || /^[a-z][a-z0-9+.-]*:/i.test(key)) return [];
  return [{ key, entity, dataset, run, width: picture.width, height: picture.height }];
}

function validationOf(
  suite: Suite,
  location: string,
  config: IngestConfig | undefined,
  tally: Tally,
  pictures: readonly ReportedPicture[],
): Validation {
  const { total: counts, marks, checks, runs, findings, skips: skipped } = tally;
  const sorted = pictures.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return { suite, location, config: config?.file ?? null, counts, marks, checks, runs, findings, skipped, pictures: sorted };
}

const refuseAddress: OpenAddress = async (location) => {
  throw new EmporiumError("STORE_UNAVAILABLE", `${location} is not requested by a validation`);
};
