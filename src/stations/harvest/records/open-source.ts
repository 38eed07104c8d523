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
import { LeftOut, storeLevels, type Tree, treeOf } from "./image-tree.js";
import { objectSource, primed } from "./object-source.js";
import { folderOf, isVolume, NO_FILE } from "./volume-folder.js";

export interface OpenOptions {
  /** Other base addresses, for mirrors and tests (`--portal-base`). */
  bases?: Bases | undefined;
  /** The portal whose reply names the location. Absent: the user typed it, so any host is allowed, also this machine. */
  portal?: string | undefined;
  /** Sign no request. Locations out of replies are never signed. */
  anonymous?: boolean | undefined;
  /** Redirections of addresses that the user typed may lead to private networks and any port. */
  allowPrivate?: boolean | undefined;
  /** Shared by all sources of a run. */
  pace?: Paces | undefined;
  clock?: Clock | undefined;
  random?: Random | undefined;
  signal?: AbortSignal | undefined;
  resolve?: Resolve | undefined;
}

interface Opened {
  /** As it was given. */
  location: string;
  /** Requests beside those of the reader: to find out what the location is. */
  asides(): number;
}

/** A file, a folder that is one volume, or a folder of images. */
export type Source =
  | (Opened & { kind: "file"; file: RandomAccess })
  | (Opened & { kind: "volume"; folder: PeekFolder; format: VolumeFormat | undefined })
  | (Opened & { kind: "tree"; tree: Tree });

/** The first bytes of a file, which a peek needs anyway. */
const HEAD_BYTES = 64 * 1024;

/**
 * Opens a location for reading: a path, `file:`, `http(s):`, `ftp:`, `s3:`, `gs:`, each perhaps with a format (`zarr://…` or
 * `…|n5:`). If the form does not tell what it is, it is opened as a file, then as a volume, then as a folder.
 *
 * Typed locations may be anywhere. Locations out of a portal's reply must be public addresses, redirections included.
 *
 * @throws {EmporiumError} STORE_ABSENT, LOCATION_UNKNOWN, ADDRESS_REFUSED, and what stores throw
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

/** On this machine the file system tells what a path is. */
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
  // the tree, which lists the folder again, tells what it leaves out
  const onUnusable = (name: string) => void names.push(name);
  for await (const entry of store.children("", { signal: way.signal, onUnusable })) names.push(entry.key);
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
    tree: treeIn(store, address.place, way),
    asides: () => 0,
  };
}

function treeIn(store: Store, place: string, way: Way): Tree {
  const left = new LeftOut();
  return treeOf(storeLevels(store, left), placeTree(place, store, way), left);
}

async function openFile(address: Address, way: Way, probe: boolean): Promise<Source> {
  const { store, key } = await objectStore(address.place, way);
  const source = objectSource(store, key, { name: address.place, pace: paceOf(address.place, way), signal: way.signal });
  const file = probe ? primed(source, await source.read({ offset: 0, length: HEAD_BYTES }), HEAD_BYTES) : source;
  return { kind: "file", location: address.text, file, asides: () => source.asides };
}

async function openVolume(address: Address, way: Way): Promise<Source> {
  const store = await folderStore(address.place, way);
  const folder = folderOf(store, "", address.place, { signal: way.signal, pace: paceOf(address.place, way) });
  return { kind: "volume", location: address.text, folder, format: address.format, asides: () => 0 };
}

/** A folder with a volume's documents; undefined for any other. */
async function volumeHere(address: Address, way: Way): Promise<Source | undefined> {
  const source = await openVolume(address, way);
  return source.kind === "volume" && (await isVolume(source.folder)) ? source : undefined;
}

async function openTree(address: Address, way: Way): Promise<Source> {
  const store = await folderStore(address.place, way);
  return {
    kind: "tree",
    location: address.text,
    tree: treeIn(store, address.place, way),
    asides: () => 0,
  };
}

async function openUnknown(address: Address, way: Way): Promise<Source> {
  let failure: EmporiumError | undefined;
  try {
    return await openFile(address, way, true);
  } catch (error) {
    if (!isEmporiumError(error) || !NO_FILE.has(error.code)) throw error;
    failure = error;
  }
  const volume = await volumeHere(address, way);
  if (volume) return volume;
  const source = await openTree(address, way);
  // an empty listing tells no more than the first error
  if (source.kind === "tree" && (await source.tree.isEmpty())) throw failure;
  return source;
}

const DOCUMENTS = ["zarr.json", ".zarray", ".zattrs", "info", "attributes.json"];

function isDocument(name: string): boolean {
  return DOCUMENTS.includes(name);
}

function paceOf(place: string, { pace }: Pick<OpenOptions, "pace">) {
  const host = hostOf(place);
  return host === undefined ? undefined : pace?.host(httpAddress(place) ?? place, host);
}

/** Names and opens the images of a tree. */
function placeTree(place: string, store: Store, way: Way) {
  const net = /^https?:/i.test(place);
  const base = (net ? place.replace(/[?#].*$/s, "") : place).replace(/\/+$/, "");
  const nameOf = (key: string) => `${base}/${net ? key.split("/").map(encodeURIComponent).join("/") : key}`;
  return {
    nameOf,
    file: (key: string) => objectSource(store, key, { name: nameOf(key), pace: paceOf(base, way), signal: way.signal }),
    folder: (key: string) => folderOf(store, `${key}/`, nameOf(key), { signal: way.signal, pace: paceOf(nameOf(key), way) }),
    signal: way.signal,
  };
}

async function objectStore(place: string, way: Way): Promise<{ store: Store; key: string }> {
  return openLocation(place, storeOptions(place, way));
}

async function folderStore(place: string, way: Way): Promise<Store> {
  return openStore(parseLocation(place.replace(/\/+$/, "")), storeOptions(place, way));
}

/** Buckets out of replies, or after a redirection, are read without credentials. */
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
