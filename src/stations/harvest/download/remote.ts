import type { Clock } from "../../../core/clock.js";
import type { Random } from "../../../core/random.js";
import { redact } from "../../../core/redact.js";
import { type AddressGate, publicGate, type Resolve, refused } from "../../../net/gate.js";
import type { HostPace, Paces } from "../../../net/pace.js";
import { type Bases, rebased } from "../../../portals/bases.js";
import { listGcsLevel, listS3Level } from "../../../portals/bucket-listing.js";
import type { PortalClient } from "../../../portals/client.js";
import { httpAddress } from "../../../portals/links.js";
import type { PortalNet } from "../../../portals/portal.js";
import { httpStore } from "../../../stores/http/store.js";
import type { Location } from "../../../stores/location.js";
import type { Entry, ListOptions, Store } from "../../../stores/store.js";
import { openStore, parseLocation } from "../../../stores/url.js";
import { withRetry } from "../../../stores/wrap/retry.js";
import type { Source } from "../transfer/options.js";
import type { Origin } from "./objects.js";

export interface RemoteOptions {
  bases: Bases;
  /** Sign no request to a bucket. Default: sign typed addresses if there is an account. */
  anonymous?: boolean | undefined;
  /** Redirections may lead to private networks. */
  allowPrivate?: boolean | undefined;
  /** Connections to one FTP server. Default: that of its store. */
  connections?: number | undefined;
  client: PortalClient;
  pace: Paces;
  clock: Clock;
  random: Random;
  signal?: AbortSignal | undefined;
  resolve?: Resolve | undefined;
}

export interface RemoteFolder {
  store: Store;
  /** `flat`: one listing has everything (buckets, disks). `pages`: a request for each folder (web servers, FTP). */
  listing: "flat" | "pages";
  /**
   * The listing's etags are MD5 sums. Those of public buckets are: their objects are not encrypted, and uploads in parts have
   * etags of another form.
   */
  tagsAreSums?: boolean | undefined;
  url: string;
  paceHost: string | undefined;
}

/** The facts by which another machine opens the same store in the same way. */
export interface StoreName {
  readonly root: string;
  readonly trusted: boolean;
  readonly portal: string;
}

/** Opens addresses of any kind, each store once. */
export interface Remote {
  object(address: string, origin: Origin): Promise<Source>;
  folder(address: string, origin: Origin): Promise<RemoteFolder>;
  /** The same store for requests other than transfers, with the host's rate limit and with retries. */
  asking(store: Store, paceHost: string | undefined): Store;
  /** Facts to open the store again; undefined if its address has a password or a signature, which are written into no file. */
  nameOf(store: Store): StoreName | undefined;
  open(name: StoreName): Promise<Store>;
}

/** Environment variables of people who have a server that is compatible with S3, and of those who have an account. */
const ENDPOINT = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];
const ACCOUNT = ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"];

