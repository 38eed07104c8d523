import { asEmporiumError, EmporiumError, isEmporiumError } from "../../../core/errors.js";
import { everything, type PathFilter } from "../../../core/path-filter.js";
import { redact } from "../../../core/redact.js";
import { encodeSegment, volumeLink } from "../../../portals/links.js";
import type { PortalFile } from "../../../portals/portal.js";
import { isSizeless } from "../../../stores/http/answer.js";
import { unusable } from "../../../stores/keys.js";
import type { Entry, Store, UnfollowedLink } from "../../../stores/store.js";
import { UnfollowedLinks } from "../../../stores/unfollowed-links.js";
import { md5OfEtag, parseChecksum } from "../transfer/checksum.js";
import { below } from "./chunk-grid.js";
import type { GroupContents } from "./contents.js";
import { groupContents } from "./group-contents.js";
import {
  type CropJob,
  mirrorsOf,
  type ObjectGrid,
  type ObjectSet,
  type Origin,
  type RemoteObject,
  type RequestLimits,
  requestLimitsOf,
} from "./objects.js";
import type { Remote, RemoteFolder } from "./remote.js";
import { isSumFile } from "./sum-files.js";
import { type WalkedEntry, walkTree } from "./walk.js";

/** One link of a record, or a typed address, and its destination. */
export interface Start extends Pick<PortalFile, "size" | "modifiedMs" | "checksum"> {
  address: string;
  /** `unknown`: only the server can tell. */
  kind: "file" | "volume" | "folder" | "unknown";
  /** Below the destination. */
  rel: string;
  /** Below the start of the download, for globs; `""` is the start. */
  path: string;
  origin: Origin;
}

export interface ExpandOptions {
  remote: Remote;
  filter: PathFilter;
  connections?: number | undefined;
  /** One level of volumes, 0 the finest. */
  scale?: number | undefined;
  /** Volumes are cropped, so their chunks are not listed. */
  crop: boolean;
  mirrors?: readonly (readonly [string, string])[] | undefined;
  warn(message: string): void;
  /** Called for a part that cannot be fetched. The others continue. */
  onFault(what: { url: string; rel: string }, error: EmporiumError): void;
}

/**
 * Adds every object behind a link to a set.
 *
 * @throws {EmporiumError} STORE_ABSENT if there is nothing; ADDRESS_REFUSED; what stores and formats throw
 */
export async function expand(start: Start, set: ObjectSet, options: ExpandOptions): Promise<void> {
  switch (start.kind) {
    case "file":
      return addFile(start, set, options);
    case "folder":
      return addFolder(start, set, options);
    case "volume":
      return addVolume(start, set, options);
    case "unknown":
      return addUnknown(start, set, options);
  }
}

async function addFile(start: Start, set: ObjectSet, options: ExpandOptions): Promise<void> {
  const { address, rel, path, origin, size, modifiedMs, checksum } = start;
  const source = await options.remote.object(address, origin);
  const sum = checksum === undefined ? undefined : { value: parseChecksum(checksum), from: "listing" as const };
  const requestLimits = requestLimitsOf(origin.portal, address, options.connections);
  const others = await Promise.all(mirrorsOf(address, options.mirrors).map((other) => options.remote.object(other, origin)));
  const mirrors = others.filter(({ store }) => store !== source.store);
  const name = rel.slice(rel.lastIndexOf("/") + 1);
  const object = {
    ...source,
    url: redact(address),
    rel,
    path: path === "" ? name : path,
    size,
    modifiedMs,
    checksum: sum,
    mirrors,
    requestLimits,
  };
  addObject(object, set, options);
  if (path === "" && origin.trusted && checksum === undefined) set.sumFiles.push(...(await sidecarsOf(object, options)));
}

