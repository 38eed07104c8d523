import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { crc32 } from "node:zlib";
import { combineCrc32 } from "../../core/crc32.js";
import { asEmporiumError, EmporiumError, toErrorRecord } from "../../core/errors.js";
import { BLOSC_HEADER_BYTES, bloscHeader } from "../kernels/blosc.js";
import { CONVERT, instantiateKernels, type Kernels } from "../kernels/kernels.js";
import { BLOCK_BYTES, FORMS, LEVELS, STRIP_ROWS } from "./forms.js";
import { type ChunkColumn, planGeometry, type Slab, STATE, type Step, SUMS, type Unit } from "./geometry.js";
import { privateBuffers } from "./private-buffers.js";
import { resampler } from "./resampler.js";
import { stripReader } from "./strip-reader.js";
import type { WorkerJob, WorkerMessage } from "./worker-job.js";

class Stopped extends Error {}

parentPort?.on("message", (job: WorkerJob) => {
  try {
    work(job);
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
      hint: "free some space and run the same command again: what is done stays done",
    });
  }
  return asEmporiumError(thrown, code === undefined ? "INTERNAL" : "STORE_FAILED", { place: { file: path } });
}

/**
 * The loop of a worker. All workers draw task numbers from one counter; a step's tasks are its read tasks (one a strip of 256 rows),
 * then its encode tasks (one a chunk column, all levels). A task waits only for tasks with smaller numbers, so one can always run.
 */
