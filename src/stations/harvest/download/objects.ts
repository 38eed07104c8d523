import type { VolumeFormat } from "../../../model/volume-formats.js";
import { findPortal } from "../../../portals/registry.js";
import type { Stat } from "../../../stores/store.js";
import type { Checksum, ChecksumOrigin } from "../transfer/checksum.js";
import type { Source } from "../transfer/options.js";

/** Who chose an address: a person, whose word is taken for any host, or a reply, whose links lead to public hosts only. */
export interface Origin {
  trusted: boolean;
  /** Whose base (`--portal-base NAME=URL`) holds for it. */
  portal: string;
}

/** One object to fetch, or to write. */
export interface RemoteObject extends Source {
  /** The address as everybody knows it: without secrets, mirrors of tests left out of account. */
  url: string;
  /** Path below the destination. */
  rel: string;
  /** Path below the start of the download, which globs speak of. */
  path: string;
  /** Bytes, where a listing states them exactly. */
  size?: number | undefined;
  /** Bytes as a listing rounds them: for progress alone. */
  roundedSize?: number | undefined;
  etag?: string | undefined;
  modifiedMs?: number | undefined;
  checksum?: { value: Checksum; from: Exclude<ChecksumOrigin, "own" | "etag"> } | undefined;
  mirrors?: readonly Source[] | undefined;
  /** A chunk that may never have been written: absent, it is the fill value. */
  sparse?: boolean | undefined;
  /** Written in the place of what is stored: metadata that name one level alone. */
  body?: Uint8Array | undefined;
  /** Limits on requests to its portal. */
  requestLimits: RequestLimits;
}

/** Objects that are known by a rule, made one by one as they are needed. */
export interface ObjectGrid {
  count: number;
  objects(): Iterable<RemoteObject>;
}

/** Default limits on requests to a portal. */
export interface RequestLimits {
  /** Host that the pace belongs to, also where a mirror or a test's server answers for it. */
  paceHost?: string | undefined;
  /** For one object. */
  connections: number;
  segmentBytes?: number | undefined;
}

/** What one typed address came to. */
export interface ObjectSet {
  /** As typed, without secrets. */
  typed: string;
  portal: string;
  /** Files one by one, metadata of volumes before their chunks. */
  objects: RemoteObject[];
  /** Those of the listing that hold checksums, wanted themselves or not. */
  sumFiles: RemoteObject[];
  /** Chunks of volumes that have no listing. */
  grids: ObjectGrid[];
  /** Parts that are to be cut out of volumes. */
  crops: CropJob[];
}

/** A volume of which a box is wanted. */
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
