import { EmporiumError } from "../core/errors.js";

/** What is drawn over slices, as lists of numbers. Positions are Å in the world of the volume. */
export interface OverlayShapes {
  /** x, y, z of each point: 3 · n. */
  readonly xyz: Float32Array;
  /** z-axes of particles, x, y, z of each: 3 · n, or empty. */
  readonly directions: Float32Array;
  /** Å, n, or empty. */
  readonly radii: Float32Array;
  /** n, or empty. */
  readonly instances: Uint32Array;
  /** Places of the points in their file, from 0: n, or empty where they are in its order. */
  readonly places: Uint32Array;
  /** Where the points of each bucket of z begin, and n; empty where points are in the order of the file. */
  readonly buckets: Uint32Array;
  /** Where contours begin, and n: k + 1, or empty. */
  readonly contours: Uint32Array;
  /** 1 for a contour that is closed: k. */
  readonly closed: Uint32Array;
  /** Three points each: 3 · m, or empty. */
  readonly triangles: Uint32Array;
  /** z of bucket i: from `zMin + i · zStep`. */
  readonly zMin: number;
  readonly zStep: number;
}

export const NO_SHAPES: OverlayShapes = {
  xyz: new Float32Array(0),
  directions: new Float32Array(0),
  radii: new Float32Array(0),
  instances: new Uint32Array(0),
  places: new Uint32Array(0),
  buckets: new Uint32Array(0),
  contours: new Uint32Array(0),
  closed: new Uint32Array(0),
  triangles: new Uint32Array(0),
  zMin: 0,
  zStep: 1,
};

const MAGIC = 0x31564f45; // EOV1
const LISTS = ["xyz", "directions", "radii", "instances", "places", "buckets", "contours", "closed", "triangles"] as const;
const FLOATS: ReadonlySet<string> = new Set(["xyz", "directions", "radii"]);
const HEADER_BYTES = 4 * (3 + LISTS.length);
const BUCKETS = 1024;

/**
 * `overlays/{ref}/{id}.bin`: little-endian, in words of 4 bytes: `EOV1`, z of the first bucket and the width of one (float32, Å), the lengths of nine
 * lists (uint32), then the lists themselves, in this order: float32 positions x, y, z; z-axes; radii; uint32 instances; places in the file; first
 * points of buckets; first points of contours; whether they are closed; triangles. Lists that the layer does not need have length 0.
 */
export function encodeOverlay(shapes: OverlayShapes): Uint8Array<ArrayBuffer> {
  const words = LISTS.reduce((sum, name) => sum + shapes[name].length, 0);
  const bytes = new Uint8Array(HEADER_BYTES + 4 * words);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setFloat32(4, shapes.zMin, true);
  view.setFloat32(8, shapes.zStep, true);
  let at = HEADER_BYTES;
  for (const [i, name] of LISTS.entries()) {
    const list = shapes[name];
    view.setUint32(12 + 4 * i, list.length, true);
    const put = FLOATS.has(name) ? view.setFloat32 : view.setUint32;
    for (const value of list) {
      put.call(view, at, value, true);
      at += 4;
    }
  }
  return bytes;
}

/** @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_TRUNCATED */
export function decodeOverlay(bytes: ArrayBuffer): OverlayShapes {
  const view = new DataView(bytes);
  if (bytes.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC)
    throw new EmporiumError("FORMAT_UNKNOWN", "these bytes are no overlay");
  const lengths = LISTS.map((_, i) => view.getUint32(12 + 4 * i, true));
  const wanted = HEADER_BYTES + 4 * lengths.reduce((sum, length) => sum + length, 0);
  if (bytes.byteLength !== wanted)
    throw new EmporiumError("FORMAT_TRUNCATED", `an overlay of ${bytes.byteLength} bytes, ${wanted} are announced`);
  let at = HEADER_BYTES;
  const lists = Object.fromEntries(
    LISTS.map((name, i) => {
      const List = FLOATS.has(name) ? Float32Array : Uint32Array;
      const list = new List(bytes, at, lengths[i]!); // browsers are little-endian
      at += 4 * lengths[i]!;
      return [name, list];
    }),
  ) as unknown as Pick<OverlayShapes, (typeof LISTS)[number]>;
  return { ...lists, zMin: view.getFloat32(4, true), zStep: view.getFloat32(8, true) };
}

/** The same points in the order of z, by buckets: a slice looks at those near it. Cost: two passes. */
export function bucketed(shapes: OverlayShapes): OverlayShapes {
  const { xyz, directions, radii, instances } = shapes;
  const count = xyz.length / 3;
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < count; i++) {
    min = Math.min(min, xyz[3 * i + 2]!);
    max = Math.max(max, xyz[3 * i + 2]!);
  }
  const zMin = count > 0 ? min : 0;
  const zStep = Math.max((max - min) / BUCKETS, 1e-3) || 1;
  const bucketOf = (i: number) => Math.min(BUCKETS - 1, Math.max(0, Math.floor((xyz[3 * i + 2]! - zMin) / zStep)));
  const buckets = new Uint32Array(BUCKETS + 1);
  for (let i = 0; i < count; i++) buckets[bucketOf(i) + 1]!++;
  for (let b = 0; b < BUCKETS; b++) buckets[b + 1]! += buckets[b]!;
  const next = buckets.slice();
  const places = new Uint32Array(count);
  for (let i = 0; i < count; i++) places[next[bucketOf(i)]!++] = i;
  const triples = (list: Float32Array) => {
    const sorted = new Float32Array(list.length);
    for (let i = 0; i < list.length / 3; i++)
      for (let axis = 0; axis < 3; axis++) sorted[3 * i + axis] = list[3 * places[i]! + axis]!;
    return sorted;
  };
  return {
    ...shapes,
    xyz: triples(xyz),
    directions: triples(directions),
    radii: radii.map((_, i) => radii[places[i]!]!),
    instances: instances.map((_, i) => instances[places[i]!]!),
    places,
    buckets,
    zMin,
    zStep,
  };
}