function work(job: WorkerJob): void {
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
  let zeroBlock: Uint8Array | undefined;

  try {
    let cursor = 0;
    const total = g.steps.at(-1)!.firstTask + g.steps.at(-1)!.tasks;
    for (;;) {
      const number = Atomics.add(words, control.next, 1);
      if (number >= total) return;
      while (number >= g.steps[cursor]!.firstTask + g.steps[cursor]!.tasks) cursor++;
      runTask(g.steps[cursor]!, cursor, number - g.steps[cursor]!.firstTask);
    }
  } finally {
    if (input !== undefined) closeSync(input);
    if (output !== undefined) closeSync(output);
  }

  /** Blocks until the word has reached the value. Wakes up now and then to see whether another worker has failed. */
  function atLeast(word: number, value: number): void {
    for (;;) {
      const now = Atomics.load(words, word);
      if (now >= value) return;
      if (Atomics.load(words, control.stop) !== 0) throw new Stopped();
      Atomics.wait(words, word, now, 100);
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

  function runTask(step: Step, index: number, task: number): void {
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
    } else {
      const at = task - step.strips;
      const column = unit.columns[at]!;
      const state = g.columnState(unit, at);
      // level 0 of a volume needs its own strip only; coarser levels, and the tall chunks of a series, need rows of several
      if (column.level === 0 && g.halvesZ) atLeast(control.strip(slot, column.row / STRIP_ROWS), index + 1);
      else atLeast(control.read[slot], step.slotStripsBefore + step.strips);
      // the rows before are appended
      if (step.local > 0) atLeast(state + STATE.appended, index);
      if (!idle && job.zarr) encode(step, column, state, slot);
      const last = step.local === unit.steps - 1 && lastOfUnit(unit);
      if (last && !idle) finishUnit(unit);
      set(state + STATE.appended, index + 1);
    }
    add(control.done[slot]);
  }

  /** True for the one task that completes its unit: the last of the encode tasks of the unit's last step. */
  function lastOfUnit(unit: Unit): boolean {
    const finished = Atomics.add(words, control.unitDone(unit), 1) + 1;
    if (finished < unit.columns.length) return false;
    Atomics.store(words, control.unitDone(unit), 0);
    return true;
  }

  function readStrip(step: Step, index: number, strip: number, slot: 0 | 1): void {
    const { unit } = step;
    const [, ny, nx] = job.geometry.shape;
    const y = step.y0 + strip * STRIP_ROWS;
    const rows = Math.min(STRIP_ROWS, step.y0 + step.rows - y);
    const width = unit.x1 - unit.x0;
    const whole = width === nx;
    const voxels = rows * width;
    const sums = g.sums(step, strip);
    const crcs = g.checksums(step, strip);
    doubles.set([Infinity, -Infinity, 0, 0, 0], sums);
    resample?.(step, strip, y, rows, slot);
    const { slab } = job.geometry;
    const summing = slab !== undefined && overlaps(step, slab);
    if (summing) beginSum(index, strip, slot);
    for (let plane = 0; plane < step.planes; plane++) {
      const at = ringAddress(unit, 0, plane, strip, slot);
      if (!resample) reader.load(step, index, strip, plane, y, rows, at);
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
      words[crcs + plane] = whole ? crc32(bytes.subarray(at, at + voxels * itemBytes)) | 0 : 0;
    }
    reduce(step, strip, rows, slot);
    if (summing) endSum(step, strip, y, voxels);
    Atomics.add(words, control.rowsRead, rows * step.planes);
  }

  /** A strip's sum is added up in the order of the planes, whoever reads them: float32 additions do not commute. */
  function beginSum(index: number, strip: number, slot: 0 | 1): void {
    const before = g.steps[index - 1];
    if (before && overlaps(before, job.geometry.slab!) && strip < before.strips) {
      atLeast(control.strip(1 - slot, strip), index);
    }
  }

  function addToSum({ unit, z0 }: Step, plane: number, strip: number, at: number, voxels: number): void {
    const slab = job.geometry.slab!;
    const z = z0 + plane;
    if (z < slab.z0 || z >= slab.z1) return;
    const sum = new Float32Array(job.memory.buffer, g.slabSum(unit, strip), voxels);
    const voxel = new Float32Array(job.memory.buffer, at, voxels);
    if (z === Math.max(slab.z0, unit.z0)) sum.set(voxel);
    else for (let i = 0; i < voxels; i++) sum[i]! += voxel[i]!;
  }

  /** The unit's last plane of the slab is in: what there is of these rows goes to the main thread. */
  function endSum({ unit, z0, planes }: Step, strip: number, y: number, voxels: number): void {
    if (z0 + planes < Math.min(job.geometry.slab!.z1, unit.z1)) return;
    const sum = new Float32Array(job.memory.buffer, g.slabSum(unit, strip), voxels).slice();
    post({ kind: "slab", y, x: unit.x0, width: unit.x1 - unit.x0, sum });
  }

  function ringAddress(unit: Unit, level: number, plane: number, strip: number, slot: 0 | 1): number {
    const ring = g.rings[level]!;
    return ring.slots[slot] + plane * ring.planeBytes + strip * (STRIP_ROWS >> level) * unit.rowBytes[level]!;
  }

  /** Statistics of voxels as they are written, and which labels are among them. */
  function measure(unit: Unit, at: number, voxels: number): void {
    if (itemBytes === 4) kernels.stats(at, voxels, buffers.stats);
    else kernels.statsOf(itemBytes === 1 ? CONVERT.int8 : CONVERT.uint16, at, voxels, buffers.stats);
    if (FORMS[g.form].counts === "labels") kernels.countLabels(at, voxels, g.counts(unit, thread));
  }

  /** Rows of the coarser levels that this strip gives, and the coarsest level's histogram. */
  function reduce(step: Step, strip: number, rows: number, slot: 0 | 1): void {
    const { unit } = step;
    let planes = step.planes;
    let height = rows;
    let width = unit.x1 - unit.x0;
    for (let level = 0; level + 1 < LEVELS; level++) {
      const rowBytes = unit.rowBytes[level]!;
      const nextRowBytes = unit.rowBytes[level + 1]!;
      const address = (at: number, plane: number) => ringAddress(unit, at, plane, strip, slot);
      const pairs = g.halvesZ ? Math.ceil(planes / 2) : 1;
      for (let pair = 0; pair < pairs; pair++) {
        const second = g.halvesZ && 2 * pair + 1 < planes ? address(level, 2 * pair + 1) : 0;
        halve(address(level, 2 * pair), second, address(level + 1, pair), height, width, rowBytes, nextRowBytes);
      }
      planes = pairs;
      height = Math.ceil(height / 2);
      width = Math.ceil(width / 2);
    }
    if (FORMS[g.form].counts !== "histogram") return;
    const table = g.counts(unit, thread);
    for (let plane = 0; plane < planes; plane++) {
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

  function encode(step: Step, column: ChunkColumn, state: number, slot: 0 | 1): void {
    const ring = g.rings[column.level]!;
    const rowBytes = step.unit.rowBytes[column.level]!;
    const [cz, cy, cx] = g.chunk;
    const blocksPerSlab = (g.halvesZ ? cy : cy >> column.level) / g.blockRows;
    const levelRows = Math.ceil(step.rows / 2 ** column.level);
    const levelPlanes = g.halvesZ ? Math.ceil(step.planes / 2 ** column.level) : 1;
    const firstZ = g.halvesZ ? step.z0 >> column.level : step.z0;
    const firstY = g.halvesZ ? column.y : Math.floor((step.y0 >> column.level) / cy) * cy;
    const valid = g.halvesZ ? column.h : levelRows;
    const begins = g.halvesZ ? firstZ % cz === 0 : (step.y0 >> column.level) % cy === 0;
    const key = `${column.level}/${Math.floor(firstZ / cz)}/${firstY / cy}/${column.x / cx}`;
    const path = `${job.zarr!.folder}/${key}`;
    if (begins) {
      words[state + STATE.position] = BLOSC_HEADER_BYTES + 4 * g.chunkBlocks;
      words[state + STATE.blocks] = 0;
      words[state + STATE.crc] = 0;
      words[state + STATE.fd] = openSync(path, "w");
      post({ kind: "begin", path });
    }
    let size = 0;
    let blocks = words[state + STATE.blocks]!;
    const start = words[state + STATE.position]!;
    for (let plane = 0; plane < levelPlanes; plane++) {
      const corner = column.row * rowBytes + (column.x - (step.unit.x0 >> column.level)) * itemBytes;
      const from = ring.slots[slot] + plane * ring.planeBytes + corner;
      for (let block = 0; block < blocksPerSlab; block++) {
        const row = block * g.blockRows;
        const rows = Math.max(0, Math.min(g.blockRows, valid - row));
        words[state + STATE.table + blocks++] = start + size;
        if (rows === 0) {
          const zero = encodedZeros();
          bytes.set(zero, buffers.encoded + size);
          size += zero.length;
          continue;
        }
        kernels.gather(
          itemBytes,
          from + row * rowBytes,
          rowBytes,
          column.w,
          rows,
          cx,
          g.blockRows,
          buffers.block,
          BLOCK_BYTES / itemBytes,
          0,
        );
        size += kernels.pack(itemBytes, buffers.block, BLOCK_BYTES / itemBytes, buffers.encoded + size, buffers.hash);
      }
    }
    words[state + STATE.blocks] = blocks;
    append(state, size);
    const ends = g.halvesZ ? step.local === step.unit.steps - 1 : step.endsPlane;
    if (blocks === g.chunkBlocks || ends) finishChunk(state, key, path, step.unit);
  }

  function append(state: number, size: number): void {
    const at = words[state + STATE.position]!;
    writeAll(words[state + STATE.fd]!, buffers.encoded, size, at);
    words[state + STATE.crc] =
      crc32(bytes.subarray(buffers.encoded, buffers.encoded + size), words[state + STATE.crc]! >>> 0) | 0;
    words[state + STATE.position] = at + size;
  }

  /** What lies beyond the volume is zero: all those blocks are one and the same, stored once. Header and table go to the front last. */
  function finishChunk(state: number, key: string, path: string, unit: Unit): void {
    const blocks = words[state + STATE.blocks]!;
    if (blocks < g.chunkBlocks) {
      const zero = encodedZeros();
      words.fill(words[state + STATE.position]!, state + STATE.table + blocks, state + STATE.table + g.chunkBlocks);
      bytes.set(zero, buffers.encoded);
      append(state, zero.length);
    }
    const size = words[state + STATE.position]!;
    const header = bloscHeader({
      itemBytes,
      plainBytes: g.chunkBlocks * BLOCK_BYTES,
      blockBytes: BLOCK_BYTES,
      frameBytes: size,
      offsets: words.slice(state + STATE.table, state + STATE.table + g.chunkBlocks),
    });
    const fd = words[state + STATE.fd]!;
    for (let done = 0; done < header.length; ) done += writeSync(fd, header, done, header.length - done, done);
    closeSync(fd);
    const crc = combineCrc32(crc32(header), words[state + STATE.crc]! >>> 0, size - header.length);
    post({ kind: "object", key, path, size, crc32: crc, unit: unit.index });
  }

  function encodedZeros(): Uint8Array {
    if (!zeroBlock) {
      bytes.fill(0, buffers.block, buffers.block + BLOCK_BYTES);
      const size = kernels.pack(itemBytes, buffers.block, BLOCK_BYTES / itemBytes, buffers.spare, buffers.hash);
      zeroBlock = bytes.slice(buffers.spare, buffers.spare + size);
    }
    return zeroBlock;
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
      for (let plane = 0; plane < step.planes; plane++) {
        let crc = 0;
        for (let strip = 0; strip < step.strips; strip++) {
          const rows = Math.min(STRIP_ROWS, step.rows - strip * STRIP_ROWS);
          crc = combineCrc32(crc, words[g.checksums(step, strip) + plane]! >>> 0, rows * width * itemBytes);
        }
        checksums.push(crc);
      }
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

function overlaps({ z0, planes }: Step, slab: Slab): boolean {
  return z0 < slab.z1 && z0 + planes > slab.z0;
}
