import { ITEM_BYTES } from "../../../core/dtype.js";
import { type Report, withText } from "../../../core/report.js";
import { counted, formatBytes } from "../../../core/units.js";
import { blockSource } from "../../../engine/blocks/block-source.js";
import { cutBlocks } from "../../../engine/cluster/begin-blocks.js";
import { type CostEstimate, estimateCost, estimateLines } from "../../../engine/cluster/cost.js";
import type { ClusterUse } from "../../../engine/cluster/on-cluster.js";
import type { AddressAccess } from "../../../stores/named-address.js";
import { openStore } from "../../../stores/url.js";
import { gpusOfJob } from "./external/within-gpus.js";
import { openInputs } from "./inputs.js";
import type { OutputPlan } from "./outputs.js";
import { notesOfTaken } from "./owners.js";
import { type PreparedGraph, prepareGraph } from "./prepare.js";
import { type GraphSource, graphOf } from "./run.js";
import { objectShape } from "./stored-array.js";
import { openTargets } from "./targets.js";

/** A stage as a plan shows it. Shapes are `[z, y, x]`, in voxels. */
interface StagePlan {
  readonly name: string;
  readonly nodes: readonly string[];
  readonly shape: readonly number[];
  readonly block: readonly number[];
  readonly tasks: number;
  /** Bytes that all tasks read together; `bytesAgain` is the part that is read more than once, because of halos. */
  readonly bytesRead: number;
  readonly bytesAgain: number;
  /** Most bytes that one task holds. */
  readonly memoryBytes: number;
  readonly isTemporary: boolean;
}

interface PlannedOutput {
  readonly name: string;
  readonly location: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly chunk: readonly number[];
  readonly shard: readonly number[] | null;
  readonly objects: number;
  /** Bytes before compression. */
  readonly bytes: number;
}

export interface GraphPlanReport extends Report {
  /** The run's id: the same on any machine, while the graph and its inputs are the same. */
  readonly run: string;
  readonly block: readonly number[];
  readonly tasks: number;
  readonly stages: readonly StagePlan[];
  readonly outputs: readonly PlannedOutput[];
  readonly notes: readonly string[];
  readonly memory: MemoryPlan;
  /** Plan for a cluster; absent for a run on this machine. */
  readonly cluster?: ClusterPlan | undefined;
}

/** Memory that a run takes on this machine, or in one job of a cluster. */
interface MemoryPlan {
  /** Buffers of all worker processes together: `--memory`. */
  readonly bufferBytes: number;
  /** Worker processes; 0: the command itself computes. */
  readonly processes: number;
  /** Most resident memory: buffers, and the program itself in each worker process and in the command. */
  readonly residentBytes: number;
}

/** Node, the program's code and its stacks, in each process; measured, as README says. */
const PROGRAM_BYTES = 150 * 2 ** 20;

function memoryPlan({ memory }: PreparedGraph, { memoryBytes, jobs }: { memoryBytes: number; jobs: number }): MemoryPlan {
  const processes = jobs > 0 ? memory.jobs : 0;
  return { bufferBytes: memoryBytes, processes, residentBytes: memoryBytes + (processes + 1) * PROGRAM_BYTES };
}

function memoryLine({ bufferBytes, processes, residentBytes }: MemoryPlan): string {
  const where = processes === 0 ? "this process" : `${processes} worker ${processes === 1 ? "process" : "processes"}`;
  const own = `${formatBytes(PROGRAM_BYTES)} for the program itself${processes === 0 ? "" : " in each and in the command"}`;
  return `memory: ${formatBytes(bufferBytes)} of buffers in ${where}, at most ${formatBytes(residentBytes)} with ${own}`;
}

/** Resources that a run asks of a cluster. */
interface ClusterPlan {
  readonly engine: string;
  /** Processors of one job; memory and walltime are a job's as well. */
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly walltimeMinutes?: number | undefined;
  /** Cost of the whole run, as if nothing was done. */
  readonly estimate: CostEstimate;
}

/**
 * The plan of a graph, without running it. Reads the metadata of its inputs, looks at the places of its outputs, and writes
 * nothing.
 *
 * @throws {EmporiumError} as `runGraph` before a byte moves
 */
