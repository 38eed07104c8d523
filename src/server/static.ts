import { createHash } from "node:crypto";
import type { ByteRange } from "../core/bytes.js";
import { contentType, isActive } from "../core/content-type.js";
import { type EmporiumError, isEmporiumError } from "../core/errors.js";
import { type Log, silentLog } from "../core/log.js";
import { checkKey, unsafe } from "../stores/keys.js";
import type { Stat, Store } from "../stores/store.js";
import { judgeConditions, quotedEtag, rangeStillFits } from "./conditions.js";
import { type Handler, refusal } from "./handler.js";
import { isHiddenKey } from "./hidden.js";
import { FILE_PIECES, type PieceBudget } from "./piece-budget.js";
import { parseRange } from "./range-header.js";

export interface StaticOptions {
  /**
   * `archive` (default): untrusted data; nothing in it is run or rendered as part of this server.
   * `page`: our own files; `index.html` answers for its folder, and `x.js.br` or `x.js.gz` for `x.js` if the client accepts it.
   */
  role?: Role | undefined;
  /** Keys whose content never changes, because their names contain its hash. */
  immutable?: RegExp | undefined;
  /** Returns content that is sent in place of a file, where that depends on the request. */
  instead?: Substitute | undefined;
  /** `Content-Security-Policy` of a page. */
  policy?: string | undefined;
  /** Memory for files that are being sent. Default: shared by the process. */
  pieces?: PieceBudget | undefined;
  log?: Log | undefined;
}

type Role = "archive" | "page";

/** Content in place of a file. @returns undefined for a file that is sent as it is. */
export type Substitute = (
  file: { readonly store: Store; readonly key: string; readonly stat: Stat },
  request: Request,
) => Promise<Uint8Array | undefined>;

/** Encodings in which the build compresses files of a page, with their suffixes, the best first. */
const ENCODINGS = [
  ["br", ".br"],
  ["gzip", ".gz"],
] as const;
const FOR_EVER = "public, max-age=31536000, immutable";

/** Files of an archive must not run anything in a browser, whatever type the browser assumes. */
const ARCHIVE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'";

/**
 * Files of a store over HTTP: ranges, entity tags and conditions, no listings. Names outside of the store are refused, hidden
 * files are not found, except Zarr's documents.
 *
 * If an object is replaced while it is sent, the connection is closed: a client never takes a mixture for the whole.
 */
export function staticFiles(
  store: Store,
  { role = "archive", policy, immutable, instead, pieces = FILE_PIECES, log = silentLog }: StaticOptions = {},
): Handler {
  const common = headersOf(role, policy);
  return async (request, path) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return refusal(405, "the server is read-only", { ...common, allow: "GET, HEAD, OPTIONS" });
    }
    try {
      const key = keyOf(path, role);
      const stat = key === undefined ? undefined : await store.stat(key);
      if (key === undefined || !stat) return refusal(404, "no such file", common);
      const found = await contentOf({ store, key, stat, role, instead }, request);
      const cached = immutable?.test(key) ? FOR_EVER : "no-cache";
      return await reply(found, request, { ...common, "cache-control": cached }, pieces);
    } catch (error) {
      if (!isEmporiumError(error)) throw error;
      const [status, says] = statusOf(error);
      // The message may name a path of this machine: it is for the log alone.
      log[status < 500 ? "debug" : "warn"](error.message, { code: error.code, status });
      return refusal(status, says, status === 503 ? { ...common, "retry-after": "1" } : common);
    }
  };
}

interface Asked {
  store: Store;
  key: string;
  stat: Stat;
  role: Role;
  instead: Substitute | undefined;
}

/** The content that is sent for a key. */
interface Content {
  key: string;
  role: Role;
  stat: Stat;
  /** Headers beside the type, which follows from the key. */
  headers: Record<string, string>;
  read(range: ByteRange): Promise<Uint8Array | undefined>;
}

async function contentOf({ store, key, stat, role, instead }: Asked, request: Request): Promise<Content> {
  const other = await instead?.({ store, key, stat }, request);
  if (other) {
    const etag = createHash("sha256").update(other).digest("hex").slice(0, 32);
    const read = async ({ offset, length }: ByteRange) => other.subarray(offset, offset + length);
    return { key, role, stat: { size: other.length, etag }, headers: {}, read };
  }
  const taken = role === "page" ? await compressed(store, key, request.headers.get("accept-encoding") ?? "") : undefined;
  const [from, is] = taken ? [taken.key, taken.stat] : [key, stat];
  return {
    key,
    role,
    stat: is,
    headers: {
      ...(role === "page" ? { vary: "Accept-Encoding" } : {}),
      ...(taken ? { "content-encoding": taken.encoding } : {}),
    },
    read: (range) => store.read(from, range, { ifMatch: is.etag }),
  };
}

