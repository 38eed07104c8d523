import { nanometresPer } from "../../../formats/peek/facts.js";
import type { NormalisedRecord } from "../records/record.js";

/** Lengths of a data set in one unit, along `axes`; null if unknown, or if the axis is not spatial. */
export interface Scale {
  voxelNanometres: (number | null)[];
  extentNanometres: (number | null)[];
}

/** Voxel and field of view in nanometres. */
export function scaleOf({ shape, voxel_size: sizes, unit }: NormalisedRecord): Scale {
  const voxelNanometres = shape.map((_, axis) => {
    const [size, factor] = [sizes[axis] ?? null, nanometresPer(unit[axis])];
    return size === null || factor === undefined || !(size > 0) ? null : size * factor;
  });
  const extentNanometres = voxelNanometres.map((length, axis) => (length === null ? null : length * shape[axis]!));
  return { voxelNanometres, extentNanometres };
}

/** The number of voxels. Shapes in metadata may be any numbers, so it may be no safe integer. */
export function voxelsOf({ shape }: NormalisedRecord): number {
  return shape.reduce((product, length) => product * length, 1);
}
