/** One pose in the words of each program. Everything follows from RELION's three angles; nothing here is read from what emporium knows. */

const RADIANS = Math.PI / 180;

/** @typedef {{ rot: number, tilt: number, psi: number }} RelionAngles degrees */

/**
 * Turns the reference particle into its pose: R = Z(−psi)·Y(−tilt)·Z(−rot), row-major over (x, y, z).
 *
 * @param {RelionAngles} angles
 */
export function rotationOf({ rot, tilt, psi }) {
  return multiply(multiply(aboutZ(-psi), aboutY(-tilt)), aboutZ(-rot));
}

/**
 * STOPGAP: R = Z(psi)·X(the)·Z(phi), so rot = 90 − phi, tilt = the, psi of RELION = −psi − 90.
 *
 * @param {RelionAngles} angles
 */
export function stopgapAngles({ rot, tilt, psi }) {
  return { phi: wrap(90 - rot), psi: wrap(-psi - 90), the: tilt };
}

/**
 * IMOD's slicer angles turn the volume to look down the particle: Rᵀ = X(x)·Y(y)·Z(z). Where y is ±90° only the sum of the other two is
 * fixed: all of it is put into z.
 *
 * @param {RelionAngles} angles
 */
export function slicerAngles(angles) {
  const [row0, row1, row2] = transpose(rotationOf(angles));
  const y = Math.asin(Math.max(-1, Math.min(1, row0[2]))) / RADIANS;
  if (Math.abs(row0[2]) > 1 - 1e-12) return { x: 0, y, z: Math.atan2(row1[0], row1[1]) / RADIANS };
  return { x: Math.atan2(-row1[2], row2[2]) / RADIANS, y, z: Math.atan2(-row0[1], row0[0]) / RADIANS };
}

/**
 * copick's 4×4 transformation, without a shift.
 *
 * @param {RelionAngles} angles
 */
export function copickTransformation(angles) {
  return [...rotationOf(angles).map((row) => [...row, 0]), [0, 0, 0, 1]];
}

function aboutZ(degrees) {
  const [cos, sin] = cosSin(degrees);
  return [
    [cos, -sin, 0],
    [sin, cos, 0],
    [0, 0, 1],
  ];
}

function aboutY(degrees) {
  const [cos, sin] = cosSin(degrees);
  return [
    [cos, 0, sin],
    [0, 1, 0],
    [-sin, 0, cos],
  ];
}

/** Exact for multiples of 90°, so that files have a 0 and not 6·10⁻¹⁷. */
function cosSin(degrees) {
  const quarter = wrap(degrees) / 90;
  if (Number.isInteger(quarter)) {
    const at = (quarter + 4) % 4;
    return [[1, 0, -1, 0][at], [0, 1, 0, -1][at]];
  }
  return [Math.cos(degrees * RADIANS), Math.sin(degrees * RADIANS)];
}

function multiply(a, b) {
  // `+ 0` makes −0 a 0
  return a.map((row) => [0, 1, 2].map((j) => row[0] * b[0][j] + row[1] * b[1][j] + row[2] * b[2][j] + 0));
}

function transpose(matrix) {
  return [0, 1, 2].map((j) => matrix.map((row) => row[j]));
}

/** Into (−180, 180]. */
function wrap(degrees) {
  const turned = ((degrees % 360) + 360) % 360;
  return turned > 180 ? turned - 360 : turned;
}
