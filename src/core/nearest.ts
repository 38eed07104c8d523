/**
 * The candidate that was probably meant: the one with the smallest edit distance (insert, delete, replace, swap neighbours, case
 * ignored), if that is at most a third of the longer word. Equal distances: the first one.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  const lower = word.toLowerCase();
  const wanted = lettersOf(lower);
  for (const candidate of candidates) {
    const longer = Math.max(word.length, candidate.length);
    const most = Math.max(1, Math.floor(longer / 3));
    // at least this many letters must be inserted or deleted
    const bound = Math.min(most, bestDistance - 1);
    if (longer > 200 || Math.abs(word.length - candidate.length) > bound) continue;
    const other = candidate.toLowerCase();
    // and these replaced or deleted, these replaced or inserted
    const letters = lettersOf(other);
    if (bitsOf(wanted & ~letters) > bound || bitsOf(letters & ~wanted) > bound) continue;
    const distance = editDistance(lower, other);
    if (distance < bestDistance && distance <= most) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** A bit for each letter that is there; several letters share one. */
function lettersOf(text: string): number {
  let letters = 0;
  for (let at = 0; at < text.length; at++) letters |= 1 << (text.charCodeAt(at) & 31);
  return letters;
}

function bitsOf(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count++;
  return count;
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
