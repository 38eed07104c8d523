/** Volumes of the miniature laboratory: every voxel follows from one formula, so a copy, a conversion or a transposition is judged by
 * equality and needs no stored truth. Written plane by plane with the statistics known beforehand: any size in a few planes of memory. */
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

/** MRC modes that the laboratory writes; `modulus` and `shift` are the formula's for that type. */
export const KINDS = {
  int8: { mode: 0, bytes: 1, modulus: 101, shift: 50 },
  /** Unsigned bytes in mode 0, as old programs wrote them: only the header's maximum tells. */
  uint8: { mode: 0, bytes: 1, modulus: 251, shift: 0 },
  int16: { mode: 1, bytes: 2, modulus: 251, shift: 125 },
  float32: { mode: 2, bytes: 4, modulus: 251, shift: 125 },
  uint16: { mode: 6, bytes: 2, modulus: 251, shift: 0 },
  float16: { mode: 12, bytes: 2, modulus: 251, shift: 125 },
};
const HEADER_BYTES = 1024;
const PIECE_BYTES = 4 * 1024 * 1024;

/** `((x + 3y + 7z + 11·runIndex) mod m) − s`: asymmetric in x, y and z, and exact in every type.
 * @param {keyof typeof KINDS} kind
 * @param {number} runIndex from 0 */
export function voxelValue(kind, runIndex, z, y, x) {
  const { modulus, shift } = KINDS[kind];
  return ((x + 3 * y + 7 * z + 11 * runIndex) % modulus) - shift;
}

/**
 * Writes one MRC file.
 *
 * @param {string} path
 * @param {object} volume
 * @param {[number, number, number]} volume.shape voxels `[z, y, x]`
 * @param {keyof typeof KINDS} [volume.kind] default float32
 * @param {number} [volume.runIndex]
 * @param {number} [volume.spacingAngstrom] edge of a voxel; 0 leaves the cell empty
 * @param {boolean} [volume.bigEndian]
 * @param {boolean} [volume.stack] a tilt series: space group 0
 * @param {{ type: string, bytes: number }} [volume.extended] extended header
 * @param {boolean} [volume.swapXY] stored with y along the columns (mapc, mapr, maps = 2, 1, 3); `shape` stays the true one
 * @param {{ min: number, max: number }} [volume.claim] what the header says instead of the true minimum and maximum
 * @param {number} [volume.cutBytes] bytes left out at the end
 */
export async function writeVolume(path, volume) {
  const { kind = "float32", runIndex = 0, bigEndian = false, swapXY = false, cutBytes = 0, extended } = volume;
  const [nz, ny, nx] = volume.shape;
  const { bytes } = KINDS[kind];
  // columns, rows and sections of the file, and how much the formula grows along each
  const [columns, rows] = swapXY ? [ny, nx] : [nx, ny];
  const [columnStep, rowStep] = swapXY ? [3, 1] : [1, 3];
  const ramp = makeRamp(kind, bigEndian, columns, columnStep);
  const phase = (z, row) => 7 * z + rowStep * row + 11 * runIndex;
  const statistics = measure(kind, nz, rows, columns, columnStep, phase);

  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, "w");
  try {
    await file.write(mrcHeader(volume, kind, [columns, rows], statistics));
    if (extended) await file.write(Uint8Array.from({ length: extended.bytes }, (_, at) => at % 256));
    const rowBytes = columns * bytes;
    const piece = new Uint8Array(Math.max(rowBytes, Math.floor(PIECE_BYTES / rowBytes) * rowBytes));
    let left = nz * rows * rowBytes - cutBytes;
    let at = 0;
    for (let z = 0; z < nz; z++) {
      for (let row = 0; row < rows; row++) {
        piece.set(ramp(phase(z, row)), at);
        at += rowBytes;
        if (at === piece.length || (z === nz - 1 && row === rows - 1)) {
          await file.write(piece, 0, Math.min(at, left));
          left -= at;
          at = 0;
        }
      }
    }
  } finally {
    await file.close();
  }
}

