import type { RandomAccess } from "../../../core/bytes.js";
import { type Clock, systemClock } from "../../../core/clock.js";
import { type EmporiumError, isEmporiumError } from "../../../core/errors.js";
import type { Random } from "../../../core/random.js";
import type { PeekFolder } from "../../../formats/peek/peek.js";
import type { VolumeFormat } from "../../../model/volume-formats.js";
import { publicGate, type Resolve } from "../../../net/gate.js";
import { makePaces, type Paces } from "../../../net/pace.js";
import type { Bases } from "../../../portals/bases.js";
import { httpAddress } from "../../../portals/links.js";
import type { Location, StoreOptions } from "../../../stores/location.js";
import { absent, type Store } from "../../../stores/store.js";
import { openLocation, openStore, parseLocation } from "../../../stores/url.js";
import { type Address, addressOf, hostOf, rebaser } from "./address.js";
import { storeLevels, type Tree, treeOf } from "./image-tree.js";
import { objectSource, primed } from "./object-source.js";

export interface OpenOptions {
  /** Mirrors and tests (`--portal-base`). */
  bases?: Bases | undefined;
  /** Whose reply the location came out of. Absent: a person typed it, and may mean any host, also on this machine. */
  portal?: string | undefined;
  /** Sign nothing. Always so for what came out of a reply. */
  anonymous?: boolean | undefined;
  /** Redirections of what a person typed may lead to private networks and any port. */
  allowPrivate?: boolean | undefined;
  /** Shared by all sources of a run. */
  pace?: Paces | undefined;
  clock?: Clock | undefined;
  random?: Random | undefined;
  signal?: AbortSignal | undefined;
  resolve?: Resolve | undefined;
}

/** Requests that were made to find out what a location is, and not by whoever reads it. */
export interface Opened {
  /** As it was given. */
  location: string;
  /** Requests beyond those of the reader. */
  asides(): number;
}

/** What a location turned out to be: a file of bytes, a folder that is one volume, or a folder with images in it. */
export type Source =
  | (Opened & { kind: "file"; file: RandomAccess })
  | (Opened & { kind: "volume"; folder: PeekFolder; format: VolumeFormat | undefined })
  | (Opened & { kind: "tree"; tree: Tree });

/** First bytes that tell whether a name is a file: what a peek asks for first. */
const HEAD_BYTES = 64 * 1024;

/**
 * Opens a location to look into it: a path, `file:`, `http(s):`, `ftp:`, `s3:`, `gs:`, each with a format before it (`zarr://…`) or behind it
 * (`…|n5:`). A name that does not tell what it is is asked for as a file first, then as a volume, then as a folder.
 *
 * What a person typed may be anywhere. What came out of a portal's reply must lead to public addresses, redirections included.
 *
 * @throws {EmporiumError} STORE_ABSENT, LOCATION_UNKNOWN, ADDRESS_REFUSED, and what stores throw.
 */
export async function openSource(location: string, options: OpenOptions = {}): Promise<Source> {
  const address = addressOf(location);
  const clock = options.clock ?? systemClock;
  const way: Way = { ...options, clock, pace: options.pace ?? makePaces({ clock }) };
  const local = parseLocal(address.place);
  if (local) return openLocal(address, local, way);
  switch (address.kind) {
    case "file":
      return openFile(address, way, false);
    case "volume":
      return openVolume(address, way);
    case "folder":
      return (await volumeHere(address, way)) ?? openTree(address, way);
    case "unknown":
      return openUnknown(address, way);
  }
}

interface Way extends OpenOptions {
  clock: Clock;
  pace: Paces;
}

function parseLocal(place: string): Location | undefined {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(place) && !/^file:/i.test(place)) return undefined;
  const location = parseLocation(place);
  return location.scheme === "file" ? location : undefined;
}

/** On this machine one look tells what a path is. */
async function openLocal(address: Address, location: Location, way: Way): Promise<Source> {
  const { store: parent, key } = await openLocation(location, { readOnly: true });
  const stat = await parent.stat(key);
  const { text } = address;
  if (stat)
    return {
      kind: "file",
      location: text,
      file: objectSource(parent, key, { name: address.place, signal: way.signal }),
      asides: () => 0,
    };
  const store = await openStore(location, { readOnly: true });
  const names: string[] = [];
  for await (const entry of store.children("", { signal: way.signal })) names.push(entry.key);
  if (names.length === 0) throw absent(parent, key);
  if (address.kind === "volume" || names.some((name) => isDocument(name))) {
    const folder = {
      name: address.place,
      names,
      read: (document: string) => store.read(document, undefined, { signal: way.signal }),
    };
    if (address.format !== undefined || (await isVolume(folder))) {
      return { kind: "volume", location: text, folder, format: address.format, asides: () => 0 };
    }
  }
  return {
    kind: "tree",
    location: text,
    tree: treeOf(storeLevels(store), placeTree(address.place, store, way)),
    asides: () => 0,
  };
}

async function openFile(address: Address, way: Way, probe: boolean): Promise<Source> {
  const { store, key } = await objectStore(address.place, way);
  const source = objectSource(store, key, { name: address.place, pace: paceOf(address.place, way), signal: way.signal });
  const file = probe ? primed(source, await source.read({ offset: 0, length: HEAD_BYTES }), HEAD_BYTES) : source;
  return { kind: "file", location: address.text, file, asides: () => source.asides };
}

