import { EmporiumError } from "../../../core/errors.js";
import type { TypeKey } from "../../../model/kinds.js";
import { runMetadataKey } from "../../../model/layout.js";
import { scalarText } from "../config/nodes.js";
import { addFailure, addMetadataTask, type Draft, joinDraft, leave, newDraft, type Whereabouts } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import { type GivenId, isFolder, readMetadata } from "../identifiers.js";
import { findAcquisition, planAcquisition } from "./acquisition.js";
import { type Alignment, findAlignments, planAlignment, titleOf } from "./alignment.js";
import { planAnnotations } from "./annotation.js";
import { type PlanContext, type SectionItem, wants, wantsTomograms } from "./context.js";
import { findFrames, planFrameCopies, planFramesMetadata } from "./frame.js";
import { planGains } from "./gain.js";
import { planIdentifiedObjects } from "./identified-object.js";
import { type PictureSubject, planKeyImages, storedSubjects } from "./key-image.js";
import { findKeyImages } from "./key-image-finds.js";
import { failTiltseries, findTiltseries, planTiltseries, type Tiltseries, tiltseriesAncestor } from "./tiltseries.js";
import { findCtfs, findRawtilt, planSideFile } from "./tiltseries-files.js";
import { planTomogram } from "./tomogram.js";
import {
  dropCollisions,
  findTomograms,
  firstReadable,
  identityOf,
  type ReadTomogram,
  readTomogram,
  type TomogramCandidate,
  tomogramIds,
} from "./tomogram-candidates.js";
import { planViewConfigs } from "./view-config.js";
import { findVoxelSpacings } from "./voxel-spacing.js";

/** What voxel spacings are looked for. */
const BELOW_SPACINGS: readonly TypeKey[] = ["tomogram", "alignment", "annotation", "annotation_viz", "key_image", "viz_config"];

export interface RunPlan {
  readonly draft: Draft;
  readonly given: readonly GivenId[];
}

/** A run that is being planned. */
interface RunParts {
  readonly run: Ancestor;
  readonly deposition: Ancestor;
  readonly scope: Scope;
  readonly where: Whereabouts;
}

/** Everything of one run. Whatever goes wrong below it is a failure of the entity concerned; the others are planned all the same. */
export async function planRun(
  context: PlanContext,
  item: SectionItem,
  run: Ancestor,
  above: readonly Ancestor[],
): Promise<RunPlan> {
  const draft = newDraft();
  const given: GivenId[] = [];
  const [deposition, dataset] = above as [Ancestor, Ancestor];
  const where: Whereabouts = { dataset: scalarText(dataset.name), run: scalarText(run.name) };
  const scope: Scope = {
    ancestors: [...above, run],
    row: context.runData.row(where.run!),
    mapped: context.runData.mapped(where.run!),
  };
  const parts: RunParts = { run, deposition, scope, where };
  await attempt(draft, `gain references of ${where.run}`, "gain", where, () => planGains(context, draft, run, scope, where));
  const tiltseries = await planAcquired(context, draft, parts, given);
  if (BELOW_SPACINGS.some((type) => wants(context, type))) {
    for (const id of await planVolumes(context, draft, parts, tiltseries)) given.push(id);
  }
  const identified = await attempt(draft, `identified objects of ${where.run}`, "identified_object", where, () =>
    planIdentifiedObjects(context, draft, parts, where),
  );
  for (const id of identified ?? []) given.push(id);
  await attempt(draft, `metadata of run ${where.run}`, "run", where, () => planRunMetadata(context, draft, item, parts));
  return { draft, given };
}

