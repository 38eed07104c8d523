import { availableParallelism } from "node:os";
import type { ShardCodec } from "../../arrays/stream/plan/layout.js";
import type { Clock } from "../../core/clock.js";
import { asEmporiumError, EmporiumError } from "../../core/errors.js";
import type { TaskPlan } from "../../engine/task.js";
import type { TypeKey } from "../../model/kinds.js";
import { datasetFolder, depositionFolder, photoFolder, runFolder } from "../../model/layout.js";
import { checkName, nameFault } from "../../model/names.js";
import { objectName, type Store } from "../../stores/store.js";
import { openLocation } from "../../stores/url.js";
import { mapLimit } from "../../system/parallel.js";
import { countPlaceholders, linesOf } from "./check/placeholders.js";
import { scalarText } from "./config/nodes.js";
import { refuse } from "./config/parts.js";
import { readRunData } from "./config/run-data-map.js";
import type { IngestConfig } from "./config/schema.js";
import { checkTemplates } from "./config/templates.js";
import {
  addFailure,
  type Draft,
  joinDraft,
  leave,
  newDraft,
  type PlanFailure,
  type PlannedEntity,
  type PlanWarning,
  withLooked,
} from "./draft.js";
import { cachedListing } from "./finders/listing.js";
import { type Ancestor, knownNames, type Scope } from "./finders/scope.js";
import { type GivenId, storedEntities } from "./identifiers.js";
import { checkAnnotationSection } from "./importers/annotation-candidates.js";
import { findSection, type PlanContext, type SectionItem, sectionOf, wants } from "./importers/context.js";
import { planDataset } from "./importers/dataset.js";
import { planDeposition } from "./importers/deposition.js";
import { emptyFinds } from "./importers/empty-finds.js";
import { planKeyPhotos } from "./importers/key-photos.js";
import { nothingFound } from "./importers/nothing-found.js";
import { planRun } from "./importers/run.js";
import { checkTomogramSection } from "./importers/tomogram.js";
import { asWarnings, findLedger } from "./importers/unused-finds.js";
import { locksOf } from "./locks.js";
import type { OpenAddress } from "./ops/photo.js";
import type { OmeZarrVersion } from "./ops/volume-params.js";
import type { Selection } from "./selection.js";
import { sourceFiles } from "./source-files.js";
import { viewAddress } from "./views/address.js";

/** Runs whose folders and headers are read side by side. */
const RUNS_AT_ONCE = 32;
const FILTERED_OUT = "filtered out";
const TOO_EARLY = "before --skip-until-run-name";