/** A function that gives the bytes of one row by its phase: there are only `modulus` different rows. */
function makeRamp(kind, bigEndian, columns, step) {
  const { bytes, modulus, shift } = KINDS[kind];
  const rows = new Map();
  return (phase) => {
    const key = phase % modulus;
    let row = rows.get(key);
    if (!row) {
      row = new Uint8Array(columns * bytes);
      const view = new DataView(row.buffer);
      for (let c = 0; c < columns; c++) setVoxel(view, c * bytes, kind, ((key + step * c) % modulus) - shift, !bigEndian);
      rows.set(key, row);
    }
    return row;
  };
}

export function setVoxel(view, at, kind, value, littleEndian) {
  if (kind === "float32") view.setFloat32(at, value, littleEndian);
  else if (kind === "float16") view.setUint16(at, halfOfInteger(value), littleEndian);
  else if (kind === "int8") view.setInt8(at, value);
  else if (kind === "uint8") view.setUint8(at, value);
  else view.setInt16(at, value, littleEndian);
}

/** IEEE half precision of an integer below 2048, which it holds exactly. */
function halfOfInteger(value) {
  if (value === 0) return 0;
  const magnitude = Math.abs(value);
  const exponent = 31 - Math.clz32(magnitude);
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | ((magnitude << (10 - exponent)) & 0x3ff);
}

/** Minimum, maximum, mean and rms deviation of the stored numbers, exact: sums over the distinct rows, each counted. */
function measure(kind, nz, rows, columns, step, phase) {
  const { modulus, shift } = KINDS[kind];
  const times = new Float64Array(modulus);
  for (let z = 0; z < nz; z++) for (let row = 0; row < rows; row++) times[phase(z, row) % modulus]++;
  const voxels = new Float64Array(modulus); // how often each residue stands in the volume
  for (let key = 0; key < modulus; key++) {
    if (times[key] > 0) for (let c = 0; c < columns; c++) voxels[(key + step * c) % modulus] += times[key];
  }
  let [min, max, sum, sumOfSquares, count] = [Infinity, -Infinity, 0, 0, 0];
  voxels.forEach((n, residue) => {
    if (n === 0) return;
    const value = residue - shift;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += n * value;
    sumOfSquares += n * value * value;
    count += n;
  });
  const mean = sum / count;
  return { min, max, mean, rms: Math.sqrt(Math.max(0, sumOfSquares / count - mean * mean)) };
}

/** 1024 bytes of MRC2014 (Cheng et al. 2015, J. Struct. Biol. 192:146) with one label. */
export function mrcHeader(volume, kind, [columns, rows], statistics) {
  const { spacingAngstrom = 0, bigEndian = false, stack = false, swapXY = false, extended, claim } = volume;
  const [nz, ny, nx] = volume.shape;
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const int = (at, ...values) => {
    for (const [i, value] of values.entries()) view.setInt32(at + 4 * i, value, !bigEndian);
  };
  const float = (at, ...values) => {
    for (const [i, value] of values.entries()) view.setFloat32(at + 4 * i, value, !bigEndian);
  };
  const text = (at, value) => bytes.set(new TextEncoder().encode(value), at);
  int(0, columns, rows, nz, KINDS[kind].mode);
  int(28, nx, ny, stack ? 1 : nz); // along X, Y and Z of the cell, not of the file
  float(40, nx * spacingAngstrom, ny * spacingAngstrom, (stack ? 1 : nz) * spacingAngstrom, 90, 90, 90);
  int(64, ...(swapXY ? [2, 1, 3] : [1, 2, 3]));
  float(76, claim?.min ?? statistics.min, claim?.max ?? statistics.max, statistics.mean);
  int(88, stack ? 0 : 1, extended?.bytes ?? 0);
  if (extended) text(104, extended.type);
  int(108, 20140);
  text(208, "MAP ");
  bytes.set(bigEndian ? [0x11, 0x11, 0, 0] : [0x44, 0x44, 0, 0], 212);
  float(216, statistics.rms);
  int(220, 1);
  text(224, "miniature lab".padEnd(80));
  return bytes;
}
