import { EmporiumError } from "../../../core/errors.js";
import type { PointBatch } from "../../../formats/points/points.js";

/** Beyond this a matrix is no rotation that was printed with few digits. */
const ROTATION_TOLERANCE = 1e-2;
/** Beyond this the portal's own check refuses it: numpy's `allclose` on determinant, rows and their products. */
const PORTAL_TOLERANCE = 1e-5;
/** Coordinates this many times beyond the volume come from another unit. */
const FAR = 4;

export interface PointCheck {
  readonly count: number;
  /** Points that lie outside of the tomogram. */
  readonly outside: number;
  /** @throws {EmporiumError} FORMAT_FIELD for a matrix that is no rotation (`compat`: it is warned of) */
  add(batch: PointBatch): void;
  warnings(): string[];
}

/**
 * Looks at points on their way: do they lie in the tomogram, are their matrices rotations.
 *
 * @param name of the file, for messages.
 * @param options `shape`: voxels `[z, y, x]` of the tomogram; without it places are not looked at.
 */
export function pointCheck(
  name: string,
  { shape, compat }: { shape: readonly [number, number, number] | undefined; compat: boolean },
): PointCheck {
  const size = shape && [shape[2], shape[1], shape[0]];
  let count = 0;
  let outside = 0;
  let inexact = 0;
  let small = 0;
  let far = 0;
  const addPlaces = (positions: Float64Array, points: number) => {
    if (!size) return;
    for (let i = 0; i < points; i++) {
      let [isIn, isSmall, isFar] = [true, true, false];
      for (let axis = 0; axis < 3; axis++) {
        const value = positions[3 * i + axis]!;
        if (!(value >= 0 && value <= size[axis]! - 1)) isIn = false;
        if (Math.abs(value) >= 1) isSmall = false;
        if (value > FAR * size[axis]!) isFar = true;
      }
      if (!isIn) outside++;
      if (isSmall) small++;
      if (isFar) far++;
    }
  };
  const addRotations = (rotations: Float64Array, points: number) => {
    for (let i = 0; i < points; i++) {
      const error = rotationError(rotations, 9 * i);
      if (error <= PORTAL_TOLERANCE) continue;
      if (!(error <= ROTATION_TOLERANCE) && !compat) {
        throw new EmporiumError(
          "FORMAT_FIELD",
          `${name}: the matrix of point ${count + i + 1} is no rotation (${[...rotations.subarray(9 * i, 9 * i + 9)].map((value) => Number(value.toPrecision(4))).join(" ")})`,
          { place: { file: name }, hint: "rows of length 1 at right angles and a determinant of 1 are wanted" },
        );
      }
      inexact++;
    }
  };
  return {
    get count() {
      return count;
    },
    get outside() {
      return outside;
    },
    add({ count: points, positions, rotations }) {
      addPlaces(positions, points);
      if (rotations) addRotations(rotations, points);
      count += points;
    },
    warnings() {
      const warnings: string[] = [];
      if (outside > 0) {
        const volume = size!.join("×");
        const unit =
          small === count || far === count ? "; the binning is probably wrong: are the coordinates in Å or pixels?" : "";
        warnings.push(`${name}: ${outside} of ${count} points lie outside of the tomogram of ${volume} voxels (x, y, z)${unit}`);
      }
      if (inexact > 0) {
        warnings.push(
          `${name}: ${inexact} of ${count} matrices are rotations to few digits only, the portal's check will refuse them`,
        );
      }
      return warnings;
    },
  };
}

/** How far a 3×3 matrix is from a rotation: the largest deviation of its determinant from 1 and of its rows from orthonormal ones. NaN for NaN. */
export function rotationError(m: Float64Array, at: number): number {
  const [a, b, c, d, e, f, g, h, i] = m.subarray(at, at + 9) as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return Math.max(
    Math.abs(determinant - 1),
    Math.abs(a * a + b * b + c * c - 1),
    Math.abs(d * d + e * e + f * f - 1),
    Math.abs(g * g + h * h + i * i - 1),
    Math.abs(a * d + b * e + c * f),
    Math.abs(a * g + b * h + c * i),
    Math.abs(d * g + e * h + f * i),
  );
}
