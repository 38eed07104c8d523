import type { Triple } from "../../../core/box.js";
import type { MaskSelection } from "./selection.js";

/**
 * Method that brings a mask or labels to another shape.
 *
 * - `any`: a target voxel is 1 where any part of it overlaps a source voxel that is 1. It is the local mean and then `> 0`,
 *   without the mean.
 * - `mean`: the mean of the source voxels, each weighted by its overlap with the target voxel (scikit-image's
 *   `resize_local_mean`).
 * - `nearest`: the nearest voxel, first and last voxels of an axis lying on one another (scipy's `zoom` of order 0).
 */
export type ResampleMethod = "any" | "mean" | "nearest";

export interface Resampling {
  method: ResampleMethod;
  /** Voxels `[z, y, x]` of the source. */
  shape: Triple;
}

/** Resampling from one shape to another; undefined where they are the same. `select` undefined: labels. */
export function resamplingOf(
  shape: Triple,
  targetShape: Triple | undefined,
  select: MaskSelection | undefined,
): Resampling | undefined {
  if (!targetShape || targetShape.every((length, axis) => length === shape[axis])) return undefined;
  return { shape, method: select === undefined ? "nearest" : "equals" in select ? "any" : "mean" };
}

/** Target rows whose sums are held at once. */
export const MEAN_ROWS = 16;

/** Voxels from `first` to before `end`. */
export interface Span {
  first: number;
  end: number;
}

/**
 * Source voxels of an axis of `n` that overlap target voxels `from` to before `to` of `m`. In one common unit voxel i of m covers
 * [i·n, (i + 1)·n) and voxel k of n [k·m, (k + 1)·m): whole numbers, so borders match exactly.
 */
export function overlapping(n: number, m: number, from: number, to = from + 1): Span {
  return { first: Math.floor((from * n) / m), end: Math.min(n, Math.ceil((to * n) / m)) };
}

/** Length that voxel `k` of `n` and voxel `i` of `m` share, in the unit of `overlapping`: those of one `i` add up to `n`. */
export function overlap(n: number, m: number, k: number, i: number): number {
  return Math.max(0, Math.min((i + 1) * n, (k + 1) * m) - Math.max(i * n, k * m));
}

/** Index of the nearest of `n` voxels for each of `m`, halves upwards: 10 to 5 gives 0, 2, 5, 7, 9. */
export function nearestIndices(n: number, m: number): Int32Array {
  // the position i·(n − 1)/(m − 1) and a half, in whole numbers
  return Int32Array.from({ length: m }, (_, i) => (m === 1 ? 0 : Math.floor((2 * i * (n - 1) + m - 1) / (2 * (m - 1)))));
}
