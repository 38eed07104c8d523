import { z } from "zod";
import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import { eachRow } from "../block.js";
import { withoutBigints } from "../narrow.js";
import { parameterFault } from "../operator.js";
import { isFloat } from "../voxels.js";
import { reduction } from "./reduction.js";

/** Labels as decimal digits, since JSON's numbers end at 2⁵³; ascending. */
type Part = { readonly labels: readonly string[]; readonly counts: readonly number[] };

/**
 * The labels of a volume of integers, ascending, and how many voxels each has: `np.unique(x, return_counts=True)`. `labels` are text: they may have 64
 * bits. More than `labelsMax` labels (default ten million) are refused.
 */
export const unique = reduction({
  name: "unique",
  version: 1,
  parameters: z.strictObject({ labelsMax: z.int().min(1).default(10_000_000) }),
  prepare(params, { dtype }) {
    if (isFloat(dtype) || dtype === "complex64" || dtype === "uint4")
      throw parameterFault("unique", "in", `takes integers, not ${dtype}`);
    return params;
  },
  partial(block, core, { labelsMax }): Part {
    const data = withoutBigints(block);
    const counts = new Map<number | bigint, number>();
    eachRow(block.box, core, (from, _, length) => countRow(data, from, length, counts));
    return ascending(
      [...counts].map(([label, count]) => [BigInt(label), count] as const),
      labelsMax,
    );
  },
  merge(parts, { labelsMax }) {
    const counts = new Map<string, number>();
    for (const part of parts)
      for (const [at, label] of part.labels.entries()) counts.set(label, (counts.get(label) ?? 0) + part.counts[at]!);
    return ascending(
      [...counts].map(([label, count]) => [BigInt(label), count] as const),
      labelsMax,
    );
  },
  finish: (part) => part,
});

/** Labels come in runs: each run is looked up once. */
function countRow(data: ArrayLike<number | bigint>, from: number, length: number, counts: Map<number | bigint, number>): void {
  let at = from;
  while (at < from + length) {
    const label = data[at]!;
    const first = at;
    while (at < from + length && data[at] === label) at++;
    counts.set(label, (counts.get(label) ?? 0) + at - first);
  }
}

function ascending(pairs: readonly (readonly [bigint, number])[], labelsMax: number): Part {
  if (pairs.length > labelsMax)
    throw new EmporiumError("MEMORY_LIMIT", `unique: more than ${counted(labelsMax, "label")}`, {
      hint: "raise labelsMax, or check that these are labels",
    });
  const sorted = [...pairs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return { labels: sorted.map(([label]) => String(label)), counts: sorted.map(([, count]) => count) };
}
