import { type Box, boxShape, type Triple, volumeOf } from "../../core/box.js";
import type { Block } from "./block.js";
import type { Edge } from "./correlate.js";
import { voxelAt } from "./edge.js";
import { type NumberArray, newVoxels } from "./voxels.js";

/** Voxels around a box, with what the edge rule puts beyond the border of the whole volume. */
export interface Padded {
  /** Voxels in C order, of the block's type. */
  readonly data: NumberArray;
  /** The box's shape, and twice the reach. */
  readonly shape: Triple;
}

/** @param reach voxels on each side of `core` */
export function pad(block: Block, core: Box, reach: Triple, edge: Edge): Padded {
  const shape = boxShape(core).map((length, axis) => length + 2 * reach[axis]!) as Triple;
  const [nz, ny, nx] = shape;
  const [, rowsY, rowsX] = boxShape(block.box);
  const source = block.data as NumberArray;
  const data = newVoxels(block.dtype, volumeOf(shape)) as NumberArray;
  const [placesZ, placesY, placesX] = [0, 1, 2].map((axis) => places(block, core, reach, edge, axis)) as [Places, Places, Places];
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++) {
      const to = (z * ny + y) * nx;
      if (placesZ.at[z]! < 0 || placesY.at[y]! < 0) data.fill(edge.value, to, to + nx);
      else copyRow(source, (placesZ.at[z]! * rowsY + placesY.at[y]!) * rowsX, data, to, placesX, edge.value);
    }
  return { data, shape };
}

interface Places {
  /** For each padded voxel, the index of the block's voxel whose value it takes; -1 for the constant. */
  readonly at: Int32Array;
  /** Padded voxels that are the block's own, next to each other. */
  readonly first: number;
  readonly end: number;
}

function places(block: Block, core: Box, reach: Triple, edge: Edge, axis: number): Places {
  const from = core.start[axis]! - reach[axis]!;
  const length = core.stop[axis]! + reach[axis]! - from;
  const whole = block.whole[axis]!;
  const at = Int32Array.from({ length }, (_, i) => {
    const place = voxelAt(from + i, whole, edge.rule);
    return place < 0 ? -1 : place - block.box.start[axis]!;
  });
  const first = Math.max(0, -from);
  return { at, first, end: Math.max(first, Math.min(length, whole - from)) };
}

function copyRow(
  source: NumberArray,
  from: number,
  data: NumberArray,
  to: number,
  { at, first, end }: Places,
  value: number,
): void {
  if (end > first) data.set(source.subarray(from + at[first]!, from + at[first]! + end - first), to + first);
  for (let i = 0; i < at.length; i++) if (i < first || i >= end) data[to + i] = at[i]! < 0 ? value : source[from + at[i]!]!;
}
