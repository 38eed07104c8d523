import { availableParallelism } from "node:os";
import { basename } from "node:path";
import type { ShardCodec } from "../../arrays/stream/plan/layout.js";
import { EmporiumError, fromErrorRecord } from "../../core/errors.js";
import { envOf, type GivenEnv } from "../../engine/env.js";
import type { Task, TaskPlan } from "../../engine/task.js";
import type { PlaceholderNote } from "../../engine/tree-notes.js";
import type { TypeKey } from "../../model/kinds.js";
import { isBucket, objectName, type Store } from "../../stores/store.js";
import { type FileAccount, fileAccount } from "./account/account.js";
import type { Refusal } from "./account/finding.js";
import { judgeUses } from "./account/judge.js";
import { useLedger } from "./account/ledger.js";
import type { Arriving } from "./arriving.js";
import { countPlaceholders, linesOf } from "./check/placeholders.js";
import { otherFolderWarning } from "./check/written-for.js";
import { refuse } from "./config/parts.js";
import { readRunData } from "./config/run-data-map.js";
import type { IngestConfig, Placeholder } from "./config/schema.js";
import { checkTemplates } from "./config/templates.js";
import { addFailure, newDraft, type PlanFailure, type PlannedEntity, type PlanWarning } from "./draft.js";
import { namedInVain, notedFilters } from "./filter-uses.js";
import { cachedListing } from "./finders/listing.js";
import { knownNames } from "./finders/scope.js";
import { type GivenId, storedEntities } from "./identifiers.js";
import { checkAnnotationSection } from "./importers/annotation-candidates.js";
import type { PlanContext } from "./importers/context.js";
import { emptyFinds } from "./importers/empty-finds.js";
import type { FileFacts } from "./importers/file-facts.js";
import { wants } from "./importers/sections.js";
import { IMPORTERS } from "./importers/table.js";
import { checkTomogramSection } from "./importers/tomogram.js";
import { asWarnings, findLedger } from "./importers/unused-finds.js";
import { addressOpener } from "./ops/open-address.js";
import type { OpenAddress } from "./ops/photo.js";
import type { OmeZarrVersion } from "./ops/volume-params.js";
import type { Selection } from "./selection.js";
import { sourceFiles } from "./source-files.js";
import { planTree } from "./tree.js";
import { viewAddress } from "./views/address.js";
import { type DTypeChoice, volumeSources } from "./volume-source.js";

/** The clock gives the plan its moment. */
export interface PlanOptions extends GivenEnv {
  readonly selection: Selection;
  /** The reference's own values and ids where they are wrong. Default false. */
  readonly compat?: boolean | undefined;
  readonly writeMrc?: boolean | undefined;
  readonly writeZarr?: boolean | undefined;
  /** Default 0.4. */
  readonly omeZarr?: OmeZarrVersion | undefined;
  /** Element type of the Zarr's voxels. Default `float32`. */
  readonly dtype?: DTypeChoice | undefined;
  /** Compression of chunks in OME-Zarr 0.5. Default `blosc-lz4`. */
  readonly codec?: ShardCodec | undefined;
  /** Address of the published tree, for views. Default: `viewAddress`. */
  readonly httpsPrefix?: string | undefined;
  /** Write metadata again even if they are the same. */
  readonly force?: boolean | undefined;
  /** Write point lists empty that hold no row of their tomogram. Default false: each is a failure. */
  readonly allowEmpty?: boolean | undefined;
  /** Points outside of their tomogram are a failure, and doubts about the use of files are refused. Default false: warnings. */
  readonly strict?: boolean | undefined;
  /** Worker threads, for estimates of memory. Default: cores. */
  readonly threads?: number | undefined;
  /** Ids that an earlier, unfinished plan for this target gave out (`IngestPlan.ids`): a resumed run then gives the same. */
  readonly reservedIds?: readonly GivenId[] | undefined;
  /** Ids that other imports into this target have laid claim to and may be writing at the moment. */
  readonly claimedIds?: readonly GivenId[] | undefined;
  /** Opens addresses of pictures. Default: those of public hosts and buckets. */
  readonly open?: OpenAddress | undefined;
  /** Decides what is left for later of sources that are still being written. Default: all is taken as it is. */
  readonly arriving?: Arriving | undefined;
}

