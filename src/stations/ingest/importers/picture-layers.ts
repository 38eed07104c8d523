import type { Json, JsonObject } from "../../../core/json.js";
import { parseJson } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import type { Task } from "../../../engine/task.js";
import { isAnnotationMetadata } from "../../../model/annotation-files.js";
import { colourBytes, colourLayers } from "../../../model/colours.js";
import { baseName, compareKeys } from "../../../stores/keys.js";
import type { Entry } from "../../../stores/store.js";
import { depositionOf, isFolder } from "../identifiers.js";
import { ANNOTATION_OPERATION } from "../ops/names.js";
import type { PictureLayer } from "../ops/picture-marks.js";
import { listedFiles } from "./annotation-candidates.js";
import type { PlanContext } from "./context.js";
import type { ImportContext } from "./importer.js";

/** Files of annotations that are layers of a view, by their shapes: only these count where colours are given out. */
const LAYERS: Readonly<Record<string, string>> = {
  SegmentationMask: "zarr",
  InstanceSegmentationMask: "zarr",
  Point: "ndjson",
  OrientedPoint: "ndjson",
  InstanceSegmentation: "ndjson",
  TriangularMesh: "glb",
};

/** Shapes that a picture shows, and the way it draws them. */
const SHOWN: Readonly<Record<string, PictureLayer["shape"]>> = {
  SegmentationMask: "mask",
  Point: "points",
  OrientedPoint: "points",
};

/** One layer, and the tasks of this plan that make its files. */
export interface PlannedLayer {
  readonly layer: PictureLayer;
  readonly tasks: readonly string[];
}

/** The metadata of a run's annotations: those that are on the target as this plan will leave them. */
export type RunAnnotations = readonly { readonly key: string; readonly metadata: JsonObject }[];

/** Annotations of a run in the order of their keys as text, which is that of the layers of a view. */
export async function runAnnotations(context: ImportContext): Promise<RunAnnotations> {
  const { entity: run } = context;
  const annotations = new Map<string, JsonObject>();
  const reconstructions = `${run.folder}/Reconstructions`;
  if ((await isFolder(context.target, run.folder)) && (await isFolder(context.target, reconstructions))) {
    for (const { key } of await context.target.children(`${reconstructions}/`)) {
      if (!key.endsWith("/")) continue;
      for (const stored of await context.stored(key.slice(0, -1), "annotation")) annotations.set(stored.key, stored.metadata);
    }
  }
  for (const { run: operation, params } of context.draft.tasks) {
    if (operation !== ANNOTATION_OPERATION || !String(params.key).startsWith(`${reconstructions}/`)) continue;
    const metadata: Json = parseJson(String(params.metadata));
    if (isJsonObject(metadata)) annotations.set(String(params.key), metadata);
  }
  return [...annotations]
    .filter(([key]) => isAnnotationMetadata(baseName(key)))
    .map(([key, metadata]) => ({ key, metadata }))
    .sort((a, b) => compareKeys(a.key, b.key));
}

/**
 * The marks on a tomogram's pictures: masks and points of its voxel spacing and alignment that are not hidden, in the colours of
 * the tomogram's view. Those of other depositions are not shown, so that later imports do not change the pictures.
 *
 * @param tomogram folder of its voxel spacing, and the alignment that its metadata name.
 */
export async function pictureLayers(
  context: ImportContext,
  annotations: RunAnnotations,
  { spacingFolder, alignmentPath }: { spacingFolder: string; alignmentPath: Json | undefined },
): Promise<PlannedLayer[]> {
  const candidates = annotations
    .filter(({ metadata }) => metadata.alignment_metadata_path === alignmentPath)
    .flatMap(({ key, metadata }) =>
      listedFiles(metadata)
        .filter(({ shape, format }) => LAYERS[String(shape)] === format)
        .map((file) => ({ key, metadata, file, shape: String(file.shape) })),
    );
  const colours = colourLayers(candidates);
  const makers = new Map(context.draft.tasks.flatMap(({ id, outputs }) => outputs.map((key): [string, string] => [key, id])));
  const layers: PlannedLayer[] = [];
  for (const [at, { key, metadata, file, shape }] of candidates.entries()) {
    const kind = SHOWN[shape];
    const isOwn = key.startsWith(`${spacingFolder}/`) && depositionOf(metadata, context.depositionId) === context.depositionId;
    if (!kind || !isOwn || file.is_visualization_default !== true) continue;
    const path = String(file.path);
    const mrc = kind === "mask" ? mrcBeside(metadata, path) : undefined;
    const tasks = [path, `${path}/`, mrc].flatMap((output) => makers.get(output ?? "") ?? []);
    const made = tasks[0] ?? (await objectIdentity(context, mrc ?? path));
    // neither made nor there: the metadata name what is gone
    if (made === undefined) continue;
    const layer = { shape: kind, key: path, ...(mrc === undefined ? {} : { mrc }), colour: colourBytes(colours[at]![0]!), made };
    layers.push({ layer, tasks: [...new Set(tasks)] });
  }
  // masks lie under points, whatever the order of the annotations
  return [...layers.filter(({ layer }) => layer.shape === "mask"), ...layers.filter(({ layer }) => layer.shape === "points")];
}

/** The MRC that the metadata list for the same mask. */
function mrcBeside(metadata: JsonObject, path: string): string | undefined {
  const mrc = path.replace(/\.zarr$/, ".mrc");
  return listedFiles(metadata).some((file) => file.format === "mrc" && file.path === mrc) ? mrc : undefined;
}

/**
 * Size and ETag or, without one, time of an object on the target: they change when it is replaced. `stored` for a folder,
 * undefined where there is nothing.
 */
export async function objectIdentity({ target }: Pick<PlanContext, "target">, key: string): Promise<string | undefined> {
  const slash = key.lastIndexOf("/") + 1;
  const entry: Entry | undefined = await target.child(key.slice(0, slash), key.slice(slash));
  return entry && (entry.key.endsWith("/") ? "stored" : `${entry.size} ${entry.etag ?? entry.modifiedMs ?? ""}`.trim());
}

/** Ids of the tasks of this plan that the layers come from. */
export function layerTasks(layers: readonly PlannedLayer[]): Task["needs"] {
  return [...new Set(layers.flatMap(({ tasks }) => tasks))];
}
