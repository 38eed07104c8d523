import { type Clock, systemClock } from "../../core/clock.js";
import { ERRORS, type ErrorRecord, isEmporiumError, toErrorRecord } from "../../core/errors.js";
import { type Report, withText } from "../../core/report.js";
import { counted, formatSeconds } from "../../core/units.js";
import type { EngineExecutor, JobState } from "../executors/engine-executor.js";
import type { Receipt, Task, TaskResult } from "../task.js";
import { costLines, costOf, figuresWords, keptFigures, type StageFigures, secondsLeft, stageFigures } from "./cost.js";
import { engineTitle } from "./engine-names.js";
import type { RunEnd, StageEnd } from "./gate.js";
import { type DeadTask, readDead } from "./judge.js";
import { askQueue, type RunQueue } from "./queue.js";
import { END, stageEndKey } from "./run-files.js";
import { getJson, type OpenRun, type Price } from "./run-record.js";
import { tasksOf } from "./run-tasks.js";
import { readJournals } from "./stage-journals.js";
import { readSubmissions, type Submission } from "./submissions.js";

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
  /** Seconds until its jobs are through, at today's pace; absent where nothing tells it. */
  readonly secondsLeft?: number | undefined;
  readonly cost?: number | undefined;
  /** Jobs as the engine has them; absent where it was not asked or did not answer. */
  readonly jobs?: JobState | undefined;
}

export interface RunStatus extends Report {
  readonly run: string;
  readonly url: string;
  readonly name: string;
  readonly engine: string;
  /** `prepared`: given to no engine, and no other program has begun it. `unknown`: its engine does not answer. */
  readonly status: "prepared" | "running" | "unknown" | "done" | "partial" | "failed" | "cancelled" | "stopped";
  readonly tasks: number;
  readonly done: number;
  readonly failed: number;
  readonly blocked: number;
  readonly stages: readonly StageStatus[];
  readonly cpuHours: number;
  readonly price?: Price | undefined;
  readonly cost?: number | undefined;
  /** Error that keeps the queue unknown; absent where the engine was asked, or nothing of the run is there to ask for. */
  readonly unasked?: ErrorRecord | undefined;
  /** The engine of the last jobs of an open stage, where it is another than the one that was asked. */
  readonly elsewhere?: string | undefined;
  /** The last failures. */
  readonly failures: readonly DeadTask[];
  readonly logs?: string | undefined;
}

const FAILURES_SHOWN = 10;

/**
 * State of a run, from the files of its target alone; an engine is asked only which jobs it still has in its queue. One that
 * does not answer is told within seconds: nothing is concluded from its silence.
 *
 * @throws {EmporiumError} STORE_…
 */
export async function runStatus(run: OpenRun, executor?: EngineExecutor, clock: Clock = systemClock): Promise<RunStatus> {
  const first = await statusNow(run, executor, clock);
  // between two questions one job may have ended and submitted the next: only what is seen twice has stopped
  return first.status === "stopped" ? statusNow(run, executor, clock) : first;
}

async function statusNow(run: OpenRun, executor: EngineExecutor | undefined, clock: Clock): Promise<RunStatus> {
  const { record } = run;
  const end = await getJson<RunEnd>(run.store, `${run.folder}${END}`);
  const read: StageFacts[] = [];
  for (const stage of record.stages) read.push(await stageFacts(run, stage));
  // without a submission another program does the slices, and nobody can be asked for it
  const given = read.some(({ submissions }) => submissions.length > 0);
  const { queue, unasked } = executor && given && !end ? await queueOf(run, executor, clock) : {};
  const stages = read.map((facts) => stageStatus(facts, queue, record.price));
  const elsewhere = read
    .filter(({ over }) => !over)
    .map(({ submissions }) => submissions.at(-1)?.engine)
    .find((engine) => engine !== undefined && engine !== executor?.name);
  const dead = await readDead(run, record.stages);
  const failed = dead.filter(({ state }) => state === "failed");
  const begun = stages.some(({ state }) => state !== "waiting");
  const isSilent = unasked !== undefined && unasked.code !== "ENGINE_ABSENT";
  const hasStopped = queue !== undefined && !queue.alive && elsewhere === undefined;
  const status = end ? endedAs(end) : !begun ? "prepared" : isSilent ? "unknown" : hasStopped ? "stopped" : "running";
  const cpuHours = stages.reduce((all, stage) => all + stage.cpuHours, 0);
  return withText(
    {
      run: record.id,
      url: run.url,
      name: record.name,
      engine: record.engine,
      status,
      tasks: record.tasks,
      done: sum(stages, "done"),
      failed: failed.length,
      blocked: dead.length - failed.length,
      stages,
      cpuHours,
      ...(record.price ? { price: record.price, cost: costOf(cpuHours, record.price) } : {}),
      ...(unasked === undefined ? {} : { unasked }),
      ...(elsewhere === undefined || end ? {} : { elsewhere }),
      failures: failed.slice(-FAILURES_SHOWN),
      ...(record.logs === undefined ? {} : { logs: record.logs }),
      errors: isSilent ? [unasked] : [],
      exitStatus: isSilent ? ERRORS.ENGINE_SILENT.exit : (end?.exitStatus ?? 0),
    } as const,
    statusLines,
  );
}

