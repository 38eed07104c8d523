import { ceilDiv, type Triple } from "../../core/box.js";
import {
  align,
  COUNTS_BYTES,
  chunkShape,
  FORMS,
  LEVELS,
  levelShapes,
  rowsOfBlock,
  STEP_ROWS,
  STRIP_ROWS,
  stepPlanes,
  type VolumeForm,
} from "./forms.js";
import { privateBuffers } from "./private-buffers.js";
import type { Resampling } from "./resampling.js";

/** Units of a series are at least this large (where there are planes enough), so that receipts are not one a small plane. */
const SERIES_UNIT_BYTES = 256 * 2 ** 20;

export interface GeometryOptions {
  /** Voxels `[z, y, x]` of what is written. */
  shape: Triple;
  form: VolumeForm;
  /** Where the source has another shape. */
  resampling?: Resampling | undefined;
  /** Columns of a unit: all, or a multiple of `columnGrain`. */
  columns: number;
  threads: number;
  /** Bytes of one source row of the unit (where it is resampled: of the source) that is converted from a buffer of its own, else 0. */
  rawRowBytes: number;
  /** Steps of raw bytes that the main thread reads ahead for workers that cannot read by themselves; 0 for local files. */
  rawSlots: number;
  /** Planes whose sum is wanted beside what is written. Of form `volume`. */
  slab?: Slab | undefined;
}

/** Planes `z0 … z1` of what is written, the last one not among them. */
export interface Slab {
  z0: number;
  z1: number;
}

/** A chunk column of a unit at one level: chunks that follow each other along the walk are appended by the same task list. */
export interface ChunkColumn {
  level: number;
  /** First voxel of the column at its level: x, and y where z is halved. */
  x: number;
  y: number;
  /** First row inside the step's rows at this level. */
  row: number;
  /** Voxels inside the volume along x; rows inside it (not of a series). */
  w: number;
  h: number;
}

export interface Unit {
  index: number;
  /** Bytes of a row of the unit at each level: rows follow each other without gaps. */
  rowBytes: number[];
  z0: number;
  z1: number;
  y0: number;
  y1: number;
  x0: number;
  x1: number;
  steps: number;
  /** Index of its first step among all steps of the job. */
  firstStep: number;
  columns: ChunkColumn[];
}

export interface Step {
  unit: Unit;
  /** Position inside the unit. */
  local: number;
  z0: number;
  planes: number;
  y0: number;
  rows: number;
  strips: number;
  tasks: number;
  /** Number of the step's first task among all tasks. */
  firstTask: number;
  /** Tasks (and strips) of all earlier steps that used the same slot. */
  slotTasksBefore: number;
  slotStripsBefore: number;
  /** Form `series`: this step ends its plane. */
  endsPlane: boolean;
}

export interface Ring {
  /** Room for one plane of a step at this level. */
  planeBytes: number;
  /** Addresses of the two step buffers. */
  slots: [number, number];
}

export interface Geometry {
  form: VolumeForm;
  /** Bytes of a voxel as written. */
  itemBytes: number;
  /** Every form but `series`. */
  halvesZ: boolean;
  shapes: Triple[];
  chunk: Triple;
  units: Unit[];
  steps: Step[];
  /** Rows of a chunk in one block; blocks of a chunk. */
  blockRows: number;
  chunkBlocks: number;
  rings: Ring[];
  /** Int32 indices of the control words. */
  control: Control;
  /** Int32 index of the first word of a column's state, for a unit slot. */
  columnState(unit: Unit, column: number): number;
  /** Float64 index of a read task's five sums; Uint32 index of its checksums (one a plane). */
  sums(step: Step, strip: number): number;
  checksums(step: Step, strip: number): number;
  /** Address of the float32 sum of the slab's planes so far, for the rows of a strip: all units use the same room, one after the other. */
  slabSum(unit: Unit, strip: number): number;
  /** Address of a worker's table of counts for a unit slot, and its length: 0 where the form has none. */
  counts(unit: Unit, thread: number): number;
  countsBytes: number;
  rawSlot(step: number): number;
  rawSlotBytes: number;
  privateStart: number;
  privateBytes: number;
  /** Control words and states: zeroed before a job begins. */
  clear: [start: number, end: number];
  totalBytes: number;
}

export interface Control {
  next: number;
  stop: number;
  gate: number;
  filled: number;
  rowsRead: number;
  /** Per slot: tasks done, strips read. */
  done: [number, number];
  read: [number, number];
  /** Per slot and strip: number of the step (+ 1) that the strip holds. */
  strip(slot: number, strip: number): number;
  /** Per unit slot: tasks of the unit done. */
  unitDone(unit: Unit): number;
}

