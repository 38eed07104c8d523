import type { LoadedVolume } from "../../../arrays/loader/volume.js";
import { openBlockVolume } from "../../../arrays/loader/volume.js";
import type { Triple } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { type Report, warningLines, withText } from "../../../core/report.js";
import { counted, formatBytes, formatSeconds } from "../../../core/units.js";
import { PHASES } from "../../../engine/blocks/figures.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { RunCommand } from "../../../engine/executors/engine-command.js";
import { openInputs } from "../graph/inputs.js";
import { prepareGraph } from "../graph/prepare.js";
import { type GraphSource, graphOf } from "../graph/run.js";
import { type Advice, advise, type Layout, type Machine } from "./advise.js";
import { type BlockCost, meanCost, type PreflightLoad, totalOf } from "./cost.js";
import { type GpuUse, watchGpu } from "./gpu.js";
import { graphLoads, NeedsTooMuch, type StageLoad } from "./graph-load.js";
import { type Prediction, predict } from "./model.js";
import { SECONDS_MAX, sampleBlocks } from "./sample.js";
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
  /** Inputs of a graph in private networks and on this machine are asked for as well. Default false. */
  readonly allowPrivate?: boolean | undefined;
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
  /** Mean cost of a measured block. */
  readonly cost: BlockCost;
  /** Share of each phase in the time of a block. */
  readonly shares: Readonly<Record<string, number>>;
  /** Prediction for the run as it is set up now. */
  readonly now: Prediction & { readonly seconds: number };
  readonly advice: Advice;
  /** Each stage of a graph, in the order of the run; absent for volumes. */
  readonly stages?: readonly StageForecast[] | undefined;
  /** Seconds of all stages of a graph that were measured; absent for volumes. */
  readonly seconds?: number | undefined;
  readonly residentBytes: number;
  readonly gpu: GpuUse | null;
  readonly warnings: readonly string[];
}

/** Forecast for a stage of a graph as the run is set up now. */
interface StageForecast {
  readonly stage: string;
  readonly blocks: number;
  readonly measured: number;
  /** Absent where it could not be measured before a run: its blocks need too much of what others write. */
  readonly seconds?: number | undefined;
  readonly cost?: BlockCost | undefined;
  readonly bound?: string | undefined;
}

const BLOCK_EDGE = 128;
const PREFETCH = 4;
const IDLE_MAX = 0.3;
/** Share of the time of all stages from which on a stage's warnings are told. */
const SHARE_TOLD = 0.1;
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
 * The same of each stage of a graph: its blocks are computed, and written into memory, as is what they read of other stages. The report's own
 * numbers are those of the stage that takes longest.
 *
 * @throws {EmporiumError} as `runGraph` before a byte moves; USAGE where no stage can be measured
 */
export async function preflightGraph(source: GraphSource, options: PreflightOptions): Promise<PreflightReport> {
  const { memoryBytes, jobs } = options;
  const read = graphOf(source);
  const planned = openInputs(read.inputs, options);
  let inputs = planned;
  try {
    const graph = await prepareGraph(read, planned, { memoryBytes, jobs });
    inputs = openInputs(read.inputs, { ...options, cacheBytes: graph.memory.cacheBytes });
    return await preflightStages(graphLoads(graph, inputs, envOf(options).clock, memoryBytes), options);
  } finally {
    await planned.close();
    await inputs.close();
  }
}

async function preflightStages(loads: readonly StageLoad[], options: PreflightOptions): Promise<PreflightReport> {
  const reports = new Map<string, PreflightReport>();
  const secondsMax = SECONDS_MAX / loads.length;
  for (const { stage, load, layout } of loads) {
    try {
      reports.set(stage, await preflightLoad(`stage ${stage}`, load, layout, { ...options, secondsMax }));
    } catch (error) {
      if (!(error instanceof NeedsTooMuch)) throw error;
    }
  }
  const stages = loads.map(({ stage, load: { blocks } }): StageForecast => {
    const report = reports.get(stage);
    if (!report) return { stage, blocks, measured: 0 };
    const { measured, cost, now } = report;
    return { stage, blocks, measured, seconds: now.seconds, cost, bound: now.bound };
  });
  const [first, ...others] = [...reports.values()];
  if (!first)
    throw new EmporiumError("USAGE", "no stage of the graph can be measured before a run: each needs too much of others");
  const longest = others.reduce((most, one) => (one.now.seconds > most.now.seconds ? one : most), first);
  const seconds = stages.reduce((sum, stage) => sum + (stage.seconds ?? 0), 0);
  const warnings = [...reports].flatMap(([stage, report]) => {
    if (loads.length === 1) return report.warnings;
    // of a stage that takes next to nothing it does not matter how well that is known
    return report.now.seconds < SHARE_TOLD * seconds ? [] : report.warnings.map((warning) => `${stage}: ${warning}`);
  });
  const left = stages.filter(({ seconds }) => seconds === undefined).map(({ stage }) => stage);
  if (left.length > 0) warnings.push(`not measured: ${left.join(", ")}; a block there needs too many of other stages`);
  return withText({ ...longest, stages, seconds, warnings }, linesOf);
}

