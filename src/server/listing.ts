import { existsSync } from "node:fs";
import { EmporiumError } from "../core/errors.js";
import { FILE_FORMATS, FOLDER_FORMATS, formatNamed, titleOf } from "../formats/registry.js";
import type { ListedEntry, Listing } from "../model/page-api.js";
import { printRef } from "../model/ref.js";
import { likelyFamilies, namesFolder, type VolumeFamily } from "../model/volume-formats.js";
import { type HygieneFlag, hygieneOf, twinsAmong } from "../stations/curate/inventory/hygiene-flags.js";
import { kindOf } from "../stations/curate/inventory/kind.js";
import { folderOf, isVolume } from "../stations/harvest/records/volume-folder.js";
import { compareKeys } from "../stores/keys.js";
import type { Entry } from "../stores/store.js";
import { mapLimit } from "../system/parallel.js";
import { isHiddenKey } from "./hidden.js";
import { keyWithin, type Place } from "./places.js";

/**
 * Number of folders in a part of a listing whose documents are looked at over the network. Others count as volumes where their
 * names say so.
 */
const REMOTE_LOOKS_MAX = 32;
const LOOKS_AT_ONCE = 8;

const IMAGES = FILE_FORMATS.filter(({ names }) => names !== undefined);

/** Formats by the ends of file names; those of images come from `FILE_FORMATS`. */
const NAMES: readonly (readonly [RegExp, string])[] = [
  ...IMAGES.map((format) => [new RegExp(`\\.(?:${format.names!.join("|")})$`, "i"), titleOf(format)] as const),
  ...IMAGES.filter(({ flat }) => flat).map(
    (format) => [new RegExp(`\\.(?:${format.names!.join("|")})\\.(?:gz|bz2)$`, "i"), `${titleOf(format)}, compressed`] as const,
  ),
  [/\.mod$/i, "IMOD model"],
  [/\.(?:rawtlt|tlt)$/i, "tilt angles"],
  [/\.mdoc$/i, "SerialEM mdoc"],
  [/\.(?:xf|prexf|prexg|tltxf)$/i, "IMOD transforms"],
  [/\.star$/i, "STAR"],
  [/\.(?:csv|tsv)$/i, "table"],
  [/\.ndjson$/i, "points"],
  [/\.(?:obj|stl|ply|glb)$/i, "mesh"],
  [/\.swc$/i, "SWC"],
  [/\.json$/i, "JSON"],
  [/\.ya?ml$/i, "YAML"],
  [/\.xml$/i, "XML"],
  [/\.(?:txt|log|md)$/i, "text"],
  [/\.(?:png|jpe?g|gif|webp)$/i, "picture"],
];

/** The format that a file's name stands for; undefined for an unknown ending. */
export function formatOfName(name: string): string | undefined {
  return NAMES.find(([end]) => end.test(name))?.[1];
}

export interface ListingOptions {
  /** The last key of the part before. */
  after?: string | undefined;
  limit: number;
  signal?: AbortSignal | undefined;
}

/**
 * Lists the direct contents of one folder of a place in the order of keys, `limit` entries at a time. Hidden names are left out.
 * For a place that is one file, lists that file.
 *
 * @throws {EmporiumError} NAME_UNSAFE, NOT_FOUND, and what the store throws
 */
