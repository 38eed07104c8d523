import { EmporiumError, type Place } from "../../../core/errors.js";
import type { Json, JsonObject } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { Float } from "../../../core/number.js";
import { once } from "../../../core/once.js";
import type { Task } from "../../../engine/task.js";
import { baseName } from "../../../stores/keys.js";
import type { MutableJson } from "../metadata.js";
import { type AcquiredSections, acquiredSections } from "./acquired-sections.js";
import { alignmentRemarks } from "./alignment-checks.js";
import { type AlignmentContent, readAlignment, sectionJson } from "./alignment-content.js";
import { type AlignmentFile, alignmentFiles, ownFormat } from "./alignment-files.js";
import { ALIGNMENT_DEFAULTS, type Alignment, findAlignments } from "./alignment-find.js";
import { addCopies } from "./copies.js";
import { countAligned } from "./image-counts.js";
import { blockedBy, fail, failedOf, found, type ImportContext, type Importer, passOver, planned, warn } from "./importer.js";
import { addMetadataTask } from "./metadata-task.js";
import { placeOf, wants } from "./sections.js";
import { tiltseries } from "./tiltseries.js";
import { tiltseriesFacts } from "./tiltseries-facts.js";
import { firstReadable, type MeasuredVolume, type TomogramCandidate, tomogramFinder } from "./tomogram-candidates.js";
import { voxelSpacing, wantsVolumes } from "./voxel-spacing.js";

const KIND = "alignment";

/** The first alignment of a run, for what names it. */
export interface PlannedAlignment {
  /** Tasks that make it: none where it is on the target already, or not asked for. */
  readonly tasks: readonly Task[];
  /** Files were given for it, it cannot be made, and is not on the target. */
  readonly failed: string | undefined;
}

/** The alignments of a run; tomograms name the first in their metadata, and wait for the planned tasks that make it. */
export const alignment: Importer<readonly Alignment[], PlannedAlignment> = {
  kind: KIND,
  per: "run",
  files: { emptyTold: "section", namedTogether: true },
  needs: [voxelSpacing, tomogramFinder],
  title: ({ location }) => `alignment of ${location.run}`,
  isWanted: wantsVolumes,
  find: findAlignments,
  async plan(context, all) {
    const { candidates, read } = (await found(context, tomogramFinder))!;
    const tomograms = await read(all[0]!.metadataKey);
    const tasks: Task[] = [];
    let failed: string | undefined;
    for (const one of all) {
      const isAsked = wants(context, KIND) && context.selection.accepts(KIND, one.name);
      if (!isAsked || one.origin === "stored") continue;
      const title = titleOf(context, one);
      try {
        const task = await planOne(context, one, { candidates, volume: await firstReadable(context, candidates, tomograms) });
        if (task && one === all[0]) tasks.push(task);
      } catch (error) {
        fail(context, error, { kind: KIND, title });
        // a default one holds nothing of its own: without it the tomogram is what it is
        if (one === all[0] && one.origin !== "default" && !(await isStored(context, one))) failed = title;
      }
    }
    return { tasks, failed };
  },
};

async function isStored({ stored, entity: run }: ImportContext, { metadataKey }: Alignment): Promise<boolean> {
  return (await stored(run.folder, KIND)).some(({ key }) => key === metadataKey);
}

/**
 * The tasks after which an entity that names the run's alignment can be made.
 *
 * @throws {EmporiumError} TASK_BLOCKED where the alignment can neither be made nor is on the target
 */
export function alignmentNeeds(context: ImportContext, title: string, place: Place | undefined): string[] {
  const { tasks = [], failed } = planned(context, alignment) ?? {};
  if (failed === undefined) return tasks.map(({ id }) => id);
  throw new EmporiumError("TASK_BLOCKED", `${title} cannot be made, because the ${failed} failed`, {
    place,
    hint: "correct the alignment named above, then run the same command again",
  });
}

