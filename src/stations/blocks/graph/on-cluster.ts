import { pathToFileURL } from "node:url";
import { toErrorRecord } from "../../../core/errors.js";
import { silentLog } from "../../../core/log.js";
import { blockSource } from "../../../engine/blocks/block-source.js";
import { blocksOf, numberOf, readAlready } from "../../../engine/cluster/block-run.js";
import { isTidy, markComplete, mergeBlocks, removeParts } from "../../../engine/cluster/end-blocks.js";
import type { RunEnd } from "../../../engine/cluster/gate.js";
import type { DeadTask } from "../../../engine/cluster/judge.js";
import { readDead } from "../../../engine/cluster/judge.js";
import { type ClusterUse, runOnCluster, type SubmittedReport, submittedReport } from "../../../engine/cluster/on-cluster.js";
import { asPlain, runSeconds } from "../../../engine/cluster/results.js";
import { END } from "../../../engine/cluster/run-files.js";
import { getJson, type OpenRun, type RunRecord } from "../../../engine/cluster/run-record.js";
import type { BlockStation } from "../../../engine/cluster/work.js";
import { changedInput } from "../../../engine/cluster/work-blocks.js";
import { sharedMemory } from "../../../engine/cluster/worker-memory.js";
import { envOf } from "../../../engine/env.js";
import type { PlainObject } from "../../../engine/task.js";
import { openStore } from "../../../stores/url.js";
import { compiled } from "../../../system/threads.js";
import { deadBlock, writeDead } from "./dead.js";
import { longestTaskMs } from "./external/fields.js";
import { gpusOfJob } from "./external/within-gpus.js";
import { endOf, finishGraph, type GraphEnd } from "./finish.js";
import { openInputs } from "./inputs.js";
import { claimOutputs } from "./owners.js";
import { type PreparedGraph, prepareGraph } from "./prepare.js";
import {
  checkBefore,
  type GraphOptions,
  type GraphRunReport,
  type GraphSource,
  graphOf,
  type ReportedGraph,
  reportedOf,
  reportOf,
  workData,
} from "./run.js";
import { openTargets } from "./targets.js";
import { openBlockWork, type WorkData } from "./work.js";

/** Parameters that the nodes of a cluster need beside the blocks of a graph. */
interface GraphParams {
  /** Work data without the stages, locks and time: the run's record has them. */
  readonly data: Omit<WorkData, "stages" | "locks" | "createdMs">;
  readonly end: GraphEnd;
  readonly processes: number;
  readonly reported: ReportedGraph;
}

/**
 * `runGraph` by the jobs of a cluster. The run's files lie beside the first output; outputs and inputs must be seen from all nodes.
 *
 * @throws {EmporiumError} as `runGraph` before a byte moves; ENGINE_…
 */
export async function runGraphOnCluster(
  source: GraphSource,
  given: ClusterUse,
  options: Omit<GraphOptions, "workspace" | "keepGoing" | "every" | "only" | "jobs" | "memoryBytes">,
): Promise<GraphRunReport | SubmittedReport> {
  const { anonymous = false, allowPrivate = false, sync = true } = options;
  const { cluster, ...work } = blocksUse(given);
  const env = envOf(options);
  const read = graphOf(source);
  const inputs = openInputs(read.inputs, options);
  let graph: PreparedGraph;
  try {
    graph = await prepareGraph(read, inputs, { ...work, gpus: gpusOfJob(cluster.place) });
  } finally {
    await inputs.close();
  }
  const outputs = await openTargets(graph.target, { anonymous, sync });
  const said = await checkBefore(read.inputs, graph, outputs, { ...options, memoryBytes: work.memoryBytes });
  graph = { ...graph, notes: [...graph.notes, ...said] };
  const { stages, locks, createdMs, ...data } = workData(read.inputs, graph, { anonymous, allowPrivate, sync });
  const params: GraphParams = { data, end: endOf(graph), processes: graph.memory.jobs, reported: reportedOf(graph) };
  await claimOutputs(graph, outputs, locks, options);
  const blocks = asPlain({ stages, locks, createdMs }) as unknown as Pick<WorkData, "stages" | "locks" | "createdMs">;
  const outcome = await runOnCluster(
    {
      ...{ station: "blocks", name: "blocks run", blocks, params: asPlain(params), source: { url: "inputs:" }, outputs },
      ...{ target: await openStore(graph.target.home, { anonymous, sync }), anonymous, sync },
    },
    cluster,
    blocksStation,
    env,
  );
  if (outcome.state !== "ended")
    return submittedReport(
      outcome,
      graph.notes.map((note) => `note: ${note}`),
    );
  if (outcome.run) return graphReport(outcome.run);
  await finishGraph(params.end, outputs, env.signal);
  const found = blockSource(blocks);
  await markComplete(found, outputs);
  return reportOf(params.reported, { ...NOTHING, tasks: found.count, already: found.count, seconds: 0, exitStatus: 0 }, []);
}

