import { mkdir } from "node:fs/promises";
import type { Store } from "../../stores/store.js";
import { type BlockSet, blockSet } from "../blocks/block-set.js";
import { type BlockGraph, type BlockSource, blockSource, type PlacedStage } from "../blocks/block-source.js";
import { begin, blocksFolder, findAlready } from "../blocks/run-blocks.js";
import type { Env } from "../env.js";
import type { TaskStates } from "../executors/schedule.js";
import { releaseRunLocks, takeRunLocks } from "../lock.js";
import type { PlainObject } from "../task.js";
import { type ClusterPlace, createRecord, goOn, recordOf, SLICES_A_SLOT, SLOTS, urlOf } from "./begin.js";
import { blocksOf, readBlockJournals } from "./block-run.js";
import { cpuSecondsOf, rateOf, type WorkLeft } from "./cost.js";
import { ALREADY, runFolder } from "./run-files.js";
import { listRuns, type OpenRun, type RunStage } from "./run-record.js";

/** Job of a station whose tasks are blocks. */
export interface BlockJob {
  readonly station: string;
  readonly name: string;
  readonly blocks: BlockGraph;
  readonly params: PlainObject;
  /** Store that is read, for people. */
  readonly source: Pick<Store, "url">;
  /** Store with the run's files. */
  readonly target: Store;
  /** The same, with all other places where blocks are written. */
  readonly outputs: Store;
  readonly anonymous: boolean;
  readonly sync: boolean;
}

/**
 * `beginRun` for blocks: nothing is listed, a stage and a slice are ranges of numbers. What runs on one machine have done counts, and the
 * other way round, for both keep the same receipts.
 *
 * @returns undefined when everything is done already
 * @throws {EmporiumError} ENGINE_ABSENT, TARGET_LOCKED, STORE_…
 */
export async function beginBlockRun(job: BlockJob, place: ClusterPlace, env: Env): Promise<OpenRun | undefined> {
  const { target, name } = job;
  const source = blockSource(job.blocks);
  const earlier = (await listRuns(target)).filter((record) => record.name === name);
  const ids = source.idsHash();
  const open = await goOn(target, earlier, ids, place);
  if (open) return open;
  const record = recordOf(job, place, {
    ...{ ids, number: earlier.filter((run) => run.ids === ids).length, tasks: source.count, createdMs: env.clock.now() },
    ...{ locks: [...source.locks], stages: await cutBlocks(source, target, job.station, place) },
    bytes: source.stages.reduce((sum, { bytes, count }) => sum + bytes * count, 0),
    blocks: job.blocks as unknown as PlainObject,
  });
  const folder = runFolder(record.id);
  await takeRunLocks(target, record.locks, record.id, { job: name, ...env, onLost: () => {} });
  try {
    const already = await lookAtBlocks(source, job, env);
    if (already.size < source.count) {
      // engines do not make the folder that their jobs print into
      if (record.logs !== undefined) await mkdir(record.logs, { recursive: true, mode: 0o700 });
      await target.write(`${folder}${ALREADY}`, already.bytes, { contentType: "application/octet-stream" });
      await createRecord(target, folder, record);
      return { record, store: target, folder, url: urlOf(target, record.id) };
    }
  } catch (error) {
    await target.remove(folder).catch(() => {}); // the first error tells
    await releaseRunLocks(target, record.locks, record.id);
    throw error;
  }
  await releaseRunLocks(target, record.locks, record.id);
  return undefined;
}

/** Blocks for which there is nothing to do, as a run on this machine finds them. */
async function lookAtBlocks(source: BlockSource, { outputs }: BlockJob, { log, signal }: Env): Promise<BlockSet> {
  const folder = blocksFolder(source);
  const { isClean } = await begin(source, folder, { target: outputs });
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal!.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    return setOf(await findAlready(source, folder, isClean, { target: outputs, log, stop }), source.count);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** The blocks that are done already. */
export function setOf(states: TaskStates, count: number): BlockSet {
  const set = blockSet(count);
  for (let task = 0; task < count; task++) if (states.get(task) === "already") set.add(task);
  return set;
}

/**
 * Seconds that a slice takes, about, where the rate is right: its job waits in a queue, and is lost as a whole when a node dies.
 */
const SLICE_SECONDS = 120;
/** Seconds below which a slice is not worth a job, even where processors have nothing else to do. */
const SLICE_SECONDS_MIN = 5;

/**
 * Cuts the blocks of a graph into stages of a run and slices of these. Stages of a graph that follow each other and are one slice each become
 * one stage of the run: nobody waits in a queue between them.
 */
export async function cutBlocks(
  source: BlockSource,
  target: Store,
  station: string,
  place: Pick<ClusterPlace, "slices" | "slots" | "executor">,
): Promise<RunStage[]> {
  const { arrayMax } = await place.executor.limits();
  const { bytesPerCpuSecond } = await rateOf(target, station);
  const stages: RunStage[] = [];
  for (const stage of source.stages) {
    const { first, count, name } = stage;
    const seconds = cpuSecondsOf({ tasks: count, readBytes: stage.bytes * count }, bytesPerCpuSecond);
    // results that are merged take no time
    const isSmall = stage.bytes === 0 && seconds < SLICE_SECONDS_MIN;
    const wanted = isSmall ? 1 : (place.slices ?? slicesFor(seconds, place.slots ?? SLOTS));
    const slices = Math.min(count, arrayMax, wanted);
    const before = stages.at(-1);
    if (slices === 1 && before?.slices.length === 2) {
      stages[stages.length - 1] = { name, slices: [before.slices[0]!, first + count] };
    } else stages.push({ name, slices: boundsOf(stage, slices) });
  }
  return stages;
}

function slicesFor(seconds: number, slots: number): number {
  const long = Math.ceil(seconds / SLICE_SECONDS);
  const side = Math.min(slots, Math.ceil(seconds / SLICE_SECONDS_MIN));
  return Math.max(1, Math.min(SLICES_A_SLOT * slots, Math.max(long, side)));
}

/** First block of each slice, then the end of the last one. Lengths of slices differ by one block at most. */
function boundsOf({ first, count }: PlacedStage, slices: number): number[] {
  return Array.from({ length: slices + 1 }, (_, slice) => first + Math.floor((slice * count) / slices));
}

/** Work that is left of a run that has just begun, or goes on. Bytes are in proportion to the tasks of a stage. */
export async function blocksLeft(run: OpenRun): Promise<WorkLeft> {
  const source = blocksOf(run.record)!;
  let [tasks, readBytes] = [0, 0];
  for (const stage of run.record.stages) {
    const [first, end] = [stage.slices[0]!, stage.slices.at(-1)!];
    const { size } = (await readBlockJournals(run, source, stage)).done;
    const within = source.stages.filter((one) => one.first >= first && one.first < end);
    const bytes = within.reduce((sum, one) => sum + one.bytes * one.count, 0);
    tasks += end - first - size;
    readBytes += Math.round(bytes * (1 - size / (end - first)));
  }
  return { tasks, readBytes };
}
