import { type Report, withText } from "../../core/report.js";
import { formatSeconds } from "../../core/units.js";
import { type EngineExecutor, type JobState, sumStates } from "../executors/engine-executor.js";
import type { Receipt, Task, TaskResult } from "../task.js";
import { costLines, costOf, figuresWords, keptFigures, type StageFigures, secondsLeft, stageFigures } from "./cost.js";
import type { RunEnd, StageEnd } from "./gate.js";
import { type DeadTask, readDead } from "./judge.js";
import { END, stageEndKey } from "./run-files.js";
import { getJson, type OpenRun, type Price } from "./run-record.js";
import { tasksOf } from "./run-tasks.js";
import { GATES, jobName } from "./script.js";
import { readJournals } from "./stage-journals.js";
import { readSubmissions } from "./submissions.js";

export interface StageStatus extends StageFigures {
  readonly name: string;
  readonly tasks: number;
  readonly slices: number;
  readonly done: number;
  readonly failed: number;
  readonly blocked: number;
  /** Times that slices were given to the engine. */
  readonly submissions: number;
  readonly state: "waiting" | "running" | "over";
  /** Until its jobs are through, at today's pace; absent where nothing tells it. */
  readonly secondsLeft?: number | undefined;
  readonly cost?: number | undefined;
  /** As the engine has them; absent where it was not asked or did not answer. */
  readonly jobs?: JobState | undefined;
}

export interface RunStatus extends Report {
  readonly run: string;
  readonly url: string;
  readonly name: string;
  readonly engine: string;
  /** `prepared`: given to no engine, and no other program has begun it. */
  readonly status: "prepared" | "running" | "done" | "partial" | "failed" | "cancelled" | "stopped";
  readonly tasks: number;
  readonly done: number;
  readonly failed: number;
  readonly blocked: number;
  readonly stages: readonly StageStatus[];
  readonly cpuHours: number;
  readonly price?: Price | undefined;
  readonly cost?: number | undefined;
  /** The last failures. */
  readonly failures: readonly DeadTask[];
  readonly logs?: string | undefined;
}

const FAILURES_SHOWN = 10;

/**
 * What has been done of a run, from the files of its target alone; an engine is asked only what it still has in its queue.
 *
 * @throws {EmporiumError} STORE_…
 */
export async function runStatus(run: OpenRun, executor?: EngineExecutor): Promise<RunStatus> {
  const first = await statusNow(run, executor);
  // between two questions one job may have ended and submitted the next: only what is seen twice has stopped
  return first.status === "stopped" ? statusNow(run, executor) : first;
}

async function statusNow(run: OpenRun, executor: EngineExecutor | undefined): Promise<RunStatus> {
  const { record } = run;
  const end = await getJson<RunEnd>(run.store, `${run.folder}${END}`);
  const stages: StageStatus[] = [];
  for (const stage of record.stages) stages.push(await stageStatus(run, stage, executor));
  const dead = await readDead(run, record.stages);
  const done = sum(stages, "done");
  const alive =
    stages.some(({ jobs }) => jobs && jobs.waiting + jobs.running + jobs.held > 0) ||
    (end === undefined && (await hasGate(run, executor)));
  const asked = stages.some(({ jobs }) => jobs !== undefined);
  const begun = stages.some(({ state }) => state !== "waiting");
  // without a submission another program does the slices, and nobody can be asked for it
  const given = stages.some(({ submissions }) => submissions > 0);
  const open = end ? undefined : !begun ? "prepared" : given && asked && !alive ? "stopped" : "running";
  const cpuHours = stages.reduce((all, stage) => all + stage.cpuHours, 0);
  const status =
    open ??
    (end!.exitStatus === 0 ? "done" : end!.exitStatus === 130 ? "cancelled" : end!.exitStatus === 3 ? "partial" : "failed");
  const failures = dead.filter(({ state }) => state === "failed").slice(-FAILURES_SHOWN);
  return withText(
    {
      run: record.id,
      url: run.url,
      name: record.name,
      engine: record.engine,
      status,
      tasks: record.tasks,
      done,
      failed: dead.filter(({ state }) => state === "failed").length,
      blocked: dead.filter(({ state }) => state === "blocked").length,
      stages,
      cpuHours,
      ...(record.price ? { price: record.price, cost: costOf(cpuHours, record.price) } : {}),
      failures,
      ...(record.logs === undefined ? {} : { logs: record.logs }),
      errors: [],
      exitStatus: end?.exitStatus ?? 0,
    } as const,
    statusLines,
  );
}

/** Between two stages nothing is in the queue but the job that looks at them. */
async function hasGate(run: OpenRun, executor: EngineExecutor | undefined): Promise<boolean> {
  for (const { name } of run.record.stages) {
    for (const gate of GATES) {
      const found = await executor?.find(jobName(run, name, gate)).catch(() => []);
      if (found && found.length > 0) return true;
    }
  }
  return false;
}

