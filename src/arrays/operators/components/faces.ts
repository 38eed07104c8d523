import { type Box, boxShape, type Triple, volumeOf } from "../../../core/box.js";
import { eachRow } from "../block.js";
import type { Connectivity } from "../schemas.js";

/** The labels of a block's voxels that touch one of its neighbours: a plane, a row or a single voxel. */
export interface Face {
  /** Number of the block in its grid. */
  readonly block: number;
  readonly box: Box;
  readonly labels: Uint32Array;
}

const mostOff: Readonly<Record<Connectivity, number>> = { 6: 1, 18: 2, 26: 3 };
const isBefore = ([z, y, x]: Triple) => z < 0 || (z === 0 && (y < 0 || (y === 0 && x < 0)));

function offsets(connectivity: Connectivity): Triple[] {
  const found: Triple[] = [];
  for (let z = -1; z <= 1; z++)
    for (let y = -1; y <= 1; y++)
      for (let x = -1; x <= 1; x++) {
        const off = Math.abs(z) + Math.abs(y) + Math.abs(x);
        if (off > 0 && off <= mostOff[connectivity]) found.push([z, y, x]);
      }
  return found;
}

/** Steps in the grid to the neighbours that come before a block and touch it: 3, 9 or 13. Each pair of blocks is matched once. */
export function neighboursBefore(connectivity: Connectivity): readonly Triple[] {
  return offsets(connectivity).filter(isBefore);
}

/** The voxels of a block that touch its neighbour in a direction, which is one step in the grid along some axes. */
export function faceOf(block: number, labels: Uint32Array, box: Box, toward: Triple): Face {
  const face: Box = {
    start: box.start.map((at, axis) => (toward[axis]! > 0 ? box.stop[axis]! - 1 : at)) as Triple,
    stop: box.stop.map((at, axis) => (toward[axis]! < 0 ? box.start[axis]! + 1 : at)) as Triple,
  };
  const cut = new Uint32Array(volumeOf(boxShape(face)));
  eachRow(box, face, (from, to, length) => {
    for (let i = 0; i < length; i++) cut[to + i] = labels[from + i]!;
  });
  return { block, box: face, labels: cut };
}

/**
 * Which labels of two blocks belong together: the face of one, and the face of the neighbour before it, each toward the other.
 *
 * @returns block, label, block, label, … as in `mergeUnions`; each pair once
 */
export function matchFaces(own: Face, before: Face, connectivity: Connectivity): Float64Array {
  const stride = largest(before.labels) + 1;
  const pairs = new Set<number>();
  const steps = offsets(connectivity);
  const shape = boxShape(before.box);
  const [, ny, nx] = boxShape(own.box);
  for (let at = 0; at < own.labels.length; at++) {
    const label = own.labels[at]!;
    if (label === 0) continue;
    const row = Math.floor(at / nx);
    const z = Math.floor(row / ny) + own.box.start[0] - before.box.start[0];
    const y = (row % ny) + own.box.start[1] - before.box.start[1];
    const x = (at % nx) + own.box.start[2] - before.box.start[2];
    for (const step of steps) {
      const other = labelAt(before.labels, shape, z + step[0], y + step[1], x + step[2]);
      if (other !== 0) pairs.add(label * stride + other);
    }
  }
  return Float64Array.from([...pairs].flatMap((pair) => [own.block, Math.floor(pair / stride), before.block, pair % stride]));
}

function labelAt(labels: Uint32Array, [nz, ny, nx]: Triple, z: number, y: number, x: number): number {
  return z >= 0 && z < nz && y >= 0 && y < ny && x >= 0 && x < nx ? labels[(z * ny + y) * nx + x]! : 0;
}

function largest(labels: Uint32Array): number {
  let most = 0;
  for (const label of labels) if (label > most) most = label;
  return most;
}
