import { volumeLink } from "../../../portals/links.js";
import type { ReadRecord } from "../../../portals/web-metadata.js";

export interface WebMatch {
  record: ReadRecord;
  /** The record's name, if the image is its only link. */
  soleName: string | undefined;
  /** Only the file's name connects record and image. */
  isGuess?: true | undefined;
}

/**
 * The portal's record of an image: with its name; with a link to it or to a folder above; downloaded to a folder of the record's
 * name; or the only one with a link to a file of this name. Undefined if there is none.
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
  const guess = folder.length === 1 ? {} : { isGuess: true as const };
  return record && { record, soleName: record.download_links.length === 1 ? record.name : undefined, ...guess };
}

/** The warning of a guess. */
export function guessWarning({ record, isGuess }: WebMatch): string[] {
  return isGuess ? [`web-guess: the portal's facts are those of ${record.name}, which links to a file of this name`] : [];
}

function isBelow(place: string, link: string): boolean {
  return link !== "" && (place === link || place.startsWith(`${link}/`));
}

/** The location without format, query, last slash and percent-encoding. */
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
