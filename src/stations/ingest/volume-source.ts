import { describeVolume } from "../../arrays/stream/source/open-volume.js";
import { describeZarr, zarrVoxel } from "../../arrays/stream/source/zarr-volume.js";
import { type Triple, volumeOf } from "../../core/box.js";
import { ITEM_BYTES } from "../../core/dtype.js";
import type { TaskInput } from "../../engine/task.js";
import { sameSpacing } from "../../model/voxel-spacing.js";
import type { Store } from "../../stores/store.js";

/** What a plan needs to know of a volume: read from its header alone. */
export interface VolumeSource {
  /** Key as tasks name it: an object, or a folder with `/` at its end. */
  readonly key: string;
  /** Voxels `[z, y, x]`, after the axis order of the header. */
  readonly shape: Triple;
  /** Along y, as the header says; undefined where it says nothing. */
  readonly voxelSizeAngstrom: number | undefined;
  /** `[z, y, x]` */
  readonly voxelSizesAngstrom: readonly [z: number | undefined, y: number | undefined, x: number | undefined];
  /** What identifies the source: the object, or the documents of a Zarr. */
  readonly inputs: readonly TaskInput[];
  /** Of a voxel while it is converted: 64-bit integers are read as float64. */
  readonly itemBytes: number;
  /** Bytes that converting it reads; of a Zarr before decompression. */
  readonly bytes: number;
  readonly warnings: readonly string[];
}

export interface VolumeSourceOptions {
  /** Leaves the axes as they are stored. */
  compat: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Reads the header of a tomogram: an MRC file, or the metadata of an OME-Zarr folder (multiscale 0, level 0).
 *
 * @throws {EmporiumError} FORMAT_… of the reader, STORE_ABSENT, FORMAT_UNKNOWN for other folders
 */
export async function readVolumeSource(
  store: Store,
  key: string,
  isFolder: boolean,
  options: VolumeSourceOptions,
): Promise<VolumeSource> {
  if (isFolder) return readZarrSource(store, `${key}/`, options);
  const { compat, signal } = options;
  const { shape, voxelSizeAngstrom, warnings, stat, mrc } = await describeVolume(store, key, { compat, signal });
  const { size, etag, modifiedMs } = stat!;
  return {
    key,
    shape,
    voxelSizeAngstrom: voxelSizeAngstrom[1],
    voxelSizesAngstrom: voxelSizeAngstrom,
    inputs: [{ key, size, etag, modifiedMs }],
    itemBytes: mrc ? ITEM_BYTES[mrc.header.dtype] : 4,
    bytes: size,
    warnings,
  };
}

async function readZarrSource(store: Store, folder: string, { signal }: VolumeSourceOptions): Promise<VolumeSource> {
  const volume = await describeZarr(store, folder, signal);
  const { shape, voxelSizeAngstrom, meta, documents, name, warnings } = volume;
  return {
    key: folder,
    shape,
    voxelSizeAngstrom: voxelSizeAngstrom[1],
    voxelSizesAngstrom: voxelSizeAngstrom,
    inputs: documents.map(({ key, size, etag, modifiedMs }) => ({ key, size, etag, modifiedMs })),
    itemBytes: zarrVoxel(volume).itemBytes,
    bytes: volumeOf(shape) * ITEM_BYTES[meta.type.dtype],
    warnings: warnings.map((warning) => `${name}: ${warning}`),
  };
}

/**
 * The voxel size in the header of a volume, if it differs from the configured spacing: `is 13.48 Å`, or by axis if the axes
 * differ. Undefined if they agree or the header has none.
 *
 * @param axes that have a length: a tilt series has none along z.
 */
export function otherVoxelSize(
  { voxelSizesAngstrom }: Pick<VolumeSource, "voxelSizesAngstrom">,
  angstrom: number,
  axes: "zyx" | "yx",
): string | undefined {
  const sizes = [...axes].map((axis) => ({ axis, size: voxelSizesAngstrom["zyx".indexOf(axis)] }));
  const known = sizes.filter((one): one is { axis: string; size: number } => one.size !== undefined).reverse();
  if (known.every(({ size }) => sameSpacing(size, angstrom))) return undefined;
  const texts = known.map(({ axis, size }) => ({ axis, text: `${Number(size.toPrecision(7))} Å` }));
  if (new Set(texts.map(({ text }) => text)).size === 1) return texts[0]!.text;
  return `${texts.map(({ axis, text }) => `${text} along ${axis}`).join(", ")}`;
}
