import { VOLUME_FORMATS, type VolumeFormat } from "../model/volume-formats.js";

export interface VolumeLink {
  /** Format that the link names; undefined where it names none. */
  format: VolumeFormat | undefined;
  /** Location without the format: `gs://bucket/key`, `https://…`. */
  location: string;
}

const PREFIXES: ReadonlyMap<string, VolumeFormat> = new Map(VOLUME_FORMATS.map((format) => [format, format]));
/** Names of the formats in Neuroglancer's newer form (`location|zarr3:`). */
const SUFFIXES: ReadonlyMap<string, VolumeFormat> = new Map([...PREFIXES, ["neuroglancer-precomputed", "precomputed"]]);

/** Takes `zarr://`, `precomputed://` … or a `|zarr3:` suffix off a link. */
export function volumeLink(link: string): VolumeLink {
  const prefix = /^([a-z0-9]+):\/\/(?=[a-z][a-z0-9+.-]*:\/\/|\/|[a-z]:[\\/])/i.exec(link);
  const format = PREFIXES.get(prefix?.[1]?.toLowerCase() ?? "");
  if (prefix && format) return { format, location: link.slice(prefix[0].length) };
  const [location = "", ...pipes] = link.split("|");
  const named = pipes.map((pipe) => /^([a-z0-9-]+):/i.exec(pipe)?.[1]?.toLowerCase() ?? "").find((name) => SUFFIXES.has(name));
  return { format: named === undefined ? undefined : SUFFIXES.get(named), location: pipes.length > 0 ? location : link };
}

/** The HTTPS URL of a bucket's object: `gs://b/p`, `s3://b/p`. Other addresses stay; unknown schemes are undefined. */
export function httpAddress(location: string): string | undefined {
  const bucket = /^(gs|s3):\/\/([^/?#]+)\/*(.*)$/s.exec(location);
  if (bucket) {
    const [, scheme, name, key] = bucket as unknown as [string, string, string, string];
    if (!/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/i.test(name)) return undefined;
    const path = key.split("/").map(encodeSegment).join("/");
    return scheme === "gs" ? `https://storage.googleapis.com/${name}/${path}` : `https://${name}.s3.amazonaws.com/${path}`;
  }
  // Neuroglancer writes how to log in before the scheme: `middleauth+https://…`.
  const plain = location.replace(/^[a-z0-9]+\+(?=https?:\/\/)/i, "");
  return /^https?:\/\//i.test(plain) ? plain : undefined;
}

/** Halves of surrogate pairs, which JSON can hold and URLs cannot. */
const HALVES = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** One segment of a path as a URL has it. Keys of buckets are literal: a percent sign in them is one. */
export function encodeSegment(segment: string): string {
  return encodeURIComponent(segment.replace(HALVES, "\ufffd")).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Normalises a URL: resolves it against its page and percent-encodes invalid characters (pages of EPFL have a raw space), but not
 * those that are encoded already. Undefined if it is not a URL, or not http(s) or ftp.
 */
export function normalAddress(href: string, page: string): string | undefined {
  const text = href.trim();
  if (text === "" || text.startsWith("#") || !URL.canParse(text, page)) return undefined;
  const url = new URL(text, page);
  if (!/^(https?|ftp):$/.test(url.protocol) || url.username !== "" || url.password !== "") return undefined;
  url.hash = "";
  return url.href;
}

/** Each link once, in the order of first occurrence. */
export function distinct(links: Iterable<string>): string[] {
  return [...new Set(links)];
}

/** A relative path of an untrusted listing, segment by segment; undefined where it leaves its folder or cannot be a name. */
export function safeSegments(path: string): string[] | undefined {
  const segments = path.replace(/^\/+/, "").split("/");
  const wrong = (segment: string) =>
    segment === "" || segment === "." || segment === ".." || /[\u0000-\u001f\u007f\\]/.test(segment);
  return segments.length === 0 || segments.some(wrong) ? undefined : segments;
}
