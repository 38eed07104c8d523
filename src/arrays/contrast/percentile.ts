import { type ContrastLimits, flatLimits, rangeOf } from "./sample.js";

/** Percentiles of finite values, between two neighbours linearly as numpy does. */
export function percentileLimits(sample: Float32Array, lowPercent = 1, highPercent = 99): ContrastLimits {
  const range = rangeOf(sample);
  if (!range || range.min === range.max) return flatLimits(range?.min);
  const sorted = Float32Array.from(sample).sort();
  const low = percentile(sorted, lowPercent);
  const high = percentile(sorted, highPercent);
  // Nearly all values are one: the whole range has more to show.
  return low < high ? [low, high] : [range.min, range.max];
}

function percentile(sorted: Float32Array, percent: number): number {
  const position = (percent / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(position)]!;
  return below + (sorted[Math.ceil(position)]! - below) * (position % 1);
}