/** Plan of an ingest. Nothing has been written. */
export interface IngestPlan extends TaskPlan {
  readonly entities: readonly PlannedEntity[];
  /** Entities that cannot be made; the tasks do all the others. */
  readonly failures: readonly PlanFailure[];
  readonly warnings: readonly PlanWarning[];
  readonly ids: readonly GivenId[];
  /** Findings of the account that keep a run from beginning. */
  readonly refusals: readonly Refusal[];
  /** Folders of the runs that each refusal is about; one that is not here is about more than runs. */
  readonly refusedRuns: ReadonlyMap<Refusal, readonly string[]>;
  /** Walks the source, and tells the fate of each file below it. */
  account(): Promise<FileAccount>;
}

/** A plan that no run may begin with. @throws {EmporiumError} the first refusal; `facts.others` has the rest */
export function refuseRun({ refusals }: Pick<IngestPlan, "refusals">): void {
  const [first, ...others] = refusals;
  if (!first) return;
  const { files: _, ...record } = first;
  const { code, message, facts } = fromErrorRecord(record);
  throw new EmporiumError(code, message, { ...facts, others });
}

/**
 * Finds everything that a configuration and a selection name, and makes the tasks that import it. Sources are listed once; only
 * the headers of volumes are read.
 *
 * An error in the configuration is thrown. An error of one entity is listed in `failures` and affects only this entity and what
 * depends on it.
 *
 * @param config from `readConfig`, which checks it with all rules of `ingest check`.
 * @throws {EmporiumError} CONFIG_… (exit status 2): nothing has been touched
 */
export async function planIngest(config: IngestConfig, source: Store, target: Store, options: PlanOptions): Promise<IngestPlan> {
  const { selection } = options;
  checkAsked(config, selection);
  const filters = notedFilters(selection);
  const context = await planContext(config, source, target, { ...options, selection: filters.selection });
  const { runData } = context;
  const asked = askedSections(config, selection);
  const columns = new Set(runData.columns);
  checkTemplates(asked, { of: (type) => knownNames(type, runData.columns), columns }, refuse);

  const draft = newDraft();
  for (const { message, hint: _, code: __, ...place } of config.remarks ?? []) draft.warnings.push({ message, place });
  draft.warnings.push(...otherFolderWarning(config.writtenFor, config.file, source));
  draft.warnings.push(...runData.remarks, ...placeholderRemarks(config, target));
  const names = await planTree(context, draft);
  context.arriving?.finish();
  // where a failure says that a source finds nothing, that is said
  const empty = new Set(
    draft.failures.flatMap(({ error }) => (error.code === "CONFIG_EMPTY" ? [`${error.line}:${error.column}`] : [])),
  );
  for (const warning of await context.empty.warnings((kind) => isWorthAWord(context, kind)))
    if (!empty.has(`${warning.place?.line}:${warning.place?.column}`)) draft.warnings.push(warning);
  const unused = context.finds.unused(draft, { wasRead: context.files.wasRead, fullPath: context.source.fullPath });
  draft.warnings.push(...asWarnings(unused.passedOver));
  const links = context.source.links.told(objectName(source, ""));
  if (links !== undefined) draft.warnings.push({ message: links });
  // under `compat` the last of several finds counts, as in the reference
  if (context.compat) draft.warnings.push(...asWarnings(unused.failures));
  else draft.failures.push(...unused.failures);
  // what is not there yet may come
  const unusedFilters = context.arriving ? [] : filters.unused();
  const isExplained = context.arriving !== undefined || unusedFilters.length > 0 || draft.failures.length > 0;
  const { absent, nothing } = namedInVain(config, selection, draft.entities, isExplained);
  if (nothing && !context.arriving) addFailure(draft, nothing, "the options", "deposition", {});
  else draft.warnings.push(...absent.map((message) => ({ message })));
  for (const { type, error } of unusedFilters) addFailure(draft, error, "the filters", type, {});
  const { refusals, refusedRuns, warnings } = await judgeUses(context, draft.warnings);
  return {
    refusals,
    refusedRuns,
    createdMs: envOf(options).clock.now(),
    locks: locksOf(draft.tasks, names),
    ...draft,
    warnings,
    failures: await context.empty.explained(draft.failures),
    account: () => fileAccount(context, { failures: [...unused.failures, ...unused.passedOver] }),
  };
}

