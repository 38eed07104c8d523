import { type ContrastLimits, flatLimits, rangeOf } from "./sample.js";

const BINS = 512;
/** Share of the steepest slope above which the distribution counts as rising. */
const RISING = 0.3;
/** Least threshold of the slope at both ends of the search, as a share of the steepest one. */
const FRACTION_MIN = 0.01;

/**
 * Limits around the steep part of the cumulative distribution.
 *
 * The thresholds are the mean slope before it rises and the median slope after it has fallen: low is where the slope first
 * exceeds the former, high where, past its maximum, it falls below the latter.
 *
 * @param sample finite values.
 * Source: `CDFContrastLimitCalculator` of cryoet-data-portal-neuroglancer.
 */
export function cdfLimits(sample: Float32Array): ContrastLimits {
  const range = rangeOf(sample);
  if (!range || range.min === range.max) return flatLimits(range?.min);
  const { min, max } = range;
  const edge = (bin: number) => min + ((max - min) * bin) / BINS;
  const slope = slopes(sample, min, max);
  const steepest = slope.reduce((best, value, i) => (value > slope[best]! ? i : best), 0);
  const peak = slope[steepest]!;
  const rises = firstWhere(slope, 0, (value) => value > RISING * peak) ?? 0;
  const falls = firstWhere(slope, rises, (value) => value < RISING * peak) ?? BINS;
  const before = rises === 0 ? 0 : mean(slope.subarray(0, rises)) / peak;
  const after = falls === BINS ? 0 : median(slope.subarray(falls)) / peak;
  const start = firstWhere(slope, 0, (value) => value > Math.max(FRACTION_MIN, before) * peak) ?? 0;
  const end = firstWhere(slope, steepest, (value) => value < Math.max(FRACTION_MIN, after) * peak) ?? BINS - 1;
  return start < end ? [edge(start), edge(end)] : [min, max];
}

/** Centred differences of the cumulative distribution, one-sided at both ends. */
function slopes(sample: Float32Array, min: number, max: number): Float64Array {
  const counts = new Float64Array(BINS);
  const perUnit = BINS / (max - min);
  for (const value of sample) counts[Math.min(Math.floor((value - min) * perUnit), BINS - 1)]! += 1;
  const cumulative = new Float64Array(BINS);
  let sum = 0;
  for (let bin = 0; bin < BINS; bin++) {
    sum += counts[bin]!;
    cumulative[bin] = sum / sample.length;
  }
  return cumulative.map((_, i) => {
    const [left, right] = [Math.max(i - 1, 0), Math.min(i + 1, BINS - 1)];
    return (cumulative[right]! - cumulative[left]!) / (right - left);
  });
}

function firstWhere(values: Float64Array, from: number, holds: (value: number) => boolean): number | undefined {
  for (let i = from; i < values.length; i++) if (holds(values[i]!)) return i;
  return undefined;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: Float64Array): number {
  const sorted = values.slice().sort();
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
