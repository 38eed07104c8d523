import { ceilDiv, type Triple } from "../../../core/box.js";
import { type BufferPool, buffersOf, chunkBufferBytes, spareBuffersOf } from "../write/chunk-pool.js";
import { align, COUNTS_BYTES, FORMS, LEVELS, levelShapes, type VolumeForm } from "./forms.js";
import { type Layout, layoutOf, type ShardCodec } from "./layout.js";
import { privateBuffers, TAIL_BYTES } from "./private-buffers.js";
import type { Resampling } from "./resampling.js";
import { type Step, type Unit, visit } from "./shard-walk.js";
import { levelWidth, planUnits } from "./units.js";

/** The chunks of a level in the order of their shards: that in which steps end them. */
export function* chunksInOrder(g: Geometry, level: number): Generator<{ chunk: Triple; unit: number }> {
  for (const unit of g.units) {
    const columns = unit.columns.filter((column) => column.level === level);
    for (let s = unit.firstStep; s < unit.firstStep + unit.steps; s++) {
      const { chunk, ends } = visit(g, g.steps[s]!, columns[0]!);
      if (!ends) continue;
      for (const { x } of columns) yield { chunk: [chunk[0], chunk[1], x / g.chunk[2]], unit: unit.index };
    }
  }
}

export interface GeometryOptions {
  /** Voxels `[z, y, x]` of what is written. */
  shape: Triple;
  form: VolumeForm;
  /** Resampling to `shape`, where the source has another shape. */
  resampling?: Resampling | undefined;
  /** Columns of a unit: all, or a multiple of `columnGrain`. */
  columns: number;
  threads: number;
  /** Bytes of one source row of the unit (if resampled: of the source) that is converted from a buffer of its own, else 0. */
  rawRowBytes: number;
  /** Steps of raw bytes that the main thread reads ahead for workers that cannot read by themselves; 0 for local files. */
  rawSlots: number;
  /** Planes whose sum is wanted beside what is written. Of form `volume`. */
  slab?: Slab | undefined;
  /** Chunks go into shards, compressed like this. @see spareBuffersOf for the buffers beside those that it takes; default: all */
  shards?: { codec: ShardCodec; spareBuffers?: number | undefined } | undefined;
  /** There is room for what goes past the page cache. */
  direct?: boolean | undefined;
  /** An MRC is written: there is room for its voxels, where they have another type than the Zarr's. */
  mrc?: boolean | undefined;
}

/** Planes `z0 … z1` of what is written, the last one not among them. */
export interface Slab {
  z0: number;
  z1: number;
}

/** Part of a step that one read task takes: planes and rows, counted from the step's own first ones. */
export interface Strip {
  plane: number;
  planes: number;
  row: number;
  rows: number;
}

export interface Ring {
  /** Room for one plane of a step at this level. */
  planeBytes: number;
  /** Addresses of the two step buffers. */
  slots: [number, number];
}

