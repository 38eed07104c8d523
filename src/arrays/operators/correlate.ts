import { type Box, boxShape, volumeOf } from "../../core/box.js";
import { type EdgeRule, voxelAt } from "./edge.js";
import { alongAxis, type Field, type FloatArray, newFloats } from "./field.js";

export interface Edge {
  readonly rule: EdgeRule;
  /** Value beyond the border for the rule `constant`. */
  readonly value: number;
}

/** Weights of a filter along one axis: of the middle, and of the voxels at distance 1, 2, … */
export interface Weights {
  readonly middle: number;
  readonly sides: readonly number[];
  /** Voxels before the middle count with -1 · the weight of those behind it. */
  readonly isOdd: boolean;
}

/**
 * Correlates along one axis, as `scipy.ndimage.correlate1d` does: sums in float64, from the outermost pair of voxels inwards, then rounds to
 * `dtype`. The order of a sum does not depend on where the field begins.
 *
 * @param box the wanted voxels: `field.box`, but shorter along the axis. Beyond it the field holds what the weights reach, as far as the
 *   whole volume does.
 */
export function correlateAxis(
  field: Field,
  axis: 0 | 1 | 2,
  box: Box,
  weights: Weights,
  edge: Edge,
  dtype: "float32" | "float64",
): Field {
  const target = alongAxis(field.box, axis, box);
  const data = newFloats(dtype, volumeOf(boxShape(target)));
  if (axis === 2) alongRows(field, target, weights, edge, data);
  else acrossRows(field, axis, target, weights, edge, data);
  return { data, box: target, whole: field.whole };
}

/** Along z or y: whole rows are added to each other. */
function acrossRows(
  field: Field,
  axis: 0 | 1,
  target: Box,
  { middle, sides, isOdd }: Weights,
  edge: Edge,
  data: FloatArray,
): void {
  const [nz, ny, length] = boxShape(target);
  const rowsY = boxShape(field.box)[1];
  const sums = new Float64Array(length);
  const constant = rowLike(field.data, length).fill(edge.value);
  const first = field.box.start[axis];
  const shift = target.start[axis] - first;
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++) {
      const at = (axis === 0 ? z : y) + shift;
      const rowAt = (place: number) => (axis === 0 ? place * rowsY + y : z * rowsY + place) * length;
      scale(sums, field.data, rowAt(at), middle, length);
      for (let side = sides.length; side > 0; side--) {
        const before = voxelAt(at + first - side, field.whole[axis], edge.rule);
        const behind = voxelAt(at + first + side, field.whole[axis], edge.rule);
        if (before >= 0 && behind >= 0)
          addPair(sums, field.data, rowAt(before - first), rowAt(behind - first), sides[side - 1]!, isOdd, length);
        else {
          const [a, atA] = before < 0 ? [constant, 0] : [field.data, rowAt(before - first)];
          const [b, atB] = behind < 0 ? [constant, 0] : [field.data, rowAt(behind - first)];
          addBeyond(sums, a, atA, b, atB, sides[side - 1]!, isOdd, length);
        }
      }
      data.set(sums, (z * ny + y) * length);
    }
}

/** Along x: each row is made longer by what lies beyond it, and added to itself. */
function alongRows(field: Field, target: Box, { middle, sides, isOdd }: Weights, edge: Edge, data: FloatArray): void {
  const [nz, ny, length] = boxShape(target);
  const reach = sides.length;
  const sums = new Float64Array(length);
  const padded = rowLike(field.data, length + 2 * reach);
  const places = paddedPlaces(field, target, reach, edge);
  const width = boxShape(field.box)[2];
  for (let row = 0; row < nz * ny; row++) {
    for (let i = 0; i < places.length; i++) padded[i] = places[i]! < 0 ? edge.value : field.data[row * width + places[i]!]!;
    scale(sums, padded, reach, middle, length);
    for (let side = reach; side > 0; side--) addPair(sums, padded, reach - side, reach + side, sides[side - 1]!, isOdd, length);
    data.set(sums, row * length);
  }
}

function paddedPlaces(field: Field, target: Box, reach: number, edge: Edge): Int32Array {
  const from = target.start[2] - reach;
  return Int32Array.from({ length: target.stop[2] + reach - from }, (_, i) => {
    const at = voxelAt(from + i, field.whole[2], edge.rule);
    return at < 0 ? -1 : at - field.box.start[2];
  });
}

function rowLike(data: FloatArray, length: number): FloatArray {
  return data instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
}

function scale(sums: Float64Array, row: FloatArray, at: number, weight: number, length: number): void {
  for (let i = 0; i < length; i++) sums[i] = row[at + i]! * weight;
}

/** Adds two rows of one memory, with one weight. */
function addPair(
  sums: Float64Array,
  row: FloatArray,
  before: number,
  behind: number,
  weight: number,
  isOdd: boolean,
  length: number,
): void {
  if (isOdd) for (let i = 0; i < length; i++) sums[i]! += (row[behind + i]! - row[before + i]!) * weight;
  else if (row instanceof Float32Array) addSingle(sums, row, before, behind, weight, length);
  else for (let i = 0; i < length; i++) sums[i]! += (row[before + i]! + row[behind + i]!) * weight;
}

/**
 * As `addPair`, for float32 rows and equal weights on both sides, four voxels at a time: filters spend most of their time here.
 */
function addSingle(sums: Float64Array, row: Float32Array, before: number, behind: number, weight: number, length: number): void {
  const fours = length - (length % 4);
  let i = 0;
  for (; i < fours; i += 4) {
    sums[i] = sums[i]! + (row[before + i]! + row[behind + i]!) * weight;
    sums[i + 1] = sums[i + 1]! + (row[before + i + 1]! + row[behind + i + 1]!) * weight;
    sums[i + 2] = sums[i + 2]! + (row[before + i + 2]! + row[behind + i + 2]!) * weight;
    sums[i + 3] = sums[i + 3]! + (row[before + i + 3]! + row[behind + i + 3]!) * weight;
  }
  for (; i < length; i++) sums[i] = sums[i]! + (row[before + i]! + row[behind + i]!) * weight;
}

/** As `addPair`, where one row or both lie beyond the border and are constant. */
function addBeyond(
  sums: Float64Array,
  before: FloatArray,
  atBefore: number,
  behind: FloatArray,
  atBehind: number,
  weight: number,
  isOdd: boolean,
  length: number,
): void {
  if (isOdd) for (let i = 0; i < length; i++) sums[i]! += (behind[atBehind + i]! - before[atBefore + i]!) * weight;
  else for (let i = 0; i < length; i++) sums[i]! += (before[atBefore + i]! + behind[atBehind + i]!) * weight;
}
