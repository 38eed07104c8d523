import { type Block, growBox } from "../../../arrays/operators/block.js";
import type { Box, Triple } from "../../../core/box.js";
import { systemClock } from "../../../core/clock.js";
import { publishObject } from "../../../engine/atomic.js";
import { blockSource } from "../../../engine/blocks/block-source.js";
import type { BlockParams, BlockStage } from "../../../engine/blocks/block-stage.js";
import type { BlockWork } from "../../../engine/executors/worker-process-side.js";
import type { Operations, PlainObject, Task, TaskContext, TaskOutcome } from "../../../engine/task.js";
import { accessArray } from "./array-access.js";
import type { ComponentsParams } from "./components/stages.js";
import { readWritten } from "./external/written.js";
import { type InputPlan, type Inputs, identityStore, openInputs } from "./inputs.js";
import { evaluate, evaluateSteps, type Program, type ProgramReader } from "./program.js";
import { finishParts, mergeParts, part, partHalo, readValue } from "./reduce/work.js";
import type { SaveParams } from "./save/fields.js";
import type { ArrayAccess, StoredArray } from "./stored-array.js";
import { openTargets, type TargetPlan } from "./targets.js";
import { type Timing, timing } from "./timing.js";
import { writeObjects, writeShards } from "./write-objects.js";

/** Data of a run for a worker process. Plain JSON. */
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
  const timed = timing(openInputs(inputs, inputs), systemClock);
  return {
    blocks: blockSource({ stages, createdMs, locks }),
    operations: timed.measured(operationsOn(timed)),
    source: identityStore(inputs),
    target: timed.store(await openTargets(target, { anonymous: inputs.anonymous, sync })),
  };
}

// A process begins sooner, and in less memory, without the operations that its graph has not.
const components = () => import("./components/work.js");
const meshes = () => import("./meshes/work.js");
const files = () => import("./save/files.js");

export function operationsOn({ inputs, time }: Pick<Timing, "inputs" | "time">): Operations {
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
    return writeObjects(block, array, accessOf(context)(array), context, time);
  };
  const one = async (task: Task, context: TaskContext, bytes: Uint8Array): Promise<TaskOutcome> => ({
    outputs: [await time("store", () => publishObject(context, task.outputs[0]!, bytes))],
  });
  return {
    async compute(task, context) {
      const access = accessOf(context);
      const array = task.params.array as unknown as StoredArray;
      const { shard } = access(array);
      if (!shard || !task.params.part) return written(task, context, await value(task, context));
      return writeShards(task, array, shard, context, time, (box) => computeBox(task, box, context, inputs, access));
    },
    label: async (task, context) =>
      one(
        task,
        context,
        (await components()).label(await value(task, context), task.params.components as unknown as ComponentsParams),
      ),
    match: async (task, context) => one(task, context, await (await components()).match(task, context)),
    merge: async (task, context) => one(task, context, await (await components()).merge(task, context)),
    rank: async (task, context) => one(task, context, await (await components()).rank(task, context)),
    part: async (task, context) =>
      one(task, context, part(task, await computeValue(task, context, inputs, accessOf(context), partHalo(task)), coreOf(task))),
    mergeParts: async (task, context) => one(task, context, await mergeParts(task, context)),
    surfaces: async (task, context) => {
      const core = coreOf(task);
      const { surfacesOf, MESHES_HALO } = await meshes();
      const around = await computeValue(task, context, inputs, accessOf(context), MESHES_HALO);
      return one(task, context, surfacesOf(around, core));
    },
    mergeSurfaces: async (task, context) => one(task, context, await (await meshes()).writeMeshes(task, context)),
    async save(task, context) {
      const { program, results, save } = task.params as unknown as { program: Program; results: number[]; save: SaveParams };
      const values = await evaluateSteps(
        program,
        results,
        coreOf(task),
        readerOf(coreOf(task), context, inputs, accessOf(context)),
      );
      return one(task, context, (await files()).fileOf(values, save));
    },
    finish: async (task, context) => one(task, context, await finishParts(task, context)),
    relabel: async (task, context) => written(task, context, await (await components()).relabel(task, context)),
  };
}

/** The voxels that are a task's own. */
function coreOf({ params }: Task): Box {
  const { start, shape } = params.block as BlockParams;
  return { start: [...start] as Triple, stop: start.map((at, axis) => at + shape[axis]!) as Triple };
}

/** Computes the value of a task's program for its block, with `halo` voxels around it as far as the array goes. */
function computeValue(
  task: Task,
  context: TaskContext,
  inputs: Inputs,
  access: (array: StoredArray) => ArrayAccess,
  halo: Triple = [0, 0, 0],
): Promise<Block> {
  const program = task.params.program as unknown as Program;
  return computeBox(task, growBox(coreOf(task), halo, program.at(-1)!.shape), context, inputs, access);
}

function computeBox(
  { params }: Task,
  core: Box,
  context: TaskContext,
  inputs: Inputs,
  access: (array: StoredArray) => ArrayAccess,
): Promise<Block> {
  return evaluate(params.program as unknown as Program, core, readerOf(core, context, inputs, access));
}

function readerOf(
  core: Box,
  { target, signal }: TaskContext,
  inputs: Inputs,
  access: (array: StoredArray) => ArrayAccess,
): ProgramReader {
  return {
    value: (value) => readValue(target, value, signal),
    programs: inputs.programs,
    modules: inputs.modules,
    signal,
    async box(step, box) {
      if (step.kind === "stored") return access(step.array).read(box, signal);
      if (step.kind === "written") return readWritten(step, core, box, (own) => access(step.array).read(own, signal));
      return (await inputs.level(step.input, step.level)).read(box, { signal });
    },
  };
}
