import { existsSync, realpathSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { blockSource } from "../core/blocks.js";
import { EmporiumError, isEmporiumError } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { plainText } from "../core/plain-text.js";
import { quoteWord } from "../core/shell.js";
import { compressionOf } from "../formats/compression.js";
import { peekFile } from "../formats/peek/peek.js";
import { fileFormatOf } from "../formats/registry.js";
import type { PlaceFacts } from "../model/page-api.js";
import { printRef } from "../model/ref.js";
import { nameGiver } from "../stations/harvest/records/named-words.js";
import { folderOf, isVolume } from "../stations/harvest/records/volume-folder.js";
import { fileError } from "../stores/file/errors.js";
import { checkKey, unusable } from "../stores/keys.js";
import type { Location, StoreOptions } from "../stores/location.js";
import { keyWithin as keyInside, nestingOf } from "../stores/nesting.js";
import { absent, openObject, type Store } from "../stores/store.js";
import { openLocation, openStore, parseLocation } from "../stores/url.js";
import { leavingOut } from "../stores/wrap/leaving-out.js";
import { mapLimit } from "../system/parallel.js";
import { isHiddenKey } from "./hidden.js";

/** A location of the command line, open for reading. Keys cannot name anything outside of it. */
export interface Place extends PlaceFacts {
  readonly location: Location;
  /** Store of everything below the location; for a single file, of its folder. */
  readonly store: Store;
}

/** An object or a folder of a place. */
export interface PlacedKey {
  readonly place: Place;
  readonly key: string;
}

export interface OpenPlacesOptions {
  /** Sign no request to a bucket. */
  anonymous?: boolean | undefined;
  /** Told of names that can be no addresses, and are left out. */
  log?: Pick<Log, "warn"> | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Number of folders in which a dataset's document is looked for: each look is a request. Numbered folders, as datasets have, come
 * first.
 */
const LOOKS_MAX = 64;
const LOOKS_AT_ONCE = 8;
/** Number of names that are read to find those folders. */
const ENTRIES_MAX = 5_000;

/**
 * Opens locations to serve: files, volumes, folders, standardised trees, buckets, folders of web servers. The id of each is made
 * from its last name.
 *
 * @throws {EmporiumError} USAGE for FTP; STORE_ABSENT, STORE_DENIED and what else stores throw where one cannot be read
 */
export async function openPlaces(words: readonly string[], options: OpenPlacesOptions = {}): Promise<Place[]> {
  const give = nameGiver();
  const places: Place[] = [];
  for (const word of words) {
    const location = parseLocation(word);
    const name = location.key || location.bucket || new URL(location.url).host || "/";
    const id = give(slug(name) || location.scheme);
    const opened = await openPlace(word, location, options).catch((error: unknown) => {
      throw withCommand(error, word, location);
    });
    places.push({ id, name, location, ...opened });
  }
  return places;
}

type Opened = Pick<Place, "kind" | "key" | "store">;

async function openPlace(word: string, location: Location, { anonymous, log, signal }: OpenPlacesOptions): Promise<Opened> {
  if (location.scheme === "ftp") {
    throw new EmporiumError("USAGE", `${location.url} is an FTP server; give a folder, a bucket or a web server`, {
      hint: `copy the files first: emporium harvest download ${quoteWord(location.url)} --dest DIR`,
    });
  }
  const opening: StoreOptions = { anonymous, readOnly: true };
  const single = async (): Promise<Opened> => ({
    kind: "file",
    key: location.key,
    store: (await openLocation(location, opening)).store,
  });
  if (location.path !== undefined) {
    if (await isFile(location.path)) return refuseNoImage(await single(), word, signal);
    const store = leavingOut(await openStore(location, opening), (name) =>
      log?.warn(`${unusable(name).message}: it is left out of ${plainText(word)}`),
    );
    for await (const _first of store.children("", { signal })) break; // a folder that may not be read is told now
    if (location.key !== "" && (await isVolume(folderOf(store, "", word, { signal })))) return single();
    return { kind: (await isTree(store, signal)) ? "tree" : "folder", store };
  }
  const { addressOf } = await import("../stations/harvest/records/address.js");
  const { kind } = location.key === "" ? { kind: "folder" } : addressOf(location.url);
  if (kind === "file") {
    const file = await single();
    if (await file.store.stat(location.key, { signal })) return file;
    throw absent(file.store, location.key);
  }
  const store = await openStore(location, opening);
  // before it is listed: many servers have volumes and no listings
  if (location.key !== "" && (await isVolume(folderOf(store, "", word, { signal })))) return single();
  if (kind === "unknown" && !(await hasEntries(store, "", signal))) {
    const file = await single();
    if (await file.store.stat(location.key, { signal })) return file;
    throw absent(file.store, location.key);
  }
  if (await isTree(store, signal)) return { kind: "tree", store };
  return { kind: location.bucket === undefined ? "web" : "bucket", store };
}

/** Bytes at the beginning of a file by which formats are told apart. */
const HEAD_BYTES = 64 * 1024;

/** A file that no page could show is refused before there is a page. @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_UNSUPPORTED */
async function refuseNoImage(opened: Opened, word: string, signal: AbortSignal | undefined): Promise<Opened> {
  const file = blockSource(await openObject(opened.store, opened.key!));
  const head = await file.read({ offset: 0, length: HEAD_BYTES }, { signal });
  // the heads of both are read by other means, when a page asks
  if (fileFormatOf(head, file.name)?.hasDatasets || compressionOf(head) === "bzip2") return opened;
  await peekFile(file, { signal }).catch((error: unknown) => {
    if (!isEmporiumError(error) || (error.code !== "FORMAT_UNKNOWN" && error.code !== "FORMAT_UNSUPPORTED")) return;
    const hint =
      error.code === "FORMAT_UNKNOWN" ? `serve its folder: emporium serve ${quoteWord(dirname(word))}` : error.facts.hint;
    throw new EmporiumError(error.code, error.message, { ...error.facts, hint, cause: error });
  });
  return opened;
}

/**
 * Refuses a private file or folder within the served locations: everybody who reaches the server can read what is in them, unless
 * its name begins with a dot.
 *
 * @param path of a file or folder, which need not exist @param what names it in the message
 * @throws {EmporiumError} USAGE
 */
export function refuseServed(path: string, what: string, locations: readonly string[]): void {
  for (const word of locations) {
    const { path: served } = parseLocation(word);
    if (served === undefined) continue;
    const nesting = nestingOf(path, served);
    if (nesting === "apart" || nesting === "around") continue;
    // a link in the folder or elsewhere: what counts is where the file is
    const real = existsSync(path) ? realpathSync(path) : resolve(path);
    const folder = keyInside(dirname(real), served);
    if (nesting === "inside" && isHiddenKey(folder === undefined ? basename(real) : `${folder}/${basename(real)}`)) continue;
    throw new EmporiumError("USAGE", `${what} ${path} lies in ${word}, where everybody who reaches the server can read it`, {
      place: { file: path },
      hint: "put it elsewhere, or below a folder whose name begins with a dot",
    });
  }
}

/** Adds to an error the command that shows why the location is refused, or another that works. */
function withCommand(error: unknown, word: string, { path, scheme, bucket }: Location): unknown {
  const isWeb = path === undefined && bucket === undefined;
  // a folder that a web server does not show: it refuses it, or answers with a page that somebody wrote
  const isRefused = isEmporiumError(error) && ["STORE_DENIED", ...(isWeb ? ["STORE_FAILED"] : [])].includes(error.code);
  if (!isRefused) return error;
  const shown = quoteWord(word);
  const file = quoteWord(`${word.replace(/\/+$/, "")}/FILE.mrc`);
  const hint =
    path !== undefined
      ? `ls -ld ${shown} shows who may read it; its owner lets others in with chmod -R a+rX ${shown}`
      : scheme === "s3"
        ? `AWS_PROFILE=NAME emporium serve ${shown} asks with the keys of a profile, emporium serve --anonymous ${shown} with none`
        : isWeb
          ? `many web servers show no lists of files; name files and volumes themselves: emporium serve ${file}`
          : error.facts.hint;
  return new EmporiumError(error.code, error.message, { ...error.facts, hint, cause: error });
}

async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    throw fileError(error, path, "read");
  });
  if (found.isFile() || found.isDirectory()) return found.isFile();
  throw new EmporiumError("STORE_FAILED", `${path} is neither a file nor a folder`, { place: { file: path } });
}

