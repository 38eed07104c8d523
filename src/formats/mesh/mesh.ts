import { EmporiumError, type Place } from "../../core/errors.js";

/** One named surface of a mesh file. */
export interface MeshPart {
  /** Name as in the file; empty where it has none. Names may repeat. */
  readonly name: string;
  /** x, y, z of each vertex: 3 · n finite numbers, in the file's unit. */
  readonly positions: Float32Array | Float64Array;
  /** Three vertices of each triangle, counter-clockwise seen from outside: 3 · m numbers below n. */
  readonly triangles: Uint32Array;
}

export const triangleCount = (part: MeshPart): number => part.triangles.length / 3;
export const vertexCount = (part: MeshPart): number => part.positions.length / 3;

/**
 * Parts enlarged about the origin.
 *
 * @throws {EmporiumError} CONFIG_FIELD for a factor that is not a finite number above 0: a mirrored or flat mesh is never meant.
 */
export function scaleMesh(parts: readonly MeshPart[], factor: number): MeshPart[] {
  if (!(factor > 0 && Number.isFinite(factor)))
    throw new EmporiumError("CONFIG_FIELD", `scale_factor is ${factor}; expected a finite number above 0`);
  if (factor === 1) return [...parts];
  return parts.map((part) => ({ ...part, positions: Float64Array.from(part.positions, (value) => value * factor) }));
}

/** Smallest and largest x, y, z over all vertices. Without vertices: undefined. */
export function boundingBox(
  parts: readonly MeshPart[],
): { min: [number, number, number]; max: [number, number, number] } | undefined {
  const min: [number, number, number] = [Infinity, Infinity, Infinity];
  const max: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (const { positions } of parts) {
    for (let at = 0; at < positions.length; at++) {
      const axis = (at % 3) as 0 | 1 | 2;
      const value = positions[at]!;
      if (value < min[axis]) min[axis] = value;
      if (value > max[axis]) max[axis] = value;
    }
  }
  return min[0] <= max[0] ? { min, max } : undefined;
}

/**
 * The parts that have triangles.
 *
 * @throws {EmporiumError} FORMAT_FIELD when none has: a point cloud or an empty file is no surface.
 */
export function withTriangles(parts: readonly MeshPart[], name: string): MeshPart[] {
  const kept = parts.filter((part) => part.triangles.length > 0);
  if (kept.length === 0)
    throw meshError("FORMAT_FIELD", name, {}, "no triangles, a mesh has one or more", "check that this is the right file");
  return kept;
}

/**
 * Vertex numbers of a file as triangles.
 *
 * @param place the place of vertex number `at` of the list in the file, for the error.
 * @throws {EmporiumError} FORMAT_FIELD for a number that is not a vertex.
 */
export function asTriangles(
  numbers: ArrayLike<number>,
  vertices: number,
  name: string,
  place: (at: number) => Omit<Place, "file">,
): Uint32Array {
  const triangles = new Uint32Array(numbers.length);
  for (let at = 0; at < numbers.length; at++) {
    const vertex = numbers[at]!;
    if (!(Number.isInteger(vertex) && vertex >= 0 && vertex < vertices)) throw noSuchVertex(name, place(at), vertex, vertices);
    triangles[at] = vertex;
  }
  return triangles;
}

export function noSuchVertex(name: string, place: Omit<Place, "file">, vertex: number, vertices: number): EmporiumError {
  const known = vertices === 0 ? "the mesh has none" : `the mesh has 0 to ${vertices - 1}`;
  return meshError("FORMAT_FIELD", name, place, `a face of vertex ${vertex}, ${known}`);
}

export function meshError(
  code: "FORMAT_FIELD" | "FORMAT_TRUNCATED" | "FORMAT_UNKNOWN" | "FORMAT_UNSUPPORTED" | "FORMAT_CORRUPT" | "FORMAT_LIMIT",
  name: string,
  place: Omit<Place, "file">,
  message: string,
  hint?: string,
): EmporiumError {
  return new EmporiumError(code, `${name}: ${message}`, { place: { file: name, ...place }, hint });
}
