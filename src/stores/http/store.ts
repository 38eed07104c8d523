import type { ByteRange, ReadOptions } from "../../core/bytes.js";
import { type Clock, systemClock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { redact, type Secret } from "../../core/redact.js";
import { TIMEOUTS, type Timeouts } from "../../net/body.js";
import { drop, httpClient } from "../../net/client.js";
import { parseRetryAfter, protocol, statusError } from "../../net/errors.js";
import { type HttpAnswer, type HttpRequestOptions, httpRequests } from "../../net/requests.js";
import { streamBody } from "../body-stream.js";
import { changed } from "../faults.js";
import { checkKey } from "../keys.js";
import { checkRange } from "../range.js";
import { pastTheEnd, rangeHeader, readRangedReply, WHOLE } from "../ranged-reply.js";
import { emptyStream, type StreamFrom, streamRange, streamReply } from "../ranged-stream.js";
import type { ByteStream, Stat, Store, StoreReadOptions, StoreStreamOptions } from "../store.js";
import { headerChecksums } from "./header-checksums.js";
import { httpListing } from "./list.js";

export interface HttpStoreOptions extends HttpRequestOptions {
  /** Sent after the `?` of every request. */
  query?: Secret | undefined;
  timeouts?: Partial<Timeouts> | undefined;
  clock?: Clock | undefined;
}

/**
 * Files of a web server, read by ranges; nothing can be written. Folders are listed by the pages that servers make of them. Bodies are
 * asked for as they are stored (`accept-encoding: identity`), and every length that the server states is compared with what came.
 *
 * @param root URL of the folder, percent-encoded, without credentials, query or a last `/`.
 */
export function httpStore(root: string, options: HttpStoreOptions = {}): Store {
  const { query, clock = systemClock } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const request = httpRequests(httpClient(timeouts), root, options);
  const urlOf = (key: string) => `${root}/${key.split("/").map(encodeURIComponent).join("/")}`;

  async function ask(
    method: "GET" | "HEAD",
    key: string,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
    long = false,
  ): Promise<HttpAnswer> {
    const shown = urlOf(checkKey(key));
    const answer = await request({ method, url: query ? `${shown}?${query.reveal()}` : shown, shown, headers, signal, long });
    if (answer.status >= 400 || !isFolderOf(answer.finalUrl, shown)) return answer;
    await drop(answer);
    return { ...answer, status: 404 };
  }

  async function statBy(
    method: "HEAD" | "GET",
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<Stat | undefined | "refused"> {
    const answer = await ask(method, key, method === "GET" ? { range: "bytes=0-0" } : {}, signal);
    const { status } = answer;
    if (method === "GET" && status === 200 && isUnpacked(answer)) {
      checkForm(answer, key);
      const size = await countBody(answer, timeouts, signal);
      return statOf(answer, size);
    }
    await drop(answer);
    if (status === 404 || status === 410) return undefined;
    // Signed links are often for GET only, and some servers know no HEAD.
    if (method === "HEAD" && [400, 403, 405, 501].includes(status)) return "refused";
    if (status !== 200 && status !== 206 && status !== 416) throw failure(answer, clock);
    checkForm(answer, key);
    const total = status === 200 ? lengthOf(answer) : totalOf(answer);
    if (total === undefined) {
      if (method === "HEAD") return "refused";
      throw sizeless(answer);
    }
    return statOf(answer, total);
  }

  async function statNow(key: string, signal: AbortSignal | undefined): Promise<Stat | undefined> {
    const head = await statBy("HEAD", key, signal);
    return head === "refused" ? ((await statBy("GET", key, signal)) as Stat | undefined) : head;
  }

  async function readNow(key: string, range: ByteRange, ifMatch: string | undefined, signal: AbortSignal | undefined) {
    const headers: Record<string, string> = { range: rangeHeader(range) };
    // Weak tags, and those that we made of the date, cannot be sent; they are compared with the reply's.
    if (ifMatch?.startsWith('"')) headers["if-match"] = ifMatch;
    const answer = await ask("GET", key, headers, signal);
    const { status, url, body } = answer;
    if (status !== 200 && status !== 206) {
      await drop(answer);
      if (status === 404 || status === 410) return undefined;
      if (status === 412) throw changed(url);
      if (status !== 416) throw failure(answer, clock);
      return pastTheEnd(url, range.offset, totalOf(answer) ?? (await statNow(key, signal))?.size);
    }
    const contentRange = answer.header("content-range") ?? (status === 206 ? "nothing" : undefined);
    const reply = {
      url,
      contentRange,
      contentLength: lengthOf(answer),
      framed: isUnpacked(answer),
      etag: (total: number | undefined) => etagOf(answer, total),
      weak: isWeak(answer),
      body,
    };
    const sizeNow = async () => (await statNow(key, signal))?.size;
    try {
      checkForm(answer, key);
    } catch (error) {
      body.destroy();
      throw error;
    }
    const bytes = await readRangedReply(reply, { ...range, ifMatch, signal, timeouts, sizeNow });
    checkNoPage(answer, key, range.offset, bytes);
    return bytes;
  }

  async function streamNow(key: string, from: StreamFrom, options: StoreStreamOptions): Promise<ByteStream | undefined> {
    const { ifMatch, signal, lend } = options;
    const headers: Record<string, string> = {};
    const range = streamRange(from);
    if (range !== undefined) headers.range = range;
    // Servers that do not know `If-Match` mostly know `If-Range`: they send the new object whole, with its new tag.
    if (ifMatch?.startsWith('"'))
      Object.assign(headers, { "if-match": ifMatch }, range === undefined ? {} : { "if-range": ifMatch });
    const answer = await ask("GET", key, headers, signal, true);
    const { status, url, body } = answer;
    if (status !== 200 && status !== 206) {
      await drop(answer);
      if (status === 404 || status === 410) return undefined;
      if (status === 412) throw changed(url);
      if (status !== 416) throw failure(answer, clock);
      const size = totalOf(answer) ?? (await statNow(key, signal))?.size;
      if (size !== undefined && size > (from?.offset ?? 0)) {
        throw protocol(url, `answers that byte ${from?.offset ?? 0} is past the end of ${size} bytes`);
      }
      return size === undefined ? undefined : emptyStream(from?.offset ?? 0, size);
    }
    try {
      checkEncoding(answer, key);
    } catch (error) {
      body.destroy();
      throw error;
    }
    return streamReply(
      {
        url,
        contentRange: status === 206 ? (answer.header("content-range") ?? "nothing") : undefined,
        contentLength: lengthOf(answer),
        etag: (total) => etagOf(answer, total),
        weak: isWeak(answer),
        modifiedMs: modifiedOf(answer),
        mediaType: answer.header("content-type")?.replace(/;.*$/s, "").trim().toLowerCase(),
        checksums: headerChecksums(answer.header, status),
        unpacked: isUnpacked(answer),
        body,
        lent: true,
      },
      { from, ifMatch, signal, lend, timeouts },
    );
  }

  const readOnly = async (key: string): Promise<never> => {
    throw new EmporiumError("STORE_READONLY", `${root}/${key} cannot be written: web servers are only read`, {
      place: { url: root },
      hint: "choose a folder or an s3:// address as the target",
    });
  };

  return {
    url: redact(root),
    features: { ranges: true, conditionalWrites: false, atomicReplace: false, writable: false },
    stat: (key: string, { signal }: ReadOptions = {}) => statNow(key, signal),
    async read(key: string, range?: ByteRange, { ifMatch, signal }: StoreReadOptions = {}) {
      if (range) checkRange(range);
      if (range?.length !== 0) return readNow(key, range ?? WHOLE, ifMatch, signal);
      const stat = await statNow(key, signal);
      if (stat && ifMatch !== undefined && stat.etag !== ifMatch) throw changed(`${root}/${key}`);
      return stat && new Uint8Array(0);
    },
    write: readOnly,
    create: readOnly,
    ...httpListing(root, urlOf, { request, query, timeouts, clock }),
    remove: readOnly,
    async *openUploads() {},
    stream: (key: string, from?: { offset: number; length?: number | undefined }, options: StoreStreamOptions = {}) =>
      streamNow(key, from, options),
  };
}

/** A web server sends whoever asks for a folder by its name to the same name with a slash; a folder is no object. */
function isFolderOf(finalUrl: string, asked: string): boolean {
  return new URL(finalUrl).pathname === `${new URL(asked).pathname}/`;
}

/** What Google has stored packed it unpacks for us, whole, and cannot tell how long that will be. */
function isUnpacked({ header }: HttpAnswer): boolean {
  const stored = header("x-goog-stored-content-encoding") ?? "identity";
  return stored.toLowerCase() !== "identity" && /\bchunked\b/i.test(header("transfer-encoding") ?? "");
}

async function countBody({ url, body }: HttpAnswer, timeouts: Timeouts, signal: AbortSignal | undefined): Promise<number> {
  let size = 0;
  for await (const piece of streamBody(body, { url, offset: 0, announced: undefined, timeouts, signal }).body)
    size += piece.length;
  return size;
}

/** Where redirections ended, for messages: the address that a person gave says nothing of it. */
function led({ url, finalUrl }: HttpAnswer): string {
  const [from, to] = [new URL(url), new URL(finalUrl)];
  return from.origin === to.origin && from.pathname === to.pathname ? "" : ` (it leads to ${to.origin}${to.pathname})`;
}

const sizelessErrors = new WeakSet<EmporiumError>();

function sizeless(answer: HttpAnswer): EmporiumError {
  const fault = `does not tell the size of the file${led(answer)}`;
  const error = protocol(answer.url, fault, "fetch it whole (emporium harvest download), then read the copy", "no");
  sizelessErrors.add(error);
  return error;
}

/** Whether a `stat` failed for the size alone: the file is there, and comes whole or not at all. */
export function isSizeless(error: unknown): boolean {
  return sizelessErrors.has(error as EmporiumError);
}

function failure(answer: HttpAnswer, clock: Clock): EmporiumError {
  return statusError(answer.status, answer.url, {
    detail: led(answer)
      .trim()
      .replace(/^\(|\)$/g, ""),
    retryAfterMs: parseRetryAfter(answer.header("retry-after"), clock.now()),
  });
}

function lengthOf(answer: HttpAnswer): number | undefined {
  const text = answer.header("content-length");
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function totalOf(answer: HttpAnswer): number | undefined {
  const total = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(answer.header("content-range") ?? "")?.[1];
  return total === undefined ? undefined : Number(total);
}

function modifiedOf(answer: HttpAnswer): number | undefined {
  const ms = Date.parse(answer.header("last-modified") ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}

/** The server's tag, else one made of time and size, so that a replaced file is noticed on servers without tags too. */
function etagOf(answer: HttpAnswer, total: number | undefined): string | undefined {
  const modified = modifiedOf(answer);
  return answer.header("etag") ?? (modified === undefined || total === undefined ? undefined : `modified:${modified}-${total}`);
}

/** Dates count whole seconds, and the clocks of a server and of its disk may differ (RFC 9110 §8.8.2.2; the minute is RFC 7232's). */
const DATE_SETTLES_MS = 60_000;

/** Whether the object may be replaced and its tag or date stay as they are. */
function isWeak(answer: HttpAnswer): true | undefined {
  const tag = answer.header("etag");
  if (tag !== undefined) return tag.startsWith("W/") || undefined;
  const modified = modifiedOf(answer);
  const sent = Date.parse(answer.header("date") ?? "");
  return modified !== undefined && sent - modified >= DATE_SETTLES_MS ? undefined : true;
}

function statOf(answer: HttpAnswer, size: number): Stat {
  const weak = isWeak(answer);
  return { size, etag: etagOf(answer, size), modifiedMs: modifiedOf(answer), ...(weak && { weak }) };
}

const PAGE_HINT = "open the address in a browser: it may want a log-in, or be under maintenance";

/** A log-in or maintenance page comes with status 200; so does a body that a proxy has compressed. */
function checkForm(answer: HttpAnswer, key: string): void {
  const type = answer.header("content-type") ?? "";
  if (/^\s*(?:text\/html|application\/xhtml)/i.test(type) && !isPage(key)) {
    throw protocol(answer.url, `answers with a web page instead of data${led(answer)}`, PAGE_HINT, "no");
  }
  checkEncoding(answer, key);
}

/** Some servers name the compression of a file that is stored compressed: those bytes are the file's own. */
const PACKED: readonly (readonly [RegExp, RegExp])[] = [
  [/\.(?:t?gz|svgz)$/i, /^(?:x-)?gzip$/i],
  [/\.t?bz2?$/i, /^(?:x-)?bzip2$/i],
  [/\.z$/i, /^(?:x-)?compress$/i],
];

function checkEncoding(answer: HttpAnswer, key: string): void {
  if (/^\s*multipart\/byteranges/i.test(answer.header("content-type") ?? ""))
    throw protocol(answer.url, "answers one range with several", undefined, "no");
  const encoding = answer.header("content-encoding") ?? "identity";
  const own = PACKED.some(([name, packing]) => name.test(key) && packing.test(encoding));
  if (encoding.toLowerCase() !== "identity" && !own) {
    throw protocol(
      answer.url,
      `sends the file compressed (${encoding}) though it was asked not to`,
      "download it with another program first",
      "no",
    );
  }
}

function checkNoPage(answer: HttpAnswer, key: string, offset: number, bytes: Uint8Array): void {
  if (offset > 0 || isPage(key)) return;
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  if (/^\s*<(?:!doctype html|html)\b/i.test(start))
    throw protocol(answer.url, `answers with a web page instead of data${led(answer)}`, PAGE_HINT, "no");
}

function isPage(key: string): boolean {
  return /\.x?html?$/i.test(key);
}
