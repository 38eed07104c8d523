import type { Columns, ParticlePlan } from "./particles.js";
import type { PointOptions } from "./points.js";
import { multiplyRotations, relionRotation } from "./rotation.js";
import { scipyRelionRotation } from "./scipy-rotation.js";

/**
 * Pose of a particle in RELION's tomography: its rotation and shift in the subtomogram, and those of the subtomogram in the
 * tomogram.
 */
export interface Pose {
  readonly hasOrigin: boolean;
  /** S · origin, three numbers in Å, which are to be subtracted from the coordinate. */
  originAngstrom(columns: readonly Float64Array[], row: number, out: Float64Array, offset: number): void;
  /** S · R; absent where no orientation is wanted. */
  readonly turn: ParticlePlan["turn"];
}

/**
 * S is the rotation by `rlnTomoSubtomogramRot/Tilt/Psi`, R that by `rlnAngleRot/Tilt/Psi`; either may be missing, and is identity
 * then, but an oriented point needs one of them. Origins are `rlnOriginX/Y/ZAngst`, 0 where they are missing.
 *
 * Source: `ParticleSet::getPosition` and `getMatrix3x3` in RELION's `src/jaz/tomography/particle_set.cpp`, versions 4 and 5.
 *
 * @param plain leaves S out.
 */
export function poseOf(columns: Columns, { kind, compat }: PointOptions, plain: boolean): Pose {
  const subtomogram = plain
    ? undefined
    : columns.find("rlnTomoSubtomogramRot", "rlnTomoSubtomogramTilt", "rlnTomoSubtomogramPsi");
  const origins = columns.find("rlnOriginXAngst", "rlnOriginYAngst", "rlnOriginZAngst");
  const s = new Float64Array(9);
  const fillS = (read: readonly Float64Array[], row: number) =>
    relionRotation(read[subtomogram![0]]![row]!, read[subtomogram![1]]![row]!, read[subtomogram![2]]![row]!, s);
  return {
    hasOrigin: origins !== undefined,
    originAngstrom(read, row, out, offset) {
      if (!origins) return;
      const [x, y, z] = [read[origins[0]]![row]!, read[origins[1]]![row]!, read[origins[2]]![row]!];
      if (subtomogram) fillS(read, row);
      for (let i = 0; i < 3; i++) {
        out[offset + i] = subtomogram ? s[3 * i]! * x + s[3 * i + 1]! * y + s[3 * i + 2]! * z : i === 0 ? x : i === 1 ? y : z;
      }
    },
    turn:
      kind === "orientedPoint"
        ? turnOf(columns, subtomogram && { s, fillS }, compat ? scipyRelionRotation : relionRotation)
        : undefined,
  };
}

function turnOf(
  columns: Columns,
  subtomogram: { s: Float64Array; fillS: (read: readonly Float64Array[], row: number) => void } | undefined,
  rotation: typeof relionRotation,
): NonNullable<ParticlePlan["turn"]> {
  const angles = ["rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi"] as const;
  const particle = subtomogram ? columns.find(...angles) : columns.need(...angles);
  const r = new Float64Array(9);
  return (read, row, out, offset) => {
    if (particle) rotation(read[particle[0]]![row]!, read[particle[1]]![row]!, read[particle[2]]![row]!, r);
    if (!subtomogram) out.set(r, offset);
    else {
      subtomogram.fillS(read, row);
      if (particle) multiplyRotations(subtomogram.s, 0, r, 0, out, offset);
      else out.set(subtomogram.s, offset);
    }
  };
}
