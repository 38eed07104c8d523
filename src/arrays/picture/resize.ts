import type { Frame } from "./frame.js";

/**
 * One channel of a plane, resized to a frame.
 *
 * Where the picture is smaller, each of its pixels is the weighted mean of all that lies under it and half of its neighbours (a
 * triangle, which is as wide as the Gaussian that the portal blurs with); where it is larger, a cubic of Mitchell and Netravali
 * lies through the plane, which shows neither blocks nor stars. At its own size a plane is copied.
 *
 * @param plane rows of `planeWidth` pixels, `channels` numbers each.
 * @param channel which of them.
 * @returns `height × width` numbers of the frame, in the plane's unit.
 *
 * Cost: a few operations a pixel of the plane inside the frame and of the picture.
 */
export function framed(
  plane: ArrayLike<number>,
  planeHeight: number,
  planeWidth: number,
  frame: Frame,
  { channels = 1, channel = 0 }: { channels?: number; channel?: number } = {},
): Float32Array {
  const { turned, width, height } = frame;
  // turned by 90° counter-clockwise: what was the last column is the first row
  const [first, alongX, alongY] = turned ? [planeWidth - 1, planeWidth, -1] : [0, 1, planeWidth];
  const [across, down] = turned ? [planeHeight, planeWidth] : [planeWidth, planeHeight];
  const columns = weightsOf(frame.x, frame.w, width, across);
  const rows = weightsOf(frame.y, frame.h, height, down);
  const top = Math.min(...rows.map(({ from }) => from));
  const bottom = Math.max(...rows.map(({ from, weights }) => from + weights.length));
  const narrow = new Float32Array((bottom - top) * width);
  for (let y = top; y < bottom; y++) {
    for (let x = 0; x < width; x++) {
      const { from, weights } = columns[x]!;
      let sum = 0;
      let at = (first + y * alongY + from * alongX) * channels + channel;
      for (let i = 0; i < weights.length; i++, at += alongX * channels) sum += weights[i]! * plane[at]!;
      narrow[(y - top) * width + x] = sum;
    }
  }
  const result = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const { from, weights } = rows[y]!;
    const to = y * width;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!;
      const row = (from + i - top) * width;
      for (let x = 0; x < width; x++) result[to + x]! += weight * narrow[row + x]!;
    }
  }
  return result;
}

/** Composition of one pixel of the picture: neighbouring pixels from `from` on, with weights that add up to 1. */
interface Weights {
  readonly from: number;
  readonly weights: Float64Array;
}

/** Resizes `length` pixels from `start` on along one axis to `count`. Beyond the plane the pixels at its edge are repeated. */
function weightsOf(start: number, length: number, count: number, planeLength: number): Weights[] {
  const scale = length / count;
  const kernel = scale > 1 ? triangle : mitchell;
  const stretch = Math.max(1, scale);
  const reach = (scale > 1 ? 1 : 2) * stretch;
  return Array.from({ length: count }, (_, at): Weights => {
    if (scale === 1 && Number.isInteger(start)) return { from: start + at, weights: Float64Array.of(1) };
    const middle = start + (at + 0.5) * scale;
    const low = Math.ceil(middle - reach - 0.5);
    const high = Math.floor(middle + reach - 0.5);
    const from = Math.max(0, Math.min(low, planeLength - 1));
    const to = Math.min(planeLength - 1, Math.max(high, 0));
    const weights = new Float64Array(to - from + 1);
    let whole = 0;
    for (let pixel = low; pixel <= high; pixel++) {
      const weight = kernel((pixel + 0.5 - middle) / stretch);
      whole += weight;
      weights[Math.min(Math.max(pixel, from), to) - from]! += weight;
    }
    for (let i = 0; i < weights.length; i++) weights[i]! /= whole;
    return { from, weights };
  });
}

function triangle(at: number): number {
  return Math.max(0, 1 - Math.abs(at));
}

/** Source: Mitchell, Netravali 1988, with B = C = 1/3. */
function mitchell(at: number): number {
  const t = Math.abs(at);
  if (t < 1) return (7 * t ** 3 - 12 * t ** 2 + 16 / 3) / 6;
  return t < 2 ? ((-7 / 3) * t ** 3 + 12 * t ** 2 - 20 * t + 32 / 3) / 6 : 0;
}
