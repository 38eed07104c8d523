import type { PictureName } from "../../../arrays/picture/frame.js";
import { type Triple, volumeOf } from "../../../core/box.js";
import type { Json } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import type { Task, TaskInput } from "../../../engine/task.js";
import { keyImageKey, tomogramFolder, tomogramKeys } from "../../../model/layout.js";
import { scalarText } from "../config/nodes.js";
import { makeTask } from "../draft.js";
import { PICTURE_OPERATION, VOLUME_OPERATION } from "../ops/names.js";
import { sectionCacheKey } from "../ops/section-cache.js";
import { alignment } from "./alignment.js";
import type { PlanContext } from "./context.js";
import { inputOf } from "./copies.js";
import {
  addWritten,
  fail,
  found,
  type ImportContext,
  type Importer,
  passOver,
  planned,
  warnOfLostAnnotations,
} from "./importer.js";
import { findKeyImages, type KeyImages } from "./key-image-finds.js";
import { layerTasks, objectIdentity, pictureLayers, type RunAnnotations, runAnnotations } from "./picture-layers.js";
import type { PictureSubject } from "./picture-subject.js";
import { isAsked, type SectionItem, sectionOf, wantsTomograms } from "./sections.js";
import { tomogram } from "./tomogram.js";
import { identityOf, tomogramFinder, tomogramIds } from "./tomogram-candidates.js";

/** Buffers of a picture task beside those that grow with a plane: the largest of the other three pictures, and one read. */
const PICTURE_BYTES = 48 * 2 ** 20;
/** For a pixel of a plane: its sum, grey and three colours, and twice the encoder's output. For a mask: sum and mask. */
const PIXEL_BYTES = 20;
const MASK_PIXEL_BYTES = 9;

const KIND = "key_image";

/**
 * The pictures of a run's tomograms, one task for all of a tomogram. Their failures concern nothing else.
 *
 * They come after tomograms and annotations: pictures show both, and are drawn without the annotations that fail.
 */
export const keyImage: Importer<null> = {
  kind: KIND,
  per: "run",
  files: { emptyTold: "section" },
  needs: [alignment],
  title: ({ location }) => `pictures of the tomograms of ${location.run}`,
  isWanted: ({ selection }) => selection.items(KIND),
  find: async () => null,
  async plan(context) {
    const own = planned(context, tomogram)?.subjects ?? [];
    const subjects = [...own, ...(wantsTomograms(context) ? [] : await storedSubjects(context))];
    let annotations: Promise<RunAnnotations> | undefined;
    const before = context.draft.tasks.length;
    for (const subject of subjects) {
      const title = `pictures of tomogram ${subject.id} of ${context.location.run} (${subject.spacing.name} Å)`;
      try {
        annotations ??= runAnnotations(context);
        const pictures = subject.pictures ?? (await findKeyImages(context, subject.id, subject.spacing));
        await planOne(context, subject, { title, pictures, annotations: await annotations });
      } catch (error) {
        fail(context, error, { kind: KIND, title }, sectionOf(context, KIND)?.place);
      }
    }
    if (context.draft.tasks.length > before) warnOfLostAnnotations(context, keyImage.title(context));
  },
};

/** Tomograms that are on the target, for an import that brings pictures alone: those that the configuration finds. */
async function storedSubjects(context: ImportContext): Promise<PictureSubject[]> {
  const { selection, entity: run } = context;
  const alignmentPath = (await found(context, alignment))![0]!.metadataKey;
  const wanted = (await found(context, tomogramFinder))!.candidates.filter(
    ({ spacing, item }) =>
      selection.accepts("voxel_spacing", spacing.name) && selection.accepts("tomogram", scalarText(item.name)),
  );
  const ids = await tomogramIds(
    context,
    wanted.map((candidate) => identityOf(context, candidate, alignmentPath)),
  );
  const stored = await context.stored(run.folder, "tomogram");
  const subjects = new Map<number, PictureSubject>();
  for (const candidate of wanted) {
    const { spacing, title, item } = candidate;
    const id = ids.of(identityOf(context, candidate, alignmentPath));
    const folder = tomogramFolder(spacing.ancestor.folder, id);
    const metadata = stored.find(({ key }) => key.startsWith(`${folder}/`))?.metadata;
    const shape = sizeOf(metadata?.size);
    if (metadata && shape) {
      const path = metadata.alignment_metadata_path;
      subjects.set(id, { id, spacing, task: undefined, shape, alignmentPath: path, pictures: undefined });
    } else
      passOver(
        context,
        { kind: KIND, title: `pictures of ${title}` },
        "the tomogram's metadata are not on the target",
        item.place,
      );
  }
  return [...subjects.values()];
}

async function planOne(
  context: ImportContext,
  { id, spacing, task, shape, alignmentPath }: PictureSubject,
  { title, pictures, annotations }: { title: string; pictures: KeyImages; annotations: RunAnnotations },
): Promise<void> {
  const { folder } = spacing.ancestor;
  const place = sectionOf(context, KIND)?.place;
  const wanted = [...pictures].filter(([name, item]) => !item?.atTarget && isAsked(context, KIND, { name }));
  if (wanted.length === 0) {
    const why = [...pictures.values()].some((item) => item?.atTarget) ? "only referred to" : "filtered out";
    passOver(context, { kind: KIND, title }, why, place);
    return;
  }
  const volume =
    task?.run === VOLUME_OPERATION
      ? plannedVolume(task)
      : await storedVolume(context, tomogramKeys(folder, id, context.location.run!));
  if (!volume) {
    passOver(context, { kind: KIND, title }, "the tomogram has no volume, and none is written", place);
    return;
  }
  const layers = await pictureLayers(context, annotations, { spacingFolder: folder, alignmentPath });
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
  context.draft.tasks.push(made);
  const reads = inputs.map(({ key }) => context.source.fullPath(key));
  addWritten(context, { kind: KIND, title }, { reads, writes: outputs, bytes: made.bytes, place });
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

/** The files of a tomogram's volume that are on the target; undefined where none is. */
async function storedVolume(context: PlanContext, keys: { mrc: string; zarr: string }): Promise<PictureVolume | undefined> {
  const mrc = await objectIdentity(context, keys.mrc);
  const zarr = (await objectIdentity(context, `${keys.zarr}.zattrs`)) ?? (await objectIdentity(context, `${keys.zarr}zarr.json`));
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
