import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { ErrorRecord } from "../../../core/errors.js";
import { type Report, withText } from "../../../core/report.js";
import { counted, formatSeconds } from "../../../core/units.js";
import { blockSource } from "../../../engine/blocks/block-source.js";
import { keepStatus } from "../../../engine/blocks/block-status.js";
import { type BlockRunReport, runBlocks } from "../../../engine/blocks/run-blocks.js";
import { envOf, type GivenEnv } from "../../../engine/env.js";
import type { Every } from "../../../engine/every.js";
import { workerProcesses } from "../../../engine/executors/worker-processes.js";
import type { PlainObject } from "../../../engine/task.js";
import type { Store } from "../../../stores/store.js";
import { compiled } from "../../../system/threads.js";
import { checkInputs } from "./check-inputs.js";
import { type DeadBlock, deadBlocks, writeDead } from "./dead.js";
import type { GraphGiven } from "./document.js";
import { longestTaskMs } from "./external/fields.js";
import { closePrograms } from "./external/programs.js";
import { figureLines, figuresOf, type GraphFigures, type StageReads } from "./figures.js";
import { endOf, finishGraph } from "./finish.js";
import type { GraphInputs } from "./input-plan.js";
import { openInputs } from "./inputs.js";
import { onlyThese } from "./only.js";
import { claimOutputs, hasOthersOutputs, listAgain, type TakenOutput, takenOutputs } from "./owners.js";
import { type PreparedGraph, prepareGraph } from "./prepare.js";
import { givenGraph, type ReadGraph, readGraph } from "./read-graph.js";
import { openTargets } from "./targets.js";
import { openBlockWork, type WorkData } from "./work.js";

export interface GraphOptions extends GivenEnv {
  /** Worker processes; 0: everything is computed in this one. */
  readonly jobs: number;
  /** Bytes of all buffers together. */
  readonly memoryBytes: number;
  /** Folder on this machine for scratch files. */
  readonly workspace: string;
  readonly anonymous?: boolean | undefined;
  /** Inputs in private networks and on this machine are asked for as well. Default false. */
  readonly allowPrivate?: boolean | undefined;
  /** Wait until objects would survive a power loss. Default true. */
  readonly sync?: boolean | undefined;
  /** After a failure do all that does not need what failed. Default true. */
  readonly keepGoing?: boolean | undefined;
  /** Replace outputs of other runs that are there. */
  readonly force?: boolean | undefined;
  readonly every?: Every | undefined;
  /** Look at a sample of the inputs before a byte is written. Default true. A run that goes on where it was has done that. */
  readonly check?: boolean | undefined;
  /** Stages, or single blocks of one as `stage/number`: these are done, with what they need, and nothing else. */
  readonly only?: readonly string[] | undefined;
}

/** A graph as its file, or as a program has it. */
export type GraphSource = GraphGiven | { readonly text: string; readonly file: string };

export function graphOf(source: GraphSource): ReadGraph {
  return "text" in source ? readGraph(source.text, source.file) : givenGraph(source);
}

