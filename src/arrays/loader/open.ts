import type { RandomAccess } from "../../core/bytes.js";
import { EmporiumError, isEmporiumError } from "../../core/errors.js";
import { redact } from "../../core/redact.js";
import { compressionOf, decompressor } from "../../formats/compression.js";
import type { DatasetPlace } from "../../formats/registry.js";
import { likelyFamilies, namesFolder, noVolumeDocument, type VolumeFormat } from "../../model/volume-formats.js";
import type { StoreOptions } from "../../stores/location.js";
import { absent, objectName, openObject, type Store } from "../../stores/store.js";
import { openLocation, openStore, parseLocation, parseVolumeLocation } from "../../stores/url.js";
import type { BlockVolume } from "../blocks/volume.js";
import { headBehind } from "../stream/source/compressed.js";
import type { AxisSelection } from "./axes.js";
import type { ChunkedLevel } from "./chunked.js";
import { volumeFolder } from "./documents.js";
import { FOLDER_OPENERS, fileOpener } from "./openers.js";
import type { ShardIndexes } from "./shards.js";

/** Levels found at a location. */
export interface OpenedLevels {
  /** Location as it was given, without secrets. */
  readonly name: string;
  readonly store: Store;
  readonly levels: readonly ChunkedLevel[];
  readonly identity: BlockVolume["identity"];
  readonly indexes: ShardIndexes;
  /** Closes what is open beside the store. */
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
  const target = typeof where === "string" ? await located(where, options) : await placed(where, options);
  const { store, key, format } = target;
  const mayBeFile = format === undefined && key !== "" && !namesFolder(key);
  const named = mayBeFile ? (await files()).formatNamed(key) : undefined;
  const isFile = named !== undefined;
  // before anything is asked of a network
  if (named?.hasDatasets && !store.local) throw (await files()).notOnDisk(named, target.name, " in blocks");
  const found =
    (isFile && (await openFile(target))) || (await openFolder(target)) || (!isFile && key !== "" && (await openFile(target)));
  if (found) return found;
  if (isFile) throw absent(store, key);
  throw new EmporiumError("FORMAT_UNKNOWN", `${target.name} holds no volume: ${noVolumeDocument()}, and no file of that name`, {
    place: { url: target.name },
    hint: `name the volume itself: the folder of ${await volumesInWords()}`,
  });
}

interface Target extends Pick<OpenedLevels, "name" | "store" | "indexes">, Pick<OpenLevelsOptions, "signal"> {
  readonly key: string;
  readonly format: VolumeFormat | undefined;
  readonly select: AxisSelection;
  /** Path of the dataset in the file; undefined where the location names none. */
  readonly dataset: string | undefined;
}

async function placed({ store, key }: PlacedVolume, { select = {}, indexes, signal }: OpenLevelsOptions): Promise<Target> {
  const { file, dataset } = await placeOf(key);
  return { name: objectName(store, key), store, key: file, dataset, format: undefined, select, indexes, signal };
}

async function located(text: string, { select = {}, indexes, signal, ...options }: OpenLevelsOptions): Promise<Target> {
  const { location, format } = parseVolumeLocation(text);
  const { file, dataset } = format === undefined ? await placeOf(location) : { file: location, dataset: undefined };
  const place = parseLocation(file);
  const storeOptions = { ...options.store, readOnly: true };
  const { store, key } =
    place.key === "" ? { store: await openStore(place, storeOptions), key: "" } : await openLocation(place, storeOptions);
  return { name: redact(text), store, key, dataset, format, select, indexes, signal };
}

async function placeOf(location: string): Promise<DatasetPlace> {
  return location.includes("#") ? (await files()).datasetPlace(location) : { file: location, dataset: undefined };
}

/** Formats of files: a worker process that reads a folder starts sooner, and in less memory, without them. */
const files = () => import("../../formats/registry.js");

async function volumesInWords(): Promise<string> {
  const { foldersInWords, titlesOf } = await files();
  return `a ${foldersInWords()} volume, a file of ${titlesOf()}, or a dataset of an ${titlesOf(({ hasDatasets }) => hasDatasets)} file`;
}

async function openFolder({ name, store, key, signal, ...wanted }: Target): Promise<OpenedLevels | undefined> {
  const folder = volumeFolder(store, key, signal);
  const { format, indexes } = wanted;
  const families = likelyFamilies(key === "" ? name : key).filter((family) => format === undefined || format.startsWith(family));
  for (const family of families) {
    const levels = await FOLDER_OPENERS[family].levels(folder, wanted);
    if (levels) return { name, store, levels, identity: folder.identity, indexes };
  }
  return undefined;
}

/** First bytes of a file by which its format is recognised. */
const HEAD_BYTES = 64 * 1024;

async function openFile({ name, store, key, dataset, indexes, select, signal }: Target): Promise<OpenedLevels | undefined> {
  const file = await openObject(store, key, { signal }).catch((error: unknown) => {
    if (isEmporiumError(error) && error.code === "STORE_ABSENT") return undefined;
    throw error;
  });
  if (!file) return undefined;
  const head = await file.read({ offset: 0, length: HEAD_BYTES }, { signal });
  const { fileFormatOf, formatNamed, isText, notOnDisk, unknownFormat, unsupported } = await files();
  const compression = compressionOf(head);
  if (compression) {
    const inside = fileFormatOf(await headBehind(file, compression, HEAD_BYTES, signal), file.name);
    if (inside && !inside.peek) throw unsupported(inside, file.name, { inside: compression });
    const { notInBoxes } = await import("./open-flat.js");
    throw notInBoxes(file.name, `a file compressed with ${compression}`, `decompress it with ${decompressor(compression)}`);
  }
  // what its name alone says says itself what is wrong
  const format = fileFormatOf(head, file.name) ?? (isText(head) ? undefined : formatNamed(key));
  if (!format) throw unknownFormat(file.name, head, undefined, `name ${await volumesInWords()}`);
  const open = fileOpener(format);
  if (!open) throw unsupported(format, file.name);
  if (format.hasDatasets && !store.local) throw notOnDisk(format, name, " in blocks");
  const path = store.local?.path(key);
  const opened = await open({ file: { ...file, read: headed(file.read, head) }, key, path, dataset, select, signal });
  return { name, store, ...opened, identity: [{ key, ...file.stat }], indexes };
}

/** Reads of the first bytes come from memory. */
function headed(read: RandomAccess["read"], head: Uint8Array): RandomAccess["read"] {
  return async (range, options) =>
    range.offset + range.length <= head.length ? head.subarray(range.offset, range.offset + range.length) : read(range, options);
}