/** Looks for checksum files with the usual names. A single file has no listing that would show them. */
async function sidecarsOf(object: RemoteObject, { remote, warn }: ExpandOptions): Promise<RemoteObject[]> {
  const { store, key, url, rel, path, requestLimits } = object;
  if (isSumFile(rel.slice(rel.lastIndexOf("/") + 1)) || /[?]/.test(url)) return [];
  const asking = remote.asking(store, requestLimits.paceHost);
  const lost: { end: string; error: unknown }[] = [];
  const found = await Promise.all(
    SIDECARS.map(async (end) => {
      const stat = await asking.stat(key + end).catch((error: unknown) => {
        // no error about these names may hold up the file itself; servers refuse what is not there, or answer with a page
        if (!isNothing(error) && !(isEmporiumError(error) && NO_SIDECAR.has(error.code))) lost.push({ end, error });
        return undefined;
      });
      return stat && { store, key: key + end, url: url + end, rel: rel + end, path: path + end, size: stat.size, requestLimits };
    }),
  );
  if (lost.length > 0) {
    const ends = lost.map(({ end }) => end).join(", ");
    warn(`${url}: whether it has a checksum file (${ends}) cannot be found out: ${asEmporiumError(lost[0]!.error).message}`);
  }
  return found.filter((one) => one !== undefined);
}

const NO_SIDECAR: ReadonlySet<string> = new Set(["STORE_DENIED", "STORE_PROTOCOL", "PORTAL_NOT_DATA"]);
const SIDECARS = [".sha512", ".sha256", ".sha1", ".md5", ".sha256sum", ".md5sum"];

function addObject(object: RemoteObject, set: ObjectSet, { filter }: ExpandOptions): void {
  if (isSumFile(object.path.slice(object.path.lastIndexOf("/") + 1))) set.sumFiles.push(object);
  if (filter(object.path)) set.objects.push(object);
}

/** A name without an extension may be a file, a folder or a volume: the server decides. */
async function addUnknown(start: Start, set: ObjectSet, options: ExpandOptions): Promise<void> {
  const { remote } = options;
  const { store, key } = await remote.object(start.address, start.origin);
  const asking = remote.asking(store, requestLimitsOf(start.origin.portal, start.address, undefined).paceHost);
  let denied: EmporiumError | undefined;
  const stat = await asking.stat(key).catch((error: unknown) => {
    // a bucket that forbids listing says so of every absent object
    if (isEmporiumError(error) && error.code === "STORE_DENIED") {
      denied = error;
      return undefined;
    }
    // a server that produces the file while it sends it
    if (isSizeless(error)) return "unknown";
    // a web page in place of the file usually shows a folder
    if (isEmporiumError(error) && ["STORE_PROTOCOL", "PORTAL_NOT_DATA"].includes(error.code)) return undefined;
    // the download will also try the mirrors
    if (isEmporiumError(error) && error.facts.retry === "later" && mirrorsOf(start.address, options.mirrors).length > 0)
      return "unknown";
    throw error;
  });
  if (stat === "unknown") return addFile({ ...start, kind: "file" }, set, options);
  if (stat) return addFile({ ...start, kind: "file", size: stat.size, modifiedMs: stat.modifiedMs }, set, options);
  try {
    return await addFolder(start, set, options);
  } catch (error) {
    if (!isNothing(error) && !denied) throw error;
  }
  try {
    return await addVolume(start, set, options);
  } catch (error) {
    if (!isNothing(error)) throw error;
    throw denied ?? nothing(start.address);
  }
}

async function addFolder(start: Start, set: ObjectSet, options: ExpandOptions): Promise<void> {
  const { remote } = options;
  const folder = await remote.folder(start.address, start.origin);
  const others = await Promise.all(
    mirrorsOf(`${folder.url}/`, options.mirrors).map((other) => remote.folder(other, start.origin)),
  );
  const mirrors = others.map(({ store }) => store).filter((store) => store !== folder.store);
  const waiting: Start[] = [];
  let found = 0;
  for await (const entry of entriesOf(folder, options, start)) {
    found++;
    if (entry.whole)
      waiting.push({ ...start, ...placed(start, entry.key), kind: "volume", address: addressBelow(folder.url, entry.key) });
    else addEntry(entry, folder, start, set, options, { mirrors });
  }
  if (found === 0) throw nothing(start.address);
  for (const volume of waiting) {
    await addVolume(volume, set, options).catch((error: unknown) =>
      options.onFault({ url: redact(volume.address), rel: volume.rel }, asEmporiumError(error)),
    );
  }
}

