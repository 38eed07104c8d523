import { base } from "./api.js";

/** What tells where in the tree the files of a dataset are. */
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
 * The same where prefixes are not at hand: of `s3://bucket/KEY`, or of the `…/files/KEY` that a server wrote.
 *
 * @returns where this server has the file
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

/** Where the server that this page is from has the file of a key. */
export function fileUrl(key: string): URL {
  return new URL(`files/${key.split("/").map(encodeURIComponent).join("/")}`, base);
}

/** Last part of a key; of a folder, too. */
export function nameOf(key: string): string {
  return key.replace(/\/+$/, "").split("/").at(-1) ?? key;
}
