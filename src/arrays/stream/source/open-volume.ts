import { FOLDER_FORMATS, unsupported } from "../../../formats/registry.js";
import { namedFamily, namesFolder, VOLUME_DOCUMENTS, type VolumeFamily } from "../../../model/volume-formats.js";
import { objectName, type Store } from "../../../stores/store.js";
import { FOLDER_OPENERS } from "../../loader/openers.js";
import { STREAMED } from "./flat-file.js";
import { flatSource } from "./flat-source.js";
import type { OpenVolume, OpenVolumeOptions, VolumeFacts, VolumeSource } from "./volume.js";

/**
 * The reader of a key from front to back. For a folder, which is named as a volume or ends with a slash, it depends on the
 * format; files share one.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for folders of a format that is not read so
 */
export async function sourceOf(store: Store, key: string): Promise<VolumeSource> {
  const family = namedFamily(key) ?? (key.endsWith("/") ? "zarr" : undefined);
  return family === undefined ? flatSource : folderSource(store, key, family);
}

async function folderSource(store: Store, key: string, family: VolumeFamily): Promise<VolumeSource> {
  const { stream } = FOLDER_OPENERS[family];
  if (stream) return stream();
  throw unsupported({ ...FOLDER_FORMATS[family], peek: true }, objectName(store, key), { expected: STREAMED });
}

/**
 * Whether a key is a folder that is a volume, by its name or its documents.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for folders of a format that is not read from front to back
 */
export async function isVolumeFolder(store: Store, key: string, signal?: AbortSignal): Promise<boolean> {
  if (namesFolder(key) && FOLDER_OPENERS[namedFamily(key)!].stream) return true;
  if (await store.stat(key, { signal })) return false;
  for (const { name, family } of VOLUME_DOCUMENTS) {
    if (await store.stat(`${key}/${name}`, { signal })) return (await folderSource(store, key, family)) !== undefined;
  }
  return false;
}

/**
 * The facts in a volume's header: the first bytes of a file (decompressed as far as needed), the metadata documents of an OME-Zarr.
 *
 * @throws {EmporiumError} STORE_ABSENT and errors of the formats; the same header errors as `openVolume`.
 */
export async function describeVolume(
  store: Store,
  key: string,
  options: Pick<OpenVolumeOptions, "signal" | "compat">,
): Promise<VolumeFacts> {
  return (await sourceOf(store, key)).describe(store, key, options);
}

/**
 * Opens a volume for one reading. Plain voxels are read in place, by path or ranges. Other sources (gzip, bzip2, permuted axes,
 * OME-Zarr) are first written to the scratch folder in bounded memory, and reused after an interruption.
 */
export async function openVolume(store: Store, key: string, options: OpenVolumeOptions): Promise<OpenVolume> {
  return (await sourceOf(store, key)).open(store, key, options);
}