function blocksWanted(volume: LoadedVolume, { level = 0, shape, halo = [0, 0, 0], consumerSeconds = 0, jobs }: PreflightOptions) {
  const found = volume.levels[level];
  if (!found) throw new EmporiumError("USAGE", `${volume.name} has ${counted(volume.levels.length, "level")}, no level ${level}`);
  const usual = found.shape.map((length) => Math.min(length, BLOCK_EDGE)) as Triple;
  return { level, shape: shape ?? usual, halo, consumerSeconds, threads: jobs };
}

/** The same for any blocks. */
export async function preflightLoad(
  location: string,
  load: PreflightLoad,
  layout: Layout,
  options: PreflightOptions & { readonly secondsMax?: number | undefined },
): Promise<PreflightReport> {
  const { clock, signal } = envOf(options);
  const sampling = sampleBlocks(load, clock, signal, options.secondsMax);
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
  if (blocks < BLOCKS_FEW)
    warnings.push(`there ${blocks === 1 ? "is" : "are"} ${counted(blocks, "block")}: starting up is a part of what was measured`);
  else if (!isSettled) warnings.push(`${counted(measured, "block")} differ so much that the shares are known to worse than 20 %`);
  return warnings;
}

const percent = (share: number) => `${Math.round(100 * share)} %`;
const milliseconds = (seconds: number) => `${(1000 * seconds).toFixed(1)} ms`;
const rate = (blocks: number) => (Number.isFinite(blocks) ? `${blocks.toPrecision(3)} blocks/s` : "no limit was found");

/** A line for each stage and one for all of them; none where there is a single stage. */
function stageLines(stages: readonly StageForecast[], seconds: number): string[] {
  if (stages.length < 2) return [];
  const lines = stages.map(({ stage, blocks, measured, seconds, bound }) =>
    seconds === undefined
      ? `stage ${stage}: ${counted(blocks, "block")}, not measured`
      : `stage ${stage}: ${formatSeconds(seconds)} for ${counted(blocks, "block")} (${measured} measured), bound by ${bound}`,
  );
  const all = stages.every((stage) => stage.seconds !== undefined);
  return [
    ...lines,
    `all stages: ${all ? "" : "more than "}${formatSeconds(seconds)}; starting processes and writing to the store are not measured`,
  ];
}

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
  stages = [],
  seconds = 0,
}: Omit<PreflightReport, "toText">): string[] {
  const phases = PHASES.filter((phase) => cost[phase] > 0).map(
    (phase) => `${phase} ${milliseconds(cost[phase])} (${percent(shares[phase]!)})`,
  );
  const { expected, workers, prefetch, neededBytes, batch, slices, block, chunk } = advice;
  return [
    ...stageLines(stages, seconds),
    `${location}: measured ${measured} of ${counted(blocks, "block")}: ${phases.join(", ")}; ${cost.requests.toFixed(1)} requests and ${formatBytes(Math.round(cost.storedBytes))} a block`,
    `as it is: ${rate(now.blocksPerSecond)}, bound by ${now.bound}, idle ${percent(now.idle)}, ${formatSeconds(now.seconds)} in all`,
    `better: ${counted(workers, "worker")}, prefetch ${prefetch}, ${counted(batch, "block")} a task, ${counted(slices, "slice")}, blocks of ${block.join("×")}, chunks of ${chunk.join("×")}`,
    `then: ${rate(expected.blocksPerSecond)}, bound by ${expected.bound}, idle ${percent(expected.idle)}, ${formatSeconds(advice.seconds)} in all, ${formatBytes(neededBytes)} of blocks`,
    `memory of this process: ${formatBytes(residentBytes)}`,
    gpu ? `GPU: ${percent(gpu.utilization)} used, ${gpu.memoryMiBMax} MiB at most` : "no GPU seen",
    ...warningLines(warnings),
  ];
}
