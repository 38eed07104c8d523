import { asEmporiumError, EmporiumError } from "../../core/errors.js";
import { few } from "../../core/finding.js";
import { counted } from "../../core/units.js";
import { datasetFolder, depositionFolder, photoFolder, runFolder } from "../../model/layout.js";
import { checkName, nameFault } from "../../model/names.js";
import { objectName } from "../../stores/store.js";
import { mapLimit } from "../../system/parallel.js";
import { scalarText } from "./config/nodes.js";
import { addFailure, type Draft, joinDraft, leave, newDraft, withLooked } from "./draft.js";
import type { Ancestor, Scope } from "./finders/scope.js";
import type { PlanContext } from "./importers/context.js";
import { importContext, type Owner, planAll } from "./importers/importer.js";
import { nothingFound } from "./importers/nothing-found.js";
import { findSection, type SectionItem, sectionOf } from "./importers/sections.js";
import { IMPORTERS } from "./importers/table.js";

/** Runs whose folders and headers are read side by side. */
const RUNS_AT_ONCE = 32;
const FILTERED_OUT = "filtered out";
const NOT_COMPLETE = "files not complete yet";
const TOO_EARLY = "before --skip-until-run-name";

/** Names of what a plan is about. */
export interface TreeNames {
  readonly depositions: readonly string[];
  readonly datasets: readonly string[];
}

/**
 * Walks the depositions, datasets and runs that are asked for, and lets the importers plan what lies below each.
 *
 * @throws {EmporiumError} CONFIG_EMPTY if a deposition, all datasets or all runs are missing, CONFIG_COLLISION if two blocks
 *   describe one entity
 */
export async function planTree(context: PlanContext, draft: Draft): Promise<TreeNames> {
  const { selection } = context;
  const counts: RunCounts = { ...NO_RUNS, begun: selection.skipUntilRun === undefined };
  const names: { depositions: string[]; datasets: string[] } = { depositions: [], datasets: [] };
  const depositions = selection.walks("deposition") ? await entities(context, draft, "deposition", []) : NONE;
  for (const deposition of depositions.kept) {
    const below = [deposition.ancestor];
    const datasets = selection.walks("dataset") ? await entities(context, draft, "dataset", below) : NONE;
    for (const dataset of datasets.kept) {
      await planDataset(context, draft, dataset, deposition.ancestor, counts);
      names.datasets.push(scalarText(dataset.ancestor.name));
    }
    await planBelow(context, draft, "deposition", deposition, [], datasets.folders);
    names.depositions.push(scalarText(deposition.ancestor.name));
  }
  await requireRuns(context, counts, draft);
  return names;
}

/** A run of a dataset of a deposition. */
export interface RunPlace {
  readonly deposition: string;
  readonly dataset: string;
  readonly run: string;
}

/** The runs that a selection takes, in their order, without what lies below them. @throws {EmporiumError} as `planTree` */
export async function findRuns(context: PlanContext, draft: Draft): Promise<RunPlace[]> {
  const counts: RunCounts = { ...NO_RUNS, begun: context.selection.skipUntilRun === undefined };
  const found: RunPlace[] = [];
  for (const deposition of (await entities(context, draft, "deposition", [])).kept) {
    for (const dataset of (await entities(context, draft, "dataset", [deposition.ancestor])).kept) {
      for (const run of (await entities(context, draft, "run", [deposition.ancestor, dataset.ancestor], counts)).kept) {
        const [named, folder, name] = [deposition, dataset, run].map(({ ancestor }) => scalarText(ancestor.name));
        found.push({ deposition: named!, dataset: folder!, run: name! });
      }
    }
  }
  await requireRuns(context, counts, draft);
  return found;
}

async function planDataset(
  context: PlanContext,
  draft: Draft,
  dataset: Entity,
  deposition: Ancestor,
  counts: RunCounts,
): Promise<void> {
  const { selection } = context;
  const above = [deposition, dataset.ancestor];
  const folders = [dataset.ancestor.folder];
  const name = scalarText(dataset.ancestor.name);
  const { held } = counts;
  const runs = selection.walks("run") ? (await entities(context, draft, "run", above, counts)).kept : [];
  if (runs.length === 0 && counts.held === held && selection.walks("run") && sectionOf(context, "run")) {
    const message = `dataset ${name} has no run to import`;
    draft.warnings.push({ message, place: sectionOf(context, "run")?.place, dataset: name });
  }
  const parts = await mapLimit(runs, RUNS_AT_ONCE, async (run) => {
    const part = newDraft();
    await planBelow(context, part, "run", run, above, folders);
    return part;
  });
  for (const part of parts) joinDraft(draft, part);
  await planBelow(context, draft, "dataset", dataset, [deposition], folders);
}

