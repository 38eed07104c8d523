import { scanLabels } from "../../../arrays/stream/source/scan-mask.js";
import { openZarrLevel } from "../../../arrays/stream/source/zarr-level.js";
import type { JsonObject } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { type AnnotationLayer, layerUrl } from "../../../formats/precomputed/state.js";
import { orientedMeshFolder, viewFolderKey } from "../../../model/annotation-files.js";
import { type ColouredAnnotation, colourHex, colourLayers } from "../../../model/colours.js";
import { precomputeFolder } from "../../../model/layout.js";
import type { Store } from "../../../stores/store.js";
import { cachedListing } from "../finders/listing.js";
import { readStored, type StoredMetadata } from "../identifiers.js";
import { listedFiles } from "../importers/annotation-candidates.js";

const FORMATS = ["ndjson", "zarr", "glb"];
const SHAPES = [
  "SegmentationMask",
  "InstanceSegmentationMask",
  "Point",
  "OrientedPoint",
  "InstanceSegmentation",
  "TriangularMesh",
];

type Shape = AnnotationLayer["shape"];

/** A file of an annotation that has a folder for the viewer. */
interface Shown {
  readonly annotation: StoredMetadata;
  readonly file: JsonObject;
  readonly shape: Shape;
  /** Without a slash at its end. */
  readonly folder: string;
  readonly orientedMesh: string | undefined;
}

export interface LayersOf {
  /** Folder of the run, and of the tomogram's voxel spacing. */
  readonly run: string;
  readonly spacing: string;
  /** Key of the alignment's metadata: annotations of others do not lie where this tomogram shows them. */
  readonly alignment: string;
  readonly urlPrefix: string;
}

/**
 * The layers of a tomogram's view: annotations of all voxel spacings of the run and of every deposition, in the order of their
 * metadata files. Annotations without a folder for the viewer are left out.
 */
export async function annotationLayers(
  target: Store,
  { run, spacing, alignment, urlPrefix }: LayersOf,
  signal: AbortSignal,
): Promise<AnnotationLayer[]> {
  const listing = cachedListing(target, signal);
  const spacings = (await listing.children(`${run}/Reconstructions/`))
    .map(({ key }) => key)
    .filter((key) => /\/VoxelSpacing[^/]+\/$/.test(key))
    .map((key) => key.slice(0, -1));
  const folders = new Set<string>();
  for (const one of spacings) {
    for (const { key } of await listing.children(`${precomputeFolder(one)}/`)) {
      // documents come last: a folder without one is being made
      if (key.endsWith("/") && (await target.stat(`${key}info`, { signal }))) folders.add(key.slice(0, -1));
    }
  }
  const shown: Shown[] = [];
  for (const home of spacings) {
    for (const annotation of await readStored(listing, home, "annotation")) {
      if (annotation.metadata.alignment_metadata_path !== alignment) continue;
      // where it was made, where it is shown, then anywhere: ids start again at each spacing, so its own folder counts first
      const places = [home, spacing, ...spacings];
      for (const file of listedFiles(annotation.metadata)) {
        if (!FORMATS.includes(String(file.format)) || !SHAPES.includes(String(file.shape))) continue;
        const find = (name: (place: string) => string) => places.map(name).find((key) => folders.has(key));
        const folder = find((place) => viewFolderKey(place, annotation.id, String(file.path)));
        const orientedMesh = find((place) => orientedMeshFolder(viewFolderKey(place, annotation.id, String(file.path))));
        if (folder !== undefined) shown.push({ annotation, file, shape: file.shape as Shape, folder, orientedMesh });
      }
    }
  }
  return coloured(target, shown, urlPrefix, signal);
}

async function coloured(
  target: Store,
  shown: readonly Shown[],
  urlPrefix: string,
  signal: AbortSignal,
): Promise<AnnotationLayer[]> {
  const labels = new Map<Shown, readonly number[]>();
  for (const one of shown) {
    if (one.shape === "InstanceSegmentationMask") labels.set(one, await labelsOf(target, String(one.file.path), signal));
  }
  const colours = colourLayers(
    shown.map(
      (one): ColouredAnnotation => ({ metadata: one.annotation.metadata, shape: one.shape, count: labels.get(one)?.length ?? 1 }),
    ),
  );
  return shown.map((one, i): AnnotationLayer => {
    const { annotation, file, shape, folder, orientedMesh } = one;
    const own = colours[i]!.map(colourHex);
    const object = annotation.metadata.annotation_object;
    const name = isJsonObject(object) ? object.name : undefined;
    const base = {
      annotationId: annotation.id,
      objectName: typeof name === "string" ? name : undefined,
      url: layerUrl(urlPrefix, folder),
      spacingAngstrom: Number(/\/VoxelSpacing([^/]+)\//.exec(annotation.key)![1]),
      visible: file.is_visualization_default === true,
    };
    if (shape === "InstanceSegmentationMask") return { ...base, shape, labels: labels.get(one)!, colours: own };
    if (shape === "OrientedPoint" && orientedMesh !== undefined)
      return { ...base, shape, colour: own[0]!, orientedMeshUrl: layerUrl(urlPrefix, orientedMesh) };
    return { ...base, shape, colour: own[0]! };
  });
}

/** Labels of an instance mask: those that it says it has, else those of its voxels. */
async function labelsOf(target: Store, zarr: string, signal: AbortSignal): Promise<readonly number[]> {
  const { labels } = await openZarrLevel(target, zarr, "finest", signal);
  return labels ?? scanLabels(target, `${zarr.replace(/\/+$/, "")}/`, { compat: false, signal });
}
