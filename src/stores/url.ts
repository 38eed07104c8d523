import { basename, dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Clock, systemClock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import type { Random } from "../core/random.js";
import { markSecret, redact, Secret } from "../core/redact.js";
import type { AddressGate } from "../net/gate.js";
import { unsafe } from "./keys.js";
import type { LearntWay } from "./s3/direct-put.js";
import type { Store } from "./store.js";

export type Scheme = "file" | "http" | "https" | "ftp" | "s3" | "gs";

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
  /** `ftp`: who logs in. Default: anonymous. */
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
  /** Stands for `https://storage.googleapis.com`. */
  googleEndpoint?: string | undefined;
  /** Where an address of the web is really asked for (mirrors, tests). An `ftp:` address may get an `https:` one. */
  rebase?: ((url: string) => string) | undefined;
  /** For locations that came out of replies: lets public addresses pass alone. A person's own pass none. */
  gate?: AddressGate | undefined;
  /** HTTP: redirections may lead to private networks. */
  allowPrivate?: boolean | undefined;
  /** FTP: control connections to one host at once. Default 2. */
  connections?: number | undefined;
  /** Files: wait until a write would survive a power loss. Default true. */
  sync?: boolean | undefined;
  /** Refuse every write. Sources are opened so. */
  readOnly?: boolean | undefined;
  /** Try again after passing errors, and heed throttling. Default true. */
  retry?: boolean | undefined;
  clock?: Clock | undefined;
  random?: Random | undefined;
}

/**
 * Understands a path (relative ones against `cwd`), `file:`, `http(s):`, `ftp:`, `s3://bucket/key` or `gs://bucket/key`. Nothing is asked
 * of disk or network. Keys of buckets are taken literally, as every S3 tool does; paths of URLs are percent-decoded.
 *
 * @throws {EmporiumError} LOCATION_UNKNOWN, NAME_UNSAFE
 */
export function parseLocation(text: string, { cwd = process.cwd() }: { cwd?: string } = {}): Location {
  if (text.trim() === "") throw unknown(text, "is empty");
  if (text.includes("\0")) throw unsafe(text, "holds a NUL character");
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === "file") return fileLocation(pathOfFileUrl(text));
  const slashes = text.slice((scheme?.length ?? 0) + 1).startsWith("//");
  if (scheme === "http" || scheme === "https")
    return slashes ? httpLocation(text, scheme) : failForm(text, `${scheme}://host/path`);
  if (scheme === "ftp") return slashes ? ftpLocation(text) : failForm(text, "ftp://host/path");
  if (scheme === "s3" || scheme === "gs")
    return slashes ? bucketLocation(text, scheme) : failForm(text, `${scheme}://bucket/key`);
  if (scheme !== undefined && slashes) {
    const known = NEAR[scheme];
    throw unknown(text, `has the scheme "${scheme}"`, known);
  }
  return fileLocation(resolve(cwd, text));
}

/** What the form of a location says of the volume there; `zarr` leaves the version open. */
export type VolumeFormat = (typeof VOLUME_FORMATS)[number];

const VOLUME_FORMATS = ["zarr", "zarr2", "zarr3", "n5", "precomputed"] as const;

/**
 * Takes the format off a volume's location, as Neuroglancer and TensorStore write it: `zarr://s3://bucket/key` or `s3://bucket/key|zarr3:`,
 * where a path behind the colon goes on inside the volume. What has none stays as it is.
 *
 * @throws {EmporiumError} LOCATION_UNKNOWN for a pipe to what is not read so (`|zip:`).
 */
export function parseVolumeLocation(text: string): { location: string; format?: VolumeFormat | undefined } {
  const prefix = /^([a-z][a-z0-9]*):\/\//i.exec(text);
  const named = VOLUME_FORMATS.find((format) => format === prefix?.[1]?.toLowerCase());
  if (named !== undefined) return { location: text.slice(prefix![0].length), format: named };
  // A bar alone is part of a file's name.
  const pipe = /^(.*?)\|([a-z][a-z0-9-]*):([^|]*)$/is.exec(text);
  const word = pipe?.[2]?.toLowerCase().replace(/^neuroglancer-/, "");
  const format = VOLUME_FORMATS.find((known) => known === word);
  if (!pipe || (format === undefined && !/\|[a-z][a-z0-9-]*:/i.test(text))) return { location: text };
  const [, location = "", , inside = ""] = pipe;
  if (format === undefined || /\|[a-z][a-z0-9-]*:/i.test(location)) {
    throw unknown(
      text,
      `has a pipe "|${pipe[2]}:"`,
      `known are ${VOLUME_FORMATS.map((known) => `|${known}:`).join(" ")}, one at the end`,
    );
  }
  return { location: inside === "" ? location : `${location.replace(/\/+$/, "")}/${inside.replace(/^\/+/, "")}`, format };
}

