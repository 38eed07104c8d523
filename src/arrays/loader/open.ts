import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { redact } from "../../core/redact.js";
import { compressionOf } from "../../formats/compression.js";
import {
  likelyFamilies,
  namesFolder,
  noVolumeDocument,
  type VolumeFamily,
  type VolumeFormat,
} from "../../model/volume-formats.js";
import type { StoreOptions } from "../../stores/location.js";
import { absent, objectName, openObject, type Store } from "../../stores/store.js";
import { openLocation, openStore, parseLocation, parseVolumeLocation } from "../../stores/url.js";
import type { BlockVolume } from "../blocks/volume.js";
import { headBehind } from "../stream/source/compressed.js";
import type { AxisSelection } from "./axes.js";
import type { ChunkedLevel } from "./chunked.js";
import { volumeFolder } from "./documents.js";
import { hdf5Place, openHdf5 } from "./open-hdf5.js";
import { openN5 } from "./open-n5.js";
import { openPrecomputed } from "./open-precomputed.js";
import { openZarr } from "./open-zarr.js";
import type { ShardIndexes } from "./shards.js";

/** What a location holds. */
export interface OpenedLevels {
  /** As it was given, without secrets. */
  readonly name: string;
  readonly store: Store;
  readonly levels: readonly ChunkedLevel[];
  readonly identity: BlockVolume["identity"];
  readonly indexes: ShardIndexes;
  /** Ends what is open beside the store. */
  close?(): void | Promise<void>;
}

export interface OpenLevelsOptions {
  /** Positions along axes beside z, y, x. Default 0. */
  readonly select?: AxisSelection | undefined;
  readonly store?: StoreOptions | undefined;
  readonly indexes: ShardIndexes;
  readonly signal?: AbortSignal | undefined;
}

/** A volume of a store that is open: nothing outside of the store is read. HDF5: `file.h5#/volume`. */
export interface PlacedVolume {
  readonly store: Store;
  readonly key: string;
}

/**
 * Reads what says which levels a location has.
 *
 * @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_UNSUPPORTED, STORE_ABSENT, LOCATION_UNKNOWN, USAGE (`select`), …
 */
export async function openLevels(where: string | PlacedVolume, options: OpenLevelsOptions): Promise<OpenedLevels> {
  return typeof where === "string" ? openLocated(where, options) : openPlaced(where, options);
}

async function openPlaced({ store, key }: PlacedVolume, options: OpenLevelsOptions): Promise<OpenedLevels> {
  const hdf5 = hdf5Place(key);
  if (hdf5) {
    const path = store.local?.path(hdf5.file);
    return openDataset({ store, key: hdf5.file, path, dataset: hdf5.dataset, name: objectName(store, hdf5.file) }, options);
  }
  return openTarget({ name: objectName(store, key), store, key, format: undefined, indexes: options.indexes, options });
}

async function openLocated(text: string, options: OpenLevelsOptions): Promise<OpenedLevels> {
  const { location, format } = parseVolumeLocation(text);
  const hdf5 = format === undefined ? hdf5Place(location) : undefined;
  const storeOptions = { ...options.store, readOnly: true };
  if (hdf5) {
    const place = parseLocation(hdf5.file);
    const opened = await openLocation(place, storeOptions);
    return openDataset({ ...opened, path: place.path, dataset: hdf5.dataset, name: redact(hdf5.file) }, options);
  }
  const place = parseLocation(location);
  const { indexes } = options;
  const { store, key } =
    place.key === "" ? { store: await openStore(place, storeOptions), key: "" } : await openLocation(place, storeOptions);
  return openTarget({ name: redact(text), store, key, format, indexes, options });
}

async function openTarget(target: Target): Promise<OpenedLevels> {
  const { store, key, format } = target;
  const mayBeFile = format === undefined && key !== "" && !namesFolder(key);
  const isFile = mayBeFile && new RegExp(`\\.(?:${(await files()).FILE_EXTENSIONS})$`, "i").test(key);
  const found =
    (isFile && (await openFile(target))) || (await openFolder(target)) || (!isFile && key !== "" && (await openFile(target)));
  if (found) return found;
  if (isFile) throw absent(store, key);
  throw new EmporiumError("FORMAT_UNKNOWN", `${target.name} holds no volume: ${noVolumeDocument()}, and no file of that name`, {
    place: { url: target.name },
    hint: "name the volume itself: the folder of a Zarr, N5 or precomputed volume, a file of MRC, TIFF, DM3, DM4, NRRD or NIfTI",
  });
}

/** Formats of files: a worker process that reads a folder starts sooner, and in less memory, without them. */
const files = () => import("../../formats/registry.js");

interface DatasetTarget extends PlacedVolume {
  /** Of the file, where it lies on this machine. */
  readonly path: string | undefined;
  readonly dataset: string | undefined;
  readonly name: string;
}

