import type { BlockStage } from "../../../engine/blocks/block-stage.js";
import { countBlocks, type Triple } from "../../../engine/blocks/relation.js";
import type { PlainObject } from "../../../engine/task.js";

/** Results that are merged at once. */
const FAN_IN = 64;

/** A stage that merges results in the order of their blocks. */
export interface TreeFacts {
  /** Beginning of the stages' names; a number follows it. */
  readonly name: string;
  readonly run: string;
  /** Folder of what lies between stages. */
  readonly folder: string;
  readonly params: PlainObject;
  readonly memoryBytes: number;
}

/** Objects of a stage that has one for each of its blocks. */
export function objectsOf(folder: string, name: string, block: Triple) {
  return { prefix: `${folder}${name}/`, chunk: block, separator: "/" } as const;
}

/** Parameters of a merging task: the objects of the stage before it that it reads. */
export type TreeParams = {
  readonly prefix: string;
  /** Blocks of the stage before, along each axis and together. */
  readonly grid: Triple;
  readonly count: number;
  readonly fanIn: number;
};

/** Stages that merge the results of a stage's blocks, 64 at a time, until there is one: none where there is one already. */
export function treeStages(leaves: BlockStage, { name, run, folder, params, memoryBytes }: TreeFacts): BlockStage[] {
  const stages: BlockStage[] = [];
  for (let before = leaves; countBlocks(before) > 1; ) {
    const count = countBlocks(before);
    const own = `${name}-${stages.length + 1}`;
    const grid = before.shape.map((length, axis) => Math.ceil(length / before.block[axis]!)) as unknown as Triple;
    const tree: TreeParams = { prefix: before.outputs!.prefix, grid, count, fanIn: FAN_IN };
    const stage: BlockStage = {
      name: own,
      run,
      shape: [Math.ceil(count / FAN_IN), 1, 1],
      block: [1, 1, 1],
      params: { ...params, tree },
      needs: [{ kind: "tree", stage: before.name, fanIn: FAN_IN }],
      outputs: objectsOf(folder, own, [1, 1, 1]),
      isTemporary: true,
      bytes: 0,
      memoryBytes,
      threads: 1,
    };
    stages.push(stage);
    before = stage;
  }
  return stages;
}

/** Keys of what the merging task of a number reads, in the order of the blocks. */
export function treeKeys({ prefix, grid: [, ny, nx], count, fanIn }: TreeParams, index: number): string[] {
  const keys: string[] = [];
  for (let at = index * fanIn; at < Math.min(count, (index + 1) * fanIn); at++) keys.push(gridKey(prefix, [ny, nx], at));
  return keys;
}

/** Key of the object of a block, by its number. */
export function gridKey(prefix: string, [ny, nx]: readonly [number, number], index: number): string {
  const row = Math.floor(index / nx);
  return `${prefix}${Math.floor(row / ny)}/${row % ny}/${index % nx}`;
}
