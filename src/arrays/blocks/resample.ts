import { type Box, boxShape, intersect, type Triple } from "../../core/box.js";
import { type DType, ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { type NumberArray, viewAs } from "../../formats/zarr/elements.js";
import { boxBytes } from "./box-bytes.js";
import { type BlockData, bitsOf, constantBits, reflectIndex } from "./edges.js";
import type { Lattice } from "./lattice.js";
import type { BlockLevel } from "./volume.js";

export interface ResampleOptions {
  readonly method: "nearest" | "linear";
  readonly edge: "reflect" | "constant";
  readonly constant: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * For each voxel of a box along one axis: indices of the array's voxels on both sides of its coordinate; −1 stands for the
 * constant.
 */
interface AxisTaps {
  readonly lower: Int32Array;
  readonly upper: Int32Array;
  /** Weight of `lower`, from 0 to 1; `upper` has the rest. */
  readonly weight: Float64Array;
  /** Range of the array's voxels that are needed, half-open. */
  readonly first: number;
  readonly stop: number;
}

/**
 * A box of a grid out of an array that lies on another lattice.
 *
 * - `nearest`: the voxel at `floor(coordinate + 0.5)`;
 * - `linear`: the eight voxels around the coordinate, each weighted by its distance along the three axes; float64 sums in C order. Whole
 *   numbers are rounded, halves away from 0.
 *
 * Outside the array, the edge rule extends it first. Both are what scipy.ndimage.map_coordinates gives with `order` 0 and 1, and with the
 * `mode`s `reflect` and `grid-constant`.
 *
 * @throws {EmporiumError} USAGE for `linear` on a type that has no values between two others
 */
export async function resampleBox(level: BlockLevel, box: Box, lattice: Lattice, options: ResampleOptions): Promise<BlockData> {
  const { method, signal } = options;
  if (method === "linear") requireLinear(level.dtype);
  const taps = ([0, 1, 2] as const).map((axis) => tapsOf(box, level, lattice, axis, options)) as [AxisTaps, AxisTaps, AxisTaps];
  const source: Box = { start: taps.map(({ first }) => first) as Triple, stop: taps.map(({ stop }) => stop) as Triple };
  const shape = boxShape(box);
  const { dtype } = level;
  const facts = { dtype, shape, box, valid: validOf(box, level, lattice) };
  const isAway = source.start.some((first, axis) => first >= source.stop[axis]!);
  const bytes = isAway ? new Uint8Array(0) : await level.read(source, { signal });
  const out = boxBytes(shape, ITEM_BYTES[dtype]);
  const voxels = { taps, source, constant: options.constant };
  if (method === "nearest") takeNearest(bytes, out, dtype, voxels);
  else takeLinear(viewAs(bytes, dtype), viewAs(out, dtype), dtype, voxels);
  return { ...facts, data: viewAs(out, dtype) };
}

const BETWEEN: ReadonlySet<DType> = new Set(["int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"]);

function requireLinear(dtype: DType): void {
  if (BETWEEN.has(dtype)) return;
  throw new EmporiumError("USAGE", `voxels of type ${dtype} are not interpolated`, { hint: "read this array as nearest" });
}

function tapsOf(
  box: Box,
  level: BlockLevel,
  { scale, shift }: Lattice,
  axis: 0 | 1 | 2,
  { method, edge }: ResampleOptions,
): AxisTaps {
  const [start, length, extent] = [box.start[axis], box.stop[axis] - box.start[axis], level.shape[axis]];
  const [lower, upper, weight] = [new Int32Array(length), new Int32Array(length), new Float64Array(length)];
  let [first, stop] = [extent, 0];
  const inside = (index: number) => {
    const at = edge === "reflect" ? reflectIndex(index, extent) : index >= 0 && index < extent ? index : -1;
    if (at >= 0) [first, stop] = [Math.min(first, at), Math.max(stop, at + 1)];
    return at;
  };
  for (let i = 0; i < length; i++) {
    const there = scale[axis] * (start + i) + shift[axis];
    const coordinate = edge === "reflect" ? mirrored(there, extent) : there;
    const below = Math.floor(method === "nearest" ? coordinate + 0.5 : coordinate);
    lower[i] = inside(below);
    if (method === "nearest") continue;
    weight[i] = 1 - (coordinate - below);
    upper[i] = inside(below + 1);
  }
  return { lower, upper, weight, first, stop };
}

/**
 * A coordinate outside an axis, mirrored at the outer sides of its first and last voxels. Mirrored here and not voxel by voxel, since a coordinate half
 * way between two voxels then has its nearest on the other side: so it is in scipy.
 */
function mirrored(coordinate: number, extent: number): number {
  if (coordinate >= 0 && coordinate <= extent - 1) return coordinate;
  const period = 2 * extent;
  // the same place within one period, counted from the first voxel's outer side on the side where the coordinate lies
  const far = coordinate < 0 ? -coordinate - 1 : coordinate;
  const at = far - period * Math.trunc(far / period);
  return at >= extent ? period - at - 1 : at;
}

/** Voxels of the grid whose coordinates lie in the array, from the outer side of its first voxels to that of its last. */
function validOf(box: Box, level: BlockLevel, { scale, shift }: Lattice): Box | undefined {
  const ends = level.shape.map((length, axis) =>
    [-0.5, length - 0.5].map((at) => (at - shift[axis]!) / scale[axis]!).sort((a, b) => a - b),
  );
  const start = ends.map(([low]) => Math.ceil(low!) + 0) as Triple;
  return intersect(box, { start, stop: ends.map(([, high]) => Math.ceil(high!) + 0) as Triple });
}

interface Taken {
  readonly taps: readonly [AxisTaps, AxisTaps, AxisTaps];
  readonly source: Box;
  readonly constant: number;
}

function takeNearest(bytes: Uint8Array, out: Uint8Array, dtype: DType, { taps: [tz, ty, tx], source, constant }: Taken): void {
  const [from, to] = [bitsOf(bytes, dtype), bitsOf(out, dtype)];
  const outside = constantBits(constant, dtype);
  const [, height, width] = boxShape(source);
  const [z0, y0, x0] = source.start;
  let at = 0;
  for (const z of tz.lower) {
    for (const y of ty.lower) {
      const row = ((z - z0) * height + y - y0) * width - x0;
      for (const x of tx.lower) to[at++] = z < 0 || y < 0 || x < 0 ? outside : from[row + x]!;
    }
  }
}

function takeLinear(from: NumberArray, to: NumberArray, dtype: DType, { taps: [tz, ty, tx], source, constant }: Taken): void {
  const [, height, width] = boxShape(source);
  const [z0, y0, x0] = source.start;
  const valueAt = (z: number, y: number, x: number) =>
    z < 0 || y < 0 || x < 0 ? constant : (from[((z - z0) * height + y - y0) * width + x - x0] as number);
  const finish = dtype.startsWith("float") ? (value: number) => value : rounded;
  let at = 0;
  for (let z = 0; z < tz.lower.length; z++) {
    for (let y = 0; y < ty.lower.length; y++) {
      for (let x = 0; x < tx.lower.length; x++) {
        let sum = 0;
        for (let corner = 0; corner < 8; corner++) {
          const [a, b, c] = [tapAt(tz, z, corner & 4), tapAt(ty, y, corner & 2), tapAt(tx, x, corner & 1)];
          // factor by factor in this order, as scipy multiplies
          sum += valueAt(a, b, c) * weightAt(tz, z, corner & 4) * weightAt(ty, y, corner & 2) * weightAt(tx, x, corner & 1);
        }
        to[at++] = finish(sum) as never;
      }
    }
  }
}

const tapAt = (taps: AxisTaps, i: number, isUpper: number) => (isUpper ? taps.upper : taps.lower)[i]!;
const weightAt = ({ weight }: AxisTaps, i: number, isUpper: number) => (isUpper ? 1 - weight[i]! : weight[i]!);
const rounded = (value: number) => (value > 0 ? Math.floor(value + 0.5) : Math.ceil(value - 0.5));
