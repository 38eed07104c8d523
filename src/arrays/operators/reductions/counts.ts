/** Counts of few of many bins: bin, count, bin, count, … with ascending bins. */
export type Counts = readonly number[];

export function sparse(counts: ArrayLike<number>): Counts {
  const found: number[] = [];
  for (let bin = 0; bin < counts.length; bin++) if (counts[bin]! > 0) found.push(bin, counts[bin]!);
  return found;
}

/** The sum of several as one number a bin. */
export function dense(parts: readonly Counts[], bins: number): Float64Array {
  const total = new Float64Array(bins);
  for (const part of parts) for (let at = 0; at + 1 < part.length; at += 2) total[part[at]!]! += part[at + 1]!;
  return total;
}
