import { precomputeFolder } from "./layout.js";

/** Longest description that files are named by; with a longer one they are named by the object's name. */
const DESCRIPTION_MAX = 50;

/**
 * Beginning of the names of an annotation's files, its object and its version: `cytosolic_ribosome-1.0`.
 *
 * @param object from the metadata; its description counts before the name, unless it is empty or longer than 50 characters.
 */
export function annotationPrefix(object: { name: string; description?: string | null | undefined }, version: string): string {
  const { name, description } = object;
  const text = description && [...description].length <= DESCRIPTION_MAX ? description : name;
  return `${text.toLowerCase().replace(/[^0-9a-z]/gu, "_")}-${version.toLowerCase().replace(/[^0-9a-z.]/gu, "_")}`;
}

/** Metadata of annotations end with a digit before `.json`: the last character of a version. Other documents beside them do not. */
export const ANNOTATION_METADATA = "*[0-9].json";

export function isAnnotationMetadata(name: string): boolean {
  return /[0-9]\.json$/.test(name);
}

export function annotationsFolder(spacingFolder: string): string {
  return `${spacingFolder}/Annotations`;
}

export function annotationFolder(spacingFolder: string, id: number | string): string {
  return `${annotationsFolder(spacingFolder)}/${id}`;
}

export function annotationMetadataKey(folder: string, prefix: string): string {
  return `${folder}/${prefix}.json`;
}

/** The portal's name of a shape in metadata: masks of one object and groups of meshes go by the name of their kind. */
export function portalShape(shape: string): string {
  if (shape === "SemanticSegmentationMask") return "SegmentationMask";
  return shape === "TriangularMeshGroup" ? "TriangularMesh" : shape;
}

/** One file of an annotation as its metadata lists it. */
export interface AnnotationFile {
  readonly format: "ndjson" | "zarr" | "mrc" | "glb" | "json";
  /** Key without a slash at its end, also where it is a folder. */
  readonly key: string;
}

const FORMATS: Readonly<Record<string, readonly AnnotationFile["format"][]>> = {
  Point: ["ndjson"],
  OrientedPoint: ["ndjson"],
  InstanceSegmentation: ["ndjson"],
  SegmentationMask: ["zarr", "mrc"],
  InstanceSegmentationMask: ["zarr", "mrc"],
  TriangularMesh: ["glb"],
  GlobalCaption: ["json"],
  AnnotationCaption: ["json"],
};

/**
 * Files of one source, in the order in which metadata list them.
 *
 * @param shape name as in a configuration
 * @param companion shape that captions of annotations refer to
 */
export function annotationFiles(folder: string, prefix: string, shape: string, companion?: string): AnnotationFile[] {
  const published = portalShape(shape);
  const name = shape === "AnnotationCaption" ? `${(companion ?? "").toLowerCase()}_caption` : published.toLowerCase();
  return FORMATS[published]!.map((format) => ({ format, key: `${folder}/${prefix}_${name}.${format}` }));
}

/**
 * The folder from which a viewer reads a file of an annotation: `NeuroglancerPrecompute/100-cytosolic_ribosome-1.0_point`.
 *
 * @param dataKey key of the file, or its name
 */
export function viewFolderKey(spacingFolder: string, id: number, dataKey: string): string {
  const name = dataKey.replace(/\/+$/, "").replace(/^.*\//, "");
  return `${precomputeFolder(spacingFolder)}/${id}-${name.replace(/\.[^.]*$/, "")}`;
}

/** Folder of the surfaces that are shown at oriented points, beside that of the points. */
export function orientedMeshFolder(viewFolder: string): string {
  return viewFolder.replace(/_orientedpoint$/, "_orientedmesh");
}
