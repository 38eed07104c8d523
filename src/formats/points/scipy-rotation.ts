import { sineCosine } from "../../core/sine-cosine.js";

/**
 * The rotations of `rotation.ts`, bit for bit as scipy computes them for the portal's ingestion: by quaternions of half angles,
 * whose product becomes a matrix. The last digit differs from a product of matrices.
 *
 * Source: `Rotation.from_euler`, `inv` and `as_matrix` of scipy 1.16 (`_rotation.pyx`). Golden: `test/golden/points`.
 */

/** x, y, z, w. */
type Quaternion = readonly [number, number, number, number];

/** `from_euler("ZYZ", [rot, tilt, psi]).inv()` */
export function scipyRelionRotation(rot: number, tilt: number, psi: number, out: Float64Array, offset = 0): void {
  const [x, y, z, w] = product(product(about(2, rot), about(1, tilt)), about(2, psi));
  matrixOf([-x, -y, -z, w], out, offset);
}

/** `from_euler("zxz", [phi, the, psi])` */
export function scipyStopgapRotation(phi: number, psi: number, the: number, out: Float64Array, offset = 0): void {
  matrixOf(product(about(2, psi), product(about(0, the), about(2, phi))), out, offset);
}

/** `from_euler("xyz", [-ax, -ay, -az])` */
export function scipySlicerRotation(ax: number, ay: number, az: number, out: Float64Array, offset = 0): void {
  matrixOf(product(about(2, -az), product(about(1, -ay), about(0, -ax))), out, offset);
}

function about(axis: 0 | 1 | 2, degrees: number): Quaternion {
  const { sine, cosine } = sineCosine((degrees * (Math.PI / 180)) / 2);
  return [axis === 0 ? sine : 0, axis === 1 ? sine : 0, axis === 2 ? sine : 0, cosine];
}

function product(p: Quaternion, q: Quaternion): Quaternion {
  return [
    p[3] * q[0] + q[3] * p[0] + (p[1] * q[2] - p[2] * q[1]),
    p[3] * q[1] + q[3] * p[1] + (p[2] * q[0] - p[0] * q[2]),
    p[3] * q[2] + q[3] * p[2] + (p[0] * q[1] - p[1] * q[0]),
    p[3] * q[3] - p[0] * q[0] - p[1] * q[1] - p[2] * q[2],
  ];
}

function matrixOf([x, y, z, w]: Quaternion, out: Float64Array, offset: number): void {
  out[offset] = x * x - y * y - z * z + w * w;
  out[offset + 1] = 2 * (x * y - z * w);
  out[offset + 2] = 2 * (x * z + y * w);
  out[offset + 3] = 2 * (x * y + z * w);
  out[offset + 4] = -(x * x) + y * y - z * z + w * w;
  out[offset + 5] = 2 * (y * z - x * w);
  out[offset + 6] = 2 * (x * z - y * w);
  out[offset + 7] = 2 * (y * z + x * w);
  out[offset + 8] = -(x * x) - y * y + z * z + w * w;
}