export interface PlanOptions {
  readonly selection: Selection;
  /** Gives the plan its moment. */
  readonly clock: Clock;
  /** The reference's own values and ids where they are wrong. Default false. */
  readonly compat?: boolean | undefined;
  readonly writeMrc?: boolean | undefined;
  readonly writeZarr?: boolean | undefined;
  /** Default 0.4. */
  readonly omeZarr?: OmeZarrVersion | undefined;
  /** Of the chunks of OME-Zarr 0.5. Default `blosc-lz4`. */
  readonly codec?: ShardCodec | undefined;
  /** Address of the published tree, for views. Default: `viewAddress`. */
  readonly httpsPrefix?: string | undefined;
  /** Write metadata anew even where it says the same. */
  readonly force?: boolean | undefined;
  /** Write point lists empty that hold no row of their tomogram. Default false: each is a failure. */
  readonly allowEmpty?: boolean | undefined;
  /** Points outside of their tomogram are a failure. Default false: a warning. */
  readonly strict?: boolean | undefined;
  /** Worker threads, for estimates of memory. Default: cores. */
  readonly threads?: number | undefined;
  /** Ids that an earlier, unfinished plan for this target gave out (`IngestPlan.ids`): a resumed run then gives the same. */
  readonly reservedIds?: readonly GivenId[] | undefined;
  /** Ids that other imports into this target have laid claim to and may be writing at the moment. */
  readonly claimedIds?: readonly GivenId[] | undefined;
  /** Opens addresses of pictures. Default: the stores' own, for reading. */
  readonly open?: OpenAddress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What an ingest would do. Nothing has been written. */
export interface IngestPlan extends TaskPlan {
  readonly entities: readonly PlannedEntity[];
  /** Entities that cannot be made; the tasks do all the others. */
  readonly failures: readonly PlanFailure[];
  readonly warnings: readonly PlanWarning[];
  readonly ids: readonly GivenId[];
}

/** True when a run of this plan cannot do all that was asked, whatever happens to its tasks: exit status 3. */
export function isPartial({ failures }: Pick<IngestPlan, "failures">): boolean {
  return failures.length > 0;
}

/**
 * Finds everything that a configuration and a selection name, and makes the tasks that import it. Sources are listed once and of volumes only
 * headers are read.
 *
 * A fault of the configuration is thrown; a fault of one entity is listed in `failures` and concerns it and what depends on it.
 *
 * @param config what `readConfig` gives: it has been held against every rule of `ingest check`.
 * @throws {EmporiumError} CONFIG_… (exit status 2): nothing has been touched
 */
export async function planIngest(config: IngestConfig, source: Store, target: Store, options: PlanOptions): Promise<IngestPlan> {
  const { selection } = options;
  checkAsked(config, selection);
  const context = await planContext(config, source, target, options);
  const { runData } = context;
  const asked = askedSections(config, selection);
  const columns = new Set(runData.columns);
  checkTemplates(asked, { of: (type) => knownNames(type, runData.columns), columns }, refuse);

  const draft = newDraft();
  for (const { message, hint: _, code: __, ...place } of config.remarks ?? []) draft.warnings.push({ message, place });
  draft.warnings.push(...runData.remarks, ...placeholderRemarks(config, target));
  const ids: GivenId[] = [];
  const counts: RunCounts = { found: 0, kept: 0, begun: selection.skipUntilRun === undefined };
  const names: { depositions: string[]; datasets: string[] } = { depositions: [], datasets: [] };
  const depositions = selection.walks("deposition") ? await entities(context, draft, "deposition", []) : NONE;
  for (const deposition of depositions.kept) {
    const below = [deposition.ancestor];
    const datasets = selection.walks("dataset") ? await entities(context, draft, "dataset", below) : NONE;
    for (const dataset of datasets.kept) {
      for (const id of await planOneDataset(context, draft, dataset, deposition.ancestor, counts)) ids.push(id);
      names.datasets.push(scalarText(dataset.ancestor.name));
    }
    await planOneDeposition(context, draft, deposition, datasets.folders);
    names.depositions.push(scalarText(deposition.ancestor.name));
  }
  await requireRuns(context, counts, draft);
  for (const warning of await context.empty.warnings((type) => isWanted(context, type))) draft.warnings.push(warning);
  const unused = context.finds.unused(draft, { wasRead: context.files.wasRead, fullPath: context.source.fullPath });
  draft.warnings.push(...asWarnings(unused.passedOver));
  // under `compat` the last of several finds counts, as in the reference
  if (context.compat) draft.warnings.push(...asWarnings(unused.failures));
  else draft.failures.push(...unused.failures);
  return {
    createdMs: options.clock.now(),
    locks: locksOf(draft.tasks, names),
    ...draft,
    failures: await context.empty.explained(draft.failures),
    ids,
  };
}

/**
 * What every finder and importer sees, with nothing listed or read yet but the run data maps.
 *
 * @throws {EmporiumError} CONFIG_… for a map that is absent or wrong
 */
export async function planContext(
  config: IngestConfig,
  source: Store,
  target: Store,
  options: Omit<PlanOptions, "clock">,
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
    viewUrl: options.httpsPrefix ?? viewAddress(target.url, options.compat ?? false),
    force: options.force ?? false,
    allowEmpty: options.allowEmpty ?? false,
    strict: options.strict ?? false,
    threads: options.threads ?? availableParallelism(),
    reserved: options.reservedIds ?? [],
    claimed: options.claimedIds ?? [],
    files: sourceFiles({ source, target }, signal),
    stored: storedEntities(targetListing),
    open: options.open ?? ((location) => openLocation(location, { readOnly: true })),
    empty: emptyFinds(),
    finds: findLedger(selection, { volumes: (options.writeMrc ?? true) || (options.writeZarr ?? true) }),
    signal,
  };
}

const isBucket = ({ url }: Store): boolean => /^(s3|gs):/.test(url);

function placeholderRemarks({ placeholders = [], file }: IngestConfig, target: Store): PlanWarning[] {
  if (placeholders.length === 0) return [];
  const note = isBucket(target) ? "; into a bucket they go with --allow-placeholders only" : "";
  const message = `${countPlaceholders(placeholders)} of ${file} are left: lines ${linesOf(placeholders)}${note}`;
  return [{ message, place: placeholders[0]!.place }];
}

