import { EmporiumError } from "../core/errors.js";
import { redact } from "../core/redact.js";
import { counted } from "../core/units.js";
import type { Body, Timeouts } from "../net/body.js";
import { protocol } from "../net/errors.js";
import { streamBody } from "./body-stream.js";
import { changed } from "./faults.js";
import type { ByteStream } from "./store.js";

/** The range of one long request; undefined: the whole object, without a range. */
export type StreamFrom = { offset: number; length?: number | undefined } | undefined;

/** A success (200 or 206) that is to be handed on as it arrives, as every HTTP-like back end sees it. */
export interface StreamedReply {
  url: string;
  contentRange: string | undefined;
  contentLength: number | undefined;
  /** Identity of the object that the bytes are of; `total` is its size where the reply tells. */
  etag(total: number | undefined): string | undefined;
  /** Another version may have the same etag. */
  weak?: true | undefined;
  modifiedMs: number | undefined;
  mediaType: string | undefined;
  checksums: readonly string[];
  /** The server unpacks what is stored packed. */
  unpacked?: boolean;
  /** Neither a length nor chunks show the body's end. */
  endsByClose?: boolean;
  body: Body;
  /** Pieces of the body are good only until the next one is asked for. */
  lent?: boolean;
}

export interface StreamRequest {
  from: StreamFrom;
  ifMatch: string | undefined;
  signal: AbortSignal | undefined;
  /** Whether the caller bears lent pieces. */
  lend?: boolean | undefined;
  timeouts: Timeouts;
}

/**
 * The Range header of a long request. None for a whole object, since some servers refuse ranges; a range from the first byte if
 * its end is given, so that the answer shows whether the server supports ranges.
 */
export function streamRange(from: StreamFrom): string | undefined {
  if (!from) return undefined;
  const { offset, length } = from;
  return `bytes=${offset}-${length === undefined ? "" : offset + length - 1}`;
}

/**
 * Checks the head of the reply and starts its body. The server may send less than requested (RFC 9110 §14.2), or ignore the range
 * and start at 0.
 *
 * @throws {EmporiumError} STORE_PROTOCOL if lengths contradict each other, STORE_CONFLICT if the version differs.
 */
export function streamReply(reply: StreamedReply, request: StreamRequest): ByteStream {
  try {
    return begin(reply, request);
  } catch (error) {
    reply.body.destroy();
    throw error;
  }
}

function begin(reply: StreamedReply, { from, ifMatch, signal, lend, timeouts }: StreamRequest): ByteStream {
  const { url, contentRange, contentLength, modifiedMs, mediaType, checksums } = reply;
  const part = contentRange === undefined ? undefined : partOf(url, contentRange, from);
  const size = part ? part.total : contentLength;
  const etag = reply.etag(size);
  if (ifMatch !== undefined && etag !== ifMatch) throw part || !isPage(mediaType) ? changed(url) : page(url);
  const offset = part?.from ?? 0;
  const length = part ? part.count : contentLength;
  if (part && contentLength !== undefined && contentLength !== part.count) {
    throw protocol(url, `announced ${counted(contentLength, "byte")} for a part of ${part.count}`);
  }
  const { body, cancel } = streamBody(reply.body, { url, offset, announced: length, timeouts, signal });
  const { unpacked, endsByClose } = reply;
  const kept = reply.lent && !lend ? copied(body) : body;
  const stat = { size, etag, modifiedMs, ...(reply.weak && { weak: reply.weak }) };
  return { stat, offset, length, mediaType, checksums, unpacked, endsByClose, body: kept, cancel };
}

/** Copies of lent pieces, for callers that keep them. */
export async function* copied(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of body) yield new Uint8Array(piece); // `slice` of a Buffer would copy nothing
}

function isPage(mediaType: string | undefined): boolean {
  return mediaType === "text/html" || mediaType === "application/xhtml+xml";
}

/** A page in the place of the object (maintenance, an expired log-in) says nothing about the object. */
function page(url: string): EmporiumError {
  return new EmporiumError("PORTAL_NOT_DATA", `${redact(url)}: the server answers with a web page instead of the file`, {
    place: { url: redact(url) },
    retry: "later",
    hint: "open the address in a browser: it may require a log-in, or be under maintenance",
  });
}

function partOf(
  url: string,
  contentRange: string,
  asked: StreamFrom,
): { from: number; count: number; total: number | undefined } {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(contentRange);
  if (!match) throw protocol(url, `names the part that it sends "${contentRange}"`);
  const [from, to] = [Number(match[1]), Number(match[2])];
  const total = match[3] === "*" ? undefined : Number(match[3]);
  const wanted = asked ?? { offset: 0 };
  const last = wanted.length === undefined ? Number.POSITIVE_INFINITY : wanted.offset + wanted.length - 1;
  if (from !== wanted.offset || to < from || to > last || (total !== undefined && to >= total)) {
    throw protocol(
      url,
      `sent bytes ${from} to ${to} of ${match[3]}, asked for were those from ${wanted.offset}${Number.isFinite(last) ? ` to ${last}` : ""}`,
    );
  }
  return { from, count: to - from + 1, total };
}

/** The answer to a range that begins at or past the end: nothing, and how much there is. */
export function emptyStream(offset: number, size: number): ByteStream {
  return { stat: { size }, offset, length: 0, body: nothing(), cancel: async () => {} };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
