/**
 * The candidate that was probably meant: the one with the smallest edit distance (insert, delete, replace, swap neighbours, case
 * ignored), if that is at most a third of the longer word. Equal distances: the first one.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  const lower = word.toLowerCase();
  for (const candidate of candidates) {
    const longer = Math.max(word.length, candidate.length);
    const most = Math.max(1, Math.floor(longer / 3));
    // at least this many letters must be inserted or deleted
    if (longer > 200 || Math.abs(word.length - candidate.length) > Math.min(most, bestDistance - 1)) continue;
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < bestDistance && distance <= most) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Optimal string alignment distance, O(a·b). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, above[j]! + 1, row[j - 1]! + 1);
      // before the first letter there is none, which equals no letter
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    [before, above] = [above, row];
  }
  return above[b.length]!;
}
