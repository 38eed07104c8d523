import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { crc32 } from "node:zlib";
import { combineCrc32 } from "../../core/crc32.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../core/errors.js";
import { BLOSC_HEADER_BYTES, bloscHeader } from "../kernels/blosc.js";
import { CONVERT, instantiateKernels, type Kernels } from "../kernels/kernels.js";
import {
  BLOCK_BYTES,
  type ChunkColumn,
  type Geometry,
  type GeometryOptions,
  HISTOGRAM_BYTES,
  ITEM_BYTES,
  LEVELS,
  planGeometry,
  STATE,
  STRIP_ROWS,
  type Step,
  SUMS,
  type Unit,
} from "./geometry.js";

/** What every worker of a job is told. Plain data: it travels by `postMessage`, the memory shared. */
export interface WorkerJob {
  geometry: GeometryOptions;
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
  thread: number;
  /** Units that an earlier attempt finished. */
  skipUnits: number[];
  source: SourceJob;
  mrc: { path: string; dataOffset: number } | undefined;
  /** Folder of the Zarr hierarchy that is being made; level folders exist. */
  zarr: { folder: string } | undefined;
  edge: "present" | "zeros";
}

export interface SourceJob {
  /** Absent: the main thread fills the raw slots. */
  file: { path: string; offset: number } | undefined;
  name: string;
  convert: keyof typeof CONVERT;
  /** Bytes of one whole source row, and of one voxel (0.5: two voxels a byte, rows padded to a byte). */
  rowBytes: number;
  itemBytes: number;
  swap: boolean;
}