async function openVolume(address: Address, way: Way): Promise<Source> {
  const store = await folderStore(address.place, way);
  const folder = folderOf(store, "", address.place, way);
  return { kind: "volume", location: address.text, folder, format: address.format, asides: () => 0 };
}

/** A folder that is a volume by its documents; undefined for any other. */
async function volumeHere(address: Address, way: Way): Promise<Source | undefined> {
  const source = await openVolume(address, way);
  return source.kind === "volume" && (await isVolume(source.folder)) ? source : undefined;
}

async function openTree(address: Address, way: Way): Promise<Source> {
  const store = await folderStore(address.place, way);
  return {
    kind: "tree",
    location: address.text,
    tree: treeOf(storeLevels(store), placeTree(address.place, store, way)),
    asides: () => 0,
  };
}

/** Codes with which a place answers that it is no file, or no volume, of this name. */
const ELSE: ReadonlySet<string> = new Set(["STORE_ABSENT", "STORE_PROTOCOL", "STORE_DENIED", "PORTAL_NOT_DATA"]);

async function openUnknown(address: Address, way: Way): Promise<Source> {
  let failure: EmporiumError | undefined;
  try {
    return await openFile(address, way, true);
  } catch (error) {
    if (!isEmporiumError(error) || !ELSE.has(error.code)) throw error;
    failure = error;
  }
  const volume = await volumeHere(address, way);
  if (volume) return volume;
  const source = await openTree(address, way);
  // an empty listing of a bucket, or none of a web server, says no more than the first answer did
  if (source.kind === "tree" && (await source.tree.isEmpty())) throw failure;
  return source;
}

const DOCUMENTS = ["zarr.json", ".zarray", ".zattrs", "info", "attributes.json"];

export function isDocument(name: string): boolean {
  return DOCUMENTS.includes(name);
}

/** Whether one of the documents is there that make a folder a volume, or a group that a volume lies in. */
async function isVolume(folder: PeekFolder): Promise<boolean> {
  const { peekFolder } = await import("../../../formats/peek/peek.js");
  try {
    await peekFolder(folder);
    return true;
  } catch (error) {
    if (isEmporiumError(error) && (error.code === "FORMAT_UNKNOWN" || ELSE.has(error.code))) return false;
    // one whose documents are wrong is a volume all the same: whoever reads it says what is wrong
    if (isEmporiumError(error) && error.code.startsWith("FORMAT_")) return true;
    throw error;
  }
}

/** A folder of a store as a peek wants it: what may not be read, or comes as a web page, is not there. */
export function folderOf(store: Store, prefix: string, name: string, way: Pick<Way, "signal" | "pace">): PeekFolder {
  const asked = new Map<string, Promise<Uint8Array | undefined>>();
  const pace = paceOf(name, way);
  const ask = async (key: string): Promise<Uint8Array | undefined> => {
    const leave = await pace?.request(way.signal);
    try {
      return await store.read(prefix + key, undefined, { signal: way.signal });
    } catch (error) {
      if (isEmporiumError(error) && (error.code === "STORE_DENIED" || error.code === "STORE_PROTOCOL")) return undefined;
      throw error;
    } finally {
      leave?.();
    }
  };
  return {
    name,
    read(key) {
      const known = asked.get(key) ?? ask(key);
      asked.set(key, known);
      return known;
    },
  };
}

function paceOf(place: string, { pace }: Pick<Way, "pace">) {
  const host = hostOf(place);
  return host === undefined ? undefined : pace?.host(httpAddress(place) ?? place, host);
}

/** What the places of a tree's images are called and opened by. */
function placeTree(place: string, store: Store, way: Way) {
  const base = place.replace(/[?#].*$/s, "").replace(/\/+$/, "");
  const net = /^https?:/i.test(base);
  const nameOf = (key: string) => `${base}/${net ? key.split("/").map(encodeURIComponent).join("/") : key}`;
  return {
    nameOf,
    file: (key: string) => objectSource(store, key, { name: nameOf(key), pace: paceOf(base, way), signal: way.signal }),
    folder: (key: string) => folderOf(store, `${key}/`, nameOf(key), way),
    signal: way.signal,
  };
}

async function objectStore(place: string, way: Way): Promise<{ store: Store; key: string }> {
  return openLocation(place, storeOptions(place, way));
}

async function folderStore(place: string, way: Way): Promise<Store> {
  return openStore(parseLocation(place.replace(/\/+$/, "")), storeOptions(place, way));
}

/** A bucket that a reply names, or that has been moved, is asked without anybody's credentials. */
function storeOptions(
  place: string,
  { anonymous = false, allowPrivate, bases = new Map(), portal, clock, random, resolve }: Way,
): StoreOptions {
  const rebase = rebaser(bases, portal);
  const home = httpAddress(place);
  const moved = home !== undefined && rebase(home) !== home;
  const gate = portal === undefined ? undefined : publicGate(resolve);
  return { readOnly: true, anonymous: anonymous || moved || portal !== undefined, rebase, gate, allowPrivate, clock, random };
}
