import { EmporiumError } from "../../../core/errors.js";
import type { JsonObject } from "../../../core/json.js";
import { toNumber } from "../../../core/number.js";
import { areTenfold, voxelSpacingName } from "../../../model/voxel-spacing.js";
import { againstTomogram } from "../account/roles.js";
import { type ExpandOptions, expandValue } from "../config/expand.js";
import { scalarText } from "../config/nodes.js";
import { joinDraft, newDraft, rethrowCancelled } from "../draft.js";
import { allotIds, type Identifiers, identitySpacing, tomogramIdentity } from "../identifiers.js";
import { otherVoxelSize, type VolumeSource } from "../volume-source.js";
import type { PlanContext } from "./context.js";
import { attempt, type Finder, fail, found, type ImportContext, passOver, type RunScope, scopeBelow, warn } from "./importer.js";
import { findSection, type SectionItem, wantsTomograms } from "./sections.js";
import { placeOfFinder } from "./source-names.js";
import { type VoxelSpacing, voxelSpacing } from "./voxel-spacing.js";

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

/** The tomograms of a run. */
export interface FoundTomograms {
  readonly candidates: readonly TomogramCandidate[];
  /**
   * The selected and readable ones, each once; failures are noted. Reads the headers when it is first called.
   *
   * @param alignmentPath metadata file of the run's first alignment.
   */
  read(alignmentPath: string): Promise<readonly ReadTomogram[]>;
}

const KIND = "tomogram";

/** Finds the tomograms of a run: for their importer, and for others that need their sizes. */
export const tomogramFinder: Finder<FoundTomograms> = {
  kind: KIND,
  needs: [voxelSpacing],
  notesFailures: true,
  title: ({ location }) => `tomograms of ${location.run}`,
  async find(context) {
    const candidates: TomogramCandidate[] = [];
    for (const spacing of (await found(context, voxelSpacing))!) {
      const title = `tomograms of ${context.location.run} (${spacing.name} Å)`;
      const here = await attempt(context, { kind: KIND, title }, () => findTomograms(context, spacing));
      for (const candidate of here ?? []) candidates.push(candidate);
    }
    let read: Promise<readonly ReadTomogram[]> | undefined;
    return {
      candidates,
      read(alignmentPath) {
        read ??= readAll(context, candidates, alignmentPath);
        return read;
      },
    };
  },
};

/** All tomograms of one spacing of a run. A fault of one block's metadata is a failure of its tomograms alone. */
export async function findTomograms(context: RunScope, spacing: VoxelSpacing): Promise<TomogramCandidate[]> {
  const { items, applied } = await findSection(context, KIND, scopeBelow(context, spacing.ancestor));
  const run = context.location.run ?? "";
  const expected = wantsTomograms(context) && context.selection.accepts("voxel_spacing", spacing.name);
  if (items.length === 0 && applied.length > 0 && expected) {
    throw new EmporiumError("CONFIG_EMPTY", `${run}: no tomogram found for voxel spacing ${spacing.name}`, {
      place: placeOfFinder(applied[0]!),
      hint: "check INPUT, the glob and match_regex, or exclude the run by parent_filters",
    });
  }
  return items.flatMap((item) => candidateOf(context, item, spacing) ?? []);
}

/** Undefined, and noted, for what is only referred to or names no file. */
function candidateOf(context: RunScope, item: SectionItem, spacing: VoxelSpacing): TomogramCandidate | undefined {
  const run = context.location.run ?? "";
  const title = `tomogram ${scalarText(item.name)} of ${run} (${spacing.name} Å)`;
  const accepted = isAccepted(context, item, spacing);
  if (item.atTarget) passOver(context, { kind: KIND, title }, "only referred to", item.place);
  else if (!accepted) passOver(context, { kind: KIND, title }, "filtered out", item.place);
  if (item.atTarget) return undefined;
  try {
    if (item.key === null) {
      throw new EmporiumError("CONFIG_FIELD", `${title}: a literal names no file`, {
        place: item.place,
        hint: "use source_glob",
      });
    }
    const expansion: ExpandOptions = { row: context.scope.row, run, compat: context.compat };
    const configured = item.block.metadata ? (expandValue(item.block.metadata, expansion) as JsonObject) : {};
    return { item, spacing, configured, title, selected: accepted && wantsTomograms(context) };
  } catch (error) {
    const reads = item.key === null ? [] : [context.source.fullPath(item.key)];
    if (accepted) fail(context, error, { kind: KIND, title }, item.place, reads);
    return undefined;
  }
}

