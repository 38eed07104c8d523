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
  /** x and y of each disc. */
  readonly places: Float64Array;
  /** Index into `colours` of each disc's colour. */
  readonly colourOf: Uint32Array;
  readonly colours: readonly Rgb[];
}

/** Discs by their places in the order in which they are drawn: an array, or a list that makes each when it is asked for. */
export interface Discs {
  readonly length: number;
  at(index: number): Disc | undefined;
}

/** The discs of a list. */
export function discsOf({ places, colourOf, colours }: DiscList): Discs {
  return {
    length: colourOf.length,
    at: (i) => ({ x: places[2 * i]!, y: places[2 * i + 1]!, colour: colours[colourOf[i]!]! }),
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
 * Radius of a disc and width of its white rim, in pixels of a plane. As in the reference, a disc's area in square points
 * (matplotlib's `s`) is a tenth of the plane's width, the rim in points a thousandth of it.
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

/**
 * Draws discs with white rims, later ones over earlier ones. Their size is relative to the plane. Skips discs that are hidden: of
 * 200,000 points in a small tomogram a few hundred are visible.
 */
export function drawDiscs(picture: Picture, discs: Discs, planeWidth: number, frame: Frame): void {
  const placed = placing(planeWidth, frame);
  for (const index of seenDiscs(picture, discs, placed)) drawDisc(picture, discs.at(index)!, placed);
}

interface Placing {
  /** Pixels of the picture. */
  readonly fill: number;
  readonly inner: number;
  readonly outer: number;
  middleOf(disc: Disc): { middleX: number; middleY: number };
}

interface Bounds {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

function placing(planeWidth: number, frame: Frame): Placing {
  const { radius, rim } = discSize(planeWidth);
  const [scaleX, scaleY] = [frame.width / frame.w, frame.height / frame.h];
  return {
    fill: radius * scaleX,
    inner: (radius - rim / 2) * scaleX,
    outer: (radius + rim / 2) * scaleX,
    middleOf({ x, y }) {
      const [across, down] = frame.turned ? [y + 0.5, planeWidth - x - 0.5] : [x + 0.5, y + 0.5];
      return { middleX: (across - frame.x) * scaleX, middleY: (down - frame.y) * scaleY };
    },
  };
}

/** Pixels that a disc may touch. Both ends count. */
function boundsOf({ width, height }: Picture, { middleX, middleY }: { middleX: number; middleY: number }, outer: number): Bounds {
  return {
    top: Math.max(0, Math.floor(middleY - outer)),
    bottom: Math.min(height - 1, Math.floor(middleY + outer)),
    left: Math.max(0, Math.floor(middleX - outer)),
    right: Math.min(width - 1, Math.floor(middleX + outer)),
  };
}

function drawDisc(picture: Picture, disc: Disc, { fill, inner, outer, middleOf }: Placing): void {
  const middle = middleOf(disc);
  const { top, bottom, left, right } = boundsOf(picture, middle, outer);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const distances = { x: column - middle.middleX, y: row - middle.middleY };
      const at = 3 * (row * picture.width + column);
      const filled = coverOf(distances, fill);
      if (filled > 0) blend(picture.rgb, at, disc.colour, DISC_OPACITY * filled);
      const ring = coverOf(distances, outer) - coverOf(distances, inner);
      if (ring > 0) blend(picture.rgb, at, WHITE, DISC_OPACITY * ring);
    }
  }
}

/** Light that shines through a pixel is halved in steps of 1/16. After 13 halvings, 255 levels are less than a tenth of one. */
const HALVING = 16;
const HALVINGS_SEEN = 13 * HALVING;
/** Halvings by a disc that covers so many of a pixel's samples, in steps of 1/16, rounded down. */
const HALVINGS = Uint8Array.from({ length: SAMPLES ** 2 + 1 }, (_, samples) =>
  Math.floor(-Math.log2(1 - (DISC_OPACITY * samples) / SAMPLES ** 2) * HALVING),
);
/** Side of the square tiles, in pixels, whose pixels are looked at together. */
const TILE = 8;
/** Largest number of discs that are drawn without looking which are hidden. */
const DISCS_FEW = 1000;

/**
 * Indices of the discs that change a pixel, in the order in which they are drawn. The search starts at the topmost. Memory: a
 * byte a pixel.
 */
function seenDiscs(picture: Picture, discs: Discs, { fill, inner, outer, middleOf }: Placing): Iterable<number> {
  if (discs.length <= DISCS_FEW) return Array.from({ length: discs.length }, (_, index) => index);
  const { width, height } = picture;
  const halvings = new Uint8Array(width * height);
  const across = Math.ceil(width / TILE);
  // pixels of each tile through which something below would still be seen
  const open = new Uint8Array(across * Math.ceil(height / TILE));
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) open[tileOf(y, x, across)]!++;
  const seen: number[] = [];
  for (let index = discs.length - 1; index >= 0; index--) {
    const { middleX, middleY } = middleOf(discs.at(index)!);
    const bounds = boundsOf(picture, { middleX, middleY }, outer);
    if (!isOpen(bounds, open, across)) continue;
    let isSeen = false;
    for (let row = bounds.top; row <= bounds.bottom; row++) {
      for (let column = bounds.left; column <= bounds.right; column++) {
        const at = row * width + column;
        if (halvings[at]! >= HALVINGS_SEEN) continue;
        const distances = { x: column - middleX, y: row - middleY };
        const whole = coverOf(distances, outer);
        if (whole === 0) continue;
        isSeen = true;
        const ring = whole - coverOf(distances, inner);
        const more = HALVINGS[coverOf(distances, fill) * SAMPLES ** 2]! + HALVINGS[ring * SAMPLES ** 2]!;
        halvings[at] = Math.min(HALVINGS_SEEN, halvings[at]! + more);
        if (halvings[at] === HALVINGS_SEEN) open[tileOf(row, column, across)]!--;
      }
    }
    if (isSeen) seen.push(index);
  }
  return seen.reverse();
}

function isOpen({ top, bottom, left, right }: Bounds, open: Uint8Array, across: number): boolean {
  for (let y = top; y <= bottom; y += TILE - (y % TILE)) {
    for (let x = left; x <= right; x += TILE - (x % TILE)) if (open[tileOf(y, x, across)]! > 0) return true;
  }
  return false;
}

function tileOf(y: number, x: number, across: number): number {
  return Math.floor(y / TILE) * across + Math.floor(x / TILE);
}

const WHITE: Rgb = [255, 255, 255];

/** Share of a pixel, whose corner is that far from the middle of a disc, that the disc covers. */
function coverOf({ x, y }: { x: number; y: number }, radius: number): number {
  const squared = (x + 0.5) ** 2 + (y + 0.5) ** 2;
  if (squared >= (radius + Math.SQRT1_2) ** 2) return 0;
  if (radius >= Math.SQRT1_2 && squared <= (radius - Math.SQRT1_2) ** 2) return 1;
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
