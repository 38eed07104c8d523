import { type Triple, volumeOf } from "../../../core/box.js";

/** Memory that plans estimate for tasks, in bytes, in addition to what the tasks are given. */

/** Pixels of a gain reference that are held at once, as read and as written. */
export const GAIN_BATCH_BYTES = 8 * 2 ** 20;
/** Buffers of a conversion: a batch as read, decoded and written, and the parts of the upload. */
export const GAIN_MEMORY_BYTES = 6 * GAIN_BATCH_BYTES;

/** Buffers of a conversion: a batch of rows as read, decoded and printed. */
export const POINTS_MEMORY_BYTES = 96 << 20;

/** Buffers beside the points, of which there are 48 bytes for each oriented one: less than in its text. */
export function viewPointsMemory(sourceBytes: number): number {
  return (64 << 20) + sourceBytes;
}

/** Buffers of a conversion: the file, its vertices as numbers, and what is written. Text is the largest in memory. */
export function meshMemory(sizeBytes: number): number {
  return (16 << 20) + 8 * sizeBytes;
}

/** Buffers of a surface: the file, its vertices as numbers, those of the coarser one. */
export function viewMeshMemory(sizeBytes: number): number {
  return (192 << 20) + 12 * sizeBytes;
}

/** Buffers for one chunk of 256³: decoded, as read, with its neighbours' voxels (16 bits each), and its surfaces. */
const MASK_CHUNK_BYTES = 160 * 2 ** 20;

/** @param threads number of threads that work on chunks at the same time. */
export function viewMaskMemory(shape: Triple, threads: number): number {
  const [, ny, nx] = shape;
  const voxels = volumeOf(shape.map((length) => Math.min(length, 256)) as Triple);
  return (32 << 20) + 2 * ny * nx * 2 + threads * Math.ceil((MASK_CHUNK_BYTES * voxels) / 256 ** 3);
}