/** Name of an alignment in messages: `alignment 100 of TS_01`. */
function titleOf({ location }: ImportContext, { origin, folder }: Alignment): string {
  return origin === "default"
    ? `default alignment of ${location.run}`
    : `alignment ${folder.split("/").at(-1)} of ${location.run}`;
}

interface Parts {
  /** All tomograms that the run's sources name. */
  readonly candidates: readonly TomogramCandidate[];
  /** Volume of the first candidate whose header can be read. */
  readonly volume: MeasuredVolume | undefined;
}

/**
 * Its files, then its metadata. Its dimensions are those of the run's first tomogram unless they are configured. Without a
 * tomogram and configured dimensions nothing is written.
 *
 * @throws {EmporiumError} TASK_BLOCKED for a default alignment where no tomogram can be read
 */
async function planOne(context: ImportContext, one: Alignment, { candidates, volume }: Parts): Promise<Task | undefined> {
  const task = hasDimensions(one.configured) || volume ? await planFiles(context, one, volume) : leaveOut(context, one);
  if (task || candidates.length === 0 || one.origin !== "default") return task;
  if (!context.selection.metadata(KIND)) return undefined;
  // several tomograms with one name are reported as such; the missing alignment is not a second error
  const { failures } = context.draft;
  const collided = failures.filter(({ error }) => error.code === "CONFIG_COLLISION").map(({ entity }) => entity);
  if (candidates.some(({ title }) => collided.includes(title))) return undefined;
  throw new EmporiumError(
    "TASK_BLOCKED",
    `${context.location.run}: the default alignment needs a tomogram, none of the run's can be read`,
    { place: candidates[0]!.item.place, hint: "fix the tomograms named above, or configure volume_dimension" },
  );
}

/** @throws {EmporiumError} TASK_BLOCKED where the tomograms that would give them failed */
function leaveOut(context: ImportContext, one: Alignment): undefined {
  if (one.origin !== "files") return;
  const failed = failedOf(context, ["voxel_spacing", "tomogram"]);
  if (failed.length > 0) throw blockedBy(titleOf(context, one), failed, one.item?.place);
  const why = "no tomogram gives its dimensions, and volume_dimension is not configured";
  const title = titleOf(context, one);
  const reads = one.files.map(({ key }) => context.source.fullPath(key!));
  passOver(context, { kind: KIND, title }, why, one.item?.place, reads);
  warn(context, `${title} is left out: ${why}`, one.item?.place);
}

async function planFiles(context: ImportContext, one: Alignment, volume: MeasuredVolume | undefined): Promise<Task | undefined> {
  const { configured, item } = one;
  const { selection, compat, location, scope } = context;
  const title = titleOf(context, one);
  const runName = location.run!;
  const files = alignmentFiles(context, one.files, one.folder, runName, configured.format);
  const acquired = once(() => acquiredSections(context));
  const content = selection.metadata(KIND)
    ? await readAlignment(context, files, configured.format, {
        runName,
        acquired,
        tiltseries: tiltseriesFacts(context, scope, runName),
      })
    : undefined;
  const copies = selection.items(KIND) && files.length > 0 ? addFileCopies(context, files, title, item?.place) : [];
  if (!content) return undefined;
  await warnOf(context, one, content, { acquired, volume });
  const listed = files.filter(({ item: file }) => one.listed.includes(file)).map(({ key }) => key);
  const dimension = hasDimensions(configured) ? undefined : volume && dimensionsOf(volume);
  const { path: tiltseriesPath, needs } = await tiltseriesOf(context, title, item?.place);
  return addMetadataTask(context, {
    kind: KIND,
    title,
    key: one.metadataKey,
    configured: compat ? configured : withOwnFormat(configured),
    measured: measuredOf(context, configured, content, { files: listed, tiltseriesPath, dimension }),
    needs: [...copies.map(({ id }) => id), ...needs],
    place: item && placeOf(item.block),
  });
}

