import type { Clock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import type { Random } from "../core/random.js";
import { redact, type Secret } from "../core/redact.js";
import type { AddressGate } from "../net/gate.js";
import type { IoMode } from "./io-mode.js";
import type { LearntWay } from "./s3/direct-put.js";
import type { Store } from "./store.js";

const SCHEMES = ["file", "http", "https", "ftp", "s3", "gs"] as const;
export type Scheme = (typeof SCHEMES)[number];

/** A place as a user typed it, understood. */
export interface Location {
  readonly scheme: Scheme;
  /** The place itself, absolute, without a last `/`, without secrets: what a store of everything below it is rooted at. */
  readonly url: string;
  /** The folder that it is in, and its name there: what a store for this one object is rooted at, and its key. */
  readonly root: string;
  readonly key: string;
  /** `file` only: the absolute path. */
  readonly path?: string | undefined;
  /** `s3` and `gs`: bucket, and the rest, which may be empty. */
  readonly bucket?: string | undefined;
  readonly prefix?: string | undefined;
  /** `http(s)`: what follows the `?` (a signed link), sent with every request and shown nowhere. */
  readonly query?: Secret | undefined;
  /** `http(s)`: the `Authorization` header made of `user:password@`. */
  readonly authorization?: Secret | undefined;
  /** `ftp`: user and password of the login. Default: anonymous. */
  readonly login?: { readonly user: string; readonly password: Secret | undefined } | undefined;
}

export interface StoreOptions {
  /** S3: ask without credentials, for public buckets. */
  anonymous?: boolean | undefined;
  /** S3: default is what the environment and the profile say, else `us-east-1`. */
  region?: string | undefined;
  /** S3: profile of the AWS configuration where the environment holds no credentials and names no profile. */
  profile?: string | undefined;
  /** S3: canned access list and storage class of what is written. */
  acl?: string | undefined;
  storageClass?: string | undefined;
  /** S3: as `S3Access` has it. */
  onWay?: ((way: LearntWay) => void) | undefined;
  /** Requests in flight to the host. Default `LIMITS.requestsPerHost`; the first store of a host decides. */
  inFlight?: number | undefined;
  /** S3-compatible server. Default: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` or the profile's. */
  endpoint?: string | undefined;
  /** Address that stands for `https://storage.googleapis.com`. */
  googleEndpoint?: string | undefined;
  /**
   * Maps an address of the web to the one that is really requested (mirrors, tests). An `ftp:` address may get an `https:` one.
   */
  rebase?: ((url: string) => string) | undefined;
  /** For locations that came out of replies: lets public addresses pass alone. A person's own pass none. */
  gate?: AddressGate | undefined;
  /** HTTP: redirections may lead to private networks. */
  allowPrivate?: boolean | undefined;
  /** FTP: control connections to one host at once. Default 2. */
  connections?: number | undefined;
  /** Files: wait until a write would survive a power loss. Default true. */
  sync?: boolean | undefined;
  /** Files: whether long reads and writes go past the page cache. Default `auto`. */
  io?: IoMode | undefined;
  /** Refuse every write. Sources are opened with this. */
  readOnly?: boolean | undefined;
  /** Try again after passing errors, and heed throttling. Default true. */
  retry?: boolean | undefined;
  clock?: Clock | undefined;
  random?: Random | undefined;
}

/**
 * One kind of store: how its locations are understood and opened. The store is loaded when first needed: a local run never loads
 * the AWS SDK.
 */
export interface Backend {
  readonly schemes: readonly Scheme[];
  /** Form of a location behind `scheme://`, for messages. */
  readonly form: string;
  /**
   * Understands a location of one of the schemes. Nothing is asked of disk or network.
   *
   * @throws {EmporiumError} LOCATION_UNKNOWN, NAME_UNSAFE
   */
  parse(text: string, scheme: Scheme): Location;
  /** A store of everything below `at`, which is `place` or the folder that it is in. */
  open(at: Location, place: Location, options: StoreOptions): Promise<Store>;
  /** The folder that a location is in. */
  parent(place: Location): Partial<Location>;
  /** The host whose rate limit the store observes; undefined: none. */
  host(place: Location, options: StoreOptions): string | undefined;
}

export function percentDecoded(text: string, url: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unknownLocation(
      url,
      "has a percent sign that is not followed by two hexadecimal digits",
      "write a literal percent sign as %25",
    );
  }
}

/** The URL without a last slash. */
export function bare(url: string): string {
  return url.replace(/\/+$/, "");
}

const KNOWN = ["paths", ...SCHEMES.map((scheme) => `${scheme}:`)];

export function unknownLocation(
  text: string,
  fault: string,
  hint = `use one of ${KNOWN.slice(0, -1).join(", ")} and ${KNOWN.at(-1)}`,
): EmporiumError {
  return new EmporiumError("LOCATION_UNKNOWN", `the location "${redact(text)}" ${fault}`, { hint });
}
