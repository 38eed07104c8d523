import type { Triple } from "../../core/box.js";

/**
 * Cells of a grid, and the things in them, which lie along each axis one behind another. `begin(axis, cell)` is the number, along the axis,
 * of the first thing that does not lie before the cell; it never falls with the cell.
 */
export interface HilbertCells {
  readonly cells: Triple;
  begin(axis: number, cell: number): number;
}

/** Things `[low, high)` along each axis. */
export interface HilbertRange {
  readonly low: Triple;
  readonly high: Triple;
}

/** Children of a cube in the order of the Gray code; entry corner and direction of each (Hamilton and Rau-Chaplin 2008, for three axes). */
const CHILDREN = [0, 1, 2, 3, 4, 5, 6, 7].map((child) => ({
  corner: gray(child),
  entry: child === 0 ? 0 : gray(2 * Math.floor((child - 1) / 2)),
  direction: child === 0 ? 0 : trailingOnes(child % 2 === 0 ? child - 1 : child) % 3,
}));

function gray(number: number): number {
  return number ^ (number >> 1);
}

function trailingOnes(number: number): number {
  let ones = 0;
  while ((number >> ones) & 1) ones++;
  return ones;
}

const turn = (bits: number, by: number) => ((bits << (by % 3)) | (bits >> (3 - (by % 3)))) & 7;

/**
 * The cell of a Hilbert curve that holds the thing number `position`, and that thing's number among those of the cell.
 *
 * The curve fills the smallest cube of 2ⁿ cells that holds the grid. Its parts outside the grid hold nothing and count nothing, so the numbers
 * are exact for any number of cells; where the curve leaves the grid, it comes back some cells farther on.
 *
 * @param range things that count at all
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
  let entry = 0;
  let direction = 0;
  for (let half = 2 ** (Math.ceil(Math.log2(Math.max(...cells))) - 1); half >= 1; half /= 2) {
    for (let axis = 0; axis < 3; axis++)
      middle[axis] = Math.min(high[axis]!, Math.max(low[axis]!, begin(axis, at[axis]! + half)));
    for (const child of CHILDREN) {
      const corner = turn(child.corner, direction + 1) ^ entry;
      let inside = 1;
      for (let axis = 0; axis < 3; axis++)
        inside *= (corner >> axis) & 1 ? high[axis]! - middle[axis]! : middle[axis]! - low[axis]!;
      if (rest >= inside) {
        rest -= inside;
        continue;
      }
      for (let axis = 0; axis < 3; axis++) {
        if (!((corner >> axis) & 1)) high[axis] = middle[axis]!;
        else [low[axis], at[axis]] = [middle[axis]!, at[axis]! + half];
      }
      entry ^= turn(child.entry, direction + 1);
      direction = (direction + child.direction + 1) % 3;
      break;
    }
  }
  return { low, high, position: rest };
}
