/** A stretch of a name, and whether the other name lacks it. */
export interface Stretch {
  readonly text: string;
  readonly isOwn: boolean;
}

/** Longer names are compared whole: nobody reads letters in them. */
const LETTERS_MAX = 200;

/** Both names in stretches: what they share (a longest common subsequence of their letters), and what only one has. */
export function nameDiff(a: string, b: string): readonly [readonly Stretch[], readonly Stretch[]] {
  const [left, right] = [[...a], [...b]];
  if (left.length > LETTERS_MAX || right.length > LETTERS_MAX)
    return [[{ text: a, isOwn: a !== b }], [{ text: b, isOwn: a !== b }]];
  // common[i][j]: letters that the ends from i and from j share
  const common = Array.from({ length: left.length + 1 }, () => new Uint8Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i--)
    for (let j = right.length - 1; j >= 0; j--)
      common[i]![j] = left[i] === right[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
  const [own, other]: [Stretch[], Stretch[]] = [[], []];
  for (let i = 0, j = 0; i < left.length || j < right.length; ) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      add(own, left[i++]!, false);
      add(other, right[j++]!, false);
    } else if (j >= right.length || (i < left.length && common[i + 1]![j]! >= common[i]![j + 1]!)) add(own, left[i++]!, true);
    else add(other, right[j++]!, true);
  }
  return [own, other];
}

function add(stretches: Stretch[], letter: string, isOwn: boolean): void {
  const last = stretches.at(-1);
  if (last?.isOwn === isOwn) stretches[stretches.length - 1] = { text: last.text + letter, isOwn };
  else stretches.push({ text: letter, isOwn });
}
