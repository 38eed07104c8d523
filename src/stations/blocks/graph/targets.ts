import { basename, dirname, relative } from "node:path";
import { EmporiumError } from "../../../core/errors.js";
import type { LocalAccess, Store, StoreFeatures } from "../../../stores/store.js";
import { openStore, parseLocation } from "../../../stores/url.js";

/** Folders to which the volumes of a graph go. Plain JSON: worker processes open the same. */
export type TargetPlan = {
  /** The folder beside the first output: it has the run's own files, too. */
  readonly home: string;
  /** Other folders, by the beginning of their keys. */
  readonly mounts: readonly { readonly prefix: string; readonly location: string }[];
};

/** An output's place. */
export interface Placed {
  /** Address of the output, without secrets. */
  readonly location: string;
  /** Key of its folder or object in the target, without a slash at its end. */
  readonly key: string;
  /** Path relative to the folder of the first output, so that a copy of that folder has the same. */
  readonly place: string;
}

/** Understands where outputs go, in their order. @throws {EmporiumError} LOCATION_UNKNOWN, CONFIG_RULE */
export function planTargets(locations: readonly string[]): { plan: TargetPlan; placed: readonly Placed[] } {
  const places = locations.map((text) => {
    const { url, path } = parseLocation(text);
    return { ...parentOf(text), path, location: url.replace(/\/+$/, "") };
  });
  const home = places[0]!.parent;
  const others = [...new Set(places.map(({ parent }) => parent))].filter((parent) => parent !== home);
  const mounts = others.map((location, at) => ({ prefix: `.outputs-${at + 1}/`, location }));
  const prefixOf = (parent: string) => mounts.find(({ location }) => location === parent)?.prefix ?? "";
  const placed = places.map(({ parent, name, location, path }) => ({
    location,
    key: `${prefixOf(parent)}${name}`,
    place: path !== undefined && places[0]!.path !== undefined ? relative(home, path) : parent === home ? name : location,
  }));
  return { plan: { home, mounts }, placed };
}

function parentOf(text: string): { parent: string; name: string } {
  const { url, path } = parseLocation(text);
  if (path !== undefined) return { parent: dirname(path), name: basename(path) };
  const bare = url.replace(/\/+$/, "");
  const slash = bare.lastIndexOf("/");
  const [parent, name] = [bare.slice(0, slash), bare.slice(slash + 1)];
  if (name !== "" && !parent.endsWith("/") && !parent.endsWith(":")) return { parent, name };
  throw new EmporiumError("CONFIG_RULE", `${text} names no folder in a bucket`, {
    hint: "give the volume a name: s3://bucket/name.zarr",
  });
}

export interface TargetOptions {
  readonly anonymous?: boolean | undefined;
  readonly sync?: boolean | undefined;
}

/** @throws {EmporiumError} CONFIG_RULE where some outputs are files and some objects of a bucket */
export async function openTargets({ home, mounts }: TargetPlan, options: TargetOptions): Promise<Store> {
  const first = await openStore(home, options);
  if (mounts.length === 0) return first;
  const others = await Promise.all(
    mounts.map(async ({ prefix, location }) => ({ prefix, store: await openStore(location, options) })),
  );
  const isMixed = others.some(({ store }) => (store.local === undefined) !== (first.local === undefined));
  if (!isMixed) return joinStores(first, others);
  throw new EmporiumError("CONFIG_RULE", "some outputs go to this machine's disks and some to a server", {
    hint: "write all of a graph's outputs to disks, or all to a bucket; copy them in a second step",
  });
}

interface Mounted {
  readonly prefix: string;
  readonly store: Store;
}

/** One store of several: keys that begin with a prefix are those of its store, all others those of the first. */
function joinStores(first: Store, others: readonly Mounted[]): Store {
  const storeOf = (key: string): { store: Store; own: string; prefix: string } => {
    const mounted = others.find(({ prefix }) => key.startsWith(prefix));
    return mounted
      ? { store: mounted.store, own: key.slice(mounted.prefix.length), prefix: mounted.prefix }
      : { store: first, own: key, prefix: "" };
  };
  async function* renamed<T extends { key: string }>(found: AsyncIterable<T>, prefix: string): AsyncGenerator<T> {
    for await (const one of found) yield { ...one, key: `${prefix}${one.key}` };
  }
  return {
    url: first.url,
    features: commonFeatures([first, ...others.map(({ store }) => store)]),
    stat: (key, options) => storeOf(key).store.stat(storeOf(key).own, options),
    read: (key, range, options) => storeOf(key).store.read(storeOf(key).own, range, options),
    write: (key, body, options) => storeOf(key).store.write(storeOf(key).own, body, options),
    async create(key, options) {
      const { store, own } = storeOf(key);
      return { ...(await store.create(own, options)), key };
    },
    list: (key, options) => renamed(storeOf(key).store.list(storeOf(key).own, options), storeOf(key).prefix),
    children: (key, options) => renamed(storeOf(key).store.children(storeOf(key).own, options), storeOf(key).prefix),
    remove: (key, options) => storeOf(key).store.remove(storeOf(key).own, options),
    openUploads: (key, options) => renamed(storeOf(key).store.openUploads(storeOf(key).own, options), storeOf(key).prefix),
    local: first.local && joinLocal(first.local, storeOf),
  };
}

function joinLocal(first: LocalAccess, storeOf: (key: string) => { store: Store; own: string }): LocalAccess {
  const localOf = (key: string) => storeOf(key).store.local!;
  return {
    sync: first.sync,
    io: first.io,
    path: (key) => localOf(key).path(storeOf(key).own),
    otherThing: (key) => localOf(key).otherThing(storeOf(key).own),
    partPath: (key, tag) => localOf(key).partPath(storeOf(key).own, tag),
    adopt: (part, key) => localOf(key).adopt(part, storeOf(key).own),
  };
}

function commonFeatures(stores: readonly Store[]): StoreFeatures {
  const all = (feature: keyof StoreFeatures) => stores.every(({ features }) => features[feature]);
  return {
    ranges: all("ranges"),
    conditionalWrites: all("conditionalWrites"),
    atomicReplace: all("atomicReplace"),
    writable: all("writable"),
  };
}