/** A store of everything below a location. Back ends are loaded when they are first needed: a local run never loads the AWS SDK. */
export async function openStore(location: string | Location, options: StoreOptions = {}): Promise<Store> {
  const place = typeof location === "string" ? parseLocation(location) : location;
  return finishStore(await backEnd(place, place, options), place, options);
}

/** A single object: the store of the folder that it is in, and its key there. */
export async function openLocation(
  location: string | Location,
  options: StoreOptions = {},
): Promise<{ store: Store; key: string }> {
  const place = typeof location === "string" ? parseLocation(location) : location;
  if (place.key === "") throw unknown(place.url, "names no file", "give the whole name of one file or object");
  const parent = { ...place, ...parentOf(place) };
  return { store: await finishStore(await backEnd(parent, place, options), place, options), key: place.key };
}

async function backEnd(at: Location, { query, authorization, login }: Location, options: StoreOptions): Promise<Store> {
  const { rebase, gate } = options;
  switch (at.scheme) {
    case "file": {
      const { fileStore } = await import("./file/store.js");
      return fileStore(at.path!, { sync: options.sync });
    }
    case "http":
    case "https": {
      const { httpStore } = await import("./http/store.js");
      return httpStore(at.url, { query, authorization, rebase, gate, allowPrivate: options.allowPrivate });
    }
    case "ftp": {
      const moved = rebase?.(at.url) ?? at.url;
      if (/^https?:/i.test(moved)) return (await import("./http/store.js")).httpStore(moved);
      const { ftpStore } = await import("./ftp/store.js");
      const { connections } = options;
      return ftpStore(moved, { ...login, connections, gate: moved === at.url ? gate : undefined });
    }
    case "s3": {
      const { s3Store } = await import("./s3/store.js");
      const { anonymous, region, endpoint, profile, acl, storageClass, onWay } = options;
      const access = { anonymous, region, endpoint, profile, rebase, gate, onWay };
      return s3Store({ bucket: at.bucket!, prefix: at.prefix!, acl, storageClass, ...access });
    }
    case "gs": {
      const { gcsStore } = await import("./gcs/store.js");
      return gcsStore({ bucket: at.bucket!, prefix: at.prefix!, endpoint: options.googleEndpoint, rebase, gate });
    }
  }
}

async function finishStore(store: Store, place: Location, options: StoreOptions): Promise<Store> {
  const { clock = systemClock, random = Math.random, retry = true, readOnly = false, inFlight } = options;
  let result = store;
  if (retry) {
    const [{ withRetry }, { storePace, withPace }] = await Promise.all([
      import("./wrap/retry.js"),
      import("./wrap/with-pace.js"),
    ]);
    if (place.scheme !== "file") result = withPace(result, storePace(hostOf(place, options), clock, inFlight));
    result = withRetry(result, { clock, random });
  }
  if (readOnly && store.features.writable) result = (await import("./wrap/read-only.js")).readOnly(result);
  return result;
}

function hostOf({ scheme, url }: Location, { endpoint, googleEndpoint }: StoreOptions): string {
  if (scheme === "s3") return endpoint ?? "s3";
  return scheme === "gs" ? (googleEndpoint ?? "gs") : new URL(url).host;
}

function parentOf(place: Location): Partial<Location> {
  const url = place.root;
  if (place.scheme === "file") return { url, path: fileURLToPath(url === "file://" ? "file:///" : url) };
  if (place.bucket === undefined) return { url };
  return { url, prefix: place.prefix!.split("/").slice(0, -1).join("/") };
}

function fileLocation(path: string): Location {
  if (path.includes("\0")) throw unsafe(path, "holds a NUL character");
  const parent = dirname(path);
  return { scheme: "file", url: urlOfPath(path), root: urlOfPath(parent), key: path === parent ? "" : basename(path), path };
}

/** Without a last slash, so that `/` itself is `file://`. */
function urlOfPath(path: string): string {
  return pathToFileURL(path).href.replace(/\/$/, "");
}

