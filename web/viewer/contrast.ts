import { percentileLimits } from "../../src/arrays/contrast/percentile.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { type Plane, sampleAt } from "./planes.js";

/** Mapping from the numbers of a plane to greys. */
export interface Contrast {
  /** Number that is black, or white where inverted. */
  readonly low: number;
  readonly high: number;
  /** Above 1: dark parts become lighter. */
  readonly gamma: number;
  readonly isInverted: boolean;
}

export const GAMMA_MIN = 0.2;
export const GAMMA_MAX = 5;
/** Numbers of a plane that its percentiles are taken of. */
const SAMPLE = 65_536;

export const defaultContrast = ({ limits: { low, high } }: VolumeFacts): Contrast => ({
  low: rounded(low),
  high: rounded(high),
  gamma: 1,
  isInverted: false,
});

/** Six digits: what an address holds, and a person reads. */
export const rounded = (value: number): number => Number(value.toPrecision(6));

/** 0 to 255 of a number; what is no number is black. The shaders do the same. */
export function greyOf(value: number, { low, high, gamma, isInverted }: Contrast): number {
  if (Number.isNaN(value)) return 0;
  const part = Math.min(Math.max((value - low) / (high - low), 0), 1);
  const grey = gamma === 1 ? part : part ** (1 / gamma);
  return Math.round(255 * (isInverted ? 1 - grey : grey));
}

/** 1st to 99th percentile of part of a plane: `[row0, column0, row1, column1]` of its own rows and columns. */
export function visibleLimits(plane: Plane, [row0, column0, row1, column1]: readonly [number, number, number, number]) {
  const [rows, columns] = [Math.min(row1, plane.rows) - row0, Math.min(column1, plane.columns) - column0];
  // a step that has no divisor in common with the rows, so that no column is left out
  const step = Math.max(1, Math.floor((rows * columns) / SAMPLE)) | 1;
  const sample: number[] = [];
  for (let i = 0; i < rows * columns; i += step) {
    const value = sampleAt(plane, (row0 + Math.floor(i / columns)) * plane.columns + column0 + (i % columns));
    if (Number.isFinite(value)) sample.push(value);
  }
  const [low, high] = percentileLimits(Float32Array.from(sample));
  return { low, high };
}

/** Percentiles of the volume, by its histogram; `parts` are shares of its voxels. */
export function volumeLimits({ histogram: { min, max, counts } }: VolumeFacts, parts = [0.01, 0.99] as const) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const width = (max - min) / counts.length;
  const [low, high] = parts.map((part) => {
    let below = 0;
    for (const [i, count] of counts.entries()) {
      if (count > 0 && below + count >= part * total) return min + (i + (part * total - below) / count) * width;
      below += count;
    }
    return max;
  });
  return low! < high! ? { low: low!, high: high! } : { low: min, high: max > min ? max : min + 1 };
}

/** Moves both ends alike, or one: never past the other. `ends` in hundredths of the histogram's range. */
export function shifted(
  contrast: Contrast,
  { histogram: { min, max } }: VolumeFacts,
  ends: { low?: number; high?: number },
): Contrast {
  const unit = (max - min) / 100 || 1;
  const low = contrast.low + (ends.low ?? 0) * unit;
  const high = contrast.high + (ends.high ?? 0) * unit;
  return low < high ? { ...contrast, low, high } : contrast;
}
