import type { BlockLevel, BlockVolume } from "../../../arrays/blocks/volume.js";
import type { BlockTraffic } from "../../../arrays/loader/traffic.js";
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
import { operationsOn } from "../graph/work.js";
import type { Layout } from "./advise.js";
import type { BlockCost, PreflightLoad } from "./cost.js";

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
  return program?.every((step) => step.kind !== "stored") ? program : undefined;
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
  const traffic = timedInputs(inputs, clock);
  const operations = operationsOn(traffic.inputs);
  const source = blockSource({ stages: graph.stages.map((one) => one.stage), createdMs: 0, locks: [] });
  const placed = source.stages.find(({ name }) => name === stage.name)!;
  const load: PreflightLoad = {
    blocks: tasks,
    blockBytes: stage.memoryBytes,
    readAgain: bytesRead / Math.max(1, bytesRead - bytesAgain),
    computesIn: "workers",
    async run(position, signal) {
      const before = traffic.now();
      const start = clock.monotonic();
      await perform(operations, source.task(placed.first + position), clock, signal);
      return costBetween(before, traffic.now(), (clock.monotonic() - start) / 1000);
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
): Promise<void> {
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
  await operations[task.run]!(task, context);
}

interface Spent {
  readonly reading: number;
  readonly wait: number;
  readonly decode: number;
  readonly requests: number;
  readonly storedBytes: number;
}

/** Inputs whose reads are timed. */
function timedInputs(inputs: Inputs, clock: Clock): { inputs: Inputs; now(): Spent } {
  const volumes = new Set<BlockVolume & { readonly traffic?: BlockTraffic }>();
  let reading = 0;
  const level = async (name: string, number: number): Promise<BlockLevel> => {
    const volume = await inputs.volume(name);
    volumes.add(volume);
    const found = volume.levels[number]!;
    const read: BlockLevel["read"] = async (box, options) => {
      const start = clock.monotonic();
      try {
        return await found.read(box, options);
      } finally {
        reading += (clock.monotonic() - start) / 1000;
      }
    };
    return { ...found, read };
  };
  const sum = (field: keyof BlockTraffic) => [...volumes].reduce((total, volume) => total + (volume.traffic?.[field] ?? 0), 0);
  return {
    inputs: { ...inputs, level },
    now: () => ({
      reading,
      wait: sum("waitSeconds"),
      decode: sum("decodeSeconds"),
      requests: sum("requests"),
      storedBytes: sum("storedBytes"),
    }),
  };
}

/** Inputs of graphs decode on one thread. Encoding is a part of computing; writing is not measured. */
function costBetween(before: Spent, after: Spent, seconds: number): BlockCost {
  const reading = after.reading - before.reading;
  const decode = Math.min(after.decode - before.decode, reading);
  const wait = Math.min(after.wait - before.wait, reading - decode);
  return {
    wait,
    decode,
    copy: reading - decode - wait,
    compute: Math.max(0, seconds - reading),
    encode: 0,
    store: 0,
    requests: after.requests - before.requests,
    storedBytes: after.storedBytes - before.storedBytes,
  };
}
