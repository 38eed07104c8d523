import { z } from "zod";
import { flatLimits } from "../../contrast/sample.js";
import { percentilesFromHistogram } from "../../kernels/histogram.js";
import { HISTOGRAM_BINS } from "../../kernels/kernels.js";
import { eachRow } from "../block.js";
import { needNumbers } from "../schemas.js";
import { integerRange, type NumberArray } from "../voxels.js";
import { type Counts, dense, sparse } from "./counts.js";
import { reduction } from "./reduction.js";

type Part = { readonly counts: Counts; readonly min: number | null; readonly max: number | null };

/**
 * Limits between which the volume shows its contents: the percentiles `low` and `high` (1 and 99) of its finite voxels, as `limits`; `min`, `max` and
 * `count` beside them. Where nearly all voxels are one, `limits` are the minimum and the maximum; of one value v they are v and v + 1.
 *
 * Exact, as `np.percentile`, for integers up to 16 bits. Other types are counted in bins of 0.8 % (`percentilesFromHistogram`), after rounding
 * to float32.
 */
export const contrast = reduction({
  name: "contrast",
  version: 1,
  parameters: z
    .strictObject({ low: z.number().min(0).max(100).default(1), high: z.number().min(0).max(100).default(99) })
    .refine(({ low, high }) => low < high, "expected low to be less than high"),
  prepare(params, { dtype }) {
    needNumbers("contrast", dtype);
    return params;
  },
  partial(block, core): Part {
    const counts = new Float64Array(HISTOGRAM_BINS);
    const data = block.data as NumberArray;
    const range = { min: Infinity, max: -Infinity };
    const least = leastOfSmall(block.dtype);
    eachRow(block.box, core, (from, _, length) => {
      if (least === undefined) countFloats(data, from, length, counts, range);
      else countIntegers(data, from, length, least, counts, range);
    });
    const [min, max] = range.min <= range.max ? [range.min, range.max] : [null, null];
    return { counts: sparse(counts), min, max };
  },
  merge(parts) {
    const known = parts.filter(({ min }) => min !== null);
    const min = known.length === 0 ? null : Math.min(...known.map((part) => part.min!));
    const max = known.length === 0 ? null : Math.max(...known.map((part) => part.max!));
    return {
      counts: sparse(
        dense(
          parts.map(({ counts }) => counts),
          HISTOGRAM_BINS,
        ),
      ),
      min,
      max,
    };
  },
  finish({ counts, min, max }, { low, high }, { dtype }) {
    const total = counts.reduce((sum, value, at) => sum + (at % 2 === 1 ? value : 0), 0);
    if (min === null || max === null || min === max) return { limits: flatLimits(min ?? undefined), min, max, count: total };
    const least = leastOfSmall(dtype);
    const [from, to] =
      least === undefined
        ? percentilesFromHistogram(dense([counts], HISTOGRAM_BINS), [low, high], { min, max })
        : [low, high].map((percent) => exactPercentile(counts, percent, total) + least);
    return { limits: from! < to! ? [from!, to!] : [min, max], min, max, count: total };
  },
});

/** The least value of integers that have a bin each. */
function leastOfSmall(dtype: Parameters<typeof integerRange>[0]): number | undefined {
  const range = integerRange(dtype);
  return range && range[1] <= 65535 ? range[0] : undefined;
}

interface Range {
  min: number;
  max: number;
}

function countIntegers(data: NumberArray, from: number, length: number, least: number, counts: Float64Array, range: Range): void {
  for (let i = from; i < from + length; i++) {
    const value = data[i]!;
    counts[value - least]!++;
    if (value < range.min) range.min = value;
    if (value > range.max) range.max = value;
  }
}

const float = new Float32Array(1);
const word = new Uint32Array(float.buffer);

/** The bins of the `histogram` kernel, which percentiles are read from: the upper 16 bits of a float32 in ascending order. */
function countFloats(data: NumberArray, from: number, length: number, counts: Float64Array, range: Range): void {
  for (let i = from; i < from + length; i++) {
    float[0] = data[i]!;
    const value = float[0]!;
    if (value - value !== 0) continue;
    const bits = word[0]!;
    counts[(bits >= 0x80000000 ? ~bits >>> 0 : bits + 0x80000000) >>> 16]!++;
    if (value < range.min) range.min = value;
    if (value > range.max) range.max = value;
  }
}

/** As `np.percentile` has it, of counts of integers. */
function exactPercentile(counts: Counts, percent: number, total: number): number {
  const position = (percent / 100) * (total - 1);
  const rank = Math.floor(position);
  const below = valueOfRank(counts, rank);
  const above = valueOfRank(counts, Math.min(rank + 1, total - 1));
  return below + (above - below) * (position - rank);
}

function valueOfRank(counts: Counts, rank: number): number {
  let before = 0;
  for (let at = 0; at + 1 < counts.length; at += 2) {
    before += counts[at + 1]!;
    if (rank < before) return counts[at]!;
  }
  return counts.at(-2) ?? 0;
}