async function planRunMetadata(
  context: PlanContext,
  draft: Draft,
  item: SectionItem,
  { run, deposition, where }: RunParts,
): Promise<void> {
  if (!context.selection.metadata("run")) return;
  const title = `metadata of run ${where.run}`;
  if (item.atTarget) {
    draft.entities.push(leave("run", title, "it is only referred to", where, item.place));
    return;
  }
  const key = runMetadataKey(where.dataset!, where.run!);
  // a run is of the deposition that brought it: another one that adds to it does not take it over, as the reference would
  const isThere = !context.compat && (await isFolder(context.target, run.folder));
  const owner = isThere ? (await readMetadata(context.target.store, key))?.deposition_id : undefined;
  if (owner !== undefined && String(owner) !== scalarText(deposition.name)) {
    draft.entities.push(leave("run", title, `it is of deposition ${String(owner)}`, where, item.place));
    return;
  }
  addMetadataTask(draft, {
    kind: "run",
    title,
    key,
    configured: {},
    measured: { run_name: where.run! },
    depositionId: deposition.name,
    force: context.force,
    place: item.place,
    where,
  });
}

/**
 * What was acquired: frames, acquisition file, tilt series with their angles and CTF.
 *
 * @returns metadata file of the first tilt series, or undefined: what alignments name.
 */
async function planAcquired(
  context: PlanContext,
  draft: Draft,
  { run, deposition, scope, where }: RunParts,
  given: GivenId[],
): Promise<string | undefined> {
  const { selection } = context;
  const below = (type: TypeKey) => selection.walks(type) || (type === "tiltseries" && wants(context, "alignment"));
  if (!below("collection_metadata") && !below("frame") && !below("tiltseries")) return undefined;
  const depositionId = scalarText(deposition.name);
  const acquisition = await attempt(draft, `acquisition file of ${where.run}`, "collection_metadata", where, () =>
    findAcquisition(context, run, scope),
  );
  if (!acquisition) return undefined;
  const acquired =
    (await attempt(draft, `acquisition file of ${where.run}`, "collection_metadata", where, async () =>
      planAcquisition(context, draft, acquisition, where),
    )) ?? [];
  const needs = acquired.map(({ id }) => id);

  const frames = await attempt(draft, `frames of ${where.run}`, "frame", where, () => findFrames(context, run, scope));
  if (frames) {
    const copies = await attempt(draft, `frames of ${where.run}`, "frame", where, async () =>
      planFrameCopies(context, draft, frames, run, where),
    );
    await attempt(draft, `metadata of the frames of ${where.run}`, "frame", where, () => {
      const all = [...needs, ...(copies ?? []).map(({ id }) => id)];
      return planFramesMetadata(context, draft, frames, acquisition, { run, deposition, scope, needs: all }, where);
    });
  }

  if (!below("tiltseries")) return undefined;
  const found = await attempt(draft, `tilt series of ${where.run}`, "tiltseries", where, () =>
    findTiltseries(context, draft, run, scope, depositionId, where),
  );
  if (!found) return undefined;
  for (const id of found.given) given.push(id);
  const failed = new Set<Tiltseries>();
  for (const tiltseries of found.all.filter(({ accepted }) => accepted)) {
    const planned = await planOneTiltseries(context, draft, tiltseries, {
      run,
      deposition,
      scope,
      acquisition,
      framesCount: frames?.count ?? 0,
      needs,
      where,
    });
    if (!planned) failed.add(tiltseries);
  }
  const [first] = found.all;
  const isThere =
    first && (!failed.has(first) || (await context.stored(run.folder, "tiltseries")).some(({ id }) => id === first.id));
  return isThere ? first.metadataKey : undefined;
}

