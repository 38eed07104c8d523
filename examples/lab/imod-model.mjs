/** IMOD models of version 1.2: big-endian chunks. The layout is that of IMOD's "binary file format" page. */
import { slicerAngles } from "./conventions.mjs";
import { PARTICLES } from "./truth.mjs";

const SCATTERED = 1 << 9;
const NANOMETRE = -9;

/**
 * The particles as contour points of the first object and as slicer angles; a second object is empty, as those are that a person once made
 * and never used.
 *
 * @param {object} model
 * @param {[number, number, number]} model.shape of the tomogram, `[z, y, x]` voxels
 * @param {number} model.spacingAngstrom
 * @returns {Uint8Array}
 */
export function imodModel({ shape: [nz, ny, nx], spacingAngstrom }) {
  const points = PARTICLES.map(({ voxel: { x, y, z } }) => [x, y, z]);
  return modelFile({
    name: "miniature lab",
    max: [nx, ny, nz],
    pixelNm: spacingAngstrom / 10,
    current: [0, 0, 0],
    objects: [
      { name: "particles", pointSize: 5, points },
      { name: "never used", pointSize: 5 },
    ],
    // nothing moved since the model was drawn on the tomogram
    old: [spacingAngstrom, spacingAngstrom, spacingAngstrom, 0, 0, 0, 0, 0, 0],
    slicers: PARTICLES.map(({ relion, id }, at) => {
      const { x, y, z } = slicerAngles(relion);
      return { angles: [x, y, z], center: points[at], label: `particle ${id}` };
    }),
  });
}

/**
 * Objects of at most one contour of scattered points, the place on the image, slicer angles.
 *
 * @param {object} model
 * @param {string} model.name
 * @param {readonly number[]} model.max x, y, z
 * @param {number} model.pixelNm
 * @param {{ name: string, pointSize: number, points?: readonly (readonly number[])[], time?: number }[]} model.objects
 * @param {number[]} model.old old scale, translation and rotation of the image
 * @param {{ angles: readonly number[], center: readonly number[], label?: string }[]} model.slicers
 * @param {number[]} model.current object, contour and point that are selected
 * @param {number} [model.flags]
 * @param {number} [model.threshold]
 * @returns {Uint8Array}
 */
export function modelFile({ name, max, pixelNm, objects, old, slicers, current, flags = 0, threshold = 0 }) {
  return join([
    text("IMODV1.2", 8),
    text(name, 128),
    int(...max, objects.length),
    int(flags),
    int(1, 1, 0, 255), // drawing, mouse, black, white
    float(0, 0, 0, 1, 1, 1), // offset and scale
    int(...current),
    int(3, threshold), // resolution before it
    float(pixelNm),
    int(NANOMETRE, 0),
    float(0, 0, 0),
    ...objects.map(object),
    chunk("MINX", float(...old), float(...max.map(() => 10 * pixelNm)), float(0, 0, 0, 0, 0, 0)),
    ...slicers.map(({ angles, center, label = "" }) => chunk("SLAN", int(1), float(...angles, ...center), text(label, 32))),
    text("IEOF", 4),
  ]);
}

function object({ name, pointSize, points = [], time = 0 }) {
  const contours = points.length > 0 ? [text("CONT", 4), int(points.length, 0, time, 0), float(...points.flat())] : [];
  return join([
    text("OBJT", 4),
    text(name, 64),
    int(...new Array(16).fill(0)),
    int(contours.length > 0 ? 1 : 0, SCATTERED, 0, 1),
    float(0, 1, 0),
    int(pointSize),
    Uint8Array.of(1, 3, 1, 1, 0, 0, 0, 0),
    int(0, 0), // meshes, surfaces
    ...contours,
    chunk("IMAT", Uint8Array.of(102, 255, 127, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
  ]);
}

function chunk(id, ...parts) {
  const data = join(parts);
  return join([text(id, 4), int(data.length), data]);
}

function int(...values) {
  return numbers(values, (view, at, value) => view.setInt32(at, value));
}

function float(...values) {
  return numbers(values, (view, at, value) => view.setFloat32(at, value));
}

function numbers(values, set) {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  for (const [i, value] of values.entries()) set(view, 4 * i, value);
  return new Uint8Array(view.buffer);
}

/** Filled with NUL; text that is longer is cut. */
function text(value, length) {
  const bytes = new Uint8Array(length);
  bytes.set(new TextEncoder().encode(value).subarray(0, length));
  return bytes;
}

function join(parts) {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