async function stageStatus(
  run: OpenRun,
  stage: OpenRun["record"]["stages"][number],
  executor?: EngineExecutor,
): Promise<StageStatus> {
  const { store, folder, record } = run;
  const over = await getJson<StageEnd>(store, `${folder}${stageEndKey(stage.name)}`);
  const submissions = await readSubmissions(run, stage.name);
  const journals = await tasksOf(run).journals(stage);
  // numbers of another engine's jobs mean others here
  const handles = submissions.flatMap(({ id, job, engine }) =>
    id === undefined || engine !== executor?.name ? [] : [{ id, name: job }],
  );
  const states = over || !executor ? undefined : await executor.states(handles).catch(() => undefined);
  const tasks = stage.slices.at(-1)! - stage.slices[0]!;
  const figures = (await keptFigures(run, stage.name)) ?? stageFigures(journals, record.resources);
  const done = over?.done ?? Math.min(tasks, journals.done.size);
  const failed = over?.failed ?? journals.failed.size;
  const jobs = states && sumStates([...states.values()]);
  const left = over ? undefined : secondsLeft(journals, tasks - done - failed, jobs?.running ?? 0);
  const cost = costOf(figures.cpuHours, record.price);
  return {
    name: stage.name,
    tasks,
    slices: stage.slices.length - 1,
    done,
    failed,
    blocked: over?.blocked ?? 0,
    submissions: submissions.length,
    state: over ? "over" : submissions.length > 0 || journals.attempts.size > 0 ? "running" : "waiting",
    ...figures,
    ...(cost === undefined ? {} : { cost }),
    ...(left === undefined ? {} : { secondsLeft: left }),
    ...(jobs ? { jobs } : {}),
  };
}

function sum(stages: readonly StageStatus[], key: "done" | "failed" | "blocked"): number {
  return stages.reduce((all, stage) => all + stage[key], 0);
}

const BAR = 24;
const OPEN: ReadonlySet<RunStatus["status"]> = new Set(["prepared", "running", "stopped"]);

function statusLines(status: Omit<RunStatus, "toText">): string[] {
  const { name, engine, url, done, tasks, failed, blocked, failures, logs } = status;
  const width = Math.max(...status.stages.map((stage) => stage.name.length));
  const lines = [
    `${name} on ${engine}: ${status.status}, ${done} of ${tasks} tasks done${failed > 0 ? `, ${failed} failed` : ""}${blocked > 0 ? `, ${blocked} blocked` : ""}`,
    url,
  ];
  let before: string | undefined;
  for (const stage of status.stages) {
    const filled = stage.tasks === 0 ? BAR : Math.floor((stage.done / stage.tasks) * BAR);
    const jobs =
      stage.jobs &&
      [
        `${stage.jobs.running} running, ${stage.jobs.waiting} waiting`,
        stage.jobs.held > 0 ? `, ${stage.jobs.held} held` : "",
        stage.jobs.why === undefined ? "" : ` (${stage.jobs.why})`,
      ].join("");
    const words = [
      `${stage.done}/${stage.tasks}`,
      stage.state === "waiting" ? before && `waits for ${before}` : stage.state === "running" ? jobs : undefined,
      stage.secondsLeft === undefined ? undefined : `about ${formatSeconds(stage.secondsLeft)} left`,
      ...figuresWords(stage),
    ].filter((word) => word !== undefined);
    if (stage.state !== "over") before = stage.name;
    lines.push(`  ${stage.name.padEnd(width)}  ${"#".repeat(filled)}${".".repeat(BAR - filled)}  ${words.join("; ")}`);
  }
  const withoutEnd = status.stages.reduce((all, stage) => all + stage.processesWithoutEnd, 0);
  lines.push(...costLines(status.cpuHours, status.price, withoutEnd, !OPEN.has(status.status)));
  for (const { title, error } of failures)
    lines.push(`  ${error.code}  ${error.message.includes(title) ? "" : `${title}: `}${error.message}`);
  if (failures.length > 0 && failed > failures.length)
    lines.push(`  … and ${failed - failures.length} more: emporium engine dead ${url}`);
  if (status.status === "prepared") {
    lines.push(
      `nobody has begun it: emporium engine export ${url} writes a workflow, emporium engine resume ${url} gives it to an engine`,
    );
  }
  if (status.status === "stopped") lines.push(`no job of it is left: emporium engine resume ${url} goes on`);
  if (logs !== undefined && status.status !== "done" && status.status !== "prepared") lines.push(`logs of the jobs: ${logs}`);
  return lines;
}

/** How each task of a plan ended in a run, as a local run reports it. */
export async function runResults(run: OpenRun, tasks: readonly Task[]): Promise<TaskResult[]> {
  const receipts = new Map<string, Receipt>();
  const seeds = new Set<string>();
  for (const { name } of run.record.stages) {
    const { receipts: found, seeded } = await readJournals(run.store, run.folder, name);
    for (const [task, receipt] of found) receipts.set(task, receipt);
    for (const task of seeded) seeds.add(task);
  }
  const dead = new Map((await readDead(run, run.record.stages)).map((task) => [task.task, task]));
  return tasks.map((task): TaskResult => {
    const receipt = receipts.get(task.id);
    if (receipt) return { task, state: seeds.has(task.id) ? "already" : "done", receipt };
    const lost = dead.get(task.id);
    return lost ? { task, state: lost.state, error: lost.error } : { task, state: "cancelled" };
  });
}
