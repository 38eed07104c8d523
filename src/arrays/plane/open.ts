import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { EmporiumError } from "../../core/errors.js";
import { readDm } from "../../formats/dm/image.js";
import { detectDm } from "../../formats/dm/tags.js";
import { compressionOf, detectMrc } from "../../formats/mrc/detect.js";
import { readMrcHeader } from "../../formats/mrc/header.js";
import { detectTiff } from "../../formats/tiff/header.js";
import { openTiff } from "../../formats/tiff/image.js";
import { dmLayout } from "./dm.js";
import { type FlatLayout, type FlatOptions, flatPlanes } from "./flat.js";
import { mrcLayout } from "./mrc.js";
import type { PlaneSource } from "./plane.js";
import { type KeptRows, tiffPlanes } from "./tiff.js";

/** How planes of a file are read: by where its voxels lie, or as pages of a TIFF. Plain data: it is handed to threads. */
export type PlaneFile = FlatLayout | "tiff";

const HEAD_BYTES = 1024;

/**
 * Looks at the first bytes of a file.
 *
 * @returns undefined for a file that is none of MRC, TIFF, DM3 and DM4
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for files that are compressed as a whole; what formats throw
 */
export async function planeFile(file: RandomAccess, options: ReadOptions = {}): Promise<PlaneFile | undefined> {
  const head = await file.read({ offset: 0, length: HEAD_BYTES }, options);
  if (detectTiff(head)) return "tiff";
  if (detectDm(head)) return dmLayout((await readDm(file, options)).images[0]!, file.name);
  const compression = compressionOf(head);
  if (compression) {
    throw new EmporiumError(
      "FORMAT_UNSUPPORTED",
      `${file.name}: a file compressed with ${compression} has no places to jump to`,
      {
        place: { file: file.name, byte: 0 },
        hint: "decompress it, or convert it with: emporium ingest convert FILE OUT --zarr",
      },
    );
  }
  if (!detectMrc(head, await file.size())) return undefined;
  return mrcLayout(await readMrcHeader(file, options), file.name);
}

export interface OpenPlanesOptions extends FlatOptions {
  /** Of TIFF. Default: 32 MiB of its own. */
  readonly kept?: KeptRows | undefined;
}

/** Opens a file that `planeFile` knows. */
export async function openPlanes(file: RandomAccess, known: PlaneFile, options: OpenPlanesOptions = {}): Promise<PlaneSource> {
  return known === "tiff" ? tiffPlanes(await openTiff(file), options.kept) : flatPlanes(file, known, options);
}
