import { EmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { Float } from "../../../core/number.js";
import type { Task } from "../../../engine/task.js";
import { ALIGNMENT_METADATA, alignmentFolder, alignmentMetadataKey } from "../../../model/layout.js";
import { expandValue } from "../config/expand.js";
import { scalarText, toJson } from "../config/nodes.js";
import { addMetadataTask, type Draft, leave, type Whereabouts } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import { allotIds, depositionOf, type GivenId, storedKeys } from "../identifiers.js";
import type { MutableJson } from "../metadata.js";
import type { VolumeSource } from "../volume-source.js";
import { acquiredSections } from "./acquired-sections.js";
import { type AlignmentRemark, alignmentRemarks } from "./alignment-checks.js";
import { type AlignmentContent, readAlignment, sectionJson } from "./alignment-content.js";
import { alignmentFiles, ownFormat } from "./alignment-files.js";
import { findSection, type PlanContext, placeOf, type SectionItem } from "./context.js";
import { addCopies, distinctFiles, extensionOf } from "./copies.js";
import { baseName } from "./source-names.js";
import { once, tiltseriesFacts } from "./tiltseries-facts.js";

/** An alignment of a run. Tomograms name the run's first. */
export interface Alignment {
  /** `default`: metadata alone. `files`: made of files of the source. `stored`: on the target already. */
  readonly origin: "default" | "files" | "stored";
  /** What filters see: the joined names of its files. */
  readonly name: string;
  readonly metadataKey: string;
  /** Folder on the target. */
  readonly folder: string;
  readonly configured: JsonObject;
  /** Where it was looked for. */
  readonly scope: Scope;
  /** Of the source, each once. */
  readonly files: readonly SectionItem[];
  /** Those that its metadata list: all but under `compat`, where an earlier entry's files stay in the folder unlisted. */
  readonly listed: readonly SectionItem[];
  /** The first that was found; undefined where the default stands in for a section that finds nothing. */
  readonly item: SectionItem | undefined;
}

export interface FoundAlignments {
  /** At least one. */
  readonly all: readonly Alignment[];
  readonly given: readonly GivenId[];
}

const IDENTITY = [0, 1, 2, 3].map((row) => [0, 1, 2, 3].map((column) => (row === column ? 1 : 0)));

/** What an alignment says where its configuration is silent, and all that the default one says. In the order in which it is added. */
const DEFAULTS: JsonObject = {
  affine_transformation_matrix: IDENTITY,
  alignment_type: "GLOBAL",
  is_portal_standard: false,
  volume_offset: { x: 0, y: 0, z: 0 },
  tilt_offset: 0,
  x_rotation_offset: 0,
  method_type: "undefined",
};

/** A part of an alignment in the making: what one source entry found, or several that complete each other. */
interface Group {
  readonly items: SectionItem[];
}

/**
 * The alignments of a run: those that its configuration finds, or the default when no source finds any. All files of one source entry are one
 * alignment; entries of one block that bring files of other kinds (one the `.xf`, another the `.tlt`) belong to the same.
 *
 * The first one of a deposition is known by the deposition alone, as in the reference; every other one also by its name, so that it does not
 * replace the first. (`compat`: it does, and the last one wins.)
 *
 * @throws {EmporiumError} CONFIG_COLLISION for two default alignments of one run, CONFIG_GLOB_COUNT for several stored ones in one source
 */
export async function findAlignments(
  context: PlanContext,
  run: Ancestor,
  scope: Scope,
  depositionId: string,
): Promise<FoundAlignments> {
  const { items } = await findSection(context, "alignment", scope);
  const runName = scalarText(run.name);
  const groups = groupsOf(context, items);
  const made = groups.map(({ items: [...group] }) => {
    const [first] = group;
    const references = group.filter(({ key }) => key?.endsWith("metadata.json"));
    if (references.length > 0) return storedAlignment(group, references, runName, scope);
    const configured = configuredOf(context, first!, scope, runName);
    const files = distinctFiles(group);
    const origin = files.length === 0 ? ("default" as const) : ("files" as const);
    return { origin, name: nameOf(group), configured, scope, files, listed: files, item: first };
  });
  const defaults = made.filter(({ origin }) => origin === "default");
  if (defaults.length > 1 && !context.compat) {
    throw new EmporiumError("CONFIG_COLLISION", `${runName}: two default alignments, one is possible`, {
      place: defaults[1]!.item!.place,
      hint: `the first is at line ${defaults[0]!.item!.place.line}: keep them apart by parent_filters`,
    });
  }
  if (made.length === 0) {
    made.push({ origin: "default", name: "default", configured: DEFAULTS, scope, files: [], listed: [], item: undefined });
  }
  const container = `${run.folder}/Alignments`;
  const own = made.filter((alignment) => !("metadataKey" in alignment));
  const identities = own.map(({ configured, name }, index) => {
    const deposition = depositionOf(configured, depositionId);
    return index === 0 || context.compat ? [deposition] : [deposition, name];
  });
  const stored = await context.stored(run.folder, "alignment");
  const known = storedKeys(container, stored, depositionId, identities, context);
  const ids = allotIds(container, known, context, identities);
  const all = made.map((alignment): Alignment => {
    if ("metadataKey" in alignment) return alignment;
    const id = ids.of(identities[own.indexOf(alignment)]!);
    return { ...alignment, folder: alignmentFolder(run.folder, id), metadataKey: alignmentMetadataKey(run.folder, id) };
  });
  return { all: context.compat ? mergeReplaced(all) : all, given: ids.given };
}

/** Its metadata, with the run's values filled in. (`compat`: templates stay as they are.) */
function configuredOf(context: PlanContext, { block }: SectionItem, { row }: Scope, run: string): JsonObject {
  if (!block.metadata) return {};
  return (context.compat ? toJson(block.metadata) : expandValue(block.metadata, { row, run, compat: false })) as JsonObject;
}

/** The reference writes alignments of one id over each other: files of all stay, the metadata are the last one's. */
function mergeReplaced(all: readonly Alignment[]): Alignment[] {
  const merged = new Map<string, Alignment>();
  for (const alignment of all) {
    const files = [...(merged.get(alignment.metadataKey)?.files ?? []), ...alignment.files];
    merged.set(alignment.metadataKey, { ...alignment, files });
  }
  return [...merged.values()];
}

function nameOf(items: readonly SectionItem[]): string {
  return items.map(({ name }) => baseName(scalarText(name))).join(",");
}

/** Items by source entry; entries of a block that bring other kinds of files are one group. */
function groupsOf(context: PlanContext, items: readonly SectionItem[]): Group[] {
  const bySource = new Map<SectionItem["source"], SectionItem[]>();
  for (const item of items) {
    // folders beside files are no files of an alignment
    if (!item.folder) bySource.set(item.source, [...(bySource.get(item.source) ?? []), item]);
  }
  const groups: Group[] = [];
  for (const found of bySource.values()) {
    const group = context.compat ? undefined : groups.find((other) => completes(other.items, found));
    if (group) group.items.push(...found);
    else groups.push({ items: [...found] });
  }
  return groups;
}

function completes(items: readonly SectionItem[], more: readonly SectionItem[]): boolean {
  const isFile = ({ key, atTarget }: SectionItem) => key !== null && !atTarget;
  if (items[0]!.block !== more[0]!.block || ![...items, ...more].every(isFile)) return false;
  const kinds = new Set(items.map(({ key }) => extensionOf(key!).toLowerCase()));
  return more.every(({ key }) => !kinds.has(extensionOf(key!).toLowerCase()));
}

function storedAlignment(
  group: readonly SectionItem[],
  references: readonly SectionItem[],
  run: string,
  scope: Scope,
): Alignment {
  const [first] = references;
  const key = first!.key!;
  if (references.length > 1 || group.length > 1 || !key.endsWith(ALIGNMENT_METADATA)) {
    throw new EmporiumError("CONFIG_GLOB_COUNT", `${run}: one ${ALIGNMENT_METADATA} expected, ${group.length} files found`, {
      place: first!.place,
      hint: "narrow list_glob so that it matches one alignment per run",
    });
  }
  const folder = key.slice(0, key.lastIndexOf("/"));
  const name = nameOf(group);
  return { origin: "stored", name, metadataKey: key, folder, configured: {}, scope, files: [], listed: [], item: first };
}

export interface AlignmentVolume {
  readonly volume: VolumeSource;
  readonly angstrom: number;
}

export interface AlignmentParts {
  readonly run: Ancestor;
  readonly deposition: Ancestor;
  /** Metadata file of the run's first tilt series, or null. */
  readonly tiltseriesPath: string | null;
  /** Of the first tomogram whose header can be read. */
  readonly volume: AlignmentVolume | undefined;
}

/**
 * Plans an alignment: its files, then its metadata. Its dimensions are those of the run's first tomogram unless they are configured.
 *
 * @returns the task that tomograms wait for; undefined where the run has no tomogram and the configuration gives no dimensions: then there is
 *   nothing to align, and nothing is written.
 */
export async function planAlignment(
  context: PlanContext,
  draft: Draft,
  alignment: Alignment,
  { run, deposition, tiltseriesPath, volume }: AlignmentParts,
  where: Whereabouts,
): Promise<Task | undefined> {
  const { configured, item, metadataKey, folder, origin } = alignment;
  const title = titleOf(alignment, where);
  const dimension = hasDimensions(configured) ? undefined : volume && dimensionsOf(volume);
  if (!hasDimensions(configured) && !dimension) {
    if (origin === "files") {
      const why = "no tomogram gives its dimensions, and volume_dimension is not configured";
      const reads = alignment.files.map(({ key }) => context.source.fullPath(key!));
      draft.entities.push({ ...leave("alignment", title, why, where, item?.place), reads });
      draft.warnings.push({ message: `${title} is left out: ${why}`, place: item?.place, ...where });
    }
    return undefined;
  }
  const runName = scalarText(run.name);
  const files = alignmentFiles(context, alignment.files, folder, runName, configured.format);
  const listedKeys = files.filter(({ item: file }) => alignment.listed.includes(file)).map(({ key }) => key);
  const acquired = once(() => acquiredSections(context, run, alignment.scope, runName));
  const content = context.selection.metadata("alignment")
    ? await readAlignment(context, files, configured.format, {
        runName,
        acquired,
        tiltseries: tiltseriesFacts(context, alignment.scope, runName),
      })
    : undefined;
  const copies =
    context.selection.items("alignment") && files.length > 0
      ? addCopies(context, draft, {
          kind: "alignment",
          title: `files of ${title}`,
          copies: files.map(({ item: file, key }) => ({ item: file, to: key, title: `${baseName(key)} of ${title}` })),
          place: item?.place,
          where,
        })
      : [];
  if (!content) return undefined;
  const remarks: AlignmentRemark[] = content.warnings.map((message) => ({ message, field: "format" }));
  if (!context.compat) {
    const measured = volume && { dimension: dimensionsOf(volume), voxelAngstrom: volume.angstrom };
    for (const { message, field } of await alignmentRemarks({ configured, content, acquired, measured }))
      remarks.push({ message: `${title}: ${message}`, field });
  }
  for (const { message, field } of remarks) draft.warnings.push({ message, place: item && placeOf(item.block, field), ...where });
  return addMetadataTask(draft, {
    kind: "alignment",
    title,
    key: metadataKey,
    configured: context.compat ? configured : withOwnFormat(configured),
    measured: measuredOf(context, configured, content, listedKeys, tiltseriesPath, dimension),
    depositionId: deposition.name,
    needs: copies.map(({ id }) => id),
    force: context.force,
    place: item && placeOf(item.block),
    where,
  });
}

/** What a person calls it. */
export function titleOf({ origin, folder }: Pick<Alignment, "origin" | "folder">, where: Whereabouts): string {
  const run = where.run ?? folder.split("/").at(-3);
  return origin === "default" ? `default alignment of ${run}` : `alignment ${folder.split("/").at(-1)} of ${run}`;
}

/** The portal's tools load metadata of formats that they know, or of none. Ours has a key of its own, in the same place. */
function withOwnFormat(configured: JsonObject): JsonObject {
  const own = ownFormat(configured.format);
  if (!own) return configured;
  return Object.fromEntries(
    Object.entries(configured).map(([key, value]) => (key === "format" ? ["source_format", own] : [key, value])),
  );
}

function measuredOf(
  { compat }: PlanContext,
  configured: JsonObject,
  content: AlignmentContent,
  files: readonly string[],
  tiltseriesPath: string | null,
  dimension: JsonObject | undefined,
): JsonObject {
  const measured: MutableJson = {
    per_section_alignment_parameters: content.sections.map(sectionJson),
    alignment_path: content.alignmentPath,
    tilt_path: content.tiltPath,
    tiltx_path: content.tiltxPath,
    tiltseries_path: tiltseriesPath,
    files: files.length === 0 ? [null] : files,
  };
  if (dimension) measured.volume_dimension = dimension;
  const told = compat ? {} : toldByFiles(content);
  for (const [field, value] of Object.entries({ ...DEFAULTS, ...told })) {
    if (!Object.hasOwn(configured, field)) measured[field] = value as Json;
  }
  return measured;
}

/** What the files say where the configuration is silent. Offsets of 0 stay the default's, which has no point. */
function toldByFiles({ tiltOffsetDegrees, xRotationOffsetDegrees, isLocal }: AlignmentContent): JsonObject {
  const told: MutableJson = {};
  if (isLocal) told.alignment_type = "LOCAL";
  if (tiltOffsetDegrees) told.tilt_offset = new Float(tiltOffsetDegrees);
  if (xRotationOffsetDegrees) told.x_rotation_offset = new Float(xRotationOffsetDegrees);
  return told;
}

/** Å along x, y, z. */
function dimensionsOf({ volume: { shape }, angstrom }: AlignmentVolume): JsonObject {
  const [z, y, x] = shape;
  return { x: new Float(x * angstrom), y: new Float(y * angstrom), z: new Float(z * angstrom) };
}

function hasDimensions({ volume_dimension: dimension }: JsonObject): boolean {
  return isJsonObject(dimension) && ["x", "y", "z"].every((axis) => dimension[axis] !== undefined && dimension[axis] !== null);
}