function addFileCopies(context: ImportContext, files: readonly AlignmentFile[], title: string, place?: Place): Task[] {
  return addCopies(context, {
    kind: KIND,
    title: `files of ${title}`,
    copies: files.map(({ item, key }) => ({ item, to: key, title: `${baseName(key)} of ${title}` })),
    place,
  });
}

/** Warns of oddities of the files, and of contradictions between them and the configuration. */
async function warnOf(
  context: ImportContext,
  one: Alignment,
  content: AlignmentContent,
  { acquired, volume }: { acquired: () => Promise<AcquiredSections>; volume: MeasuredVolume | undefined },
): Promise<void> {
  const { configured, item } = one;
  const placeAt = (field?: string) => item && placeOf(item.block, field);
  const measured = volume && { dimension: dimensionsOf(volume), voxelAngstrom: volume.angstrom };
  const remarks = context.compat ? [] : await alignmentRemarks({ configured, content, acquired, measured });
  for (const message of content.warnings) warn(context, message, placeAt("format"));
  for (const { message, field } of remarks) warn(context, `${titleOf(context, one)}: ${message}`, placeAt(field));
  await countAligned(context, one, content);
}

/**
 * The tilt series that an alignment names, and the tasks that make it. Null where the run has none.
 *
 * @throws {EmporiumError} TASK_BLOCKED where the run has one that can neither be made nor is on the target: metadata that deny it
 *   would be wrong, and stay so
 */
async function tiltseriesOf(
  context: ImportContext,
  title: string,
  place: Place | undefined,
): Promise<{ path: string | null; needs: readonly string[] }> {
  const made = planned(context, tiltseries);
  if (made && "metadataKey" in made) return { path: made.metadataKey, needs: made.needs };
  const path = await storedTiltseries(context);
  const looked = context.results.found.get(tiltseries.kind);
  const failed = made?.failed ?? (looked && (await looked) === undefined ? tiltseries.title(context) : undefined);
  if (path !== null || failed === undefined) return { path, needs: [] };
  throw new EmporiumError("TASK_BLOCKED", `${title} cannot be made, because ${failed} failed`, {
    place,
    hint: "correct the tilt series named above, then run the same command again",
  });
}

/** Metadata of the tilt series that this deposition has on the target, or null. */
async function storedTiltseries({ stored, entity: run, depositionId }: ImportContext): Promise<string | null> {
  const all = await stored(run.folder, "tiltseries");
  return all.find(({ metadata }) => String(metadata.deposition_id ?? depositionId) === depositionId)?.key ?? null;
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
  { compat }: ImportContext,
  configured: JsonObject,
  content: AlignmentContent,
  {
    files,
    tiltseriesPath,
    dimension,
  }: { files: readonly string[]; tiltseriesPath: string | null; dimension: JsonObject | undefined },
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
  for (const [field, value] of Object.entries({ ...ALIGNMENT_DEFAULTS, ...told })) {
    if (!Object.hasOwn(configured, field)) measured[field] = value as Json;
  }
  return measured;
}

/** Metadata fields that the files give and the configuration does not. Offsets of 0 stay the default's, which has no point. */
function toldByFiles({ tiltOffsetDegrees, xRotationOffsetDegrees, isLocal }: AlignmentContent): JsonObject {
  const told: MutableJson = {};
  if (isLocal) told.alignment_type = "LOCAL";
  if (tiltOffsetDegrees) told.tilt_offset = new Float(tiltOffsetDegrees);
  if (xRotationOffsetDegrees) told.x_rotation_offset = new Float(xRotationOffsetDegrees);
  return told;
}

/** Å along x, y, z. */
function dimensionsOf({ volume: { shape }, angstrom }: MeasuredVolume): JsonObject {
  const [z, y, x] = shape;
  return { x: new Float(x * angstrom), y: new Float(y * angstrom), z: new Float(z * angstrom) };
}

function hasDimensions({ volume_dimension: dimension }: JsonObject): boolean {
  return isJsonObject(dimension) && ["x", "y", "z"].every((axis) => dimension[axis] !== undefined && dimension[axis] !== null);
}
