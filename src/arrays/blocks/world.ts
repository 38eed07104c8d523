import type { Box, Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import type { BlockLevel } from "./volume.js";

/*
 * World coordinates are in nanometers: `world = offsetNm + voxelSizeNm · index` of voxel *centers*, as OME-Zarr has it. A voxel fills the
 * half voxel size on each side of its center.
 */

/** A box in nanometers. It holds the voxels whose centers lie in `[start, start + size)`. */
export interface NmBox {
  readonly start: Readonly<Triple>;
  readonly size: Readonly<Triple>;
}

/** Nanometers are computed from stored decimals: a center this share of a voxel before a border is taken to lie on it. */
const ROUNDING = 1e-6;

/** @throws {EmporiumError} USAGE where the level has no voxel size */
export function voxelSizeOf(level: BlockLevel, name: string): Triple {
  const [z, y, x] = level.voxelSizeNm;
  if (z !== undefined && y !== undefined && x !== undefined) return [z, y, x];
  throw new EmporiumError("USAGE", `${name} has no voxel size in a unit of length, and nanometers were asked for`, {
    hint: "state the region in voxels, or write the voxel size into the metadata",
  });
}

/** The voxels of a level whose centers lie in a box of nanometers. They may lie outside the level. */
export function voxelsIn({ start, size }: NmBox, voxelSizeNm: Triple, offsetNm: Readonly<Triple>): Box {
  const first = (nm: number, axis: number) => Math.ceil((nm - offsetNm[axis]!) / voxelSizeNm[axis]! - ROUNDING) + 0;
  return {
    start: start.map((nm, axis) => first(nm, axis)) as Triple,
    stop: start.map((nm, axis) => first(nm + size[axis]!, axis)) as Triple,
  };
}

/** The region that a box of voxels covers, from the outer side of its first voxels to that of its last. */
export function filledBy({ start, stop }: Box, voxelSizeNm: Triple, offsetNm: Readonly<Triple>): NmBox {
  return {
    start: start.map((index, axis) => offsetNm[axis]! + (index - 0.5) * voxelSizeNm[axis]!) as Triple,
    size: start.map((index, axis) => (stop[axis]! - index) * voxelSizeNm[axis]!) as Triple,
  };
}
