import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import type { Store } from "../../stores/store.js";
import type { Env } from "../env.js";
import type { EngineExecutor } from "../executors/engine-executor.js";
import { journalName } from "../journal.js";
import { encodeLine } from "../journal-lines.js";
import { releaseRunLocks, takeRunLocks } from "../lock.js";
import { checkPlan } from "../plan.js";
import { findDone } from "../receipts.js";
import type { PlainObject, Receipt, Task, TaskPlan } from "../task.js";
import { type CutStage, cutPlan, type TaskGroup } from "./cut.js";
import { writeGraph } from "./graph.js";
import { END, RUN_RECORD, RUNS_FOLDER, runFolder, segmentKey } from "./run-files.js";
import {
  getJson,
  listRuns,
  type OpenRun,
  type Price,
  putJson,
  type Resources,
  RUN_FORMAT,
  type RunRecord,
  type RunStage,
} from "./run-record.js";
import { readJournals, SEED } from "./stage-journals.js";

/** Job of a station whose tasks are a list. */
export interface ClusterJob {
  readonly station: string;
  readonly name: string;
  readonly plan: TaskPlan;
  readonly params: PlainObject;
  readonly source: Store;
  readonly target: Store;
  readonly anonymous: boolean;
  readonly sync: boolean;
  groupOf(task: Task): TaskGroup;
  /** Names of the stages by the rank of their groups. */
  readonly stageNames: readonly string[];
  /** Receipts that are known elsewhere: of this machine's own journal. */
  receipt?(task: string): Receipt | undefined;
  /** Gets the tasks that are not done yet before anything is submitted; not for a run that goes on. */
  beforeTasks?(tasks: readonly Task[]): Promise<void>;
  /** Trust no receipt. */
  readonly force?: boolean | undefined;
  readonly verify?: boolean | undefined;
  readonly createdMs?: number | undefined;
}

/** Engine to which a run is given, with the resources, slices and command of its jobs. */
export interface ClusterPlace {
  readonly executor: EngineExecutor;
  readonly resources: Resources;
  readonly slots?: number | undefined;
  /** Slices of a stage; default: 8 for each slot, or as many as an array may have. */
  readonly slices?: number | undefined;
  readonly prologue: readonly string[];
  readonly command: readonly string[];
  readonly logs?: string | undefined;
  readonly program: string;
  readonly price?: Price | undefined;
}

export const SLICES_A_SLOT = 8;
export const SLOTS = 32;

/**
 * Makes the record of a run in its target, or finds the one that was begun before and is not over: the same plan is the same run. Locks the
 * target under the plan's names until the run has ended.
 *
 * @returns undefined when everything is done already
 * @throws {EmporiumError} as `runPlan` before anything is touched; ENGINE_ABSENT; TARGET_LOCKED
 */
export async function beginRun(job: ClusterJob, place: ClusterPlace, env: Env): Promise<OpenRun | undefined> {
  const { plan, target, name } = job;
  checkPlan(plan);
  const { arrayMax } = await place.executor.limits();
  const earlier = (await listRuns(target)).filter((record) => record.name === name);
  const ids = hashIds(plan.tasks);
  const open = await goOn(target, earlier, ids, place);
  if (open) return open;
  const done = await doneAlready(job, earlier, env);
  if (done.size === plan.tasks.length) return undefined;
  await job.beforeTasks?.(plan.tasks.filter(({ id }) => !done.has(id)));
  const stages = cutForPlace(job, place, arrayMax);
  const { tasks, locks, createdMs } = plan;
  const record = recordOf(job, place, {
    ...{ ids, number: earlier.filter((run) => run.ids === ids).length, stages: boundsOf(stages), tasks: tasks.length },
    bytes: tasks.reduce((sum, { bytes }) => sum + bytes, 0),
    locks: locks.length > 0 ? [...locks] : [journalName(target.url, name)],
    createdMs: job.createdMs ?? createdMs,
  });
  const folder = runFolder(record.id);
  await takeRunLocks(target, record.locks, record.id, { job: name, ...env, onLost: () => {} });
  try {
    // engines do not make the folder that their jobs print into
    if (record.logs !== undefined) await mkdir(record.logs, { recursive: true, mode: 0o700 });
    await writeGraph(
      target,
      folder,
      stages.flatMap(({ slices }) => slices.flat()),
    );
    await writeSeeds(target, folder, record, stages, done);
    await createRecord(target, folder, record);
  } catch (error) {
    await target.remove(folder).catch(() => {}); // the first error tells
    await releaseRunLocks(target, record.locks, record.id);
    throw error;
  }
  return { record, store: target, folder, url: urlOf(target, record.id) };
}

