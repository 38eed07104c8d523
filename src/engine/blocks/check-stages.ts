import { EmporiumError } from "../../core/errors.js";
import { counted } from "../../core/units.js";
import { checkPlan } from "../plan.js";
import type { Task } from "../task.js";
import type { BlockStage } from "./block-stage.js";
import { countTasks } from "./numbers.js";
import { countBlocks } from "./relation.js";

/**
 * Proves, before a byte moves, that stages can be run in their order and that no two tasks write one name: by arithmetic on the stages, whatever
 * the number of their blocks.
 *
 * @throws {EmporiumError} INTERNAL for a need of a stage that is absent or comes later, and for a grid that is none; NAME_UNSAFE for a prefix that
 *   is no safe key; CONFIG_COLLISION for two stages of one name, for outputs of two stages that meet, and for blocks that share a chunk.
 *
 * Cost: in proportion to the stages.
 */
export function checkStages(stages: readonly BlockStage[]): void {
  const before = new Map<string, BlockStage>();
  for (const stage of stages) {
    checkGrid(stage);
    if (before.has(stage.name)) throw collision(stage, "has the name of another stage");
    before.set(stage.name, stage);
    for (const need of stage.needs) {
      if (!before.has(need.stage)) throw wrong(stage, `needs ${need.stage}, which is not a stage before it`);
      if (need.stage === stage.name && stage.numbers) throw wrong(stage, "needs itself, and has an order of its own");
      // a block would need itself
      if (need.stage === stage.name && need.kind !== "box") throw wrong(stage, `needs ${need.kind} of itself`);
      if (need.kind === "tree") checkTree(stage, before.get(need.stage)!, need.fanIn);
    }
  }
  const folders = stages.flatMap(({ name, outputs }) => (outputs ? [folderTask(name, outputs.prefix)] : []));
  checkPlan({ createdMs: 0, locks: [], tasks: folders });
}

function checkGrid(stage: BlockStage): void {
  const { name, shape, block, outputs } = stage;
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name)) throw wrong(stage, "has a name that is not a lower-case word");
  const isSize = (size: number) => Number.isSafeInteger(size) && size > 0;
  if (![...shape, ...block].every(isSize)) throw wrong(stage, `has the grid ${shape.join("×")} in blocks of ${block.join("×")}`);
  if (!Number.isSafeInteger(countBlocks(stage))) throw wrong(stage, "has more blocks than can be numbered");
  if (!outputs) return;
  if (!outputs.prefix.endsWith("/")) throw wrong(stage, `writes below ${outputs.prefix}, which is not a folder`);
  if (!outputs.chunk.every(isSize)) throw wrong(stage, `writes chunks of ${outputs.chunk.join("×")}`);
  const shared = block.some((size, axis) => size % outputs.chunk[axis]! !== 0);
  if (shared) {
    throw collision(stage, `has blocks of ${block.join("×")} voxels, which share chunks of ${outputs.chunk.join("×")} voxels`);
  }
}

function checkTree(stage: BlockStage, needed: BlockStage, fanIn: number): void {
  if (needed.numbers?.kind === "lattices") throw wrong(stage, `merges ${needed.name}, which has a part of its grid`);
  const wanted = Math.ceil(countBlocks(needed) / fanIn);
  if (Number.isSafeInteger(fanIn) && fanIn > 0 && countTasks(stage) === wanted) return;
  throw wrong(
    stage,
    `has ${counted(countTasks(stage), "block")}; ${counted(countBlocks(needed), "block")} by ${fanIn} are ${wanted}`,
  );
}

/** A stage's outputs as a list plan would have them: one task that writes the folder. */
function folderTask(name: string, prefix: string): Task {
  return {
    id: name,
    title: `stage ${name}`,
    run: "",
    params: {},
    inputs: [],
    outputs: [prefix],
    needs: [],
    bytes: 0,
    memoryBytes: 0,
    threads: 1,
  };
}

function wrong({ name }: BlockStage, what: string): EmporiumError {
  return new EmporiumError("INTERNAL", `the stage ${name} ${what}`);
}

function collision({ name }: BlockStage, what: string): EmporiumError {
  return new EmporiumError("CONFIG_COLLISION", `the stage ${name} ${what}`, {
    hint: "one process writes a chunk: make blocks of whole chunks, and give stages names and folders of their own",
  });
}
