import type { Clock } from "../../../core/clock.js";
import type { Random } from "../../../core/random.js";
import { redact } from "../../../core/redact.js";
import { type AddressGate, publicGate, type Resolve, refused } from "../../../net/gate.js";
import type { Paces } from "../../../net/pace.js";
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
  /** Sign no request to a bucket. Default: sign what a person typed, where there is an account. */
  anonymous?: boolean | undefined;
  /** Redirections may lead to private networks. */
  allowPrivate?: boolean | undefined;
  /** To one FTP server; its store's own default otherwise. */
  connections?: number | undefined;
  client: PortalClient;
  pace: Paces;
  clock: Clock;
  random: Random;
  signal?: AbortSignal | undefined;
  resolve?: Resolve | undefined;
}

/** A folder as a place of its own. */
export interface RemoteFolder {
  store: Store;
  /** Everything is one listing (buckets, disks), or a question a folder (`pages`: web servers, FTP). */
  listing: "flat" | "pages";
  /** Tags that the listing gives are MD5 sums: of public buckets, where nothing is encrypted and parts have a tag of another form. */
  tagsAreSums?: boolean | undefined;
  url: string;
  paceHost: string | undefined;
}

/** Opens addresses of any kind, each place once. */
export interface Remote {
  object(address: string, origin: Origin): Promise<Source>;
  folder(address: string, origin: Origin): Promise<RemoteFolder>;
  /**
   * The same store for questions that are no transfer: each waits for the host's turn, and a temporary failure is tried again.
   */
  asking(store: Store, paceHost: string | undefined): Store;
}