/** A cluster with memory for worker processes in each job, and what a job has for blocks. */
export function blocksUse(use: ClusterUse): { cluster: ClusterUse; jobs: number; memoryBytes: number } {
  const { resources } = use.place;
  const { jobBytes, bufferBytes } = sharedMemory(resources.memoryBytes, resources.cpus);
  const place = { ...use.place, resources: { ...resources, memoryBytes: jobBytes } };
  return { cluster: { ...use, place }, jobs: resources.cpus, memoryBytes: bufferBytes };
}

const NOTHING = { done: 0, already: 0, failed: 0, blocked: 0, cancelled: 0, skipped: 0, stages: [] };

const paramsIn = ({ params }: RunRecord): GraphParams => params as unknown as GraphParams;

function dataIn(record: RunRecord): PlainObject {
  return { ...(paramsIn(record).data as unknown as PlainObject), ...record.blocks };
}

/** The station with which a node of a cluster computes blocks of a graph. */
export const blocksStation: BlockStation = {
  async openBlocks(record) {
    const data = dataIn(record);
    const { processes, data: own } = paramsIn(record);
    const module = pathToFileURL(compiled(new URL("./work.js", import.meta.url))).href;
    const taskMs = longestTaskMs(own.inputs.programs);
    return { ...(await openBlockWork(data)), module, data, processes, cacheBytes: own.inputs.cacheBytes, taskMs };
  },
  async finish(run, dead) {
    const { record } = run;
    const { end, reported } = paramsIn(record);
    const work = await openBlockWork(dataIn(record));
    const source = blocksOf(record)!;
    if (!(await isTidy(run))) await removeParts(source, work.target);
    await mergeBlocks(source, work.target, silentLog);
    const changed = await changedInput(source.stages, work);
    if (dead.length === 0 && !changed) {
      await finishGraph(end, work.target);
      await markComplete(source, work.target);
    }
    await writeDead(work.target, reported.id, deadOf(run, dead));
    return changed && toErrorRecord(changed);
  },
  async cancelled({ record }) {
    const { target } = await openBlockWork(dataIn(record));
    await removeParts(blocksOf(record)!, target);
  },
  report: (run) => graphReport(run),
};

function deadOf({ record }: OpenRun, dead: readonly DeadTask[]) {
  const source = blocksOf(record)!;
  return dead.flatMap(({ task, state, error }) =>
    state === "failed" ? [deadBlock(source, numberOf(source, task)!, error)] : [],
  );
}

async function graphReport(run: OpenRun): Promise<GraphRunReport> {
  const { record } = run;
  const { size: already } = await readAlready(run, 0, record.tasks);
  const end = await getJson<RunEnd>(run.store, `${run.folder}${END}`);
  const { done = 0, failed = 0, blocked = 0, exitStatus = 0, error } = end ?? {};
  const dead = deadOf(run, await readDead(run, record.stages));
  const counts = { ...NOTHING, tasks: record.tasks, done: done - already, already, failed, blocked };
  const facts = { seconds: await runSeconds(run), exitStatus, ...(error ? { error } : {}) };
  return reportOf(paramsIn(record).reported, { ...counts, ...facts }, dead);
}
