import { endsOf } from "../../../formats/registry.js";
import type { VolumeFormat } from "../../../model/volume-formats.js";
import { type Bases, rebased } from "../../../portals/bases.js";
import { isListed } from "../../../portals/hosts.js";
import { httpAddress } from "../../../portals/links.js";
import { PORTALS } from "../../../portals/registry.js";
import { parseVolumeLocation } from "../../../stores/url.js";

/** A location, and the facts that its form tells. */
export interface Address {
  /** The location as it was given, without spaces around it. */
  text: string;
  /** The location without its format, and without the name of a volume's document at its end. */
  place: string;
  /** Format that the location names (`zarr://…`, `…|n5:`); undefined if it names none. */
  format: VolumeFormat | undefined;
  /** Kind of the source, as far as the location's form tells. */
  kind: "file" | "volume" | "folder" | "unknown";
}

/** Documents that make a folder a volume. */
const DOCUMENT = /\/(?:info|zarr\.json|\.zarray|\.zattrs|\.zgroup|\.zmetadata|attributes\.json)$/;
const VOLUME_NAME = /\.(?:zarr|n5)$/i;
/** Ends of names of image files that a peek can read, compressed ones included. */
const IMAGE_NAME = new RegExp(`\\.(?:${endsOf()})(?:\\.(?:gz|bz2))?$`, "i");

/** Not of `._tomo.mrc`, where macOS keeps what other disks have no place for. */
export function isImageName(name: string): boolean {
  return IMAGE_NAME.test(name) && !/(?:^|[/\\])\._[^/\\]*$/.test(name);
}

/**
 * Parses a location, without access to disk or network.
 *
 * @throws {EmporiumError} LOCATION_UNKNOWN for a volume inside something that cannot be read (`|zip:`)
 */
export function addressOf(text: string): Address {
  const { format, location } = parseVolumeLocation(text.trim());
  const [bare = ""] = /^https?:/i.test(location) ? location.split(/[?#]/, 1) : [location];
  const behind = location.slice(bare.length);
  const folder = bare.replace(DOCUMENT, "");
  const document = folder !== bare;
  const place = document ? folder + behind : location;
  const name = folder.replace(/\/+$/, "");
  const kind =
    format !== undefined || document || VOLUME_NAME.test(name)
      ? "volume"
      : /[/\\]$/.test(bare)
        ? "folder"
        : isImageName(name)
          ? "file"
          : "unknown";
  return { text: text.trim(), place, format, kind };
}

/** The host of a remote location, for its portal and rate limit; undefined for this machine. */
export function hostOf(place: string): string | undefined {
  const address = httpAddress(place) ?? place;
  return /^(?:https?|ftp):\/\//i.test(address) && URL.canParse(address) ? new URL(address).hostname : undefined;
}

/**
 * The addresses for requests: with the base of the host, else of the portal that they came from, else of any portal that lists
 * the host. (`--portal-base` names portals and hosts.)
 */
export function rebaser(bases: Bases, portal?: string): (url: string) => string {
  return (text) => {
    if (bases.size === 0 || !URL.canParse(text)) return text;
    const url = new URL(text);
    const names = portal === undefined ? [] : [portal];
    names.push(...PORTALS.filter(({ hosts, name }) => bases.has(name) && isListed(url.hostname, hosts)).map(({ name }) => name));
    for (const name of names.length > 0 ? names : ([""] as const)) {
      const found = rebased(url, bases, name);
      if (found !== undefined) return found;
    }
    return text;
  };
}
