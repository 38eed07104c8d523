import type { Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { numpyChoice } from "./numpy-choice.js";

/** Black and white of a grey picture, in the units of the voxels. */
export type ContrastLimits = [low: number, high: number];

/** Sections kept on either side of the middle, for each method. */
export const GMM_RADIUS = 15;
export const CDF_RADIUS = 5;

/** Share of the whole volume's voxels that are drawn; where the sections kept hold fewer, all of their voxels are taken. */
const SHARE = 0.3;

/**
 * The middle sections of a volume: those within `radius` of its centre (nz − 1) / 2. Half-open.
 *
 * With radius 15 that is 31 sections where nz is odd and 30 where it is even; all of them where there are fewer.
 */
export function middleSections(nz: number, radius: number): { start: number; stop: number } {
  const centre = (nz - 1) / 2;
  return { start: Math.max(0, Math.ceil(centre - radius)), stop: Math.min(nz, Math.floor(centre + radius) + 1) };
}

/**
 * The voxels that contrast limits are found from, finite ones only: all of the middle sections where they are no more than 0.3 of
 * the whole volume, else that many of them, drawn as the portal draws them.
 *
 * @param slab voxels of the middle sections in C order.
 * @param shape shape of the whole volume.
 */
export function drawSample(slab: Float32Array, shape: Triple): Float32Array {
  const [nz, ny, nx] = shape;
  const section = ny * nx;
  if (slab.length > nz * section || (section > 0 && slab.length % section !== 0)) {
    throw new EmporiumError(
      "FORMAT_FIELD",
      `${counted(slab.length, "voxel")}; expected whole sections of ${ny}×${nx}, ${nz} at most`,
    );
  }
  const finite = slab.every(Number.isFinite) ? slab : slab.filter(Number.isFinite);
  const wanted = Math.trunc(nz * section * SHARE);
  if (wanted > finite.length) return finite;
  const places = numpyChoice(finite.length, wanted);
  const drawn = new Float32Array(wanted);
  for (let i = 0; i < wanted; i++) drawn[i] = finite[places[i]!]!;
  return drawn;
}

/** The least and the greatest of a sample; undefined where it is empty. */
export function rangeOf(sample: Float32Array): { min: number; max: number } | undefined {
  if (sample.length === 0) return undefined;
  let min = Infinity;
  let max = -Infinity;
  for (const value of sample) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/** Limits for a volume without contrast: its one value and 1 above it; 0 to 1 where there is no value at all. */
export function flatLimits(value = 0): ContrastLimits {
  // Where 1 is less than what a float64 tells apart, the next one.
  return [value, value + Math.max(1, Math.abs(value) * 2 * Number.EPSILON)];
}