/** The run of the same tasks that was begun before and is not over: what is submitted from now on goes by today's profile and program. */
export async function goOn(
  target: Store,
  earlier: readonly RunRecord[],
  ids: string,
  { resources, slots, prologue, command, program, executor, price }: ClusterPlace,
): Promise<OpenRun | undefined> {
  for (const known of earlier) {
    if (known.ids !== ids || (await getJson(target, `${runFolder(known.id)}${END}`))) continue;
    const today = { resources, prologue: [...prologue], command: [...command], program, engine: executor.name };
    const record: RunRecord = { ...known, ...(price === undefined ? {} : { price }), ...today };
    const folder = runFolder(record.id);
    await putJson(target, `${folder}${RUN_RECORD}`, slots === undefined ? record : { ...record, slots });
    return { record, store: target, folder, url: urlOf(target, record.id) };
  }
  return undefined;
}

/**
 * The record comes last: with it the run is there. Jobs of a cluster agree by objects that only one of them can create, so a store that
 * replaces what is there although it was asked not to is refused.
 */
export async function createRecord(target: Store, folder: string, record: RunRecord): Promise<void> {
  const key = `${folder}${RUN_RECORD}`;
  await putJson(target, key, record, { ifAbsent: true });
  try {
    await putJson(target, key, { ...record, tasks: 0 }, { ifAbsent: true });
  } catch (error) {
    if (isEmporiumError(error) && error.code === "STORE_CONFLICT") return;
    throw error;
  }
  throw new EmporiumError("STORE_PROTOCOL", `${target.url} replaces an object although it was asked to create it`, {
    place: { url: target.url },
    hint: "import into another store, or without --executor: this server ignores If-None-Match, by which jobs of a cluster divide their work",
  });
}

/** The stages of a run: as many slices as an engine may have in an array, or as the place wants, with names. */
export function cutForPlace(
  { plan, groupOf, stageNames }: Pick<ClusterJob, "plan" | "groupOf" | "stageNames">,
  { slices, slots }: Pick<ClusterPlace, "slices" | "slots">,
  arrayMax: number,
): (CutStage & { name: string })[] {
  const used = new Set<string>();
  return cutPlan(plan.tasks, groupOf, Math.min(arrayMax, slices ?? SLICES_A_SLOT * (slots ?? SLOTS))).map((stage) => {
    const base = stageNames[stage.rank] ?? `stage-${stage.rank}`;
    let name = base;
    for (let again = 2; used.has(name); again++) name = `${base}-${again}`;
    used.add(name);
    return { ...stage, name };
  });
}

export function urlOf(target: Store, id: string): string {
  return `${target.url}/${RUNS_FOLDER}${id}`;
}

function hashIds(tasks: readonly Task[]): string {
  const hash = createHash("sha256");
  for (const { id } of tasks) hash.update(`${id}\n`);
  return hash.digest("hex").slice(0, 32);
}

/** Tasks whose receipts of earlier runs, or of this machine's journal, hold what is there now. */
async function doneAlready(job: ClusterJob, earlier: readonly RunRecord[], { log, signal }: Env): Promise<Map<string, Receipt>> {
  if (job.force) return new Map();
  const known = await receiptsOf(job.target, earlier);
  const found = await findDone(job.target, job.plan.tasks, (task) => known.get(task) ?? job.receipt?.(task), {
    verify: job.verify,
    log,
    signal: signal ?? new AbortController().signal,
  });
  const done = new Map<string, Receipt>();
  for (const { id, after } of job.plan.tasks) {
    const receipt = found.get(id);
    if (receipt && (after ?? []).every((first) => done.has(first))) done.set(id, receipt);
  }
  return done;
}