export interface Geometry {
  form: VolumeForm;
  /** Bytes of a voxel as it is in memory and in the Zarr, and as it is in the MRC. */
  itemBytes: number;
  mrcItemBytes: number;
  /** True for every form but those of a tilt series. */
  halvesZ: boolean;
  shapes: Triple[];
  chunk: Triple;
  layout: Layout;
  units: Unit[];
  steps: Step[];
  strip(step: Step, index: number): Strip;
  /** Blocks of a chunk of a level. */
  chunkBlocks(level: number): number;
  /** Buffers of chunks that go into shards. */
  pool: BufferPool | undefined;
  rings: Ring[];
  /** Int32 indices of the control words. */
  control: Control;
  /** Int32 index of the first word of a column's state, for a unit slot. */
  columnState(unit: Unit, column: number): number;
  /** Address of the encoded bytes of a column's chunk that wait to be written. @param state first of the column's words */
  tail(state: number): number;
  /** Float64 index of a read task's five sums; Uint32 index of its checksums (one a plane). */
  sums(step: Step, strip: number): number;
  checksums(step: Step, strip: number): number;
  /** Address of the float32 sum of the slab's planes for the rows of a strip. All units use the same memory in turn. */
  slabSum(step: Step, strip: Strip): number;
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

/**
 * Words of a column's state. `place`: its chunk's file or buffer; `blocks`: how many it has, or how many are not zero; `isDirect`: its
 * file is open past the page cache, and `held` bytes before `position` are not written yet. The block table follows, and
 * the chunk's tail.
 */
export const STATE = { appended: 0, place: 1, position: 2, blocks: 3, crc: 4, isDirect: 5, held: 6, table: 7 } as const;
export const SUMS = 5;

/**
 * Plans the division of a volume into tasks, and the layout of the shared memory. A pure function of shape and form: the main
 * thread and every worker compute the same.
 *
 * A Blosc block is a part of one plane of a chunk, so a chunk is appended block by block and never held whole. A *step* holds the
 * rows that one level-2 chunk column needs next:
 *
 * - forms `volume`, `mask`, `labels` (chunks 256³): a step is 4 planes × 1024 rows, that is 2 × 512 of level 1 and 1 × 256 of
 * level 2. A *unit* is 1024 planes × 1024 rows, one level-2 chunk deep and high: units share no chunk.
 * - form `series` (a tilt series; chunks 1 × 1024 × 1024, z stays): a step is 1 plane × 1024 rows, with 512 and 256 rows of
 * levels 1 and 2. A unit is some planes × 4096 rows.
 *
 * Along x a unit takes all columns, or a multiple of a level-2 chunk's if memory is short. Two steps are in memory: one is
 * encoded while the next is read.
 */
export function planGeometry(options: GeometryOptions): Geometry {
  const { shape, form, columns, threads, rawRowBytes, rawSlots } = options;
  const [, ny, nx] = shape;
  const { itemBytes, kind, mrc } = FORMS[form];
  const halvesZ = kind !== "tiltseries";
  const shapes = levelShapes(shape, form);
  const isSharded = options.shards !== undefined;
  const layout = layoutOf(form, isSharded, { rows: ny, columns: Math.min(nx, columns) });
  const { chunk, unitRows, stepPlanes } = layout;
  const grid = { layout, halvesZ, shapes };
  const chunkBlocks = (level: number) => (chunk[0] * chunk[1]) / (layout.blockPlanes[level]! * layout.blockRows[level]!);

  const { units, steps } = planUnits(grid, columns, itemBytes, isSharded);

  // addresses
  let top = 1024;
  const take = (bytes: number) => {
    const at = top;
    top += align(bytes);
    return at;
  };
  const width = Math.min(columns, nx);
  const stepRows = Math.min(layout.stepRows, ny);
  const stripsDown = ceilDiv(stepRows, layout.stripRows);
  const maxStrips = ceilDiv(stepPlanes, layout.stripPlanes) * stripsDown;
  const maxColumns = Math.max(...units.map((unit) => unit.columns.length));
  const maxSteps = Math.max(...units.map((unit) => unit.steps));
  const clearStart = top;
  const controlWord = take(4 * 32) / 4;
  const tailAt = STATE.table + Math.max(...layout.blockRows.map((_, level) => chunkBlocks(level)));
  const stateWords = tailAt + (options.direct && !isSharded ? TAIL_BYTES / 4 : 0);
  const states = [0, 1].map(() => take(4 * maxColumns * stateWords) / 4);
  const countsBytes = FORMS[form].counts === undefined ? 0 : COUNTS_BYTES;
  const counts = [0, 1].map(() => take(threads * countsBytes));
  const poolCount = options.shards
    ? buffersOf(layout, width) + (options.shards.spareBuffers ?? spareBuffersOf(layout, width))
    : 0;
  const poolWords = take(4 * (poolCount + 2)) / 4;
  const clear: [number, number] = [clearStart, top];
  const sumsAt = [0, 1].map(() => take(8 * SUMS * maxSteps * maxStrips) / 8);
  const crcsAt = [0, 1].map(() => take(4 * stepPlanes * maxSteps * maxStrips) / 4);
  const rings = Array.from({ length: LEVELS }, (_, level): Ring => {
    const ringPlaneBytes = ceilDiv(stepRows, 1 << level) * levelWidth(width, level) * itemBytes;
    const planes = halvesZ ? stepPlanes >> level : 1;
    return { planeBytes: ringPlaneBytes, slots: [take(planes * ringPlaneBytes), take(planes * ringPlaneBytes)] };
  });
  const rawSlotBytes = rawSlots === 0 ? 0 : align(stepPlanes * stepRows * rawRowBytes);
  const raw = take(rawSlots * rawSlotBytes);
  const slabAt = take(options.slab ? 4 * Math.min(unitRows, ny) * width : 0);
  const bufferBytes = options.shards ? chunkBufferBytes(form, layout, shape, options.shards.codec) : 0;
  const poolAt = take(poolCount * bufferBytes);
  const privateBytes = privateBuffers(options, 0).end;
  const privateStart = take(threads * privateBytes);

  return {
    form,
    itemBytes,
    mrcItemBytes: mrc.itemBytes,
    halvesZ,
    shapes,
    chunk,
    units,
    steps,
    layout,
    strip(step, index) {
      const plane = Math.floor(index / stripsDown) * layout.stripPlanes;
      const row = (index % stripsDown) * layout.stripRows;
      const planes = Math.min(layout.stripPlanes, step.planes - plane);
      return { plane, planes, row, rows: Math.min(layout.stripRows, step.rows - row) };
    },
    chunkBlocks,
    pool: options.shards && {
      count: poolCount,
      bytes: bufferBytes,
      address: (buffer) => poolAt + buffer * bufferBytes,
      taken: poolWords + 2,
      served: poolWords,
      returned: poolWords + 1,
    },
    rings,
    control: controlAt(controlWord),
    columnState: (unit, column) => states[unit.index & 1]! + column * stateWords,
    tail: (state) => 4 * (state + tailAt),
    sums: (step, strip) => sumsAt[step.unit.index & 1]! + SUMS * (step.local * maxStrips + strip),
    checksums: (step, strip) => crcsAt[step.unit.index & 1]! + stepPlanes * (step.local * maxStrips + strip),
    slabSum: ({ unit, y0 }, { row }) => slabAt + 4 * (y0 + row - unit.y0) * (unit.x1 - unit.x0),
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

function controlAt(word: number): Control {
  return {
    next: word,
    stop: word + 1,
    gate: word + 2,
    filled: word + 3,
    rowsRead: word + 4,
    done: [word + 5, word + 6],
    read: [word + 7, word + 8],
    strip: (slot, strip) => word + 9 + slot * 4 + strip,
    unitDone: (unit) => word + 17 + (unit.index & 1),
  };
}