/** One tilt series, its raw tilt angles and its CTF table. False where it cannot be made. */
async function planOneTiltseries(
  context: PlanContext,
  draft: Draft,
  tiltseries: Tiltseries,
  parts: RunParts & { acquisition: Awaited<ReturnType<typeof findAcquisition>>; framesCount: number; needs: readonly string[] },
): Promise<boolean> {
  const { scope, where } = parts;
  const below: Scope = { ...scope, ancestors: [...scope.ancestors, tiltseriesAncestor(tiltseries)] };
  const names = { rawtilt: `raw tilt angles of ${where.run}`, ctf: `CTF table of ${where.run}` };
  const find = async () => ({
    rawtilt: await findRawtilt(context, below, tiltseries.folder, where.run!),
    ctfs: await findCtfs(context, below, tiltseries.folder, where.run!),
  });
  const files = await attempt(draft, `files of ${tiltseries.title}`, "tiltseries", where, find);
  if (!files) return false;
  const needs = [...parts.needs];
  for (const [kind, file] of [["rawtilt", files.rawtilt] as const, ...files.ctfs.map((ctf) => ["ctf", ctf] as const)]) {
    const tasks = await attempt(draft, names[kind], kind, where, async () => planSideFile(context, draft, kind, file, where));
    for (const { id } of tasks ?? []) needs.push(id);
  }
  if (!tiltseries.selected) return true;
  try {
    await planTiltseries(context, draft, tiltseries, { ...parts, ...files, needs }, where);
    return true;
  } catch (error) {
    failTiltseries(context, draft, tiltseries, error, where);
    return false;
  }
}

/** Voxel spacings, tomograms, the alignments they name, what was marked in them, and pictures of it all. */
async function planVolumes(
  context: PlanContext,
  draft: Draft,
  { run, deposition, scope, where }: RunParts,
  tiltseries: string | undefined,
): Promise<readonly GivenId[]> {
  const depositionId = scalarText(deposition.name);
  const spacings = await attempt(draft, "voxel spacing", "voxel_spacing", where, () => findVoxelSpacings(context, run, scope));
  const found: TomogramCandidate[] = [];
  for (const spacing of spacings ?? []) {
    const below = { ...scope, ancestors: [...scope.ancestors, spacing.ancestor] };
    const title = `tomograms of ${where.run} (${spacing.name} Å)`;
    found.push(
      ...((await attempt(draft, title, "tomogram", where, () => findTomograms(context, draft, spacing, below, where))) ?? []),
    );
  }
  const alignments = await attempt(draft, `alignment of ${where.run}`, "alignment", where, () =>
    findAlignments(context, run, scope, depositionId),
  );
  if (!alignments) {
    for (const { title, item } of found.filter(({ selected }) => selected)) {
      const reads = [context.source.fullPath(item.key!)];
      const why = "the alignment of its run cannot be told";
      const files = { reads, writes: [], bytes: 0, place: item.place };
      draft.entities.push({ kind: "tomogram", title, ...where, action: "fail", why, ...files });
    }
    return [];
  }
  const [alignment] = alignments.all as [Alignment, ...Alignment[]];

  const identity = (candidate: TomogramCandidate) => identityOf(context, candidate, alignment, depositionId);
  const selected = found.filter((candidate) => candidate.selected);
  const candidates = dropCollisions(context, draft, selected, identity, where);
  const read = await readAll(context, draft, candidates, where);

  const needs = await planAlignments(
    context,
    draft,
    alignments.all,
    { run, deposition, scope, where },
    { found, read, tiltseries },
  );

  // the reference gives ids to all that it finds, before any filter; otherwise only what is written gets one
  const ids = await tomogramIds(context, run, depositionId, (context.compat ? found : read).map(identity));
  const subjects: PictureSubject[] = [];
  for (const tomogram of read) {
    const { spacing, volume } = tomogram;
    const below = { ...scope, ancestors: [...scope.ancestors, spacing.ancestor] };
    await attempt(draft, tomogram.title, "tomogram", where, async () => {
      const id = ids.of(identity(tomogram));
      const pictures = await attempt(draft, `pictures of ${tomogram.title}`, "key_image", where, () =>
        findKeyImages(context, below, id, spacing),
      );
      const parts = { id, alignment, needs, run, deposition, pictures };
      const task = await planTomogram(context, draft, tomogram, parts, where);
      if (pictures) subjects.push({ id, spacing, task, shape: volume.shape, alignmentPath: alignment.metadataKey, pictures });
    });
  }
  const volumes = { run, alignment, found, read };
  const annotated = await planAnnotations(
    context,
    draft,
    { ...volumes, deposition, scope, spacings: spacings ?? [], needs },
    where,
  );
  await attempt(draft, `pictures of the tomograms of ${where.run}`, "key_image", where, async () => {
    const stored = wantsTomograms(context)
      ? []
      : await storedSubjects(context, draft, found, { run, depositionId, identity }, where);
    await planKeyImages(context, draft, { run, depositionId, scope, subjects: [...subjects, ...stored] }, where);
  });
  await attempt(draft, `views of the tomograms of ${where.run}`, "viz_config", where, () =>
    planViewConfigs(context, draft, { run, deposition, spacings: spacings ?? [] }, where),
  );
  return [...alignments.given, ...ids.given, ...annotated];
}