/** A volume, one level, or a box, metadata first. With a listing every existing object, else every chunk of the grid. */
async function addVolume(start: Start, set: ObjectSet, options: ExpandOptions): Promise<void> {
  set.volumes++;
  const { format, location } = volumeLink(start.address);
  const bare = location.replace(/\/+$/, "").replace(/\/(?:info|zarr\.json|\.z(?:array|group|attrs)|attributes\.json)$/, "");
  const folder = await options.remote.folder(bare, start.origin);
  const requestLimits = {
    ...requestLimitsOf(start.origin.portal, bare, options.connections),
    ...(folder.paceHost === undefined ? {} : { paceHost: folder.paceHost }),
  };
  if (options.crop) {
    set.crops.push({ store: folder.store, key: "", url: redact(bare), rel: start.rel, format, requestLimits } satisfies CropJob);
    return;
  }
  const place: VolumePlace = { folder, start, requestLimits, set, options };
  if (options.scale === undefined && folder.listing === "flat") {
    const listed = await listAll(folder, options);
    if (listed) {
      if (listed.length === 0) throw nothing(bare);
      for (const entry of metadataFirst(listed)) addEntry(entry, folder, start, set, options, { requestLimits });
      return;
    }
  }
  if (options.scale === undefined && folder.url.startsWith("ftp:")) return addFolder({ ...start, address: bare }, set, options);
  const asking = options.remote.asking(folder.store, folder.paceHost);
  const contents = await groupContents((key) => asking.read(key), format, { name: redact(bare), scale: options.scale });
  for (const warning of contents.warnings) options.warn(warning);
  addContents(place, contents);
}

interface VolumePlace {
  folder: RemoteFolder;
  start: Start;
  requestLimits: RequestLimits;
  set: ObjectSet;
  options: ExpandOptions;
}

function addContents(
  { folder, start, requestLimits, set, options }: VolumePlace,
  { documents, grids, rewritten }: GroupContents,
): void {
  const objectOf = (key: string, more: Partial<RemoteObject>): RemoteObject => ({
    store: folder.store,
    key,
    url: redact(addressBelow(folder.url, key)),
    ...placed(start, key),
    requestLimits,
    sparse: true,
    ...more,
  });
  const wanted = (key: string) => options.filter(placed(start, key).path);
  for (const key of documents) if (wanted(key)) set.objects.push(objectOf(key, { body: rewritten.get(key) }));
  for (const grid of grids) {
    // only globs need the names of single chunks
    const all = options.filter === everything;
    const counted: ObjectGrid = {
      count: all ? grid.count : countOf(grid.keys(), wanted),
      *objects() {
        for (const key of grid.keys()) if (all || wanted(key)) yield objectOf(key, {});
      },
    };
    if (counted.count > 0) set.grids.push(counted);
  }
}

function countOf(keys: Iterable<string>, wanted: (key: string) => boolean): number {
  let count = 0;
  for (const key of keys) if (wanted(key)) count++;
  return count;
}

/** Undefined for a bucket that forbids listing. */
async function listAll(folder: RemoteFolder, options: ExpandOptions): Promise<Entry[] | undefined> {
  try {
    const entries: Entry[] = [];
    const links = leftOutLinks(folder, options);
    for await (const entry of folder.store.list("", { onLink: links.add })) entries.push(entry);
    links.tell();
    return entries;
  } catch (error) {
    if (!isEmporiumError(error) || !["STORE_DENIED", "STORE_FAILED", "NOT_FOUND"].includes(error.code)) throw error;
    options.warn(`${redact(folder.url)} cannot be listed (${error.message}): every possible chunk is requested`);
    return undefined;
  }
}

const METADATA = /(?:^|\/)(?:\.z(?:group|attrs|array|metadata)|zarr\.json|attributes\.json|info)$/;

