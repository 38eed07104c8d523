import type { PictureFacts } from "./export.js";

/** `10.80 Å a voxel, -218 to 224`. */
export function printContrastWords({ voxelSizeAngstrom: [, , x], contrast }: PictureFacts): string {
  const size = x === null || x === undefined ? [] : [`${x.toFixed(2)} Å a voxel`];
  return [...size, ...(contrast ? [`${contrast.low} to ${contrast.high}`] : [])].join(", ");
}
