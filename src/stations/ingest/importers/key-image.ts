import type { PictureName } from "../../../arrays/picture/frame.js";
import { type Triple, volumeOf } from "../../../core/box.js";
import type { Json } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import type { Task, TaskInput } from "../../../engine/task.js";
import { keyImageKey, tomogramFolder, tomogramKeys } from "../../../model/layout.js";
import { scalarText } from "../config/nodes.js";
import { addFailure, type Draft, leave, makeTask, type Whereabouts } from "../draft.js";
import type { Ancestor, Scope } from "../finders/scope.js";
import { PICTURE_OPERATION } from "../ops/picture.js";
import { sectionCacheKey } from "../ops/section-cache.js";
import { VOLUME_OPERATION } from "../ops/volume.js";
import { isAsked, type PlanContext, type SectionItem, sectionOf } from "./context.js";
import { inputOf } from "./copies.js";
import { findKeyImages, type KeyImages } from "./key-image-finds.js";
import { identityOf, layerTasks, pictureLayers, type RunAnnotations, runAnnotations } from "./picture-layers.js";
import { type TomogramCandidate, tomogramIds } from "./tomogram-candidates.js";
import type { VoxelSpacing } from "./voxel-spacing.js";

/** Buffers of a picture task beside those that grow with a plane: the largest of the other three pictures, and what is read at once. */
const PICTURE_BYTES = 48 * 2 ** 20;
/** Of a pixel of a plane: its sum, its grey, its three colours, and twice what an encoder makes of these. A mask takes its sum and itself. */
const PIXEL_BYTES = 20;
const MASK_PIXEL_BYTES = 9;

/** A tomogram that may get pictures: one that this import writes, or one that is on the target. */
export interface PictureSubject {
  readonly id: number;
  readonly spacing: VoxelSpacing;
  /** What makes it in this plan. */
  readonly task: Task | undefined;
  /** Voxels `[z, y, x]`. */
  readonly shape: Triple;
  /** As its metadata name it. */
  readonly alignmentPath: Json | undefined;
  /** Undefined where nobody has looked for them yet. */
  readonly pictures: KeyImages | undefined;
}

export interface KeyImageParts {
  readonly run: Ancestor;
  readonly depositionId: string;
  readonly scope: Scope;
  readonly subjects: readonly PictureSubject[];
}

/**
 * Plans the pictures of a run's tomograms, one task for all of a tomogram. What is wrong with them concerns nothing else.
 *
 * Call it when tomograms and annotations are planned: pictures come after what they show, and are drawn without the annotations that fail.
 */
export async function planKeyImages(
  context: PlanContext,
  draft: Draft,
  { run, depositionId, scope, subjects }: KeyImageParts,
  where: Whereabouts,
): Promise<void> {
  if (!context.selection.items("key_image") || subjects.length === 0) return;
  let annotations: Promise<RunAnnotations> | undefined;
  for (const subject of subjects) {
    const title = `pictures of tomogram ${subject.id} of ${where.run} (${subject.spacing.name} Å)`;
    try {
      annotations ??= runAnnotations(context, draft, run);
      const below = { ...scope, ancestors: [...scope.ancestors, subject.spacing.ancestor] };
      const pictures = subject.pictures ?? (await findKeyImages(context, below, subject.id, subject.spacing));
      await planOne(
        context,
        draft,
        subject,
        { title, pictures, annotations: await annotations, runName: scalarText(run.name), depositionId },
        where,
      );
    } catch (error) {
      addFailure(draft, error, title, "key_image", where, sectionOf(context, "key_image")?.place);
    }
  }
}

/**
 * Tomograms that are on the target, for an import that brings pictures alone: those that the configuration finds.
 *
 * @param identity what makes a candidate this tomogram and no other.
 */
export async function storedSubjects(
  context: PlanContext,
  draft: Draft,
  found: readonly TomogramCandidate[],
  {
    run,
    depositionId,
    identity,
  }: { run: Ancestor; depositionId: string; identity: (candidate: TomogramCandidate) => readonly string[] },
  where: Whereabouts,
): Promise<PictureSubject[]> {
  if (!context.selection.items("key_image")) return [];
  const { selection } = context;
  const wanted = found.filter(
    ({ spacing, item }) =>
      selection.accepts("voxel_spacing", spacing.name) && selection.accepts("tomogram", scalarText(item.name)),
  );
  const ids = await tomogramIds(context, run, depositionId, wanted.map(identity));
  const stored = await context.stored(run.folder, "tomogram");
  const subjects = new Map<number, PictureSubject>();
  for (const candidate of wanted) {
    const { spacing, title, item } = candidate;
    const id = ids.of(identity(candidate));
    const folder = tomogramFolder(spacing.ancestor.folder, id);
    const metadata = stored.find(({ key }) => key.startsWith(`${folder}/`))?.metadata;
    const shape = sizeOf(metadata?.size);
    if (metadata && shape) {
      const alignmentPath = metadata.alignment_metadata_path;
      subjects.set(id, { id, spacing, task: undefined, shape, alignmentPath, pictures: undefined });
    } else
      draft.entities.push(leave("key_image", `pictures of ${title}`, "the tomogram is not on the target", where, item.place));
  }
  return [...subjects.values()];
}

