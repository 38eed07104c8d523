import type { Triple } from "../../core/box.js";
import type { ByteRange } from "../../core/bytes.js";
import type { DType } from "../../core/dtype.js";
import type { N5Dataset } from "../../formats/n5/attributes.js";
import type { VolumeInfo, VolumeScale } from "../../formats/precomputed/info.js";
import type { ByteStep } from "../../formats/zarr/steps.js";
import type { BlockLevel } from "../blocks/volume.js";

/** One level as the chunks that it is stored in. Chunks at the upper edge have the same shape; what lies outside is not looked at. */
export interface ChunkedLevel extends Omit<BlockLevel, "read" | "voxelIdentity"> {
  /** Name of the level in messages. */
  readonly name: string;
  /** `notes` of the volume that it is a level of. */
  readonly notes?: readonly string[] | undefined;
  readonly dtype: DType;
  readonly itemBytes: number;
  /** Fill value, as one element in host byte order: that of voxels that no chunk holds. */
  readonly fill: Uint8Array;
  /** Folder of its objects, with a slash at its end; absent where the volume is a file. */
  readonly folder?: string | undefined;
  /** Decoding of a stored chunk; undefined where only `load` reads chunks. */
  readonly coding: ChunkCoding | undefined;
  /** The place where a chunk is stored; undefined where there is none. An object need not exist at the key. */
  find(cell: Triple, signal?: AbortSignal): ChunkPlace | undefined | Promise<ChunkPlace | undefined>;
  /** The stored bytes of a chunk, for formats where these are not simply the bytes at its place. */
  fetch?(cell: Triple, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  /** The place where a chunk is stored and the codecs around it, for formats whose `find` does not give the place. */
  locate?(cell: Triple, signal?: AbortSignal): Promise<(ChunkPlace & { readonly codecs: readonly string[] }) | undefined>;
  /** Memory that `load` takes meanwhile. Default: a chunk and as much again. */
  readonly loadBytes?: number | undefined;
  /** Memory that `load` may take beyond that, of a damaged file: it is counted as far as there is room for it. Default: none. */
  readonly spareBytes?: number | undefined;
  /**
   * Voxels of a chunk in C order and the host's byte order, padded to the shape of a chunk; for formats that decode by
   * themselves.
   */
  load?(cell: Triple, signal?: AbortSignal): Promise<{ plain: Uint8Array; storedBytes: number }>;
}

/** A chunk in a store. */
export interface ChunkPlace {
  readonly key: string;
  /** A part of the object; default: all of it. */
  readonly range?: ByteRange | undefined;
  /** ETag that the object must still have: what an index says is wrong for another version. */
  readonly etag?: string | undefined;
}

/** Description of the decoding from a stored chunk to voxels. Plain data: it is handed to threads. */
export type ChunkCoding = StepCoding | N5Coding | PrecomputedCoding;

/** Position of the voxels `[z, y, x]` among the decoded elements, counted in elements. */
export interface Layout {
  readonly offset: number;
  readonly strides: Triple;
}

/** Zarr, and files of plain voxels. */
export interface StepCoding extends Layout {
  readonly kind: "steps";
  /** Filters and compressors in the order of encoding. */
  readonly steps: readonly ByteStep[];
  /** Bytes of the whole decoded chunk, all axes. */
  readonly plainBytes: number;
  readonly itemBytes: number;
  /** Bytes that are reversed together; 1: none. */
  readonly swapBytes: number;
  /** Each byte of an MRC of mode 0 becomes `u − 128`. */
  readonly flipSign?: boolean | undefined;
}

export interface N5Coding {
  readonly kind: "n5";
  readonly dataset: N5Dataset;
  readonly itemBytes: number;
  /** Axes that are z, y, x; undefined: the dataset has none such. */
  readonly axes: SpatialAxes;
  /** Index within the chunk along all axes; 0 along z, y, x. */
  readonly at: readonly number[];
}

export interface PrecomputedCoding {
  readonly kind: "precomputed";
  readonly info: Pick<VolumeInfo, "dtype" | "channels">;
  readonly scale: Pick<VolumeScale, "encoding" | "block">;
  readonly itemBytes: number;
  readonly channel: number;
  /** Shape of the level, which cuts off its last chunks. */
  readonly shape: Triple;
  readonly chunk: Triple;
}

/** Indices of an array's axes z, y, x; undefined for an axis that it does not have. */
export type SpatialAxes = readonly [z: number | undefined, y: number | undefined, x: number | undefined];
