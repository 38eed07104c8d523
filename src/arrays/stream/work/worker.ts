import { fstatSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { asEmporiumError, EmporiumError, toErrorRecord } from "../../../core/errors.js";
import { closeBoth, openBoth } from "../../../stores/file/direct.js";
import { freeBuffers } from "../../../system/garbage.js";
import { instantiateKernels, type Kernels } from "../../kernels/kernels.js";
import { planGeometry, STATE } from "../plan/geometry.js";
import { privateBuffers } from "../plan/private-buffers.js";
import type { Step, Unit } from "../plan/shard-walk.js";
import { countTasks, taskOrder } from "../plan/task-order.js";
import { chunkBuffers } from "./chunk-buffers.js";
import { chunkFiles } from "./chunk-files.js";
import { sumsOfUnit } from "./finish-unit.js";
import { Stopped, signals } from "./signals.js";
import { stripPass } from "./strip-pass.js";
import { stripReader } from "./strip-reader.js";
import { FREE, type WorkerJob, type WorkerMessage } from "./worker-job.js";

parentPort?.on("message", async (job: WorkerJob | typeof FREE) => {
  if (job === FREE) return freeBuffers();
  try {
    await work(job);
    post({ kind: "end" });
  } catch (thrown) {
    const control = planGeometry(job.geometry).control;
    const words = new Int32Array(job.memory.buffer);
    Atomics.store(words, control.stop, 1);
    post(thrown instanceof Stopped ? { kind: "end" } : { kind: "error", error: toErrorRecord(ioError(thrown, job)) });
  }
});

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

function ioError(thrown: unknown, job: WorkerJob): EmporiumError {
  const code = (thrown as NodeJS.ErrnoException).code;
  const path = (thrown as NodeJS.ErrnoException).path ?? job.mrc?.path ?? job.zarr?.folder;
  if (code === "ENOSPC" || code === "EDQUOT") {
    const hint = "free some space and run the same command again: finished work is kept";
    return new EmporiumError("DISK_FULL", "no room left on the target's disk", { place: { file: path }, hint });
  }
  // Node's own codes tell of a wrong call, not of a file
  const isOfFile = code !== undefined && !code.startsWith("ERR_");
  return asEmporiumError(thrown, isOfFile ? "STORE_FAILED" : "INTERNAL", { place: { file: path } });
}

/**
 * The loop of a worker. All workers draw task numbers from one counter. A step has read tasks (one a strip) and encode tasks (one
 * a chunk column, all levels). A task waits only for tasks with smaller numbers, so one can always run.
 */
async function work(job: WorkerJob): Promise<void> {
  const { source, thread } = job;
  const g = planGeometry(job.geometry);
  const { control } = g;
  const words = new Int32Array(job.memory.buffer);
  const kernels: Kernels = instantiateKernels(job.module, job.memory);
  const skip = new Set(job.skipUnits);
  const buffers = privateBuffers(job.geometry, g.privateStart + thread * g.privateBytes);
  const input = source.file && openBoth(source.file.path, "r", source.file.isDirect);
  const { atLeast, changed, set, add } = signals(words, control);
  const reader = stripReader({
    job,
    g,
    kernels,
    buffers,
    input: input && Object.assign(input, { size: fstatSync(input.fd).size }),
  });
  const output = job.mrc && openBoth(job.mrc.path, "r+", job.mrc.isDirect);
  const readStrip = stripPass({ job, g, kernels, reader, buffers, output, atLeast, post });
  const encoding = { job, g, kernels, buffers, post, changed };
  const encode = job.geometry.shards ? chunkBuffers(encoding) : job.zarr && chunkFiles(encoding);

  try {
    const place = taskOrder(g.steps);
    const total = countTasks(g.steps);
    for (;;) {
      const number = Atomics.add(words, control.next, 1);
      if (number >= total) return;
      const { step, task } = place(number);
      const later = runTask(g.steps[step]!, step, task);
      if (later) await later;
    }
  } finally {
    if (input) closeBoth(input);
    if (output) closeBoth(output);
  }

  /** A promise where a chunk is compressed by what does not answer at once. */
  function runTask(step: Step, index: number, task: number): Promise<void> | undefined {
    const slot = (index & 1) as 0 | 1;
    const { unit } = step;
    const idle = skip.has(unit.index);
    if (task < step.strips) {
      // the step that used these buffers before is encoded
      atLeast(control.done[slot], step.slotTasksBefore);
      if (!idle) {
        atLeast(control.gate, 1);
        if (input === undefined) atLeast(control.filled, index + 1);
        readStrip(step, index, task, slot);
      }
      set(control.strip(slot, task), index + 1);
      add(control.read[slot]);
      add(control.done[slot]);
      return undefined;
    }
    const at = task - step.strips;
    const column = unit.columns[at]!;
    const state = g.columnState(unit, at);
    // level 0 of a unit's own chunks needs one strip only; coarser levels, and the tall chunks of a series, need rows of several
    if (column.level === 0 && !g.layout.followsRows) atLeast(control.strip(slot, column.row / g.layout.stripRows), index + 1);
    else atLeast(control.read[slot], step.slotStripsBefore + step.strips);
    // the rows before are appended
    if (step.local > 0) atLeast(state + STATE.appended, index);
    const finish = () => {
      const last = step.local === unit.steps - 1 && lastOfUnit(unit);
      if (last && !idle) post(sumsOfUnit(job, g, unit));
      set(state + STATE.appended, index + 1);
      add(control.done[slot]);
    };
    // where a step begins chunks of a level it begins those of all finer ones, which come first in its list
    const later = idle ? undefined : encode?.(step, column, state, slot, step.chunksBefore + at);
    if (later) return later.then(finish);
    finish();
    return undefined;
  }

  /** True for the one task that completes its unit: the last of the encode tasks of the unit's last step. */
  function lastOfUnit(unit: Unit): boolean {
    const finished = Atomics.add(words, control.unitDone(unit), 1) + 1;
    if (finished < unit.columns.length) return false;
    Atomics.store(words, control.unitDone(unit), 0);
    return true;
  }
}
