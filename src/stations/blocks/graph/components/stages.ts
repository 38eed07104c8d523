import type { BlockStage } from "../../../../engine/blocks/block-stage.js";
import { countBlocks, type Triple } from "../../../../engine/blocks/relation.js";
import type { PlainObject } from "../../../../engine/task.js";
import type { ComponentsNode } from "../nodes.js";
import type { Program } from "../program.js";
import type { StoredArray } from "../stored-array.js";
import { objectsOf, treeStages } from "../tree.js";

/**
 * Parameters that all stages of a `components` node share. `labels`, `unions` and `ranks` are key prefixes, below which stages
 * find each other's objects.
 */
export type ComponentsParams = {
  readonly connectivity: 6 | 18 | 26;
  readonly minVoxels: number;
  readonly shape: Triple;
  readonly block: Triple;
  readonly grid: Triple;
  readonly labels: string;
  readonly unions: string;
  readonly ranks: string;
};

/** Bytes that a component of a block takes while all are ranked. */
const RANK_BYTES = 40;
/** Components of a block that the plan reckons with; there may be more, then the task takes more memory than it said. */
const COMPONENTS = 1000;

/** The stage of the labels themselves, as other stages know it. */
type Base = Omit<BlockStage, "run" | "params"> & { readonly params: { readonly program: Program; readonly array: StoredArray } };

/**
 * Components in stages: each block by itself, what its faces have in common with the blocks before it, a tree that merges that, the numbers of all
 * components, and each block with its final labels.
 */
export function componentStages({ name, connectivity, minVoxels }: ComponentsNode, base: Base, folder: string): BlockStage[] {
  const { shape, block, params: own, needs, inputs } = base;
  const tasks = countBlocks(base);
  const [labels, unions, ranks] = [`${name}-labels`, `${name}-unions`, `${name}-ranks`];
  const shared: ComponentsParams = {
    ...{ connectivity, minVoxels, shape, block },
    grid: shape.map((length, axis) => Math.ceil(length / block[axis]!)) as unknown as Triple,
    ...{ labels: `${folder}${labels}/`, unions: `${folder}${unions}/`, ranks: `${folder}${ranks}/` },
  };
  const voxels = block[0] * block[1] * block[2];
  const small = { shape, block, isTemporary: true, bytes: 0, threads: 1 as const };
  const labelling: BlockStage = {
    ...base,
    name: labels,
    run: "label",
    params: { program: own.program, components: shared },
    outputs: objectsOf(folder, labels, block),
    isTemporary: true,
    memoryBytes: base.memoryBytes + 12 * voxels,
  };
  const matching: BlockStage = {
    ...small,
    name: unions,
    run: "match",
    params: { components: shared },
    needs: [{ kind: "box", stage: labels, halo: [1, 1, 1], connectivity }],
    outputs: objectsOf(folder, unions, block),
    memoryBytes: 64 * voxels ** (2 / 3) + 2 ** 20,
  };
  const memoryBytes = RANK_BYTES * COMPONENTS * tasks + 2 ** 20;
  const merging = treeStages(matching, { name: `${name}-merge`, run: "merge", folder, params: {}, memoryBytes });
  const merged = merging.at(-1) ?? matching;
  const ranking: BlockStage = {
    ...small,
    name: ranks,
    run: "rank",
    shape: [1, 1, 1],
    block: [1, 1, 1],
    params: { components: shared, merged: `${merged.outputs!.prefix}0/0/0` } as PlainObject,
    needs: [
      { kind: "all", stage: labels },
      { kind: "all", stage: merged.name },
    ],
    outputs: objectsOf(folder, ranks, [1, 1, 1]),
    memoryBytes,
  };
  const relabelling: BlockStage = {
    ...base,
    run: "relabel",
    params: { components: shared, array: own.array },
    needs: [
      { kind: "box", stage: labels },
      { kind: "all", stage: ranks },
    ],
    inputs: [],
    bytes: 4 * voxels,
  };
  return [{ ...labelling, needs, inputs }, matching, ...merging, ranking, relabelling];
}
