import type { DType } from "../../../../core/dtype.js";
import type { BlockStage } from "../../../../engine/blocks/block-stage.js";
import type { Triple } from "../../../../engine/blocks/relation.js";
import type { PlainObject } from "../../../../engine/task.js";
import type { ReduceNode } from "../nodes.js";
import type { Program } from "../program.js";
import { objectsOf, treeStages } from "../tree.js";

/** A reduction as tasks bind it. */
export type ReduceParams = {
  readonly name: string;
  readonly params: PlainObject;
  readonly shape: Triple;
  readonly dtype: DType;
};

/** Bytes of the parts that are merged at once. */
const PARTS_BYTES = 64 * 2 ** 20;

/** Key of the object that has a reduction's result. */
export function resultKey(folder: string, name: string): string {
  return `${folder}${name}/0/0/0`;
}

/** A part of each block, a tree that merges them in the order of the blocks, and the result. */
export function reduceStages(
  { name, reduction, params, facts }: ReduceNode,
  base: Omit<BlockStage, "run" | "params">,
  program: Program,
  folder: string,
): BlockStage[] {
  const reduce: ReduceParams = { name: reduction, params: params as PlainObject, shape: facts.shape, dtype: facts.dtype };
  const own = `${name}-parts`;
  const parts: BlockStage = {
    ...base,
    name: own,
    run: "part",
    params: { program, reduce },
    outputs: objectsOf(folder, own, base.block),
    isTemporary: true,
  };
  const merging = treeStages(parts, {
    name: `${name}-merge`,
    run: "mergeParts",
    folder,
    params: { reduce },
    memoryBytes: PARTS_BYTES,
  });
  const last = merging.at(-1) ?? parts;
  const result: BlockStage = {
    name,
    run: "finish",
    shape: [1, 1, 1],
    block: [1, 1, 1],
    params: { reduce, from: `${last.outputs!.prefix}0/0/0` },
    needs: [{ kind: "all", stage: last.name }],
    outputs: objectsOf(folder, name, [1, 1, 1]),
    isTemporary: base.isTemporary,
    bytes: 0,
    memoryBytes: PARTS_BYTES,
    threads: 1,
  };
  return [parts, ...merging, result];
}
