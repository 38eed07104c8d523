import { namedBinning } from "../recognisers/common/names.js";
import type { Listed, PlaceOptions } from "./lists.js";

/**
 * Å of the voxels that the names of lists tell: `picks_bin8` are voxels of a tomogram that was binned by 8, whether that one is there or not. The name of the
 * file counts before those of its folders. Undefined where the lists of a group tell several, or where their runs have several sizes of pixels, or none.
 */
export function binnedAsNamed(
  group: readonly Pick<Listed, "path">[],
  runs: readonly string[],
  { pixelsOf }: Pick<PlaceOptions, "pixelsOf">,
): number | undefined {
  const [binning, ...otherBinnings] = [...new Set(group.map(({ path }) => namedBinning(path)))];
  const [pixel, ...otherPixels] = [...new Set(runs.flatMap(pixelsOf))];
  if (binning === undefined || pixel === undefined || otherBinnings.length > 0 || otherPixels.length > 0) return undefined;
  return Number((binning * pixel).toPrecision(6));
}
