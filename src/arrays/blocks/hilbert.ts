import type { Triple } from "../../core/box.js";

/**
 * Cells of a grid, and the things in them, which lie along each axis one behind another. `begin(axis, cell)` is the number, along the axis,
 * of the first thing that does not lie before the cell; it never falls with the cell.
 */
export interface HilbertCells {
  readonly cells: Triple;
  begin(axis: number, cell: number): number;
}

/** Range of things, `[low, high)` along each axis. */
export interface HilbertRange {
  readonly low: Triple;
  readonly high: Triple;
}

/**
 * The order in which the curve visits the eight children of a cube, for each state in which it enters the cube: `8 · state +
 * child` gives the child's corner (bit `axis` is set in the upper half) and the state in it. After Hamilton and Rau-Chaplin 2008,
 * for three axes; a state is `3 · entry + direction`.
 */
const CORNERS = new Uint8Array(24 * 8);
const STATES = new Uint8Array(24 * 8);
for (let entry = 0; entry < 8; entry++)
  for (let direction = 0; direction < 3; direction++)
    for (let child = 0; child < 8; child++) {
      const at = 8 * (3 * entry + direction) + child;
      const entered = child === 0 ? 0 : gray(2 * Math.floor((child - 1) / 2));
      const turned = child === 0 ? 0 : trailingOnes(child % 2 === 0 ? child - 1 : child);
      CORNERS[at] = turn(gray(child), direction + 1) ^ entry;
      STATES[at] = 3 * (entry ^ turn(entered, direction + 1)) + ((direction + turned + 1) % 3);
    }

function gray(number: number): number {
  return number ^ (number >> 1);
}

function trailingOnes(number: number): number {
  let ones = 0;
  while ((number >> ones) & 1) ones++;
  return ones;
}

function turn(bits: number, by: number): number {
  const places = by % 3;
  return ((bits << places) | (bits >> (3 - places))) & 7;
}

/**
 * The cell of a Hilbert curve that holds the thing number `position`, and that thing's number among those of the cell.
 *
 * The curve fills the smallest cube of 2ⁿ cells that holds the grid. Its parts outside the grid hold nothing and count nothing, so the numbers
 * are exact for any number of cells; where the curve leaves the grid, it comes back some cells farther on.
 *
 * @param range things that count at all
 * @param position below their number
 *
 * Cost: at most 8 products for each halving of the cube.
 */
export function hilbertCell(
  { cells, begin }: HilbertCells,
  range: HilbertRange,
  position: number,
): HilbertRange & { readonly position: number } {
  const low: Triple = [...range.low];
  const high: Triple = [...range.high];
  const middle: Triple = [0, 0, 0];
  const at: Triple = [0, 0, 0];
  let rest = position;
  let state = 0;
  for (let half = 2 ** (Math.ceil(Math.log2(Math.max(...cells))) - 1); half >= 1; half /= 2) {
    for (let axis = 0; axis < 3; axis++)
      middle[axis] = Math.min(high[axis]!, Math.max(low[axis]!, begin(axis, at[axis]! + half)));
    let child = 8 * state;
    for (; ; child++) {
      const corner = CORNERS[child]!;
      const inside =
        (corner & 1 ? high[0] - middle[0] : middle[0] - low[0]) *
        (corner & 2 ? high[1] - middle[1] : middle[1] - low[1]) *
        (corner & 4 ? high[2] - middle[2] : middle[2] - low[2]);
      if (rest < inside) break;
      rest -= inside;
    }
    for (let axis = 0; axis < 3; axis++) {
      if (!((CORNERS[child]! >> axis) & 1)) high[axis] = middle[axis]!;
      else [low[axis], at[axis]] = [middle[axis]!, at[axis]! + half];
    }
    state = STATES[child]!;
  }
  return { low, high, position: rest };
}
