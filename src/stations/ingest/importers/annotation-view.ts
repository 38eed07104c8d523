import type { Triple } from "../../../core/box.js";
import { volumeOf } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { type JsonObject, parseJson } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import type { PlainObject, Task, TaskInput } from "../../../engine/task.js";
import type { PointKind } from "../../../formats/points/points.js";
import { type AnnotationFile, orientedMeshFolder, portalShape, viewFolderKey } from "../../../model/annotation-files.js";
import { colourSeed } from "../../../model/colours.js";
import { baseName } from "../../../stores/keys.js";
import { formatTemplate } from "../config/expand.js";
import type { ScalarNode } from "../config/nodes.js";
import { makeTask } from "../draft.js";
import { type Scope, variablesOf } from "../finders/scope.js";
import { metadataText } from "../metadata.js";
import { viewMaskMemory, viewMeshMemory, viewPointsMemory } from "../ops/memory.js";
import { VIEW_COPIES_OPERATION, VIEW_MASK_OPERATION, VIEW_MESH_OPERATION, VIEW_POINTS_OPERATION } from "../ops/names.js";
import type { AnnotationSource } from "./annotation-candidates.js";
import type { PlanContext } from "./context.js";
import { addWritten, fail, type ImportContext, passOver, scopeBelow } from "./importer.js";
import { objectIdentity } from "./picture-layers.js";
import { wants } from "./sections.js";
import type { VoxelSpacing } from "./voxel-spacing.js";

/** Above this many voxels a mask may use all worker threads. */
const LARGE_VOXELS = 64 * 2 ** 20;
/** Voxels of a mask that nothing tells of. */
const USUAL_SHAPE: Triple = [512, 1024, 1024];

const POINT_KINDS: Readonly<Record<string, PointKind>> = {
  Point: "point",
  OrientedPoint: "orientedPoint",
  InstanceSegmentation: "instancePoint",
};

/** One source of an annotation with its files, and the task of this plan that makes them. */
export interface ViewedSource {
  readonly source: AnnotationSource;
  readonly files: readonly AnnotationFile[];
  readonly task: Task | undefined;
}

export interface ViewedAnnotation {
  readonly id: number;
  /** Name of the annotation in messages. */
  readonly title: string;
  /** Its metadata as configured. */
  readonly configured: JsonObject;
  readonly spacing: VoxelSpacing;
  /** Voxels `[z, y, x]` of the tomograms at this spacing. */
  readonly shape: Triple | undefined;
  readonly sources: readonly ViewedSource[];
}

/**
 * Plans a Neuroglancer folder for each file of an annotation that a viewer can show. An error affects only this folder; the
 * annotation does not wait for it.
 */
export async function planAnnotationViews(context: ImportContext, annotation: ViewedAnnotation): Promise<void> {
  if (!context.selection.items("annotation_viz")) return;
  for (const viewed of annotation.sources) {
    for (const view of viewsOf(annotation, viewed)) {
      const name = baseName(view.folder);
      const title = `view of ${annotation.title}: ${name}`;
      const { place } = viewed.source.item;
      if (!context.selection.accepts("annotation_viz", name)) {
        passOver(context, { kind: "annotation_viz", title }, "filtered out", place);
        continue;
      }
      try {
        await planView(context, annotation, viewed, { ...view, title });
      } catch (error) {
        fail(context, error, { kind: "annotation_viz", title }, place);
      }
    }
  }
}

/** Annotations that are looked for: to be imported, or to be shown. */
export function wantsAnnotations(context: PlanContext): boolean {
  return wants(context, "annotation") || context.selection.items("annotation_viz");
}

interface View {
  /** Key of the folder, without a slash at its end. */
  readonly folder: string;
  /** Key of what it is made from: a file, or the folder of a Zarr with a slash at its end. */
  readonly data: string;
  readonly mesh?: ScalarNode | undefined;
}

function viewsOf({ id, spacing }: ViewedAnnotation, { source, files }: ViewedSource): View[] {
  const file = files.find(({ format }) => format === "ndjson" || format === "zarr" || format === "glb");
  if (!file) return [];
  const folder = viewFolderKey(spacing.ancestor.folder, id, file.key);
  const view: View = { folder, data: file.format === "zarr" ? `${file.key}/` : file.key };
  const mesh = source.shape.shape === "OrientedPoint" ? source.shape.meshSourcePath : undefined;
  return mesh ? [view, { ...view, folder: orientedMeshFolder(folder), mesh }] : [view];
}

async function planView(
  context: ImportContext,
  annotation: ViewedAnnotation,
  viewed: ViewedSource,
  { folder, data, mesh, title }: View & { title: string },
): Promise<void> {
  const { source, task } = viewed;
  const { item, shape } = source;
  const maker = task?.outputs.includes(data) ? task : undefined;
  const made = maker?.id ?? (await storedIdentity(context, data));
  if (made === undefined) {
    const why = data.endsWith("/") ? "there is no OME-Zarr of it, and none is to be written" : "its file is not on the target";
    passOver(context, { kind: "annotation_viz", title }, why, item.place);
    return;
  }
  const input = mesh && (await meshInput(context, scopeBelow(context, annotation.spacing.ancestor), mesh));
  const size = item.stat?.size ?? maker?.bytes ?? 0;
  const work = input ? copiesOf(annotation, data, input) : viewOf(context, annotation, portalShape(shape.shape), { data, size });
  const planned = makeTask({
    title,
    run: work.run,
    params: { ...work.params, folder: `${folder}/`, made },
    inputs: input ? [input] : [],
    outputs: [`${folder}/`],
    needs: maker ? [maker.id] : [],
    // made from other points, the same file is another view
    ...(maker ? { after: [maker.id] } : {}),
    bytes: input ? input.size : (maker?.bytes ?? size),
    memoryBytes: work.memoryBytes(context.threads),
    threads: work.isLarge ? "all" : 1,
    place: item.place,
  });
  context.draft.tasks.push(planned);
  const reads = input ? [context.source.fullPath(input.key)] : [];
  const { outputs: writes, bytes } = planned;
  addWritten(context, { kind: "annotation_viz", title }, { reads, writes, bytes, place: item.place });
}

