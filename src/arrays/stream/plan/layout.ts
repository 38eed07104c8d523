import type { Triple } from "../../../core/box.js";
import { PORTAL_CHUNKS, type PyramidKind } from "../../../formats/zarr/ome.js";
import { BLOCK_BYTES, FORMS, LEVELS, type VolumeForm } from "./forms.js";

/** Compression of the inner chunks of shards: Blosc frames of emporium's own encoder, or plain zstd. */
export type ShardCodec = "blosc-lz4" | "zstd";

/**
 * Chunks inside shards, `[z, y, x]`. Viewers of volumes read blocks: small and cubic. Viewers of tilt series read sections: a
 * quarter of a large camera's section is one request.
 */
export const INNER_CHUNKS: Record<PyramidKind, Triple> = { tomogram: [128, 128, 128], tiltseries: [1, 1024, 1024] };

/** Chunks of the finest level side by side in a sharded unit: fixed, so buffers and chunk order do not depend on the width. */
export const SHARD_CHUNKS_ACROSS_MAX = 16;

/** Units of a series are at least this large (where there are planes enough), so that receipts are not one a small plane. */
const SERIES_UNIT_BYTES = 256 * 2 ** 20;

/**
 * Division of a volume into units, steps, strips and Blosc blocks: what is read at once, and the block and chunk that it becomes.
 */
export interface Layout {
  /** Voxels of a chunk, or of an inner chunk of a shard. */
  chunk: Triple;
  /** Planes and rows of a step at most. All its tasks work in the same buffers. */
  stepPlanes: number;
  stepRows: number;
  /**
   * Planes and rows of a strip, the part of a step that one read task takes: multiples of 2^(LEVELS - 1) along halved axes, so
   * that no reduced voxel needs two tasks.
   */
  stripPlanes: number;
  stripRows: number;
  /** Planes and rows of a unit: of the coarsest level one chunk, which no other unit touches. */
  unitPlanes: number;
  unitRows: number;
  /** Planes and rows of a chunk that one Blosc block holds, by level: no more than one step has of them. */
  blockPlanes: readonly number[];
  blockRows: readonly number[];
  /** True: a step has rows of one chunk a column, the next step may have another's. False: all chunks grow with each step. */
  followsRows: boolean;
}

/** @param extent rows and columns of the volume, at most those of a unit. It decides how many planes of a series make a unit. */
export function layoutOf(
  form: VolumeForm,
  isSharded: boolean,
  extent: { rows: number; columns: number } = { rows: 1, columns: 1 },
): Layout {
  const { kind, itemBytes } = FORMS[form];
  const chunk = (isSharded ? INNER_CHUNKS : PORTAL_CHUNKS)[kind];
  const unitRows = chunk[1] << (LEVELS - 1);
  const unitPlanes = chunk[0] << (LEVELS - 1);
  const alike = (count: number) => Array.from({ length: LEVELS }, () => count);
  if (kind === "tiltseries") {
    return {
      ...{ chunk, stepPlanes: 1, stepRows: 1024, stripPlanes: 1, stripRows: 256, unitRows },
      unitPlanes: Math.max(1, Math.floor(SERIES_UNIT_BYTES / (Math.min(extent.rows, unitRows) * extent.columns * itemBytes))),
      blockPlanes: alike(1),
      blockRows: alike(BLOCK_BYTES / itemBytes / chunk[2]),
      followsRows: true,
    };
  }
  if (!isSharded) {
    return {
      ...{ chunk, stepPlanes: 4, stepRows: 1024, stripPlanes: 4, stripRows: 256, unitPlanes, unitRows },
      blockPlanes: alike(1),
      blockRows: alike(BLOCK_BYTES / itemBytes / chunk[2]),
      followsRows: false,
    };
  }
  return {
    ...{ chunk, stepPlanes: 16, stepRows: chunk[1], stripPlanes: 4, stripRows: chunk[1], unitPlanes, unitRows },
    blockPlanes: Array.from({ length: LEVELS }, (_, level) => (level === 0 ? planesOfBlock(chunk, itemBytes) : 1)),
    blockRows: Array.from({ length: LEVELS }, (_, level) => chunk[1] >> level),
    followsRows: true,
  };
}

/**
 * Planes of an inner chunk in one block: 128 KiB, which packs 15 % faster than 64 KiB and a little smaller, and is a small part
 * of a chunk. Streams are at most 64 KiB, which our encoder packs best.
 */
function planesOfBlock([, height, width]: Triple, itemBytes: number): number {
  return Math.min(2 * BLOCK_BYTES, itemBytes * BLOCK_BYTES) / (height * width * itemBytes);
}

/** Plain bytes of the largest block. */
export function blockBytesMax(form: VolumeForm, isSharded: boolean): number {
  const { chunk, blockPlanes, blockRows } = layoutOf(form, isSharded);
  return Math.max(...blockRows.map((rows, level) => blockPlanes[level]! * rows * chunk[2] * FORMS[form].itemBytes));
}

/** Columns at which units may be cut along x: one chunk of the coarsest level wide. */
export function columnGrain(form: VolumeForm, isSharded = false): number {
  return layoutOf(form, isSharded).chunk[2] << (LEVELS - 1);
}