export interface GraphRunReport extends Report, GraphFigures {
  readonly run: string;
  readonly tasks: number;
  readonly done: number;
  readonly already: number;
  readonly failed: number;
  readonly blocked: number;
  readonly cancelled: number;
  /** Blocks that were not asked for: see `only`. */
  readonly skipped: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly outputs: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Computes the outputs of a graph, block by block. Killed at any moment and called again, it ends with the same bytes as if it had never been
 * killed. An output can be opened when all of it is there: its metadata come last.
 *
 * @throws {EmporiumError} before a byte moves: CONFIG_… for what is wrong with the graph, LOCATION_UNKNOWN, FORMAT_… and STORE_… for its inputs,
 *   TARGET_LOCKED, INPUT_UNSOUND, CONFIG_COLLISION for an output that is there already and is not this graph's
 */
export async function runGraph(source: GraphSource, options: GraphOptions): Promise<GraphRunReport> {
  const read = graphOf(source);
  const { memoryBytes, jobs, anonymous = false, allowPrivate = false, sync = true } = options;
  const inputs = openInputs(read.inputs, options);
  try {
    const graph = await prepareGraph(read, inputs, { memoryBytes, jobs });
    const target = await openTargets(graph.target, { anonymous, sync });
    const said = await checkBefore(read.inputs, graph, target, options);
    const data = workData(read.inputs, graph, { anonymous, allowPrivate, sync });
    // without processes of its own, this one computes
    const processes = jobs > 0 ? graph.memory.jobs : 0;
    return await runPrepared({ ...graph, notes: [...graph.notes, ...said] }, target, data, { ...options, jobs: processes });
  } finally {
    await inputs.close();
  }
}

/**
 * Outputs that a graph cannot write because their places are taken, as `runGraph` would find. Reads the metadata of its inputs
 * and writes nothing.
 *
 * @throws {EmporiumError} as `runGraph` before a byte moves
 */
export async function takenByOthers(
  source: GraphSource,
  { memoryBytes, jobs, signal }: Pick<GraphOptions, "memoryBytes" | "jobs" | "signal">,
): Promise<TakenOutput[]> {
  const read = graphOf(source);
  const inputs = openInputs(read.inputs, {});
  try {
    const graph = await prepareGraph(read, inputs, { memoryBytes, jobs });
    return await takenOutputs(graph, await openTargets(graph.target, {}), signal);
  } finally {
    await inputs.close();
  }
}

/** Data of a run for its worker processes. */
export function workData(
  inputs: GraphInputs,
  graph: PreparedGraph,
  { sync, ...access }: { anonymous: boolean; allowPrivate: boolean; sync: boolean },
): WorkData {
  return {
    stages: graph.stages.map(({ stage }) => stage),
    createdMs: 0,
    locks: [...graph.outputs.map(({ folder }) => folder.replace(/\/$/, "")), ...graph.results.map(({ key }) => key)],
    inputs: { ...inputs, ...access, cacheBytes: graph.memory.cacheBytes },
    target: graph.target,
    sync,
  };
}

/**
 * Checks the inputs, unless the run goes on or `check` is false: notes on what it found that does no harm.
 *
 * @throws {EmporiumError} INPUT_UNSOUND
 */
export async function checkBefore(
  inputs: GraphInputs,
  graph: PreparedGraph,
  target: Store,
  options: Pick<GraphOptions, "check" | "memoryBytes" | "anonymous" | "allowPrivate" | "signal">,
): Promise<string[]> {
  const { check = true, signal } = options;
  if (!check || !(await hasOthersOutputs(graph, target, signal))) return [];
  return checkInputs(inputs, options);
}

async function runPrepared(graph: PreparedGraph, target: Store, data: WorkData, options: GraphOptions): Promise<GraphRunReport> {
  const { jobs, keepGoing, every, sync } = options;
  const given = envOf(options);
  const workspace = resolve(options.workspace);
  const whole = await claimOutputs(graph, target, data.locks, options);
  const status = keepStatus(target, graph.id, given, every);
  const env = { ...given, onEvent: status.onEvent };
  const plain = data as unknown as PlainObject;
  const work = await openBlockWork(plain);
  // the same graph in two places is one run in each
  const scratch = `${workspace}/scratch/${graph.id}-${createHash("sha256").update(graph.target.home).digest("hex").slice(0, 8)}`;
  const module = pathToFileURL(compiled(new URL("./work.js", import.meta.url))).href;
  const memory = { bytes: options.memoryBytes, taskBytes: graph.memory.blockBytes };
  const taskMs = longestTaskMs(data.inputs.programs);
  const crowd = { ...env, processes: jobs, module, data: plain, scratch, createdMs: 0, memory, taskMs };
  const performers = jobs > 0 ? workerProcesses(crowd) : undefined;
  try {
    const blocks = blockSource(data);
    const base = { ...env, ...work, workspace, name: "blocks run", keepGoing, every, sync };
    const only = onlyThese(blocks, options.only);
    const limits = { jobs: Math.max(1, jobs), memoryBytes: graph.memory.blockBytes };
    const report = await runBlocks(blocks, { ...base, ...limits, performers, only });
    if (report.exitStatus === 0 && report.skipped === 0) await finishGraph(endOf(graph), target, env.signal);
    else if (report.exitStatus === 0) await listAgain(target, whole, env.signal);
    const dead = [...deadBlocks(blocks, report)];
    await writeDead(target, graph.id, dead, env.signal);
    await status.end(report);
    return reportOf(reportedOf(graph), report, dead);
  } finally {
    status.stop();
    performers?.close();
    await closePrograms();
  }
}

/** Fields of a graph that its report needs. */
export interface ReportedGraph extends Pick<PreparedGraph, "id" | "notes"> {
  readonly stages: readonly StageReads[];
  readonly outputs: readonly Pick<PreparedGraph["outputs"][number], "location">[];
  readonly results: readonly Pick<PreparedGraph["results"][number], "location">[];
}

/** Picks the fields of a graph for its report. Plain JSON. */
export function reportedOf({ id, notes, stages, outputs, results }: PreparedGraph): ReportedGraph {
  const locations = (all: readonly { readonly location: string }[]) => all.map(({ location }) => ({ location }));
  const read = stages.map(({ stage: { name }, bytesRead, bytesAgain }) => ({ name, bytesRead, bytesAgain }));
  return { id, notes, stages: read, outputs: locations(outputs), results: locations(results) };
}

export function reportOf(
  graph: ReportedGraph,
  run: Omit<BlockRunReport, "notDone" | "interrupted" | "createdMs" | "resumed">,
  dead: readonly DeadBlock[],
): GraphRunReport {
  const errors: ErrorRecord[] = dead.map(({ error, block, command }) => {
    return {
      ...error,
      message: `${block}: ${error.message}`,
      hint: [error.hint, `alone: ${command}`].filter(Boolean).join("; "),
    };
  });
  if (run.error) errors.push(run.error);
  const { tasks, done, already, failed, blocked, cancelled, skipped, seconds, exitStatus } = run;
  const bytes = graph.stages.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  const outputs = [...graph.outputs, ...graph.results].map(({ location }) => location);
  const counts = { tasks, done, already, failed, blocked, cancelled, skipped };
  const facts = { ...figuresOf(graph.stages, run), seconds, bytes, outputs, notes: graph.notes };
  return withText({ run: graph.id, ...counts, ...facts, errors, exitStatus }, linesOf);
}

function linesOf({
  skipped,
  tasks,
  done,
  already,
  failed,
  blocked,
  cancelled,
  seconds,
  outputs,
  notes,
  exitStatus,
  ...figures
}: Omit<GraphRunReport, "toText">): string[] {
  const states = Object.entries({ done, already, failed, blocked, cancelled, skipped }).filter(([, count]) => count > 0);
  const counts = states.map(([state, count]) => `${count} ${state}`).join(", ");
  return [
    ...notes.map((note) => `note: ${note}`),
    `${counted(tasks, "block")}: ${counts}, ${formatSeconds(seconds)}`,
    ...figureLines(figures),
    ...(exitStatus === 0 && skipped === 0 ? outputs : []),
  ];
}
