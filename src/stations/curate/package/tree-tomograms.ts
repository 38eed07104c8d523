import { EmporiumError } from "../../../core/errors.js";
import { few } from "../../../core/finding.js";
import { type Json, type JsonObject, parseJson } from "../../../core/json.js";
import { isJsonObject } from "../../../core/json-fields.js";
import { toNumber } from "../../../core/number.js";
import { runFolder, TOMOGRAM_METADATA } from "../../../model/layout.js";
import { emptyHint, objectName, type Store } from "../../../stores/store.js";

/** A tomogram that the portal shows. */
export interface PortalTomogram {
  /** Key of its metadata. */
  readonly path: string;
  /** `[z, y, x]`. */
  readonly shape: readonly [number, number, number];
  readonly voxelAngstrom: number;
  /** `13.480`: the name of its folder. */
  readonly spacing: string;
  /** Number of the alignment's folder. */
  readonly alignment: string | undefined;
}

export interface TreeTomogramsOptions {
  readonly dataset: string;
  readonly run: string;
  readonly onUnsized?: (path: string, isThere: boolean) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The tomograms of a run in a standardised tree, by their metadata.
 *
 * @param onUnsized is told of metadata without a size or voxel spacing, or that are not there: such a tomogram is compared with nothing.
 * @throws {EmporiumError} STORE_ABSENT where the tree has no tomogram of the run
 */
export async function treeTomograms(
  tree: Store,
  { dataset, run, onUnsized, signal }: TreeTomogramsOptions,
): Promise<PortalTomogram[]> {
  const folder = `${runFolder(dataset, run)}/Reconstructions`;
  const tomograms: PortalTomogram[] = [];
  const unsized: string[] = [];
  const absent: string[] = [];
  for (const spacing of await names(tree, folder, signal)) {
    if (!spacing.startsWith("VoxelSpacing")) continue;
    for (const id of await names(tree, `${folder}/${spacing}/Tomograms`, signal)) {
      const path = `${folder}/${spacing}/Tomograms/${id}/${TOMOGRAM_METADATA}`;
      const bytes = await tree.read(path, undefined, { signal });
      const tomogram =
        bytes && tomogramOf(parseJson(new TextDecoder().decode(bytes)), path, spacing.slice("VoxelSpacing".length));
      if (tomogram) tomograms.push(tomogram);
      else if (bytes) unsized.push(path);
      else if (/^\d+$/.test(id)) absent.push(path);
    }
  }
  if (tomograms.length > 0) {
    for (const path of unsized) onUnsized?.(path, true);
    for (const path of absent) onUnsized?.(path, false);
    return tomograms;
  }
  const why =
    unsized.length > 0 ? `: ${few(unsized)} ${unsized.length === 1 ? "has" : "have"} neither size nor voxel spacing` : "";
  throw new EmporiumError(
    "STORE_ABSENT",
    `${objectName(tree, folder)} has no tomogram${unsized.length > 0 ? " whose size is known" : ""}${why}`,
    {
      hint: emptyHint(tree.url, "check that this is the portal's tree and that the run has this name there"),
    },
  );
}

async function names(tree: Store, folder: string, signal: AbortSignal | undefined): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of tree.children(`${folder}/`, { signal }))
    if (key.endsWith("/")) found.push(key.slice(folder.length + 1, -1));
  return found;
}

function tomogramOf(metadata: Json, path: string, spacing: string): PortalTomogram | undefined {
  if (!isJsonObject(metadata) || !isJsonObject(metadata.size)) return undefined;
  const shape = ["z", "y", "x"].map((axis) => toNumber((metadata.size as JsonObject)[axis]));
  const voxelAngstrom = toNumber(metadata.voxel_spacing) ?? Number(spacing);
  if (shape.some((length) => length === undefined || !(length > 0)) || !(voxelAngstrom > 0)) return undefined;
  const alignment = metadata.alignment_metadata_path;
  return {
    path,
    shape: shape as [number, number, number],
    voxelAngstrom,
    spacing,
    alignment: typeof alignment === "string" ? /\/Alignments\/([^/]+)\//.exec(alignment)?.[1] : undefined,
  };
}
