import { volumeLink } from "../../../portals/links.js";
import type { ReadRecord } from "../../../portals/web-metadata.js";

export interface WebMatch {
  record: ReadRecord;
  /** The record's name, where it stands for this image alone: its one link is the image's. */
  soleName: string | undefined;
}

/**
 * The portal's record of an image: of its name; whose link the location is, or lies below; below whose name it was downloaded; or, where only
 * one record has it, whose link ends with the same file. Undefined where nothing tells.
 */
export function webRecordOf(
  web: readonly ReadRecord[],
  image: { name: string | undefined; location: string },
): WebMatch | undefined {
  const named = image.name === undefined ? undefined : web.find(({ name }) => name === image.name);
  if (named) return { record: named, soleName: named.name };
  const place = plain(image.location);
  const linked = web.find(({ download_links: links }) => links.some((link) => isBelow(place, plain(link))));
  if (linked) return { record: linked, soleName: linked.download_links.length === 1 ? linked.name : undefined };
  const segments = place.split("/");
  const folder = web.filter(({ name }) => segments.slice(0, -1).includes(name));
  const last = segments.at(-1) ?? "";
  const ends = web.filter(({ download_links: links }) => links.some((link) => plain(link).split("/").at(-1) === last));
  const record = folder.length === 1 ? folder[0] : ends.length === 1 ? ends[0] : undefined;
  return record && { record, soleName: record.download_links.length === 1 ? record.name : undefined };
}

function isBelow(place: string, link: string): boolean {
  return link !== "" && (place === link || place.startsWith(`${link}/`));
}

/** Without format, query, last slash and percent-encoding. */
function plain(location: string): string {
  const bare = volumeLink(location)
    .location.replace(/[?#|].*$/s, "")
    .replace(/\\/g, "/")
    .replace(/\/+$/, "");
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}
