import { EmporiumError } from "../../../core/errors.js";
import { type DirectFile, readLong } from "../../../stores/file/direct.js";
import { CONVERT, type Kernels } from "../../kernels/kernels.js";
import { BLOCK_BYTES, FORMS } from "../plan/forms.js";
import type { Geometry, Strip } from "../plan/geometry.js";
import { type PrivateBuffers, RAW_ROWS, WINDOW_BYTES } from "../plan/private-buffers.js";
import { type MaskSelection, notALabel } from "../plan/selection.js";
import type { Step } from "../plan/shard-walk.js";
import type { WorkerJob } from "./worker-job.js";

/** Voxels that are converted at once in progress to a mask: what the block buffer holds as float32. */
const PIECE_VOXELS = BLOCK_BYTES / 4;

/** Reads and converts what a worker's task asks for. */
export interface StripReader {
  /** One plane of a strip (counted from the step's first one) at `at`, row behind row, in the form's own type. */
  load(step: Step, index: number, strip: Strip, plane: number, at: number): void;
  /** Whole stored rows of a plane of the source at `raw`, in host byte order. */
  rows(z: number, y: number, count: number, raw: number): void;
  /** Stored voxels of a row as 0 and 1 at `to`. Returns how many are 1. */
  select(raw: number, count: number, to: number, selection: MaskSelection): number;
  /** Stored voxels of a row as uint16 at `to`; `place` is that of the first one. */
  label(raw: number, count: number, to: number, place: [z: number, y: number, x: number]): void;
}

export interface StripReaderOptions {
  job: WorkerJob;
  g: Geometry;
  kernels: Kernels;
  buffers: PrivateBuffers;
  /** The source file; undefined where the main thread fills the raw slots. */
  input: (DirectFile & { readonly size: number }) | undefined;
}

export function stripReader(options: StripReaderOptions): StripReader {
  const { job, g, kernels, buffers, input } = options;
  const { source } = job;
  const bytes = new Uint8Array(job.memory.buffer);
  const isPacked = source.itemBytes === 0.5;
  const isFloat = source.convert === "float32";
  const { readPlane, rows } = rowReader(options);
  const { select, label } = voxelSelector(options);
  const { reduce, integers } = FORMS[g.form];
  const loadForm =
    reduce === "any" ? loadMask : reduce === "stride" ? loadLabels : integers === undefined ? loadFloats : loadIntegers;
  return { load: loadForm, rows, select, label };

  /** Voxels of float32 files are read to where they belong, others by way of the raw buffer. */
  function loadFloats(step: Step, index: number, strip: Strip, plane: number, at: number): void {
    const { unit } = step;
    const count = strip.rows;
    const width = unit.x1 - unit.x0;
    let raw = isFloat ? at : buffers.raw;
    if (input) readPlane(step, plane, step.y0 + strip.row, count, raw);
    else if (isFloat)
      bytes.copyWithin(at, rawSlot(step, index, strip, plane), rawSlot(step, index, strip, plane) + count * width * 4);
    else raw = rawSlot(step, index, strip, plane);
    if (source.swap) kernels.swap(source.itemBytes, raw, count * width);
    if (isFloat) return;
    if (!isPacked) kernels.convert(CONVERT[source.convert], raw, at, count * width);
    else {
      for (let r = 0; r < count; r++)
        kernels.convert(CONVERT.uint4, raw + r * source.rowBytes + unit.x0 / 2, at + r * width * 4, width);
    }
  }

  /** Integers that stay what they are are read to where they belong, 4-bit ones by way of the raw buffer. */
  function loadIntegers(step: Step, index: number, strip: Strip, plane: number, at: number): void {
    const { unit } = step;
    const count = strip.rows;
    const width = unit.x1 - unit.x0;
    let raw = isPacked ? buffers.raw : at;
    if (input) readPlane(step, plane, step.y0 + strip.row, count, raw);
    else raw = rawSlot(step, index, strip, plane);
    if (isPacked) {
      for (let r = 0; r < count; r++)
        kernels.integers(CONVERT.uint4, raw + r * source.rowBytes + unit.x0 / 2, at + r * width, width);
      return;
    }
    if (raw !== at || source.convert === "int8Flipped") kernels.integers(CONVERT[source.convert], raw, at, count * width);
    if (source.swap) kernels.swap(source.itemBytes, at, count * width);
  }

  function loadMask(step: Step, index: number, strip: Strip, plane: number, at: number): void {
    const width = step.unit.x1 - step.unit.x0;
    eachRow(step, index, strip, plane, (raw, row) => void select(raw, width, at + row * width, job.select!));
  }

  function loadLabels(step: Step, index: number, strip: Strip, plane: number, at: number): void {
    const width = step.unit.x1 - step.unit.x0;
    const { z0, y0, unit } = step;
    eachRow(step, index, strip, plane, (raw, row) => {
      label(raw, width, at + row * width * 2, [z0 + plane, y0 + strip.row + row, unit.x0]);
    });
  }

  /** Row by row, some rows being read at once. */
  function eachRow(step: Step, index: number, strip: Strip, plane: number, take: (raw: number, row: number) => void): void {
    const { unit } = step;
    const count = strip.rows;
    const width = unit.x1 - unit.x0;
    const rowBytes = isPacked ? source.rowBytes : width * source.itemBytes;
    for (let first = 0; first < count; first += RAW_ROWS) {
      const some = Math.min(RAW_ROWS, count - first);
      const raw = input ? buffers.raw : rawSlot(step, index, strip, plane) + first * rowBytes;
      if (input) readPlane(step, plane, step.y0 + strip.row + first, some, raw);
      if (source.swap) kernels.swap(source.itemBytes, raw, some * width);
      for (let row = 0; row < some; row++) take(raw + row * rowBytes + (isPacked ? unit.x0 / 2 : 0), first + row);
    }
  }

  /** The slot holds the step's planes, each `step.rows` whole rows. */
  function rawSlot(step: Step, index: number, { row }: Strip, plane: number): number {
    return g.rawSlot(index) + (plane * step.rows + row) * source.rowBytes;
  }
}

