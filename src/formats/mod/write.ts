import { counted } from "../../core/units.js";
import { encodeModDocument, type ModChunk, type ModDocument, otherChunk } from "./document.js";
import { fault, float } from "./fields.js";
import { IMAGE_ORIGIN_BIT, OPEN_BIT, SCATTERED_BIT, TILT_VALID_BIT } from "./heads.js";
import type { ModImage, ModLabels, ModObject, ModSlicerAngles, Xyz } from "./model.js";

/** A model to be written. Coordinates are pixels of the volume, from 0. */
export interface NewMod {
  /** Columns, rows, sections of the volume. */
  readonly max: Xyz;
  readonly objects: readonly NewModObject[];
  readonly name?: string | undefined;
  readonly pixelSizeAngstrom?: number | undefined;
  readonly slicerAngles?: readonly ModSlicerAngles[] | undefined;
  readonly image?: ModImage | undefined;
  /** Flags beside those that are always set and those that the image needs. */
  readonly flags?: number | undefined;
  /** Chunks of one's own, before the end. */
  readonly chunks?: readonly ModChunk[] | undefined;
}

export interface NewModObject {
  readonly contours: readonly NewModContour[];
  readonly meshes?: readonly NewModMesh[] | undefined;
  readonly name?: string | undefined;
  /** Default scattered: points without lines between them. */
  readonly contourKind?: ModObject["contourKind"] | undefined;
  /** Flags beside those of the kind and those that are always set. */
  readonly flags?: number | undefined;
  /** Red, green, blue, 0 to 1. Default green. */
  readonly color?: Xyz | undefined;
  /** 0, the default, opaque to 100. */
  readonly transparency?: number | undefined;
  /** Radius of the sphere at each point, whole pixels. Default 3: points without a size are hard to see. */
  readonly pointSize?: number | undefined;
  /** Labels of the object's surfaces. */
  readonly labels?: ModLabels | undefined;
}

export interface NewModContour {
  /** x, y, z of each point; written as float32. */
  readonly xyz: ArrayLike<number>;
  /** Sphere radius of each point, pixels. */
  readonly sizes?: ArrayLike<number> | undefined;
  readonly surface?: number | undefined;
  /** Time index, from 1. */
  readonly time?: number | undefined;
  /** Labels of the contour's points. */
  readonly labels?: ModLabels | undefined;
}

export interface NewModMesh {
  /** x, y, z of vertices and normals in turn. */
  readonly vertices: ArrayLike<number>;
  /** Indices in the form of `ModMesh`. */
  readonly indices: ArrayLike<number>;
  readonly surface?: number | undefined;
  readonly time?: number | undefined;
}

/**
 * A binary model for IMOD. Fields that are not given are as in IMOD's `point2model`.
 *
 * @throws {EmporiumError} FORMAT_FIELD for coordinates that are not finite triples, sizes that do not match the points, and long
 *   text.
 */
export function encodeMod(model: NewMod): Uint8Array {
  return encodeModDocument(newModDocument(model));
}

/** Flags as point2model sets them: mesh thickness, z from −0.5, not opened in 3dmod, several clip planes, byte materials. */
const MODEL_FLAGS = 0x3e00;
/** Labels drawn, line widths scaled: set in every object of a current IMOD. */
const OBJECT_FLAGS = 0x1800_0000;
/** Ambient 102, diffuse 255, specular 127, shininess 4; white level 255. */
const MATERIAL = Uint8Array.of(102, 255, 127, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0);

