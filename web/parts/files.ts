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
  if (!httpsPrefix || !url.startsWith(httpsPrefix)) return undefined;
  try {
    return `${id}/${decodeURIComponent(url.slice(httpsPrefix.length))}`;
  } catch {
    return undefined; // no percent-encoding of UTF-8
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
