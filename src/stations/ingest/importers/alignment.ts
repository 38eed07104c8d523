import { EmporiumError } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { Float } from "../../../core/number.js";
import type { Task } from "../../../engine/task.js";
import { ALIGNMENT_METADATA, alignmentMetadataKey } from "../../../model/layout.js";
import { scalarText, toJson } from "../config/nodes.js";
import { addMetadataTask, type Draft, type Whereabouts } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import { alignmentIdentity, allotIds, type GivenId, readStored, type StoredMetadata } from "../identifiers.js";
import { isJsonMap, type MutableJson } from "../metadata.js";
import type { VolumeSource } from "../volume-source.js";
import { findSection, type PlanContext, placeOf, type SectionItem } from "./context.js";

/** An alignment of a run: the one that tomograms name. */
export interface Alignment {
  /** `default`: metadata alone. `files`: made from files, by a part that is not here yet. `stored`: on the target already. */
  readonly origin: "default" | "files" | "stored";
  readonly metadataKey: string;
  readonly configured: JsonObject;
  readonly item: SectionItem | undefined;
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

/**
 * The first alignment of a run: the one that its configuration finds, or the default when no source finds any. All files of one source entry are
 * one alignment.
 *
 * @throws {EmporiumError} CONFIG_COLLISION for two default alignments of one run, CONFIG_GLOB_COUNT for several stored ones in one source
 */
export async function findAlignment(context: PlanContext, run: Ancestor, scope: Scope, depositionId: string): Promise<Alignment> {
  const { items } = await findSection(context, "alignment", scope);
  const [first] = items;
  const stored = await readStored(context.target, run.folder, "alignment");
  const identify = (configured: JsonObject) => {
    const known = stored.map(({ id, metadata }) => ({ id, key: alignmentIdentity(metadata, depositionId) }));
    const container = `${run.folder}/Alignments`;
    const identity = alignmentIdentity(configured, depositionId);
    const ids = allotIds(container, known, context.reserved, [identity]);
    return { metadataKey: alignmentMetadataKey(run.folder, ids.of(identity)), given: ids.given };
  };
  if (!first) return { origin: "default", configured: DEFAULTS, item: undefined, ...identify(DEFAULTS) };
  const group = items.filter(({ source }) => source === first.source);
  const metadataFiles = group.filter(({ key }) => key?.endsWith("metadata.json"));
  if (metadataFiles.length > 0) return storedAlignment(group, metadataFiles, scalarText(run.name));
  const configured = first.block.metadata ? (toJson(first.block.metadata) as JsonObject) : {};
  const isDefault = group.every(({ key }) => key === null);
  if (!isDefault) return { origin: "files", configured, item: first, ...identify(configured) };
  const other = items.find(({ source, key }) => source !== first.source && key === null);
  if (other) {
    throw new EmporiumError("CONFIG_COLLISION", `${scalarText(run.name)}: two default alignments, one is possible`, {
      place: other.place,
      hint: `the first is at line ${first.place.line}: keep them apart by parent_filters`,
    });
  }
  return { origin: "default", configured, item: first, ...identify(configured) };
}

function storedAlignment(group: readonly SectionItem[], metadataFiles: readonly SectionItem[], run: string): Alignment {
  const [first] = metadataFiles;
  if (metadataFiles.length > 1 || group.length > 1 || !first!.key!.endsWith(ALIGNMENT_METADATA)) {
    throw new EmporiumError("CONFIG_GLOB_COUNT", `${run}: one ${ALIGNMENT_METADATA} expected, ${group.length} files found`, {
      place: first!.place,
      hint: "narrow list_glob so that it matches one alignment per run",
    });
  }
  return { origin: "stored", metadataKey: first!.key!, configured: {}, item: first, given: [] };
}

export interface AlignmentVolume {
  readonly volume: VolumeSource;
  readonly angstrom: number;
}

/**
 * Plans a default alignment: metadata alone, its dimensions those of the run's first tomogram unless they are configured.
 *
 * @param volume of the first tomogram whose header can be read.
 * @returns undefined where the run has no tomogram and the configuration gives no dimensions: then there is nothing to align.
 */
export async function planDefaultAlignment(
  context: PlanContext,
  draft: Draft,
  alignment: Alignment,
  run: Ancestor,
  deposition: Ancestor,
  volume: AlignmentVolume | undefined,
  where: Whereabouts,
): Promise<Task | undefined> {
  const { configured, item, metadataKey } = alignment;
  const dimension = hasDimensions(configured) ? undefined : volume && dimensionsOf(volume);
  if (!hasDimensions(configured) && !dimension) return undefined;
  const depositionId = scalarText(deposition.name);
  const measured: MutableJson = {
    per_section_alignment_parameters: [],
    alignment_path: null,
    tilt_path: null,
    tiltx_path: null,
    tiltseries_path: await tiltseriesPath(context, run, depositionId),
    files: [null],
  };
  if (dimension) measured.volume_dimension = dimension;
  for (const [field, value] of Object.entries(DEFAULTS)) if (!Object.hasOwn(configured, field)) measured[field] = value as Json;
  return addMetadataTask(draft, {
    kind: "alignment",
    title: `default alignment of ${where.run ?? run.folder}`,
    key: metadataKey,
    configured,
    measured,
    depositionId: deposition.name,
    force: context.force,
    place: item && placeOf(item.block),
    where,
  });
}

/** Å along x, y, z. */
function dimensionsOf({ volume: { shape }, angstrom }: AlignmentVolume): JsonObject {
  const [z, y, x] = shape;
  return { x: new Float(x * angstrom), y: new Float(y * angstrom), z: new Float(z * angstrom) };
}

function hasDimensions({ volume_dimension: dimension }: JsonObject): boolean {
  return isJsonMap(dimension) && ["x", "y", "z"].every((axis) => dimension[axis] !== undefined && dimension[axis] !== null);
}

/** Metadata of the tilt series that this deposition has on the target, or null. */
async function tiltseriesPath({ target }: PlanContext, run: Ancestor, depositionId: string): Promise<string | null> {
  const stored: StoredMetadata[] = await readStored(target, run.folder, "tiltseries");
  return stored.find(({ metadata }) => alignmentIdentity(metadata, depositionId)[0] === depositionId)?.key ?? null;
}
