import { ceilDiv, type Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { formatBytes } from "../../core/units.js";
import { columnGrain, type GeometryOptions, planGeometry, type VolumeForm } from "./geometry.js";

/** What Node itself, its worker threads and its page cache of code need beside the buffers; measured, see `bench/memory.mjs`. */
export const NODE_BYTES = 80 * 2 ** 20;

export interface MemoryRequest {
  /** Voxels `[z, y, x]`. */
  shape: Triple;
  threads: number;
  form?: VolumeForm;
  /** Bytes a voxel of sources that are converted or read ahead. Default 4. */
  itemBytes?: number;
}

/**
 * Buffers, in bytes, that writing a volume takes when no ceiling binds: 36.5 KiB a column (10.5 for a series) in all, some MiB a
 * thread. It does not depend on the number of planes, and on rows only below 1024.
 */
export function estimateVolumeMemory({ shape, threads, form = "volume", itemBytes = 4 }: MemoryRequest): number {
  return planGeometry({
    shape: [Math.min(shape[0], 1024), Math.min(shape[1], 4096), shape[2]],
    form,
    columns: wholeColumns(shape[2], form),
    threads,
    rawRowBytes: shape[2] * itemBytes,
    rawSlots: 0,
  }).totalBytes;
}

/**
 * The widest cut along x whose buffers fit. All columns where they do: rows are then read and written whole.
 *
 * @throws {EmporiumError} MEMORY_LIMIT when even the narrowest cut does not fit.
 */
export function fitColumns(options: Omit<GeometryOptions, "columns">, memoryBytes: number): number {
  const { shape, form } = options;
  const grain = columnGrain(form);
  const size = (columns: number) => {
    const share = Math.min(1, columns / shape[2]);
    const flat: Triple = [Math.min(shape[0], 1024), Math.min(shape[1], 4096), shape[2]];
    return planGeometry({ ...options, shape: flat, columns, rawRowBytes: Math.ceil(options.rawRowBytes * share) }).totalBytes;
  };
  const room = memoryBytes - NODE_BYTES;
  const all = wholeColumns(shape[2], form);
  for (
    let columns = all;
    columns >= grain;
    columns = columns > grain ? Math.max(grain, Math.floor(columns / 2 / grain) * grain) : 0
  ) {
    if (size(columns) <= room) return columns;
  }
  throw new EmporiumError(
    "MEMORY_LIMIT",
    `${formatBytes(memoryBytes)} of memory, ${formatBytes(size(grain) + NODE_BYTES)} needed`,
    {
      hint: "raise --memory, or lower --jobs",
    },
  );
}

function wholeColumns(nx: number, form: VolumeForm): number {
  const grain = columnGrain(form);
  return ceilDiv(nx, grain) * grain;
}
