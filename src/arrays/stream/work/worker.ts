import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { crc32 } from "node:zlib";
import { combineCrc32 } from "../../../core/crc32.js";
import { asEmporiumError, EmporiumError, toErrorRecord } from "../../../core/errors.js";
import { freeBuffers } from "../../../system/garbage.js";
import { CONVERT, instantiateKernels, type Kernels } from "../../kernels/kernels.js";
import { FORMS, LEVELS } from "../plan/forms.js";
import { planGeometry, type Slab, STATE, type Strip, SUMS } from "../plan/geometry.js";
import { privateBuffers } from "../plan/private-buffers.js";
import type { Step, Unit } from "../plan/shard-walk.js";
import { countTasks, taskOrder } from "../plan/task-order.js";
import { chunkBuffers } from "./chunk-buffers.js";
import { chunkFiles } from "./chunk-files.js";
import { resampler } from "./resampler.js";
import { stripReader } from "./strip-reader.js";
import { FREE, type WorkerJob, type WorkerMessage } from "./worker-job.js";

class Stopped extends Error {}

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
    return new EmporiumError("DISK_FULL", "no room left on the target's disk", {
      place: { file: path },
      hint: "free some space and run the same command again: finished work is kept",
    });
  }
  // Node's own codes tell of a wrong call, not of a file
  const isOfFile = code !== undefined && !code.startsWith("ERR_");
  return asEmporiumError(thrown, isOfFile ? "STORE_FAILED" : "INTERNAL", { place: { file: path } });
}

/**
 * The loop of a worker. All workers draw task numbers from one counter; a step has read tasks (one a strip) and encode tasks (one a chunk column, all
 * levels). A task waits only for tasks with smaller numbers, so one can always run.
 */
