import { EmporiumError, isEmporiumError } from "../core/errors.js";
import { Recent } from "../core/recent.js";
import { STORAGE_FOLDERS } from "../model/storage-layout.js";
import type { FrameIndices, FrameRow, FrameShape, FramesGlobal } from "../stations/catalog/frames/frame.js";
import { checkKnownId } from "../stations/catalog/identifier.js";
import type { CatalogRepository } from "../stations/catalog/rows/repository.js";
import { frameKey, readStoredFrame, type StoredFrame, shapeOfRow } from "../stations/catalog/storage/stored-frame.js";
import { keyWithin, type Place } from "./places.js";

/** The microscopy catalogue, and the frames of it that lie in what is served. */
export interface ServedMicroscopy {
  readonly repository: CatalogRepository;
  /** The row of one frame. @throws {EmporiumError} NOT_FOUND, USAGE for an invalid id */
  row(dataset: string, at: FrameIndices, signal?: AbortSignal): Promise<FoundRow>;
  /** Its pixels, compared with the database's checksum. @throws {EmporiumError} NOT_FOUND, OBJECT_WRONG, FORMAT_… */
  frame(found: FoundRow, signal?: AbortSignal): Promise<StoredFrame>;
  /** The place whose storage has a frame. */
  placeOf(storageDir: string, row: Pick<FrameRow, "file_name">, signal?: AbortSignal): Promise<Place | undefined>;
}

export interface FoundRow {
  readonly row: FrameRow;
  readonly shape: FrameShape;
  readonly storageDir: string;
}

/** Whether a location holds files or frames of an upload. One that does not show its folders counts as none. */
export async function isStorage({ kind, store }: Place, signal?: AbortSignal): Promise<boolean> {
  if (kind === "file") return false;
  for (const folder of STORAGE_FOLDERS) {
    try {
      for await (const _first of store.children(folder, { signal })) return true;
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
    }
  }
  return false;
}

/** Folders whose place is known. */
const FOLDERS_MAX = 256;

/** Rows name folders of a storage, not the storage: it is looked for among the locations that are served. */
export function servedMicroscopy(repository: CatalogRepository, places: readonly Place[]): ServedMicroscopy {
  const storages = places.filter(({ kind }) => kind !== "file");
  const known = new Recent<string, Place>(FOLDERS_MAX);
  const likely = (folder: string): readonly Place[] => {
    const first = known.get(folder);
    return first ? [first, ...storages.filter((place) => place !== first)] : storages;
  };
  return {
    repository,
    async row(dataset, at, signal) {
      checkKnownId(dataset);
      let global: Omit<FramesGlobal, "metadata_json"> | undefined;
      for await (const summary of repository.query({ serial: dataset }, signal)) global = summary.framesGlobal;
      if (!global) throw notFound(`there are no frames of ${dataset}`, "api/v1/microscopy lists the data sets");
      const list = (index: number | null) => (index === null ? undefined : [index]);
      const selection = {
        channels: { indices: [at.channel_idx] },
        slices: list(at.slice_idx),
        times: list(at.time_idx),
        positions: list(at.pos_idx),
      };
      // an index that was left out selects all, and names those without one
      for await (const row of repository.framesOf(dataset, selection, { metadata: true, signal })) {
        if (row.slice_idx !== at.slice_idx || row.time_idx !== at.time_idx || row.pos_idx !== at.pos_idx) continue;
        return { row, shape: shapeOfRow(global, dataset), storageDir: global.storage_dir };
      }
      throw notFound(`${dataset} has no such frame`, `api/v1/microscopy/${dataset} lists its indices`);
    },
    async frame({ row, shape, storageDir }, signal) {
      let failure: unknown;
      for (const place of likely(storageDir)) {
        keyWithin(place, frameKey(storageDir, row.file_name)); // rows of another program may name anything
        try {
          const frame = await readStoredFrame(place.store, storageDir, row, shape, signal);
          known.set(storageDir, place);
          return frame;
        } catch (error) {
          if (!isEmporiumError(error)) throw error;
          // a bucket that refuses may be another one than that of the frames
          if (error.code !== "STORE_ABSENT") failure ??= error;
        }
      }
      throw failure ?? notServed(storageDir);
    },
    async placeOf(storageDir, { file_name }, signal) {
      for (const place of likely(storageDir)) {
        const key = keyWithin(place, frameKey(storageDir, file_name));
        const found = await place.store.stat(key, { signal }).catch((error: unknown) => {
          if (!isEmporiumError(error)) throw error; // `frame` says why
        });
        if (!found) continue;
        known.set(storageDir, place);
        return place;
      }
      return undefined;
    },
  };
}

function notFound(message: string, hint: string): EmporiumError {
  return new EmporiumError("NOT_FOUND", message, { hint });
}

function notServed(storageDir: string): EmporiumError {
  return notFound(
    `${storageDir} has no such object in any location that is served here`,
    "serve the storage of the upload as well: emporium serve LOCATION… STORAGE",
  );
}
