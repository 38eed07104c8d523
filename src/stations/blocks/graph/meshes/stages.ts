import type { BlockStage } from "../../../../engine/blocks/block-stage.js";
import { blocksOf, countBlocks, type Triple } from "../../../../engine/blocks/relation.js";
import type { Program } from "../program.js";
import { objectsOf } from "../tree.js";
import type { MeshesParams } from "./fields.js";

/** Parameters of the tasks that put surfaces together. */
export type MergeParams = {
  readonly meshes: MeshesParams;
  /** Folder of the output, without a slash at its end. */
  readonly folder: string;
  /** Key prefix of the objects of the blocks; `grid` is the number of blocks along each axis. */
  readonly surfaces: string;
  readonly grid: Triple;
  /** The labels are divided between so many tasks. */
  readonly parts: number;
};

/** Blocks for which there is one task that puts surfaces together, and the most of these. */
const BLOCKS_A_PART = 64;
const PARTS_MAX = 64;
/** Bytes reckoned for the surfaces of one label while they are put together. */
const SURFACE_BYTES = 64 * 2 ** 20;
/** Bytes reckoned for each voxel: a block of noise has a triangle or more for each. */
const VOXEL_BYTES = 48;

/** The surfaces of each block, and those of each label put together. */
export function meshStages(
  name: string,
  meshes: MeshesParams,
  base: Omit<BlockStage, "run" | "params">,
  program: Program,
  { between, output }: { readonly between: string; readonly output: string },
): BlockStage[] {
  const own = `${name}-surfaces`;
  const voxels = base.block[0] * base.block[1] * base.block[2];
  const surfaces: BlockStage = {
    ...base,
    name: own,
    run: "surfaces",
    params: { program },
    outputs: objectsOf(between, own, base.block),
    isTemporary: true,
    memoryBytes: base.memoryBytes + VOXEL_BYTES * voxels,
  };
  const parts = Math.min(PARTS_MAX, Math.ceil(countBlocks(base) / BLOCKS_A_PART));
  const merge: MergeParams = { meshes, folder: output, surfaces: surfaces.outputs!.prefix, grid: blocksOf(base), parts };
  const merging: BlockStage = {
    name,
    run: "mergeSurfaces",
    shape: [parts, 1, 1],
    block: [1, 1, 1],
    params: { merge },
    needs: [{ kind: "all", stage: own }],
    // the names of its files follow from the labels: what is receipted is their list
    outputs: objectsOf(between, name, [1, 1, 1]),
    bytes: 0,
    memoryBytes: SURFACE_BYTES,
    threads: 1,
  };
  return [surfaces, merging];
}