/** Words of a column's state. The block table follows. */
export const STATE = { appended: 0, fd: 1, position: 2, blocks: 3, crc: 4, table: 5 } as const;
export const SUMS = 5;

/**
 * How a volume is cut into work, and where everything lies in the shared memory: a pure function of shape and form, computed alike
 * in the main thread and in every worker.
 *
 * A Blosc block is a part of one plane of a chunk, so a chunk is appended block by block and never held. The volume is walked in
 * *steps*; a step holds the rows that one level-2 chunk column needs next:
 *
 * - forms `volume`, `mask` and `labels` (chunks 256³, z halves with y and x): a step is 4 planes × 1024 rows, which gives 2 planes × 512 rows of level 1
 *   and 1 plane × 256 rows of level 2. A *unit* is 1024 planes × 1024 rows: one level-2 chunk deep and high, so units share no chunk.
 * - form `series` (a tilt series; chunks 1 × 1024 × 1024, z stays): a step is 1 plane × 1024 rows, with 512 and 256 rows of levels 1
 *   and 2. A unit is some planes × 4096 rows.
 *
 * Along x a unit takes all columns, or a multiple of one level-2 chunk's where memory asks for it.
 * Two steps are in memory: while one is being encoded, the next is read.
 */
export function planGeometry(options: GeometryOptions): Geometry {
  const { shape, form, columns, threads, rawRowBytes, rawSlots } = options;
  const [nz, ny, nx] = shape;
  const { itemBytes } = FORMS[form];
  const halvesZ = form !== "series";
  const shapes = levelShapes(shape, form);
  const chunk = chunkShape(form);
  const blockRows = rowsOfBlock(form);
  const chunkBlocks = (chunk[0] * chunk[1]) / blockRows;
  const planesOfStep = stepPlanes(form);
  const unitRows = chunk[1] << (LEVELS - 1);
  const planeBytes = Math.min(ny, unitRows) * Math.min(nx, columns) * itemBytes;
  const unitPlanes = halvesZ ? chunk[0] << (LEVELS - 1) : Math.max(1, Math.floor(SERIES_UNIT_BYTES / planeBytes));

  const units: Unit[] = [];
  const steps: Step[] = [];
  const slotTasks = [0, 0];
  const slotStrips = [0, 0];
  let tasks = 0;
  for (let z0 = 0; z0 < nz; z0 += unitPlanes) {
    for (let y0 = 0; y0 < ny; y0 += unitRows) {
      for (let x0 = 0; x0 < nx; x0 += columns) {
        const unit: Unit = {
          index: units.length,
          rowBytes: [],
          z0,
          z1: Math.min(z0 + unitPlanes, nz),
          y0,
          y1: Math.min(y0 + unitRows, ny),
          x0,
          x1: Math.min(x0 + columns, nx),
          steps: 0,
          firstStep: steps.length,
          columns: [],
        };
        unit.rowBytes = Array.from({ length: LEVELS }, (_, level) => levelWidth(unit.x1 - x0, level) * itemBytes);
        unit.columns = chunkColumns(unit, shapes, chunk, halvesZ);
        for (const { z, planes, y, rows } of walk(unit, halvesZ, planesOfStep)) {
          const strips = ceilDiv(rows, STRIP_ROWS);
          const count = strips + unit.columns.length;
          const slot = steps.length & 1;
          steps.push({
            unit,
            local: unit.steps++,
            z0: z,
            planes,
            y0: y,
            rows,
            strips,
            tasks: count,
            firstTask: tasks,
            slotTasksBefore: slotTasks[slot]!,
            slotStripsBefore: slotStrips[slot]!,
            endsPlane: y + rows === unit.y1,
          });
          tasks += count;
          slotTasks[slot]! += count;
          slotStrips[slot]! += strips;
        }
        units.push(unit);
      }
    }
  }

  // addresses
  let top = 1024;
  const take = (bytes: number) => {
    const at = top;
    top += align(bytes);
    return at;
  };
  const width = Math.min(columns, nx);
  const stepRows = Math.min(STEP_ROWS, ny);
  const maxStrips = ceilDiv(stepRows, STRIP_ROWS);
  const maxColumns = Math.max(...units.map((unit) => unit.columns.length));
  const maxSteps = Math.max(...units.map((unit) => unit.steps));
  const clearStart = top;
  const controlWord = take(4 * 32) / 4;
  const stateWords = STATE.table + chunkBlocks;
  const states = [0, 1].map(() => take(4 * maxColumns * stateWords) / 4);
  const countsBytes = FORMS[form].counts === undefined ? 0 : COUNTS_BYTES;
  const counts = [0, 1].map(() => take(threads * countsBytes));
  const clear: [number, number] = [clearStart, top];
  const sumsAt = [0, 1].map(() => take(8 * SUMS * maxSteps * maxStrips) / 8);
  const crcsAt = [0, 1].map(() => take(4 * planesOfStep * maxSteps * maxStrips) / 4);
  const rings = Array.from({ length: LEVELS }, (_, level): Ring => {
    const ringPlaneBytes = ceilDiv(stepRows, 1 << level) * levelWidth(width, level) * itemBytes;
    const planes = halvesZ ? planesOfStep >> level : 1;
    return { planeBytes: ringPlaneBytes, slots: [take(planes * ringPlaneBytes), take(planes * ringPlaneBytes)] };
  });
  const rawSlotBytes = rawSlots === 0 ? 0 : align(planesOfStep * stepRows * rawRowBytes);
  const raw = take(rawSlots * rawSlotBytes);
  const slabAt = take(options.slab ? 4 * stepRows * width : 0);
  const privateBytes = privateBuffers(options, 0).end;
  const privateStart = take(threads * privateBytes);

  return {
    form,
    itemBytes,
    halvesZ,
    shapes,
    chunk,
    units,
    steps,
    blockRows,
    chunkBlocks,
    rings,
    control: {
      next: controlWord,
      stop: controlWord + 1,
      gate: controlWord + 2,
      filled: controlWord + 3,
      rowsRead: controlWord + 4,
      done: [controlWord + 5, controlWord + 6],
      read: [controlWord + 7, controlWord + 8],
      strip: (slot, strip) => controlWord + 9 + slot * 4 + strip,
      unitDone: (unit) => controlWord + 17 + (unit.index & 1),
    },
    columnState: (unit, column) => states[unit.index & 1]! + column * stateWords,
    sums: (step, strip) => sumsAt[step.unit.index & 1]! + SUMS * (step.local * maxStrips + strip),
    checksums: (step, strip) => crcsAt[step.unit.index & 1]! + planesOfStep * (step.local * maxStrips + strip),
    slabSum: (unit, strip) => slabAt + 4 * strip * STRIP_ROWS * (unit.x1 - unit.x0),
    counts: (unit, thread) => counts[unit.index & 1]! + thread * countsBytes,
    countsBytes,
    rawSlot: (step) => raw + (step % Math.max(1, rawSlots)) * rawSlotBytes,
    rawSlotBytes,
    privateStart,
    privateBytes,
    clear,
    totalBytes: top,
  };
}

