import { integerTypeOf } from "../../../arrays/stream/plan/forms.js";
import type { Triple } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import { type NumberArray, viewAs } from "../../../formats/zarr/elements.js";
import { HALF_TO_EVEN } from "../../../formats/zarr/ome.js";

/** Rule of a level from the one below: mean of volumes, rounded for integers, any hit of masks, every second voxel of labels. */
export type LevelRule = "mean" | "rounded" | "any" | "stride";

/**
 * The rule for an element type; undefined for types that the portal has no volumes of.
 *
 * @param rounding rounding that the image's metadata name: with it, integers are no mask and no labels
 */
export function levelRuleOf(dtype: DType, rounding?: string): LevelRule | undefined {
  if (rounding === HALF_TO_EVEN && integerTypeOf(dtype) === dtype) return "rounded";
  if (dtype === "float32" || dtype === "float64") return "mean";
  if (dtype === "int8" || dtype === "bool") return "any";
  return dtype === "uint16" || dtype === "uint32" ? "stride" : undefined;
}

/** Along each axis: 2 if it is halved, 1 if not (z of a tilt series). Undefined if the shapes are not those of two levels. */
export function levelFactors(fine: Triple, coarse: Triple): Triple | undefined {
  const factors = fine.map((length, axis) => {
    if (coarse[axis] === Math.ceil(length / 2)) return length === 1 && axis === 0 ? 1 : 2;
    return coarse[axis] === length && axis === 0 ? 1 : undefined;
  });
  return factors.includes(undefined) ? undefined : (factors as Triple);
}

export interface LevelComparison {
  voxels: number;
  wrong: number;
  /** The first that is wrong, in voxels of the box that was given. */
  first?: Differing | undefined;
  /** Means that are right but for rounding, though not to the last bit what the portal's order of additions gives. */
  inexact: number;
  firstInexact?: Differing | undefined;
  /** Edge voxels that are the mean of what is there, and not of that and zeros; and the other way round. */
  present: number;
  zeros: number;
}

export interface Differing {
  at: Triple;
  expected: number;
  found: number;
}

/** Parts of the largest magnitude in a block: eight float32 additions in any order differ by less. */
const TOLERANCE = 2 ** -20;

type Numbers = Exclude<NumberArray, BigInt64Array | BigUint64Array>;

/**
 * Compares a box of a level with the box below it that it was made of.
 *
 * An odd last plane, row or column has only half a block below it. Both results are recognised: the mean of the existing voxels,
 * and the reference's, which adds zeros.
 *
 * @param fine   C order, host bytes, `fineShape` = `[z, y, x]`, from an even corner.
 * @param coarse the same for the level above, `ceil(fineShape / factors)`.
 * Cost: one pass over both.
 */
