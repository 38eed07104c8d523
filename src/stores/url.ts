import { basename, dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Clock, systemClock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import type { Random } from "../core/random.js";
import { markSecret, redact, Secret } from "../core/redact.js";
import { unsafe } from "./keys.js";
import type { Store } from "./store.js";

export type Scheme = "file" | "http" | "https" | "s3" | "gs";

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
}

export interface StoreOptions {
  /** S3: ask without credentials, for public buckets. */
  anonymous?: boolean | undefined;
  /** S3: default is what the environment and the profile say, else `us-east-1`. */
  region?: string | undefined;
  /** S3-compatible server. Default: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` or the profile's. */
  endpoint?: string | undefined;
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
 * Understands a path (relative ones against `cwd`), `file:`, `http(s):`, `s3://bucket/key` or `gs://bucket/key`. Nothing is asked of
 * disk or network. Keys of buckets are taken literally, as every S3 tool does; paths of URLs are percent-decoded.
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
  if (scheme === "s3" || scheme === "gs")
    return slashes ? bucketLocation(text, scheme) : failForm(text, `${scheme}://bucket/key`);
  if (scheme !== undefined && slashes) {
    const known = NEAR[scheme];
    throw unknown(text, `has the scheme "${scheme}"`, known);
  }
  return fileLocation(resolve(cwd, text));
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

async function backEnd(at: Location, { query, authorization }: Location, options: StoreOptions): Promise<Store> {
  switch (at.scheme) {
    case "file": {
      const { fileStore } = await import("./file.js");
      return fileStore(at.path!, { sync: options.sync });
    }
    case "http":
    case "https": {
      const { httpStore } = await import("./http.js");
      return httpStore(at.url, { query, authorization });
    }
    case "s3": {
      const { s3Store } = await import("./s3.js");
      const { anonymous, region, endpoint } = options;
      return s3Store({ bucket: at.bucket!, prefix: at.prefix!, anonymous, region, endpoint });
    }
    case "gs":
      throw new EmporiumError("NOT_BUILT", `${at.url}: Google Cloud Storage is not read directly yet`, {
        place: { url: at.url },
        hint: `public objects can be read as https://storage.googleapis.com/${at.bucket}/…`,
      });
  }
}

async function finishStore(store: Store, place: Location, options: StoreOptions): Promise<Store> {
  const { clock = systemClock, random = Math.random, retry = true, readOnly = false } = options;
  let result = store;
  if (retry) {
    const [{ withRetry }, { withPace, pacerOf }] = await Promise.all([import("./wrap/retry.js"), import("./wrap/pace.js")]);
    if (place.scheme !== "file") result = withPace(result, pacerOf(options.endpoint ?? hostOf(place), { clock }));
    result = withRetry(result, { clock, random });
  }
  if (readOnly && store.features.writable) result = (await import("./wrap/read-only.js")).readOnly(result);
  return result;
}

function hostOf({ scheme, url }: Location): string {
  return scheme === "s3" ? "s3" : new URL(url).host;
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
  let key: string;
  try {
    key = decodeURIComponent(rawName);
  } catch {
    throw unknown(
      url,
      "has a percent sign that is not followed by two hexadecimal digits",
      "write a literal percent sign as %25",
    );
  }
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
  ftp: "FTP is not read by this version: download the files first, or give an https:// address of the same server",
  ftps: "FTP is not read by this version: download the files first, or give an https:// address of the same server",
  s3a: "write s3://bucket/key",
  s3n: "write s3://bucket/key",
  gcs: "write gs://bucket/key",
  precomputed: "leave out precomputed:// and give the address that follows it",
};

function failForm(text: string, form: string): never {
  throw unknown(text, "lacks the two slashes", `the form is ${form}`);
}

function unknown(text: string, fault: string, hint = "known are paths, file:, http:, https:, s3: and gs:"): EmporiumError {
  return new EmporiumError("LOCATION_UNKNOWN", `the location "${redact(text)}" ${fault}`, { hint });
}