export async function planGraph(
  source: GraphSource,
  options: AddressAccess & { memoryBytes: number; jobs: number; cluster?: ClusterUse | undefined },
): Promise<GraphPlanReport> {
  const read = graphOf(source);
  const inputs = openInputs(read.inputs, options);
  try {
    const gpus = options.cluster && gpusOfJob(options.cluster.place);
    const graph = await prepareGraph(read, inputs, { ...options, gpus });
    const stages = graph.stages.map(({ stage, nodes, tasks, bytesRead, bytesAgain }): StagePlan => {
      const { name, shape, block, memoryBytes: memory, isTemporary = false } = stage;
      return { name, nodes, shape, block, tasks, bytesRead, bytesAgain, memoryBytes: memory, isTemporary };
    });
    const outputs = graph.outputs.map(plannedOutput);
    const tasks = stages.reduce((sum, stage) => sum + stage.tasks, 0);
    const { id: run, block } = graph;
    const target = await openTargets(graph.target, { anonymous: options.anonymous });
    const notes = [...graph.notes, ...(await notesOfTaken(graph, target))];
    const cluster = options.cluster && (await planOnCluster(graph, options.cluster, options.anonymous));
    return withText(
      {
        run,
        block,
        tasks,
        stages,
        outputs,
        notes,
        memory: memoryPlan(graph, options),
        ...(cluster ? { cluster } : {}),
        errors: [],
        exitStatus: 0,
      },
      linesOf,
    );
  } finally {
    await inputs.close();
  }
}

/** Asks the engine how long its arrays may be. */
async function planOnCluster(graph: PreparedGraph, { place }: ClusterUse, anonymous?: boolean): Promise<ClusterPlan> {
  const target = await openStore(graph.target.home, { anonymous });
  const source = blockSource({ stages: graph.stages.map(({ stage }) => stage), createdMs: 0, locks: [] });
  const cut = await cutBlocks(source, target, "blocks", place);
  const counts = cut.map(({ name, slices }) => ({ name, tasks: slices.at(-1)! - slices[0]!, slices: slices.length - 1 }));
  const readBytes = graph.stages.reduce((sum, stage) => sum + stage.bytesRead, 0);
  const estimate = await estimateCost(target, "blocks", counts, { tasks: source.count, readBytes }, place.price);
  const { cpus, memoryBytes, walltimeMinutes } = place.resources;
  return { engine: place.executor.name, cpus, memoryBytes, walltimeMinutes, estimate };
}

function clusterLines({ engine, cpus, memoryBytes, walltimeMinutes, estimate }: ClusterPlan): string[] {
  const time = walltimeMinutes === undefined ? "the queue's own time limit" : `${counted(walltimeMinutes, "minute")}`;
  return [`each job on ${engine}: ${cpus} processors, ${formatBytes(memoryBytes)}, ${time}`, ...estimateLines(estimate)];
}

function plannedOutput({ name, location, array }: OutputPlan): PlannedOutput {
  const { shape, dtype, chunk, shard } = array;
  const object = objectShape(array);
  const objects = shape.reduce((count, length, axis) => count * Math.ceil(length / object[axis]!), 1);
  const bytes = shape.reduce((product, length) => product * length, ITEM_BYTES[dtype]);
  return { name, location, shape, dtype, chunk, shard, objects, bytes };
}

function linesOf({ run, block, tasks, stages, outputs, notes, memory, cluster }: Omit<GraphPlanReport, "toText">): string[] {
  return [
    `run ${run}, blocks of ${block.join("×")}, ${counted(tasks, "task")}`,
    ...stages.map(stageLine),
    ...outputs.map(({ name, location, shape, dtype, objects, bytes }) => {
      return `output ${name}: ${shape.join("×")} ${dtype}, ${formatBytes(bytes)} in ${counted(objects, "object")}, ${location}`;
    }),
    memoryLine(memory),
    ...(cluster ? clusterLines(cluster) : []),
    ...notes.map((note) => `note: ${note}`),
  ];
}

function stageLine({ name, nodes, block, tasks, bytesRead, bytesAgain, memoryBytes, isTemporary }: StagePlan): string {
  const again = bytesAgain > 0 ? ` (${formatBytes(bytesAgain)} of it again)` : "";
  const computes = nodes.length > 1 ? ` (${nodes.join(" → ")})` : "";
  const kept = isTemporary ? ", removed at the end" : "";
  return `stage ${name}${computes}: ${counted(tasks, "task")} of ${block.join("×")}, reads ${formatBytes(bytesRead)}${again}, ${formatBytes(memoryBytes)} a task${kept}`;
}