async function work(job: WorkerJob): Promise<void> {
  const { source, thread } = job;
  const g = planGeometry(job.geometry);
  const { control } = g;
  const bytes = new Uint8Array(job.memory.buffer);
  const words = new Int32Array(job.memory.buffer);
  const doubles = new Float64Array(job.memory.buffer);
  const kernels: Kernels = instantiateKernels(job.module, job.memory);
  const skip = new Set(job.skipUnits);
  const buffers = privateBuffers(job.geometry, g.privateStart + thread * g.privateBytes);
  const input = source.file ? openSync(source.file.path, "r") : undefined;
  const reader = stripReader({
    job,
    g,
    kernels,
    buffers,
    input: input === undefined ? undefined : { fd: input, size: fstatSync(input).size },
  });
  const resample = job.geometry.resampling && resampler({ job, g, kernels, reader, buffers });
  const output = job.mrc ? openSync(job.mrc.path, "r+") : undefined;
  const { itemBytes } = g;
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
    if (input !== undefined) closeSync(input);
    if (output !== undefined) closeSync(output);
  }

  /** Blocks until the word has reached the value. */
  function atLeast(word: number, value: number): void {
    for (let now = Atomics.load(words, word); now < value; now = Atomics.load(words, word)) changed(word, now);
  }
  /** Blocks until the word has another value. Wakes up now and then to see whether another worker has failed. */
  function changed(word: number, value: number): void {
    while (Atomics.load(words, word) === value) {
      if (Atomics.load(words, control.stop) !== 0) throw new Stopped();
      Atomics.wait(words, word, value, 100);
    }
  }
  function set(word: number, value: number): void {
    Atomics.store(words, word, value);
    Atomics.notify(words, word);
  }
  function add(word: number): number {
    const before = Atomics.add(words, word, 1);
    Atomics.notify(words, word);
    return before;
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
      if (last && !idle) finishUnit(unit);
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

  function readStrip(step: Step, index: number, number: number, slot: 0 | 1): void {
    const { unit } = step;
    const [, ny, nx] = job.geometry.shape;
    const strip = g.strip(step, number);
    const { rows } = strip;
    const y = step.y0 + strip.row;
    const width = unit.x1 - unit.x0;
    const whole = width === nx;
    const voxels = rows * width;
    const sums = g.sums(step, number);
    const crcs = g.checksums(step, number);
    doubles.set([Infinity, -Infinity, 0, 0, 0], sums);
    resample?.(step, strip, slot);
    const { slab } = job.geometry;
    const summing = slab !== undefined && overlaps(step.z0 + strip.plane, strip.planes, slab);
    if (summing) beginSum(step, index, number);
    for (let plane = strip.plane; plane < strip.plane + strip.planes; plane++) {
      const at = ringAddress(unit, 0, plane, strip, slot);
      if (!resample) reader.load(step, index, strip, plane, at);
      measure(unit, at, voxels);
      if (summing) addToSum(step, plane, strip, at, voxels);
      const s = buffers.stats / 8;
      doubles[sums] = Math.min(doubles[sums]!, doubles[s]!);
      doubles[sums + 1] = Math.max(doubles[sums + 1]!, doubles[s + 1]!);
      for (let i = 2; i < SUMS; i++) doubles[sums + i]! += doubles[s + i]!;
      if (output === undefined) continue;
      const first = ((step.z0 + plane) * ny + y) * nx + unit.x0;
      if (whole) writeAll(output, at, voxels * itemBytes, job.mrc!.dataOffset + first * itemBytes);
      else {
        for (let row = 0; row < rows; row++) {
          const position = job.mrc!.dataOffset + (first + row * nx) * itemBytes;
          writeAll(output, at + row * width * itemBytes, width * itemBytes, position);
        }
      }
      words[crcs + plane - strip.plane] = whole ? crc32(bytes.subarray(at, at + voxels * itemBytes)) | 0 : 0;
    }
    reduce(step, strip, slot);
    if (summing) endSum(step, strip, voxels);
    Atomics.add(words, control.rowsRead, rows * strip.planes);
  }

  /** A sum is added up in the order of the planes, whoever reads them: float32 additions do not commute. */
  function beginSum(step: Step, index: number, number: number): void {
    const { plane, row } = g.strip(step, number);
    const before = g.steps[index - 1];
    // all units use the same room, and this one may be read while the one before is still being added up
    if (before && before.unit !== step.unit) atLeast(control.read[1 - (index & 1)]!, before.slotStripsBefore + before.strips);
    // the planes before are a strip of this step, or of the one before, or were read long since: buffers are used again after two steps
    if (plane > 0) atLeast(control.strip(index & 1, stripAt(step, number, row)), index + 1);
    if (plane > 0 || before?.y0 !== step.y0 || !overlaps(before.z0, before.planes, job.geometry.slab!)) return;
    const above = stripAt(before, before.strips, row);
    if (above >= 0) atLeast(control.strip(1 - (index & 1), above), index);
  }

  /** The last strip of a step before strip `end` that begins at a row; −1 where there is none. */
  function stripAt(step: Step, end: number, row: number): number {
    let number = end - 1;
    while (number >= 0 && g.strip(step, number).row !== row) number--;
    return number;
  }

  function addToSum(step: Step, plane: number, strip: Strip, at: number, voxels: number): void {
    const slab = job.geometry.slab!;
    const z = step.z0 + plane;
    if (z < slab.z0 || z >= slab.z1) return;
    const sum = new Float32Array(job.memory.buffer, g.slabSum(step, strip), voxels);
    const voxel = new Float32Array(job.memory.buffer, at, voxels);
    if (z === Math.max(slab.z0, step.unit.z0)) sum.set(voxel);
    else for (let i = 0; i < voxels; i++) sum[i]! += voxel[i]!;
  }

  /** The unit's last plane of the slab is in: what there is of these rows goes to the main thread. */
  function endSum(step: Step, strip: Strip, voxels: number): void {
    const { unit } = step;
    if (step.z0 + strip.plane + strip.planes < Math.min(job.geometry.slab!.z1, unit.z1)) return;
    const sum = new Float32Array(job.memory.buffer, g.slabSum(step, strip), voxels).slice();
    post({ kind: "slab", y: step.y0 + strip.row, x: unit.x0, width: unit.x1 - unit.x0, sum });
  }

  /** Where a plane of a step has the first row of a strip. */
  function ringAddress(unit: Unit, level: number, plane: number, { row }: Strip, slot: 0 | 1): number {
    const ring = g.rings[level]!;
    return ring.slots[slot] + plane * ring.planeBytes + (row >> level) * unit.rowBytes[level]!;
  }

  /** Statistics of voxels as they are written, and which labels are among them. */
  function measure(unit: Unit, at: number, voxels: number): void {
    if (itemBytes === 4) kernels.stats(at, voxels, buffers.stats);
    else kernels.statsOf(itemBytes === 1 ? CONVERT.int8 : CONVERT.uint16, at, voxels, buffers.stats);
    if (FORMS[g.form].counts === "labels") kernels.countLabels(at, voxels, g.counts(unit, thread));
  }

  /** Rows of the coarser levels that this strip gives, and the coarsest level's histogram. */
  function reduce(step: Step, strip: Strip, slot: 0 | 1): void {
    const { unit } = step;
    let { plane: first, planes, rows: height } = strip;
    let width = unit.x1 - unit.x0;
    for (let level = 0; level + 1 < LEVELS; level++) {
      const rowBytes = unit.rowBytes[level]!;
      const nextRowBytes = unit.rowBytes[level + 1]!;
      const address = (at: number, plane: number) => ringAddress(unit, at, plane, strip, slot);
      const pairs = g.halvesZ ? Math.ceil(planes / 2) : 1;
      const next = g.halvesZ ? first / 2 : first;
      for (let pair = 0; pair < pairs; pair++) {
        const second = g.halvesZ && 2 * pair + 1 < planes ? address(level, first + 2 * pair + 1) : 0;
        const from = address(level, first + (g.halvesZ ? 2 : 1) * pair);
        halve(from, second, address(level + 1, next + pair), height, width, rowBytes, nextRowBytes);
      }
      first = next;
      planes = pairs;
      height = Math.ceil(height / 2);
      width = Math.ceil(width / 2);
    }
    if (FORMS[g.form].counts !== "histogram") return;
    const table = g.counts(unit, thread);
    for (let plane = first; plane < first + planes; plane++) {
      kernels.histogram(ringAddress(unit, LEVELS - 1, plane, strip, slot), height * width, table);
    }
  }

  /** Two planes (`second` 0: one) of a level to one of the next. */
  function halve(first: number, second: number, to: number, h: number, w: number, rowBytes: number, nextRowBytes: number): void {
    const zero = job.edge === "zeros" ? 1 : 0;
    if (g.form === "volume") kernels.meanZYX(first, second, to, h, w, rowBytes, nextRowBytes, zero);
    else if (g.form === "series") kernels.meanYX(first, to, h, w, rowBytes, nextRowBytes, zero);
    // zeros beyond an edge hit nothing and are no first voxel: both edge rules give the same mask and the same labels
    else if (g.form === "mask") kernels.anyZYX(first, second, to, h, w, rowBytes, nextRowBytes);
    else kernels.strideZYX(first, second, to, h, w, rowBytes, nextRowBytes);
  }

  /** Adds up the unit in the order of its task list, so the sums do not depend on who did what, and tells the main thread. */
  function finishUnit(unit: Unit): void {
    const sums = [Infinity, -Infinity, 0, 0, 0];
    const checksums: number[] = [];
    const width = unit.x1 - unit.x0;
    for (let s = unit.firstStep; s < unit.firstStep + unit.steps; s++) {
      const step = g.steps[s]!;
      for (let strip = 0; strip < step.strips; strip++) {
        const at = g.sums(step, strip);
        sums[0] = Math.min(sums[0]!, doubles[at]!);
        sums[1] = Math.max(sums[1]!, doubles[at + 1]!);
        for (let i = 2; i < SUMS; i++) sums[i]! += doubles[at + i]!;
      }
      const planes = new Array<number>(step.planes).fill(0);
      for (let number = 0; number < step.strips; number++) {
        const strip = g.strip(step, number);
        for (let p = 0; p < strip.planes; p++) {
          const crc = words[g.checksums(step, number) + p]! >>> 0;
          planes[strip.plane + p] = combineCrc32(planes[strip.plane + p]!, crc, strip.rows * width * itemBytes);
        }
      }
      checksums.push(...planes);
    }
    const counts = new Uint32Array(g.countsBytes / 4);
    for (let t = 0; t < job.geometry.threads; t++) {
      const table = new Uint32Array(job.memory.buffer, g.counts(unit, t), counts.length);
      for (let bin = 0; bin < table.length; bin++) counts[bin] = Math.min(counts[bin]! + table[bin]!, 0xffff_ffff);
      table.fill(0);
    }
    post({ kind: "unit", unit: unit.index, sums, checksums, counts });
  }

  function writeAll(fd: number, at: number, length: number, position: number): void {
    for (let done = 0; done < length; ) done += writeSync(fd, bytes, at + done, length - done, position + done);
  }
}

function overlaps(z0: number, planes: number, slab: Slab): boolean {
  return z0 < slab.z1 && z0 + planes > slab.z0;
}
