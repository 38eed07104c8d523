import { type FileHandle, open } from "node:fs/promises";
import { Float32Sum } from "../../float32-sum.js";
import { FORMS, type VolumeForm } from "../plan/forms.js";
import type { Statistics } from "../plan/job.js";

const PIECE_BYTES = 1 << 20;

export interface WrittenVoxels {
  /** The MRC, whose voxels are written already. */
  path: string;
  headBytes: number;
  form: VolumeForm;
  signal?: AbortSignal | undefined;
}

/**
 * Mean and deviation as the portal's ingestion computes them: the mean in single precision, the deviation of volumes too, from
 * two more readings of the file. None if a voxel is not finite.
 *
 * Source: `update_header_stats` of mrcfile 1.5.4, `update_headers` of cryoet-data-portal-backend `common/image.py`.
 */
export async function float32Statistics(
  statistics: Statistics,
  { path, headBytes, form, signal }: WrittenVoxels,
): Promise<Statistics> {
  if (statistics.nonFinite > 0 || statistics.count === 0) return statistics;
  const file = await open(path, "r");
  try {
    const mean = (of: (voxels: Voxels) => ArrayLike<number>) => meanOf(file, headBytes, form, of, signal);
    const average = await mean((voxels) => voxels);
    if (FORMS[form].mrc.dtype !== "float32") return { ...statistics, mean: average };
    const variance = await mean((voxels) => squaredDistances(voxels, average));
    return { ...statistics, mean: average, rms: Math.fround(Math.sqrt(variance)) };
  } finally {
    await file.close();
  }
}

type Voxels = Float32Array | Int8Array | Uint16Array;

const ARRAYS = { float32: Float32Array, int8: Int8Array, uint16: Uint16Array } as const;

async function meanOf(
  file: FileHandle,
  start: number,
  form: VolumeForm,
  of: (voxels: Voxels) => ArrayLike<number>,
  signal: AbortSignal | undefined,
): Promise<number> {
  const Items = ARRAYS[FORMS[form].mrc.dtype];
  const piece = new Uint8Array(PIECE_BYTES);
  const sum = new Float32Sum();
  let count = 0;
  for (let at = start; ; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, at);
    const items = Math.floor(bytesRead / Items.BYTES_PER_ELEMENT);
    if (items === 0) return sum.mean(count);
    sum.add(of(new Items(piece.buffer, 0, items)));
    count += items;
    at += items * Items.BYTES_PER_ELEMENT;
  }
}

/** In single precision at every step. Changes the voxels given: they are a copy. */
function squaredDistances(voxels: Voxels, mean: number): Voxels {
  for (let i = 0; i < voxels.length; i++) voxels[i] = Math.fround(voxels[i]! - mean) ** 2;
  return voxels;
}