export function compareLevels(
  fine: Uint8Array,
  fineShape: Triple,
  coarse: Uint8Array,
  factors: Triple,
  rule: LevelRule,
  dtype: DType,
): LevelComparison {
  const below = viewAs(fine, dtype) as Numbers;
  const above = viewAs(coarse, dtype) as Numbers;
  const result: LevelComparison = { voxels: above.length, wrong: 0, inexact: 0, present: 0, zeros: 0 };
  const [nz, ny, nx] = fineShape;
  const [fz, fy, fx] = factors;
  const [rows, columns] = [Math.ceil(ny / fy), Math.ceil(nx / fx)];
  const plane = ny * nx;
  for (let at = 0, z = 0; z < nz; z += fz) {
    const planes = Math.min(fz, nz - z);
    const nextPlane = planes === 2 ? plane : 0;
    for (let y = 0; y < ny; y += fy) {
      const height = Math.min(fy, ny - y);
      const nextRow = height === 2 ? nx : 0;
      const row = z * plane + y * nx;
      for (let x = 0; x < nx; x += fx, at++) {
        const width = Math.min(fx, nx - x);
        const corner = row + x;
        const found = above[at]!;
        const placeOf = (): Triple => [z / fz, Math.floor(at / columns) % rows, at % columns];
        let expected: number;
        if (rule === "stride") expected = below[corner]!;
        else if (rule === "rounded") {
          const sum = sumOf(below, corner, planes, plane, height, nx, width);
          const count = planes * height * width;
          const all = fz * fy * fx;
          expected = nearest(sum, count);
          if (count < all) {
            const zeros = nearest(sum, all);
            if (expected !== zeros && (found === expected || found === zeros)) result[found === zeros ? "zeros" : "present"]++;
            if (found === zeros) continue;
          }
        } else if (rule === "any") expected = anyOf(below, corner, planes, plane, height, nx, width);
        else {
          const nextColumn = width - 1;
          // in single precision, in the order of numpy's sum over a block: pairs along x, then row after row, plane after plane
          let sum = nextColumn ? Math.fround(below[corner]! + below[corner + 1]!) : below[corner]!;
          if (nextRow) sum = Math.fround(sum + pairAt(below, corner + nx, nextColumn));
          if (nextPlane) {
            const second = corner + plane;
            sum = Math.fround(sum + pairAt(below, second, nextColumn));
            if (nextRow) sum = Math.fround(sum + pairAt(below, second + nx, nextColumn));
          }
          const count = planes * height * width;
          const all = fz * fy * fx;
          const present = Math.fround(sum / count);
          if (count === all && found === present) continue;
          const zeros = count === all ? undefined : Math.fround(sum / all);
          const slack = largestOf(below, corner, planes, plane, height, nx, width) * TOLERANCE;
          if (agrees(result, found, present, zeros, slack)) {
            if (found === present || found === zeros || !Number.isFinite(present)) continue;
            result.inexact++;
            result.firstInexact ??= { at: placeOf(), expected: present, found };
            continue;
          }
          expected = present;
        }
        if (expected === found) continue;
        result.wrong++;
        result.first ??= { at: placeOf(), expected, found };
      }
    }
  }
  return result;
}

const pairAt = (voxels: Numbers, at: number, next: number): number =>
  next ? Math.fround(voxels[at]! + voxels[at + 1]!) : voxels[at]!;

/** @param zeros the mean with zeros for what is not there; undefined in whole blocks. */
function agrees(result: LevelComparison, found: number, present: number, zeros: number | undefined, slack: number): boolean {
  // what is not finite below is not finite above; which of the two depends on the order of additions
  if (!Number.isFinite(present)) return !Number.isFinite(found);
  const isPresent = Math.abs(found - present) <= slack;
  if (zeros === undefined) return isPresent;
  const isZeros = Math.abs(found - zeros) <= slack;
  if (isPresent !== isZeros) result[isPresent ? "present" : "zeros"]++;
  return isPresent || isZeros;
}

function anyOf(
  voxels: Numbers,
  corner: number,
  planes: number,
  plane: number,
  height: number,
  row: number,
  width: number,
): number {
  return largestOf(voxels, corner, planes, plane, height, row, width) > 0 ? 1 : 0;
}

/** Nearest integer of a quotient of integers, halves to the even one. */
function nearest(sum: number, count: number): number {
  const below = Math.floor(sum / count);
  const rest = 2 * (sum - below * count);
  return rest > count || (rest === count && below % 2 !== 0) ? below + 1 : below;
}

/** Exact sum of integers. */
function sumOf(
  voxels: Numbers,
  corner: number,
  planes: number,
  plane: number,
  height: number,
  row: number,
  width: number,
): number {
  let sum = 0;
  for (let z = 0; z < planes; z++) {
    for (let y = 0; y < height; y++) {
      const from = corner + z * plane + y * row;
      for (let x = 0; x < width; x++) sum += voxels[from + x]!;
    }
  }
  return sum;
}

/** Largest magnitude in a block. */
function largestOf(
  voxels: Numbers,
  corner: number,
  planes: number,
  plane: number,
  height: number,
  row: number,
  width: number,
): number {
  let largest = 0;
  for (let z = 0; z < planes; z++) {
    for (let y = 0; y < height; y++) {
      const from = corner + z * plane + y * row;
      for (let x = 0; x < width; x++) {
        const size = Math.abs(voxels[from + x]!);
        if (size > largest) largest = size;
      }
    }
  }
  return largest;
}
