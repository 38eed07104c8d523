import { groupsOf } from "../../../../../core/groups.js";

/** Centres of different objects are farther apart. */
export const APART_ANGSTROM = 20;

/**
 * Finds places near those given.
 *
 * @param places x, y, z of each, Å
 * @param within Å
 */
export function nearby(places: ArrayLike<number>, within = APART_ANGSTROM): (of: ArrayLike<number>, at: number) => boolean {
  const cellOf = (one: number) => Math.floor(one / within);
  const cells = groupsOf(
    Array.from({ length: places.length / 3 }, (_, row) => 3 * row),
    (row) => [0, 1, 2].map((axis) => cellOf(places[row + axis]!)).join(" "),
  );
  const isNear = (of: ArrayLike<number>, at: number, row: number) =>
    Math.hypot(...[0, 1, 2].map((axis) => of[at + axis]! - places[row + axis]!)) <= within;
  return (of, at) => {
    const [x, y, z] = [0, 1, 2].map((axis) => cellOf(of[at + axis]!)) as [number, number, number];
    for (let i = 0; i < 27; i++) {
      const key = `${x + (i % 3) - 1} ${y + (Math.floor(i / 3) % 3) - 1} ${z + Math.floor(i / 9) - 1}`;
      if (cells.get(key)?.some((row) => isNear(of, at, row))) return true;
    }
    return false;
  };
}