/** What a worker says. `unit` comes from whoever finished the unit's last task. */
export type WorkerMessage =
  | { kind: "begin"; path: string }
  | { kind: "object"; key: string; path: string; size: number; crc32: number; unit: number }
  | { kind: "unit"; unit: number; sums: number[]; checksums: number[]; histogram: Uint32Array }
  | { kind: "end" }
  | { kind: "error"; error: ErrorRecord };

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
  const buffers = privateBuffers(g, job.geometry.rawRowBytes, thread);
  const input = source.file ? openSync(source.file.path, "r") : undefined;
  const inputSize = input === undefined ? 0 : fstatSync(input).size;
  const output = job.mrc ? openSync(job.mrc.path, "r+") : undefined;
  const zeroBlock = { bytes: 0, data: new Uint8Array(0) };

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
      if (column.level === 0 && g.form === "volume") atLeast(control.strip(slot, column.row / STRIP_ROWS), index + 1);
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
    for (let plane = 0; plane < step.planes; plane++) {
      const at = ringAddress(unit, 0, plane, strip, slot);
      loadStrip(step, index, strip, plane, y, rows, at);
      kernels.stats(at, voxels, buffers.stats);
      const s = buffers.stats / 8;
      doubles[sums] = Math.min(doubles[sums]!, doubles[s]!);
      doubles[sums + 1] = Math.max(doubles[sums + 1]!, doubles[s + 1]!);
      for (let i = 2; i < SUMS; i++) doubles[sums + i]! += doubles[s + i]!;
      if (output === undefined) continue;
      const first = ((step.z0 + plane) * ny + y) * nx + unit.x0;
      if (whole) writeAll(output, at, voxels * ITEM_BYTES, job.mrc!.dataOffset + first * ITEM_BYTES);
      else {
        for (let row = 0; row < rows; row++) {
          const position = job.mrc!.dataOffset + (first + row * nx) * ITEM_BYTES;
          writeAll(output, at + row * width * ITEM_BYTES, width * ITEM_BYTES, position);
        }
      }
      words[crcs + plane] = whole ? crc32(bytes.subarray(at, at + voxels * ITEM_BYTES)) | 0 : 0;
    }
    reduce(step, strip, rows, slot);
    Atomics.add(words, control.rowsRead, rows * step.planes);
  }

  function ringAddress(unit: Unit, level: number, plane: number, strip: number, slot: 0 | 1): number {
    const ring = g.rings[level]!;
    return ring.slots[slot] + plane * ring.planeBytes + strip * (STRIP_ROWS >> level) * unit.rowBytes[level]!;
  }

  /** One plane's strip as float32 at `at`, row behind row. */
  function loadStrip(step: Step, index: number, strip: number, plane: number, y: number, rows: number, at: number): void {
    const { unit } = step;
    const [, ny, nx] = job.geometry.shape;
    const width = unit.x1 - unit.x0;
    const rowBytes = source.itemBytes === 0.5 ? source.rowBytes : width * source.itemBytes;
    const direct = source.convert === "float32";
    let raw = direct ? at : buffers.raw;
    if (input === undefined) {
      // the slot holds the step's planes, each `step.rows` whole rows
      const slot = g.rawSlot(index) + (plane * step.rows + strip * STRIP_ROWS) * rowBytes;
      if (direct) bytes.copyWithin(at, slot, slot + rows * rowBytes);
      else raw = slot;
    } else {
      const row = (step.z0 + plane) * ny + y;
      const skipBytes = source.itemBytes === 0.5 ? 0 : unit.x0 * source.itemBytes;
      if (width === nx || source.itemBytes === 0.5)
        readAll(raw, rows * rowBytes, source.file!.offset + row * source.rowBytes + skipBytes);
      else {
        for (let r = 0; r < rows; r++) {
          readAll(raw + r * rowBytes, rowBytes, source.file!.offset + (row + r) * source.rowBytes + skipBytes);
        }
      }
    }
    if (source.swap) kernels.swap(source.itemBytes, raw, rows * width);
    if (direct) return;
    if (source.itemBytes === 0.5) {
      for (let r = 0; r < rows; r++)
        kernels.convert(CONVERT.uint4, raw + r * rowBytes + unit.x0 / 2, at + r * width * ITEM_BYTES, width);
    } else kernels.convert(CONVERT[source.convert], raw, at, rows * width);
  }

  /** Rows of the coarser levels that this strip gives, and the coarsest level's histogram. */
  function reduce(step: Step, strip: number, rows: number, slot: 0 | 1): void {
    const { unit } = step;
    let planes = step.planes;
    let height = rows;
    let width = unit.x1 - unit.x0;
    const zero = job.edge === "zeros" ? 1 : 0;
    for (let level = 0; level + 1 < LEVELS; level++) {
      const rowBytes = unit.rowBytes[level]!;
      const nextRowBytes = unit.rowBytes[level + 1]!;
      const address = (at: number, plane: number) => ringAddress(unit, at, plane, strip, slot);
      if (g.form === "volume") {
        for (let plane = 0; plane < planes; plane += 2) {
          const second = plane + 1 < planes ? address(level, plane + 1) : 0;
          kernels.meanZYX(
            address(level, plane),
            second,
            address(level + 1, plane / 2),
            height,
            width,
            rowBytes,
            nextRowBytes,
            zero,
          );
        }
        planes = Math.ceil(planes / 2);
      } else kernels.meanYX(address(level, 0), address(level + 1, 0), height, width, rowBytes, nextRowBytes, zero);
      height = Math.ceil(height / 2);
      width = Math.ceil(width / 2);
    }
    const table = g.histogram(unit, thread);
    for (let plane = 0; plane < planes; plane++) {
      kernels.histogram(ringAddress(unit, LEVELS - 1, plane, strip, slot), height * width, table);
    }
  }

  function encode(step: Step, column: ChunkColumn, state: number, slot: 0 | 1): void {
    const ring = g.rings[column.level]!;
    const rowBytes = step.unit.rowBytes[column.level]!;
    const [cz, cy, cx] = g.chunk;
    const blocksPerSlab = (g.form === "volume" ? cy : cy >> column.level) / g.blockRows;
    const levelRows = Math.ceil(step.rows / 2 ** column.level);
    const levelPlanes = g.form === "volume" ? Math.ceil(step.planes / 2 ** column.level) : 1;
    const firstZ = g.form === "volume" ? step.z0 >> column.level : step.z0;
    const firstY = g.form === "volume" ? column.y : Math.floor((step.y0 >> column.level) / cy) * cy;
    const valid = g.form === "volume" ? column.h : levelRows;
    const begins = g.form === "volume" ? firstZ % cz === 0 : (step.y0 >> column.level) % cy === 0;
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
      const corner = column.row * rowBytes + (column.x - (step.unit.x0 >> column.level)) * ITEM_BYTES;
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
          ITEM_BYTES,
          from + row * rowBytes,
          rowBytes,
          column.w,
          rows,
          cx,
          g.blockRows,
          buffers.block,
          BLOCK_BYTES / ITEM_BYTES,
          0,
        );
        size += kernels.pack(ITEM_BYTES, buffers.block, BLOCK_BYTES / ITEM_BYTES, buffers.encoded + size, buffers.hash);
      }
    }
    words[state + STATE.blocks] = blocks;
    append(state, size);
    const ends = g.form === "volume" ? step.local === step.unit.steps - 1 : step.endsPlane;
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
      itemBytes: ITEM_BYTES,
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
    if (zeroBlock.data.length === 0) {
      bytes.fill(0, buffers.block, buffers.block + BLOCK_BYTES);
      // past the bytes of the task that are already encoded: the last block's room is free while a block is being made
      const at = buffers.spare;
      const size = kernels.pack(ITEM_BYTES, buffers.block, BLOCK_BYTES / ITEM_BYTES, at, buffers.hash);
      zeroBlock.data = bytes.slice(at, at + size);
    }
    return zeroBlock.data;
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
          crc = combineCrc32(crc, words[g.checksums(step, strip) + plane]! >>> 0, rows * width * ITEM_BYTES);
        }
        checksums.push(crc);
      }
    }
    const histogram = new Uint32Array(HISTOGRAM_BYTES / 4);
    for (let t = 0; t < job.geometry.threads; t++) {
      const table = new Uint32Array(job.memory.buffer, g.histogram(unit, t), HISTOGRAM_BYTES / 4);
      for (let bin = 0; bin < table.length; bin++) histogram[bin]! += table[bin]!;
      table.fill(0);
    }
    post({ kind: "unit", unit: unit.index, sums, checksums, histogram });
  }

  function readAll(at: number, length: number, position: number): void {
    for (let done = 0; done < length; ) {
      const n = readSync(input!, bytes, at + done, length - done, position + done);
      if (n === 0) {
        throw new EmporiumError("FORMAT_TRUNCATED", `${source.name} ends at byte ${inputSize}, its header promises more`, {
          place: { file: source.name, byte: inputSize },
          hint: "copy the file again: it was cut short, or is still being written",
        });
      }
      done += n;
    }
  }
  function writeAll(fd: number, at: number, length: number, position: number): void {
    for (let done = 0; done < length; ) done += writeSync(fd, bytes, at + done, length - done, position + done);
  }
}

function privateBuffers(g: Geometry, rawRowBytes: number, thread: number) {
  let top = g.privateStart + thread * g.privateBytes;
  const take = (n: number) => {
    const at = top;
    top += (n + 127) & ~127;
    return at;
  };
  const raw = take(g.rawSlotBytes === 0 ? STRIP_ROWS * rawRowBytes : 0);
  const block = take(BLOCK_BYTES);
  const hash = take(16_384);
  const stats = take(64);
  const spare = take(2048);
  return { raw, block, hash, stats, spare, encoded: top };
}
