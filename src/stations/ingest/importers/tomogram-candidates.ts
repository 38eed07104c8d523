import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { toNumber } from "../../../core/number.js";
import { voxelSpacingName } from "../../../model/voxel-spacing.js";
import { type ExpandOptions, expandValue } from "../config/expand.js";
import { scalarText } from "../config/nodes.js";
import { addFailure, type Draft, rethrowCancelled, type Whereabouts } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import { allotIds, type Identifiers, identitySpacing, tomogramIdentity } from "../identifiers.js";
import { otherVoxelSize, readVolumeSource, type VolumeSource } from "../volume-source.js";
import type { Alignment } from "./alignment.js";
import { findSection, type PlanContext, type SectionItem, wantsTomograms } from "./context.js";
import { placeOfFinder } from "./source-names.js";
import type { VoxelSpacing } from "./voxel-spacing.js";

/** A tomogram that a run's sources name, before anything of it is read. */
export interface TomogramCandidate {
  readonly item: SectionItem;
  readonly spacing: VoxelSpacing;
  /** Its metadata with the run's values filled in. */
  readonly configured: JsonObject;
  readonly title: string;
  /** False for one that is not asked for: it may still give a default alignment its dimensions. */
  readonly selected: boolean;
}

/** A candidate whose header has been read. */
export interface ReadTomogram extends TomogramCandidate {
  readonly volume: VolumeSource;
}

/** All tomograms of one spacing of a run. What is wrong with one block's metadata is a failure of its tomograms alone. */
export async function findTomograms(
  context: PlanContext,
  draft: Draft,
  spacing: VoxelSpacing,
  scope: Scope,
  where: Whereabouts,
): Promise<TomogramCandidate[]> {
  const { items, applied } = await findSection(context, "tomogram", scope);
  const run = where.run ?? "";
  const expected = wantsTomograms(context) && context.selection.accepts("voxel_spacing", spacing.name);
  if (items.length === 0 && applied.length > 0 && expected) {
    throw new EmporiumError("CONFIG_EMPTY", `${run}: no tomogram found for voxel spacing ${spacing.name}`, {
      place: placeOfFinder(applied[0]!),
      hint: "check the glob and match_regex, or exclude the run by parent_filters",
    });
  }
  const expansion: ExpandOptions = { row: scope.row, run, compat: context.compat };
  const candidates: TomogramCandidate[] = [];
  for (const item of items) {
    const title = `tomogram ${scalarText(item.name)} of ${run} (${spacing.name} Å)`;
    const accepted = isAccepted(context, item, spacing);
    if (item.atTarget || !accepted) {
      const why = item.atTarget ? "it is only referred to" : "filtered out";
      draft.entities.push({
        kind: "tomogram",
        title,
        ...where,
        action: "leave",
        why,
        reads: [],
        writes: [],
        bytes: 0,
        place: item.place,
      });
      if (item.atTarget) continue;
    }
    try {
      if (item.key === null) {
        throw new EmporiumError("CONFIG_FIELD", `${title}: a literal names no file`, {
          place: item.place,
          hint: "use source_glob",
        });
      }
      const configured = item.block.metadata ? (expandValue(item.block.metadata, expansion) as JsonObject) : {};
      candidates.push({ item, spacing, configured, title, selected: accepted && wantsTomograms(context) });
    } catch (error) {
      const reads = item.key === null ? [] : [context.source.fullPath(item.key)];
      if (accepted) addFailure(draft, error, title, "tomogram", where, item.place, reads);
    }
  }
  return candidates;
}

function isAccepted({ selection }: PlanContext, item: SectionItem, spacing: VoxelSpacing): boolean {
  return selection.accepts("voxel_spacing", spacing.name) && selection.accepts("tomogram", scalarText(item.name));
}

/** Reads the header of one candidate; what is wrong with it is its own failure. Voxel sizes that differ from the spacing give a warning. */
export async function readTomogram(
  context: PlanContext,
  draft: Draft,
  candidate: TomogramCandidate,
  where: Whereabouts,
): Promise<ReadTomogram | undefined> {
  const { item, spacing, title } = candidate;
  try {
    const volume = await readVolumeSource(context.source.store, item.key!, item.folder, context);
    const found = otherVoxelSize(volume, spacing.angstrom, "zyx");
    for (const message of volume.warnings) draft.warnings.push({ message, ...where });
    if (found !== undefined) {
      const message = `${context.source.fullPath(item.key!)}: the header's voxel size is ${found}, the configured spacing ${spacing.angstrom} Å is used`;
      draft.warnings.push({ message, place: spacing.item.place, ...where });
    }
    return { ...candidate, volume };
  } catch (error) {
    addFailure(draft, error, title, "tomogram", where, item.place, [context.source.fullPath(item.key!)]);
    return undefined;
  }
}

