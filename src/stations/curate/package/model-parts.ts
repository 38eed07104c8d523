import { counted } from "../../../core/units.js";
import type { MeshPart } from "../../../formats/mesh/mesh.js";
import type { ModMesh } from "../../../formats/mod/model.js";
import { isOutlined, OUTLINE_MIN } from "../../../formats/mod/outline.js";
import type { Mod } from "../../../formats/mod/read.js";
import { encodeMod } from "../../../formats/mod/write.js";

/** The contents of a model that an ingestion takes: points, slicer angles, surfaces. */
export interface ModelParts {
  readonly points: number;
  readonly slicerAngles: number;
  readonly surfaces: readonly MeshPart[];
  /** Remarks: corners of outlines that became points, meshes that cannot be taken. */
  readonly notes: readonly string[];
  /** Nothing was left out or joined, so the file itself can be used. */
  readonly asItIs: boolean;
  readonly objects: readonly Mod["objects"][number][];
}

/**
 * Sorts the contents of models for an ingestion:
 *
 * - points of scattered objects and of open contours are points;
 * - a closed contour of one or two points is no outline: 3dmod closes contours by default. Two points may be meant as a line, so a note says so;
 * - closed contours of more points are outlines. If their object has a mesh, that surface is taken; else their corners are
 *   points, and a note says so;
 * - meshes of open and scattered objects only show tubes and spheres round their points;
 * - slicer angles are oriented points.
 */
export function modelParts({ objects, slicerAngles }: Mod, name: string): ModelParts {
  const notes: string[] = [];
  const surfaces: MeshPart[] = [];
  const kept: Mod["objects"][number][] = [];
  let outlines = 0;
  let pairs = 0;
  let corners = 0;
  for (const [at, object] of objects.entries()) {
    const closed = isOutlined(object.contourKind, Math.max(0, ...object.contours.map(({ pointCount }) => pointCount)));
    const surface = closed ? surfaceOf(object.meshes, object.name || `object ${at + 1}`, notes, name) : undefined;
    if (surface) {
      surfaces.push(surface);
      continue;
    }
    if (object.contourKind === "closed") pairs += object.contours.filter(({ pointCount }) => pointCount === 2).length;
    if (closed) {
      for (const { pointCount } of object.contours) {
        if (pointCount < OUTLINE_MIN) continue;
        outlines++;
        corners += pointCount;
      }
    }
    kept.push(object);
  }
  if (outlines > 0) {
    notes.push(
      `${name}: ${counted(outlines, "closed contour is an outline", "closed contours are outlines")}; their ${corners} corners are packaged as points. A surface needs a mesh: imodmesh makes one`,
    );
  }
  if (pairs > 0) {
    const are = pairs === 1 ? "is no outline" : "are no outlines";
    notes.push(`${name}: ${counted(pairs, "closed contour")} of two points ${are}; the points are packaged with the others`);
  }
  const points = kept.reduce((sum, { contours }) => sum + contours.reduce((all, { pointCount }) => all + pointCount, 0), 0);
  return { points, slicerAngles: slicerAngles.length, surfaces, notes, asItIs: kept.length === objects.length, objects: kept };
}

/** One model of several, or of part of one: points and slicer angles in the order of the models, places as they are. */
export function joinModels(models: readonly { mod: Mod; parts: ModelParts }[]): Uint8Array {
  const [first] = models;
  return encodeMod({
    max: first!.mod.header.max,
    pixelSizeAngstrom: first!.mod.header.pixelSizeAngstrom,
    image: first!.mod.image,
    objects: models.flatMap(({ parts }) =>
      parts.objects.map(({ name, contourKind, contours, color, pointSize }) => ({
        name,
        contourKind,
        color,
        pointSize,
        contours: contours.map(({ xyz, sizes, surface }) => ({ xyz, sizes, surface })),
      })),
    ),
    slicerAngles: models.flatMap(({ mod }) => mod.slicerAngles),
  });
}

/** The meshes of full resolution as one surface; undefined if none can be taken. */
function surfaceOf(meshes: readonly ModMesh[], name: string, notes: string[], file: string): MeshPart | undefined {
  const positions: number[] = [];
  const triangles: number[] = [];
  for (const mesh of meshes) {
    if (((mesh.flags >>> RESOLUTION_SHIFT) & 15) !== 0 || !mesh.vertices || !mesh.indices) continue;
    const own = trianglesOf(mesh.indices, mesh.vertexCount);
    if (!own) {
      notes.push(`${file}: a mesh of ${name} is of an old kind: run imodmesh on the model to have it packaged`);
      return undefined;
    }
    const first = positions.length / 3;
    const places = new Map<number, number>();
    for (const vertex of own) {
      let place = places.get(vertex);
      if (place === undefined) {
        place = first + places.size;
        places.set(vertex, place);
        positions.push(...mesh.vertices.subarray(3 * vertex, 3 * vertex + 3));
      }
      triangles.push(place);
    }
  }
  return triangles.length === 0
    ? undefined
    : { name, positions: Float32Array.from(positions), triangles: Uint32Array.from(triangles) };
}

const RESOLUTION_SHIFT = 20;

/** Commands among the indices. Source: IMOD's "Binary IMOD file format", MESH. */
const END = -1;
const END_POLYGON = -22;
/** Pairs of a normal and a vertex. */
const PAIRS = -23;
/** Vertices, each followed by its normal. */
const VERTICES = -25;

/** Vertices of the triangles, three for each; undefined for other polygons, or for indices outside the list. */
export function trianglesOf(indices: Int32Array, vertexCount: number): number[] | undefined {
  const triangles: number[] = [];
  let kind: typeof PAIRS | typeof VERTICES | undefined;
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at]!;
    if (index === END) return triangles.length % 3 === 0 ? triangles : undefined;
    if (index === END_POLYGON) kind = undefined;
    else if (index === PAIRS || index === VERTICES) kind = index;
    else if (index < 0 || kind === undefined) return undefined;
    else {
      const vertex = kind === VERTICES ? index : indices[++at]!;
      if (!(vertex >= 0 && vertex < vertexCount)) return undefined;
      triangles.push(vertex);
    }
  }
  return triangles.length % 3 === 0 ? triangles : undefined;
}
