import { HISTOGRAM_BINS } from "./kernels.js";

/** Bins of finite values; those outside hold infinities and NaN. */
const FIRST_FINITE = 0x0080;
const LAST_FINITE = 0xff7f;

/**
 * The smallest and the largest float32 that the `histogram` kernel counts in `bin`. A bin is the upper 16 bits of a float32
 * (sign, exponent, 7 bits of the fraction), mapped so that bins ascend with the values. It is at most 2^-7 (0.8 %) of its values
 * wide.
 */
export function binEdges(bin: number): { low: number; high: number } {
  return { low: valueOfKey(bin * 0x10000), high: valueOfKey(bin * 0x10000 + 0xffff) };
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** Inverse of the order-preserving map from float32 bits to uint32. */
function valueOfKey(key: number): number {
  word[0] = key >= 0x80000000 ? key - 0x80000000 : 0xffffffff - key;
  return float[0]!;
}

/** Adds counts to a total. A uint32 count wraps at 2^32 voxels in one bin; a float64 counts exactly up to 2^53. */
export function addCounts(total: Float64Array, counts: ArrayLike<number>): void {
  for (let bin = 0; bin < HISTOGRAM_BINS; bin++) total[bin]! += counts[bin]!;
}

/** Number of finite voxels in a histogram. */
export function finiteCount(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let bin = FIRST_FINITE; bin <= LAST_FINITE; bin++) sum += counts[bin]!;
  return sum;
}

/**
 * Percentiles of the finite voxels, defined as numpy's `percentile` does by default: position `p / 100 * (n - 1)` among the
 * sorted voxels, linear between two neighbours.
 *
 * Within a bin the voxels are taken to be spread evenly, so each neighbour is off by less than its bin's width: the error is
 * below 2^-7 · max(|a|, |b|) (0.8 %) for neighbours a and b that are normal float32. `range`, the exact minimum and maximum where
 * they are known, makes percentiles 0 and 100 exact, and all of them where the volume is constant.
 *
 * @param counts `HISTOGRAM_BINS` counts of the `histogram` kernel, or sums of them.
 * @param percentiles 0 to 100, in any order.
 * @returns one number each; NaN where there is no finite voxel.
 */
export function percentilesFromHistogram(
  counts: ArrayLike<number>,
  percentiles: readonly number[],
  range: { min: number; max: number } = { min: -Infinity, max: Infinity },
): number[] {
  const n = finiteCount(counts);
  if (n === 0) return percentiles.map(() => Number.NaN);
  const positions = percentiles.map((p) => (p / 100) * (n - 1));
  const ranks = [...new Set(positions.flatMap((position) => [Math.floor(position), Math.ceil(position)]))].sort((a, b) => a - b);
  const values = sortedVoxels(counts, ranks, n, range);
  return positions.map((position) => {
    const low = values.get(Math.floor(position))!;
    const high = values.get(Math.ceil(position))!;
    return low + (high - low) * (position - Math.floor(position));
  });
}

/** Estimates of the voxels of the given ascending ranks (0 is the least voxel). */
function sortedVoxels(
  counts: ArrayLike<number>,
  ranks: readonly number[],
  n: number,
  { min, max }: { min: number; max: number },
): Map<number, number> {
  const values = new Map<number, number>();
  let bin = FIRST_FINITE;
  let before = 0;
  for (const rank of ranks) {
    while (before + counts[bin]! <= rank) before += counts[bin++]!;
    const { low, high } = binEdges(bin);
    const estimate = low + ((high - low) * (rank - before + 0.5)) / counts[bin]!;
    const exact = rank === 0 && min > -Infinity ? min : rank === n - 1 && max < Infinity ? max : estimate;
    values.set(rank, Math.min(Math.max(exact, min), max));
  }
  return values;
}