/** The first tomogram of a run whose header can be read, asked for or not: a default alignment must not depend on the filters of one import. */
export async function firstReadable(
  context: PlanContext,
  candidates: readonly TomogramCandidate[],
  read: readonly ReadTomogram[],
): Promise<{ volume: VolumeSource; angstrom: number } | undefined> {
  for (const { item, spacing, selected } of candidates) {
    const known = read.find((tomogram) => tomogram.item === item && tomogram.spacing === spacing);
    if (known) return { volume: known.volume, angstrom: spacing.angstrom };
    if (selected) continue;
    try {
      return {
        volume: await readVolumeSource(context.source.store, item.key!, item.folder, context),
        angstrom: spacing.angstrom,
      };
    } catch (error) {
      rethrowCancelled(error);
    }
  }
  return undefined;
}

/** Ids of a run's tomograms by their identities. */
export async function tomogramIds(
  context: PlanContext,
  run: Ancestor,
  depositionId: string,
  identities: readonly (readonly string[])[],
): Promise<Identifiers> {
  const stored = await context.stored(run.folder, "tomogram");
  const known = stored.map(({ id, key, metadata }) => {
    const parent = /VoxelSpacing([^/]*)\//.exec(key)?.[1] ?? "";
    const spacing = toNumber(metadata.voxel_spacing);
    const name = context.compat
      ? identitySpacing(metadata.voxel_spacing, parent)
      : spacing === undefined
        ? parent
        : voxelSpacingName(spacing);
    const alignment = metadata.alignment_metadata_path;
    return { id, key: tomogramIdentity(metadata, name, typeof alignment === "string" ? alignment : null, depositionId) };
  });
  return allotIds(run.folder, known, context, identities);
}

/** What makes a candidate this tomogram and no other. The reference takes the spacing from the configuration, even where it contradicts the folder. */
export function identityOf(
  context: PlanContext,
  { configured, spacing }: TomogramCandidate,
  alignment: Alignment,
  depositionId: string,
): string[] {
  const name = context.compat ? identitySpacing(configured.voxel_spacing, spacing.name) : spacing.name;
  return tomogramIdentity(configured, name, alignment.metadataKey, depositionId);
}

/**
 * Leaves one candidate per identity. Two sources for one tomogram are a failure of both: nobody can say which is meant. The same file found twice
 * by one block counts once. (`compat`: the last one wins, as in the reference, with a warning.)
 */
export function dropCollisions(
  context: PlanContext,
  draft: Draft,
  candidates: readonly TomogramCandidate[],
  identity: (candidate: TomogramCandidate) => readonly string[],
  where: Whereabouts,
): TomogramCandidate[] {
  const groups = new Map<string, TomogramCandidate[]>();
  for (const candidate of candidates) {
    const key = JSON.stringify(identity(candidate));
    const group = groups.get(key) ?? [];
    const twice = group.some(({ item }) => item.key === candidate.item.key && item.block === candidate.item.block);
    if (!twice) groups.set(key, [...group, candidate]);
  }
  const kept = new Set<TomogramCandidate>();
  for (const group of groups.values()) {
    const last = group.at(-1)!;
    if (group.length === 1 || context.compat) kept.add(last);
    if (group.length === 1) continue;
    const files = group.map(({ item }) => context.source.fullPath(item.key!));
    const message = `${where.run}: ${files.slice(0, 3).join(" and ")}${files.length > 3 ? ` and ${files.length - 3} more` : ""} would all be written as one tomogram`;
    if (context.compat) {
      draft.warnings.push({ message: `${message}; the last one is`, place: last.item.place, ...where });
      continue;
    }
    for (const { item, title } of group) {
      const error = new EmporiumError("CONFIG_COLLISION", message, {
        place: item.place,
        hint: "narrow the glob to one file, or tell them apart by processing, reconstruction_method or processing_software",
      });
      addFailure(draft, error, title, "tomogram", where, item.place, [context.source.fullPath(item.key!)]);
    }
  }
  return candidates.filter((candidate) => kept.has(candidate));
}
