import type { BlockCounts } from "../../../arrays/blocks/blocks.js";
import { ceilDiv, type Triple } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import type { JsonObject } from "../../../core/json.js";

/** One array of a batch: C order, host's byte order. */
export interface BatchArray {
  readonly dtype: DType;
  /** `[blocks, z, y, x]`. */
  readonly shape: readonly number[];
  /** The bytes in order: one piece, or one for each block. */
  readonly pieces: readonly Uint8Array[];
}

/** Blocks that are sent together. The bytes stay as they are until `done` is called. */
export interface StreamBatch {
  readonly arrays: Readonly<Record<string, BatchArray>>;
  /** First voxel of each block with its halo, in voxels of the level. */
  readonly origins: readonly Triple[];
  readonly ids: readonly number[];
  /** Factor for the loss of each block that undoes the balancing. */
  readonly weights: readonly number[];
  /** Further facts for the client, such as the chunks of a compressed batch. */
  readonly facts?: JsonObject | undefined;
  /** The bytes are no longer needed. */
  done(): void;
}

/** The part of an epoch that one client gets. */
export interface Share {
  readonly rank: number;
  readonly world: number;
  readonly epoch: number;
  /** Batches of this share that are left out at the beginning: a client that goes on in the middle of an epoch. */
  readonly skip: number;
}

/** Blocks of a share, and the batches that are left of it. */
export function sizeOf(rank: number, { skip }: Share, batch: number): { blocks: number; batches: number } {
  return { blocks: rank, batches: Math.max(0, ceilDiv(rank, batch) - skip) };
}

/** The grid of the blocks: all of it in voxels `[z, y, x]` of one level of the first volume. */
export interface GridFacts {
  readonly level: number;
  /** Voxels of the level. */
  readonly shape: Triple;
  /** Voxels of a block, without its halo. */
  readonly block: Triple;
  readonly halo: Triple;
  readonly step: Triple;
  /** Null where the volume does not say. */
  readonly voxelSizeNm: readonly (number | null)[];
  /** World position of the center of the first voxel. */
  readonly offsetNm: Triple;
}

/** Facts that a server tells all clients before the first batch. */
export interface StreamFacts {
  readonly grid: GridFacts;
  /** Arrays by name: element type, and the voxels `[z, y, x]` of a block. */
  readonly arrays: Readonly<Record<string, { readonly dtype: DType; readonly shape: Triple }>>;
  /** Blocks of a full batch. */
  readonly batch: number;
  /** The largest batch: what a slot of the shared memory must hold. */
  readonly batchBytes: number;
  /** Content of the volumes that is not read, and metadata that is not followed. */
  readonly notes?: readonly string[] | undefined;
}

/** Source of batches. Every client reads its own share; the caches below are shared. */
export interface BatchSource {
  readonly facts: StreamFacts;
  /** @throws {EmporiumError} what reading a mask throws */
  counts(share: Share, signal: AbortSignal): Promise<BlockCounts>;
  /** @throws {EmporiumError} what reading throws. Leaving early frees everything. */
  batches(share: Share, signal: AbortSignal): AsyncIterable<StreamBatch>;
  close(): Promise<void>;
}
