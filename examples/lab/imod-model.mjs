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
  const angles = PARTICLES.map(({ relion, id }, at) => {
    const { x, y, z } = slicerAngles(relion);
    return chunk("SLAN", int(1), float(x, y, z), float(...points[at]), text(`particle ${id}`, 32));
  });
  return join([
    text("IMOD", 4),
    text("V1.2", 4),
    modelHeader([nx, ny, nz], spacingAngstrom / 10),
    object("particles", 1),
    join([text("CONT", 4), int(points.length, 0, 0, 0), float(...points.flat())]),
    material(),
    object("never used", 0),
    material(),
    // nothing moved since the model was drawn on the tomogram
    chunk("MINX", ...[0, 1].map(() => float(...[1, 2, 3].map(() => spacingAngstrom), 0, 0, 0, 0, 0, 0))),
    ...angles,
    text("IEOF", 4),
  ]);
}

function modelHeader(size, pixel) {
  return join([
    text("miniature lab", 128),
    int(...size, 2), // two objects
    int(0), // flags
    int(1, 1, 0, 255), // drawing, mouse, black, white
    float(0, 0, 0, 1, 1, 1), // offset and scale
    int(0, 0, 0), // current object, contour, point
    int(3, 0), // resolution, threshold
    float(pixel),
    int(NANOMETRE, 0),
    float(0, 0, 0),
  ]);
}

function object(name, contours) {
  return join([
    text("OBJT", 4),
    text(name, 64),
    int(...new Array(16).fill(0)),
    int(contours, SCATTERED, 0, 1),
    float(0, 1, 0),
    int(5), // radius of its spheres
    Uint8Array.of(1, 3, 1, 1, 0, 0, 0, 0),
    int(0, 0), // meshes, surfaces
  ]);
}

function material() {
  return chunk("IMAT", Uint8Array.of(102, 255, 127, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
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

function text(value, length) {
  const bytes = new Uint8Array(length);
  bytes.set(new TextEncoder().encode(value));
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