/**
 * Plans everything that importers find for one entity. An error of one importer is its own failure; the others are still planned.
 *
 * @param datasets folders of the datasets that the entity is, lies in or holds.
 */
async function planBelow(
  context: PlanContext,
  draft: Draft,
  per: Owner,
  { item, ancestor }: Entity,
  above: readonly Ancestor[],
  datasets: readonly string[],
): Promise<void> {
  const ancestors = [...above, ancestor];
  const nameOf = (entity: Ancestor | undefined) => entity && scalarText(entity.name);
  const [dataset, run] = [nameOf(ancestors[1]), nameOf(ancestors[2])];
  const location = { ...(dataset !== undefined && { dataset }), ...(run !== undefined && { run }) };
  const rows = run === undefined ? undefined : context.runData;
  const scope: Scope = { ancestors, row: rows?.row(run!), mapped: rows?.mapped(run!) };
  await planAll(importContext(context, { importers: IMPORTERS, draft, location, scope, item, datasets }), per);
}

/** Runs of all datasets so far. */
interface RunCounts {
  found: number;
  kept: number;
  /** Left for later, or taken before: of sources that are still being written. */
  held: number;
  /** The run has come from which on runs are taken (`--skip-until-run-name`). */
  begun: boolean;
}

const NO_RUNS = { found: 0, kept: 0, held: 0, begun: true };

interface Entity {
  readonly item: SectionItem;
  readonly ancestor: Ancestor;
}

interface Entities {
  readonly kept: readonly Entity[];
  /** Folders of all entities whose names can be folders, those that are filtered out included. */
  readonly folders: readonly string[];
}

const NONE: Entities = { kept: [], folders: [] };

type Container = "deposition" | "dataset" | "run";

/**
 * The depositions, datasets or runs below some ancestors, each once, without those that are filtered out. Names that cannot be
 * folders, and names that a disk may confuse, are failures of these entities.
 *
 * @throws {EmporiumError} CONFIG_EMPTY if a deposition or all datasets are missing, CONFIG_COLLISION if two blocks describe one
 *   entity
 */
async function entities(
  context: PlanContext,
  draft: Draft,
  type: Container,
  above: readonly Ancestor[],
  counts: RunCounts = { ...NO_RUNS },
): Promise<Entities> {
  const location = { dataset: above[1] && scalarText(above[1].name) };
  const byName = itemsByName(type, await findContainers(context, type, above));
  const spelled = new Map<string, string[]>();
  for (const name of byName.keys()) spelled.set(folded(name), [...(spelled.get(folded(name)) ?? []), name]);
  const kept: Entity[] = [];
  const folders: string[] = [];
  for (const [name, item] of byName) {
    counts.found++;
    if (type === "run" && !counts.begun) counts.begun = context.selection.skipUntilRun!.atStart(name) !== undefined;
    const accepted = context.selection.accepts(type, name) ? waits(context, type, name, above) : FILTERED_OUT;
    const why = counts.begun ? accepted : TOO_EARLY;
    if (why === NOT_COMPLETE) counts.held++;
    if (why !== undefined) {
      draft.entities.push(leave(type, `${type} ${name}`, why, location, item.place));
      if (nameFault(name) === undefined) folders.push(folderOf(type, name, above));
      continue;
    }
    counts.kept++;
    try {
      checkName(name, type, item.place);
      refuseTwins(type, spelled.get(folded(name))!, item);
      const folder = folderOf(type, name, above);
      kept.push({ item, ancestor: { type, name: item.name, path: item.key, folder } });
      folders.push(folder);
    } catch (error) {
      const shown = name.length > 100 ? `${name.slice(0, 100)}…` : name;
      addFailure(draft, asEmporiumError(error), `${type} ${JSON.stringify(shown)}`, type, location, item.place);
    }
  }
  return { kept, folders };
}

