/** Joins words to one key. No name on a disk and no name of a run contains NUL. */
export const keyOf = (...words: readonly string[]): string => words.join("\u0000");

/** Items by a key, in the order of their first appearance. */
export function groupsOf<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const map = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = map.get(key);
    if (group) group.push(item);
    else map.set(key, [item]);
  }
  return map;
}