/** Whether a folder lists any entry. Web servers without listings refuse, or answer with a page that lists nothing. */
async function hasEntries(store: Store, folder: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    for await (const _first of store.children(folder, { signal })) return true;
  } catch (error) {
    if (!isEmporiumError(error) || !["STORE_ABSENT", "STORE_PROTOCOL"].includes(error.code)) throw error;
  }
  return false;
}

/**
 * Whether `catalog import` takes the folder as a tree: it has folders of datasets or of depositions, which their documents show.
 */
async function isTree(store: Store, signal: AbortSignal | undefined): Promise<boolean> {
  const folders: string[] = [];
  let entries = 0;
  for await (const { key } of store.children("", { signal })) {
    if (++entries > ENTRIES_MAX) break;
    if (!key.endsWith("/") || isHiddenKey(key)) continue;
    if (key === "depositions_metadata/") return true;
    folders.push(key);
  }
  const numbered = (key: string) => Number(/^\d+\/$/.test(key));
  const likely = folders.sort((a, b) => numbered(b) - numbered(a)).slice(0, LOOKS_MAX);
  const found = await mapLimit(likely, LOOKS_AT_ONCE, (key) => store.stat(`${key}dataset_metadata.json`, { signal }));
  return found.some((one) => one !== undefined);
}