/**
 * Makes the context of finders and importers. Only the run data maps have been read by then.
 *
 * @throws {EmporiumError} CONFIG_… for a map that is absent or wrong
 */
export async function planContext(
  config: IngestConfig,
  source: Store,
  target: Store,
  options: PlanOptions,
): Promise<PlanContext> {
  const { selection, signal } = options;
  const targetListing = cachedListing(target, signal);
  return {
    config,
    selection,
    source: cachedListing(source, signal),
    target: targetListing,
    runData: await readRunData(config, source, signal),
    compat: options.compat ?? false,
    writeMrc: options.writeMrc ?? true,
    writeZarr: options.writeZarr ?? true,
    omeZarr: options.omeZarr ?? "0.4",
    codec: options.codec,
    dtype: options.dtype,
    viewUrl: options.httpsPrefix ?? viewAddress(target.url, options.compat ?? false),
    force: options.force ?? false,
    allowEmpty: options.allowEmpty ?? false,
    strict: options.strict ?? false,
    threads: options.threads ?? availableParallelism(),
    reserved: options.reservedIds ?? [],
    claimed: options.claimedIds ?? [],
    files: sourceFiles({ source, target }, signal),
    volumes: volumeSources(source, { compat: options.compat ?? false, signal }),
    stored: storedEntities(targetListing),
    open: options.open ?? addressOpener(),
    empty: emptyFinds(FILE_FACTS),
    finds: findLedger(FILE_FACTS, selection, { volumes: (options.writeMrc ?? true) || (options.writeZarr ?? true) }),
    uses: useLedger(FILE_FACTS, selection),
    arriving: options.arriving,
    signal,
  };
}

const placeholdersSay = (found: readonly Placeholder[]): string => `${countPlaceholders(found)}: lines ${linesOf(found)}`;

/** Tells those who send the tree on which of its items have values that nobody confirmed. */
export function placeholderNote({ placeholders = [], file = "" }: IngestConfig, plan: IngestPlan): PlaceholderNote | undefined {
  if (placeholders.length === 0) return undefined;
  const keys = plan.tasks.flatMap(({ outputs }) => outputs);
  const items = keys.map((key) => /^(?:depositions_metadata\/)?[^/]+/.exec(key)![0]);
  return { config: basename(file), items: [...new Set(items)], says: countPlaceholders(placeholders) };
}

function placeholderRemarks({ placeholders = [], file }: IngestConfig, target: Store): PlanWarning[] {
  if (placeholders.length === 0) return [];
  const note = isBucket(target)
    ? "; writing them into a bucket needs --allow-placeholders"
    : untoldMeasure(placeholders)
      ? "; ingest run refuses a placeholder for a voxel size, a pixel size or a tilt range"
      : "";
  const message = `${file} has ${placeholdersSay(placeholders)}${note}`;
  return [{ message, place: placeholders[0]!.place }];
}

/** Measures that make all that is measured later wrong if nobody knows them, by where they stand. */
const MEASURES: readonly {
  readonly type: "tomogram" | "tiltseries";
  readonly path: RegExp;
  readonly what: string;
  readonly unit: string;
}[] = [
  { type: "tomogram", path: /^tomograms\..*\bvoxel_spacing$/, what: "voxel size of these tomograms", unit: "Å" },
  { type: "tiltseries", path: /^tiltseries\..*\bpixel_spacing$/, what: "pixel size of these tilt series", unit: "Å" },
  { type: "tiltseries", path: /^tiltseries\..*\btilt_range\b/, what: "tilt range of these tilt series", unit: "degrees" },
];

