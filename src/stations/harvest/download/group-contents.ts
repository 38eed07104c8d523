import { EmporiumError } from "../../../core/errors.js";
import type { FolderFormat } from "../../../formats/peek/peek.js";
import type { ContentsOptions, GroupContents, ReadDocument } from "./contents.js";
import { n5Contents } from "./n5-contents.js";
import { precomputedContents } from "./precomputed-contents.js";
import { zarrContents } from "./zarr-contents.js";

/**
 * Follows the metadata of a volume from its root to every array: groups, levels, labels, the images of a plate or a series. No chunk is read.
 *
 * @param format as the link has it; default by what is there.
 * @throws {EmporiumError} FORMAT_UNKNOWN where there is no volume; FORMAT_FIELD and FORMAT_CORRUPT for documents that make no sense; USAGE where the level does not
 *   exist.
 */
export async function groupContents(
  read: ReadDocument,
  format: FolderFormat | undefined,
  options: ContentsOptions,
): Promise<GroupContents> {
  for (const one of format === undefined ? likely(options.name) : [format]) {
    const found =
      one === "n5"
        ? await n5Contents(read, options)
        : one === "precomputed"
          ? await precomputedContents(read, options)
          : await zarrContents(read, { ...options, versions: one === "zarr2" ? [2] : one === "zarr3" ? [3] : [2, 3] });
    if (found) return found;
  }
  throw new EmporiumError("FORMAT_UNKNOWN", `${options.name}: no .zattrs, .zgroup, .zarray, zarr.json, attributes.json or info`, {
    place: { url: options.name },
    hint: "name the folder of the image itself, not one above or below it",
  });
}

function likely(name: string): FolderFormat[] {
  const bare = name.replace(/\/+$/, "");
  if (/\.n5(?:\/|$)/i.test(bare)) return ["n5", "zarr", "precomputed"];
  return /\.zarr(?:\/|$)/i.test(bare) ? ["zarr", "n5", "precomputed"] : ["precomputed", "zarr", "n5"];
}
