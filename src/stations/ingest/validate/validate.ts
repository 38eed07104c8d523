import { EmporiumError, type ErrorRecord } from "../../../core/errors.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { Store } from "../../../stores/store.js";
import { mapLimit } from "../../../system/parallel.js";
import type { IngestConfig } from "../config/schema.js";
import { notedFilters } from "../filter-uses.js";
import type { OpenAddress } from "../ops/photo.js";
import { planContext } from "../plan.js";
import { makeSelection, type SelectionFlags } from "../selection.js";
import type { Suite } from "./check.js";
import { Part } from "./part.js";
import { expectationsOf } from "./tree/expectations.js";
import { sourceScene } from "./tree/source.js";
import { standardizedScene, visitScales } from "./tree/standardized.js";
import type { Scene } from "./tree/walk.js";
import type { Validation } from "./validation.js";

export interface ValidateOptions {
  /** Patterns by type, matched from the start of a name or number: those of entities to look at, and of those to leave out. */
  readonly filter?: SelectionFlags["filter"];
  readonly exclude?: SelectionFlags["exclude"];
  /** Opens pictures by addresses that metadata name. Default: they are not asked for. */
  readonly open?: OpenAddress | undefined;
  readonly signal?: AbortSignal | undefined;
}

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
  return lookAt(await openSource(config, source, options), { suite: "source", location: source.url, config }, options.signal);
}

/**
 * Checks a finished tree in the portal's layout. Headers and documents are read, point files as a stream, and samples of
 * volumes' voxels.
 *
 * @param config configuration of the deposition: then only its datasets are looked at, and must be as it states.
 * @throws {EmporiumError} CONFIG_EMPTY where there is nothing to look at, USAGE
 */
export async function validateStandardized(
  tree: Store,
  options: ValidateOptions & { readonly config?: IngestConfig | undefined } = {},
): Promise<Validation> {
  const { config, signal } = options;
  return lookAt(await openStandardized(tree, options), { suite: "standardized", location: tree.url, config }, signal);
}

/** Opens the scene for `validateSource`. @throws {EmporiumError} as it */
export async function openSource(
  config: IngestConfig,
  source: Store,
  { filter, exclude, signal, faults = [] }: ValidateOptions & { readonly faults?: readonly ErrorRecord[] | undefined },
): Promise<Scene> {
  const { selection, unused } = notedFilters(makeSelection({ everything: true, filter, exclude }));
  const nothing = memoryStore({ url: "memory:none" });
  const context = await planContext(config, source, nothing, { selection, signal, open: refuseAddress });
  return { ...(await sourceScene(context, faults)), unused };
}

/** Opens the scene for `validateStandardized`. @throws {EmporiumError} as it */
export async function openStandardized(
  tree: Store,
  { config, filter, exclude, open, signal }: ValidateOptions & { readonly config?: IngestConfig | undefined },
): Promise<Scene> {
  const { selection, unused } = notedFilters(makeSelection({ everything: true, filter, exclude }));
  const expectations = config && (await expectationsOf(config, tree, signal));
  return { ...(await standardizedScene({ store: tree, selection, expectations, open, signal })), unused };
}

/** What a filter that no name passes was meant for is not looked at, which would look like success. @throws {EmporiumError} CONFIG_EMPTY */
export function refuseUnused(scene: Pick<Scene, "unused">): void {
  const [first] = scene.unused();
  if (first) throw first.error;
}

/** Runs whose folders and headers are read side by side. */
const RUNS_AT_ONCE = 8;

/** Datasets one after another, a few of their runs at once. */
async function lookAt(scene: Scene, what: Validated, signal: AbortSignal | undefined): Promise<Validation> {
  const whole = new Part(what.suite);
  const look = whole.look(signal);
  await scene.begin(look);
  for (const dataset of scene.datasets) {
    const runs = await dataset.look(look);
    const scales = await mapLimit(runs, RUNS_AT_ONCE, (run) => dataset.lookAtRun(run, look));
    await visitScales(scales.flat(), look.visit);
  }
  refuseUnused(scene);
  await scene.end(whole, look);
  return validationOf(what, whole);
}

/** Subject of a validation: suite, location and configuration. */
export interface Validated {
  readonly suite: Suite;
  /** URL of the tree or the sources. */
  readonly location: string;
  readonly config: Pick<IngestConfig, "file"> | undefined;
}

/** @param whole all parts */
export function validationOf({ suite, location, config }: Validated, { tally, pictures }: Part): Validation {
  const { total: counts, marks, checks, runs, findings, skips: skipped } = tally;
  return { suite, location, config: config?.file ?? null, counts, marks, checks, runs, findings, skipped, pictures };
}

const refuseAddress: OpenAddress = async (location) => {
  throw new EmporiumError("STORE_UNAVAILABLE", `${location} is not requested by a validation`);
};