function waits({ arriving }: PlanContext, type: Container, name: string, above: readonly Ancestor[]): string | undefined {
  return type === "run" && arriving?.holds(scalarText(above[1]!.name), name) ? NOT_COMPLETE : undefined;
}

async function findContainers(context: PlanContext, type: Container, above: readonly Ancestor[]): Promise<SectionItem[]> {
  const section = sectionOf(context, type);
  const { items, applied } = await findSection(context, type, { ancestors: above, row: undefined, mapped: undefined });
  // folders are meant: files that lie beside them on the target are not entities, nor is the folder of a dataset's pictures a run
  const pictures = type === "run" ? photoFolder(above[1]!.folder) : undefined;
  const found = items.filter(({ atTarget, folder, key }) => !atTarget || (folder && key !== pictures));
  if (found.length > 0 || !section || type === "run") return found;
  throw nothingFound(type, withLooked(`no ${type} found`, await context.empty.lookedFor(type)), applied, {
    target: objectName(context.target.store, ""),
    place: section.place,
    hint: "check the glob and its regular expressions",
  });
}

/** Each entity once: from the block with its metadata, otherwise from the first. @throws {EmporiumError} CONFIG_COLLISION */
function itemsByName(type: Container, items: readonly SectionItem[]): Map<string, SectionItem> {
  const byName = new Map<string, SectionItem>();
  for (const item of items) {
    const name = scalarText(item.name);
    const first = byName.get(name);
    if (first?.block.metadata && item.block.metadata && first.block !== item.block) {
      throw new EmporiumError("CONFIG_COLLISION", `two blocks give metadata for the ${type} ${name}`, {
        place: item.block.place,
        hint: `keep one of the two; the other is at line ${first.block.place.line}`,
      });
    }
    if (!first || (item.block.metadata && !first.block.metadata)) byName.set(name, item);
  }
  return byName;
}

function refuseTwins(type: Container, alike: readonly string[], { place }: SectionItem): void {
  if (alike.length < 2) return;
  throw new EmporiumError(
    "CONFIG_COLLISION",
    `the ${type}s ${alike.join(" and ")} differ only in case or accents, many disks hold one of them`,
    { place, hint: "distinguish them with name_regex" },
  );
}

function folded(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

function folderOf(type: Container, name: string, above: readonly Ancestor[]): string {
  if (type === "deposition") return depositionFolder(name);
  return type === "dataset" ? datasetFolder(name) : runFolder(scalarText(above[1]!.name), name);
}

/** A configuration whose runs are nowhere, or all filtered out, is a mistake: nothing would happen, and nobody would know why. */
async function requireRuns(context: PlanContext, { found, kept, held, begun }: RunCounts, draft: Draft): Promise<void> {
  const section = sectionOf(context, "run");
  if (!context.selection.walks("run") || !section || !sectionOf(context, "dataset") || kept + held > 0) return;
  if (!begun && found > 0) {
    throw new EmporiumError("CONFIG_EMPTY", `none of ${counted(found, "run")} matches --skip-until-run-name`, {
      hint: "check the regular expression: it must match a run's name from its start",
    });
  }
  const out = draft.entities.filter(({ why }) => why === FILTERED_OUT);
  if (out.length > 0) {
    const type = found > 0 ? "run" : "dataset";
    const names = out.filter(({ kind }) => kind === type).map((one) => one[type] ?? one.title.replace(/^(?:run|dataset) /, ""));
    throw new EmporiumError(
      "CONFIG_EMPTY",
      `${found > 0 ? `none of ${counted(found, "run")}` : "no dataset"} passes the filters: there ${names.length === 1 ? "is" : "are"} ${few(names, 5)}`,
      { hint: `check --filter-${type}-name, --exclude-${type}-name and similar options` },
    );
  }
  const finder = section.blocks[0]?.sources[0]?.finder;
  throw new EmporiumError("CONFIG_EMPTY", withLooked("no run found", await context.empty.lookedFor("run")), {
    place: finder && "glob" in finder ? finder.glob.place : section.place,
    hint: "check the glob, its regular expressions, source_prefix and the input",
  });
}
