import { base } from "./api.js";

/** Prefixes by which the files of a dataset are found in the tree. */
export interface DatasetPrefixes {
  readonly id: number;
  readonly s3Prefix: string;
  readonly httpsPrefix?: string | undefined;
}

/**
 * Key in the tree of a file that a row of the catalogue names by its URL: the catalogue may have been written for another port, host or bucket, so
 * URLs themselves are never asked. Undefined for one that is not of the dataset.
 */
export function treeKey(url: string | null | undefined, { id, s3Prefix, httpsPrefix }: DatasetPrefixes): string | undefined {
  if (!url) return undefined;
  if (url.startsWith(s3Prefix)) return `${id}/${url.slice(s3Prefix.length)}`;
  const key = httpsPrefix && url.startsWith(httpsPrefix) ? decoded(url.slice(httpsPrefix.length)) : undefined;
  return key === undefined ? undefined : `${id}/${key}`;
}

/**
 * Address of a picture by its URL, where no prefixes are at hand: of `s3://bucket/KEY`, or of the `…/files/KEY` that a server
 * wrote.
 *
 * @returns the address on this server; undefined for any other URL
 */
export function photoAddress(url: string | null | undefined): string | undefined {
  const [, stored] = /^s3:\/\/[^/]+\/(.+)$/s.exec(url ?? "") ?? [];
  const own = new URL("files/", base).href;
  const [, written = ""] = /^https?:\/\/.*?\/files\/(.+)$/s.exec(url ?? "") ?? [];
  const key = stored ?? decoded(url?.startsWith(own) ? url.slice(own.length) : written);
  return key ? fileUrl(key).href : undefined;
}

/** Undefined for what is no percent-encoding of UTF-8. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Address of the file of a key, on the server that this page is from. */
export function fileUrl(key: string): URL {
  return new URL(`files/${key.split("/").map(encodeURIComponent).join("/")}`, base);
}

/** Last part of a key; of a folder, too. */
export function nameOf(key: string): string {
  return key.replace(/\/+$/, "").split("/").at(-1) ?? key;
}