async function compressed(store: Store, key: string, accepted: string) {
  for (const [encoding, suffix] of ENCODINGS) {
    if (!accepts(accepted, encoding)) continue;
    const stat = await store.stat(`${key}${suffix}`);
    if (stat) return { key: `${key}${suffix}`, stat, encoding };
  }
  return undefined;
}

/** Whether an `Accept-Encoding` header accepts an encoding. A weight of 0 refuses it. */
export function accepts(header: string, encoding: string): boolean {
  return header.split(",").some((choice) => {
    const [name, ...parameters] = choice.split(";").map((word) => word.trim().toLowerCase());
    return name === encoding && !parameters.some((word) => /^q=0(?:\.0*)?$/.test(word));
  });
}

async function reply(content: Content, request: Request, common: Record<string, string>, pieces: PieceBudget): Promise<Response> {
  const { key, role, stat } = content;
  const headers: Record<string, string> = { ...common, ...content.headers, "accept-ranges": "bytes" };
  if (stat.etag !== undefined) headers.etag = quotedEtag(stat.etag);
  if (stat.modifiedMs !== undefined) headers["last-modified"] = new Date(stat.modifiedMs).toUTCString();
  const status = judgeConditions(request.headers, stat);
  if (status === 304) return new Response(null, { status: 304, headers });
  if (status === 412)
    return refusal(412, "the file is not the one that was asked for", { ...common, "cache-control": "no-store" });

  const type = contentType(key);
  headers["content-type"] = type;
  if (role === "archive" && isActive(type)) headers["content-disposition"] = "attachment";
  const range = rangeStillFits(request.headers, stat) ? parseRange(request.headers.get("range"), stat.size) : undefined;
  if (range === "unsatisfiable") {
    const where = { "cache-control": "no-store", "content-range": `bytes */${stat.size}` };
    return refusal(416, "the file ends before this range", { ...common, ...where });
  }
  const part = range ?? { offset: 0, length: stat.size };
  headers["content-length"] = String(part.length);
  if (range) headers["content-range"] = `bytes ${part.offset}-${part.offset + part.length - 1}/${stat.size}`;
  const body = request.method === "HEAD" ? null : await bodyOf(content, part, pieces);
  return new Response(body, { status: range ? 206 : 200, headers });
}

/**
 * Sends the content piece by piece, each read when the client has taken the one before. The first piece is read before the answer
 * begins, so that an error determines the status.
 */
async function bodyOf(
  { read }: Content,
  { offset, length }: ByteRange,
  pieces: PieceBudget,
): Promise<ReadableStream<Uint8Array>> {
  let [at, held] = [0, 0];
  const giveBack = () => {
    pieces.giveBack(held);
    held = 0;
  };
  const next = async (): Promise<Uint8Array> => {
    held = pieces.take(length - at);
    try {
      const bytes = await read({ offset: offset + at, length: held });
      if (bytes?.length !== held) throw new Error("the file became shorter while it was being sent");
      at += held;
      return bytes;
    } catch (error) {
      giveBack();
      throw error;
    }
  };
  let first: Uint8Array | undefined = length > 0 ? await next() : undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (first) {
          controller.enqueue(first);
          first = undefined;
          return;
        }
        giveBack();
        if (at >= length) controller.close();
        else controller.enqueue(await next());
      },
      cancel: giveBack,
    },
    { highWaterMark: 0 },
  );
}

/**
 * The key that a path of a URL names, or undefined for a hidden file (journals, version control, settings).
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
    // whose pages may read it all the same is said by withCors
    "cross-origin-resource-policy": "same-origin",
    ...(role === "archive"
      ? { "content-security-policy": ARCHIVE_POLICY }
      : { ...(policy === undefined ? {} : { "content-security-policy": policy }) }),
  };
}

function statusOf({ code }: EmporiumError): [status: number, says: string] {
  switch (code) {
    case "NAME_UNSAFE":
      return [400, "this is not a name of a file"];
    case "STORE_ABSENT":
      return [404, "no such file"];
    case "STORE_DENIED":
    case "ADDRESS_REFUSED":
      return [403, "this file may not be read"];
    case "STORE_CONFLICT":
    case "STORE_UNAVAILABLE":
    case "STORE_THROTTLED":
      return [503, "the file cannot be read just now"];
    default:
      return [500, "the file cannot be read"];
  }
}
