import { base } from "./api.js";
import { fileUrl } from "./files.js";

/** Where this server has a file of the tree: the catalogue's answers say where somebody asked for it, a page asks its own server. */
export function photoAddress(url: string | null | undefined): string | undefined {
  const key = keyOf(url);
  return key === undefined ? undefined : fileUrl(key).href;
}

/** Key in the tree of `s3://bucket/KEY`, or of an address of this server's files: `…/files/KEY`. */
function keyOf(url: string | null | undefined): string | undefined {
  const [, s3] = /^s3:\/\/[^/]+\/(.+)$/s.exec(url ?? "") ?? [];
  if (s3 !== undefined) return s3;
  const own = new URL("files/", base).href;
  const [, key] = url?.startsWith(own) ? [own, url.slice(own.length)] : (/^https?:\/\/.*?\/files\/(.+)$/s.exec(url ?? "") ?? []);
  if (!key) return undefined;
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}
