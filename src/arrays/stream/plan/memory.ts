import { ceilDiv, type Triple, volumeOf } from "../../../core/box.js";
import { EmporiumError } from "../../../core/errors.js";
import { LIMITS } from "../../../core/limits.js";
import { counted, formatBytes } from "../../../core/units.js";
import { LONG_FILE_BYTES } from "../../../stores/file/direct.js";
import { spareBuffersOf } from "../write/chunk-pool.js";
import { FORMS, LEVELS, type VolumeForm } from "./forms.js";
import { type GeometryOptions, planGeometry } from "./geometry.js";
import { columnGrain, layoutOf, SHARD_CHUNKS_ACROSS_MAX, type ShardCodec } from "./layout.js";
import type { Resampling } from "./resampling.js";

export interface MemoryRequest {
  /** Voxels `[z, y, x]` of what is written. */
  shape: Triple;
  threads: number;
  form?: VolumeForm | undefined;
  /** Bytes a voxel of the source. Default 4. */
  itemBytes?: number | undefined;
  /** An MRC is written. Default true. */
  mrc?: boolean | undefined;
  /** The source is read over a network: some steps ahead. */
  remote?: boolean | undefined;
  /** Resampling, where the source has another shape. */
  resampling?: Resampling | undefined;
  /** Planes are summed up beside: the sum is as large as one of them. */
  slab?: boolean | undefined;
  /** Levels are written as shards, their chunks compressed like this. */
  shards?: ShardCodec | undefined;
}

/**
 * Windows through which an open shard is written past the page cache: bytes of one, and their number. One fills while the others
 * are being written.
 */
export const SHARD_WINDOW_BYTES = 2 ** 20;
export const SHARD_WINDOWS = 3;
/** One shard of each level is open at once. */
const SHARDS_WINDOWS_BYTES = LEVELS * SHARD_WINDOWS * SHARD_WINDOW_BYTES;

/** Steps that are read ahead of the workers over a network: as many as fit, and at least one. */
const RAW_SLOTS_MAX = 3;
const RAW_SLOTS_WANTED = 2;

/**
 * Bytes of buffers for writing a volume if no limit binds: 36.5 KiB a column (10.5 for a series, 9.1 for a mask, 18.3 for labels)
 * and some MiB a thread, whatever the number of planes. A slab adds 4 KiB a column and 4 bytes a voxel of a plane. Shards take
 * 200 KiB a column (at most 2048 columns), labels half, masks a quarter of that, a series 26: they hold chunks of all levels, of which
 * a third can be done without (`fitSpareBuffers`).
 * A volume or series that keeps integers of 2 bytes takes half of the steps and chunks, one of 1 byte a quarter; its MRC takes 1 KiB a
 * column and thread for what is float32 there.
 */
export function estimateVolumeMemory(request: MemoryRequest): number {
  requireStepsThatFit(request);
  return buffersOf(request);
}

/**
 * The list of steps must fit into memory. Real volumes have some thousands; a column of millions of planes would have too many.
 *
 * @throws {EmporiumError} FORMAT_LIMIT
 */
function requireStepsThatFit({ shape, form = "volume", shards }: Pick<MemoryRequest, "shape" | "form" | "shards">): void {
  const { stepPlanes, stepRows } = layoutOf(form, shards !== undefined);
  const steps = ceilDiv(shape[0], stepPlanes) * ceilDiv(shape[1], stepRows);
  if (steps <= LIMITS.volumeSteps) return;
  const [nz, ny, nx] = shape;
  throw new EmporiumError(
    "FORMAT_LIMIT",
    `${nx}×${ny}×${nz} voxels (x, y, z) are ${counted(steps, "step")} of ${counted(stepPlanes, "plane")} × ${counted(stepRows, "row")}, ${LIMITS.volumeSteps} at most are made`,
    {
      hint: "check the header: no microscope makes a volume of this shape; make its longest axis x, or cut it",
    },
  );
}

function buffersOf({
  shape,
  threads,
  form = "volume",
  itemBytes = 4,
  mrc = true,
  remote = false,
  resampling,
  slab = false,
  shards,
}: MemoryRequest): number {
  const columns = widestCut(shape[2], form, shards !== undefined, remote);
  const sizeWith = (rawSlots: number) =>
    planGeometry({
      shape: [Math.min(shape[0], 1024), Math.min(shape[1], 4096), shape[2]],
      form,
      resampling,
      columns,
      threads,
      shards: shards && { codec: shards },
      rawRowBytes: Math.ceil(
        (resampling?.shape[2] ?? (remote || itemBytes < 1 ? shape[2] : Math.min(columns, shape[2]))) * itemBytes,
      ),
      rawSlots,
      slab: slab ? { z0: 0, z1: 1 } : undefined,
      mrc,
      direct: volumeOf(shape) * Math.max(FORMS[form].itemBytes, mrc ? FORMS[form].mrc.itemBytes : 0) >= LONG_FILE_BYTES,
    }).totalBytes;
  // a remote source that is compressed, or must be resampled, is laid out on this machine first
  const buffers = Math.max(sizeWith(0), remote && !resampling ? sizeWith(RAW_SLOTS_WANTED) : 0);
  return buffers + (slab ? slabBytes(shape) : 0) + (shards ? SHARDS_WINDOWS_BYTES : 0);
}