/** Reads headers side by side. What is said of them comes in the order of the candidates. */
async function readAll(
  context: PlanContext,
  draft: Draft,
  candidates: readonly TomogramCandidate[],
  where: Whereabouts,
): Promise<ReadTomogram[]> {
  const results = await Promise.all(
    candidates.map(async (candidate) => {
      const part = newDraft();
      return { part, tomogram: await readTomogram(context, part, candidate, where) };
    }),
  );
  for (const { part } of results) joinDraft(draft, part);
  return results.flatMap(({ tomogram }) => tomogram ?? []);
}

/** @returns ids of the tasks that make the first alignment, which tomograms wait for. */
async function planAlignments(
  context: PlanContext,
  draft: Draft,
  alignments: readonly Alignment[],
  { run, deposition, where }: RunParts,
  {
    found,
    read,
    tiltseries,
  }: { found: readonly TomogramCandidate[]; read: readonly ReadTomogram[]; tiltseries: string | undefined },
): Promise<readonly string[]> {
  const needs: string[] = [];
  for (const [index, alignment] of alignments.entries()) {
    const asked = wants(context, "alignment") && context.selection.accepts("alignment", alignment.name);
    if (!asked || alignment.origin === "stored") continue;
    const title = titleOf(alignment, where);
    const task = await attempt(draft, title, "alignment", where, async () => {
      const volume = await firstReadable(context, found, read);
      const tiltseriesPath = tiltseries ?? (await storedTiltseries(context, run, scalarText(deposition.name)));
      const planned = await planAlignment(context, draft, alignment, { run, deposition, tiltseriesPath, volume }, where);
      if (planned || found.length === 0 || alignment.origin !== "default") return planned;
      if (!context.selection.metadata("alignment")) return undefined;
      // several tomograms under one name are told as what they are: without them there is no alignment, which is no second fault
      const collided = draft.failures.filter(({ error }) => error.code === "CONFIG_COLLISION").map(({ entity }) => entity);
      if (found.some((candidate) => collided.includes(candidate.title))) return undefined;
      throw new EmporiumError(
        "TASK_BLOCKED",
        `${where.run}: the default alignment needs a tomogram, none of the run's can be read`,
        { place: found[0]!.item.place, hint: "mend the tomograms named above, or configure volume_dimension" },
      );
    });
    if (task && index === 0) needs.push(task.id);
  }
  return needs;
}

/** Metadata of the tilt series that this deposition has on the target, or null. */
async function storedTiltseries(context: PlanContext, run: Ancestor, depositionId: string): Promise<string | null> {
  const stored = await context.stored(run.folder, "tiltseries");
  return stored.find(({ metadata }) => String(metadata.deposition_id ?? depositionId) === depositionId)?.key ?? null;
}

async function attempt<T>(
  draft: Draft,
  title: string,
  kind: TypeKey,
  where: Whereabouts,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    addFailure(draft, error, title, kind, where);
    return undefined;
  }
}
