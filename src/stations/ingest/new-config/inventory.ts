import { isEmporiumError } from "../../../core/errors.js";
import { readMrcHeader } from "../../../formats/mrc/header.js";
import { peetName } from "../../../formats/points/peet-name.js";
import { parseZattrs } from "../../../formats/zarr/metadata.js";
import { parseOmeImage } from "../../../formats/zarr/ome-v05.js";
import { parseZarrV3Group } from "../../../formats/zarr/v3-metadata.js";
import { compareKeys } from "../../../stores/keys.js";
import { openObject, type Store } from "../../../stores/store.js";
import { UnfollowedLinks } from "../../../stores/unfollowed-links.js";
import { forEachLimited } from "../../../system/parallel.js";

/** What a file or Zarr folder of a laboratory is taken for. */
export type ItemKind =
  | "tomogram"
  | "tiltseries"
  | "mask"
  | "frame"
  | "gain"
  | "mdoc"
  | "rawtlt"
  | "xf"
  | "tlt"
  | "xtilt"
  | "aln"
  | "warp"
  | "ctf"
  | "points"
  | "mesh"
  | "table"
  | "picture"
  | "other";

export interface Item {
  /** Below the folder that was looked at; a Zarr's without a slash at its end. */
  path: string;
  kind: ItemKind;
  size: number;
  /** Of volumes. */
  shape?: readonly [z: number, y: number, x: number] | undefined;
  voxelSizeAngstrom?: number | undefined;
}

/** Files that are looked at; a folder with more is looked at in part. */
const ITEMS_MAX = 500_000;
/** Headers of volumes that are read. */
const HEADERS_MAX = 5_000;
const HEADERS_IN_FLIGHT = 16;

export interface Inventory {
  items: Item[];
  isComplete: boolean;
  /** Files that are called like volumes and are none that can be read: each with the reason. */
  unreadable: ReadonlyMap<string, string>;
  /** Volumes whose headers were not looked at, since there are so many. */
  unlooked: number;
  /** Files that are hidden, or lie in a hidden folder, and are not looked at. */
  hidden: readonly string[];
  /** Links that are not followed. */
  links: UnfollowedLinks;
}

/** What a folder holds, each file named by what it seems to be: by its extension and place, volumes also by their headers. */
export async function takeInventory(store: Store, signal: AbortSignal): Promise<Inventory> {
  const sizes = new Map<string, number>();
  const links = new UnfollowedLinks();
  const hidden: string[] = [];
  let isComplete = true;
  for await (const { key, size, leaves } of store.list("", { signal, onLink: links.add })) {
    if (leaves !== undefined) continue; // told among the links
    if (key.split("/").some((part) => part.startsWith("."))) {
      const zarr = zarrOf(key);
      if (zarr === undefined) {
        hidden.push(key);
        continue;
      }
    }
    const path = zarrOf(key) ?? key;
    sizes.set(path, (sizes.get(path) ?? 0) + size);
    if (sizes.size < ITEMS_MAX) continue;
    isComplete = false;
    break;
  }
  const items = Array.from(sizes, ([path, size]): Item => ({ path, size, kind: kindByName(path) }));
  const volumes = items.filter(
    ({ kind, path }) => isVolume(path) && (kind === "tomogram" || kind === "tiltseries" || kind === "mask"),
  );
  const unreadable = new Map<string, string>();
  await forEachLimited(volumes.slice(0, HEADERS_MAX), HEADERS_IN_FLIGHT, async (item) => {
    try {
      Object.assign(
        item,
        item.path.endsWith(".zarr") ? await zarrFacts(store, item.path, signal) : await mrcFacts(store, item.path, signal),
      );
    } catch (error) {
      if (!isEmporiumError(error) || !error.code.startsWith("FORMAT_")) throw error;
      item.kind = "other"; // it is called like a volume and is none
      unreadable.set(item.path, error.message.split(`${item.path}: `).at(-1)!);
    }
  });
  const unlooked = Math.max(0, volumes.length - HEADERS_MAX);
  return { items: items.sort((a, b) => compareKeys(a.path, b.path)), isComplete, unreadable, unlooked, hidden, links };
}

/** The Zarr folder that a key is in; `.zarr` within a Zarr is a part of it. */
function zarrOf(key: string): string | undefined {
  const at = /^(.*?\.zarr)\//.exec(key);
  return at?.[1];
}

function isVolume(path: string): boolean {
  return /\.(mrc|rec|st|ali|mrcs|map|zarr)$/i.test(path);
}

