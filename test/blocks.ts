import type { Block } from "../src/arrays/operators/block.js";
import { cutBlock, growBox } from "../src/arrays/operators/block.js";
import { faceOf, matchFaces, neighboursBefore } from "../src/arrays/operators/components/faces.js";
import { labelBlock } from "../src/arrays/operators/components/label-block.js";
import { mergeUnions, rankComponents, relabelBlock } from "../src/arrays/operators/components/merge.js";
import type { BoundOperator } from "../src/arrays/operators/operator.js";
import type { BoundReduction } from "../src/arrays/operators/reductions/reduction.js";
import type { Connectivity } from "../src/arrays/operators/schemas.js";
import { newVoxels, type VoxelArray } from "../src/arrays/operators/voxels.js";
import { type Box, boxShape, type Triple, volumeOf } from "../src/core/box.js";
import type { DType } from "../src/core/dtype.js";
import type { JsonObject } from "../src/core/json.js";

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

/** A reduction over blocks of a size, merged in groups of `fanIn`, with parts that have been JSON text in between. */
export function reduceInBlocks(bound: BoundReduction, input: Block, block: Triple, fanIn: number): JsonObject {
  const stored = (part: JsonObject) => JSON.parse(JSON.stringify(part)) as JsonObject;
  let parts = gridBoxes(input.whole, block).map((core) =>
    stored(bound.partial(cutBlock(input, growBox(core, bound.halo, input.whole)), core)),
  );
  while (parts.length > 1)
    parts = Array.from({ length: Math.ceil(parts.length / fanIn) }, (_, at) =>
      stored(bound.merge(parts.slice(at * fanIn, (at + 1) * fanIn))),
    );
  return bound.finish(parts[0]!);
}

/** All stages of components, block by block, with unions merged in groups of `fanIn`. */
export function labelInBlocks(
  data: VoxelArray,
  dtype: DType,
  shape: Triple,
  block: Triple,
  { connectivity, minVoxels, fanIn = 3 }: { connectivity: Connectivity; minVoxels: number; fanIn?: number },
): { labels: BigUint64Array; count: number } {
  const whole = wholeBlock(data, dtype, shape);
  const blocks = gridBoxes(shape, block).map((core) => labelBlock(cutBlock(whole, core), core, connectivity));
  const grid = shape.map((length, axis) => Math.ceil(length / block[axis]!)) as Triple;
  let unions = blocks.map((one, index) => {
    const [z, y, x] = [Math.floor(index / (grid[1] * grid[2])), Math.floor(index / grid[2]) % grid[1], index % grid[2]];
    const found = neighboursBefore(connectivity).map((step) => {
      const at = [z + step[0], y + step[1], x + step[2]] as Triple;
      if (at.some((place, axis) => place < 0 || place >= grid[axis]!)) return new Float64Array(0);
      const other = (at[0] * grid[1] + at[1]) * grid[2] + at[2];
      const back = step.map((one) => -one) as Triple;
      const before = faceOf(other, blocks[other]!.labels, blocks[other]!.components.box, back);
      return matchFaces(faceOf(index, one.labels, one.components.box, step), before, connectivity);
    });
    return mergeUnions(found);
  });
  while (unions.length > 1)
    unions = Array.from({ length: Math.ceil(unions.length / fanIn) }, (_, at) =>
      mergeUnions(unions.slice(at * fanIn, (at + 1) * fanIn)),
    );
  const ranked = rankComponents(
    blocks.map((one) => one.components),
    unions[0]!,
    minVoxels,
  );
  const labels = new BigUint64Array(volumeOf(shape));
  for (const [index, one] of blocks.entries()) {
    const relabelled = relabelBlock(one.labels, ranked.tables[index]!);
    pasteBlock(labels, shape, { data: relabelled, dtype: "uint64", box: one.components.box, whole: shape });
  }
  return { labels, count: ranked.count };
}
