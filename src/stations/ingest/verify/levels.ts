import type { Triple } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import { type NumberArray, viewAs } from "../../../formats/zarr/read.js";

/** How a level follows from the one below it: the mean of volumes, any hit of masks, every second voxel of labels. */
export type LevelRule = "mean" | "any" | "stride";

/** What to make of an element type; undefined for types that the portal has no volumes of. */
export function levelRuleOf(dtype: DType): LevelRule | undefined {
  if (dtype === "float32" || dtype === "float64") return "mean";
  if (dtype === "int8" || dtype === "bool") return "any";
  return dtype === "uint16" || dtype === "uint32" ? "stride" : undefined;
}

/** Along each axis: 2 where it is halved, 1 where it stays (z of a tilt series). Undefined where the shapes are not those of two levels. */
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
  first?: { at: Triple; expected: number; found: number } | undefined;
  /** Edge voxels that are the mean of what is there, and not of that and zeros; and the other way round. */
  present: number;
  zeros: number;
}

/** Parts of the largest magnitude in a block: eight float32 additions in any order differ by less. */
const TOLERANCE = 2 ** -20;

/**
 * Compares a box of a level with the box below it that it was made of.
 *
 * An odd last plane, row or column has only half a block below it. Both answers are known and told apart: the mean of what is there, and the
 * reference's, which adds zeros.
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
  const below = numbersOf(fine, dtype);
  const above = numbersOf(coarse, dtype);
  const shape = fineShape.map((length, axis) => Math.ceil(length / factors[axis]!)) as Triple;
  const result: LevelComparison = { voxels: above.length, wrong: 0, present: 0, zeros: 0 };
  const [fz, fy, fx] = factors;
  const [nz, ny, nx] = fineShape;
  const whole = fz * fy * fx;
  let at = 0;
  for (let z = 0; z < shape[0]; z++) {
    const zEnd = Math.min(fz * (z + 1), nz);
    for (let y = 0; y < shape[1]; y++) {
      const yEnd = Math.min(fy * (y + 1), ny);
      for (let x = 0; x < shape[2]; x++, at++) {
        const found = above[at]!;
        if (rule === "stride") {
          const expected = below[(fz * z * ny + fy * y) * nx + fx * x]!;
          if (expected !== found) note(result, [z, y, x], expected, found);
          continue;
        }
        const xEnd = Math.min(fx * (x + 1), nx);
        let sum = 0;
        let largest = 0;
        let count = 0;
        for (let k = fz * z; k < zEnd; k++) {
          for (let j = fy * y; j < yEnd; j++) {
            const row = (k * ny + j) * nx;
            for (let i = fx * x; i < xEnd; i++) {
              const voxel = below[row + i]!;
              sum += voxel;
              count++;
              if (voxel > largest) largest = voxel;
              else if (-voxel > largest) largest = -voxel;
            }
          }
        }
        if (rule === "any") {
          const expected = largest > 0 ? 1 : 0;
          if (expected !== found) note(result, [z, y, x], expected, found);
          continue;
        }
        const present = sum / count;
        // what is not finite below is not finite above; which of the two depends on the order of additions
        if (!Number.isFinite(present)) {
          if (Number.isFinite(found)) note(result, [z, y, x], present, found);
          continue;
        }
        const slack = largest * TOLERANCE;
        const isPresent = Math.abs(found - present) <= slack;
        if (count === whole) {
          if (!isPresent) note(result, [z, y, x], present, found);
          continue;
        }
        const isZeros = Math.abs(found - sum / whole) <= slack;
        if (!isPresent && !isZeros) note(result, [z, y, x], present, found);
        else if (isPresent !== isZeros) result[isPresent ? "present" : "zeros"]++;
      }
    }
  }
  return result;
}

function note(result: LevelComparison, at: Triple, expected: number, found: number): void {
  result.wrong++;
  result.first ??= { at, expected, found };
}

function numbersOf(bytes: Uint8Array, dtype: DType): Exclude<NumberArray, BigInt64Array | BigUint64Array> {
  return viewAs(bytes, dtype) as Exclude<NumberArray, BigInt64Array | BigUint64Array>;
}
