import { fixedHalfEven, roundHalfEven } from "../core/number.js";

/** Name of a voxel spacing in Å, as folders and filters have it: always three decimals, ties to even (`13.480`). */
export function voxelSpacingName(angstrom: number): string {
  return fixedHalfEven(angstrom, 3);
}

/** The spacing that volumes and metadata carry: rounded to three decimals. */
export function roundVoxelSpacing(angstrom: number): number {
  return roundHalfEven(angstrom, 3);
}

/** Edges of a voxel `[z, y, x]` as it is drawn: an unknown one is that of x or y; 1 where none is known, so that voxels are counted. */
export function drawnVoxel(sizes: readonly (number | null | undefined)[]): [z: number, y: number, x: number] {
  const known = sizes[2] ?? sizes[1] ?? sizes[0] ?? 1;
  return [sizes[0] ?? known, sizes[1] ?? known, sizes[2] ?? known];
}

/** True when a header and a configuration tell of the same spacing: within 0.1 %, or within the three decimals that are kept. */
export function sameSpacing(a: number, b: number): boolean {
  const difference = Math.abs(a - b);
  return difference <= 0.001 || difference <= 0.001 * Math.max(Math.abs(a), Math.abs(b));
}

const TENFOLD_TOLERANCE = 0.005;

/** Whether one of two spacings is ten times the other, as one in nm that was taken for Å. */
export function areTenfold(a: number, b: number): boolean {
  return Math.abs(Math.max(a, b) / Math.min(a, b) / 10 - 1) < TENFOLD_TOLERANCE;
}
