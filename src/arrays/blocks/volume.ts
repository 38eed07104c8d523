import type { Box, Triple } from "../../core/box.js";
import type { DType } from "../../core/dtype.js";
import type { BoxReadOptions } from "../plane/plane.js";

/** One resolution of a volume that is read box by box. Nothing of it is read before the first `read`. */
export interface BlockLevel {
  /** Voxels `[z, y, x]`. */
  readonly shape: Triple;
  readonly dtype: DType;
  /** Voxels that are decoded at once: a chunk, a row of tiles, a slice. */
  readonly chunk: Triple;
  /** Voxels of one stored object, where an object holds several chunks. */
  readonly shard?: Triple | undefined;
  /** Voxel size `[z, y, x]`; undefined where the source gives none, or gives it in a unit that is no length. */
  readonly voxelSizeNm: readonly [z: number | undefined, y: number | undefined, x: number | undefined];
  /** Centre of the voxel `[0, 0, 0]` in the world. */
  readonly offsetNm: Triple;
  /** Name as people write it: `blosc-lz4`, `zstd`, `raw`. */
  readonly codec: string;
  /**
   * A box of voxels: C order, the host's byte order, memory of its own.
   *
   * @throws {EmporiumError} USAGE (a box outside the level), FORMAT_CORRUPT, FORMAT_TRUNCATED, what the store throws
   */
  read(box: Box, options?: BoxReadOptions): Promise<Uint8Array>;
  /**
   * Looks at the objects of the level, by one listing. Undefined where the store does not say. Absent where the volume is a file, whose identity is
   * that of the volume.
   */
  voxelIdentity?(options?: { signal?: AbortSignal | undefined }): Promise<VoxelIdentity | undefined>;
}

/** Identity of the stored voxels of a level: it changes when objects in the same place are replaced. */
export interface VoxelIdentity {
  /** The folder of the level's objects, with a slash at its end. */
  readonly key: string;
  /** Bytes of all objects that were looked at. */
  readonly size: number;
  /** Checksum of the objects' names, sizes, and ETags or times. */
  readonly etag: string;
  readonly objects: number;
  /** False: there are more, which were not looked at. */
  readonly isAll: boolean;
}

/** A volume that is open for reading by boxes. */
export interface BlockVolume {
  /** The location, as the person gave it, without secrets. */
  readonly name: string;
  /** Objects that define the volume (its metadata, or the file itself), as they were when it was opened. */
  readonly identity: readonly {
    readonly key: string;
    readonly size: number;
    readonly etag?: string | undefined;
    readonly modifiedMs?: number | undefined;
  }[];
  /** Contents that are not read, and statements of the file that are not followed, as sentences for a person. */
  readonly notes?: readonly string[] | undefined;
  /** Resolutions of the volume, finest first. */
  readonly levels: readonly BlockLevel[];
  close(): Promise<void>;
}
