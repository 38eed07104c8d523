import { EmporiumError } from "../../core/errors.js";

/**
 * Rotations as programs of the field write them, and back.
 *
 * A matrix is nine numbers of a Float64Array, row-major over (x, y, z). It turns the reference particle into its pose in the
 * tomogram: v_tomogram = R · v_reference. X(a), Y(a), Z(a) below are right-handed rotations of a point, angles in degrees.
 *
 * Golden: scipy's Rotation, in `test/golden/points`.
 */

/** RELION's `rlnAngleRot`, `rlnAngleTilt`, `rlnAnglePsi`: Z(−psi) · Y(−tilt) · Z(−rot), as `Euler_angles2matrix` computes it. */
export function relionRotation(rot: number, tilt: number, psi: number, out: Float64Array, offset = 0): void {
  const cr = cosDegrees(rot);
  const sr = sinDegrees(rot);
  const ct = cosDegrees(tilt);
  const st = sinDegrees(tilt);
  const cp = cosDegrees(psi);
  const sp = sinDegrees(psi);
  out[offset] = cp * ct * cr - sp * sr;
  out[offset + 1] = cp * ct * sr + sp * cr;
  out[offset + 2] = -cp * st;
  out[offset + 3] = -sp * ct * cr - cp * sr;
  out[offset + 4] = -sp * ct * sr + cp * cr;
  out[offset + 5] = sp * st;
  out[offset + 6] = st * cr;
  out[offset + 7] = st * sr;
  out[offset + 8] = ct;
}

/** STOPGAP's `phi`, `psi`, `the`: Z(psi) · X(the) · Z(phi). The same for all of its family: TOM, AV3, novaSTA. */
export function stopgapRotation(phi: number, psi: number, the: number, out: Float64Array, offset = 0): void {
  const cf = cosDegrees(phi);
  const sf = sinDegrees(phi);
  const cp = cosDegrees(psi);
  const sp = sinDegrees(psi);
  const ct = cosDegrees(the);
  const st = sinDegrees(the);
  out[offset] = cp * cf - sp * ct * sf;
  out[offset + 1] = -cp * sf - sp * ct * cf;
  out[offset + 2] = sp * st;
  out[offset + 3] = sp * cf + cp * ct * sf;
  out[offset + 4] = -sp * sf + cp * ct * cf;
  out[offset + 5] = -cp * st;
  out[offset + 6] = st * sf;
  out[offset + 7] = st * cf;
  out[offset + 8] = ct;
}

/** Slicer angles of an IMOD model: Z(−az) · Y(−ay) · X(−ax). They rotate the volume, not the particle, hence the signs. */
export function slicerRotation(ax: number, ay: number, az: number, out: Float64Array, offset = 0): void {
  const cx = cosDegrees(ax);
  const sx = sinDegrees(ax);
  const cy = cosDegrees(ay);
  const sy = sinDegrees(ay);
  const cz = cosDegrees(az);
  const sz = sinDegrees(az);
  out[offset] = cz * cy;
  out[offset + 1] = sz * cx + cz * sy * sx;
  out[offset + 2] = sz * sx - cz * sy * cx;
  out[offset + 3] = -sz * cy;
  out[offset + 4] = cz * cx - sz * sy * sx;
  out[offset + 5] = cz * sx + sz * sy * cx;
  out[offset + 6] = sy;
  out[offset + 7] = -cy * sx;
  out[offset + 8] = cy * cx;
}

/** The same rotation over (z, y, x): what stood at row i, column j goes to 2 − i, 2 − j. In place. */
export function flipRotation(matrix: Float64Array, offset = 0): void {
  for (let i = 0; i < 4; i++) {
    const first = matrix[offset + i]!;
    matrix[offset + i] = matrix[offset + 8 - i]!;
    matrix[offset + 8 - i] = first;
  }
}

/** a · b. `out` may be one of them only where the offsets keep them apart. */
export function multiplyRotations(
  a: Float64Array,
  aOffset: number,
  b: Float64Array,
  bOffset: number,
  out: Float64Array,
  offset = 0,
): void {
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      let sum = 0;
      for (let k = 0; k < 3; k++) sum += a[aOffset + 3 * row + k]! * b[bOffset + 3 * k + column]!;
      out[offset + 3 * row + column] = sum;
    }
  }
}

/**
 * RELION's angles of a matrix: rot and psi in (−180, 180], tilt in [0, 180]. If tilt is 0 or 180, rot is 0 and psi has the whole
 * rotation.
 */