/** Bytes of the sum of a slab's planes, outside of the buffers. */
export function slabBytes([, ny, nx]: Triple): number {
  return 4 * ny * nx;
}

/**
 * The widest cut along x whose buffers fit. All columns where they do: rows are then read and written whole. Spare buffers of
 * shards give way before that: `fitSpareBuffers`.
 *
 * @throws {EmporiumError} MEMORY_LIMIT when even the narrowest cut does not fit.
 */
export function fitColumns(options: Omit<GeometryOptions, "columns">, memoryBytes: number): number {
  const { shape, form } = options;
  const isSharded = options.shards !== undefined;
  const grain = columnGrain(form, isSharded);
  const all = widestCut(shape[2], form, isSharded);
  for (
    let columns = all;
    columns >= grain;
    columns = columns > grain ? Math.max(grain, Math.floor(columns / 2 / grain) * grain) : 0
  ) {
    if (bytesOf(withSpare(options, 0), columns) <= memoryBytes) return columns;
  }
  throw new EmporiumError(
    "MEMORY_LIMIT",
    `${formatBytes(memoryBytes)} of memory given, ${formatBytes(bytesOf(withSpare(options, 0), grain))} needed for buffers`,
    {
      hint: "raise --memory, or lower --jobs",
    },
  );
}

/** Spare buffers for chunks of shards, as many as are of use and fit beside all others. Undefined without shards. */
export function fitSpareBuffers(options: GeometryOptions, memoryBytes: number): number | undefined {
  const { form, shards, shape, columns } = options;
  if (!shards) return undefined;
  const all = spareBuffersOf(layoutOf(form, true), Math.min(columns, shape[2]));
  // with room for what goes past the page cache, which gains more than they do
  const fits = (spare: number) => bytesOf(withSpare({ ...options, direct: true }, spare), columns) <= memoryBytes;
  for (let spare = all; spare > 0; spare--) if (fits(spare)) return spare;
  return 0;
}

function withSpare<O extends Pick<GeometryOptions, "shards">>(options: O, spareBuffers: number): O {
  return options.shards ? { ...options, shards: { ...options.shards, spareBuffers } } : options;
}

/** All columns with as many steps read ahead as fit; undefined where not even one does. */
export function fitRawSlots(
  options: Omit<GeometryOptions, "columns" | "rawSlots">,
  memoryBytes: number,
): { columns: number; rawSlots: number } | undefined {
  const columns = wholeColumns(options.shape[2], options.form, options.shards !== undefined);
  for (let rawSlots = RAW_SLOTS_MAX; rawSlots > 0; rawSlots--) {
    if (bytesOf({ ...options, rawSlots }, columns) <= memoryBytes) return { columns, rawSlots };
  }
  if (bytesOf(withSpare({ ...options, rawSlots: 1 }, 0), columns) <= memoryBytes) return { columns, rawSlots: 1 };
  return undefined;
}

function bytesOf(options: Omit<GeometryOptions, "columns">, columns: number): number {
  const { shape, resampling } = options;
  // rows to be resampled are read whole
  const share = resampling ? 1 : Math.min(1, columns / shape[2]);
  const flat: Triple = [Math.min(shape[0], 1024), Math.min(shape[1], 4096), shape[2]];
  const buffers = planGeometry({
    ...options,
    shape: flat,
    columns,
    rawRowBytes: Math.ceil(options.rawRowBytes * share),
  }).totalBytes;
  return buffers + (options.shards ? SHARDS_WINDOWS_BYTES : 0);
}

/** Columns of a unit where memory suffices: all; if sharded and wide, equal parts. Over a network rows are read whole. */
function widestCut(nx: number, form: VolumeForm, isSharded: boolean, wholeRows = false): number {
  const all = wholeColumns(nx, form, isSharded);
  if (!isSharded || wholeRows) return all;
  const grain = columnGrain(form, isSharded);
  const most = (SHARD_CHUNKS_ACROSS_MAX * grain) / 4;
  return ceilDiv(all / grain, ceilDiv(all, most)) * grain;
}

/** Whether shards of a volume are written in several parts along x, however much memory there is. */
export function isCutAcross([, , nx]: Triple, form: VolumeForm): boolean {
  return widestCut(nx, form, true) < nx;
}

function wholeColumns(nx: number, form: VolumeForm, isSharded: boolean): number {
  const grain = columnGrain(form, isSharded);
  return ceilDiv(nx, grain) * grain;
}
