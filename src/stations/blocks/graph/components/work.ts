import type { Block } from "../../../../arrays/operators/block.js";
import { matchFaces, neighboursBefore } from "../../../../arrays/operators/components/faces.js";
import { labelBlock } from "../../../../arrays/operators/components/label-block.js";
import { mergeUnions, rankComponents, relabelBlock } from "../../../../arrays/operators/components/merge.js";
import type { Box, Triple } from "../../../../core/box.js";
import type { BlockParams } from "../../../../engine/blocks/block-stage.js";
import type { Task, TaskContext } from "../../../../engine/task.js";
import { absent, type Store } from "../../../../stores/store.js";
import { mapLimit } from "../../../../system/parallel.js";
import { gridKey, type TreeParams, treeKeys } from "../tree.js";
import { encodeLabels, openLabels } from "./label-object.js";
import type { ComponentsParams } from "./stages.js";

/** The work of the stages of components. Each gives the bytes of its task's object, `relabel` the voxels of its block. */

const READS_IN_FLIGHT = 8;

export function label(value: Block, { connectivity }: ComponentsParams): Uint8Array {
  return encodeLabels(labelBlock(value, value.box, connectivity));
}

/** Finds which labels of a block continue in the blocks before it, across faces, edges or corners as `connectivity` says. */
export async function match({ params }: Task, { target, signal }: TaskContext): Promise<Uint8Array> {
  const { components, block } = params as unknown as { components: ComponentsParams; block: BlockParams };
  const { connectivity, grid } = components;
  const own = await openLabels(target, keyOf(components, block.index), signal);
  const found = await mapLimit(neighboursBefore(connectivity), READS_IN_FLIGHT, async (step) => {
    const at = block.at.map((place, axis) => place + step[axis]!) as Triple;
    if (at.some((place, axis) => place < 0 || place >= grid[axis]!)) return new Float64Array(0);
    const index = (at[0] * grid[1] + at[1]) * grid[2] + at[2];
    const other = await openLabels(target, keyOf(components, index), signal);
    const back = step.map((one) => -one) as Triple;
    const [face, faced] = [
      own.face(block.index, boxOf(components, block.at), step),
      other.face(index, boxOf(components, at), back),
    ];
    return matchFaces(face, faced, connectivity);
  });
  return bytesOf(mergeUnions(found));
}

/** Merges what some tasks before have found, in their order. */
export async function merge({ params }: Task, { target, signal }: TaskContext): Promise<Uint8Array> {
  const { tree, block } = params as unknown as { tree: TreeParams; block: BlockParams };
  const parts = await mapLimit(treeKeys(tree, block.index), READS_IN_FLIGHT, (key) => readNumbers(target, key, signal));
  return bytesOf(mergeUnions(parts));
}

/** The final label of every label of every block: where each block's begin, then all of them. */
export async function rank({ params }: Task, { target, signal }: TaskContext): Promise<Uint8Array> {
  const { components, merged } = params as unknown as { components: ComponentsParams; merged: string };
  const { grid, minVoxels } = components;
  const count = grid[0] * grid[1] * grid[2];
  const indices = Array.from({ length: count }, (_, index) => index);
  const blocks = await mapLimit(indices, READS_IN_FLIGHT, async (index) => {
    return (await openLabels(target, keyOf(components, index), signal)).components;
  });
  const { tables } = rankComponents(blocks, await readNumbers(target, merged, signal), minVoxels);
  const total = tables.reduce((sum, { length }) => sum + length, 0);
  const numbers = new Float64Array(count + 1 + total);
  let at = 0;
  for (const [index, table] of tables.entries()) {
    numbers[index] = at;
    numbers.set(table, count + 1 + at);
    at += table.length;
  }
  numbers[count] = at;
  return bytesOf(numbers);
}

/** A block with its final labels. */
export async function relabel({ params }: Task, { target, signal }: TaskContext): Promise<Block> {
  const { components, block } = params as unknown as { components: ComponentsParams; block: BlockParams };
  const { grid, shape, ranks } = components;
  const box = boxOf(components, block.at);
  const labels = await (await openLabels(target, keyOf(components, block.index), signal)).labels();
  const key = `${ranks}0/0/0`;
  const [from = 0, to = 0] = await readNumbers(target, key, signal, block.index, 2);
  const table = await readNumbers(target, key, signal, grid[0] * grid[1] * grid[2] + 1 + from, to - from);
  return { data: relabelBlock(labels, table), dtype: "uint64", box, whole: [...shape] };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array) => new Uint8Array(buffer, byteOffset, byteLength);

/** @param first number of the first number @param count all of them by default */
async function readNumbers(store: Store, key: string, signal: AbortSignal, first = 0, count?: number): Promise<Float64Array> {
  const range = count === undefined ? undefined : { offset: 8 * first, length: 8 * count };
  const bytes = await store.read(key, range, { signal });
  if (!bytes) throw absent(store, key);
  return new Float64Array(bytes.slice().buffer);
}

function keyOf({ labels, grid }: ComponentsParams, index: number): string {
  return gridKey(labels, [grid[1], grid[2]], index);
}

function boxOf({ shape, block }: ComponentsParams, at: BlockParams["at"]): Box {
  const start = at.map((place, axis) => place * block[axis]!) as Triple;
  return { start, stop: start.map((from, axis) => Math.min(from + block[axis]!, shape[axis]!)) as Triple };
}