const between = (words: string): RegExp => new RegExp(`(^|[/_. -])(${words})(?=[/_. -]|\\d|$)`, "i");
const MASK = between(
  "masks?|labels?|segs?|segmentations?|segment|segmask|organelles?|membranes?|instances?|ground_?truth|gts|probabilit(y|ies)|semantic",
);
const GAIN = between("gains?|gainref|countref|gain_?reference|ref\\d*|defects?");
const FRAMES = /(^|\/)(raw_?)?(frames?|movies?|fractions|subframes)(\/|$)/i;
const SERIES = between("tilt_?series|stacks?|raw_?data");
/** `pos1_TS.mrc`, `pos1_st.mrc`; in `TS_01` it is the name of a run. */
const SERIES_END = /[_-](ts|st|stack)\.\w+$/i;
const VOLUME = between("tomograms?|tomos?|recons?|reconstructions?|vol|volumes?|sirt|wbp|bp|rec|voxelspacing|denoised|dctf");

function kindByName(path: string): ItemKind {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const extension = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  // of many particles: no tomogram of a run
  if (peetName(name)?.kind === "average") return "other";
  switch (extension) {
    case "mdoc":
      // one for each frame belongs to the frames
      return /\.(tiff?|eer|mrc\d*)\.mdoc$/i.test(name) && FRAMES.test(path) ? "other" : "mdoc";
    case "rawtlt":
    case "xf":
    case "tlt":
    case "aln":
      return extension;
    case "xtilt":
    case "tltx":
      return "xtilt";
    case "gain":
    case "dm4":
    case "dm3":
      return "gain";
    case "eer":
      return "frame";
    case "tif":
    case "tiff":
      return GAIN.test(name) ? "gain" : "frame";
    case "bz2":
      return /\.mrc\.bz2$/i.test(name) ? "frame" : "other";
    case "defocus":
      return "ctf";
    case "txt":
      return /ctf/i.test(name) ? "ctf" : "other";
    case "xml":
      return "warp";
    case "star":
    case "mod":
    case "tbl":
    case "cbox":
    case "tloc":
    case "box":
      return "points";
    case "csv":
    case "tsv":
      return "table";
    case "json":
      return /(^|\/)picks\/|_info\.json$/i.test(path) ? "points" : "other";
    case "obj":
    case "stl":
    case "vtk":
    case "glb":
    case "hff":
      return "mesh";
    case "png":
    case "jpg":
    case "jpeg":
    case "gif":
      return "picture";
    default:
      return isVolume(path) ? volumeKind(path, name, extension) : "other";
  }
}

function volumeKind(path: string, name: string, extension: string): ItemKind {
  if (GAIN.test(name)) return "gain";
  if (MASK.test(path)) return "mask";
  if (extension === "rec") return "tomogram";
  if (extension === "st" || extension === "ali" || extension === "mrcs") return "tiltseries";
  if (FRAMES.test(path.slice(0, path.lastIndexOf("/") + 1))) return "frame";
  if (SERIES_END.test(name) || SERIES.test(path)) return VOLUME.test(name) ? "tomogram" : "tiltseries";
  return "tomogram";
}

async function mrcFacts(store: Store, path: string, signal: AbortSignal): Promise<Pick<Item, "shape" | "voxelSizeAngstrom">> {
  const header = await readMrcHeader(await openObject(store, path, { signal }));
  return { shape: header.shape, voxelSizeAngstrom: header.voxelSizeAngstrom[1] };
}

async function zarrFacts(store: Store, path: string, signal: AbortSignal): Promise<Pick<Item, "shape" | "voxelSizeAngstrom">> {
  const old = await store.read(`${path}/.zattrs`, undefined, { signal });
  const bytes = old ?? (await store.read(`${path}/zarr.json`, undefined, { signal }));
  if (!bytes) return {};
  const attributes = old ? parseZattrs(bytes, path) : parseZarrV3Group(bytes, path).attributes;
  const image = parseOmeImage(attributes, path, { unitWhenAbsent: "angstrom" });
  return { voxelSizeAngstrom: image.datasets[0]?.voxelSizeAngstrom[1] };
}

/** A stack of as many sections as a series of tilts has angles is one, whatever it is called. */
export function settleStacks(items: readonly Item[], tiltCounts: ReadonlySet<number>): void {
  for (const item of items) {
    if (item.kind !== "tomogram" || !item.shape || /\.(rec|zarr)$/i.test(item.path)) continue;
    const name = item.path.slice(item.path.lastIndexOf("/") + 1);
    if (tiltCounts.has(item.shape[0]) && !VOLUME.test(name) && !VOLUME.test(item.path)) item.kind = "tiltseries";
  }
}