/** Reads rows of the source's file, as they are stored, into the shared memory. */
function rowReader({ job, kernels, input, buffers }: StripReaderOptions) {
  const { source } = job;
  const bytes = new Uint8Array(job.memory.buffer);
  const window = { memory: bytes, at: buffers.window, bytes: WINDOW_BYTES };
  const [, sourceNy, sourceNx] = job.geometry.resampling?.shape ?? job.geometry.shape;
  return { readPlane, rows };

  /** The unit's columns of some rows; of packed voxels all columns, since rows begin at bytes. */
  function readPlane(step: Step, plane: number, y: number, count: number, raw: number): void {
    const { unit } = step;
    const width = unit.x1 - unit.x0;
    if (source.itemBytes === 0.5 || width === sourceNx) {
      readRows(step.z0 + plane, y, count, raw);
      return;
    }
    const first = (step.z0 + plane) * sourceNy + y;
    const rowBytes = width * source.itemBytes;
    for (let r = 0; r < count; r++) {
      readAll(raw + r * rowBytes, rowBytes, source.file!.offset + (first + r) * source.rowBytes + unit.x0 * source.itemBytes);
    }
  }

  function readRows(z: number, y: number, count: number, raw: number): void {
    readAll(raw, count * source.rowBytes, source.file!.offset + (z * sourceNy + y) * source.rowBytes);
  }

  function rows(z: number, y: number, count: number, raw: number): void {
    readRows(z, y, count, raw);
    if (source.swap) kernels.swap(source.itemBytes, raw, count * sourceNx);
  }

  function readAll(at: number, length: number, position: number): void {
    if (readLong(input!, bytes, window, { at, length, position }) === length) return;
    throw new EmporiumError("FORMAT_TRUNCATED", `${source.name} ends at byte ${input!.size}, its header promises more`, {
      place: { file: source.name, byte: input!.size },
      hint: "copy the file again: it was cut short, or is still being written",
    });
  }
}

/** Converts stored voxels to 0 and 1, or to labels, by way of float32. */
function voxelSelector({ job, kernels, buffers }: StripReaderOptions): Pick<StripReader, "select" | "label"> {
  const { source } = job;
  const view = new DataView(job.memory.buffer);
  return { select, label };

  /** Returns the address of `count` stored voxels as float32, at most as many as a piece has; converts them where needed. */
  function floats(raw: number, count: number): number {
    if (source.convert === "float32") return raw;
    kernels.convert(CONVERT[source.convert], raw, buffers.block, count);
    return buffers.block;
  }

  function select(raw: number, count: number, to: number, selection: MaskSelection): number {
    let taken = 0;
    for (let done = 0; done < count; done += PIECE_VOXELS) {
      const some = Math.min(PIECE_VOXELS, count - done);
      const from = floats(raw + done * source.itemBytes, some);
      taken +=
        "equals" in selection
          ? kernels.selectEqual(from, to + done, some, selection.equals)
          : kernels.selectAtLeast(from, to + done, some, selection.atLeast);
    }
    return taken;
  }

  function label(raw: number, count: number, to: number, [z, y, x]: [number, number, number]): void {
    for (let done = 0; done < count; done += PIECE_VOXELS) {
      const some = Math.min(PIECE_VOXELS, count - done);
      const from = floats(raw + done * source.itemBytes, some);
      const good = kernels.toLabels(from, to + 2 * done, some);
      if (good === some) continue;
      const value = view.getFloat32(from + 4 * good, true);
      throw notALabel(source.name, value, [z, y, x + done + good], source.convert === "int8Flipped");
    }
  }
}