/**
 * Takes a run back whose first job no engine took: the target is as it was.
 *
 * @returns false where something was submitted
 */
export async function abandonRun({ record, store, folder }: OpenRun): Promise<boolean> {
  for await (const _ of store.list(`${folder}stages/`)) return false;
  await store.remove(folder);
  await releaseRunLocks(store, record.locks, record.id);
  return true;
}

/** Receipts of all runs of a name in a target, by task. */
export async function receiptsOfRuns(target: Store, name: string): Promise<ReadonlyMap<string, Receipt>> {
  return receiptsOf(
    target,
    (await listRuns(target)).filter((record) => record.name === name),
  );
}

async function receiptsOf(target: Store, records: readonly RunRecord[]): Promise<Map<string, Receipt>> {
  const known = new Map<string, Receipt>();
  for (const { id, stages } of records) {
    for (const { name } of stages) {
      const { receipts } = await readJournals(target, runFolder(id), name);
      for (const [task, receipt] of receipts) known.set(task, receipt);
    }
  }
  return known;
}

function boundsOf(stages: readonly (CutStage & { name: string })[]): RunStage[] {
  let at = 0;
  return stages.map(({ slices, name }) => {
    const bounds = [at];
    for (const slice of slices) {
      at += slice.length;
      bounds.push(at);
    }
    return { name, slices: bounds };
  });
}

/** Fields of a run's record that describe its tasks. */
export interface RunFacts extends Pick<RunRecord, "ids" | "tasks" | "bytes" | "locks" | "stages" | "createdMs" | "blocks"> {
  /** Number of earlier runs of the same tasks. */
  readonly number: number;
}

export function recordOf(
  job: Pick<ClusterJob, "station" | "name" | "params" | "target" | "anonymous" | "sync"> & { source: Pick<Store, "url"> },
  place: ClusterPlace,
  { number, ...facts }: RunFacts,
): RunRecord {
  const { target, source } = job;
  const suffix = number === 0 ? "" : `-${number + 1}`;
  const id = `${journalName(target.url, job.name)}-${facts.ids.slice(0, 8)}${suffix}`;
  const logs = place.logs ?? target.local?.path(`${runFolder(id)}logs`);
  return {
    format: RUN_FORMAT,
    program: place.program,
    id,
    name: job.name,
    station: job.station,
    params: job.params,
    source: { url: source.url, anonymous: job.anonymous },
    target: { url: target.url, anonymous: job.anonymous, sync: job.sync },
    ...facts,
    engine: place.executor.name,
    resources: place.resources,
    ...(place.slots === undefined ? {} : { slots: place.slots }),
    ...(place.price === undefined ? {} : { price: place.price }),
    prologue: [...place.prologue],
    command: [...place.command],
    ...(logs === undefined ? {} : { logs }),
  };
}

/** Receipts of before, as the journal of an attempt that needs no job. */
async function writeSeeds(
  target: Store,
  folder: string,
  record: RunRecord,
  stages: readonly CutStage[],
  done: ReadonlyMap<string, Receipt>,
): Promise<void> {
  for (const [i, { slices }] of stages.entries()) {
    const lines = slices.flat().flatMap(({ id }) => {
      const receipt = done.get(id);
      return receipt ? [encodeLine(JSON.stringify({ record: "done", receipt }))] : [];
    });
    if (lines.length === 0) continue;
    const key = segmentKey(record.stages[i]!.name, { slice: 0, attempt: 0, token: SEED, part: 0 });
    await target.write(`${folder}${key}`, Buffer.concat(lines), { contentType: "application/x-ndjson" });
  }
}
