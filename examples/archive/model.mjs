/** Files of an archive, byte by byte: IMOD models, tomograms, sidecars of macOS. The layouts are those of IMOD's and Apple's own pages. */
import { modelFile } from "../lab/imod-model.mjs";

/**
 * An IMOD model: one object of one contour, and slicer angles.
 *
 * @param {import("./generate.d.mts").ModelSketch} model
 * @returns {Uint8Array}
 */
export function model({ name, max, pixelNm = 1, points = [], slicers = [] }) {
  return modelFile({
    name,
    max,
    pixelNm,
    flags: 0xf400,
    threshold: 128,
    current: [0, points.length > 0 ? 0 : -1, -1],
    objects: [{ name, pointSize: 3, points, time: 1 }],
    // the old scale and rotation hold what lay in memory
    old: [0, 4.65661287e-10, 2988.7, 0, 0, 0, -8.98e34, 3.06e-41, 0],
    slicers,
  });
}

/**
 * A tomogram of bytes.
 *
 * @param {[number, number, number]} size x, y, z
 * @returns {Uint8Array}
 */
export function tomogram([nx, ny, nz], pixelAngstrom, seed) {
  const bytes = new Uint8Array(1024 + nx * ny * nz);
  const view = new DataView(bytes.buffer);
  const ints = (at, ...values) => {
    for (const [i, value] of values.entries()) view.setInt32(at + 4 * i, value, true);
  };
  const floats = (at, ...values) => {
    for (const [i, value] of values.entries()) view.setFloat32(at + 4 * i, value, true);
  };
  ints(0, nx, ny, nz, 0, 0, 0, 0, nx, ny, nz);
  floats(40, nx * pixelAngstrom, ny * pixelAngstrom, nz * pixelAngstrom, 90, 90, 90);
  ints(64, 1, 2, 3);
  floats(76, 0, 255, 127.5);
  ints(152, 1146047817, 0);
  bytes.set(text("MAP ", 4), 208);
  bytes.set([0x44, 0x44, 0, 0], 212);
  ints(220, 1);
  bytes.set(text("a miniature archive", 80), 224);
  let state = seed >>> 0;
  for (let at = 1024; at < bytes.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** What macOS writes beside a file on a foreign disk: AppleDouble of 4096 bytes with Finder information and an empty resource fork. */
export function sidecar() {
  const bytes = new Uint8Array(4096);
  bytes.set([0, 5, 0x16, 7, 0, 2, 0, 0]);
  bytes.set(text("Mac OS X        ", 16), 8);
  const view = new DataView(bytes.buffer);
  view.setUint16(24, 2);
  for (const [i, value] of [9, 50, 3760, 2, 3810, 286].entries()) view.setUint32(26 + 4 * i, value);
  bytes.set(text("This resource fork intentionally left blank   ", 46), 3826);
  return bytes;
}

/** A motive list of PEET. */
export function motives(particles) {
  const columns =
    "CCC,reserved,reserved,pIndex,wedgeWT,NA,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,reserved,EulerZ(1),EulerZ(3),EulerX(2),reserved";
  const rows = Array.from({ length: particles }, (_, at) => `0.5,0,0,${at + 1},0,0,0,0,0,0,0,0,0,0,0,0,${at},0,90,0`);
  return text(`${[columns, ...rows].join("\n")}\n`);
}

/** @param {number} [length] filled with NUL; text that is longer is cut */
export function text(value, length) {
  const encoded = new TextEncoder().encode(value);
  const bytes = new Uint8Array(length ?? encoded.length);
  bytes.set(encoded.subarray(0, bytes.length));
  return bytes;
}