async function planOne(
  context: PlanContext,
  draft: Draft,
  { id, spacing, task, shape, alignmentPath }: PictureSubject,
  {
    title,
    pictures,
    annotations,
    runName,
    depositionId,
  }: { title: string; pictures: KeyImages; annotations: RunAnnotations; runName: string; depositionId: string },
  where: Whereabouts,
): Promise<void> {
  const { folder } = spacing.ancestor;
  const place = sectionOf(context, "key_image")?.place;
  const wanted = [...pictures].filter(([name, item]) => !item?.atTarget && isAsked(context, "key_image", { name }));
  if (wanted.length === 0) {
    const why = [...pictures.values()].some((item) => item?.atTarget) ? "they are only referred to" : "filtered out";
    draft.entities.push(leave("key_image", title, why, where, place));
    return;
  }
  const volume =
    task?.run === VOLUME_OPERATION ? plannedVolume(task) : await storedVolume(context, tomogramKeys(folder, id, runName));
  if (!volume) {
    draft.entities.push(leave("key_image", title, "there is no volume of it, and none is to be written", where, place));
    return;
  }
  const layers = await pictureLayers(context, draft, annotations, { spacingFolder: folder, depositionId, alignmentPath });
  const inputs = inputsOf(wanted);
  const outputs = wanted.map(([name]) => keyImageKey(folder, id, name));
  const masks = layers.filter(({ layer }) => layer.shape === "mask").length;
  const pixels = volumeOf([1, shape[1], shape[2]]);
  const made = makeTask({
    title,
    run: PICTURE_OPERATION,
    params: {
      mrc: volume.mrc,
      zarr: volume.zarr,
      made: volume.made,
      pictures: wanted.map(([name, item], at) => ({ name, key: outputs[at]!, ...(item ? { source: item.key! } : {}) })),
      layers: layers.map(({ layer }) => ({ ...layer })),
      ...(context.force ? { force: true } : {}),
    },
    inputs,
    outputs,
    needs: volume.needs,
    after: layerTasks(layers),
    bytes: inputs.reduce((sum, { size }) => sum + size, 0),
    memoryBytes:
      PICTURE_BYTES + pixels * (PIXEL_BYTES + masks * MASK_PIXEL_BYTES) + 8 * Math.max(0, ...inputs.map(({ size }) => size)),
    threads: 1,
    place,
  });
  draft.tasks.push(made);
  draft.entities.push({
    kind: "key_image",
    title,
    ...where,
    action: "write",
    reads: inputs.map(({ key }) => context.source.fullPath(key)),
    writes: outputs,
    bytes: made.bytes,
    place,
  });
}

/** Each file once: one may become several pictures. */
function inputsOf(wanted: readonly (readonly [PictureName, SectionItem | undefined])[]): TaskInput[] {
  const files = new Map(wanted.flatMap(([, item]) => (item ? [[item.key!, inputOf(item)] as const] : [])));
  return [...files.values()];
}

interface PictureVolume {
  readonly mrc: string | null;
  readonly zarr: string | null;
  readonly made: string;
  readonly needs: readonly string[];
}

function plannedVolume({ id, params }: Task): PictureVolume {
  return { mrc: params.mrc as string | null, zarr: params.zarr as string | null, made: id, needs: [id] };
}

/** What of a tomogram is on the target. */
async function storedVolume(context: PlanContext, keys: { mrc: string; zarr: string }): Promise<PictureVolume | undefined> {
  const mrc = await identityOf(context, keys.mrc);
  const zarr = (await identityOf(context, `${keys.zarr}.zattrs`)) ?? (await identityOf(context, `${keys.zarr}zarr.json`));
  const made = mrc ?? zarr;
  return made === undefined
    ? undefined
    : { mrc: mrc === undefined ? null : keys.mrc, zarr: zarr === undefined ? null : keys.zarr, made, needs: [] };
}

/** Voxels `[z, y, x]` that the metadata of a tomogram tell. */
function sizeOf(size: Json | undefined): Triple | undefined {
  if (!isJsonObject(size)) return undefined;
  const numbers = [size.z, size.y, size.x].map(toNumber);
  return numbers.every((number) => number !== undefined && number > 0) ? (numbers as unknown as Triple) : undefined;
}

/** Names under which tasks leave the sections that picture tasks of the same plan take. */
export function awaitedSections(tasks: readonly Task[]): Set<string> {
  return new Set(tasks.filter(({ run }) => run === PICTURE_OPERATION).map(({ params }) => sectionCacheKey(params)));
}