function endedAs({ exitStatus }: RunEnd): RunStatus["status"] {
  return exitStatus === 0 ? "done" : exitStatus === 130 ? "cancelled" : exitStatus === 3 ? "partial" : "failed";
}

async function queueOf(
  run: OpenRun,
  executor: EngineExecutor,
  clock: Clock,
): Promise<{ queue?: RunQueue | undefined; unasked?: ErrorRecord | undefined }> {
  try {
    return { queue: await askQueue(run, executor, clock) };
  } catch (error) {
    // credentials that have expired hinder the question as well as an engine that is down
    if (!isEmporiumError(error) || error.code === "INTERNAL") throw error;
    return { unasked: toErrorRecord(error) };
  }
}

/** State of a stage as the target has it. */
interface StageFacts {
  readonly name: string;
  readonly tasks: number;
  readonly slices: number;
  readonly over: StageEnd | undefined;
  readonly submissions: readonly Submission[];
  readonly journals: { readonly done: number; readonly failed: number; readonly attempts: number };
  readonly figures: StageFigures;
  /** Seconds until its jobs are through, if `running` processes work; undefined where nothing tells it. */
  left(running: number): number | undefined;
}

async function stageFacts(run: OpenRun, stage: OpenRun["record"]["stages"][number]): Promise<StageFacts> {
  const { store, folder, record } = run;
  const over = await getJson<StageEnd>(store, `${folder}${stageEndKey(stage.name)}`);
  const submissions = await readSubmissions(run, stage.name);
  const journals = await tasksOf(run).journals(stage);
  const tasks = stage.slices.at(-1)! - stage.slices[0]!;
  const done = over?.done ?? Math.min(tasks, journals.done.size);
  const failed = over?.failed ?? journals.failed.size;
  return {
    name: stage.name,
    tasks,
    slices: stage.slices.length - 1,
    over,
    submissions,
    journals: { done, failed, attempts: journals.attempts.size },
    figures: (await keptFigures(run, stage.name)) ?? stageFigures(journals, record.resources),
    left: (running) => (over ? undefined : secondsLeft(journals, tasks - done - failed, running)),
  };
}

function stageStatus(facts: StageFacts, queue: RunQueue | undefined, price: Price | undefined): StageStatus {
  const { name, tasks, slices, over, submissions, journals, figures } = facts;
  const jobs = over ? undefined : queue?.stages.get(name);
  const left = facts.left(jobs?.running ?? 0);
  const cost = costOf(figures.cpuHours, price);
  return {
    name,
    tasks,
    slices,
    done: journals.done,
    failed: journals.failed,
    blocked: over?.blocked ?? 0,
    submissions: submissions.length,
    state: over ? "over" : submissions.length > 0 || journals.attempts > 0 ? "running" : "waiting",
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
const OPEN: ReadonlySet<RunStatus["status"]> = new Set(["prepared", "running", "unknown", "stopped"]);

function statusLines(status: Omit<RunStatus, "toText">): string[] {
  const { name, engine, url, done, tasks, failed, blocked, failures, logs } = status;
  const width = Math.max(...status.stages.map((stage) => stage.name.length));
  const lines = [
    `${name} on ${engine}: ${status.status}, ${done} of ${counted(tasks, "task")} done${failed > 0 ? `, ${failed} failed` : ""}${blocked > 0 ? `, ${blocked} blocked` : ""}`,
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
  lines.push(...queueLines(status), ...endLines(status));
  if (logs !== undefined && status.status !== "done" && status.status !== "prepared") lines.push(`logs of the jobs: ${logs}`);
  return lines;
}

/** Lines that say what the queue means for whoever looks: whether to wait, to ask again, or to go on. */
function queueLines({ status, engine, elsewhere, unasked, url }: Omit<RunStatus, "toText">): string[] {
  const title = engineTitle(engine);
  if (status === "stopped") return [`no job of it is left: emporium engine resume ${url} goes on`];
  if (status === "unknown") {
    return [`${title} does not answer: its jobs may still be running, so wait until it does before you resume the run`];
  }
  if (unasked) return [`the queue is not shown: ${unasked.message}`];
  if (status !== "running" || elsewhere === undefined) return [];
  return [
    `the last jobs were given to ${engineTitle(elsewhere)}, which cannot be asked from here; if nothing works there, emporium engine resume ${url} goes on`,
  ];
}

/** Lines that say what can still be done about a run that has ended. */
function endLines({ status, url }: Omit<RunStatus, "toText">): string[] {
  if (status === "cancelled")
    return [`emporium engine resume ${url} goes on with it; --executor local does the rest on this machine`];
  if (status !== "partial" && status !== "failed") return [];
  return [`emporium engine resume ${url} --retry-dead tries again what failed`];
}

/** Result of each task of a plan in a run, as a local run reports it. */
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
