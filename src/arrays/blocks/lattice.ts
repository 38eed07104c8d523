import type { Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import type { BlockLevel } from "./volume.js";
import { voxelSizeOf } from "./world.js";

/** Voxel of a grid → coordinate in an array's voxels, along each axis: `scale · index + shift`. */
export interface Lattice {
  readonly scale: Triple;
  readonly shift: Triple;
}

/**
 * Moves an array in the world, in nanometers: row `axis` holds the three factors of `[z, y, x]` and the translation. The identity is
 * `[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]`. Scales and translations only.
 */
export type WorldTransform = readonly [AffineRow, AffineRow, AffineRow];
type AffineRow = readonly [z: number, y: number, x: number, translationNm: number];

const IDENTITY: WorldTransform = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
];

/** @throws {EmporiumError} USAGE (a level without voxel size, a scale of 0), FORMAT_UNSUPPORTED (rotations and shears) */
export function latticeOf(
  grid: BlockLevel,
  array: BlockLevel,
  names: { readonly grid: string; readonly array: string },
  transform: WorldTransform = IDENTITY,
): Lattice {
  requireAligned(transform, names.array);
  const [gridSize, arraySize] = [voxelSizeOf(grid, names.grid), voxelSizeOf(array, names.array)];
  const factor = (axis: number) => transform[axis]![axis]!;
  return {
    scale: gridSize.map((size, axis) => size / factor(axis) / arraySize[axis]!) as Triple,
    shift: grid.offsetNm.map(
      (nm, axis) => ((nm - transform[axis]![3]) / factor(axis) - array.offsetNm[axis]!) / arraySize[axis]!,
    ) as Triple,
  };
}

function requireAligned(transform: WorldTransform, name: string): void {
  const numbers = transform.flat();
  if (numbers.length !== 12 || !numbers.every(Number.isFinite) || transform.some((row, axis) => row[axis] === 0)) {
    throw new EmporiumError("USAGE", `the transform of ${name}: expected three rows of four numbers with scales other than 0`);
  }
  if (transform.every((row, axis) => row.every((value, column) => column === axis || column === 3 || value === 0))) return;
  throw new EmporiumError(
    "FORMAT_UNSUPPORTED",
    `the transform of ${name} rotates or shears; blocks are cut along the axes of the grid`,
    {
      hint: "resample the array onto the grid first, and register the result; or take the rotated array as the grid",
    },
  );
}

/** Tolerance in voxels below which two lattices count as the same: coordinates are computed from decimals. */
const SAME = 1e-6;

/** Fit of an array to a grid when its voxels are taken unchanged, shifted by a whole number of voxels. */
export interface Fit {
  /** Shift from indices of the grid to indices of the array, in voxels. */
  readonly by: Triple;
  /** The farthest that a voxel of the grid lies from the array's voxel that is taken for it, in voxels of the array. */
  readonly mismatch: number;
  readonly isSame: boolean;
}

/** @param start first voxel of the grid that is read, along each axis @param stop behind the last one */
export function fitOf({ scale, shift }: Lattice, start: Triple, stop: Triple): Fit {
  const by: Triple = [0, 0, 0];
  let mismatch = 0;
  for (let axis = 0; axis < 3; axis++) {
    const at = (index: number) => scale[axis]! * index + shift[axis]! - index;
    const [first, last] = [at(start[axis]!), at(stop[axis]! - 1)];
    by[axis] = Math.round((first + last) / 2) + 0;
    mismatch = Math.max(mismatch, Math.abs(first - by[axis]!), Math.abs(last - by[axis]!));
  }
  return { by, mismatch, isSame: mismatch <= SAME };
}

/** The level whose voxels are nearest in size to those of the grid, along the axis where they differ most; the finer of two. */
export function nearestLevel(levels: readonly BlockLevel[], grid: BlockLevel, names: { grid: string; array: string }): number {
  const distances = levels.map((level) => {
    const { scale } = latticeOf(grid, level, names);
    return Math.max(...scale.map((factor) => Math.abs(Math.log2(factor))));
  });
  return distances.reduce((best, distance, index) => (distance < distances[best]! - SAME ? index : best), 0);
}
