import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { compressionOf } from "../../formats/compression.js";
import type { FlatLayout } from "../../formats/flat.js";
import { fileFormatOf } from "../../formats/registry.js";
import { openTiff } from "../../formats/tiff/image.js";
import { type FlatReadOptions, flatPlanes } from "./flat.js";
import type { PlaneSource } from "./plane.js";
import { type DecodeRows, type KeptRows, tiffPlanes } from "./tiff.js";

/** Access to the planes of a file: by the layout of its voxels, or as pages of a TIFF. Plain data: it is handed to threads. */
export type PlaneFile = FlatLayout | "pages";

const HEAD_BYTES = 1024;

/**
 * Looks at the first bytes of a file.
 *
 * @returns undefined for a file of no format whose planes are read
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for files that are compressed as a whole; what formats throw
 */
export async function planeFile(file: RandomAccess, options: ReadOptions = {}): Promise<PlaneFile | undefined> {
  const head = await file.read({ offset: 0, length: HEAD_BYTES }, options);
  const format = fileFormatOf(head, file.name);
  if (format?.isPaged) return "pages";
  const volume = await format?.flat?.(file, options);
  const compression = volume ? volume.payload?.compression : compressionOf(head);
  if (compression) {
    const what = volume ? `its voxels are compressed with ${compression} as a whole:` : `a file compressed with ${compression}`;
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${file.name}: ${what} has no places to jump to`, {
      place: { file: file.name, byte: 0 },
      hint: "decompress it, or convert it with: emporium ingest convert FILE OUT --zarr",
    });
  }
  return volume?.layout;
}

export interface OpenPlanesOptions extends FlatReadOptions {
  /** Cache of decoded rows, for TIFF. Default: one of its own, of 32 MiB. */
  readonly kept?: KeptRows | undefined;
  /** Bytes that decoding of a TIFF may take at once. */
  readonly needMax?: number | undefined;
  /** Decodes rows of a TIFF elsewhere. Default: the calling thread does. */
  readonly decodeRows?: DecodeRows | undefined;
}

/** Opens a file that `planeFile` knows. */
export async function openPlanes(file: RandomAccess, known: PlaneFile, options: OpenPlanesOptions = {}): Promise<PlaneSource> {
  return known === "pages" ? tiffPlanes(await openTiff(file), options) : flatPlanes(file, known, options);
}