/** The first measure that no file told and nobody wrote, of what is imported. */
function untoldMeasure(placeholders: readonly Placeholder[], { walks }: Pick<Selection, "walks"> = { walks: () => true }) {
  for (const placeholder of placeholders) {
    const of = placeholder.kind === "placeholder" && MEASURES.find(({ path }) => path.test(placeholder.place.path ?? ""));
    if (of && walks(of.type)) return { ...placeholder, ...of };
  }
  return undefined;
}

/**
 * Others read a bucket, so unconfirmed values go there only if the user allows it; a measure that nobody knows goes nowhere.
 *
 * @throws {EmporiumError} CONFIG_PLACEHOLDER
 */
export function refusePlaceholders({ placeholders = [], file }: IngestConfig, target: Store, selection: Selection): void {
  const measure = untoldMeasure(placeholders, selection);
  if (measure) {
    const { what, unit, value, place } = measure;
    const message = `the ${what} is not known: ${value} ${unit} in line ${place.line} of ${file} is a placeholder`;
    const hint = `write the ${what} there, or add --allow-placeholders`;
    throw new EmporiumError("CONFIG_PLACEHOLDER", message, { place, hint });
  }
  if (placeholders.length === 0 || !isBucket(target)) return;
  throw new EmporiumError(
    "CONFIG_PLACEHOLDER",
    `a bucket takes no placeholders, and ${file} has ${placeholdersSay(placeholders)}`,
    {
      place: placeholders[0]!.place,
      hint: "fill them in (ingest check lists all), or add --allow-placeholders",
    },
  );
}

/** Errors in the sections of an import, found before a store is read. @throws {EmporiumError} CONFIG_… */
export function checkAsked(config: IngestConfig, selection: Selection): void {
  checkTomogramSection({ config, selection });
  checkAnnotationSection({ config, selection });
}

/** The sections that this import looks into: columns that templates of the others name are not its matter. */
function askedSections(config: IngestConfig, selection: Selection): IngestConfig {
  const sections = [...config.sections].filter(([, { type }]) => selection.walks(type));
  return { ...config, sections: new Map(sections) };
}

/** Whether a section that finds nothing is worth a word: its items are asked for, or a document is made of them. */
function isWorthAWord(context: PlanContext, kind: TypeKey): boolean {
  return wants(context, kind) || (FILE_FACTS.get(kind)?.feeds ?? []).some((document) => context.selection.metadata(document));
}

const FILE_FACTS: ReadonlyMap<TypeKey, FileFacts> = new Map(
  IMPORTERS.flatMap(({ kind, files }) => (files ? [[kind, files] as const] : [])),
);

/** Outputs that belong to one entity of one deposition: two depositions never share the number. */
const NUMBERED =
  /^[^/]+\/[^/]+\/(?:(?:TiltSeries|Alignments)\/\d+\/|Reconstructions\/VoxelSpacing[^/]+\/(?:(?:Tomograms|Annotations|Images)\/\d+\/|NeuroglancerPrecompute\/\d+-))/;

/**
 * Names of the locks on a target while a plan runs: every deposition, and each dataset that gets files outside of numbered
 * folders (metadata of runs, frames, key photos). Two depositions that only add numbered entities to one dataset can run in
 * parallel.
 */
export function locksOf(
  tasks: readonly Task[],
  { depositions, datasets }: { depositions: readonly string[]; datasets: readonly string[] },
): string[] {
  if (tasks.length === 0) return [];
  const shared = new Set<string>();
  for (const { outputs } of tasks) for (const key of outputs) if (!NUMBERED.test(key)) shared.add(key.slice(0, key.indexOf("/")));
  const locked = datasets.filter((dataset) => shared.has(dataset)).map((dataset) => `dataset-${dataset}`);
  return [...new Set([...locked, ...depositions.map((deposition) => `deposition-${deposition}`)])].sort();
}
