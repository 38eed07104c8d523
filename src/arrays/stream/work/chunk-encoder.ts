import type { Kernels } from "../../kernels/kernels.js";
import type { Geometry } from "../plan/geometry.js";
import type { PrivateBuffers } from "../plan/private-buffers.js";
import type { ChunkColumn, Step } from "../plan/shard-walk.js";
import type { WorkerJob, WorkerMessage } from "./worker-job.js";

/** Appends what a step has of a column's chunk to it. `state`: the first of the column's words. */
export type ChunkEncoder = (step: Step, column: ChunkColumn, state: number, slot: 0 | 1, ticket: number) => void | Promise<void>;

export interface ChunkEncoderOptions {
  job: WorkerJob;
  g: Geometry;
  kernels: Kernels;
  buffers: PrivateBuffers;
  post(message: WorkerMessage): void;
  /** Waits until a word has another value than this one. */
  changed(word: number, value: number): void;
}

/** Encoded blocks of zeros by size: for blocks outside of the volume, and to recognise chunks that hold only zeros. */
export function encodedZeros({ job, g, kernels, buffers }: ChunkEncoderOptions): (blockBytes: number) => Uint8Array {
  const bytes = new Uint8Array(job.memory.buffer);
  const known = new Map<number, Uint8Array>();
  return (blockBytes) => {
    let zeros = known.get(blockBytes);
    if (!zeros) {
      bytes.fill(0, buffers.block, buffers.block + blockBytes);
      const size = kernels.pack(g.itemBytes, buffers.block, blockBytes / g.itemBytes, buffers.spare, buffers.hash);
      zeros = bytes.slice(buffers.spare, buffers.spare + size);
      known.set(blockBytes, zeros);
    }
    return zeros;
  };
}