/** Reads headers side by side. Warnings and failures come in the order of the candidates. */
async function readAll(
  context: ImportContext,
  candidates: readonly TomogramCandidate[],
  alignmentPath: string,
): Promise<readonly ReadTomogram[]> {
  const asked = candidates.filter(({ selected }) => selected);
  const results = await Promise.all(
    dropCollisions(context, asked, alignmentPath).map(async (candidate) => {
      const part = newDraft();
      return { part, tomogram: await readTomogram({ ...context, draft: part }, candidate) };
    }),
  );
  for (const { part } of results) joinDraft(context.draft, part);
  return results.flatMap(({ tomogram }) => tomogram ?? []);
}

function isAccepted({ selection }: PlanContext, item: SectionItem, spacing: VoxelSpacing): boolean {
  return selection.accepts("voxel_spacing", spacing.name) && selection.accepts("tomogram", scalarText(item.name));
}

/** Reads the header of one candidate. An error is its own failure; a voxel size that differs from the spacing is a warning. */
async function readTomogram(context: ImportContext, candidate: TomogramCandidate): Promise<ReadTomogram | undefined> {
  const { item, spacing, title } = candidate;
  try {
    const volume = await context.volumes.read(item.key!, item.folder);
    const found = otherVoxelSize(volume, spacing.angstrom, "zyx");
    for (const message of volume.warnings) warn(context, message);
    const reasons = await againstTomogram({ key: item.key!, volume, listing: context.source });
    const { shape } = volume;
    context.uses.doubt({ kind: KIND, key: item.key!, reasons, place: item.place, shape, runFolder: context.entity.folder });
    if (found !== undefined) {
      const isTenfold = volume.voxelSizesAngstrom.every((size) => size !== undefined && areTenfold(size, spacing.angstrom));
      const message = `${context.source.fullPath(item.key!)}: the header's voxel size is ${found}, the configured spacing ${spacing.angstrom} Å is used${isTenfold ? "; one is ten times the other, as nm and Å are" : ""}`;
      warn(context, message, spacing.item.place);
    }
    return { ...candidate, volume };
  } catch (error) {
    fail(context, error, { kind: KIND, title }, item.place, [context.source.fullPath(item.key!)]);
    return undefined;
  }
}

/** A volume with its voxel spacing. */
export interface MeasuredVolume {
  readonly volume: VolumeSource;
  readonly angstrom: number;
}

/** The first readable tomogram of a run, selected or not: a default alignment must not depend on the filters of one import. */
export async function firstReadable(
  context: PlanContext,
  candidates: readonly TomogramCandidate[],
  read: readonly ReadTomogram[],
): Promise<MeasuredVolume | undefined> {
  for (const { item, spacing, selected } of candidates) {
    const known = read.find((tomogram) => tomogram.item === item && tomogram.spacing === spacing);
    if (known) return { volume: known.volume, angstrom: spacing.angstrom };
    if (selected) continue;
    try {
      return { volume: await context.volumes.read(item.key!, item.folder), angstrom: spacing.angstrom };
    } catch (error) {
      rethrowCancelled(error);
    }
  }
  return undefined;
}

/** Ids of a run's tomograms by their identities. */
export async function tomogramIds(context: ImportContext, identities: readonly (readonly string[])[]): Promise<Identifiers> {
  const { entity: run, depositionId } = context;
  const stored = await context.stored(run.folder, KIND);
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

/**
 * Values that identify a candidate. The reference takes the spacing from the configuration, even if it contradicts the folder.
 */
export function identityOf(
  { compat, depositionId }: ImportContext,
  { configured, spacing }: TomogramCandidate,
  alignmentPath: string,
): string[] {
  const name = compat ? identitySpacing(configured.voxel_spacing, spacing.name) : spacing.name;
  return tomogramIdentity(configured, name, alignmentPath, depositionId);
}

/**
 * Keeps one candidate per identity. Two sources for one tomogram are a failure of both: which one is meant is unknown. A file
 * that one block finds twice counts once. (`compat`: the last one wins, as in the reference, with a warning.)
 */
function dropCollisions(
  context: ImportContext,
  candidates: readonly TomogramCandidate[],
  alignmentPath: string,
): TomogramCandidate[] {
  const groups = new Map<string, TomogramCandidate[]>();
  for (const candidate of candidates) {
    const key = JSON.stringify(identityOf(context, candidate, alignmentPath));
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
    const message = `${context.location.run}: ${files.slice(0, 3).join(" and ")}${files.length > 3 ? ` and ${files.length - 3} more` : ""} would all be written as one tomogram`;
    if (context.compat) {
      warn(context, `${message}; the last one is`, last.item.place);
      continue;
    }
    for (const { item, title } of group) {
      const error = new EmporiumError("CONFIG_COLLISION", message, {
        place: item.place,
        hint: "narrow the glob to one file, or distinguish the tomograms by processing, reconstruction_method or processing_software",
      });
      fail(context, error, { kind: KIND, title }, item.place, [context.source.fullPath(item.key!)]);
    }
  }
  return candidates.filter((candidate) => kept.has(candidate));
}
