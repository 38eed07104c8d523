import { type Report, withText } from "../../core/report.js";
import { quoteWord } from "../../core/shell.js";
import type { Env } from "../env.js";
import { abandonRun, beginRun, type ClusterJob, type ClusterPlace } from "./begin.js";
import { type BlockJob, beginBlockRun, blocksLeft } from "./begin-blocks.js";
import { type CostEstimate, estimateCost, estimateLines, type WorkLeft, workOf } from "./cost.js";
import { callerName, drive, gate } from "./drive.js";
import type { RunEnd } from "./gate.js";
import type { OpenRun } from "./run-record.js";
import { readJournals } from "./stage-journals.js";
import type { AnyStation } from "./work.js";

/** A command's choice of a cluster: the place of its jobs, and whether it begins them itself. */
export interface ClusterUse {
  readonly place: ClusterPlace;
  /** Stays until the run has ended, and begins each stage itself. Otherwise jobs of the cluster do. */
  readonly drive: boolean;
  /** Begins nothing: another program does the slices of the run. */
  readonly prepare?: boolean | undefined;
}

/** A run that goes on without this process, or waits for whoever begins it. */
export interface Begun {
  readonly state: "prepared" | "submitted";
  readonly run: OpenRun;
  /** Estimate for what is left of the run. */
  readonly estimate: CostEstimate;
  /** Slices that were submitted now; 0 where an earlier command has submitted them, or nobody has. */
  readonly slices: number;
  /** The engine's name of the job. */
  readonly job: string;
}

/** A run that is over. */
export interface Ended {
  readonly state: "ended";
  /** Undefined where everything was done before. */
  readonly run: OpenRun | undefined;
  readonly end: Pick<RunEnd, "exitStatus" | "error">;
}

export type ClusterOutcome = Begun | Ended;

/** Gives back what a run has taken beside its target. */
type Undo = () => Promise<void>;

/**
 * Gives a plan to a cluster: begins its run, or goes on with the one that was begun before, and submits the first stage. With `drive` it
 * stays until the run has ended.
 *
 * @param onBegun called with the run before anything is submitted. Where it or the first submission fails, a run that has submitted nothing is
 *   taken back, with what this function returns.
 * @throws {EmporiumError} as `beginRun`, and what the engine says of the first job
 */
export async function runOnCluster(
  job: ClusterJob | BlockJob,
  { place, drive: stays, prepare }: ClusterUse,
  station: AnyStation,
  env: Env,
  onBegun: (run: OpenRun) => Promise<Undo | undefined> = async () => undefined,
): Promise<ClusterOutcome> {
  const run = "blocks" in job ? await beginBlockRun(job, place, env) : await beginRun(job, place, env);
  if (!run) return { state: "ended", run, end: { exitStatus: 0 } };
  const { executor } = place;
  let undo: Undo | undefined;
  try {
    undo = await onBegun(run);
    const { clock, log } = env;
    const estimate = await estimateLeft(run, job);
    if (prepare) return { state: "prepared", run, estimate, slices: 0, job: "" };
    if (stays) for (const line of estimateLines(estimate)) log.info(line);
    const step = await gate(run, station, { executor, gates: !stays, by: callerName({}), takeOver: true, clock, log });
    if (!stays && step.state !== "ended") {
      if (step.state === "submitted") return { state: "submitted", run, estimate, slices: step.slices, job: step.job.id };
      const jobs = step.state === "waiting" ? step.jobs.map(({ id }) => id) : [];
      return { state: "submitted", run, estimate, slices: 0, job: jobs.join(", ") };
    }
  } catch (error) {
    if (await abandonRun(run)) await undo?.();
    throw error;
  }
  return { state: "ended", run, end: await drive(run, station, executor, env) };
}

/** Estimates what is left of a run. */
async function estimateLeft(run: OpenRun, job: ClusterJob | BlockJob): Promise<CostEstimate> {
  const { record, store } = run;
  const counts = record.stages.map(({ name, slices }) => ({
    name,
    tasks: slices.at(-1)! - slices[0]!,
    slices: slices.length - 1,
  }));
  const left = "blocks" in job ? await blocksLeft(run) : await listLeft(run, job);
  return estimateCost(store, job.station, counts, left, record.price);
}

async function listLeft({ record, store, folder }: OpenRun, { plan }: ClusterJob): Promise<WorkLeft> {
  const done = new Set<string>();
  for (const { name } of record.stages) {
    for (const task of (await readJournals(store, folder, name)).receipts.keys()) done.add(task);
  }
  return workOf(plan.tasks.filter(({ id }) => !done.has(id)));
}

/** Lines for people: which run was begun, what it will take, and what to call next. */
export function begunLines({ state, run, estimate, slices, job }: Begun): string[] {
  const { engine } = run.record;
  const url = quoteWord(run.url);
  if (state === "prepared") {
    return [
      ...estimateLines(estimate),
      "nothing was begun: a workflow program does the slices, or an engine",
      `emporium engine export ${url} --as snakemake --output Snakefile`,
      `emporium engine resume ${url} --executor NAME`,
    ];
  }
  return [
    ...estimateLines(estimate),
    slices > 0 ? `${engine} has taken ${slices} as job ${job}` : `${engine} has them as job ${job}`,
    `emporium engine status ${url} --watch`,
  ];
}

export interface SubmittedReport extends Report {
  readonly status: Begun["state"];
  readonly run: string;
  readonly tasks: number;
}

/**
 * Report of a command that ends before its run. Its own report is made when the run has ended: `engine status` prints it.
 *
 * @param notes lines before the others
 */
export function submittedReport(begun: Begun, notes: readonly string[] = []): SubmittedReport {
  const { url, record } = begun.run;
  const { state, estimate } = begun;
  const document = { status: state, exitStatus: 0, run: url, tasks: record.tasks, estimate, notes, errors: [] };
  return withText(document, () => [...notes, ...begunLines(begun)]);
}
