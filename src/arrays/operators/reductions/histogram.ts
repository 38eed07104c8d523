import { z } from "zod";
import { eachRow } from "../block.js";
import { needNumbers } from "../schemas.js";
import type { NumberArray } from "../voxels.js";
import { type Counts, dense, sparse } from "./counts.js";
import { reduction } from "./reduction.js";

const BINS_MAX = 65_536;

type Part = { readonly counts: Counts };

/**
 * `np.histogram(x.astype("f8"), bins, range)`: `edges` and `counts`. The last bin has its upper edge; voxels outside the range, and NaN, are not
 * counted.
 */
export const histogram = reduction({
  name: "histogram",
  version: 1,
  parameters: z.strictObject({
    bins: z.int().min(1).max(BINS_MAX).default(256),
    range: z.tuple([z.number(), z.number()]).refine(([low, high]) => low < high, "expected two numbers, the lower one first"),
  }),
  prepare(params, { dtype }) {
    needNumbers("histogram", dtype);
    return params;
  },
  partial(block, core, { bins, range }): Part {
    const edges = binEdges(bins, range);
    const counts = new Float64Array(bins);
    const data = block.data as NumberArray;
    eachRow(block.box, core, (from, _, length) => countRow(data, from, length, edges, counts));
    return { counts: sparse(counts) };
  },
  merge: (parts, { bins }) => ({
    counts: sparse(
      dense(
        parts.map(({ counts }) => counts),
        bins,
      ),
    ),
  }),
  finish: ({ counts }, { bins, range }) => ({ edges: [...binEdges(bins, range)], counts: [...dense([counts], bins)] }),
});

/** As `np.linspace`. */
function binEdges(bins: number, [low, high]: readonly [number, number]): Float64Array {
  const step = (high - low) / bins;
  const edges = Float64Array.from({ length: bins + 1 }, (_, i) => i * step + low);
  edges[bins] = high;
  return edges;
}

function countRow(data: NumberArray, from: number, length: number, edges: Float64Array, counts: Float64Array): void {
  const bins = counts.length;
  const [low, high] = [edges[0]!, edges[bins]!];
  const perUnit = bins / (high - low);
  for (let i = from; i < from + length; i++) {
    const value = data[i]!;
    if (!(value >= low && value <= high)) continue;
    let bin = Math.min(Math.floor((value - low) * perUnit), bins - 1);
    // the product is rounded, the edges decide
    if (value < edges[bin]!) bin--;
    else if (bin < bins - 1 && value >= edges[bin + 1]!) bin++;
    counts[bin]!++;
  }
}
