import type { Store } from "../../../stores/store.js";
import { flatSource } from "./flat-source.js";
import type { OpenVolume, OpenVolumeOptions, VolumeFacts, VolumeSource } from "./volume.js";
import { zarrSource } from "./zarr-source.js";

/** In the order in which they are asked whether a key is theirs. The last takes any. Twin of `formats/registry.ts`. */
const VOLUME_SOURCES: readonly VolumeSource[] = [zarrSource, flatSource];

export function sourceOf(key: string): VolumeSource {
  return VOLUME_SOURCES.find((source) => source.accepts(key))!;
}

/**
 * The facts in a volume's header: the first bytes of an MRC (decompressed as far as needed), the metadata documents of an
 * OME-Zarr.
 *
 * @throws {EmporiumError} STORE_ABSENT and errors of the formats; the same header errors as `openVolume`.
 */
export function describeVolume(
  store: Store,
  key: string,
  options: Pick<OpenVolumeOptions, "signal" | "compat">,
): Promise<VolumeFacts> {
  return sourceOf(key).describe(store, key, options);
}

/**
 * Opens a volume for one reading. Plain MRC is read in place, by path or ranges. Other sources (gzip, bzip2, permuted axes,
 * OME-Zarr) are first written to the scratch folder in bounded memory, and reused after an interruption.
 */
export function openVolume(store: Store, key: string, options: OpenVolumeOptions): Promise<OpenVolume> {
  return sourceOf(key).open(store, key, options);
}
