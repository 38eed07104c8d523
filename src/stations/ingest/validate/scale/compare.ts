import type { Triple } from "../../../../core/box.js";
import { sameSpacing } from "../../../../model/voxel-spacing.js";
import type { ScaleCase, Statement } from "./case.js";

/**
 * Two spacings that follow from lengths in whole voxels, or from a rounded binning, are the same where they differ by less: 1 %.
 */
const DERIVED_TOLERANCE = 0.01;
/** Tolerance of a ratio that is a whole number of pixels: pixel sizes are published with two or three decimals. */
const BINNING_TOLERANCE = 0.005;
/**
 * A wrong calibration or a rounded pixel size differs by a few per cent. A larger difference is another binning, or another part
 * of the field, and proves nothing.
 */
const NEAR = 0.15;

export function alike(a: number, b: number, tolerance = DERIVED_TOLERANCE): boolean {
  return Math.abs(a - b) <= tolerance * Math.max(a, b);
}

/** Whether two spacings differ, and so little that one may be a wrong measurement of the other. */
export function nearMiss(a: number, b: number): boolean {
  return !alike(a, b) && Math.abs(a - b) <= NEAR * Math.max(a, b);
}

/** The whole number that a spacing is of a pixel, or undefined where it is none. */
export function wholeBinning(angstrom: number, pixelAngstrom: number, tolerance = BINNING_TOLERANCE): number | undefined {
  const ratio = angstrom / pixelAngstrom;
  const whole = Math.round(ratio);
  return whole >= 1 && Math.abs(ratio - whole) <= tolerance * whole ? whole : undefined;
}

/** Statements that agree, those of most first; of equally many the first that was made. */
export function grouped(statements: readonly Statement[]): Statement[][] {
  const groups: Statement[][] = [];
  for (const statement of statements) {
    const group = groups.find(([first]) => sameSpacing(first!.angstrom, statement.angstrom));
    if (group) group.push(statement);
    else groups.push([statement]);
  }
  return groups.sort((a, b) => b.length - a.length);
}

/**
 * The spacing with which a tomogram covers the field of its tilt series. Undefined if its sides do not have the ratio of an
 * image, in any orientation.
 */
export function fieldSpacing(size: Triple, tiltseries: NonNullable<ScaleCase["tiltseries"]>): number | undefined {
  if (!tiltseries.size) return undefined;
  const [, height, width] = tiltseries.size;
  const [, y, x] = size;
  for (const [h, w] of [
    [height, width],
    [width, height],
  ] as const) {
    const [alongY, alongX] = [h / y, w / x];
    // sides are cut to whole voxels, or to a multiple of a few
    if (alike(alongY, alongX, 2 / Math.min(x, y) + DERIVED_TOLERANCE)) return (tiltseries.pixelAngstrom * (alongX + alongY)) / 2;
  }
  return undefined;
}

/** The spacing with which a volume has the extent that an alignment is for; undefined where the axes do not agree on one. */
export function extentSpacing(size: Triple, extentAngstrom: Triple): number | undefined {
  const along = size.map((length, i) => extentAngstrom[i]! / length) as Triple;
  const isOne = along.every((value) => value > 0 && alike(value, along[2]));
  return isOne ? along[2] : undefined;
}

/** The spacing with which a volume covers a similar one; undefined unless one whole factor fits all axes. */
export function similarSpacing(size: Triple, other: { readonly size: Triple; readonly angstrom: number }): number | undefined {
  const factors = size.map((length, i) => other.size[i]! / length) as Triple;
  const factor = factors[2] >= 1 ? Math.round(factors[2]) : 1 / Math.round(1 / factors[2]);
  const isSimilar = size.every((length, i) => Math.abs(other.size[i]! - length * factor) <= Math.max(1, factor));
  return isSimilar ? other.angstrom * factor : undefined;
}
