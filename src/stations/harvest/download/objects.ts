import type { VolumeFormat } from "../../../model/volume-formats.js";
import { findPortal } from "../../../portals/registry.js";
import type { Stat } from "../../../stores/store.js";
import type { Checksum, ChecksumOrigin } from "../transfer/checksum.js";
import type { Source } from "../transfer/options.js";

/** The source of an address: the user, who may name any host, or a reply, whose links must lead to public hosts. */
export interface Origin {
  trusted: boolean;
  /** The portal whose base address (`--portal-base NAME=URL`) is used. */
  portal: string;
}

/** One object to fetch, or to write. */
export interface RemoteObject extends Source {
  /** The public address, without secrets and mirrors. */
  url: string;
  /** Path below the destination. */
  rel: string;
  /** Path below the start of the download, for globs. */
  path: string;
  /** Bytes, if a listing states them exactly. */
  size?: number | undefined;
  /** Rounded bytes of a listing, for progress only. */
  roundedSize?: number | undefined;
  etag?: string | undefined;
  modifiedMs?: number | undefined;
  checksum?: { value: Checksum; from: Exclude<ChecksumOrigin, "own" | "etag"> } | undefined;
  mirrors?: readonly Source[] | undefined;
  /** A chunk that may be absent. Then it has the fill value. */
  sparse?: boolean | undefined;
  /** Written instead of the stored bytes: metadata that name one level only. */
  body?: Uint8Array | undefined;
  /** Limits on requests to its portal. */
  requestLimits: RequestLimits;
}

/** Objects that follow a rule, made one by one. */
export interface ObjectGrid {
  count: number;
  objects(): Iterable<RemoteObject>;
}

/** Default limits on requests to a portal. */
export interface RequestLimits {
  /** The portal's host, for the rate limit, also if a mirror or a test's server replies. */
  paceHost?: string | undefined;
  /** For one object. */
  connections: number;
  segmentBytes?: number | undefined;
}

/** The objects of one typed address. */
export interface ObjectSet {
  /** As typed, without secrets. */
  typed: string;
  portal: string;
  /** Files one by one, metadata of volumes before their chunks. */
  objects: RemoteObject[];
  /** Checksum files of the listing, requested or not. */
  sumFiles: RemoteObject[];
  /** Chunks of volumes that have no listing. */
  grids: ObjectGrid[];
  /** Crops of volumes. */
  crops: CropJob[];
  /** Volumes among the addresses and links: `--scale` and `--crop` are of these alone. */
  volumes: number;
}

/** A volume of which a box is requested. */
export interface CropJob extends Source {
  url: string;
  rel: string;
  format: VolumeFormat | undefined;
  requestLimits: RequestLimits;
}

export function statOf({ size, etag, modifiedMs }: RemoteObject): Stat | undefined {
  return size === undefined ? undefined : { size, etag, modifiedMs };
}

/** Limits on requests to a portal's host; `--connections` overrides the number of connections. */
export function requestLimitsOf(portal: string, url: string, connections: number | undefined): RequestLimits {
  const usual = findPortal(portal)?.fetching ?? { connections: 8 };
  const paceHost = /^(?:https?|ftp):/i.test(url) && URL.canParse(url) ? new URL(url).host : undefined;
  return { ...usual, paceHost, ...(connections === undefined ? {} : { connections }) };
}

/** Archives whose files are the same under two addresses. */
const SAME: readonly (readonly [string, string])[] = [["ftp://ftp.ebi.ac.uk/", "https://ftp.ebi.ac.uk/"]];

/** URLs of mirrors of the same file, used after repeated failures of the first URL. */
export function mirrorsOf(url: string, same: readonly (readonly [string, string])[] = SAME): string[] {
  return same.flatMap(([a, b]) =>
    url.startsWith(a) ? [b + url.slice(a.length)] : url.startsWith(b) ? [a + url.slice(b.length)] : [],
  );
}
