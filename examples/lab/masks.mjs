/** Masks of the miniature laboratory: boxes of a value in a volume of another, written plane by plane. */
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { LABEL_BOXES, MEMBRANE_BOX } from "./truth.mjs";
import { KINDS, mrcHeader, setVoxel } from "./volumes.mjs";

/**
 * @typedef {object} Mask
 * @property {[number, number, number]} shape voxels `[z, y, x]`
 * @property {keyof typeof KINDS} kind
 * @property {number} spacingAngstrom
 * @property {number} [outside] value of all that is in no box
 * @property {{ value: number, x: [number, number], y: [number, number], z: [number, number] }[]} boxes later ones cover earlier ones
 */

/**
 * Labels 1 to 5.
 *
 * @param {Pick<Mask, "shape" | "kind" | "spacingAngstrom">} volume
 * @returns {Mask}
 */
export function labelMask(volume) {
  return { ...volume, boxes: LABEL_BOXES.map(({ label, ...box }) => ({ ...box, value: label })) };
}

/**
 * Probabilities at half the size of a tomogram: 0.9 in the middle of the membrane's box, exactly 0.5 in its last two columns, and
 * just less behind them.
 *
 * @param {Pick<Mask, "shape" | "spacingAngstrom">} tomogram
 * @returns {Mask}
 */
export function probabilityMask({ shape, spacingAngstrom }) {
  const [x, y, z] = ["x", "y", "z"].map((axis) => MEMBRANE_BOX[axis].map((at) => Math.floor(at / 2)));
  return {
    shape: shape.map((size) => size / 2),
    kind: "float32",
    spacingAngstrom: 2 * spacingAngstrom,
    outside: 0.125,
    boxes: [
      { x: [x[0], x[1] + 1], y, z, value: 0.4999 },
      { x, y, z, value: 0.5 },
      { x: [x[0], x[1] - 2], y, z, value: 0.9 },
    ],
  };
}

/** The value of a voxel. @param {Mask} mask */
export function maskValue({ boxes, outside = 0 }, z, y, x) {
  const holds = ([first, last], at) => first <= at && at <= last;
  return boxes.findLast((box) => holds(box.z, z) && holds(box.y, y) && holds(box.x, x))?.value ?? outside;
}

/**
 * Writes one MRC file.
 *
 * @param {string} path
 * @param {Mask} mask
 */
export async function writeMask(path, mask) {
  const { shape, kind } = mask;
  const [nz, ny, nx] = shape;
  const { bytes } = KINDS[kind];
  const stored = new DataView(new ArrayBuffer(ny * nx * bytes));
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "w");
  try {
    await file.write(mrcHeader(mask, kind, [nx, ny], statistics(mask)));
    for (let z = 0; z < nz; z++) {
      const plane = planeOf(mask, z);
      for (const [i, value] of plane.entries()) setVoxel(stored, i * bytes, kind, value, true);
      await file.write(new Uint8Array(stored.buffer));
    }
  } finally {
    await file.close();
  }
}

function planeOf({ shape: [, ny, nx], boxes, outside = 0 }, z) {
  const plane = new Float32Array(ny * nx).fill(outside);
  for (const box of boxes) {
    if (z < box.z[0] || z > box.z[1]) continue;
    for (let y = box.y[0]; y <= Math.min(box.y[1], ny - 1); y++)
      plane.fill(box.value, y * nx + box.x[0], y * nx + Math.min(box.x[1] + 1, nx));
  }
  return plane;
}

function statistics(mask) {
  const [nz, ny, nx] = mask.shape;
  let [min, max, sum, sumOfSquares] = [Infinity, -Infinity, 0, 0];
  for (let z = 0; z < nz; z++) {
    for (const value of planeOf(mask, z)) {
      min = Math.min(min, value);
      max = Math.max(max, value);
      sum += value;
      sumOfSquares += value * value;
    }
  }
  const count = nz * ny * nx;
  const mean = sum / count;
  return { min, max, mean, rms: Math.sqrt(Math.max(0, sumOfSquares / count - mean * mean)) };
}
