/** Types of conventions.mjs. All angles are degrees, matrices row-major 3×3. */

export interface RelionAngles {
  rot: number;
  tilt: number;
  psi: number;
}

export function rotationOf(angles: RelionAngles): number[][];
export function stopgapAngles(angles: RelionAngles): { phi: number; psi: number; the: number };
export function slicerAngles(angles: RelionAngles): { x: number; y: number; z: number };
export function copickTransformation(angles: RelionAngles): number[][];
