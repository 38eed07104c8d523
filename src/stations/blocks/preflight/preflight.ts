import type { LoadedVolume } from "../../../arrays/loader/volume.js";
import { openBlockVolume } from "../../../arrays/loader/volume.js";
import type { Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { type Report, warningLines, withText } from "../../../core/report.js";
import { formatBytes, formatSeconds } from "../../../core/units.js";
import { PHASES } from "../../../engine/blocks/figures.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { RunCommand } from "../../../engine/executors/engine-command.js";
import { openInputs, planInputs } from "../graph/inputs.js";
import { prepareGraph } from "../graph/prepare.js";
import { type GraphSource, graphOf } from "../graph/run.js";
import { type Advice, advise, type Layout, type Machine } from "./advise.js";
import { type BlockCost, meanCost, type PreflightLoad, totalOf } from "./cost.js";
import { type GpuUse, watchGpu } from "./gpu.js";
import { graphLoad } from "./graph-load.js";
import { type Prediction, predict } from "./model.js";
import { sampleBlocks } from "./sample.js";
import { volumeLoad } from "./volume-load.js";

export interface PreflightOptions extends GivenEnv {
  readonly level?: number | undefined;
  /** Voxels of a block. Default 128³, or the volume where that is smaller. */
  readonly shape?: Triple | undefined;
  readonly halo?: Triple | undefined;
  /** Seconds that the consumer takes for a block. Default 0: only reading is looked at. */
  readonly consumerSeconds?: number | undefined;
  /** Threads that decode in the run that is predicted. */
  readonly jobs: number;
  /** Blocks that it reads ahead. Default 4. */
  readonly prefetch?: number | undefined;
  readonly memoryBytes: number;
  readonly cores: number;
  readonly anonymous?: boolean | undefined;
  /** Runs nvidia-smi. Absent: no GPU is looked for. */
  readonly command?: RunCommand | undefined;
  /** Bytes of this process in memory. */
  readonly residentBytes: () => number;
}

export interface PreflightReport extends Report {
  readonly location: string;
  readonly blocks: number;
  readonly measured: number;
  /** Whether at least 8 blocks were measured, and each share is known to ± 20 %. */
  readonly isSettled: boolean;
  /** Of a block, in the mean; seconds. */
  readonly cost: BlockCost;
  /** Of the whole time of a block. */
  readonly shares: Readonly<Record<string, number>>;
  /** As it is set up now. */
  readonly now: Prediction & { readonly seconds: number };
  readonly advice: Advice;
  readonly residentBytes: number;
  readonly gpu: GpuUse | null;
  readonly warnings: readonly string[];
}

const BLOCK_EDGE = 128;
const PREFETCH = 4;
const IDLE_MAX = 0.3;
/** Fewer are all measured, and tell little. */
const BLOCKS_FEW = 10;

/**
 * Measures some blocks of a volume, and says what bounds a run over all of them, how long it will take and which numbers would be better. Writes
 * nothing.
 *
 * @throws {EmporiumError} USAGE, and what opening and reading a volume throws
 */
export async function preflightVolume(location: string, options: PreflightOptions): Promise<PreflightReport> {
  const { jobs, memoryBytes, anonymous = false, signal } = options;
  const volume = await openBlockVolume(location, { memoryBytes, threads: jobs, store: { anonymous }, signal });
  try {
    const { clock } = envOf(options);
    const { load, layout } = volumeLoad(volume, blocksWanted(volume, options), clock);
    return await preflightLoad(volume.name, load, layout, options);
  } finally {
    await volume.close();
  }
}

/**
 * The same of the stage of a graph that reads most: its blocks are computed, and written into memory.
 *
 * @throws {EmporiumError} as `runGraph` before a byte moves; USAGE where no stage reads an input by itself
 */
export async function preflightGraph(source: GraphSource, options: PreflightOptions): Promise<PreflightReport> {
  const { memoryBytes, jobs, anonymous = false } = options;
  const read = graphOf(source);
  const planned = openInputs(planInputs(read.document, anonymous));
  let inputs = planned;
  try {
    const graph = await prepareGraph(read, planned, { memoryBytes, jobs });
    inputs = openInputs(planInputs(read.document, anonymous, graph.memory.cacheBytes));
    const { load, layout, stage, others } = graphLoad(graph, inputs, envOf(options).clock);
    const report = await preflightLoad(`stage ${stage}`, load, layout, options);
    const rest =
      others.length === 0 ? [] : [`not measured: ${others.join(", ")}, which read what other stages write, or less; writing`];
    return withText({ ...report, warnings: [...report.warnings, ...rest] }, linesOf);
  } finally {
    await planned.close();
    await inputs.close();
  }
}

function blocksWanted(volume: LoadedVolume, { level = 0, shape, halo = [0, 0, 0], consumerSeconds = 0, jobs }: PreflightOptions) {
  const found = volume.levels[level];
  if (!found) throw new EmporiumError("USAGE", `${volume.name} has ${volume.levels.length} levels, no level ${level}`);
  const usual = found.shape.map((length) => Math.min(length, BLOCK_EDGE)) as Triple;
  return { level, shape: shape ?? usual, halo, consumerSeconds, threads: jobs };
}

/** The same for any blocks. */
export async function preflightLoad(
  location: string,
  load: PreflightLoad,
  layout: Layout,
  options: PreflightOptions,
): Promise<PreflightReport> {
  const { clock, signal } = envOf(options);
  const sampling = sampleBlocks(load, clock, signal);
  const [gpu, { costs, isSettled }] = await Promise.all([
    options.command ? watchGpu(options.command, clock, sampling) : undefined,
    sampling,
  ]);
  const cost = meanCost(costs);
  const machine: Machine = { cores: options.cores, memoryBytes: options.memoryBytes };
  const setting = { workers: options.jobs, prefetch: options.prefetch ?? PREFETCH, memoryBytes: options.memoryBytes };
  const predicted = predict(cost, load, setting);
  const now = { ...predicted, seconds: load.blocks / predicted.blocksPerSecond };
  const total = Math.max(totalOf(cost), Number.MIN_VALUE);
  const shares = Object.fromEntries(PHASES.map((phase) => [phase, cost[phase] / total]));
  const facts = { location, blocks: load.blocks, measured: costs.length, isSettled, cost, shares, now };
  const advice = advise(cost, load, layout, machine);
  const warnings = warningsOf(now.idle, isSettled, costs.length, load);
  const report = { ...facts, advice, residentBytes: options.residentBytes(), gpu: gpu ?? null, warnings };
  return withText({ ...report, errors: [], exitStatus: 0 }, linesOf);
}

function warningsOf(idle: number, isSettled: boolean, measured: number, { computesIn, blocks }: PreflightLoad): string[] {
  const who = computesIn === "consumer" ? "the consumer waits" : "the workers wait";
  const warnings = idle > IDLE_MAX ? [`${who} ${percent(idle)} of the time`] : [];
  if (blocks < BLOCKS_FEW) warnings.push(`there are ${blocks} blocks: starting up is a part of what was measured`);
  else if (!isSettled) warnings.push(`${measured} blocks differ so much that the shares are known to worse than 20 %`);
  return warnings;
}

const percent = (share: number) => `${Math.round(100 * share)} %`;
const milliseconds = (seconds: number) => `${(1000 * seconds).toFixed(1)} ms`;
const rate = (blocks: number) => (Number.isFinite(blocks) ? `${blocks.toPrecision(3)} blocks/s` : "no limit was found");

function linesOf({
  location,
  blocks,
  measured,
  cost,
  shares,
  now,
  advice,
  residentBytes,
  gpu,
  warnings,
}: Omit<PreflightReport, "toText">): string[] {
  const phases = PHASES.filter((phase) => cost[phase] > 0).map(
    (phase) => `${phase} ${milliseconds(cost[phase])} (${percent(shares[phase]!)})`,
  );
  const { expected, workers, prefetch, neededBytes, batch, slices, block, chunk } = advice;
  return [
    `${location}: measured ${measured} of ${blocks} blocks: ${phases.join(", ")}; ${cost.requests.toFixed(1)} requests and ${formatBytes(Math.round(cost.storedBytes))} a block`,
    `as it is: ${rate(now.blocksPerSecond)}, bound by ${now.bound}, idle ${percent(now.idle)}, ${formatSeconds(now.seconds)} in all`,
    `better: ${workers} workers, prefetch ${prefetch}, ${batch} blocks a task, ${slices} slices, blocks of ${block.join("×")}, chunks of ${chunk.join("×")}`,
    `then: ${rate(expected.blocksPerSecond)}, bound by ${expected.bound}, idle ${percent(expected.idle)}, ${formatSeconds(advice.seconds)} in all, ${formatBytes(neededBytes)} of blocks`,
    `memory of this process: ${formatBytes(residentBytes)}`,
    gpu ? `GPU: ${percent(gpu.utilization)} used, ${gpu.memoryMiBMax} MiB at most` : "no GPU seen",
    ...warningLines(warnings),
  ];
}