function metadataFirst(entries: readonly Entry[]): Entry[] {
  return [...entries.filter(({ key }) => METADATA.test(key)), ...entries.filter(({ key }) => !METADATA.test(key))];
}

/** Links of a disk that lead nowhere or in circles, and pipes. A link that leaves the folder is listed, and its file says so. */
function leftOutLinks(folder: RemoteFolder, { warn }: ExpandOptions) {
  const links = new UnfollowedLinks();
  return {
    add(link: UnfollowedLink) {
      if (link.leads !== "outside") links.add(link);
    },
    tell() {
      const told = links.told(folder.store.local?.path("") ?? redact(folder.url));
      if (told !== undefined) warn(told);
    },
  };
}

async function* entriesOf(folder: RemoteFolder, options: ExpandOptions, start: Start): AsyncGenerator<WalkedEntry> {
  const onFault = (key: string, error: EmporiumError) =>
    options.onFault({ url: redact(`${folder.url}/${key}`), rel: `${start.rel}/${key}`.replace(/\/$/, "") }, error);
  const told = new Set<string>();
  const onUnusable = (key: string) => {
    if (told.has(key)) return; // the listing was repeated
    told.add(key);
    onFault(key, unusable(key));
  };
  if (folder.listing === "flat") {
    const links = leftOutLinks(folder, options);
    yield* folder.store.list("", { onUnusable, onLink: links.add });
    links.tell();
    return;
  }
  const asking = options.remote.asking(folder.store, folder.paceHost);
  // web servers often hide names with a dot, and Zarr's metadata have such names
  const isWhole = (key: string) => /\.(?:zarr|n5)\/$/i.test(key) && !folder.url.startsWith("ftp:");
  const onCircle = (key: string) =>
    options.warn(
      `${redact(`${folder.url}/${key}`)} shows the same as two folders above it: taken for a circle of links, it is not looked into`,
    );
  yield* walkTree((key) => asking.children(key, { onUnusable }), { isWhole, onFault, onCircle });
}

function addEntry(
  entry: Entry,
  folder: RemoteFolder,
  start: Start,
  set: ObjectSet,
  options: ExpandOptions,
  known: { requestLimits?: RequestLimits; mirrors?: readonly Store[] } = {},
): void {
  const { key, size, etag, modifiedMs, approximate } = entry;
  const requestLimits = known.requestLimits ?? requestLimitsOf(start.origin.portal, folder.url, options.connections);
  const mirrors = known.mirrors?.map((store) => ({ store, key }));
  const url = redact(addressBelow(folder.url, key));
  const sizes = approximate ? { roundedSize: size } : { size };
  const sum = folder.tagsAreSums ? md5OfEtag(etag) : undefined;
  const checksum = sum && { value: sum, from: "listing" as const };
  const object = {
    store: folder.store,
    key,
    url,
    ...placed(start, key),
    ...sizes,
    etag,
    modifiedMs,
    checksum,
    mirrors,
    requestLimits,
  };
  addObject(object, set, options);
}

function placed(start: Start, key: string): { rel: string; path: string } {
  return { rel: `${start.rel}/${key}`, path: below(start.path, key) };
}

/** Keys of buckets and disks are literal; those of web servers are percent-encoded. */
function addressBelow(folder: string, key: string): string {
  const literal = !/^(?:https?|ftp|file):/i.test(folder);
  return `${folder.replace(/\/+$/, "")}/${literal ? key : key.split("/").map(encodeSegment).join("/")}`;
}

function isNothing(error: unknown): boolean {
  return isEmporiumError(error) && ["STORE_ABSENT", "STORE_FAILED", "FORMAT_UNKNOWN", "NOT_FOUND"].includes(error.code);
}

function nothing(address: string): EmporiumError {
  const url = redact(address);
  return new EmporiumError("STORE_ABSENT", `${url} is neither a file, a folder with files nor a volume`, {
    place: { url },
    hint: "check the address; a folder of a web server must show its list of files",
  });
}
