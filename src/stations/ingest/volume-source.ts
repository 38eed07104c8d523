import { type IntegerType, integerTypeOf } from "../../arrays/stream/plan/forms.js";
import { describeVolume } from "../../arrays/stream/source/open-volume.js";
import { describeZarr, zarrVoxel } from "../../arrays/stream/source/zarr-volume.js";
import { type Triple, volumeOf } from "../../core/box.js";
import { type DType, ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import { Recent } from "../../core/recent.js";
import type { TaskInput } from "../../engine/task.js";
import { sameSpacing } from "../../model/voxel-spacing.js";
import { objectName, type Store } from "../../stores/store.js";

/** A volume as plans see it, from its header alone. */
export interface VolumeSource {
  /** Key as tasks name it: an object, or a folder with `/` at its end. */
  readonly key: string;
  /** Element type of the voxels, signed or unsigned as they are read. */
  readonly dtype: DType;
  /** Name of the volume in messages. */
  readonly name: string;
  /** Voxels `[z, y, x]`, after the axis order of the header. */
  readonly shape: Triple;
  /** Along y, as the header says; undefined where it says nothing. */
  readonly voxelSizeAngstrom: number | undefined;
  /** `[z, y, x]` */
  readonly voxelSizesAngstrom: readonly [z: number | undefined, y: number | undefined, x: number | undefined];
  /** Objects that identify the source: its one file, or the documents of a Zarr. */
  readonly inputs: readonly TaskInput[];
  /** Bytes of a voxel while it is converted: 64-bit integers are read as float64. */
  readonly itemBytes: number;
  /** Bytes that converting it reads; of a Zarr before decompression. */
  readonly bytes: number;
  readonly warnings: readonly string[];
  /** Space group and intervals `[mz, my, mx]` of an MRC file; undefined for other formats. */
  readonly mrc?: { readonly ispg: number; readonly grid: Triple } | undefined;
}

export interface VolumeSourceOptions {
  /** Leaves the axes as they are stored. */
  compat: boolean;
  signal?: AbortSignal | undefined;
}

/** Headers of the source's volumes while a plan is made: one that several importers look at is read once. */
export interface VolumeSources {
  /** @throws {EmporiumError} as `readVolumeSource` */
  read(key: string, isFolder: boolean): Promise<VolumeSource>;
}

/** Headers kept in memory: those of the runs that are looked at side by side. */
const HEADERS_KEPT = 1024;

export function volumeSources(store: Store, options: VolumeSourceOptions): VolumeSources {
  const known = new Recent<string, Promise<VolumeSource>>(HEADERS_KEPT);
  return {
    read(key, isFolder) {
      const volume = known.get(key) ?? readVolumeSource(store, key, isFolder, options);
      known.set(key, volume);
      return volume;
    },
  };
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
  const { dtype, shape, voxelSizeAngstrom, warnings, stat, mrc } = await describeVolume(store, key, { compat, signal });
  const { size, etag, modifiedMs } = stat!;
  return {
    key,
    dtype,
    name: objectName(store, key),
    shape,
    voxelSizeAngstrom: voxelSizeAngstrom[1],
    voxelSizesAngstrom: voxelSizeAngstrom,
    inputs: [{ key, size, etag, modifiedMs }],
    itemBytes: mrc ? ITEM_BYTES[mrc.header.dtype] : 4,
    bytes: size,
    warnings,
    ...(mrc && { mrc: { ispg: mrc.header.ispg, grid: mrc.header.grid } }),
  };
}

async function readZarrSource(store: Store, folder: string, { signal }: VolumeSourceOptions): Promise<VolumeSource> {
  const volume = await describeZarr(store, folder, signal);
  const { shape, voxelSizeAngstrom, meta, documents, name, warnings } = volume;
  return {
    key: folder,
    dtype: meta.type.dtype,
    name,
    shape,
    voxelSizeAngstrom: voxelSizeAngstrom[1],
    voxelSizesAngstrom: voxelSizeAngstrom,
    inputs: documents.map(({ key, size, etag, modifiedMs }) => ({ key, size, etag, modifiedMs })),
    itemBytes: zarrVoxel(volume).itemBytes,
    bytes: volumeOf(shape) * ITEM_BYTES[meta.type.dtype],
    warnings: warnings.map((warning) => `${name}: ${warning}`),
  };
}

/** Element types for the Zarr of volumes: the portal's float32 for all, or the source's own where it is an integer type. */
export type DTypeChoice = "float32" | "source";

/**
 * The integer type that the Zarr of a volume keeps, where it shall have the source's own; undefined where it is float32: by choice, or
 * because the source has real numbers, of which a type other than float32 is told in `warning`.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for integers of 64 bits, which are not read exactly
 */
export function keptType(
  { dtype, name }: Pick<VolumeSource, "dtype" | "name">,
  choice: DTypeChoice | undefined,
): { dtype?: IntegerType; warning?: string } {
  if (choice !== "source" || dtype === "float32") return {};
  const kept = integerTypeOf(dtype);
  if (kept) return { dtype: kept };
  if (dtype === "int64" || dtype === "uint64") {
    throw new EmporiumError(
      "FORMAT_UNSUPPORTED",
      `${name}: voxels of type ${dtype} are not kept, integers of 32 bits at most are`,
      {
        place: { file: name },
        hint: "leave --dtype source out: they become float32; or store the source with fewer bits",
      },
    );
  }
  return { warning: `${name}: voxels of type ${dtype} become float32: --dtype source keeps integers` };
}

/** @throws {EmporiumError} USAGE for a choice of what is not written at all */
export function requireZarr(choice: DTypeChoice | undefined, writeZarr: boolean): void {
  if (choice !== "source" || writeZarr) return;
  throw new EmporiumError("USAGE", "--dtype source is a choice of the Zarr's, and no Zarr is written: MRC files are float32", {
    hint: "leave it out, or let the Zarr be written",
  });
}

/**
 * The voxel size in the header of a volume, if it differs from the configured spacing: `is 13.48 Å`, or by axis if the axes
 * differ. Undefined if they agree or the header has none.
 *
 * @param axes axes with a length: a tilt series has none along z.
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
