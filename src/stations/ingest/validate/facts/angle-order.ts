/** Tolerance as a share of the step between tilts: aligned angles are off by less, once their common offset is taken away. */
const TOLERANCE = 0.6;
/** Fewer tilts have no order and no step. */
const LEAST = 4;

/**
 * Tilts whose sign is the wrong one, by other angles of the same sections: those that fit with the other sign alone. A common
 * offset, as alignment programs add it, is taken away first.
 *
 * @param angles degrees.
 * @param others degrees, as many. Both by section; where the two are in different orders, they are compared by their sizes.
 * @returns positions in `angles`; none where the two do not fit together anyhow.
 */
export function flippedSigns(angles: readonly number[], others: readonly number[]): number[] {
  if (angles.length !== others.length || angles.length < LEAST) return [];
  const most = TOLERANCE * stepOf(others);
  const offset = median(angles.map((angle, i) => angle - others[i]!));
  const off = angles.flatMap((angle, i) => (Math.abs(angle - others[i]! - offset) > most ? [i] : []));
  if (off.length * 2 < angles.length) return off.filter((i) => Math.abs(-angles[i]! - others[i]! - offset) <= most);
  const wanted = ascending(others);
  if (spread(ascending(angles), wanted) <= most) return [];
  const fits = angles.map((_, i) => spread(ascending(angles.with(i, -angles[i]!)), wanted));
  const best = Math.min(...fits);
  return best <= most ? [fits.indexOf(best)] : [];
}

/** Whether angles fit others, section by section, in the reversed order alone. */
export function isReversed(angles: readonly number[], others: readonly number[]): boolean {
  if (angles.length !== others.length || angles.length < LEAST) return false;
  const most = TOLERANCE * stepOf(others);
  return spread(angles, others) > most && spread(angles.toReversed(), others) <= most;
}

/** The largest difference between two lists of angles, once their common (median) offset is taken away. */
function spread(angles: readonly number[], others: readonly number[]): number {
  const differences = angles.map((angle, i) => angle - others[i]!);
  const offset = median(differences);
  return Math.max(...differences.map((difference) => Math.abs(difference - offset)));
}

function stepOf(angles: readonly number[]): number {
  const sorted = ascending(angles);
  return median(sorted.slice(1).map((angle, i) => angle - sorted[i]!));
}

function median(numbers: readonly number[]): number {
  const sorted = ascending(numbers);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}
