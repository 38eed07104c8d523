import { createHash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { crcText } from "../../core/crc32.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { objectName, type Store } from "../../stores/store.js";
import { publishObject } from "../atomic.js";
import { type Locks, lockKey, takeLocks } from "../lock.js";
import { RESULTS_FOLDER } from "../plan.js";
import type { Operation, Plain, PlainObject, Task, TaskContext } from "../task.js";
import { taskId } from "../task-id.js";
import { END } from "./run-files.js";
import type { OpenRun } from "./run-record.js";

/**
 * Tasks whose work is not objects of the run's target: they read a tree, or send files elsewhere. Each writes one object of JSON with what
 * it did, and the report of the run is made of these.
 */

export interface ResultTask {
  /** Name of the operation. */
  readonly run: string;
  readonly title: string;
  readonly params: PlainObject;
  readonly bytes: number;
  /** Tasks that run first, whether they succeed or not. */
  readonly after?: readonly Task[] | undefined;
}

/** Makes the tasks of one job. @param job tells the results of one job from those of others in the same target */
export function resultTasks(job: string): (task: ResultTask) => Task {
  const folder = createHash("sha256").update(job).digest("hex").slice(0, 12);
  let count = 0;
  return ({ run, title, params, bytes, after }) => {
    const outputs = [`${RESULTS_FOLDER}${folder}/${count++}.json`];
    const identity = { run, params, inputs: [], outputs };
    const common = { ...identity, id: taskId(identity), title, needs: [], bytes, memoryBytes: 0, threads: "all" as const };
    return after === undefined ? common : { ...common, after: after.map(({ id }) => id) };
  };
}

/** A value as JSON keeps it: what is undefined has no place there, and a task is known by what it is as JSON. */
export function asPlain<T extends Plain = PlainObject>(value: object): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** The object that a task writes. */
interface Kept {
  readonly run: string;
  readonly result: Plain;
}

/**
 * An operation whose result is kept once for each run: a process that is started twice waits for the other, and finds what that one has
 * written. So work that another time would tell something else (sent before, present already) has one result.
 *
 * @param run id of the run: results of other runs do not count
 */
export function resultOperation(run: string, work: (task: Task, context: TaskContext) => Promise<Plain>): Operation {
  return async (task, context) => {
    const { target } = context;
    const key = task.outputs[0]!;
    const locks = await lockTask(task, context);
    try {
      const known = await target.read(key);
      if (known && parse(target, key, known).run === run) {
        const stat = await target.stat(key);
        return {
          outputs: [{ key, size: known.length, crc32: crcText(crc32(known)), etag: stat?.etag, modifiedMs: stat?.modifiedMs }],
        };
      }
      const kept: Kept = { run, result: await work(task, context) };
      return { outputs: [await publishObject(context, key, new TextEncoder().encode(`${JSON.stringify(kept)}\n`))] };
    } finally {
      await locks.release();
    }
  };
}

const WAIT_MS = 2_000;

const taskLock = ({ id }: Pick<Task, "id">): string => `task-${id.slice(0, 24)}`;

/** Waits while another process does the same task. */
async function lockTask(task: Task, { target, clock, log, signal }: TaskContext): Promise<Locks> {
  const random = () => randomBytes(4).readUInt32LE() / 2 ** 32;
  for (;;) {
    try {
      return await takeLocks(target, [taskLock(task)], { job: task.title, clock, random, log, signal, onLost: () => {} });
    } catch (error) {
      if (!isEmporiumError(error) || error.code !== "TARGET_LOCKED") throw error;
      await clock.sleep(WAIT_MS, signal);
    }
  }
}

/** Result that a task of a run has written; undefined where the task has not been done. */
export async function readResult<T extends Plain>(store: Store, run: string, key: string): Promise<T | undefined> {
  const bytes = await store.read(key);
  const kept = bytes && parse(store, key, bytes);
  return kept?.run === run ? (kept.result as T) : undefined;
}

/** @throws {EmporiumError} STORE_PROTOCOL */
function parse(store: Store, key: string, bytes: Uint8Array): Kept {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Kept;
  } catch (cause) {
    throw new EmporiumError("STORE_PROTOCOL", `${objectName(store, key)} is not JSON`, { cause });
  }
}

/** Processes that were killed have left these. Nobody works on the run any more. */
export async function removeTaskLocks({ store }: OpenRun, tasks: readonly Task[]): Promise<void> {
  for (const task of tasks) await store.remove(lockKey(taskLock(task)));
}

/** Seconds from the beginning of a run to its end, as its files have the times. */
export async function runSeconds({ record, store, folder }: OpenRun): Promise<number> {
  const end = await store.stat(`${folder}${END}`);
  return Math.max(0, ((end?.modifiedMs ?? record.createdMs) - record.createdMs) / 1000);
}
