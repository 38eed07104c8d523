import { decode } from "fast-png";

export type Colour = readonly [red: number, green: number, blue: number];

/** A screenshot. Pixels count from the upper left corner. */
export interface Picture {
  width: number;
  height: number;
  at(x: number, y: number): Colour;
}

export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function readPicture(png: Uint8Array): Picture {
  const { width, height, channels, data } = decode(png);
  return {
    width,
    height,
    at(x, y) {
      const place = (Math.floor(y) * width + Math.floor(x)) * channels;
      return [data[place]!, data[place + 1]!, data[place + 2]!];
    },
  };
}

/** Largest difference of two colours in one channel. */
export function difference(a: Colour, b: Colour): number {
  return Math.max(Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1]), Math.abs(a[2] - b[2]));
}

export function parseColour(hex: string): Colour {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Pixels of an area that a test holds for. */
export function countPixels({ at }: Picture, area: Area, test: (colour: Colour) => boolean): number {
  let count = 0;
  for (let y = area.y; y < area.y + area.height; y++) {
    for (let x = area.x; x < area.x + area.width; x++) if (test(at(x, y))) count++;
  }
  return count;
}

/** Mean colours of the cells of a grid: what is left of a picture for an eye that is half shut. */
export function coarse({ width, height, at }: Picture, cell = 20): Colour[] {
  const cells: Colour[] = [];
  for (let top = 0; top + cell <= height; top += cell) {
    for (let left = 0; left + cell <= width; left += cell) {
      const sum = [0, 0, 0];
      for (let y = top; y < top + cell; y++) {
        for (let x = left; x < left + cell; x++) for (const [i, value] of at(x, y).entries()) sum[i]! += value;
      }
      cells.push(sum.map((value) => value / cell ** 2) as [number, number, number]);
    }
  }
  return cells;
}

/** Mean difference of two pictures' cells, and the part of the cells that differ by more than a tenth of the range. */
export function compareCoarsely(a: Picture, b: Picture): { mean: number; far: number } {
  if (a.width !== b.width || a.height !== b.height) return { mean: 255, far: 1 };
  const [left, right] = [coarse(a), coarse(b)];
  const differences = left.map((colour, i) => difference(colour, right[i]!));
  return {
    mean: differences.reduce((sum, value) => sum + value, 0) / differences.length,
    far: differences.filter((value) => value > 25).length / differences.length,
  };
}

/**
 * Pixels that are another colour in the second of two pictures, and, where a colour is given, went towards that, however dark a shade of it.
 */
export function changedTowards(before: Picture, after: Picture, colour?: Colour): number {
  const area = { x: 0, y: 0, width: after.width, height: after.height };
  let count = 0;
  for (let y = 0; y < area.height; y++) {
    for (let x = 0; x < area.width; x++) {
      const [from, to] = [before.at(x, y), after.at(x, y)];
      if (difference(from, to) < 40) continue;
      if (colour === undefined || likeness(to, colour) > Math.max(0.9, likeness(from, colour))) count++;
    }
  }
  return count;
}

/** Cosine of the angle between two colours. */
function likeness(a: Colour, b: Colour): number {
  const dot = (u: Colour, v: Colour) => u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b) || 1);
}

/** Part of the pixels that differ by more than so many levels. */
export function differing(a: Picture, b: Picture, levels = 0): number {
  if (a.width !== b.width || a.height !== b.height) return 1;
  let count = 0;
  for (let y = 0; y < a.height; y++) for (let x = 0; x < a.width; x++) if (difference(a.at(x, y), b.at(x, y)) > levels) count++;
  return count / (a.width * a.height);
}