async function openDataset(target: DatasetTarget, { select, signal, indexes }: OpenLevelsOptions): Promise<OpenedLevels> {
  const { store, key, path, dataset } = target;
  const name = `${target.name}${dataset === undefined ? "" : `#${dataset}`}`;
  if (path === undefined) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${name}: HDF5 files are read in blocks from this machine's disks alone`, {
      place: { url: name },
      hint: "copy the file to a disk, or convert the dataset to Zarr",
    });
  }
  const stat = await store.stat(key, { signal });
  if (!stat) throw absent(store, key);
  const { levels, close } = await openHdf5(path, dataset, select ?? {}, name);
  return { name, store, levels, identity: [{ ...stat, key }], indexes, close };
}

interface Target extends Pick<OpenedLevels, "name" | "store" | "indexes"> {
  readonly key: string;
  readonly format: VolumeFormat | undefined;
  readonly options: OpenLevelsOptions;
}

async function openFolder({ name, store, key, format, indexes, options }: Target): Promise<OpenedLevels | undefined> {
  const folder = volumeFolder(store, key, options.signal);
  const select = options.select ?? {};
  const openers: Record<VolumeFamily, () => Promise<ChunkedLevel[] | undefined>> = {
    zarr: () => openZarr(folder, format === "zarr2" ? [2] : format === "zarr3" ? [3] : [3, 2], select, indexes),
    n5: () => openN5(folder, select),
    precomputed: () => openPrecomputed(folder, select),
  };
  const families = likelyFamilies(key === "" ? name : key).filter((family) => format === undefined || format.startsWith(family));
  for (const family of families) {
    const levels = await openers[family]();
    if (levels) return { name, store, levels, identity: folder.identity, indexes };
  }
  return undefined;
}

/** What tells the formats of files apart. */
const HEAD_BYTES = 64 * 1024;

async function openFile({ name, store, key, indexes, options }: Target): Promise<OpenedLevels | undefined> {
  const file = await openObject(store, key, { signal: options.signal }).catch((error: unknown) => {
    if (isEmporiumError(error) && error.code === "STORE_ABSENT") return undefined;
    throw error;
  });
  if (!file) return undefined;
  const head = await file.read({ offset: 0, length: HEAD_BYTES }, { signal: options.signal });
  const [{ fileFormatOf, formatNamed }, { unreadFormat }, { openTiffStack }, { openFlat, notInBoxes }] = await Promise.all([
    files(),
    import("../../formats/unread-formats.js"),
    import("./open-tiff.js"),
    import("./open-flat.js"),
  ]);
  const compression = compressionOf(head);
  if (compression) {
    const plain = await headBehind(file, compression, HEAD_BYTES, options.signal);
    throw (
      unreadFormat(plain, file.name, compression) ??
      notInBoxes(
        file.name,
        `a file compressed with ${compression}`,
        `decompress it with ${compression === "gzip" ? "gunzip" : "bunzip2"}`,
      )
    );
  }
  const marked = fileFormatOf(head);
  const unread = marked ? undefined : unreadFormat(head, file.name);
  if (unread) throw unread;
  if (!marked) refuseText(file.name, head);
  // what its name alone says says itself what is wrong
  const format = marked ?? formatNamed(key);
  if (!format) {
    throw new EmporiumError("FORMAT_UNKNOWN", `${file.name}: its first bytes and its name are of no format that is read`, {
      place: { file: file.name, byte: 0 },
      hint: "name a Zarr, N5 or precomputed volume, a file of MRC, TIFF, DM3, DM4, NRRD or NIfTI, or a dataset of an HDF5 file",
    });
  }
  const buffered = { ...file, read: headed(file.read, head) };
  const levels =
    format.id === "tiff"
      ? await openTiffStack(buffered, options.select ?? {})
      : openFlat(buffered, key, await format.flat!(buffered, { signal: options.signal }));
  return { name, store, levels, identity: [{ key, ...file.stat }], indexes };
}

/** No voxels begin with a page of letters. @throws {EmporiumError} FORMAT_UNKNOWN */
function refuseText(name: string, head: Uint8Array): void {
  const isLetter = (byte: number) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d);
  if (head.length > 0 && !head.every(isLetter)) return;
  throw new EmporiumError("FORMAT_UNKNOWN", `${name} is ${head.length === 0 ? "empty" : "a text"}, not a volume`, {
    place: { file: name, byte: 0 },
    hint: "name a Zarr, N5 or precomputed volume, a file of MRC, TIFF, DM3, DM4, NRRD or NIfTI, or a dataset of an HDF5 file",
  });
}

/** Reads of the first bytes come from memory. */
function headed(read: Awaited<ReturnType<typeof openObject>>["read"], head: Uint8Array): typeof read {
  return async (range, options) =>
    range.offset + range.length <= head.length ? head.subarray(range.offset, range.offset + range.length) : read(range, options);
}
