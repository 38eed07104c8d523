import type { ByteRange, ReadOptions } from "../../core/bytes.js";
import { type Clock, systemClock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { redact, type Secret } from "../../core/redact.js";
import { counted } from "../../core/units.js";
import { TIMEOUTS, type Timeouts } from "../../net/body.js";
import { drop, httpClient } from "../../net/client.js";
import { protocol } from "../../net/errors.js";
import { type HttpAnswer, type HttpRequestOptions, httpRequests } from "../../net/requests.js";
import { streamBody } from "../body-stream.js";
import { changed } from "../faults.js";
import { checkKey } from "../keys.js";
import { checkRange } from "../range.js";
import { pastTheEnd, rangeHeader, readRangedReply, WHOLE } from "../ranged-reply.js";
import { emptyStream, type StreamFrom, streamRange, streamReply } from "../ranged-stream.js";
import type { ShortWay } from "../short-way.js";
import type { ByteStream, Stat, Store, StoreReadOptions, StoreStreamOptions } from "../store.js";
import {
  checkEncoding,
  checkForm,
  checkNoPage,
  etagOf,
  failure,
  isUnpacked,
  isWeak,
  lengthOf,
  objectFacts,
  sizeless,
  statOf,
  totalOf,
} from "./answer.js";
import { httpListing } from "./list.js";

export interface HttpStoreOptions extends HttpRequestOptions {
  /** Query that is sent after the `?` of every request. */
  query?: Secret | undefined;
  timeouts?: Partial<Timeouts> | undefined;
  clock?: Clock | undefined;
}

/**
 * Files of a web server, read by ranges, read-only. Folders are listed from the server's pages. Bodies are requested as stored
 * (`accept-encoding: identity`), and every stated length is checked.
 *
 * @param root URL of the folder, percent-encoded, without credentials, query or a last `/`.
 */
export function httpStore(root: string, options: HttpStoreOptions = {}): Store {
  const { query, clock = systemClock } = options;
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const request = httpRequests(httpClient(timeouts), root, options);
  const urlOf = (key: string) => `${root}/${key.split("/").map(encodeURIComponent).join("/")}`;
  const server: Server = { ask, timeouts, clock };

  async function ask(
    method: "GET" | "HEAD",
    key: string,
    { headers = {}, signal, long = false }: AskOptions,
  ): Promise<HttpAnswer> {
    const shown = urlOf(checkKey(key));
    const answer = await request({ method, url: query ? `${shown}?${query.reveal()}` : shown, shown, headers, signal, long });
    if (answer.status >= 400 || !isFolderOf(answer.finalUrl, shown)) return answer;
    await drop(answer);
    return { ...answer, status: 404 };
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
    stat: (key: string, { signal }: ReadOptions = {}) => statNow(server, key, signal),
    async read(key: string, range?: ByteRange, options: StoreReadOptions = {}) {
      if (range) checkRange(range);
      if (range?.length !== 0) return readNow(server, key, range ?? WHOLE, options);
      const { ifMatch, signal } = options;
      const stat = await statNow(server, key, signal);
      if (stat && ifMatch !== undefined && stat.etag !== ifMatch) throw changed(`${root}/${key}`);
      return stat && new Uint8Array(0);
    },
    write: readOnly,
    create: readOnly,
    ...httpListing(root, urlOf, { request, query, timeouts, clock }),
    remove: readOnly,
    async *openUploads() {},
    shortWay: shortWayOf(root, timeouts, options),
    stream: (key: string, from?: { offset: number; length?: number | undefined }, options: StoreStreamOptions = {}) =>
      streamNow(server, key, from, options),
  };
}

/** Undefined where requests pass through functions of the caller's that no other thread has. */
function shortWayOf(
  root: string,
  timeouts: Timeouts,
  { query, authorization, gate, rebase = (url) => url }: HttpStoreOptions,
): ShortWay | undefined {
  const asked = rebase(`${root}/`).replace(/\/+$/, "");
  const same = asked === root.replace(/\/+$/, "");
  if (same && gate && !gate.facts) return undefined;
  return {
    root: asked,
    shown: redact(root),
    query: query?.reveal(),
    // credentials are for the origin that was named
    authorization: new URL(asked).origin === new URL(root).origin ? authorization?.reveal() : undefined,
    // what `rebase` changes passes no gate, for a person named the place
    gate: same ? gate?.facts : undefined,
    timeouts,
  };
}

/** Web servers redirect a folder's name to the same name with a slash. A folder is no object. */
function isFolderOf(finalUrl: string, asked: string): boolean {
  return new URL(finalUrl).pathname === `${new URL(asked).pathname}/`;
}

/** A store's way to its server, with its timeouts and its clock. */
interface Server {
  ask(method: "GET" | "HEAD", key: string, options: AskOptions): Promise<HttpAnswer>;
  timeouts: Timeouts;
  clock: Clock;
}

interface AskOptions {
  headers?: Record<string, string> | undefined;
  signal?: AbortSignal | undefined;
  /** A long body is to come. */
  long?: boolean | undefined;
}

async function statBy(
  { ask, timeouts, clock }: Server,
  method: "HEAD" | "GET",
  key: string,
  signal: AbortSignal | undefined,
): Promise<Stat | undefined | "refused"> {
  const answer = await ask(method, key, { headers: method === "GET" ? { range: "bytes=0-0" } : {}, signal });
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

async function statNow(server: Server, key: string, signal: AbortSignal | undefined): Promise<Stat | undefined> {
  const head = await statBy(server, "HEAD", key, signal);
  return head === "refused" ? ((await statBy(server, "GET", key, signal)) as Stat | undefined) : head;
}

async function readNow(
  server: Server,
  key: string,
  range: ByteRange,
  { ifMatch, room, signal }: StoreReadOptions,
): Promise<Uint8Array | undefined> {
  const { ask, timeouts, clock } = server;
  const headers: Record<string, string> = { range: rangeHeader(range) };
  // Weak tags, and those that we made of the date, cannot be sent; they are compared with the reply's.
  if (ifMatch?.startsWith('"')) headers["if-match"] = ifMatch;
  const answer = await ask("GET", key, { headers, signal });
  const { status, url, body } = answer;
  if (status !== 200 && status !== 206) {
    await drop(answer);
    if (status === 404 || status === 410) return undefined;
    if (status === 412) throw changed(url);
    if (status !== 416) throw failure(answer, clock);
    return pastTheEnd(url, range.offset, totalOf(answer) ?? (await statNow(server, key, signal))?.size);
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
  const sizeNow = async () => (await statNow(server, key, signal))?.size;
  try {
    checkForm(answer, key);
  } catch (error) {
    body.destroy();
    throw error;
  }
  const bytes = await readRangedReply(reply, { ...range, ifMatch, room, signal, timeouts, sizeNow });
  checkNoPage(answer, key, range.offset, bytes);
  return bytes;
}

async function streamNow(
  server: Server,
  key: string,
  from: StreamFrom,
  options: StoreStreamOptions,
): Promise<ByteStream | undefined> {
  const { ask, timeouts, clock } = server;
  const { ifMatch, signal, lend } = options;
  const headers: Record<string, string> = {};
  const range = streamRange(from);
  if (range !== undefined) headers.range = range;
  // Servers that do not know `If-Match` mostly know `If-Range`: they send the new object whole, with its new tag.
  if (ifMatch?.startsWith('"'))
    Object.assign(headers, { "if-match": ifMatch }, range === undefined ? {} : { "if-range": ifMatch });
  const answer = await ask("GET", key, { headers, signal, long: true });
  const { status, url, body } = answer;
  if (status !== 200 && status !== 206) {
    await drop(answer);
    if (status === 404 || status === 410) return undefined;
    if (status === 412) throw changed(url);
    if (status !== 416) throw failure(answer, clock);
    const size = totalOf(answer) ?? (await statNow(server, key, signal))?.size;
    if (size !== undefined && size > (from?.offset ?? 0)) {
      throw protocol(url, `answers that byte ${from?.offset ?? 0} is past the end of ${counted(size, "byte")}`);
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
      ...objectFacts(answer),
      body,
      lent: true,
    },
    { from, ifMatch, signal, lend, timeouts },
  );
}

async function countBody({ url, body }: HttpAnswer, timeouts: Timeouts, signal: AbortSignal | undefined): Promise<number> {
  let size = 0;
  for await (const piece of streamBody(body, { url, offset: 0, announced: undefined, timeouts, signal }).body)
    size += piece.length;
  return size;
}
