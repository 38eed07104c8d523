import type { Triple } from "../../../core/box.js";
import type { Clock } from "../../../core/clock.js";
import { EmporiumError } from "../../../core/errors.js";
import { silentLog } from "../../../core/log.js";
import { blockSource } from "../../../engine/blocks/block-source.js";
import type { Operations, TaskContext } from "../../../engine/task.js";
import { memoryStore } from "../../../stores/memory/store.js";
import type { CompiledStage } from "../graph/compile.js";
import type { Inputs } from "../graph/inputs.js";
import type { PreparedGraph } from "../graph/prepare.js";
import type { Program } from "../graph/program.js";
import { type TimedFacts, timing } from "../graph/timing.js";
import { operationsOn } from "../graph/work.js";
import type { Layout } from "./advise.js";
import type { PreflightLoad } from "./cost.js";

export interface GraphLoad {
  readonly load: PreflightLoad;
  readonly layout: Layout;
  /** The stage that is measured. */
  readonly stage: string;
  /** Stages that read what others write, so that they cannot be measured before a run. */
  readonly others: readonly string[];
}

/** The program of a stage that reads nothing but inputs. */
function ownProgram({ stage }: CompiledStage): Program | undefined {
  const { program } = stage.params as { program?: Program };
  return program?.every((step) => step.kind !== "stored" && !(step.kind === "written" && step.colour > 0)) ? program : undefined;
}

/**
 * Blocks of the stage that reads most of the inputs. They are computed and encoded as a run does it, into memory.
 *
 * @throws {EmporiumError} USAGE where no stage reads an input alone
 */
export function graphLoad(graph: PreparedGraph, inputs: Inputs, clock: Clock): GraphLoad {
  const measurable = graph.stages.filter((one) => ownProgram(one) !== undefined);
  const [first, ...rest] = measurable;
  if (!first) throw new EmporiumError("USAGE", "no stage of the graph reads an input by itself");
  const chosen = rest.reduce((most, one) => (one.bytesRead > most.bytesRead ? one : most), first);
  const { stage, tasks, bytesRead, bytesAgain } = chosen;
  const timed = timing(inputs, clock);
  const operations = timed.measured(operationsOn(timed));
  const source = blockSource({ stages: graph.stages.map((one) => one.stage), createdMs: 0, locks: [] });
  const placed = source.stages.find(({ name }) => name === stage.name)!;
  const load: PreflightLoad = {
    blocks: tasks,
    blockBytes: stage.memoryBytes,
    readAgain: bytesRead / Math.max(1, bytesRead - bytesAgain),
    computesIn: "workers",
    async run(position, signal) {
      const { phases, ...traffic } = await perform(operations, source.task(placed.first + position), clock, signal);
      // it is written into memory
      return { ...phases, ...traffic, store: 0 };
    },
  };
  const [input] = ownProgram(chosen)!.filter((step) => step.kind === "input");
  const block = [...stage.block] as Triple;
  const layout = { block, halo: haloOf(load.readAgain, block), chunk: block, shape: input!.shape };
  const others = graph.stages.filter((one) => one !== chosen).map((one) => one.stage.name);
  return { load, layout, stage: stage.name, others };
}

/** The halo that would read as much again: what halos of a chain of operators add up to. */
function haloOf(readAgain: number, block: Triple): Triple {
  const grown = readAgain ** (1 / 3);
  return block.map((length) => Math.round(((grown - 1) * length) / 2)) as Triple;
}

async function perform(
  operations: Operations,
  task: Parameters<Operations[string]>[0],
  clock: Clock,
  signal: AbortSignal = new AbortController().signal,
): Promise<TimedFacts> {
  const nowhere = memoryStore();
  const context: TaskContext = {
    source: nowhere,
    target: nowhere,
    scratch: () => Promise.reject(new EmporiumError("INTERNAL", "a block that is measured has no folder")),
    threads: 1,
    memoryBytes: task.memoryBytes,
    createdMs: 0,
    clock,
    log: silentLog,
    signal,
    progress: () => {},
    notes: [],
    note: async () => {},
  };
  const { facts } = await operations[task.run]!(task, context);
  return facts as unknown as TimedFacts;
}
