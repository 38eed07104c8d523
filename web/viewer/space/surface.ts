import type { VolumeFacts } from "../../../src/model/page-api.js";

/** A histogram falls into two parts where so much of its variance is between them: a bell has 2/π = 0.64, an even one 0.75. */
const TWO_PARTS = 0.8;
/** Share of the voxels that the surface holds where the histogram is of one piece. */
const DENSE_PART = 0.03;

/** In tomograms of frozen samples density is dark; in masks and other volumes it is bright. */
export const isDarkDenseFirst = ({ kind }: VolumeFacts): boolean => kind === "tomogram";

/**
 * Number at which the surface lies at first, by the histogram of the volume: between its two parts (Otsu's rule) where it has two, else
 * so that the densest 3 % of the voxels are inside.
 */
export function firstThreshold({ histogram: { min, max, counts } }: VolumeFacts, isDarkDense: boolean): number {
  const width = (max - min) / counts.length;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const sum = counts.reduce((all, count, i) => all + count * i, 0);
  const mean = sum / total;
  const variance = counts.reduce((all, count, i) => all + count * (i - mean) ** 2, 0) / total;
  let [best, split] = [-1, 0];
  let [below, belowSum] = [0, 0];
  for (const [i, count] of counts.entries()) {
    below += count;
    belowSum += count * i;
    if (below === 0 || below === total) continue;
    const between = (below / total) * (1 - below / total) * (belowSum / below - (sum - belowSum) / (total - below)) ** 2;
    // bins without voxels do not say where between two parts it is: their middle is meant
    if (between > best * (1 + 1e-9)) [best, split] = [between, i];
  }
  if (best > TWO_PARTS * variance) {
    let end = split + 1;
    while (end < counts.length - 1 && counts[end] === 0) end++;
    return significant(min + width * ((split + 1 + end) / 2));
  }
  let inside = 0;
  const order = isDarkDense ? counts.keys() : [...counts.keys()].reverse();
  for (const i of order) {
    inside += counts[i]!;
    if (inside >= DENSE_PART * total) return significant(min + width * (isDarkDense ? i + 1 : i));
  }
  return significant((min + max) / 2);
}

const significant = (value: number): number => Number(value.toPrecision(4));