/** Reference of a file of this machine that is in one of the places; otherwise undefined. @param path absolute */
export function refOfPath(path: string, places: readonly Place[]): string | undefined {
  for (const { id, location } of places) {
    const root = location.path;
    if (root !== undefined && path.startsWith(`${root}/`))
      return printRef({ kind: "place", place: id, key: path.slice(root.length + 1) });
  }
  return undefined;
}

/** A name reduced to letters, digits and single hyphens. */
function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
}

/**
 * Checks a key from outside: it is within the place and not hidden. Whether such an object or folder exists is not looked at.
 *
 * @throws {EmporiumError} NAME_UNSAFE; NOT_FOUND for a hidden key, and for one beside a place that is one file
 */
export function keyWithin(place: Place, text: string): string {
  const key = checkKey(text, "either");
  // behind the mark, a dataset of an HDF5 file
  const beside = place.key !== undefined && key.split("#", 1)[0] !== place.key && !key.startsWith(`${place.key}/`);
  if (beside || isHiddenKey(key)) throw notHere(place, key);
  return key;
}

/** As {@link keyWithin}, for a file that exists, or a folder that is not empty. */
export async function existing(place: Place, text: string, signal?: AbortSignal): Promise<PlacedKey> {
  const key = keyWithin(place, text);
  // a dataset of an HDF5 file: `file.h5#/volume`
  const file = key.split("#", 1)[0]!;
  const { store } = place;
  let refusal: unknown;
  const stat = (name: string) =>
    store.stat(name, { signal }).catch((error: unknown) => {
      if (!mayBeFolder(store, error)) throw error;
      refusal = error;
    });
  if ((await stat(key)) || (file !== "" && (await stat(file)))) return { place, key };
  const isVolumeHere = () => isVolume(folderOf(store, `${key}/`, `${place.id}/${key}`, { signal }));
  const isFolderHere = () => hasEntries(store, key, signal);
  // many web servers refuse to list a folder, and give what is in it
  const [first, second] = store.local ? [isFolderHere, isVolumeHere] : [isVolumeHere, isFolderHere];
  if ((await first()) || (await second())) return { place, key };
  throw refusal ?? notHere(place, key);
}

/** Whether a refusal may be about a folder: web servers redirect from its name to the folder, and many refuse to show that. */
export const mayBeFolder = (store: Store, error: unknown): boolean =>
  !store.local && isEmporiumError(error) && error.code === "STORE_DENIED";

function notHere(place: Place, key: string): EmporiumError {
  return new EmporiumError("NOT_FOUND", `${place.id}/${key} does not exist`, {
    hint: "check the name and the folder that should contain it",
  });
}
