import { EmporiumError } from "../core/errors.js";
import { counted } from "../core/units.js";

/** Size, voxel spacing and origin of the volume that shapes are drawn over. Lists are x, y, z. */
export interface OverlayGround {
  readonly sizeVoxels: readonly [x: number, y: number, z: number];
  readonly voxelAngstrom: readonly [x: number, y: number, z: number];
  /** Position of the centre of the first voxel. */
  readonly originAngstrom: readonly [x: number, y: number, z: number];
}

/** Number of points in one layer: up to 28 bytes each, four times that while they are sorted. */
export const POINTS_MAX = 2 ** 21;

export function tooManyPoints(name: string): EmporiumError {
  return new EmporiumError("FORMAT_LIMIT", `${name} has more than ${POINTS_MAX} points, so many are drawn at most`, {
    hint: "split the file",
  });
}

/** Shapes that are drawn over slices, as lists of numbers. Positions are Å in the coordinates of the volume. */
export interface OverlayShapes {
  /** x, y, z of n points: 3 · n numbers. */
  readonly xyz: Float32Array;
  /** Direction of each particle's z-axis as x, y, z: 3 · n, or empty. */
  readonly directions: Float32Array;
  /** Radius of each point in Å: n, or empty. */
  readonly radii: Float32Array;
  /** Instance of each point: n, or empty. */
  readonly instances: Uint32Array;
  /** Row of each point in its file, from 0: n, or empty where the points are in the order of the file. */
  readonly places: Uint32Array;
  /** First point of each bucket of z, and n at the end; empty where points are in the order of the file. */
  readonly buckets: Uint32Array;
  /** First point of each of k contours, and n at the end: k + 1, or empty. */
  readonly contours: Uint32Array;
  /** 1 for each contour that is closed: k. */
  readonly closed: Uint32Array;
  /** Indices of the three points of each of m triangles: 3 · m, or empty. */
  readonly triangles: Uint32Array;
  /** Bucket i begins at z = `zMin + i · zStep`, in Å. */
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
    bytes.set(new Uint8Array(list.buffer, list.byteOffset, list.byteLength), at); // machines are little-endian
    at += list.byteLength;
  }
  return bytes;
}

/** @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_TRUNCATED */
export function decodeOverlay(bytes: ArrayBuffer): OverlayShapes {
  const view = new DataView(bytes);
  if (bytes.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC)
    throw new EmporiumError("FORMAT_UNKNOWN", "the bytes are not an overlay");
  const lengths = LISTS.map((_, i) => view.getUint32(12 + 4 * i, true));
  const wanted = HEADER_BYTES + 4 * lengths.reduce((sum, length) => sum + length, 0);
  if (bytes.byteLength !== wanted)
    throw new EmporiumError("FORMAT_TRUNCATED", `an overlay of ${counted(bytes.byteLength, "byte")}, ${wanted} are announced`);
  let at = HEADER_BYTES;
  const lists = Object.fromEntries(
    LISTS.map((name, i) => {
      const List = FLOATS.has(name) ? Float32Array : Uint32Array;
      const list = new List(bytes, at, lengths[i]!);
      at += 4 * lengths[i]!;
      return [name, list];
    }),
  ) as unknown as Pick<OverlayShapes, (typeof LISTS)[number]>;
  return { ...lists, zMin: view.getFloat32(4, true), zStep: view.getFloat32(8, true) };
}

/** Items sorted along one axis into buckets, so that a plane across it looks only at the items near it. */
export interface AxisBuckets {
  /** Numbers of the points, or other items with a coordinate on the axis, from the lowest bucket to the highest. */
  readonly order: Uint32Array;
  /** Position in `order` at which each bucket begins, and the length of `order` at the end. */
  readonly starts: Uint32Array;
  readonly min: number;
  readonly step: number;
}

/** Sorts items into buckets. Cost: three passes, 4 bytes each. @param valueAt coordinate of an item on the axis */
export function bucketsOf(count: number, valueAt: (i: number) => number): AxisBuckets {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < count; i++) {
    const value = valueAt(i);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  // as it is written, so that who reads it counts the same buckets
  const min = Math.fround(count > 0 ? low : 0);
  const step = Math.fround(Math.max((high - low) / BUCKETS, 1e-3) || 1);
  const starts = new Uint32Array(BUCKETS + 1);
  for (let i = 0; i < count; i++) starts[bucketAt(valueAt(i), min, step) + 1]!++;
  for (let b = 0; b < BUCKETS; b++) starts[b + 1]! += starts[b]!;
  const next = starts.slice();
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[next[bucketAt(valueAt(i), min, step)]!++] = i;
  return { order, starts, min, step };
}

export function bucketAt(value: number, min: number, step: number): number {
  return Math.min(BUCKETS - 1, Math.max(0, Math.floor((value - min) / step)));
}

/** The same points sorted by z into buckets. */
export function bucketed(shapes: OverlayShapes): OverlayShapes {
  const { xyz, directions, radii, instances } = shapes;
  const { order, starts, min, step } = bucketsOf(xyz.length / 3, (i) => xyz[3 * i + 2]!);
  const sorted = <List extends Float32Array | Uint32Array>(list: List, each: number): List => {
    const result = list.slice() as List;
    if (list.length === 0) return result;
    for (let i = 0; i < order.length; i++)
      for (let part = 0; part < each; part++) result[each * i + part] = list[each * order[i]! + part]!;
    return result;
  };
  return {
    ...shapes,
    xyz: sorted(xyz, 3),
    directions: sorted(directions, 3),
    radii: sorted(radii, 1),
    instances: sorted(instances, 1),
    places: order,
    buckets: starts,
    zMin: min,
    zStep: step,
  };
}
