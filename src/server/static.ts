import type { ByteRange } from "../core/bytes.js";
import { contentType, isActive } from "../core/content-type.js";
import { type EmporiumError, isEmporiumError } from "../core/errors.js";
import { type Log, silentLog } from "../core/log.js";
import { checkKey, unsafe } from "../stores/keys.js";
import type { Stat, Store } from "../stores/store.js";
import { judgeConditions, quotedEtag, rangeStillFits } from "./conditions.js";
import { type Handler, refusal } from "./handler.js";
import { isHiddenKey } from "./hidden.js";
import { parseRange } from "./range-header.js";

export interface StaticOptions {
  /**
   * `archive` (default): data of anybody, for viewers of any origin; nothing in it is run or rendered in the name of this server.
   * `page`: files of our own, for this origin alone; `index.html` answers for its folder.
   */
  role?: Role | undefined;
  /** `Content-Security-Policy` of a page. */
  policy?: string | undefined;
  log?: Log | undefined;
}

type Role = "archive" | "page";
type Body = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** What is sent at once. A body never sits whole in memory, unless it is no larger than this. */
const PIECE_BYTES = 1024 * 1024;

/** Nothing of an archive may do anything where it is shown, whatever it is taken for. */
const ARCHIVE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'";

/** Reading by pages of any origin, without credentials; what readers of chunks send and look at. */
const CORS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "Accept-Ranges, Content-Length, Content-Range, ETag, Last-Modified",
};
const PREFLIGHT = {
  ...CORS,
  "access-control-allow-methods": "GET, HEAD, OPTIONS",
  "access-control-allow-headers": "Range, If-Match, If-None-Match, If-Modified-Since, If-Range, Cache-Control",
  "access-control-max-age": "86400",
};

/**
 * Files of a store over HTTP: ranges, entity tags and conditions, no listings. Names that leave the store are refused, hidden ones are not
 * there, except Zarr's documents.
 *
 * An object that is replaced while it is being sent ends the connection: a client never takes a mixture for the whole.
 */
export function staticFiles(store: Store, { role = "archive", policy, log = silentLog }: StaticOptions = {}): Handler {
  const common = headersOf(role, policy);
  return async (request, path) => {
    if (request.method === "OPTIONS" && role === "archive") return new Response(null, { status: 204, headers: PREFLIGHT });
    if (request.method !== "GET" && request.method !== "HEAD") {
      return refusal(405, "only reading is possible here", { ...common, allow: "GET, HEAD, OPTIONS" });
    }
    try {
      const key = keyOf(path, role);
      const stat = key === undefined ? undefined : await store.stat(key);
      return key === undefined || !stat
        ? refusal(404, "no such file", common)
        : await reply({ store, key, stat, role }, request, common);
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      const [status, says] = statusOf(error);
      // The message may name a path of this machine: it is for the log alone.
      log[status < 500 ? "debug" : "warn"](error.message, { code: error.code, status });
      return refusal(status, says, status === 503 ? { ...common, "retry-after": "1" } : common);
    }
  };
}

interface Found {
  store: Store;
  key: string;
  stat: Stat;
  role: Role;
}

async function reply({ store, key, stat, role }: Found, request: Request, common: Record<string, string>): Promise<Response> {
  const headers: Record<string, string> = { ...common, "accept-ranges": "bytes", "cache-control": "no-cache" };
  if (stat.etag !== undefined) headers.etag = quotedEtag(stat.etag);
  if (stat.modifiedMs !== undefined) headers["last-modified"] = new Date(stat.modifiedMs).toUTCString();
  const verdict = judgeConditions(request.headers, stat);
  if (verdict === 304) return new Response(null, { status: 304, headers });
  if (verdict === 412) return refusal(412, "the file is not the one that was asked for", common);

  const type = contentType(key);
  headers["content-type"] = type;
  if (role === "archive" && isActive(type)) headers["content-disposition"] = "attachment";
  const range = rangeStillFits(request.headers, stat) ? parseRange(request.headers.get("range"), stat.size) : undefined;
  if (range === "unsatisfiable") {
    return refusal(416, "the file ends before this range", { ...common, "content-range": `bytes */${stat.size}` });
  }
  const part = range ?? { offset: 0, length: stat.size };
  headers["content-length"] = String(part.length);
  if (range) headers["content-range"] = `bytes ${part.offset}-${part.offset + part.length - 1}/${stat.size}`;
  const body = request.method === "HEAD" ? null : await bodyOf(store, key, stat.etag, part);
  return new Response(body, { status: range ? 206 : 200, headers });
}

async function bodyOf(store: Store, key: string, etag: string | undefined, { offset, length }: ByteRange): Promise<Body> {
  const piece = async (at: number): Promise<Uint8Array<ArrayBuffer>> => {
    const wanted = Math.min(PIECE_BYTES, length - at);
    const bytes = await store.read(key, { offset: offset + at, length: wanted }, { ifMatch: etag });
    if (bytes?.length !== wanted) throw new Error("the file became shorter while it was being sent");
    return bytes as Uint8Array<ArrayBuffer>;
  };
  if (length <= PIECE_BYTES) return length === 0 ? new Uint8Array(0) : piece(0);
  let at = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const bytes = await piece(at);
      at += bytes.length;
      controller.enqueue(bytes);
      if (at >= length) controller.close();
    },
  });
}

/**
 * The key that a path of a URL names, or undefined for what is kept hidden (journals, version control, settings).
 *
 * @throws {EmporiumError} NAME_UNSAFE for a path that is no plain name below the store.
 */
function keyOf(path: string, role: Role): string | undefined {
  const wanted = role === "page" && (path === "" || path.endsWith("/")) ? `${path}index.html` : path;
  if (wanted === "" || wanted.endsWith("/")) return undefined;
  const segments = wanted.split("/").map(decodeSegment);
  if (segments.some((segment) => segment.includes("/"))) throw unsafe(path, "has an encoded / in a segment");
  const key = checkKey(segments.join("/"));
  return isHiddenKey(key) ? undefined : key;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "\0"; // not UTF-8: refused as unsafe
  }
}

function headersOf(role: Role, policy: string | undefined): Record<string, string> {
  return {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    ...(role === "archive"
      ? { ...CORS, "content-security-policy": ARCHIVE_POLICY, "cross-origin-resource-policy": "cross-origin" }
      : {
          "cross-origin-resource-policy": "same-origin",
          ...(policy === undefined ? {} : { "content-security-policy": policy }),
        }),
  };
}

function statusOf({ code }: EmporiumError): [status: number, says: string] {
  switch (code) {
    case "NAME_UNSAFE":
      return [400, "this is no name of a file"];
    case "STORE_ABSENT":
      return [404, "no such file"];
    case "STORE_DENIED":
      return [403, "this file may not be read"];
    case "STORE_CONFLICT":
    case "STORE_UNAVAILABLE":
    case "STORE_THROTTLED":
      return [503, "the file cannot be read just now"];
    default:
      return [500, "the file cannot be read"];
  }
}
