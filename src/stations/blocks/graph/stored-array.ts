import type { Box, Triple } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import type { ChunkOutputs } from "../../../engine/blocks/chunk-outputs.js";
import type { ShardEncoder } from "../../../formats/zarr/v3-write.js";
import { colourOf, type Neighbours } from "./external/colours.js";

/** An array that tasks write and other tasks read before it has metadata. Plain JSON. */
export type StoredArray = {
  readonly format: "zarr2" | "zarr3" | "precomputed";
  /** Key of its folder in the target, with a slash at its end. */
  readonly folder: string;
  readonly shape: Triple;
  readonly dtype: DType;
  readonly chunk: Triple;
  readonly shard: Triple | null;
  readonly codec: "blosc-lz4" | "zstd" | "raw" | "compressed_segmentation";
  /** Voxel offset of precomputed volumes: the first voxel in names of chunks. Null for Zarr. */
  readonly offset: Triple | null;
  /**
   * If set, objects of each colour are in a folder of their own: the colour's number stands behind `folder`, which then has
   * no slash at its end.
   */
  readonly colours?: Neighbours | undefined;
};

/** The part of an array whose objects have one colour, as their tasks write it. */
export function ofColour({ colours: _, ...array }: StoredArray, colour: number): StoredArray {
  return { ...array, folder: `${array.folder}${colour}/` };
}

/** Key of an object in the target. @param key below the array's folder */
export function keyIn({ folder, colours }: StoredArray, key: string): string {
  if (!colours) return `${folder}${key}`;
  const at = key.split("/").slice(1).map(Number) as Triple;
  return `${folder}${colourOf(colours, at)}/${key}`;
}

/** Voxels of one object: of a shard or, without shards, of a chunk. */
export function objectShape({ chunk, shard }: Pick<StoredArray, "chunk" | "shard">): Triple {
  return shard ?? chunk;
}

export function outputsOf(array: StoredArray): ChunkOutputs {
  if (array.format === "precomputed") return { prefix: array.folder, chunk: array.chunk, rangesFrom: array.offset ?? [0, 0, 0] };
  const prefix = array.format === "zarr3" ? `${array.folder}c/` : array.folder;
  return { prefix, chunk: objectShape(array), separator: "/" };
}

/** Reads and encodes parts of an array. */
export interface ArrayAccess {
  /** C order, the host's byte order. Objects that are not there are an error: a task that others need has failed. */
  read(box: Box, signal: AbortSignal): Promise<Uint8Array>;
  /** Objects at the end of the array are as large as all others. */
  readonly isPadded: boolean;
  /** @param plain every voxel of one object of this shape, padding included; C order */
  encode(plain: Uint8Array, shape: Triple): Promise<Uint8Array>;
  /** Encodes the chunks of a shard one by one; undefined where objects are no shards. */
  readonly shard?: ShardEncoder | undefined;
}