/** A bucket is where others read: what nobody has confirmed is not put there unasked. @throws {EmporiumError} CONFIG_PLACEHOLDER */
export function refusePlaceholders({ placeholders = [], file }: IngestConfig, target: Store): void {
  if (placeholders.length === 0 || !isBucket(target)) return;
  throw new EmporiumError(
    "CONFIG_PLACEHOLDER",
    `${countPlaceholders(placeholders)} of ${file} are left (lines ${linesOf(placeholders)}), ${target.url} is a bucket`,
    {
      place: placeholders[0]!.place,
      hint: "fill them in (ingest check lists all), or add --allow-placeholders",
    },
  );
}

/** What is wrong with the sections of an import can be told before anything is asked of a store. @throws {EmporiumError} CONFIG_… */
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
function isWanted(context: PlanContext, type: TypeKey): boolean {
  const { selection } = context;
  if (wants(context, type)) return true;
  if (type === "collection_metadata") return selection.metadata("frame") || selection.metadata("tiltseries");
  return (type === "rawtilt" || type === "ctf") && selection.metadata("tiltseries");
}

async function planOneDataset(
  context: PlanContext,
  draft: Draft,
  { item, ancestor }: Entity,
  deposition: Ancestor,
  counts: RunCounts,
): Promise<readonly GivenId[]> {
  const { selection } = context;
  const above = [deposition, ancestor];
  const name = scalarText(ancestor.name);
  const runs = selection.walks("run") ? (await entities(context, draft, "run", above, counts)).kept : [];
  if (runs.length === 0 && selection.walks("run") && sectionOf(context, "run")) {
    draft.warnings.push({
      message: `dataset ${name} has no run to import`,
      place: sectionOf(context, "run")?.place,
      dataset: name,
    });
  }
  const plans = await mapLimit(runs, RUNS_AT_ONCE, (run) => planRun(context, run.item, run.ancestor, above));
  for (const plan of plans) joinDraft(draft, plan.draft);
  const made = await planKeyPhotos(
    context,
    draft,
    {
      kind: "dataset_keyphoto",
      owner: ancestor,
      scope: { ancestors: above, row: undefined, mapped: undefined },
      atTarget: item.atTarget,
      depositionId: scalarText(deposition.name),
      described: item.block.metadata !== undefined,
      datasets: [ancestor.folder],
    },
    { dataset: name },
  );
  await planDataset(context, draft, item, ancestor, deposition, made);
  return plans.flatMap(({ given }) => given);
}

/** @param datasets folders: a picture that is configured and cannot be had is made up for by one of their tomograms. */
async function planOneDeposition(
  context: PlanContext,
  draft: Draft,
  { item, ancestor }: Entity,
  datasets: readonly string[],
): Promise<void> {
  const scope: Scope = { ancestors: [ancestor], row: undefined, mapped: undefined };
  const made = await planKeyPhotos(
    context,
    draft,
    {
      kind: "deposition_keyphoto",
      owner: ancestor,
      scope,
      atTarget: item.atTarget,
      depositionId: scalarText(ancestor.name),
      described: true,
      datasets,
    },
    {},
  );
  await planDeposition(context, draft, item, ancestor, made);
}

/** Runs of all datasets so far. */
interface RunCounts {
  found: number;
  kept: number;
  /** The run has come from which on runs are taken (`--skip-until-run-name`). */
  begun: boolean;
}

interface Entity {
  readonly item: SectionItem;
  readonly ancestor: Ancestor;
}

interface Entities {
  readonly kept: readonly Entity[];
  /** Of all that can be folders, those that are filtered out among them. */
  readonly folders: readonly string[];
}

const NONE: Entities = { kept: [], folders: [] };

/**
 * The depositions, datasets or runs below some ancestors, each once; those that are filtered out are not kept. Names that cannot be folders, and
 * names that a disk may take for one another, are failures of these entities.
 *
 * @throws {EmporiumError} CONFIG_EMPTY where a deposition or all datasets are missing, CONFIG_COLLISION where two blocks describe one entity
 */
