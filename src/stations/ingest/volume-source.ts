import { describeVolume } from "../../arrays/stream/open-volume.js";
import type { Triple } from "../../core/box.js";
import { ITEM_BYTES } from "../../core/dtype.js";
import { EmporiumError } from "../../core/errors.js";
import type { TaskInput } from "../../engine/task.js";
import { parseZarray, parseZattrs, product } from "../../formats/zarr/metadata.js";
import { parseOmeZarr } from "../../formats/zarr/ome.js";
import { absent, objectName, type Store } from "../../stores/store.js";

/** What a plan needs to know of a volume: read from its header alone. */
export interface VolumeSource {
  /** Key as tasks name it: an object, or a folder with `/` at its end. */
  readonly key: string;
  /** Voxels `[z, y, x]`, after the axis order of the header. */
  readonly shape: Triple;
  /** Along y, as the header says; undefined where it says nothing. */
  readonly voxelSizeAngstrom: number | undefined;
  /** What identifies the source: the object, or the documents of a Zarr. */
  readonly inputs: readonly TaskInput[];
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
  const { shape, voxelSizeAngstrom, warnings, stat } = await describeVolume(store, key, { compat, signal });
  const { size, etag, modifiedMs } = stat!;
  return {
    key,
    shape,
    voxelSizeAngstrom: voxelSizeAngstrom[1],
    inputs: [{ key, size, etag, modifiedMs }],
    bytes: size,
    warnings,
  };
}

async function readZarrSource(store: Store, folder: string, { signal }: VolumeSourceOptions): Promise<VolumeSource> {
  const inputs: TaskInput[] = [];
  const read = async (name: string): Promise<Uint8Array> => {
    const key = folder + name;
    const stat = await store.stat(key, { signal });
    const bytes = stat && (await store.read(key, undefined, { signal, ifMatch: stat.etag }));
    if (!bytes) throw absent(store, key);
    inputs.push({ key, size: stat.size, etag: stat.etag, modifiedMs: stat.modifiedMs });
    return bytes;
  };
  const name = objectName(store, folder.slice(0, -1));
  const attributes = await read(".zattrs").catch((error: unknown) => {
    if (!(error instanceof EmporiumError) || error.code !== "STORE_ABSENT") throw error;
    throw new EmporiumError(
      "FORMAT_UNKNOWN",
      `${name} is a folder without .zattrs, an MRC file or an OME-Zarr folder was wanted`,
      {
        place: { file: name },
        hint: "narrow the glob to volumes",
        cause: error,
      },
    );
  });
  const [level] = parseOmeZarr(parseZattrs(attributes, `${name}/.zattrs`), `${name}/.zattrs`, {
    unitWhenAbsent: "angstrom",
  }).datasets;
  const path = `${level!.path}/.zarray`;
  const array = parseZarray(await read(path), `${name}/${path}`);
  const shape = array.shape.slice(-3) as Triple;
  if (array.shape.length < 3 || product(array.shape.slice(0, -3)) !== 1) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: shape ${array.shape.join("×")}, one volume of three axes is wanted`, {
      place: { file: `${name}/${path}`, path: "shape" },
    });
  }
  return {
    key: folder,
    shape,
    voxelSizeAngstrom: level!.voxelSizeAngstrom?.[1],
    inputs,
    bytes: product(shape) * ITEM_BYTES[array.type.dtype],
    warnings: [],
  };
}
