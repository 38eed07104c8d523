import { EmporiumError } from "../../../core/errors.js";
import { likelyFamilies, type VolumeFormat } from "../../../model/volume-formats.js";
import type { ContentsOptions, GroupContents, ReadDocument } from "./contents.js";
import { n5Contents } from "./n5-contents.js";
import { precomputedContents } from "./precomputed-contents.js";
import { zarrContents } from "./zarr-contents.js";

type ReadContents = (read: ReadDocument, options: ContentsOptions) => Promise<GroupContents | undefined>;

const CONTENTS: Readonly<Record<VolumeFormat, ReadContents>> = {
  zarr: (read, options) => zarrContents(read, { ...options, versions: [2, 3] }),
  zarr2: (read, options) => zarrContents(read, { ...options, versions: [2] }),
  zarr3: (read, options) => zarrContents(read, { ...options, versions: [3] }),
  n5: n5Contents,
  precomputed: precomputedContents,
};

/**
 * Follows the metadata of a volume from its root to every array: groups, levels, labels, the images of a plate or a series. Reads
 * no chunk.
 *
 * @param format of the link; default: by the documents
 * @throws {EmporiumError} FORMAT_UNKNOWN if there is no volume; FORMAT_FIELD and FORMAT_CORRUPT for invalid documents; USAGE
 *   for a missing level
 */
export async function groupContents(
  read: ReadDocument,
  format: VolumeFormat | undefined,
  options: ContentsOptions,
): Promise<GroupContents> {
  for (const one of format === undefined ? likelyFamilies(options.name) : [format]) {
    const found = await CONTENTS[one](read, options);
    if (found) return found;
  }
  throw new EmporiumError("FORMAT_UNKNOWN", `${options.name}: no .zattrs, .zgroup, .zarray, zarr.json, attributes.json or info`, {
    place: { url: options.name },
    hint: "name the folder of the image itself, not one above or below it",
  });
}
