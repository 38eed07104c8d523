import type { Triple } from "../../../core/box.js";
import { PAGE_BYTES, pagesAbove } from "../../../stores/file/direct.js";
import { align, BLOCK_BYTES, FORMS, type VolumeForm } from "./forms.js";
import { blockBytesMax, layoutOf } from "./layout.js";
import { MEAN_ROWS, type Resampling } from "./resampling.js";

/** Facts of a job from which the sizes of the buffers follow. */
export interface PrivateBufferOptions {
  shape: Triple;
  form: VolumeForm;
  columns: number;
  rawRowBytes: number;
  rawSlots: number;
  resampling?: Resampling | undefined;
  shards?: object | undefined;
  direct?: boolean | undefined;
  mrc?: boolean | undefined;
}

/** Bytes of a worker's window, through which it reads and writes past the page cache. */
export const WINDOW_BYTES = 2 ** 20;
/** Encoded bytes of a chunk that wait for more of them: short writes past the cache are slow. */
export const TAIL_BYTES = 32 * 2 ** 10;

/** Source rows that a mask or label job converts at once. Its step buffers are small, so these must be too. */
export const RAW_ROWS = 64;

/** Addresses of the buffers that one worker has for itself, and where they end. */
export interface PrivateBuffers {
  /** Stored voxels before they are converted. */
  raw: number;
  /** A block being encoded; between two encode tasks, float32 in progress to a mask, or of a level whose values are counted. */
  block: number;
  /** Hash table of the encoder. */
  hash: number;
  stats: number;
  /** An encoded block of zeros while it is made. */
  spare: number;
  /** Encoded blocks of one task; nothing where they go into buffers of chunks. On a page, behind room for a tail, where they go past the page cache. */
  encoded: number;
  /** A window of `WINDOW_BYTES`, aligned to a page; empty where all goes through the page cache. */
  window: number;
  /** Integers of a strip's plane as float32, for the MRC; nothing where the Zarr has the same type or no MRC is written. */
  floats: number;
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
  const { form, shape, columns, rawRowBytes, rawSlots, resampling, shards, direct = false, mrc = false } = options;
  const { chunk, stepPlanes, stepRows, stripPlanes, stripRows, blockRows } = layoutOf(form, shards !== undefined);
  let top = start;
  const take = (bytes: number) => {
    const at = top;
    top += align(bytes);
    return at;
  };
  const takePages = (bytes: number) => pagesAbove(take(bytes + PAGE_BYTES));
  const { kind, reduce, integers } = FORMS[form];
  const raw = take(
    rawSlots === 0 ? Math.min(reduce === "mean" ? stripRows : RAW_ROWS, resampling?.shape[1] ?? shape[1]) * rawRowBytes : 0,
  );
  const block = take(blockBytesMax(form, shards !== undefined));
  const hash = take(16_384);
  const stats = take(64);
  const spare = take(2048);
  // a task of a series appends the rows of a step, any other one plane of a chunk for each plane of a step
  const blocks = (kind === "tiltseries" ? stepRows : stepPlanes * chunk[1]) / blockRows[0]!;
  const encodedBytes = shards ? 0 : blocks * (BLOCK_BYTES + 64) + 2048;
  const encoded = direct && !shards ? takePages(encodedBytes + TAIL_BYTES) : take(encodedBytes);
  const window = direct ? takePages(WINDOW_BYTES) : top;
  const floats = take(mrc && integers !== undefined ? 4 * Math.min(stripRows, shape[1]) * Math.min(columns, shape[2]) : 0);
  const sourceWidth = resampling?.shape[2] ?? 0;
  const width = resampling ? Math.min(columns, shape[2]) : 0;
  const row = take(4 * sourceWidth);
  const picked = take(2 * sourceWidth);
  const line = take(8 * width);
  const sumRows = Math.min(stripPlanes, shape[0]) * Math.min(MEAN_ROWS, shape[1]);
  const sums = take(resampling?.method === "mean" ? 8 * sumRows * width : 0);
  return { raw, block, hash, stats, spare, encoded, window, floats, row, picked, line, sums, end: top };
}
