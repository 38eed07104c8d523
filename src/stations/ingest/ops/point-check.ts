import { EmporiumError } from "../../../core/errors.js";
import { counted } from "../../../core/units.js";
import type { PointBatch } from "../../../formats/points/points.js";
import { type FitOptions, mendText, pointFit } from "../point-fit.js";

/** Largest error of a rotation matrix that was printed with few digits; beyond it a matrix is no rotation. */
const ROTATION_TOLERANCE = 1e-2;
/** Error beyond which the portal's own check refuses a matrix: numpy's `allclose` on determinant, rows and their products. */
const PORTAL_TOLERANCE = 1e-5;

export interface PointCheck {
  readonly count: number;
  /** Points that lie outside of the tomogram. */
  readonly outside: number;
  /** Too many lie outside, and all would lie inside with their axes exchanged: the tomogram that they are of may lie otherwise. */
  readonly isTurned: boolean;
  /** @throws {EmporiumError} FORMAT_FIELD for a matrix that is no rotation (`compat`: it is warned of) */
  add(batch: PointBatch): void;
  /** Text with the number of points outside and advice to mend it; undefined where all lie inside. */
  outsideText(): string | undefined;
  /** Warnings about the matrices. */
  warnings(): string[];
}

/**
 * Looks at points on their way: do they lie in the tomogram, are their matrices rotations.
 *
 * @param name name of the file in messages.
 * @param options `fit`: the tomogram, and how the points are read; without it places are not looked at.
 */
export function pointCheck(name: string, { fit, compat }: { fit: FitOptions | undefined; compat: boolean }): PointCheck {
  const places = fit && pointFit(fit);
  let count = 0;
  let inexact = 0;
  const addRotations = (rotations: Float64Array, points: number) => {
    for (let i = 0; i < points; i++) {
      const error = rotationError(rotations, 9 * i);
      if (error <= PORTAL_TOLERANCE) continue;
      if (!(error <= ROTATION_TOLERANCE) && !compat) {
        throw new EmporiumError(
          "FORMAT_FIELD",
          `${name}: the matrix of point ${count + i + 1} is not a rotation (${[...rotations.subarray(9 * i, 9 * i + 9)].map((value) => Number(value.toPrecision(4))).join(" ")})`,
          {
            place: { file: name },
            hint: "write rotations whose rows have length 1 and are at right angles, with the determinant 1",
          },
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
      return places?.outside ?? 0;
    },
    get isTurned() {
      return places !== undefined && places.orders().length > 0;
    },
    add({ count: points, positions, rotations }) {
      places?.add(positions, points);
      if (rotations) addRotations(rotations, points);
      count += points;
    },
    outsideText() {
      if (!places || places.outside === 0) return undefined;
      const guess = mendText(places, fit!);
      return `${name}: ${places.outside} of ${counted(count, "point lies", "points lie")} outside of the tomogram of ${fit!.size.join("×")} voxels (x, y, z)${guess}`;
    },
    warnings() {
      const warnings: string[] = [];
      if (inexact > 0) {
        warnings.push(
          `${name}: ${inexact} of ${counted(count, "matrice is", "matrices are")} rotations only to a few digits; the portal's check will refuse them`,
        );
      }
      return warnings;
    },
  };
}

/** The largest deviation of a 3×3 matrix's determinant from 1 and of its rows from orthonormal ones. NaN for NaN. */
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
