import type { Frame } from "./frame.js";

/** A canvas of 8 bits a colour: rows from the top, red, green, blue. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** `3 · width · height` bytes. */
  readonly rgb: Uint8Array;
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** Discs for points, all of one colour. */
export interface Disc {
  /** Pixels of the plane, whose first pixel's middle is at 0. */
  readonly x: number;
  readonly y: number;
  readonly colour: Rgb;
}

/** Many discs as numbers: 20 bytes each, where objects take some hundreds, and again for each thread that they are sent to. */
export interface DiscList {
  /** x and y of each. */
  readonly places: Float64Array;
  /** Of each, among `colours`. */
  readonly colourOf: Uint32Array;
  readonly colours: readonly Rgb[];
}

/** The discs of a list, as often as they are asked for. */
export function discsOf({ places, colourOf, colours }: DiscList): Iterable<Disc> {
  return {
    *[Symbol.iterator]() {
      for (let i = 0; i < colourOf.length; i++)
        yield { x: places[2 * i]!, y: places[2 * i + 1]!, colour: colours[colourOf[i]!]! };
    },
  };
}

/** Discs let the grey behind them shine through a little, masks much. */
const DISC_OPACITY = 0.8;
const MASK_OPACITY = 0.1;

/** Points of type are 1/72 inch; the reference draws a pixel of the plane as one of 100 to an inch. */
const PIXELS_OF_POINT = 100 / 72;

/** Sub-pixels along each axis by which an edge is smoothed. */
const SAMPLES = 4;

/**
 * Radius of a disc and width of its white rim in pixels of a plane: the reference gives a disc an area of a tenth of the plane's width in square
 * points of type (of the square around it, as matplotlib counts), and the rim a thousandth of the width in points.
 */
export function discSize(planeWidth: number): { radius: number; rim: number } {
  return { radius: (Math.sqrt(planeWidth / 10) / 2) * PIXELS_OF_POINT, rim: (planeWidth / 1000) * PIXELS_OF_POINT };
}

/** Lays a colour over a picture where a mask is. @param cover share of each pixel that the mask covers, 0 to 1. */
export function drawMask({ rgb }: Picture, cover: Float32Array, colour: Rgb): void {
  for (let pixel = 0; pixel < cover.length; pixel++) {
    if (cover[pixel]! > 0) blend(rgb, 3 * pixel, colour, MASK_OPACITY * Math.min(1, cover[pixel]!));
  }
}

/** Draws discs with white rims, the later over the earlier ones. They have their size in the plane, and so in every picture of it. */
export function drawDiscs(picture: Picture, discs: Iterable<Disc>, planeWidth: number, frame: Frame): void {
  const { width, height, rgb } = picture;
  const { radius, rim } = discSize(planeWidth);
  const [scaleX, scaleY] = [frame.width / frame.w, frame.height / frame.h];
  const [inner, outer] = [(radius - rim / 2) * scaleX, (radius + rim / 2) * scaleX];
  const fill = radius * scaleX;
  for (const { x, y, colour } of discs) {
    const [across, down] = frame.turned ? [y + 0.5, planeWidth - x - 0.5] : [x + 0.5, y + 0.5];
    const [middleX, middleY] = [(across - frame.x) * scaleX, (down - frame.y) * scaleY];
    const bottom = Math.min(height - 1, Math.floor(middleY + outer));
    const right = Math.min(width - 1, Math.floor(middleX + outer));
    for (let row = Math.max(0, Math.floor(middleY - outer)); row <= bottom; row++) {
      for (let column = Math.max(0, Math.floor(middleX - outer)); column <= right; column++) {
        const distances = { x: column - middleX, y: row - middleY };
        const filled = coverOf(distances, fill);
        if (filled > 0) blend(rgb, 3 * (row * width + column), colour, DISC_OPACITY * filled);
        const ring = coverOf(distances, outer) - coverOf(distances, inner);
        if (ring > 0) blend(rgb, 3 * (row * width + column), WHITE, DISC_OPACITY * ring);
      }
    }
  }
}

const WHITE: Rgb = [255, 255, 255];

/** Share of a pixel, whose corner is that far from the middle of a disc, that the disc covers. */
function coverOf({ x, y }: { x: number; y: number }, radius: number): number {
  const distance = Math.hypot(x + 0.5, y + 0.5);
  if (distance >= radius + Math.SQRT1_2) return 0;
  if (distance <= radius - Math.SQRT1_2) return 1;
  let inside = 0;
  for (let j = 0; j < SAMPLES; j++) {
    for (let i = 0; i < SAMPLES; i++) {
      const [dx, dy] = [x + (i + 0.5) / SAMPLES, y + (j + 0.5) / SAMPLES];
      if (dx * dx + dy * dy < radius * radius) inside++;
    }
  }
  return inside / SAMPLES ** 2;
}

function blend(rgb: Uint8Array, at: number, colour: Rgb, opacity: number): void {
  for (let i = 0; i < 3; i++) rgb[at + i] = Math.round(rgb[at + i]! + (colour[i]! - rgb[at + i]!) * opacity);
}
