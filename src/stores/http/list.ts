import type { Clock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { LIMITS } from "../../core/limits.js";
import { redact, type Secret } from "../../core/redact.js";
import { readBody, type Timeouts } from "../../net/body.js";
import { drop } from "../../net/client.js";
import { parseRetryAfter, protocol, statusError } from "../../net/errors.js";
import type { HttpAnswer, HttpRequest } from "../../net/requests.js";
import { checkPrefix } from "../keys.js";
import { type FolderReader, listFolder, listTree } from "../listing.js";
import type { Entry, ListOptions, Store } from "../store.js";
import { isAutoindex, readAutoindex } from "./autoindex.js";

interface Way {
  request(request: HttpRequest): Promise<HttpAnswer>;
  query: Secret | undefined;
  timeouts: Timeouts;
  clock: Clock;
}

/** Folder pages asked for ahead of the one that is being listed; the host's pace holds besides. */
const AHEAD = 3;

/**
 * `list` and `children` of a web server, from the folder pages of Apache, nginx and similar. Stays below the root and on the
 * host. Sizes that a page rounds are marked `approximate`; there are no etags.
 */
export function httpListing(
  root: string,
  urlOf: (key: string) => string,
  { request, query, timeouts, clock }: Way,
): Pick<Store, "list" | "children"> {
  async function read(folder: string, _listed: boolean, { signal, onUnusable }: ListOptions): Promise<Entry[] | undefined> {
    const shown = folder === "" ? `${root}/` : urlOf(folder);
    const answer = await request({ method: "GET", url: query ? `${shown}?${query.reveal()}` : shown, shown, signal });
    const { status, header, body, finalUrl } = answer;
    if (status !== 200) {
      await drop(answer);
      if (status === 404 || status === 410) return undefined;
      throw statusError(status, shown, { retryAfterMs: parseRetryAfter(header("retry-after"), clock.now()) });
    }
    const page = new URL(finalUrl);
    page.search = "";
    page.hash = "";
    // A file has no last slash in the end, though it was asked for with one.
    if (!page.pathname.endsWith("/") || !/^\s*(?:text\/html|application\/xhtml)/i.test(header("content-type") ?? "")) {
      body.destroy();
      throw noListing(shown);
    }
    const encoding = header("content-encoding") ?? "identity";
    const length = header("content-length");
    const announced = length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
    if (encoding.toLowerCase() !== "identity" || (announced ?? 0) > LIMITS.replyBytes) {
      body.destroy();
      const fault =
        encoding.toLowerCase() === "identity" ? `has a folder page of ${announced} bytes` : `compresses its pages (${encoding})`;
      throw protocol(shown, fault, "list a folder further down", "no");
    }
    const { bytes } = await readBody(body, {
      url: shown,
      length: LIMITS.replyBytes + 1,
      announced,
      etag: undefined,
      timeouts,
      signal,
    });
    if (bytes.length > LIMITS.replyBytes)
      throw protocol(shown, `has a folder page of more than ${LIMITS.replyBytes} bytes`, undefined, "no");
    const html = new TextDecoder().decode(bytes);
    if (!isAutoindex(html)) throw noListing(shown);
    return readAutoindex(html, page.href, (name) => onUnusable?.(folder + name)).map(
      ({ name, kind, size, roundedSize, modifiedMs }) =>
        kind === "folder"
          ? { key: `${folder}${name}/`, size: 0, modifiedMs }
          : {
              key: folder + name,
              size: size ?? roundedSize ?? 0,
              modifiedMs,
              ...(size === undefined ? { approximate: true } : {}),
            },
    );
  }

  const reader: FolderReader = { url: redact(root), read, ahead: AHEAD };
  return {
    async *list(prefix: string, options: ListOptions = {}) {
      yield* listTree(reader, checkPrefix(prefix), options);
    },
    async *children(folder: string, options: ListOptions = {}) {
      yield* listFolder(reader, folder, options);
    },
  };
}

function noListing(url: string): EmporiumError {
  return new EmporiumError("STORE_FAILED", `${redact(url)} cannot be listed: the server shows no page of the folder's files`, {
    place: { url: redact(url) },
    hint: "name the files one by one, or use the ftp://, s3:// or gs:// address of the same data",
  });
}