interface ViewTask {
  readonly run: string;
  readonly params: PlainObject;
  readonly isLarge?: boolean;
  memoryBytes(threads: number): number;
}

function viewOf(
  { deposition, compat }: ImportContext,
  annotation: ViewedAnnotation,
  shape: string,
  { data, size }: { data: string; size: number },
): ViewTask {
  const { spacing, configured } = annotation;
  const voxelSpacingAngstrom = spacing.angstrom;
  const kind = POINT_KINDS[shape];
  const object = isJsonObject(configured.annotation_object) ? configured.annotation_object : {};
  const objectName = typeof object.name === "string" ? object.name : "Annotation";
  if (kind) {
    // as the annotation's own metadata have it: the deposition's id counts
    const { deposition_id, ...others } = parseJson(metadataText(configured, {}, deposition.name)) as JsonObject;
    const params = {
      points: data,
      kind,
      voxelSpacingAngstrom,
      objectName,
      diameterAngstrom: toNumber(object.diameter) ?? null,
      // the reference's colours are those of the metadata as they are configured, which seldom have it
      colourSeed: colourSeed(compat && configured.deposition_id === undefined ? others : { ...others, deposition_id }, shape),
      ...(compat ? { compat } : {}),
    };
    return { run: VIEW_POINTS_OPERATION, params, memoryBytes: () => viewPointsMemory(size) };
  }
  if (shape === "TriangularMesh") {
    const params = { mesh: data, label: compat ? referenceLabel(baseName(data)) : objectName };
    return { run: VIEW_MESH_OPERATION, params, memoryBytes: () => viewMeshMemory(size) };
  }
  const voxels = annotation.shape ?? USUAL_SHAPE;
  const isLarge = volumeOf(voxels) > LARGE_VOXELS;
  return {
    run: VIEW_MASK_OPERATION,
    params: { zarr: data, voxelSpacingAngstrom },
    isLarge,
    memoryBytes: (threads) => viewMaskMemory(voxels, isLarge ? threads : 1),
  };
}

/** The reference's name for the mesh of `object-1.0_triangularmesh.glb`: it takes the version's digits for extensions. */
function referenceLabel(file: string): string {
  const path = file.slice(0, file.lastIndexOf("_"));
  const withoutEnding = (name: string) => name.replace(/(?<=.)\.[^.]*$/, "");
  return withoutEnding(withoutEnding(path)).replaceAll(" ", "_");
}

function copiesOf({ spacing }: ViewedAnnotation, data: string, { key, size }: TaskInput): ViewTask {
  return {
    run: VIEW_COPIES_OPERATION,
    params: { points: data, mesh: key, voxelSpacingAngstrom: spacing.angstrom },
    memoryBytes: () => viewMeshMemory(size),
  };
}

/**
 * The file that a template names: below the source folder, or below the input.
 *
 * @throws {EmporiumError} CONFIG_EMPTY where there is none, CONFIG_FIELD for another format than glb
 */
async function meshInput(
  { source, config, compat, uses, signal }: PlanContext,
  scope: Scope,
  { value, place }: ScalarNode,
): Promise<TaskInput> {
  const text = formatTemplate(String(value), variablesOf(scope), { place, nullText: compat ? "None" : undefined });
  const path = text.split("/").filter((part) => part !== "" && part !== ".");
  if (!/\.glb$/i.test(text)) {
    throw new EmporiumError("CONFIG_FIELD", `mesh_source_path is ${text}; expected a .glb file`, {
      place,
      hint: "convert the mesh to binary glTF, in Å about the middle of the particle",
    });
  }
  const keys = [...new Set([[config.sourcePrefix, ...path].filter((part) => part !== "").join("/"), path.join("/")])];
  for (const key of keys) {
    const stat = await source.store.stat(key, { signal });
    if (!stat) continue;
    uses.refer("annotation", scope, key);
    return { key, size: stat.size, etag: stat.etag, modifiedMs: stat.modifiedMs };
  }
  throw new EmporiumError("CONFIG_EMPTY", `mesh_source_path: ${source.fullPath(keys[0]!)} does not exist`, {
    place,
    hint: "name the file by its path below the deposition's sources",
  });
}

/** A fingerprint of a file, or of an OME-Zarr's attributes, that changes if it is replaced. Undefined if it is missing. */
async function storedIdentity(context: PlanContext, data: string): Promise<string | undefined> {
  if (!data.endsWith("/")) return objectIdentity(context, data);
  return (await objectIdentity(context, `${data}.zattrs`)) ?? (await objectIdentity(context, `${data}zarr.json`));
}
