import type { Triple } from "../../../core/box.js";
import { align, BLOCK_BYTES, type VolumeForm } from "./forms.js";
import { blockBytesMax, layoutOf } from "./layout.js";
import { MEAN_ROWS, type Resampling } from "./resampling.js";

/** What of a job their sizes depend on. */
export interface PrivateBufferOptions {
  shape: Triple;
  form: VolumeForm;
  columns: number;
  rawRowBytes: number;
  rawSlots: number;
  resampling?: Resampling | undefined;
  shards?: object | undefined;
}

/** Source rows that a mask or label job converts at once. Its step buffers are small, so these must be too. */
export const RAW_ROWS = 64;

/** Addresses of the buffers that one worker has for itself, and where they end. */
export interface PrivateBuffers {
  /** Stored voxels before they are converted. */
  raw: number;
  /** A block being encoded; between two encode tasks, float32 in progress to a mask. */
  block: number;
  /** Hash table of the encoder. */
  hash: number;
  stats: number;
  /** An encoded block of zeros while it is made. */
  spare: number;
  /** Encoded blocks of one task; nothing where they go into buffers of chunks. */
  encoded: number;
  /** Resampling: a source row as float32, as a mask or labels, and along x as wide as the target. */
  row: number;
  picked: number;
  line: number;
  /** Resampling by the mean: float64 sums of a strip's planes × `MEAN_ROWS` rows. */
  sums: number;
  end: number;
}

/** Laid out from `start`: the one place that knows how large they are. */
export function privateBuffers(options: PrivateBufferOptions, start: number): PrivateBuffers {
  const { form, shape, columns, rawRowBytes, rawSlots, resampling, shards } = options;
  const { chunk, stepPlanes, stepRows, stripPlanes, stripRows, blockRows } = layoutOf(form, shards !== undefined);
  let top = start;
  const take = (bytes: number) => {
    const at = top;
    top += align(bytes);
    return at;
  };
  const isVoxels = form === "volume" || form === "series";
  const raw = take(
    rawSlots === 0 ? Math.min(isVoxels ? stripRows : RAW_ROWS, resampling?.shape[1] ?? shape[1]) * rawRowBytes : 0,
  );
  const block = take(blockBytesMax(form, shards !== undefined));
  const hash = take(16_384);
  const stats = take(64);
  const spare = take(2048);
  // a task of a series appends the rows of a step, any other one plane of a chunk for each plane of a step
  const blocks = (form === "series" ? stepRows : stepPlanes * chunk[1]) / blockRows[0]!;
  const encoded = take(shards ? 0 : blocks * (BLOCK_BYTES + 64) + 2048);
  const sourceWidth = resampling?.shape[2] ?? 0;
  const width = resampling ? Math.min(columns, shape[2]) : 0;
  const row = take(4 * sourceWidth);
  const picked = take(2 * sourceWidth);
  const line = take(8 * width);
  const sumRows = Math.min(stripPlanes, shape[0]) * Math.min(MEAN_ROWS, shape[1]);
  const sums = take(resampling?.method === "mean" ? 8 * sumRows * width : 0);
  return { raw, block, hash, stats, spare, encoded, row, picked, line, sums, end: top };
}
