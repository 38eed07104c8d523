import { type Box, boxShape, type Triple, volumeOf } from "../../core/box.js";
import type { ChunkCoding, ChunkedLevel } from "./chunked.js";
import type { ChunkPart } from "./copy.js";

/** Alignment of each chunk in the buffer, which devices copy and decode efficiently. */
const STORED_ALIGNMENT = 256;

/** A chunk as it is stored. */
export interface StoredChunk {
  /** Position in the grid of chunks. */
  readonly cell: Triple;
  /** Bytes of the whole chunk once it is decoded, axes beside z, y, x included. */
  readonly plainBytes: number;
  /** Bytes in `buffer` from `offset` on; 0 where nothing is stored. */
  readonly storedBytes: number;
  readonly offset: number;
  /** The wanted part of the chunk, from the chunk's own first voxel. */
  readonly source: Box;
  /** The place of that part in the wanted box, from the box's first voxel. */
  readonly target: Box;
  /** Nothing is stored: every voxel is `StoredBlock.fill`. */
  readonly absent: boolean;
}

/** The chunks that a box touches, still compressed. */
export interface StoredBlock {
  readonly shape: Triple;
  readonly itemBytes: number;
  /** Fill value, as one element in host byte order: that of voxels that are not stored. */
  readonly fill: Uint8Array;
  /** Decoding of each chunk: filters and compressors, layout of the voxels, byte order. Plain data. */
  readonly coding: ChunkCoding;
  readonly chunks: readonly StoredChunk[];
  /** All stored bytes, each chunk at a multiple of 256. */
  readonly buffer: Uint8Array;
}

/** @param found stored bytes of the parts, in their order; undefined where there are none. */
export function storedBlock(
  level: ChunkedLevel,
  box: Box,
  parts: readonly ChunkPart[],
  found: readonly (Uint8Array | undefined)[],
): StoredBlock {
  const plainBytes = level.coding?.kind === "steps" ? level.coding.plainBytes : volumeOf(level.chunk) * level.itemBytes;
  let end = 0;
  const chunks = parts.map((part, i): StoredChunk => {
    const offset = end;
    const storedBytes = found[i]?.length ?? 0;
    end += Math.ceil(storedBytes / STORED_ALIGNMENT) * STORED_ALIGNMENT;
    const target = { start: part.at, stop: part.at.map((from, axis) => from + part.shape[axis]!) as Triple };
    return { cell: part.cell, plainBytes, storedBytes, offset, source: part.inChunk, target, absent: found[i] === undefined };
  });
  const buffer = new Uint8Array(end);
  chunks.forEach(({ offset }, i) => {
    if (found[i]) buffer.set(found[i], offset);
  });
  return { shape: boxShape(box), itemBytes: level.itemBytes, fill: level.fill, coding: level.coding!, chunks, buffer };
}
