import { few } from "../../../../core/finding.js";
import type { Listed, PlaceOptions } from "./lists.js";

/** Relative difference of a ratio from a simple one. Calibrated sizes of pixels differ by less. */
const TOLERANCE = 0.01;
/** Up to here halves of a ratio are binnings, too. */
const HALVES_MAX = 4;

/**
 * Why a list that tells the size of its pixels may be of another series: no tomogram of its run has such voxels, nor is one of them, or the pixel of
 * the run's images, a simple part or multiple of them. Of two sessions with series of one name the one may be gone. Warp makes tomograms and lists with
 * voxels of any size: of its lists, and where nothing tells the pixel of the images, nothing is strange.
 *
 * @returns a sentence without its full stop; undefined where nothing is strange
 */
export function foreignPixels(
  { reading: { unit, pixelAngstrom, binning }, series }: Pick<Listed, "reading" | "series">,
  runs: readonly string[],
  { volumesOf, pixelsOf }: Pick<PlaceOptions, "volumesOf" | "pixelsOf">,
): string | undefined {
  if (unit !== "pixels" || pixelAngstrom === undefined || binning !== undefined) return undefined;
  if ([...(series?.keys() ?? [])].some((name) => /\.tomostar$/i.test(name))) return undefined;
  for (const run of runs) {
    const voxels = [...new Set(volumesOf(run).flatMap(({ spacingAngstrom }) => spacingAngstrom ?? []))];
    const pixels = [...new Set(pixelsOf(run))];
    if (voxels.length === 0 || pixels.length === 0 || [...voxels, ...pixels].some((one) => isSimple(one / pixelAngstrom)))
      continue;
    const sizes = (some: readonly number[]) => few(some.map(inAngstrom));
    const own = `the voxels of ${run} have ${sizes(voxels)} and the pixels of its images ${sizes(pixels)}`;
    return `The pixels of the list have ${inAngstrom(pixelAngstrom)}, ${own}: none is a binning of the other, so that it may be of another series of this name`;
  }
  return undefined;
}

const inAngstrom = (size: number): string => `${Number(size.toFixed(3))} Å`;

function isSimple(ratio: number): boolean {
  const one = ratio < 1 ? 1 / ratio : ratio;
  const near = one > HALVES_MAX ? Math.round(one) : Math.round(2 * one) / 2;
  return Math.abs(one / near - 1) <= TOLERANCE;
}
