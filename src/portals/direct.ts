import { isEmporiumError } from "../core/errors.js";
import type { Json, JsonObject } from "../core/json.js";
import { endsOf } from "../formats/registry.js";
import { notFound } from "./faults.js";
import { safeSegments, volumeLink } from "./links.js";
import type { Portal, PortalNet } from "./portal.js";

/** Ends of names that promise a volume which is a folder; `FILE_NAME` has those of files. */
const VOLUME_NAME = /\.(?:zarr|n5)\/*$/i;
const FILE_NAME = new RegExp(
  `\\.(?:${endsOf(({ peek }) => peek)}|png|jpe?g|json|ya?ml|csv|tsv|txt|xml|zip|gz|bz2|tar|star|mdoc)$`,
  "i",
);

/** Any other address: a file, a volume, or a folder of a web server or bucket, which stores list. A typed URL may point to any host. */
export const direct: Portal = {
  name: "direct",
  title: "direct link",
  hosts: ["storage.googleapis.com", "*.s3.amazonaws.com"],
  home: "",
  typed: ({ url }) => (/^https?:/i.test(url) ? [url] : []),
  recognise({ link }) {
    if (!link || link.fragment.startsWith("!")) return undefined;
    const { format, location } = volumeLink(link.text);
    if (!/^(?:https?|ftp|s3|gs):\/\/[^/]/i.test(location)) return undefined;
    const path = location.replace(/[?#].*$/s, "");
    if (format !== undefined || VOLUME_NAME.test(path) || /\/info$/.test(path))
      return { kind: "volume", id: link.text, url: location };
    // A name without an end may be either; its last slash decides.
    return { kind: path.endsWith("/") || isBucketFolder(path) ? "folder" : "file", id: link.text, url: location };
  },

  async *describe({ kind, id, url }, net) {
    const raw: Record<string, Json> = { url: id, kind };
    if (/^https?:/i.test(url) && kind === "file") Object.assign(raw, await headFacts(url, net));
    yield { key: nameOf(url), raw: raw as JsonObject, links: [id] };
  },
};

function isBucketFolder(path: string): boolean {
  return /^(?:s3|gs):/i.test(path) && !FILE_NAME.test(path);
}

/** A file's metadata from a HEAD request. A server that refuses HEAD may still send the file. */
async function headFacts(url: string, net: PortalNet): Promise<Record<string, Json>> {
  const reply = await net.head(url).catch((error: unknown) => {
    if (isEmporiumError(error) && error.code === "STORE_DENIED") return undefined;
    throw error;
  });
  if (reply && (reply.status === 404 || reply.status === 410)) throw notFound(url, `the server answers ${reply.status}`);
  const facts: Record<string, Json> = {};
  const total =
    /\/(\d+)$/.exec(reply?.header("content-range") ?? "")?.[1] ?? (reply?.status === 200 ? reply.header("content-length") : "");
  if (total !== undefined && /^\d{1,15}$/.test(total)) facts.size = Number(total);
  for (const name of ["etag", "last-modified", "content-type", "location"] as const) {
    const value = reply?.header(name);
    if (value !== undefined) facts[name.replace("-", "_")] = value;
  }
  return facts;
}

function nameWithEnd(url: string): string {
  const path = url.replace(/[?#].*$/s, "").replace(/\/+$/, "");
  const last = path.slice(path.lastIndexOf("/") + 1);
  try {
    return safeSegments(decodeURIComponent(last))?.join("_") ?? "data";
  } catch {
    return safeSegments(last)?.join("_") ?? "data";
  }
}

/** Name of a file or volume: `tomo` for `…/tomo.mrc`; of an `info` file the folder that it describes. */
function nameOf(url: string): string {
  return nameWithEnd(url.replace(/\/info$/, "")).replace(/(?:\.ome)?\.[a-z][a-z0-9]{1,5}$/i, "");
}
