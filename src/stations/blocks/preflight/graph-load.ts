import type { Triple } from "../../../core/box.js";
import type { Clock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import { silentLog } from "../../../core/log.js";
import { type BlockSource, blockSource } from "../../../engine/blocks/block-source.js";
import type { Operations, TaskContext } from "../../../engine/task.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { Store } from "../../../stores/store.js";
import type { CompiledStage } from "../graph/compile.js";
import type { Inputs } from "../graph/inputs.js";
import type { PreparedGraph } from "../graph/prepare.js";
import type { Program } from "../graph/program.js";
import { type TimedFacts, timing } from "../graph/timing.js";
import { operationsOn } from "../graph/work.js";
import type { Layout } from "./advise.js";
import type { PreflightLoad } from "./cost.js";

export interface StageLoad {
  readonly stage: string;
  readonly load: PreflightLoad;
  readonly layout: Layout;
}

/** Thrown where a block of a stage needs so many others that measuring it would be a run. */
export class NeedsTooMuch extends Error {}

/**
 * Seconds for which blocks of other stages may be made before one that reads them is measured; beyond them `NeedsTooMuch` is
 * thrown.
 */
const NEEDS_SECONDS = 30;

/**
 * Blocks of each stage of a graph, in the order in which a run does them. They are computed and encoded as a run does it, into memory; what a
 * block reads of other stages is made before, and is not measured.
 *
 * @param memoryBytes most bytes that are kept of the blocks that others read
 */
export function graphLoads(graph: PreparedGraph, inputs: Inputs, clock: Clock, memoryBytes: number): StageLoad[] {
  const timed = timing(inputs, clock);
  const operations = timed.measured(operationsOn(timed));
  const source = blockSource({ stages: graph.stages.map((one) => one.stage), createdMs: 0, locks: [] });
  const made = makeNeeds({ source, operations, target: timed.store(memoryStore()), clock, memoryBytes });
  return graph.stages.map((compiled) => {
    const { stage, tasks, bytesRead, bytesAgain } = compiled;
    const { first } = source.stages.find(({ name }) => name === stage.name)!;
    const readAgain = bytesRead / Math.max(1, bytesRead - bytesAgain);
    const load: PreflightLoad = {
      blocks: tasks,
      blockBytes: stage.memoryBytes,
      readAgain,
      computesIn: "workers",
      async run(position, signal) {
        await made.needs(first + position, signal);
        const { phases, ...traffic } = await made.block(first + position, signal);
        // it is written into memory
        return { ...phases, ...traffic, store: 0 };
      },
    };
    const block = [...stage.block] as Triple;
    const shape = readShape(compiled) ?? ([...stage.shape] as Triple);
    return { stage: stage.name, load, layout: { block, halo: haloOf(readAgain, block), chunk: block, shape } };
  });
}

/** Shape of the first array that the program of a stage reads; undefined where it has no program. */
function readShape({ stage }: CompiledStage): Triple | undefined {
  const { program } = stage.params as { program?: Program };
  return program?.find((step) => step.kind !== "apply")?.shape;
}

/** The halo that would read as much again: what halos of a chain of operators add up to. */
function haloOf(readAgain: number, block: Triple): Triple {
  const grown = readAgain ** (1 / 3);
  return block.map((length) => Math.round(((grown - 1) * length) / 2)) as Triple;
}

interface Making {
  readonly source: BlockSource;
  readonly operations: Operations;
  /** Takes what blocks write, and gives it to those that read it. */
  readonly target: Store;
  readonly clock: Clock;
  readonly memoryBytes: number;
}

function makeNeeds({ source, operations, target, clock, memoryBytes }: Making) {
  const made = new Set<number>();
  let kept = 0;
  async function block(index: number, signal: AbortSignal = new AbortController().signal): Promise<TimedFacts> {
    const task = source.task(index);
    const context: TaskContext = {
      ...{ source: memoryStore(), target, threads: 1, memoryBytes: task.memoryBytes, createdMs: 0 },
      ...{ clock, log: silentLog, signal, progress: () => {}, notes: [], note: async () => {} },
      scratch: () => Promise.reject(new EmporiumError("INTERNAL", "a block that is measured has no folder")),
    };
    const { facts, outputs } = await operations[task.run]!(task, context);
    made.add(index);
    for (const { size } of outputs) kept += size;
    return facts as unknown as TimedFacts;
  }
  /** Makes what a block reads, and what that reads. @throws {NeedsTooMuch} */
  async function needs(index: number, signal: AbortSignal | undefined): Promise<void> {
    const start = clock.monotonic();
    const open = [index];
    while (open.length > 0) {
      signal?.throwIfAborted();
      const next = open.at(-1)!;
      const missing: number[] = [];
      source.needs(next, (need) => {
        if (!made.has(need)) missing.push(need);
      });
      if (missing.length > 0) {
        open.push(...missing);
        continue;
      }
      open.pop();
      if (next === index || made.has(next)) continue;
      if (kept > memoryBytes || clock.monotonic() - start > NEEDS_SECONDS * 1000) throw new NeedsTooMuch();
      await block(next, signal);
    }
  }
  return { block, needs };
}
