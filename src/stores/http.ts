import { Agent, request as undiciRequest } from "undici";
import type { ByteRange, ReadOptions } from "../core/bytes.js";
import { type Clock, systemClock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import { redact, type Secret } from "../core/redact.js";
import { cancelled, throwIfCancelled } from "./cancel.js";
import { checkKey } from "./keys.js";
import { type Body, networkError, PATIENCE, type Patience, parseRetryAfter, protocol, statusError } from "./network.js";
import { checkRange } from "./range.js";
import { pastTheEnd, rangeHeader, readRangedReply, WHOLE } from "./ranged-reply.js";
import type { Stat, Store, StoreReadOptions } from "./store.js";
import { changed } from "./upload.js";

export interface HttpStoreOptions {
  /** Sent after the `?` of every request. */
  query?: Secret | undefined;
  /** The whole `Authorization` header. */
  authorization?: Secret | undefined;
  patience?: Partial<Patience> | undefined;
  clock?: Clock | undefined;
}

const REDIRECTS_MAX = 5;

interface Answer {
  url: string;
  status: number;
  header(name: string): string | undefined;
  body: Body & { dump(options?: { limit: number }): Promise<void> };
}

/**
 * Files of a web server, read by ranges; nothing can be written or listed. Bodies are asked for as they are stored
 * (`accept-encoding: identity`), and every length that the server states is compared with what came.
 *
 * @param root URL of the folder, percent-encoded, without credentials, query or a last `/`.
 */
export function httpStore(
  root: string,
  { query, authorization, patience: wish, clock = systemClock }: HttpStoreOptions = {},
): Store {
  const patience = { ...PATIENCE, ...wish };
  const agent = new Agent({
    connect: { timeout: patience.connectMs, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 300 },
    headersTimeout: patience.headersMs,
    bodyTimeout: 0, // `readBody` watches the speed
  });

  async function ask(
    method: "GET" | "HEAD",
    key: string,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<Answer> {
    let url = `${root}/${checkKey(key).split("/").map(encodeURIComponent).join("/")}`;
    const shown = url;
    if (query) url += `?${query.reveal()}`;
    const home = new URL(url).origin;
    for (let hop = 0; ; hop++) {
      throwIfCancelled(signal);
      const auth = authorization && new URL(url).origin === home ? { authorization: authorization.reveal() } : {};
      const reply = await undiciRequest(url, {
        method,
        dispatcher: agent,
        headers: { "user-agent": "emporium", accept: "*/*", "accept-encoding": "identity", ...auth, ...headers },
        signal: signal ?? null,
      }).catch((error: unknown) => {
        throw signal?.aborted ? cancelled(signal) : networkError(error, shown);
      });
      const header = (name: string) => {
        const value = reply.headers[name];
        return Array.isArray(value) ? value[0] : value;
      };
      // An aborted body reports to nobody after it was dropped.
      reply.body.on("error", () => {});
      const answer: Answer = { url: shown, status: reply.statusCode, header, body: reply.body };
      const location = header("location");
      if (![301, 302, 303, 307, 308].includes(reply.statusCode) || location === undefined) return answer;
      await drop(answer);
      if (hop >= REDIRECTS_MAX)
        throw protocol(shown, `redirects more than ${REDIRECTS_MAX} times`, "check the address in a browser", "no");
      url = nextHop(url, location, shown);
    }
  }

  async function statBy(
    method: "HEAD" | "GET",
    key: string,
    signal: AbortSignal | undefined,
  ): Promise<Stat | undefined | "refused"> {
    const answer = await ask(method, key, method === "GET" ? { range: "bytes=0-0" } : {}, signal);
    const { status, url } = answer;
    await drop(answer);
    if (status === 404 || status === 410) return undefined;
    // Signed links are often for GET only, and some servers know no HEAD.
    if (method === "HEAD" && [400, 403, 405, 501].includes(status)) return "refused";
    if (status !== 200 && status !== 206 && status !== 416) throw failure(answer, clock);
    checkForm(answer, key);
    const total = status === 200 ? lengthOf(answer) : totalOf(answer);
    if (total === undefined) {
      if (method === "HEAD") return "refused";
      throw protocol(url, "does not tell the size of the file", "download it with another program first", "no");
    }
    return { size: total, etag: etagOf(answer, total), modifiedMs: modifiedOf(answer) };
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
      etag: (total: number | undefined) => etagOf(answer, total),
      body,
    };
    const sizeNow = async () => (await statNow(key, signal))?.size;
    try {
      checkForm(answer, key);
    } catch (error) {
      body.destroy();
      throw error;
    }
    const bytes = await readRangedReply(reply, { ...range, ifMatch, signal, patience, sizeNow });
    checkNoPage(answer, key, range.offset, bytes);
    return bytes;
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
    // biome-ignore lint/correctness/useYield: a web server has no listing
    async *list() {
      throw noListing(root);
    },
    // biome-ignore lint/correctness/useYield: a web server has no listing
    async *children() {
      throw noListing(root);
    },
    remove: readOnly,
    async *openUploads() {},
  };
}

/** Ends a body that nobody wants; a short one is read so that the connection can be used again. */
async function drop({ body }: Answer): Promise<void> {
  await body.dump({ limit: 64 * 1024 }).catch(() => {});
}

function nextHop(from: string, location: string, shown: string): string {
  if (!URL.canParse(location, from)) throw protocol(shown, "redirects to what is no address", undefined, "no");
  const next = new URL(location, from);
  if (next.protocol !== "https:" && next.protocol !== "http:")
    throw protocol(shown, `redirects to ${next.protocol}`, undefined, "no");
  if (new URL(from).protocol === "https:" && next.protocol === "http:") {
    throw protocol(shown, "redirects from https to http, which is not followed", "ask for an https address", "no");
  }
  next.username = "";
  next.password = "";
  return next.href;
}

function failure(answer: Answer, clock: Clock): EmporiumError {
  return statusError(answer.status, answer.url, { retryAfterMs: parseRetryAfter(answer.header("retry-after"), clock.now()) });
}

function lengthOf(answer: Answer): number | undefined {
  const text = answer.header("content-length");
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function totalOf(answer: Answer): number | undefined {
  const total = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(answer.header("content-range") ?? "")?.[1];
  return total === undefined ? undefined : Number(total);
}

function modifiedOf(answer: Answer): number | undefined {
  const ms = Date.parse(answer.header("last-modified") ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}

/** The server's tag, else one made of time and size, so that a replaced file is noticed on servers without tags too. */
function etagOf(answer: Answer, total: number | undefined): string | undefined {
  const modified = modifiedOf(answer);
  return answer.header("etag") ?? (modified === undefined || total === undefined ? undefined : `modified:${modified}-${total}`);
}

const PAGE_HINT = "open the address in a browser: it may want a log-in, or be under maintenance";

/** A log-in or maintenance page comes with status 200; so does a body that a proxy has compressed. */
function checkForm(answer: Answer, key: string): void {
  const type = answer.header("content-type") ?? "";
  if (/^\s*(?:text\/html|application\/xhtml)/i.test(type) && !isPage(key)) {
    throw protocol(answer.url, "answers with a web page instead of data", PAGE_HINT, "no");
  }
  if (/^\s*multipart\/byteranges/i.test(type)) throw protocol(answer.url, "answers one range with several", undefined, "no");
  const encoding = answer.header("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    throw protocol(
      answer.url,
      `sends the file compressed (${encoding}) though it was asked not to`,
      "download it with another program first",
      "no",
    );
  }
}

function checkNoPage(answer: Answer, key: string, offset: number, bytes: Uint8Array): void {
  if (offset > 0 || isPage(key)) return;
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  if (/^\s*<(?:!doctype html|html)\b/i.test(start))
    throw protocol(answer.url, "answers with a web page instead of data", PAGE_HINT, "no");
}

function isPage(key: string): boolean {
  return /\.x?html?$/i.test(key);
}

function noListing(root: string): EmporiumError {
  return new EmporiumError(
    "STORE_FAILED",
    `${redact(root)} cannot be listed: web servers have no common form of folder listing`,
    {
      place: { url: redact(root) },
      hint: "name the files one by one, or use the s3:// address of the same data",
    },
  );
}