export async function listFolder(place: Place, prefix: string, { after, limit, signal }: ListingOptions): Promise<Listing> {
  const { id, store } = place;
  const folder = prefix === "" ? "" : `${keyWithin(place, prefix)}/`;
  const isBelow = place.key === undefined || folder !== "";
  const page: Entry[] = [];
  let next: string | undefined;
  for await (const entry of store.children(folder, { signal })) {
    if (isHiddenKey(entry.key) || (after !== undefined && compareKeys(entry.key, after) <= 0)) continue;
    if (!isBelow && entry.key.replace(/\/$/, "") !== place.key) continue;
    if (page.length === limit) {
      next = page.at(-1)!.key;
      break;
    }
    page.push(entry);
  }
  if (page.length === 0 && isGone(store, folder)) throw gone(place, folder);
  const itself = folder === "" ? undefined : await volumeFamily(place, folder, true, signal);
  const marksOf = marking(folder, page);
  const looks = store.local ? Number.POSITIVE_INFINITY : REMOTE_LOOKS_MAX;
  const folders = page.filter(({ key }) => key.endsWith("/"));
  const families = new Map<string, VolumeFamily | undefined>();
  await mapLimit(folders, LOOKS_AT_ONCE, async ({ key }, at) => {
    families.set(key, await volumeFamily(place, key, at < looks, signal));
  });
  const entries = page.map((entry): ListedEntry => {
    const { key, size, modifiedMs, approximate, leaves } = entry;
    const name = key.slice(folder.length).replace(/\/$/, "");
    const marks = marksOf(entry);
    const common = { name, ...(marks.length > 0 && { marks }) };
    if (key.endsWith("/")) {
      const family = families.get(key);
      if (family === undefined) return { ...common, key, kind: "folder" };
      const bare = key.slice(0, -1);
      return { ...common, key: bare, kind: "volume", format: FOLDER_FORMATS[family].title, ref: refOf(id, bare) };
    }
    const format = formatOfName(name);
    const isImage = formatNamed(name) !== undefined;
    return {
      ...common,
      key,
      kind: "file",
      format,
      ...(!approximate && leaves === undefined && { sizeBytes: size }),
      modifiedAt: modifiedMs === undefined ? undefined : new Date(modifiedMs).toISOString(),
      ...(isImage && size !== 0 && leaves === undefined && { ref: refOf(id, key) }),
    };
  });
  return { place: id, prefix: folder, entries, ...(itself && { ref: refOf(id, folder.slice(0, -1)) }), next };
}

function gone({ id }: Place, folder: string): EmporiumError {
  return new EmporiumError("NOT_FOUND", `${folder === "" ? id : `${id}/${folder}`} is not there any more`, {
    hint:
      folder === ""
        ? "bring it back to where it was, or serve it from where it is now"
        : "check the name and the folder that should contain it",
  });
}

/** Whether a folder of a disk does not exist, rather than being empty. Object stores know folders only by their contents. */
function isGone({ local }: Place["store"], folder: string): boolean {
  return local !== undefined && !existsSync(local.path(folder.slice(0, -1)));
}

const refOf = (place: string, key: string) => printRef({ kind: "place", place, key });

/** The volume family of a folder. @param look at its documents, which takes requests; otherwise by its name alone */
async function volumeFamily(
  { id, store }: Place,
  folder: string,
  look: boolean,
  signal: AbortSignal | undefined,
): Promise<VolumeFamily | undefined> {
  const key = folder.slice(0, -1);
  const [likeliest] = likelyFamilies(key);
  if (!look) return namesFolder(key) ? likeliest : undefined;
  const documents = folderOf(store, folder, `${id}/${key}`, { signal });
  if (!(await isVolume(documents))) return undefined;
  if (namesFolder(key)) return likeliest;
  for (const [document, family] of [
    ["info", "precomputed"],
    ["attributes.json", "n5"],
  ] as const)
    if (await documents.read(document)) return family;
  return "zarr";
}

/**
 * Marks entries by the rules of `curate hygiene` that need only names and sizes. Similar names are found within one part of a
 * listing.
 */
function marking(folder: string, page: readonly Entry[]): (entry: Entry) => HygieneFlag[] {
  const names = page.map(({ key }) => key.slice(folder.length));
  const siblings = new Set(names);
  const files = names.filter((name) => !name.endsWith("/"));
  const folders = names.filter((name) => name.endsWith("/")).map((name) => name.slice(0, -1));
  const twins = twinsAmong({ files: files.map((name) => [name, 0, 0]), folders });
  return ({ key, size, approximate, leaves }) => {
    const name = key.slice(folder.length).replace(/\/$/, "");
    const twin = twins.get(name);
    if (key.endsWith("/")) return [...(twin ?? [])];
    const known = approximate ? 1 : size;
    return hygieneOf({
      name,
      size: known,
      kind: kindOf(name, known),
      type: leaves === undefined ? undefined : "link",
      head: undefined,
      twin,
      siblings,
    });
  };
}