/** Tells that a person has an account with S3 or a server of its kind. */
const ACCOUNT = [
  ...["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
  ...["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"],
];

export function openRemote(options: RemoteOptions): Remote {
  const { bases, client, pace, clock, random, signal, resolve, allowPrivate } = options;
  const gate: AddressGate = publicGate(resolve);
  const stores = new Map<string, Promise<Store>>();
  let net: PortalNet | undefined;
  /** Listings of public buckets. Amazon sends whoever asks at the wrong address to the bucket's own region. */
  const bucketNet = () =>
    (net ??= client.open({ name: "direct", hosts: ["storage.googleapis.com", "*.s3.amazonaws.com", "*.amazonaws.com"] }));

  const signed = (place: Location, { trusted }: Origin) =>
    place.scheme === "s3" && trusted && options.anonymous !== true && ACCOUNT.some((name) => (process.env[name] ?? "") !== "");

  function storeAt(root: string | Location, { trusted, portal }: Origin): Promise<Store> {
    const location = typeof root === "string" ? parseLocation(root) : root;
    const { url, query, authorization, login, scheme } = location;
    // a link with a query or a password is a place of its own
    const key = query || authorization || login ? undefined : `${trusted} ${portal} ${url}`;
    const known = key === undefined ? undefined : stores.get(key);
    const guard = trusted ? undefined : gate;
    const rebase = (text: string) => rebased(new URL(text), bases, portal) ?? text;
    const opened =
      known ??
      (scheme === "http" || scheme === "https"
        ? Promise.resolve(httpStore(url, { query, authorization, clock, rebase, resolve, gate: guard, allowPrivate }))
        : openStore(location, {
            readOnly: true,
            retry: false,
            clock,
            random,
            anonymous: !trusted,
            connections: options.connections,
            gate: guard,
          }));
    if (key !== undefined) stores.set(key, opened);
    return opened;
  }

  /** What came out of a reply leads to servers of files, and says nothing of who asks. Names are checked once more when they are resolved. */
  function checkOrigin(address: string, { trusted, portal }: Origin): void {
    if (trusted || /^(?:s3|gs):/i.test(address)) return;
    if (!/^(?:https?|ftp):\/\//i.test(address) || !URL.canParse(address))
      throw refused(address, "it is no address of a web or FTP server, or a bucket");
    const url = new URL(address);
    if (rebased(url, bases, portal) === undefined) gate.check(url);
  }

  /** FTP of a host that stands elsewhere is asked there, by HTTP. */
  function toAsk(address: string, { portal }: Origin): string {
    if (!/^ftp:/i.test(address) || !URL.canParse(address)) return address;
    return rebased(new URL(address), bases, portal) === undefined
      ? address
      : address.replace(/^ftp:\/\/(?:[^/@]*@)?/i, "https://");
  }

  /** A public bucket by plain HTTPS: the folder's address, and how it is listed. */
  async function bucketFolder(place: Location, origin: Origin): Promise<RemoteFolder> {
    const { bucket = "", prefix = "", scheme, url } = place;
    const root = httpAddress(`${scheme}://${bucket}/${prefix}`)!.replace(/\/+$/, "");
    const store = await storeAt(root, origin);
    const list = scheme === "gs" ? listGcsLevel : listS3Level;
    const start = prefix === "" ? "" : `${prefix}/`;
    return {
      url,
      listing: "flat",
      tagsAreSums: true,
      paceHost: new URL(root).host,
      store: {
        ...store,
        url: redact(url),
        async *list(below: string, { onUnusable }: ListOptions = {}): AsyncGenerator<Entry> {
          const { objects } = await list(bucketNet(), bucket, start + below, "");
          for (const { key, size, etag, md5, modifiedMs } of objects) {
            // an empty object of that name is how consoles mark folders
            if (key.endsWith("/") && (size ?? 0) > 0) onUnusable?.(key.slice(start.length));
            if (!key.startsWith(start) || key.endsWith("/")) continue;
            const known = size === undefined ? { size: 0, approximate: true as const } : { size };
            yield { key: key.slice(start.length), ...known, etag: md5 === undefined ? etag : `"${md5}"`, modifiedMs };
          }
        },
      },
    };
  }

  return {
    async object(typed, origin) {
      checkOrigin(typed, origin);
      const address = toAsk(typed, origin);
      const place = parseLocation(address);
      if (place.bucket !== undefined && !signed(place, origin)) {
        const root = httpAddress(`${place.scheme}://${place.bucket}/`)!.replace(/\/+$/, "");
        return { store: await storeAt(root, origin), key: place.prefix! };
      }
      if (place.bucket !== undefined)
        return { store: await storeAt(`${place.scheme}://${place.bucket}`, origin), key: place.prefix! };
      const whole =
        /^(?:https?|ftp)$/.test(place.scheme) && !place.query && !place.authorization && !place.login
          ? hostKey(address)
          : undefined;
      if (whole) return { store: await storeAt(whole.root, origin), key: whole.key };
      return { store: await storeAt(parentOf(place), origin), key: place.key };
    },

    async folder(typed, origin) {
      checkOrigin(typed, origin);
      const address = toAsk(typed, origin);
      const place = parseLocation(address);
      if (place.bucket !== undefined && !signed(place, origin)) return bucketFolder(place, origin);
      const listing = /^(?:https?|ftp)$/.test(place.scheme) ? "pages" : "flat";
      const paceHost = listing === "pages" ? new URL(place.url).host : undefined;
      return { store: await storeAt(place, origin), listing, url: place.url, paceHost };
    },

    asking(store, paceHost) {
      const host = pace.host(store.url, paceHost);
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
          // of a web server or FTP: one page, one question
          yield* await inTurn(() => collect(store.children(folder, asked)));
        },
      };
      return withRetry(paced, { clock, random });
    },
  };
}

async function collect(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const all: Entry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

/** One store for a whole host, so that ten thousand files in a thousand folders share their connections. */
function hostKey(address: string): { root: string; key: string } | undefined {
  const url = new URL(address);
  const segments = url.pathname.split("/").slice(1);
  if (url.search !== "" || segments.some((segment) => segment === "")) return undefined;
  try {
    const key = segments.map(decodeURIComponent);
    return key.some((segment) => /[/\\\0]/.test(segment))
      ? undefined
      : { root: url.origin === "null" ? `${url.protocol}//${url.host}` : url.origin, key: key.join("/") };
  } catch {
    return undefined;
  }
}

function parentOf(place: Location): Location | string {
  return place.query || place.authorization || place.login ? { ...place, url: place.root } : place.root;
}
