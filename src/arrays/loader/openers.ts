import type { RandomAccess } from "../../core/bytes.js";
import type { FileFormat, FlatFormatId, ReadFormatId } from "../../formats/registry.js";
import type { VolumeFamily, VolumeFormat } from "../../model/volume-formats.js";
import type { Stat } from "../../stores/store.js";
import type { VolumeSource } from "../stream/source/volume.js";
import type { AxisSelection } from "./axes.js";
import type { ChunkedLevel } from "./chunked.js";
import type { VolumeFolder } from "./documents.js";
import type { ShardIndexes } from "./shards.js";

/** An open file whose levels are wanted. */
export interface FileTarget {
  readonly file: RandomAccess & { readonly stat: Stat };
  readonly key: string;
  /** Path of the file on this machine; always defined for formats that have datasets, otherwise only for local files. */
  readonly path: string | undefined;
  /** Path of the dataset in the file; undefined where the location names none. */
  readonly dataset: string | undefined;
  readonly select: AxisSelection;
  readonly signal: AbortSignal | undefined;
}

export interface FileLevels {
  readonly levels: readonly ChunkedLevel[];
  close?(): void | Promise<void>;
}

/** Opens the levels of a file; undefined: no boxes are read of the format. */
type FileOpener = ((target: FileTarget) => Promise<FileLevels>) | undefined;

/**
 * Readers of boxes by format, for `formats/registry.ts`. A format whose voxels lie plainly needs no line here: its row of the
 * registry gives the layout. Any other format that is read has one, or this does not compile. Readers are loaded when they are
 * needed.
 */
const FILE_OPENERS: Readonly<Record<Exclude<ReadFormatId, FlatFormatId>, FileOpener>> = {
  eer: undefined,
  tiff: async ({ file, select }) => ({ levels: await (await import("./open-tiff.js")).openTiffStack(file, select) }),
  hdf5: async ({ file: { name }, path, dataset, select }) =>
    (await import("./open-hdf5.js")).openHdf5(path!, dataset, select, dataset === undefined ? name : `${name}#${dataset}`),
};

export function fileOpener(format: FileFormat): FileOpener {
  if (!format.flat) return (FILE_OPENERS as Readonly<Record<string, FileOpener>>)[format.id];
  return async ({ file, key, signal }) => {
    const { openFlat } = await import("./open-flat.js");
    return { levels: openFlat(file, key, await format.flat!(file, { signal })) };
  };
}

/** Request for the levels of a folder. */
export interface FolderWanted {
  /** Format that the location names; undefined where it names none. */
  readonly format: VolumeFormat | undefined;
  readonly select: AxisSelection;
  readonly indexes: ShardIndexes;
}

interface FolderOpener {
  /** Undefined where the folder has no document of the format. */
  levels(folder: VolumeFolder, wanted: FolderWanted): Promise<ChunkedLevel[] | undefined>;
  /** Reads it from front to back, for conversions; absent: the format is refused there by its name. */
  stream?(): Promise<VolumeSource>;
}

/** The same of formats that are folders. */
export const FOLDER_OPENERS: Readonly<Record<VolumeFamily, FolderOpener>> = {
  zarr: {
    levels: async (folder, { format, select, indexes }) => {
      const versions = format === "zarr2" ? ([2] as const) : format === "zarr3" ? ([3] as const) : ([3, 2] as const);
      return (await import("./open-zarr.js")).openZarr(folder, versions, select, indexes);
    },
    stream: async () => (await import("../stream/source/zarr-source.js")).zarrSource,
  },
  n5: { levels: async (folder, { select }) => (await import("./open-n5.js")).openN5(folder, select) },
  precomputed: { levels: async (folder, { select }) => (await import("./open-precomputed.js")).openPrecomputed(folder, select) },
};