async function entities(
  context: PlanContext,
  draft: Draft,
  type: "deposition" | "dataset" | "run",
  above: readonly Ancestor[],
  counts: RunCounts = { found: 0, kept: 0, begun: true },
): Promise<Entities> {
  const scope: Scope = { ancestors: above, row: undefined, mapped: undefined };
  const where = { dataset: above[1] && scalarText(above[1].name) };
  const section = sectionOf(context, type);
  const { items, applied } = await findSection(context, type, scope);
  // folders are meant: files that lie beside them on the target are not entities, nor is the folder of a dataset's pictures a run
  const pictures = type === "run" ? photoFolder(above[1]!.folder) : undefined;
  const found = items.filter(({ atTarget, folder, key }) => !atTarget || (folder && key !== pictures));
  if (found.length === 0 && section && type !== "run") {
    throw nothingFound(type, withLooked(`no ${type} found`, await context.empty.lookedFor(type)), applied, {
      target: objectName(context.target.store, ""),
      place: section.place,
      hint: "check the glob and its regular expressions",
    });
  }
  const byName = new Map<string, SectionItem>();
  for (const item of found) {
    const name = scalarText(item.name);
    const first = byName.get(name);
    if (first?.block.metadata && item.block.metadata && first.block !== item.block) {
      throw new EmporiumError("CONFIG_COLLISION", `two blocks give metadata for the ${type} ${name}`, {
        place: item.block.place,
        hint: `the other is at line ${first.block.place.line}: keep one`,
      });
    }
    if (!first || (item.block.metadata && !first.block.metadata)) byName.set(name, item);
  }
  const spelled = new Map<string, string[]>();
  for (const name of byName.keys()) spelled.set(folded(name), [...(spelled.get(folded(name)) ?? []), name]);
  const kept: Entity[] = [];
  const folders: string[] = [];
  for (const [name, item] of byName) {
    counts.found++;
    if (type === "run" && !counts.begun) counts.begun = context.selection.skipUntilRun!.atStart(name) !== undefined;
    const why = counts.begun ? (context.selection.accepts(type, name) ? undefined : FILTERED_OUT) : TOO_EARLY;
    if (why !== undefined) {
      draft.entities.push(leave(type, `${type} ${name}`, why, where, item.place));
      if (nameFault(name) === undefined) folders.push(folderOf(type, name, above));
      continue;
    }
    counts.kept++;
    try {
      checkName(name, type, item.place);
      const alike = spelled.get(folded(name))!;
      if (alike.length > 1) {
        throw new EmporiumError(
          "CONFIG_COLLISION",
          `the ${type}s ${alike.join(" and ")} differ only in case or accents, many disks hold one of them`,
          {
            place: item.place,
            hint: "let name_regex tell them apart",
          },
        );
      }
      const folder = folderOf(type, name, above);
      kept.push({ item, ancestor: { type, name: item.name, path: item.key, folder } });
      folders.push(folder);
    } catch (error) {
      const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name;
      addFailure(draft, asEmporiumError(error), `${type} ${JSON.stringify(shown)}`, type, where, item.place);
    }
  }
  return { kept, folders };
}

function folded(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

function folderOf(type: "deposition" | "dataset" | "run", name: string, above: readonly Ancestor[]): string {
  if (type === "deposition") return depositionFolder(name);
  return type === "dataset" ? datasetFolder(name) : runFolder(scalarText(above[1]!.name), name);
}

/** A configuration whose runs are nowhere, or all filtered out, is a mistake: nothing would happen, and nobody would know why. */
async function requireRuns(context: PlanContext, { found, kept, begun }: RunCounts, draft: Draft): Promise<void> {
  const section = sectionOf(context, "run");
  if (!context.selection.walks("run") || !section || !sectionOf(context, "dataset") || kept > 0) return;
  if (!begun && found > 0) {
    throw new EmporiumError("CONFIG_EMPTY", `none of ${found} runs matches --skip-until-run-name`, {
      hint: "it is a regular expression that matches a run's name from its start",
    });
  }
  if (draft.entities.some(({ why }) => why === FILTERED_OUT)) {
    throw new EmporiumError(
      "CONFIG_EMPTY",
      found > 0 ? `none of ${found} runs passes the filters` : "no dataset passes the filters",
      {
        hint: "check --filter-run-name, --exclude-run-name and their like",
      },
    );
  }
  const finder = section.blocks[0]?.sources[0]?.finder;
  throw new EmporiumError("CONFIG_EMPTY", withLooked("no run found", await context.empty.lookedFor("run")), {
    place: finder && "glob" in finder ? finder.glob.place : section.place,
    hint: "check the glob, its regular expressions, source_prefix and the input",
  });
}
