import type { ByteRange } from "../core/bytes.js";
import { counted } from "../core/units.js";
import { type Body, type BodyRequest, readBody, type Timeouts } from "../net/body.js";
import { protocol } from "../net/errors.js";
import { changed } from "./faults.js";

/** Most bytes that are fetched in vain from a server that ignores `Range`: a wanted range that begins later is refused. */
const WASTE_BYTES_MAX = 256 * 1024;

/** From this length on, a range means "to the end". */
const OPEN_LENGTH = 2 ** 50;

export const WHOLE: ByteRange = { offset: 0, length: 2 ** 52 };

/** A success (200 or 206) that answers a `Range` request, as every HTTP-like back end sees it. */
export interface RangedReply {
  url: string;
  contentRange: string | undefined;
  contentLength: number | undefined;
  /** The end of the body is marked in itself, so a body that has ended has ended as it should. */
  framed?: boolean | undefined;
  /** Identity of the object that the bytes are of; `total` is its size where the reply tells. */
  etag(total: number | undefined): string | undefined;
  /** Another version may have the same etag: what came of a broken body is not continued with another answer. */
  weak?: true | undefined;
  body: Body;
}

export interface RangedRequest extends ByteRange {
  ifMatch: string | undefined;
  /** As `room` of `StoreReadOptions`. */
  room?: BodyRequest["room"];
  signal: AbortSignal | undefined;
  timeouts: Timeouts;
  /** Asks for the object's size again, in another request. */
  sizeNow(): Promise<number | undefined>;
}

/** The header value. A whole body is requested as a range too, because only then the reply states its size twice. */
export function rangeHeader({ offset, length }: ByteRange): string {
  return `bytes=${offset}-${length >= OPEN_LENGTH ? "" : offset + length - 1}`;
}

/**
 * The bytes that were asked for, once every length that the server states agrees with every other and with what came.
 *
 * @throws {EmporiumError} STORE_PROTOCOL when they do not, STORE_CONFLICT when the reply is of another version than `ifMatch`.
 */
export async function readRangedReply(reply: RangedReply, request: RangedRequest): Promise<Uint8Array> {
  try {
    return await (reply.contentRange === undefined ? readFull(reply, request) : readPart(reply, request));
  } catch (error) {
    reply.body.destroy();
    throw error;
  }
}

async function readPart(reply: RangedReply, request: RangedRequest): Promise<Uint8Array> {
  const { url, contentRange, contentLength, body } = reply;
  const { offset, length, ifMatch, room, timeouts, signal } = request;
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(contentRange!);
  if (!match) throw protocol(url, `names the part that it sends "${contentRange}"`);
  const [from, to] = [Number(match[1]), Number(match[2])];
  const total = match[3] === "*" ? undefined : Number(match[3]);
  const etag = reply.etag(total);
  if (ifMatch !== undefined && etag !== ifMatch) throw changed(url);
  const count = to - from + 1;
  const available = total === undefined ? count : total - offset;
  const wanted = length >= OPEN_LENGTH ? available : Math.min(length, total === undefined ? length : available);
  if (from !== offset || count !== wanted) {
    throw protocol(url, `sent bytes ${from} to ${to}, asked for were ${counted(wanted, "byte")} from ${offset}`);
  }
  if (contentLength !== undefined && contentLength !== count) {
    throw protocol(url, `announced ${counted(contentLength, "byte")} for a part of ${count}`);
  }
  const tag = sureTag(reply, etag);
  return (await readBody(body, { url, length: count, announced: count, etag: tag, room, timeouts, signal })).bytes;
}

/** The server ignored the range. Its body is of use when the wanted bytes come early in it. */
async function readFull(reply: RangedReply, request: RangedRequest): Promise<Uint8Array> {
  const { url, contentLength, body } = reply;
  const { offset, length, ifMatch, room, timeouts, signal } = request;
  const etag = reply.etag(contentLength);
  if (ifMatch !== undefined && etag !== ifMatch) throw changed(url);
  if (offset > WASTE_BYTES_MAX) {
    throw protocol(url, "ignores byte ranges", "download the file first: only its beginning can be read from this server", "no");
  }
  const { bytes, ended } = await readBody(body, {
    url,
    skip: offset,
    length,
    announced: contentLength,
    etag: sureTag(reply, etag),
    room,
    timeouts,
    signal,
  });
  if (ended && bytes.length < length && !reply.framed) {
    // Here the end is known from this one reply alone, so a second witness is asked.
    const size = await request.sizeNow();
    const consistent = bytes.length > 0 ? size === offset + bytes.length : size !== undefined && size <= offset;
    if (!consistent) throw protocol(url, `sent ${counted(offset + bytes.length, "byte")} of an object of ${size ?? 0}`);
  }
  return bytes;
}

function sureTag({ weak }: RangedReply, etag: string | undefined): string | undefined {
  return weak ? undefined : etag;
}

/** After status 416: nothing is there, unless the server contradicts itself. */
export function pastTheEnd(url: string, offset: number, size: number | undefined): Uint8Array | undefined {
  if (size === undefined) return undefined;
  if (offset < size) throw protocol(url, `answers that byte ${offset} is past the end of ${counted(size, "byte")}`);
  return new Uint8Array(0);
}
