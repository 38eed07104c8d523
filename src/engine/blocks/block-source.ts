import { createHash } from "node:crypto";
import type { Task } from "../task.js";
import type { TaskSource, Visit } from "../task-source.js";
import { type BlockParams, type BlockStage, stageHash } from "./block-stage.js";
import { checkStages } from "./check-stages.js";
import { chunkKeys } from "./chunk-outputs.js";
import { type Numbering, numberingOf } from "./numbers.js";
import { blockAt, blocksOf, type Relation, relationOf } from "./relation.js";

/** A stage with its place among the tasks of all stages. */
export interface PlacedStage extends BlockStage {
  readonly hash: string;
  /** Number of its first task. */
  readonly first: number;
  readonly count: number;
  readonly numbering: Numbering;
}

export interface BlockGraph {
  readonly createdMs: number;
  readonly locks: readonly string[];
  /** In the order in which they run; a stage's blocks in the order of its numbers. */
  readonly stages: readonly BlockStage[];
}

export interface BlockSource extends TaskSource {
  readonly stages: readonly PlacedStage[];
  /** The stage of a task. */
  stageOf(index: number): PlacedStage;
}

/**
 * The blocks of some stages as tasks: a stage after the other, each block one task, with the name `<hash of its stage>.<index of the block>`.
 * Nothing is kept for a task: what it needs and who needs it are computed from its number.
 *
 * @throws {EmporiumError} INTERNAL, NAME_UNSAFE, CONFIG_COLLISION for stages that cannot be run, as `checkStages` says.
 *
 * Cost: in proportion to the stages, for 10^9 blocks as for ten.
 */
export function blockSource({ createdMs, locks, stages }: BlockGraph): BlockSource {
  checkStages(stages);
  const placed = place(stages);
  const last = placed.at(-1);
  const links = linksOf(placed);
  let recent = 0; // tasks are asked for one behind the other
  function stageNumber(index: number): number {
    const { first, count } = placed[recent]!;
    if (index < first || index >= first + count) recent = placed.findIndex((stage) => index < stage.first + stage.count);
    return recent;
  }
  return {
    createdMs,
    locks,
    stages: placed,
    count: last ? last.first + last.count : 0,
    stageOf: (index) => placed[stageNumber(index)]!,
    task(index) {
      const stage = placed[stageNumber(index)]!;
      return blockTask(stage, index - stage.first);
    },
    needs(index, visit) {
      const at = stageNumber(index);
      const own = index - placed[at]!.first;
      for (const { relation, first } of links[at]!.needs) relation.needs(own, first === 0 ? visit : (i) => visit(first + i));
    },
    needers(index, visit) {
      const at = stageNumber(index);
      const own = index - placed[at]!.first;
      for (const { relation, first } of links[at]!.needers) relation.needers(own, (i) => visit(first + i));
    },
    idsHash: () => hashOf(placed),
  };
}

function place(stages: readonly BlockStage[]): PlacedStage[] {
  const hashes = new Map<string, string>();
  let first = 0;
  return stages.map((stage) => {
    const hash = stageHash(stage, hashes);
    hashes.set(stage.name, hash);
    const numbering = numberingOf(stage);
    const placed = { ...stage, hash, first, count: numbering.count, numbering };
    first += placed.count;
    return placed;
  });
}

interface Link {
  readonly relation: Relation;
  /** Number of the first task of the stage at the other end. */
  readonly first: number;
}

function linksOf(stages: readonly PlacedStage[]): { needs: Link[]; needers: Link[] }[] {
  const links = stages.map(() => ({ needs: [] as Link[], needers: [] as Link[] }));
  stages.forEach((stage, at) => {
    for (const need of stage.needs) {
      const other = stages.findIndex(({ name }) => name === need.stage);
      const relation = numbered(relationOf(need, stage, stages[other]!, other === at), stage, stages[other]!);
      links[at]!.needs.push({ relation, first: stages[other]!.first });
      links[other]!.needers.push({ relation, first: stage.first });
    }
  });
  return links;
}

/** A relation of blocks as one of tasks. */
function numbered(relation: Relation, own: PlacedStage, their: PlacedStage): Relation {
  if (!own.numbers && !their.numbers) return relation;
  const from =
    ({ numbering }: PlacedStage, visit: Visit): Visit =>
    (block) => {
      const task = numbering.taskOf(block);
      if (task >= 0) visit(task);
    };
  return {
    needs: (task, visit) => relation.needs(own.numbering.blockOf(task), from(their, visit)),
    needers: (task, visit) => relation.needers(their.numbering.blockOf(task), from(own, visit)),
  };
}

function blockTask(stage: PlacedStage, number: number): Task {
  const index = stage.numbering.blockOf(number);
  const at = blockAt(blocksOf(stage), index);
  const start = at.map((place, axis) => place * stage.block[axis]!) as unknown as BlockParams["start"];
  const shape = start.map((from, axis) =>
    Math.min(stage.block[axis]!, stage.shape[axis]! - from),
  ) as unknown as BlockParams["shape"];
  const block: BlockParams = { index, at, start, shape };
  return {
    id: `${stage.hash}.${number}`,
    title: `${stage.name} ${at.join(",")}`,
    run: stage.run,
    params: { ...stage.params, block },
    inputs: [],
    outputs: stage.outputs ? chunkKeys(stage.outputs, stage, index) : [],
    needs: [],
    bytes: stage.bytes,
    memoryBytes: stage.memoryBytes,
    threads: stage.threads,
    ...(stage.deterministic === false ? { deterministic: false } : {}),
  };
}

/** Number of a task within its stage, from its name. */
export function blockOfTask(id: string): { hash: string; index: number } {
  const dot = id.lastIndexOf(".");
  return { hash: id.slice(0, dot), index: Number(id.slice(dot + 1)) };
}

function hashOf(stages: readonly PlacedStage[]): string {
  const hash = createHash("sha256");
  for (const stage of stages) hash.update(`${stage.hash} ${stage.count}\n`);
  return hash.digest("hex").slice(0, 32);
}
