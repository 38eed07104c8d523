import { resolve } from "node:path";
import { systemClock } from "../core/clock.js";
import { VOLUME_FORMATS, type VolumeFormat } from "../model/volume-formats.js";
import { findBackend } from "./backends.js";
import { fileLocation } from "./file/location.js";
import { unsafe } from "./keys.js";
import { type Location, type Scheme, type StoreOptions, unknownLocation } from "./location.js";
import type { Store } from "./store.js";

/**
 * Parses a path (relative to `cwd`), `file:`, `http(s):`, `ftp:`, `s3://bucket/key` or `gs://bucket/key`, without disk or
 * network. Keys of buckets are literal, as in S3 tools; paths of URLs are percent-decoded.
 *
 * @throws {EmporiumError} LOCATION_UNKNOWN, NAME_UNSAFE
 */
export function parseLocation(text: string, { cwd = process.cwd() }: { cwd?: string } = {}): Location {
  if (text.trim() === "") throw unknownLocation(text, "is empty");
  if (text.includes("\0")) throw unsafe(text, "holds a NUL character");
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(text)?.[1]?.toLowerCase() ?? "";
  const slashes = text.slice(scheme.length + 1).startsWith("//");
  const backend = findBackend(scheme);
  if (backend && (slashes || scheme === "file")) return backend.parse(text, scheme as Scheme);
  if (backend) throw unknownLocation(text, "lacks the two slashes", `the form is ${scheme}://${backend.form}`);
  if (scheme !== "" && slashes) throw unknownLocation(text, `has the scheme "${scheme}"`, NEAR[scheme]);
  return fileLocation(resolve(cwd, text));
}

/**
 * Removes the format from a location in the syntax of Neuroglancer and TensorStore: `zarr://s3://bucket/key` or
 * `s3://bucket/key|zarr3:`; a path behind the colon goes on inside the volume.
 *
 * @throws {EmporiumError} LOCATION_UNKNOWN for other pipes (`|zip:`).
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
    throw unknownLocation(
      text,
      `has a pipe "|${pipe[2]}:"`,
      `use one of ${VOLUME_FORMATS.map((known) => `|${known}:`).join(" ")}, one at the end`,
    );
  }
  return { location: inside === "" ? location : `${location.replace(/\/+$/, "")}/${inside.replace(/^\/+/, "")}`, format };
}

/** A store of everything below a location. */
export async function openStore(location: string | Location, options: StoreOptions = {}): Promise<Store> {
  const place = typeof location === "string" ? parseLocation(location) : location;
  return openAt(place, place, options);
}

/** A single object: the store of the folder that it is in, and its key there. */
export async function openLocation(
  location: string | Location,
  options: StoreOptions = {},
): Promise<{ store: Store; key: string }> {
  const place = typeof location === "string" ? parseLocation(location) : location;
  if (place.key === "") throw unknownLocation(place.url, "names no file", "give the whole name of one file or object");
  const parent = { ...place, ...findBackend(place.scheme)!.parent(place) };
  return { store: await openAt(parent, place, options), key: place.key };
}

async function openAt(at: Location, place: Location, options: StoreOptions): Promise<Store> {
  const { clock = systemClock, random = Math.random, retry = true, readOnly = false, inFlight } = options;
  const backend = findBackend(place.scheme)!;
  const store = await backend.open(at, place, options);
  let result = store;
  if (retry) {
    const [{ withRetry }, { storePace, withPace }] = await Promise.all([
      import("./wrap/retry.js"),
      import("./wrap/with-pace.js"),
    ]);
    const host = backend.host(place, options);
    if (host !== undefined) result = withPace(result, storePace(host, clock, inFlight));
    result = withRetry(result, { clock, random });
  }
  if (readOnly && store.features.writable) result = (await import("./wrap/read-only.js")).readOnly(result);
  return result;
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
