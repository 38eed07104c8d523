import type { Box, Triple } from "../../core/box.js";
import type { ChunkCoding } from "./chunked.js";

/** Each chunk begins at a multiple of this: what devices copy and decode well. */
export const STORED_ALIGNMENT = 256;

/** A chunk as it is stored. */
export interface StoredChunk {
  /** Position in the grid of chunks. */
  readonly cell: Triple;
  /** Bytes of the whole chunk once it is decoded, axes beside z, y, x included. */
  readonly plainBytes: number;
  /** Bytes in `buffer` from `offset` on; 0 where nothing is stored. */
  readonly storedBytes: number;
  readonly offset: number;
  /** What of the chunk is wanted, from its own first voxel. */
  readonly source: Box;
  /** Where that goes, from the first voxel of the wanted box. */
  readonly target: Box;
  /** Nothing is stored: every voxel is `StoredBlock.fill`. */
  readonly absent: boolean;
}

/** The chunks that a box touches, still compressed. */
export interface StoredBlock {
  readonly shape: Triple;
  readonly itemBytes: number;
  /** One element, host byte order: the value of what is not stored. */
  readonly fill: Uint8Array;
  /** How each chunk is decoded: filters and compressors, layout of the voxels, byte order. Plain data. */
  readonly coding: ChunkCoding;
  readonly chunks: readonly StoredChunk[];
  /** All stored bytes, each chunk at a multiple of {@link STORED_ALIGNMENT}. */
  readonly buffer: Uint8Array;
}
