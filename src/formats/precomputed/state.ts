import type { Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import type { Json, JsonObject } from "../../core/json.js";
import { roundHalfEven } from "../../core/number.js";
import { counted } from "../../core/units.js";
import { IMAGE_SHADER, INSTANCE_SHADER, ORIENTED_POINT_SHADER, POINT_SHADER } from "./shaders.js";

/** Contents of one view of a tomogram. */
export interface ViewPlan {
  tomogram: TomogramLayer;
  /** Annotations in the order of the view, behind the tomogram. */
  annotations: readonly AnnotationLayer[];
  /** The deposition that is being ingested. */
  depositionId: string;
  /** Seconds since 1970. */
  lastUpdatedAt: number;
}

export interface TomogramLayer {
  /** Name of the run. */
  name: string;
  /** Absolute, without a scheme of Neuroglancer's: `layerUrl` makes it. */
  url: string;
  spacingAngstrom: number;
  /** Voxels `[z, y, x]`. */
  shape: Triple;
  /** Mean and standard deviation of all voxels: sections show the mean ± 3 of these. */
  mean: number;
  deviation: number;
  /** Contrast limits of renderings (`contrastLimits` of the arrays). */
  limits3d: readonly [low: number, high: number];
  /** Range of the voxels' type, where they are integers. */
  typeRange?: TypeRange | undefined;
}

/** Least and greatest value of an integer type. Neuroglancer refuses limits that its voxels cannot have. */
type TypeRange = readonly [low: number, high: number];

/** An annotation that has a folder of its own for the viewer. Colours are `#rrggbb`. */
export type AnnotationLayer = PointLayer | MaskLayer | InstanceMaskLayer | MeshLayer;

interface AnnotationLayerBase {
  annotationId: number | string;
  /** Name of the annotated object. Default `Annotation`. */
  objectName?: string | undefined;
  url: string;
  /** Voxel spacing of the volume in which the annotation was made. */
  spacingAngstrom: number;
  visible: boolean;
}

export interface PointLayer extends AnnotationLayerBase {
  shape: "Point" | "OrientedPoint" | "InstanceSegmentation";
  colour: string;
  /** Folder with a copy of a particle's surface at every oriented point: shown in place of the points, which are hidden then. */
  orientedMeshUrl?: string | undefined;
}

export interface MaskLayer extends AnnotationLayerBase {
  shape: "SegmentationMask";
  colour: string;
}

export interface InstanceMaskLayer extends AnnotationLayerBase {
  shape: "InstanceSegmentationMask";
  /** Labels that occur; `colours` has one for each. */
  labels: readonly number[];
  colours: readonly string[];
}

export interface MeshLayer extends AnnotationLayerBase {
  shape: "TriangularMesh";
  colour: string;
}

/** Pixels of a section's panel, as a rule. */
const PANEL_PIXELS = 400;
const MESH_RENDER_SCALE = 2;
const ORIENTED_MESH_RENDER_SCALE = 4;
const GPU_BYTES = 1_500_000_000;
const HALF_A_VOXEL_BACK = [0, 1, 2].map((row) => [0, 1, 2, 3].map((column) => (column === 3 ? -0.5 : Number(row === column))));
/** 45° about x. */
const ORIENTATION = [0.3826834323650898, 0, 0, 0.9238795325112867];

/**
 * The state that Neuroglancer opens a tomogram with: the volume, then a layer for each annotation, as the portal's links have it.
 *
 * @throws {EmporiumError} METADATA_VALUE for a number that is not finite, a spacing of 0 or fewer colours than labels.
 * Source: `state_generator.py` of cryoet-data-portal-neuroglancer 1.7; keys and their order are its.
 */
export function viewState({ tomogram, annotations, depositionId, lastUpdatedAt }: ViewPlan): JsonObject {
  const [nz, ny, nx] = tomogram.shape;
  const longest = Math.max(nz, ny, nx);
  const position = [nx, ny, nz].map((length) => roundHalfEven(length / 2, 0));
  const crossSectionScale = Math.max(longest / PANEL_PIXELS, 1);
  const projectionScale = 1.1 * longest;
  // Where an annotation has larger voxels than the tomogram the viewer counts in those.
  const ratio = Math.max(1, ...annotations.map(({ spacingAngstrom }) => spacingAngstrom / tomogram.spacingAngstrom));
  const own = { _position: position, _crossSectionScale: crossSectionScale, _projectionScale: projectionScale };
  return {
    dimensions: dimensions(tomogram.spacingAngstrom),
    position: position.map((at) => at * ratio),
    crossSectionScale: crossSectionScale * ratio,
    projectionScale: projectionScale * ratio,
    projectionOrientation: ORIENTATION,
    layers: [{ ...imageLayer(tomogram), ...own }, ...annotations.flatMap((layer) => annotationLayers(layer, tomogram))],
    selectedLayer: { visible: true, layer: tomogram.name, side: "left" },
    crossSectionBackgroundColor: "#000000",
    hideCrossSectionBackground3D: true,
    layout: "4panel",
    showSlices: true,
    showAxisLines: true,
    layerListPanel: { row: 1, visible: true },
    helpPanel: { side: "right", row: 0 },
    settingsPanel: { side: "right", row: 1 },
    selection: { row: 2, visible: false },
    toolPalettes: {
      Position: { side: "bottom", row: 1, size: 100, visible: true, query: "type:dimension", verticalStacking: false },
    },
    gpuMemoryLimit: GPU_BYTES,
    deposition_id: depositionId,
    last_updated_at: lastUpdatedAt,
  };
}

/** A volume that has no view of its own. */
export interface PlainVolume {
  name: string;
  /** Address with Neuroglancer's scheme: `zarr2://http://…`. */
  url: string;
  /** Voxels `[z, y, x]`. */
  shape: Triple;
  voxelSizeAngstrom: Triple;
  /** Centre of the first voxel `[z, y, x]`, as in the volume's own metadata. */
  originAngstrom: Triple;
  limits: readonly [low: number, high: number];
  /** Range of the voxels' type, where they are integers. */
  typeRange?: TypeRange | undefined;
  /** Neuroglancer takes the origin for the corner of the first voxel, as it does for all but OME-Zarr. */
  isFromCorner?: boolean | undefined;
}

/** The state that shows a volume and nothing else, as the views of tomograms show theirs. */
export function volumeState({
  name,
  url,
  shape,
  voxelSizeAngstrom,
  originAngstrom,
  limits,
  typeRange,
  isFromCorner,
}: PlainVolume): JsonObject {
  const [sz, sy, sx] = voxelSizeAngstrom;
  const space = { x: metres(sx), y: metres(sy), z: metres(sz) };
  const finest = Math.min(...voxelSizeAngstrom);
  const longest = Math.max(...shape.map((length, axis) => (length * voxelSizeAngstrom[axis]!) / finest));
  const { shader, shaderControls } = imageLayer({
    name,
    url,
    spacingAngstrom: finest,
    shape,
    mean: 0,
    deviation: 1,
    limits3d: limits,
    typeRange,
  });
  return {
    dimensions: space,
    position: shape.map((length, axis) => length / 2 - 0.5 + originAngstrom[axis]! / voxelSizeAngstrom[axis]!).toReversed(),
    crossSectionScale: Math.max(longest / PANEL_PIXELS, 0.25),
    projectionScale: 1.1 * longest,
    projectionOrientation: ORIENTATION,
    layers: [
      {
        type: "image",
        name,
        source: {
          url,
          transform: { outputDimensions: space, inputDimensions: space, ...(isFromCorner && { matrix: HALF_A_VOXEL_BACK }) },
        },
        tab: "rendering",
        blend: "additive",
        opacity: 1,
        shader: shader!,
        shaderControls: { ...(shaderControls as JsonObject), contrast: contrast(limits, 0.2, typeRange) },
      },
    ],
    selectedLayer: { visible: false, layer: name },
    crossSectionBackgroundColor: "#000000",
    hideCrossSectionBackground3D: true,
    layout: "4panel",
    showSlices: true,
    gpuMemoryLimit: GPU_BYTES,
  };
}

/** Surfaces, the only segment of a folder of meshes, whose positions are nanometres of the world. */
export function meshLayer({
  name,
  url,
  colour,
  isVisible,
}: {
  readonly name: string;
  /** Address without a scheme of Neuroglancer's. */
  readonly url: string;
  readonly colour: string;
  readonly isVisible: boolean;
}): JsonObject {
  return {
    type: "segmentation",
    name,
    source: `precomputed://${url}`,
    tab: "rendering",
    segments: [1],
    segmentDefaultColor: colour,
    meshRenderScale: MESH_RENDER_SCALE,
    visible: isVisible,
  };
}

/** The address of a folder: prefix and key joined by one slash, none at the end. */
export function layerUrl(httpsPrefix: string, key: string): string {
  const trimmed = (text: string) => text.replace(/^\/+|\/+$/g, "");
  return `${httpsPrefix.replace(/\/+$/, "")}/${trimmed(key)}`;
}

function imageLayer(tomogram: TomogramLayer): JsonObject {
  const { name, url, spacingAngstrom, mean, deviation, limits3d, typeRange } = tomogram;
  return {
    type: "image",
    name,
    source: source(`zarr://${url}`, spacingAngstrom, spacingAngstrom),
    opacity: 1,
    blend: "additive",
    tab: "rendering",
    visible: true,
    volumeRendering: "off",
    volumeRenderingGain: -7.8,
    volumeRenderingDepthSamples: 128,
    codeVisible: false,
    shader: IMAGE_SHADER,
    shaderControls: {
      contrast: contrast([mean - 3 * deviation, mean + 3 * deviation], 0.2, typeRange),
      invert_contrast: false,
      contrast_3D: contrast(limits3d, 2, typeRange),
      invert_contrast_3D: true,
      hide_values_outside_limits_3D: false,
    },
  };
}

/**
 * @param margin margin of the window on either side, in parts of the range.
 * @param typeRange range of integer voxels, to which limits are rounded and kept apart
 */
function contrast([low, high]: readonly [number, number], margin: number, typeRange?: TypeRange): JsonObject {
  if (!Number.isFinite(low) || !Number.isFinite(high)) throw wrong(`contrast from ${low} to ${high}; expected finite numbers`);
  const width = Math.abs(high - low);
  const window: [number, number] = [Math.min(low, high) - margin * width, Math.max(low, high) + margin * width];
  if (!typeRange) return { range: [low, high], window };
  return { range: within([low, high], typeRange), window: within(window, typeRange) };
}

function within([low, high]: readonly [number, number], [least, most]: TypeRange): [number, number] {
  const [from, to] = [low, high].map((value) => Math.min(most, Math.max(least, Math.round(value)))) as [number, number];
  if (from !== to) return [from, to];
  return from < most ? [from, from + 1] : [from - 1, from];
}

function annotationLayers(layer: AnnotationLayer, tomogram: TomogramLayer): JsonObject[] {
  switch (layer.shape) {
    case "SegmentationMask":
      return [surfaceLayer(layer, tomogram, "segmentation", [1], { segmentDefaultColor: layer.colour })];
    case "InstanceSegmentationMask":
      return [
        surfaceLayer(layer, tomogram, "instancesegmentation", sorted(layer.labels), { segmentColors: segmentColours(layer) }),
      ];
    case "TriangularMesh":
      return [surfaceLayer(layer, tomogram, "mesh", [1], { segmentDefaultColor: layer.colour })];
    default:
      return pointLayers(layer, tomogram);
  }
}

function pointLayers(layer: PointLayer, tomogram: TomogramLayer): JsonObject[] {
  const { shape, colour, orientedMeshUrl } = layer;
  const oriented = shape === "OrientedPoint";
  const points = (visible: boolean): JsonObject => ({
    type: "annotation",
    name: nameOf(layer, oriented ? "orientedpoint" : "point"),
    source: source(`precomputed://${layer.url}`, layer.spacingAngstrom, tomogram.spacingAngstrom),
    tab: "rendering",
    annotationColor: colour,
    visible,
    codeVisible: false,
    shader: { Point: POINT_SHADER, InstanceSegmentation: INSTANCE_SHADER, OrientedPoint: ORIENTED_POINT_SHADER }[shape],
    shaderControls: oriented ? { pointScale: 1, opacity: 1, lineWidth: 1 } : { pointScale: 1, opacity: 1 },
  });
  if (!oriented || orientedMeshUrl === undefined) return [points(layer.visible)];
  const copies = { ...layer, url: orientedMeshUrl };
  const meshes = surfaceLayer(copies, tomogram, "orientedmesh", [1], { segmentDefaultColor: colour }, ORIENTED_MESH_RENDER_SCALE);
  return [meshes, points(false)];
}

function surfaceLayer(
  layer: AnnotationLayerBase,
  tomogram: TomogramLayer,
  kind: string,
  segments: readonly number[],
  colours: JsonObject,
  meshRenderScale = MESH_RENDER_SCALE,
): JsonObject {
  return {
    type: "segmentation",
    name: nameOf(layer, kind),
    source: {
      ...source(`precomputed://${layer.url}`, layer.spacingAngstrom, tomogram.spacingAngstrom),
      subsources: { default: true, mesh: true },
      enableDefaultSubsources: false,
    },
    tab: "rendering",
    selectedAlpha: 1,
    hoverHighlight: false,
    segments,
    visible: layer.visible,
    meshRenderScale,
    pick: false,
    ...colours,
  };
}

function segmentColours({ labels, colours, annotationId }: InstanceMaskLayer): JsonObject {
  if (colours.length < labels.length) {
    throw wrong(
      `annotation ${annotationId} has ${counted(labels.length, "label")} and ${colours.length} colours; expected one each`,
    );
  }
  const byLabel = new Map(labels.map((label, i) => [label, colours[i]!]));
  return Object.fromEntries(sorted(labels).map((label) => [String(label), byLabel.get(label)!]));
}

function nameOf({ annotationId, objectName = "Annotation" }: AnnotationLayerBase, kind: string): string {
  return `${annotationId} ${objectName} ${kind}`;
}

function source(url: string, spacingAngstrom: number, tomogramSpacingAngstrom: number): JsonObject {
  return {
    url,
    transform: { outputDimensions: dimensions(tomogramSpacingAngstrom), inputDimensions: dimensions(spacingAngstrom) },
  };
}

function dimensions(spacingAngstrom: number): JsonObject {
  if (!(spacingAngstrom > 0 && Number.isFinite(spacingAngstrom)))
    throw wrong(`voxels of ${spacingAngstrom} Å; expected a number above 0`);
  return { x: metres(spacingAngstrom), y: metres(spacingAngstrom), z: metres(spacingAngstrom) };
}

function metres(angstrom: number): Json {
  return [angstrom * 1e-10, "m"];
}

function sorted(labels: readonly number[]): number[] {
  return [...labels].sort((a, b) => a - b);
}

function wrong(found: string): EmporiumError {
  return new EmporiumError("METADATA_VALUE", `a view for Neuroglancer: ${found}`);
}
