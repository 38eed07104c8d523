import type { Block } from "../src/arrays/operators/block.js";
import { cutBlock } from "../src/arrays/operators/block.js";
import type { BoundOperator } from "../src/arrays/operators/operator.js";
import { newVoxels, type VoxelArray } from "../src/arrays/operators/voxels.js";
import { type Box, boxShape, type Triple, volumeOf } from "../src/core/box.js";
import type { DType } from "../src/core/dtype.js";

/** A whole volume as one block. */
export function wholeBlock(data: VoxelArray, dtype: DType, shape: Triple): Block {
  return { data, dtype, box: { start: [0, 0, 0], stop: shape }, whole: shape };
}

/** Boxes of a grid over a volume, smaller at the far ends; z, y, x order. */
export function gridBoxes(shape: Triple, block: Triple): Box[] {
  const boxes: Box[] = [];
  for (let z = 0; z < shape[0]; z += block[0])
    for (let y = 0; y < shape[1]; y += block[1])
      for (let x = 0; x < shape[2]; x += block[2]) {
        const start: Triple = [z, y, x];
        boxes.push({ start, stop: start.map((at, axis) => Math.min(at + block[axis]!, shape[axis]!)) as Triple });
      }
  return boxes;
}

/** Puts a block into the memory of the whole volume. */
export function pasteBlock(target: VoxelArray, whole: Triple, { data, box }: Block): void {
  const [nz, ny, nx] = boxShape(box);
  for (let z = 0; z < nz; z++)
    for (let y = 0; y < ny; y++) {
      const at = ((z + box.start[0]) * whole[1] + y + box.start[1]) * whole[2] + box.start[2];
      for (let x = 0; x < nx; x++) target[at + x] = data[(z * ny + y) * nx + x]!;
    }
}

/** An operator's result, computed in blocks of a size: each is given no more than it says that it needs. */
export function tiled(bound: BoundOperator, inputs: readonly Block[], block: Triple): VoxelArray {
  const { shape, dtype } = bound.output;
  const result = newVoxels(dtype, volumeOf(shape));
  for (const core of gridBoxes(shape, block)) {
    const needed = bound.inputBox(core);
    pasteBlock(
      result,
      shape,
      bound.apply(
        inputs.map((input) => cutBlock(input, needed)),
        core,
      ),
    );
  }
  return result;
}

export function bytesOf(data: VoxelArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
