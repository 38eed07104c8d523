import type { Block } from "../../../arrays/operators/block.js";
import { boxShape, type Triple, volumeOf } from "../../../core/box.js";
import { ITEM_BYTES } from "../../../core/dtype.js";
import { publishObject } from "../../../engine/atomic.js";
import { blockSource } from "../../../engine/blocks/block-source.js";
import type { BlockParams, BlockStage } from "../../../engine/blocks/block-stage.js";
import { chunkKey } from "../../../engine/blocks/chunk-outputs.js";
import type { BlockWork } from "../../../engine/executors/worker-process-side.js";
import type { ObjectReceipt, Operations, PlainObject, Task, TaskContext, TaskOutcome } from "../../../engine/task.js";
import { chunkBoxes } from "../../../formats/precomputed/grid.js";
import { copyElements, stridesOf } from "../../../formats/zarr/read.js";
import { accessArray } from "./array-access.js";
import type { ComponentsParams } from "./components/stages.js";
import { label, match, merge, rank, relabel } from "./components/work.js";
import { type InputPlan, type Inputs, identityStore, openInputs } from "./inputs.js";
import { evaluate, type Program } from "./program.js";
import { finishParts, mergeParts, part, readValue } from "./reduce/work.js";
import { type ArrayAccess, objectShape, outputsOf, type StoredArray } from "./stored-array.js";
import { openTargets, type TargetPlan } from "./targets.js";

/** What a worker process is told of a run. Plain JSON. */
export type WorkData = {
  readonly stages: readonly BlockStage[];
  readonly createdMs: number;
  readonly locks: readonly string[];
  readonly inputs: InputPlan;
  readonly target: TargetPlan;
  readonly sync: boolean;
};

/** The module of a worker process; also the run's own where there are none. */
export async function openBlockWork(data: PlainObject): Promise<BlockWork> {
  const { stages, createdMs, locks, inputs, target, sync } = data as unknown as WorkData;
  return {
    blocks: blockSource({ stages, createdMs, locks }),
    operations: operationsOn(openInputs(inputs)),
    source: identityStore(inputs),
    target: await openTargets(target, { anonymous: inputs.anonymous, sync }),
  };
}

export function operationsOn(inputs: Inputs): Operations {
  const known = new Map<string, ArrayAccess>();
  const accessOf =
    ({ target }: TaskContext) =>
    (array: StoredArray): ArrayAccess => {
      const found = known.get(array.folder) ?? accessArray(target, array);
      known.set(array.folder, found);
      return found;
    };
  const value = (task: Task, context: TaskContext) => computeValue(task, context, inputs, accessOf(context));
  const written = (task: Task, context: TaskContext, block: Block) => {
    const array = task.params.array as unknown as StoredArray;
    return writeObjects(block, array, accessOf(context)(array), context);
  };
  const one = async (task: Task, context: TaskContext, bytes: Uint8Array): Promise<TaskOutcome> => ({
    outputs: [await publishObject(context, task.outputs[0]!, bytes)],
  });
  return {
    compute: async (task, context) => written(task, context, await value(task, context)),
    label: async (task, context) =>
      one(task, context, label(await value(task, context), task.params.components as unknown as ComponentsParams)),
    match: async (task, context) => one(task, context, await match(task, context)),
    merge: async (task, context) => one(task, context, await merge(task, context)),
    rank: async (task, context) => one(task, context, await rank(task, context)),
    part: async (task, context) => one(task, context, part(task, await value(task, context))),
    mergeParts: async (task, context) => one(task, context, await mergeParts(task, context)),
    finish: async (task, context) => one(task, context, await finishParts(task, context)),
    relabel: async (task, context) => written(task, context, await relabel(task, context)),
  };
}

/** What a task's program gives for its block. */
function computeValue(
  { params }: Task,
  { target, signal }: TaskContext,
  inputs: Inputs,
  access: (array: StoredArray) => ArrayAccess,
): Promise<Block> {
  const { program, block } = params as unknown as { program: Program; block: BlockParams };
  const core = { start: [...block.start] as Triple, stop: block.start.map((at, axis) => at + block.shape[axis]!) as Triple };
  return evaluate(program, core, {
    value: (value) => readValue(target, value, signal),
    programs: inputs.programs,
    signal,
    async box(step, box) {
      if (step.kind === "stored") return access(step.array).read(box, signal);
      return (await inputs.level(step.input, step.level)).read(box, { signal });
    },
  });
}

/** Writes every object of a block, each whole: where objects are padded, what lies behind the end of the array is zeros. */
async function writeObjects(value: Block, array: StoredArray, access: ArrayAccess, context: TaskContext): Promise<TaskOutcome> {
  const outputs = outputsOf(array);
  const itemBytes = ITEM_BYTES[array.dtype];
  const object = objectShape(array);
  const shape = boxShape(value.box);
  const strides = stridesOf(shape, "C");
  const bytes = new Uint8Array(value.data.buffer, value.data.byteOffset, value.data.byteLength);
  const receipts: ObjectReceipt[] = [];
  for (const { start, stop } of chunkBoxes(shape, object)) {
    const size = boxShape({ start, stop });
    const stored = access.isPadded ? object : size;
    const isWhole = volumeOf(size) === volumeOf(shape) && volumeOf(size) === volumeOf(stored);
    const plain = isWhole ? bytes : new Uint8Array(volumeOf(stored) * itemBytes);
    if (!isWhole) {
      const offset = start.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
      copyElements({ bytes, strides, offset }, { bytes: plain, strides: stridesOf(stored, "C"), offset: 0 }, size, itemBytes);
    }
    const cell = start.map((at, axis) => (at + value.box.start[axis]!) / object[axis]!) as Triple;
    const key = chunkKey(outputs, { shape: array.shape, block: object }, cell);
    receipts.push(await publishObject(context, key, await access.encode(plain, stored)));
  }
  return { outputs: receipts };
}
