import type { RandomAccess } from "../../../../core/bytes.js";
import { EmporiumError } from "../../../../core/errors.js";
import { type MrcHeader, readMrcHeader } from "../../../../formats/mrc/header.js";
import { decodePlaneValues } from "../../../../formats/mrc/read.js";

/** Statistics of an MRC file's voxels. */
export interface VoxelFacts {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Standard deviation. */
  readonly deviation: number;
  /** Voxels that are NaN or infinite; the statistics above are of the others. */
  readonly notFinite: number;
  /** Byte of the first of them in the file. */
  readonly notFiniteAt: number | undefined;
  /** Every voxel was read. Of a large volume only samples are: their least voxel may not be the least of all. */
  readonly whole: boolean;
  /** Statistics that the header states. */
  readonly header: Pick<MrcHeader, "dmin" | "dmax" | "dmean" | "rms">;
}

/** Bytes of one volume that are read, at most. */
const SAMPLE_BYTES = 64 * 2 ** 20;
/** Bytes that are read at once, at most. */
const PIECE_BYTES = 4 * 2 ** 20;

/**
 * Reads voxels of an MRC file: all of up to 64 MiB, else pieces of up to 4 MiB at even distances over the whole volume, 64 MiB in
 * total.
 *
 * @throws {EmporiumError} STORE_…, FORMAT_…; FORMAT_UNSUPPORTED for complex and 4-bit voxels
 */
export async function readVoxelFacts(source: RandomAccess, signal?: AbortSignal): Promise<VoxelFacts> {
  const header = await readMrcHeader(source, { signal });
  const itemBytes = ITEM_BYTES[header.dtype];
  if (itemBytes === undefined) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${source.name}: statistics of ${header.dtype} voxels are not read`);
  }
  const [nz, ny, nx] = header.shape;
  const bytes = nz * ny * nx * itemBytes;
  const whole = bytes <= SAMPLE_BYTES;
  const piece = Math.max(1, Math.floor(PIECE_BYTES / itemBytes)) * itemBytes;
  const pieces = Math.ceil(bytes / piece);
  const read = whole ? pieces : Math.floor(SAMPLE_BYTES / piece);
  const sum: Sums = { min: Infinity, max: -Infinity, count: 0, total: 0, squares: 0, notFinite: 0, notFiniteAt: undefined };
  for (let i = 0; i < read; i++) {
    const offset = Math.floor((i * pieces) / read) * piece;
    const length = Math.min(piece, bytes - offset);
    const body = await source.read({ offset: header.dataOffset + offset, length }, { signal });
    add(sum, decodePlaneValues(body, header), (voxel) => header.dataOffset + offset + voxel * itemBytes);
  }
  const mean = sum.total / sum.count;
  return {
    min: sum.min,
    max: sum.max,
    mean,
    deviation: Math.sqrt(Math.max(0, sum.squares / sum.count - mean * mean)),
    notFinite: sum.notFinite,
    notFiniteAt: sum.notFiniteAt,
    whole,
    header,
  };
}

const ITEM_BYTES: Partial<Record<MrcHeader["dtype"], number>> = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  float32: 4,
};

interface Sums {
  min: number;
  max: number;
  /** Number of finite voxels. */
  count: number;
  total: number;
  squares: number;
  notFinite: number;
  notFiniteAt: number | undefined;
}

function add(sum: Sums, values: Float32Array, byteOf: (voxel: number) => number): void {
  let { min, max, total, squares } = sum;
  let notFinite = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // the difference of a finite number to itself is 0
    if (value - value !== 0) {
      if (sum.notFinite + notFinite === 0) sum.notFiniteAt = byteOf(i);
      notFinite++;
      continue;
    }
    if (value < min) min = value;
    if (value > max) max = value;
    total += value;
    squares += value * value;
  }
  const count = sum.count + values.length - notFinite;
  Object.assign(sum, { min, max, total, squares, count, notFinite: sum.notFinite + notFinite });
}