function levelWidth(width: number, level: number): number {
  let w = width;
  for (let l = 0; l < level; l++) w = ceilDiv(w, 2);
  return w;
}

function* walk(
  unit: Unit,
  halvesZ: boolean,
  planesOfStep: number,
): Generator<{ z: number; planes: number; y: number; rows: number }> {
  if (halvesZ) {
    for (let z = unit.z0; z < unit.z1; z += planesOfStep) {
      yield { z, planes: Math.min(planesOfStep, unit.z1 - z), y: unit.y0, rows: unit.y1 - unit.y0 };
    }
    return;
  }
  for (let z = unit.z0; z < unit.z1; z++) {
    for (let y = unit.y0; y < unit.y1; y += STEP_ROWS) yield { z, planes: 1, y, rows: Math.min(STEP_ROWS, unit.y1 - y) };
  }
}

function chunkColumns(unit: Unit, shapes: readonly Triple[], chunk: Triple, halvesZ: boolean): ChunkColumn[] {
  const columns: ChunkColumn[] = [];
  for (let level = 0; level < LEVELS; level++) {
    const [, height, width] = shapes[level]!;
    const yFrom = unit.y0 >> level;
    const yTo = halvesZ ? Math.min(height, ceilDiv(unit.y1, 1 << level)) : yFrom + 1;
    for (let y = yFrom; y < yTo; y += chunk[1]) {
      for (let x = unit.x0 >> level; x < Math.min(width, ceilDiv(unit.x1, 1 << level)); x += chunk[2]) {
        columns.push({ level, x, y, row: y - yFrom, w: Math.min(chunk[2], width - x), h: Math.min(chunk[1], height - y) });
      }
    }
  }
  return columns;
}
