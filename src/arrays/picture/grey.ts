/** Values further from the mean than this many standard deviations show nothing but bright and dark spots. */
const DEVIATIONS = 3;

/**
 * A plane as grey values 0 to 255: clipped at three standard deviations from the mean, then stretched to the full range. A plane
 * without contrast becomes middle grey; pixels that are not finite become the darkest grey.
 *
 * @param plane any number of pixels; not changed.
 *
 * Source: `project_slab` in cryoet-data-portal-backend `common/make_key_image.py`, and matplotlib's grey colour map of 256 steps.
 * Cost: three passes.
 */
export function greyOf(plane: Float32Array | Float64Array): Uint8Array {
  const { mean, deviation, min, max } = momentsOf(plane);
  const low = Math.max(min, mean - DEVIATIONS * deviation);
  const high = Math.min(max, mean + DEVIATIONS * deviation);
  const grey = new Uint8Array(plane.length);
  if (!(high > low)) return grey.fill(127);
  const scale = 256 / (high - low);
  for (let i = 0; i < plane.length; i++) {
    const step = (plane[i]! - low) * scale;
    // not a number is not above 0
    grey[i] = step > 0 ? Math.min(255, step) : 0;
  }
  return grey;
}

/** Moments and range of the finite values. */
function momentsOf(plane: Float32Array | Float64Array): { mean: number; deviation: number; min: number; max: number } {
  let [count, sum, min, max] = [0, 0, Infinity, -Infinity];
  for (let i = 0; i < plane.length; i++) {
    const value = plane[i]!;
    if (!Number.isFinite(value)) continue;
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) return { mean: 0, deviation: 0, min: 0, max: 0 };
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < plane.length; i++) {
    const off = plane[i]! - mean;
    if (Number.isFinite(off)) squares += off * off;
  }
  return { mean, deviation: Math.sqrt(squares / count), min, max };
}