export function relionAngles(matrix: Float64Array, offset = 0): [rot: number, tilt: number, psi: number] {
  const at = (i: number) => matrix[offset + i]!;
  const sinTilt = Math.hypot(at(6), at(7));
  const rot = sinTilt < POLE ? 0 : Math.atan2(at(7), at(6));
  // Taken from the matrix turned back by rot, so that rot and psi stay consistent however near the pole is.
  const [c, s] = [Math.cos(rot), Math.sin(rot)];
  const psi = Math.atan2(at(1) * c - at(0) * s, at(4) * c - at(3) * s);
  return [toDegrees(rot), toDegrees(Math.atan2(sinTilt, at(8))), toDegrees(psi)];
}

/** The RELION angles of a STOPGAP row, in (−180, 180] but for `the`, which is taken as it is. */
export function stopgapToRelion(phi: number, psi: number, the: number): [rot: number, tilt: number, psi: number] {
  return [wrapDegrees(90 - phi), the, wrapDegrees(-psi - 90)];
}

/** The inverse of `stopgapToRelion`. */
export function relionToStopgap(rot: number, tilt: number, psi: number): [phi: number, psi: number, the: number] {
  return [wrapDegrees(90 - rot), wrapDegrees(-psi - 90), tilt];
}

/** Why nine numbers are no rotation, or undefined. Rows must be orthonormal and right-handed, within `tolerance`. */
export function rotationFault(matrix: ArrayLike<number>, offset = 0, tolerance = 1e-6): string | undefined {
  const at = (row: number, column: number) => matrix[offset + 3 * row + column]!;
  const dot = (a: number, b: number) => at(a, 0) * at(b, 0) + at(a, 1) * at(b, 1) + at(a, 2) * at(b, 2);
  // Written so that NaN is a fault as well.
  for (let row = 0; row < 3; row++) {
    const length = Math.sqrt(dot(row, row));
    if (!(Math.abs(length - 1) <= tolerance)) return `row ${row} of the matrix has length ${length}, a rotation's have 1`;
    const product = dot(row, (row + 1) % 3);
    if (!(Math.abs(product) <= tolerance)) {
      return `rows ${row} and ${(row + 1) % 3} of the matrix have a product of ${product}, a rotation's have 0`;
    }
  }
  const determinant =
    at(0, 0) * (at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)) -
    at(0, 1) * (at(1, 0) * at(2, 2) - at(1, 2) * at(2, 0)) +
    at(0, 2) * (at(1, 0) * at(2, 1) - at(1, 1) * at(2, 0));
  if (!(Math.abs(determinant - 1) <= tolerance)) return `the matrix has a determinant of ${determinant}, a rotation has 1`;
  return undefined;
}

/** @throws {EmporiumError} FORMAT_FIELD where the nine numbers are no rotation. */
export function checkRotation(
  matrix: ArrayLike<number>,
  offset: number,
  place: { file: string; line?: number | undefined },
): void {
  const fault = rotationFault(matrix, offset);
  if (fault === undefined) return;
  const where = place.line === undefined ? "" : ` in line ${place.line}`;
  const hint = "give orientations as rotations without scale or mirror";
  throw new EmporiumError("FORMAT_FIELD", `${place.file}: ${fault}${where}`, { place, hint });
}

/** Sine of a tilt that is taken for a pole. Smaller ones leave rot to rounding. */
const POLE = 1e-12;

// Reduced to an eighth of a turn while still in degrees, where that is exact: quarter turns give 0 and ±1.
function cosDegrees(degrees: number): number {
  const turns = Math.round(degrees / 90);
  return quarterCos(turns, (degrees - 90 * turns) * (Math.PI / 180));
}

function sinDegrees(degrees: number): number {
  const turns = Math.round(degrees / 90);
  return quarterCos(turns - 1, (degrees - 90 * turns) * (Math.PI / 180));
}

/** Cosine of `turns` quarter turns and `rest` radians. */
function quarterCos(turns: number, rest: number): number {
  const quarter = ((turns % 4) + 4) % 4;
  if (quarter === 0) return Math.cos(rest);
  if (quarter === 1) return -Math.sin(rest);
  return quarter === 2 ? -Math.cos(rest) : Math.sin(rest);
}

function toDegrees(radians: number): number {
  return radians === -Math.PI ? 180 : radians * (180 / Math.PI);
}

function wrapDegrees(degrees: number): number {
  const wrapped = degrees - 360 * Math.round(degrees / 360);
  return wrapped === -180 ? 180 : wrapped;
}
