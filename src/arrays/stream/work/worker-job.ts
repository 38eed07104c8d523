import type { Triple } from "../../../core/box.js";
import type { ErrorRecord } from "../../../core/errors.js";
import type { CONVERT } from "../../kernels/kernels.js";
import type { GeometryOptions } from "../plan/geometry.js";
import type { MaskSelection } from "../plan/selection.js";

/** The job of every worker. Plain data, sent by `postMessage`; the memory is shared. */
export interface WorkerJob {
  geometry: GeometryOptions;
  memory: WebAssembly.Memory;
  module: WebAssembly.Module;
  thread: number;
  /** Units that an earlier attempt finished. */
  skipUnits: number[];
  source: SourceJob;
  mrc: { path: string; dataOffset: number; isDirect: boolean } | undefined;
  /** Folder of the Zarr hierarchy that is being made; level folders exist. */
  zarr: { folder: string; isDirect: boolean } | undefined;
  edge: "present" | "zeros";
  /** Form `mask`: what becomes 1. */
  select: MaskSelection | undefined;
}

/** Tells an idle worker to free what earlier jobs left: idle threads collect no garbage by themselves. */
export const FREE = "free";

export interface SourceJob {
  /** Absent: the main thread fills the raw slots. */
  file: { path: string; offset: number; isDirect: boolean } | undefined;
  name: string;
  convert: keyof typeof CONVERT;
  /** Bytes of one whole source row, and of one voxel (0.5: two voxels a byte, rows padded to a byte). */
  rowBytes: number;
  itemBytes: number;
  swap: boolean;
}

/** Messages of a worker. `unit` comes from the worker that finished the unit's last task. */
export type WorkerMessage =
  | { kind: "begin"; path: string }
  | { kind: "object"; key: string; path: string; size: number; crc32: number; unit: number }
  /** A chunk of a shard is whole in its buffer; of size 0, all zeros. The buffer is the main thread's now. */
  | { kind: "chunk"; level: number; chunk: Triple; unit: number; buffer: number; size: number; crc32: number }
  /** Sum of the unit's planes of the slab, for some of its rows. */
  | { kind: "slab"; y: number; x: number; width: number; sum: Float32Array }
  | { kind: "unit"; unit: number; sums: number[]; checksums: number[]; counts: Uint32Array }
  | { kind: "end" }
  | { kind: "error"; error: ErrorRecord };
