import type { Triple } from "../../../core/box.js";
import type { DType } from "../../../core/dtype.js";
import { EmporiumError } from "../../../core/errors.js";
import type { IoMode } from "../../../stores/io-mode.js";
import type { CONVERT } from "../../kernels/kernels.js";
import type { ShardSink } from "../write/shard-sink.js";
import type { VolumeForm } from "./forms.js";
import type { Slab } from "./geometry.js";
import type { ShardCodec } from "./layout.js";
import type { MaskSelection } from "./selection.js";

/** Voxels in C order, `[z, y, x]`, x fastest, behind `offset` of a file of this machine or behind a reader. */
export interface RawVolume {
  name: string;
  shape: Triple;
  dtype: DType;
  littleEndian: boolean;
  /** 1-byte voxels u that were stored unsigned under a signed mode: they become u − 128. */
  flipSign?: boolean | undefined;
  data: { path: string; offset: number } | { read(offset: number, length: number): Promise<Uint8Array>; offset: number };
}

export interface Statistics {
  min: number;
  max: number;
  mean: number;
  /** Standard deviation (population), which the MRC header calls rms. */
  rms: number;
  /** NaN and infinite voxels: left out of the four figures. */
  nonFinite: number;
  count: number;
}

/** The object of a chunk, or a chunk of a shard: its key is its place, its size is 0 if all voxels are zero. */
export interface WrittenObject {
  /** Key below the Zarr folder: `0/3/1/2`. */
  key: string;
  path: string;
  size: number;
  crc32: number;
}

/** A unit that is whole on disk: what a resumed attempt needs instead of its voxels. Plain JSON. */
export interface UnitReceipt {
  unit: number;
  /** Columns of a unit. A receipt of another cut (another memory limit) is of no use. */
  columns: number;
  /** min, max, sum, sum of squares, non-finite count; min and max are text where no voxel is finite. */
  sums: readonly (number | string)[];
  /** CRC-32 of the unit's bytes as written: one for all where they lie together in the MRC, else one a plane. */
  checksums: readonly number[];
  objects: readonly { key: string; size: number; crc32: number }[];
}

export interface WriteVolumeOptions {
  source: RawVolume;
  form: VolumeForm;
  /** Selection of the voxels that become 1, for the form `mask`. Other forms have none. */
  select?: MaskSelection | undefined;
  /** Voxels `[z, y, x]` that are wanted of a mask or labels. Where the source has others, it is resampled, and must be a file. */
  targetShape?: Triple | undefined;
  /**
   * Rule for the mean at an odd last plane, row or column: of the voxels that exist, or with the reference's zeros beside them.
   */
  edge: "present" | "zeros";
  threads: number;
  memoryBytes: number;
  /** A local MRC file, empty or partly written. `head` makes the header and extended header when all voxels are written. */
  mrc?: { path: string; headBytes: number; head(statistics: Statistics): Uint8Array | Promise<Uint8Array> } | undefined;
  /** Folder for the chunks of all levels; metadata documents are the caller's. */
  zarr?: { folder: string } | undefined;
  /** All levels as shards instead (Zarr v3), of at most `bytesMax` plain bytes each. */
  shards?: { sink: ShardSink; codec: ShardCodec; bytesMax?: number | undefined } | undefined;
  /** Folder for counts of finished units, which a resume needs. Absent: a resume is not possible, and `onUnit` is not called. */
  scratch?: string | undefined;
  /** Planes of the volume whose sum is wanted, for pictures. */
  slab?: Slab | undefined;
  /** Units of an earlier attempt on the same files. */
  finished?: readonly UnitReceipt[];
  onUnit?: ((receipt: UnitReceipt) => Promise<void>) | undefined;
  /** Modes of reading and writing the files. Default `auto`. */
  io?: { read?: IoMode | undefined; write?: IoMode | undefined } | undefined;
  /** Files shall be synced at the end: they are sent to the disk while they are being written. */
  flush?: boolean | undefined;
  /** Called for each finished chunk, which is finished when the promise resolves. Reading goes on, up to `pendingBytes`. */
  onObject?: ((object: WrittenObject) => Promise<void>) | undefined;
  pendingBytes?: number;
  /** Source bytes read so far, those of finished units included. */
  onProgress?: ((bytesRead: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

export interface WriteVolumeResult {
  shapes: Triple[];
  chunk: Triple;
  /** Voxels of a shard of each level. */
  shards?: Triple[] | undefined;
  statistics: Statistics;
  /** Counts over the order-preserving upper 16 bits of float32, of the coarsest level. Of volumes and series. */
  histogram?: Float64Array | undefined;
  /** Form `labels`: those above 0 that level 0 holds, ascending. */
  labels?: number[] | undefined;
  /** Sum of the slab's planes as float32, in C order. Undefined if an earlier attempt has read some of the planes. */
  slab?: Float32Array | undefined;
  mrc?: { size: number; crc32: number } | undefined;
  objects: { key: string; size: number; crc32: number }[];
}

/** Conversion and stored size of a voxel of the source. */
export interface Voxel {
  convert: keyof typeof CONVERT;
  itemBytes: number;
}

/** @throws {EmporiumError} FORMAT_UNSUPPORTED for element types that are no voxels of a volume. */
export function voxelOf({ dtype, flipSign, name }: RawVolume): Voxel {
  const itemBytes = {
    int8: 1,
    uint8: 1,
    int16: 2,
    uint16: 2,
    float16: 2,
    int32: 4,
    uint32: 4,
    float32: 4,
    float64: 8,
    uint4: 0.5,
  } as Record<string, number>;
  const size = itemBytes[dtype];
  if (size === undefined) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: voxels of type ${dtype} cannot become a float32 volume`, {
      place: { file: name },
    });
  }
  return { convert: (dtype === "int8" && flipSign ? "int8Flipped" : dtype) as keyof typeof CONVERT, itemBytes: size };
}
