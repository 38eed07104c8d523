import type { Clock } from "../../core/clock.js";
import type { EmporiumError } from "../../core/errors.js";
import { parseRetryAfter, protocol, statusError } from "../../net/errors.js";
import type { HttpAnswer } from "../../net/requests.js";
import type { Stat } from "../store.js";
import { headerChecksums } from "./header-checksums.js";

/** The parts of a web server's answer that describe the file. */
type Answer = Pick<HttpAnswer, "status" | "header" | "url" | "finalUrl">;

/** Whether Google unpacks what it has stored packed: it sends that whole, and cannot tell how long it will be. */
export function isUnpacked({ header }: Answer): boolean {
  const stored = header("x-goog-stored-content-encoding") ?? "identity";
  return stored.toLowerCase() !== "identity" && /\bchunked\b/i.test(header("transfer-encoding") ?? "");
}

/**
 * The address at which redirections ended, for messages, since the address that a person gave says nothing of it; `""` without
 * any.
 */
function led({ url, finalUrl }: Answer): string {
  const [from, to] = [new URL(url), new URL(finalUrl)];
  return from.origin === to.origin && from.pathname === to.pathname ? "" : ` (it leads to ${to.origin}${to.pathname})`;
}

const sizelessErrors = new WeakSet<EmporiumError>();

export function sizeless(answer: Answer): EmporiumError {
  const fault = `does not tell the size of the file${led(answer)}`;
  const error = protocol(answer.url, fault, "fetch it whole (emporium harvest download), then read the copy", "no");
  sizelessErrors.add(error);
  return error;
}

/** Whether a `stat` failed for the size alone: the file is there, and comes whole or not at all. */
export function isSizeless(error: unknown): boolean {
  return sizelessErrors.has(error as EmporiumError);
}

export function failure(answer: Answer, clock: Clock): EmporiumError {
  return statusError(answer.status, answer.url, {
    detail: led(answer)
      .trim()
      .replace(/^\(|\)$/g, ""),
    retryAfterMs: parseRetryAfter(answer.header("retry-after"), clock.now()),
  });
}

export function lengthOf(answer: Answer): number | undefined {
  const text = answer.header("content-length");
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

export function totalOf(answer: Answer): number | undefined {
  const total = /^bytes (?:\d+-\d+|\*)\/(\d+)$/.exec(answer.header("content-range") ?? "")?.[1];
  return total === undefined ? undefined : Number(total);
}

function modifiedOf(answer: Answer): number | undefined {
  const ms = Date.parse(answer.header("last-modified") ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}

/** The server's tag, else one made of time and size, so that a replaced file is noticed on servers without tags too. */
export function etagOf(answer: Answer, total: number | undefined): string | undefined {
  const modified = modifiedOf(answer);
  return answer.header("etag") ?? (modified === undefined || total === undefined ? undefined : `modified:${modified}-${total}`);
}

/** Dates are whole seconds, and the clocks of a server and its disk may differ (RFC 9110 §8.8.2.2; the minute is RFC 7232's). */
const DATE_SETTLES_MS = 60_000;

/** Whether the object may be replaced and its tag or date stay as they are. */
export function isWeak(answer: Answer): true | undefined {
  const tag = answer.header("etag");
  if (tag !== undefined) return tag.startsWith("W/") || undefined;
  const modified = modifiedOf(answer);
  const sent = Date.parse(answer.header("date") ?? "");
  return modified !== undefined && sent - modified >= DATE_SETTLES_MS ? undefined : true;
}

export function statOf(answer: Answer, size: number): Stat {
  const weak = isWeak(answer);
  return { size, etag: etagOf(answer, size), modifiedMs: modifiedOf(answer), ...(weak && { weak }) };
}

/** Facts about the object in a long answer, beside its bytes. */
export function objectFacts(answer: Answer) {
  return {
    contentLength: lengthOf(answer),
    etag: (total: number | undefined) => etagOf(answer, total),
    weak: isWeak(answer),
    modifiedMs: modifiedOf(answer),
    mediaType: answer.header("content-type")?.replace(/;.*$/s, "").trim().toLowerCase(),
    checksums: headerChecksums(answer.header, answer.status),
    unpacked: isUnpacked(answer),
    endsByClose: lengthOf(answer) === undefined && answer.header("transfer-encoding") === undefined,
  };
}

const PAGE_HINT = "open the address in a browser: it may require a log-in, or be under maintenance";

/** A log-in or maintenance page comes with status 200; so does a body that a proxy has compressed. */
export function checkForm(answer: Answer, key: string): void {
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

export function checkEncoding(answer: Answer, key: string): void {
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

export function checkNoPage(answer: Answer, key: string, offset: number, bytes: Uint8Array): void {
  if (offset > 0 || isPage(key)) return;
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  if (/^\s*<(?:!doctype html|html)\b/i.test(start))
    throw protocol(answer.url, `answers with a web page instead of data${led(answer)}`, PAGE_HINT, "no");
}

function isPage(key: string): boolean {
  return /\.x?html?$/i.test(key);
}