export function openRemote(options: RemoteOptions): Remote {
  const { bases, client, pace, clock, random, resolve, allowPrivate } = options;
  const gate: AddressGate = publicGate(resolve);
  const stores = new Map<string, Promise<Store>>();
  const names = new WeakMap<Store, StoreName>();
  let net: PortalNet | undefined;
  /** Network access for listings of public buckets. Amazon redirects to the bucket's own region. */
  const bucketNet = () =>
    (net ??= client.open({ name: "direct", hosts: ["storage.googleapis.com", "*.s3.amazonaws.com", "*.amazonaws.com"] }));

  /**
   * Whether a typed bucket is opened as AWS tools open it, and not as a public one of Amazon's: the user has a server of their
   * own, or an account.
   */
  const isOwn = ({ scheme, bucket }: Location, { trusted, portal }: Origin): boolean => {
    if (scheme !== "s3" || !trusted) return false;
    const home = httpAddress(`s3://${bucket}/`);
    if (home !== undefined && rebased(new URL(home), bases, portal) !== undefined) return false;
    const told = options.anonymous === true ? ENDPOINT : [...ENDPOINT, ...ACCOUNT];
    return told.some((name) => (process.env[name] ?? "") !== "");
  };

  async function storeAt(root: string | Location, { trusted, portal }: Origin): Promise<Store> {
    const location = typeof root === "string" ? parseLocation(root) : root;
    const { url, query, authorization, scheme } = location;
    const key = isPrivate(location) ? "" : `${trusted} ${portal} ${url}`;
    const known = stores.get(key);
    if (known) return known;
    const guard = trusted ? undefined : gate;
    const rebase = (text: string) => rebased(new URL(text), bases, portal) ?? text;
    const opened =
      scheme === "http" || scheme === "https"
        ? Promise.resolve(httpStore(url, { query, authorization, clock, rebase, resolve, gate: guard, allowPrivate }))
        : openStore(location, {
            readOnly: true,
            retry: false,
            clock,
            random,
            anonymous: !trusted || options.anonymous,
            connections: options.connections,
            gate: guard,
          });
    if (key === "") return opened;
    stores.set(key, opened);
    const store = await opened;
    names.set(store, { root: url, trusted, portal });
    return store;
  }

  /** A public bucket by plain HTTPS. */
  async function bucketFolder(place: Location, origin: Origin): Promise<RemoteFolder> {
    const { bucket = "", prefix = "", scheme, url } = place;
    const root = publicRoot(`${scheme}://${bucket}/${prefix}`);
    const store = await storeAt(root, origin);
    const listLevel = scheme === "gs" ? listGcsLevel : listS3Level;
    const start = prefix === "" ? "" : `${prefix}/`;
    const list = async function* (below: string, { onUnusable }: ListOptions = {}): AsyncGenerator<Entry> {
      const { objects } = await listLevel(bucketNet(), bucket, start + below, "");
      for (const { key, size, etag, md5, modifiedMs } of objects) {
        // consoles mark folders by an empty object of that name
        if (key.endsWith("/") && (size ?? 0) > 0) onUnusable?.(key.slice(start.length));
        if (!key.startsWith(start) || key.endsWith("/")) continue;
        const known = size === undefined ? { size: 0, approximate: true as const } : { size };
        yield { key: key.slice(start.length), ...known, etag: md5 === undefined ? etag : `"${md5}"`, modifiedMs };
      }
    };
    const listed = { ...store, url: redact(url), list };
    names.set(listed, names.get(store)!);
    return { url, listing: "flat", tagsAreSums: true, paceHost: new URL(root).host, store: listed };
  }

  return {
    async object(typed, origin) {
      const address = addressToAsk(typed, origin, bases, gate);
      const place = parseLocation(address);
      if (place.bucket !== undefined) {
        const bucket = `${place.scheme}://${place.bucket}`;
        return { store: await storeAt(isOwn(place, origin) ? bucket : publicRoot(`${bucket}/`), origin), key: place.prefix! };
      }
      const { root, key } = rootAndKey(place, address);
      return { store: await storeAt(root, origin), key };
    },

    async folder(typed, origin) {
      const address = addressToAsk(typed, origin, bases, gate);
      const place = parseLocation(address);
      if (place.bucket !== undefined && !isOwn(place, origin)) return bucketFolder(place, origin);
      const store = await storeAt(place, origin);
      if (!isWeb(place)) return { store, listing: "flat", url: place.url, paceHost: undefined };
      return { store, listing: "pages", url: place.url, paceHost: new URL(place.url).host };
    },

    asking: (store, paceHost) => askingStore(store, pace.host(store.url, paceHost), options),
    nameOf: (store) => names.get(store),
    open: ({ root, trusted, portal }) => storeAt(root, { trusted, portal }),
  };
}

/**
 * The address for requests: FTP of a host with another base address becomes HTTP. Addresses out of a portal's reply must lead to
 * public servers of files; host names are checked again when they are resolved.
 */
function addressToAsk(address: string, { trusted, portal }: Origin, bases: Bases, gate: AddressGate): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const base = url && rebased(url, bases, portal);
  if (!trusted && !/^(?:s3|gs):/i.test(address)) {
    if (!url || !/^(?:https?|ftp):\/\//i.test(address))
      throw refused(address, "not an address of a web server, an FTP server or a bucket");
    if (base === undefined) gate.check(url);
  }
  return base !== undefined && /^ftp:/i.test(address) ? address.replace(/^ftp:\/\/(?:[^/@]*@)?/i, "https://") : address;
}

function askingStore(store: Store, host: HostPace, { clock, random, signal }: RemoteOptions): Store {
  const inTurn = async <T>(question: () => Promise<T>): Promise<T> => {
    const leave = await host.request(signal);
    try {
      return await question();
    } finally {
      leave();
    }
  };
  const paced: Store = {
    ...store,
    stat: (key, asked) => inTurn(() => store.stat(key, asked)),
    read: (key, range, asked) => inTurn(() => store.read(key, range, asked)),
    async *children(folder, asked) {
      // of a web server or FTP: one page, one request
      yield* await inTurn(() => collect(store.children(folder, asked)));
    },
  };
  return withRetry(paced, { clock, random });
}

async function collect(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const all: Entry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

/** The folder of a public bucket as an HTTPS address. */
function publicRoot(folder: string): string {
  return httpAddress(folder)!.replace(/\/+$/, "");
}

/** One store for a whole host, so that ten thousand files in a thousand folders share their connections. */
function rootAndKey(place: Location, address: string): { root: string | Location; key: string } {
  if (isPrivate(place)) return { root: { ...place, url: place.root }, key: place.key };
  const parent = { root: place.root, key: place.key };
  if (!isWeb(place)) return parent;
  const { origin, protocol, host, pathname, search } = new URL(address);
  const segments = pathname.split("/").slice(1);
  if (search !== "" || segments.some((segment) => segment === "")) return parent;
  try {
    const key = segments.map(decodeURIComponent);
    if (key.some((segment) => /[/\\\0]/.test(segment))) return parent;
    return { root: origin === "null" ? `${protocol}//${host}` : origin, key: key.join("/") };
  } catch {
    return parent;
  }
}

const isWeb = ({ scheme }: Location) => /^(?:https?|ftp)$/.test(scheme);

/** A link with a query or a password gets its own store. */
const isPrivate = ({ query, authorization, login }: Location) => Boolean(query || authorization || login);