/** The same before it is made bytes. */
function newModDocument(model: NewMod): ModDocument {
  const { name = "IMOD-NewModel", max, objects, pixelSizeAngstrom, slicerAngles = [], image, flags = 0, chunks = [] } = model;
  const imageFlags = image ? IMAGE_ORIGIN_BIT | TILT_VALID_BIT : 0;
  return {
    version: "V1.2",
    header: {
      name,
      max,
      objectCount: objects.length,
      flags: (MODEL_FLAGS | imageFlags | flags) >>> 0,
      drawMode: 1,
      mouseMode: 2,
      blackLevel: 0,
      whiteLevel: 255,
      offset: [0, 0, 0],
      scale: [1, 1, 1],
      current: { object: 0, contour: -1, point: -1 },
      resolution: 3,
      threshold: 128,
      pixelSize: pixelSizeAngstrom === undefined ? 1 : float(pixelSizeAngstrom / 10, "pixel size"),
      units: pixelSizeAngstrom === undefined ? 0 : -9,
      pixelSizeAngstrom,
      checksum: 0, // 3dmod makes it when it saves
      angles: [0, 0, 0],
    },
    chunks: [
      ...objects.flatMap(objectChunks),
      ...slicerAngles.map((slicer): ModChunk => ({ kind: "slicerAngles", slicer })),
      ...(image ? [imageChunk(image)] : []),
      ...chunks,
    ],
    marked: true,
    rest: new Uint8Array(0),
  };
}

function objectChunks(object: NewModObject, at: number): ModChunk[] {
  const { name = "", contours, meshes = [], contourKind = "scattered", color = [0, 1, 0], pointSize = 3 } = object;
  const { flags = 0, transparency = 0, labels } = object;
  const kindFlags = contourKind === "scattered" ? SCATTERED_BIT : contourKind === "open" ? OPEN_BIT : 0;
  return [
    {
      kind: "object",
      head: {
        name,
        contourCount: contours.length,
        meshCount: meshes.length,
        flags: (OBJECT_FLAGS | kindFlags | flags) >>> 0,
        contourKind,
        axis: 0,
        drawMode: 1,
        color: [float(color[0], "colour"), float(color[1], "colour"), float(color[2], "colour")],
        pointSize,
        symbol: 1,
        symbolSize: 3,
        symbolFlags: 0,
        lineWidth2d: 1,
        lineWidth: 1,
        lineStyle: 0,
        transparency,
        surfaceCount: contours.reduce((most, { surface = 0 }) => Math.max(most, surface), 0),
      },
    },
    ...(labels ? [{ kind: "objectLabels", labels } as const] : []),
    ...contours.flatMap((contour, i) => contourChunks(contour, `contour ${i} of object ${at}`)),
    ...meshes.map((mesh, i) => meshChunk(mesh, `mesh ${i} of object ${at}`)),
    otherChunk("IMAT", MATERIAL),
  ];
}

function contourChunks({ xyz, sizes, surface = 0, time = 0, labels }: NewModContour, place: string): ModChunk[] {
  if (xyz.length % 3 !== 0) throw fault(`${counted(xyz.length, "coordinate")} in ${place}; expected three for each point`);
  if (sizes && sizes.length * 3 !== xyz.length)
    throw fault(`${counted(sizes.length, "size")} for ${counted(xyz.length / 3, "point")} in ${place}`);
  return [
    { kind: "contour", head: { pointCount: xyz.length / 3, flags: 0, time, surface }, xyz: floatsOf(xyz, place) },
    ...(labels ? [{ kind: "contourLabels", labels } as const] : []),
    ...(sizes ? [{ kind: "sizes", sizes: floatsOf(sizes, `the sizes of ${place}`) } as const] : []),
  ];
}

function meshChunk({ vertices, indices, surface = 0, time = 0 }: NewModMesh, place: string): ModChunk {
  if (vertices.length % 6 !== 0)
    throw fault(`${counted(vertices.length, "coordinate")} in ${place}; expected six for each vertex and its normal`);
  const [vertexCount, indexCount] = [vertices.length / 3, indices.length];
  const head = { vertexCount, indexCount, flags: 0, time, surface };
  return { kind: "mesh", mesh: { ...head, vertices: floatsOf(vertices, place), indices: Int32Array.from(indices) } };
}

/** The old scale, which no program reads: 1, as in IMOD's own new models. */
function imageChunk(image: ModImage): ModChunk {
  const bytes = new Uint8Array(8 + 72);
  bytes.set(new TextEncoder().encode("MINX"));
  const view = new DataView(bytes.buffer);
  view.setUint32(4, 72);
  for (const at of [8, 12, 16]) view.setFloat32(at, 1);
  return { kind: "image", image, bytes };
}

function floatsOf(values: ArrayLike<number>, place: string): Float32Array {
  return Float32Array.from(values, (value) => float(value, place));
}
