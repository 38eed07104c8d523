import { type Box, boxShape, type Triple, volumeOf } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import { type Block, eachRow } from "./block.js";
import { newVoxels, type VoxelArray } from "./voxels.js";

/** Writes `length` voxels at `to` of the target, of those at `from` of the source. */
export type RowWork = (source: VoxelArray, from: number, target: VoxelArray, to: number, length: number) => void;

/** A box of another type, made row by row of the same voxels of a block. */
export function pointwise(block: Block, core: Box, dtype: DType, whole: Triple, row: RowWork): Block {
  const data = newVoxels(dtype, volumeOf(boxShape(core)));
  eachRow(block.box, core, (from, to, length) => row(block.data, from, data, to, length));
  return { data, dtype, box: core, whole };
}