function pathOfFileUrl(text: string): string {
  try {
    if (!/^file:\/\//i.test(text)) throw new Error("the form is file:///absolute/path");
    return resolve(fileURLToPath(text));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw unknown(text, `is no usable file URL (${reason})`, "write a plain path, or file:///absolute/path");
  }
}

function httpLocation(text: string, scheme: "http" | "https"): Location {
  if (!URL.canParse(text)) throw unknown(redact(text), "is no valid URL");
  const parsed = new URL(text);
  const url = bare(`${parsed.origin}${parsed.pathname}`);
  const slash = parsed.pathname === "/" ? -1 : url.lastIndexOf("/");
  const rawName = slash < 0 ? "" : url.slice(slash + 1);
  const key = percentDecoded(rawName, url);
  if (/[/\\\0]/.test(key)) throw unsafe(key, "holds an encoded separator");
  const { username, password } = parsed;
  const plain = username === "" ? undefined : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  if (password !== "") markSecret(decodeURIComponent(password));
  return {
    scheme,
    url,
    root: slash < 0 ? url : url.slice(0, slash),
    key,
    query: parsed.search === "" ? undefined : new Secret(parsed.search.slice(1)),
    authorization: plain === undefined ? undefined : new Secret(`Basic ${Buffer.from(plain).toString("base64")}`),
  };
}

/** As RFC 1738 has it: the path begins where the login does, unless its first segment begins with `%2F`. There is no query. */
function ftpLocation(text: string): Location {
  const literal = text.replace(/;type=[aid]$/i, "").replace(/[?#]/g, encodeURIComponent);
  if (!URL.canParse(literal)) throw unknown(redact(text), "is no valid URL");
  const { host, pathname, username, password: word } = new URL(literal);
  const absolute = /^\/%2f/i.test(pathname);
  const segments = pathname
    .replace(/^\/(?:%2f)?/i, "")
    .replace(/\/+$/, "")
    .split("/");
  const path = (some: readonly string[]) => `ftp://${host}${absolute ? "/%2F" : "/"}${some.join("/")}`.replace(/\/$/, "");
  const url = path(segments);
  const [user, password] = [percentDecoded(username, url), percentDecoded(word, url)];
  const names = segments.map((segment) => percentDecoded(segment, url));
  const wrong = names.findIndex((name) => /[/\\\0]/.test(name));
  if (wrong >= 0) throw unsafe(names[wrong]!, "holds an encoded separator");
  if (/[\u0000-\u001f\u007f]/.test(names.join("") + user + password)) {
    throw unsafe(names.join("/"), "holds a control character, which FTP cannot name");
  }
  if (password !== "") markSecret(password);
  return {
    scheme: "ftp",
    url,
    root: path(segments.slice(0, -1)),
    key: names.at(-1)!,
    login: user === "" ? undefined : { user, password: password === "" ? undefined : new Secret(password) },
  };
}

function percentDecoded(text: string, url: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unknown(
      url,
      "has a percent sign that is not followed by two hexadecimal digits",
      "write a literal percent sign as %25",
    );
  }
}

function bucketLocation(text: string, scheme: "s3" | "gs"): Location {
  const match = /^[^:]+:\/\/([^/]*)\/?(.*)$/s.exec(text)!;
  const bucket = match[1]!;
  // S3's own rules, and nothing that could be read as another host.
  if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i.test(bucket))
    throw unknown(text, `has no valid bucket name ("${bucket}")`, `the form is ${scheme}://bucket/key`);
  const prefix = match[2]!.replace(/\/+$/, "");
  for (const segment of prefix === "" ? [] : prefix.split("/")) {
    if (segment === "" || segment === "." || segment === "..") throw unsafe(prefix, `has the segment "${segment}"`);
  }
  const url = prefix === "" ? `${scheme}://${bucket}` : `${scheme}://${bucket}/${prefix}`;
  const slash = prefix.lastIndexOf("/");
  return {
    scheme,
    url,
    root: slash < 0 ? `${scheme}://${bucket}` : `${scheme}://${bucket}/${prefix.slice(0, slash)}`,
    key: prefix.slice(slash + 1),
    bucket,
    prefix,
  };
}

function bare(url: string): string {
  return url.replace(/\/+$/, "");
}

const NEAR: Record<string, string> = {
  ftps: "write ftp:// for the same server without encryption, or give its https:// address",
  sftp: "download the files first, or give an https:// address of the same server",
  s3a: "write s3://bucket/key",
  s3n: "write s3://bucket/key",
  gcs: "write gs://bucket/key",
  ...Object.fromEntries(
    VOLUME_FORMATS.map((format) => [format, `leave out ${format}:// and give the address that follows it`] as const),
  ),
};

function failForm(text: string, form: string): never {
  throw unknown(text, "lacks the two slashes", `the form is ${form}`);
}

function unknown(text: string, fault: string, hint = "known are paths, file:, http:, https:, ftp:, s3: and gs:"): EmporiumError {
  return new EmporiumError("LOCATION_UNKNOWN", `the location "${redact(text)}" ${fault}`, { hint });
}
