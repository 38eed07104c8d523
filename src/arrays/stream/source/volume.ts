import type { Triple } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import type { MrcHeader } from "../../../formats/mrc/header.js";
import type { Stat, Store } from "../../../stores/store.js";
import type { RawVolume, Voxel } from "../plan/job.js";

export interface OpenVolumeOptions {
  signal?: AbortSignal | undefined;
  /** A local folder for sources that cannot be read in place: compressed files, permuted axes, Zarr. Made when first needed. */
  scratch(): Promise<string>;
  /** The reference's reading: axis order ignored, unsigned bytes known by their maximum alone. */
  compat: boolean;
  /** Lays a source out as a local file even if it is read over a network: it will not be read from front to back. */
  asFile?: boolean | undefined;
}

export interface VolumeFacts {
  /** Type of the voxels as they are read, with the sign that applies. */
  dtype: DType;
  /** Voxels `[z, y, x]`, axes in that order whatever the file's own. */
  shape: Triple;
  /** Voxel size `[z, y, x]`; undefined where the file does not say. */
  voxelSizeAngstrom: [z: number | undefined, y: number | undefined, x: number | undefined];
  /** Position of the first voxel `[z, y, x]`; 0 where the file does not say. */
  originAngstrom: Triple;
  /** Headers of an MRC source, which a converted file carries over. */
  mrc?: { header: MrcHeader; extended: Uint8Array } | undefined;
  warnings: string[];
  /** State of the stored object, where the volume is a single one. */
  stat?: Stat | undefined;
}

export interface OpenVolume extends VolumeFacts {
  raw: RawVolume;
}

export interface ScanOptions {
  /** The reference's reading of mode 0. */
  compat: boolean;
  signal?: AbortSignal | undefined;
}

/** Stored voxels that follow each other without gaps. */
export interface VoxelRun {
  name: string;
  bytes: Uint8Array;
  count: number;
  voxel: Voxel;
  swap: boolean;
  placeOf(index: number): [z: number, y: number, x: number];
}

/** Reader of the volumes of one format. */
export interface VolumeSource {
  /** The facts by its header or documents alone. */
  describe(store: Store, key: string, options: Pick<OpenVolumeOptions, "signal" | "compat">): Promise<VolumeFacts>;
  open(store: Store, key: string, options: OpenVolumeOptions): Promise<OpenVolume>;
  /** All voxels once, in bounded memory and without a file on disk; the order of their axes may be the file's own. */
  runs(store: Store, key: string, options: ScanOptions): AsyncIterable<VoxelRun>;
}
