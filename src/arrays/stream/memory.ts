import { ceilDiv, type Triple } from "../../core/box.js";
import { EmporiumError } from "../../core/errors.js";
import { formatBytes } from "../../core/units.js";
import { columnGrain, type GeometryOptions, planGeometry, type VolumeForm } from "./geometry.js";

export interface MemoryRequest {
  /** Voxels `[z, y, x]`. */
  shape: Triple;
  threads: number;
  form?: VolumeForm | undefined;
  /** Bytes a voxel of the source. Default 4. */
  itemBytes?: number | undefined;
  /** The source is read over a network: some steps ahead. */
  remote?: boolean | undefined;
}

/** Steps that are read ahead of the workers over a network: as many as fit, and at least one. */
export const RAW_SLOTS_MAX = 3;
const RAW_SLOTS_WANTED = 2;

/**
 * Buffers, in bytes, that writing a volume takes when no ceiling binds: 36.5 KiB a column (10.5 for a series) in all, some MiB a
 * thread. It does not depend on the number of planes, and on rows only below 1024.
 */
export function estimateVolumeMemory({ shape, threads, form = "volume", itemBytes = 4, remote = false }: MemoryRequest): number {
  return planGeometry({
    shape: [Math.min(shape[0], 1024), Math.min(shape[1], 4096), shape[2]],
    form,
    columns: wholeColumns(shape[2], form),
    threads,
    rawRowBytes: shape[2] * itemBytes,
    rawSlots: remote ? RAW_SLOTS_WANTED : 0,
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
  const all = wholeColumns(shape[2], form);
  for (
    let columns = all;
    columns >= grain;
    columns = columns > grain ? Math.max(grain, Math.floor(columns / 2 / grain) * grain) : 0
  ) {
    if (size(columns) <= memoryBytes) return columns;
  }
  throw new EmporiumError(
    "MEMORY_LIMIT",
    `${formatBytes(memoryBytes)} of memory given, ${formatBytes(size(grain))} needed for buffers`,
    {
      hint: "raise --memory, or lower --jobs",
    },
  );
}

function wholeColumns(nx: number, form: VolumeForm): number {
  const grain = columnGrain(form);
  return ceilDiv(nx, grain) * grain;
}
