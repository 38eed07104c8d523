import type { ByteRange } from "../../core/bytes.js";
import { isEmporiumError } from "../../core/errors.js";
import { allocate } from "../../net/body.js";
import { protocol } from "../../net/errors.js";
import { withPartial } from "../../net/partial.js";
import { streamBody } from "../body-stream.js";
import { changed } from "../faults.js";
import { checkRange, clampRange } from "../range.js";
import { copied, emptyStream } from "../ranged-stream.js";
import type { ByteStream, StoreReadOptions, StoreStreamOptions } from "../store.js";
import { replyError } from "./errors.js";
import { checkFtpKey, type FtpRoot, ftpUrl, UNKNOWN_COMMAND } from "./root.js";
import { statIn } from "./stat.js";
import { ftpBody } from "./stream.js";

/** Most bytes that are fetched in vain from a server that cannot begin in the middle of a file. */
const WASTE_BYTES_MAX = 256 * 1024;

/** Begins to read. The stream begins at 0 where the server cannot begin in the middle. */
export async function begin(
  root: FtpRoot,
  key: string,
  range: Partial<ByteRange>,
  { ifMatch, signal, lend }: StoreStreamOptions,
): Promise<ByteStream | undefined> {
  checkFtpKey(key);
  const url = ftpUrl(root, key);
  return root.pool.run(url, signal, async (session, giveBack) => {
    const found = await statIn(root, session, key, signal);
    if (!found) {
      giveBack();
      return undefined;
    }
    const { path, ...stat } = found;
    if (ifMatch !== undefined && stat.etag !== ifMatch) throw changed(url);
    const wanted = clampRange({ offset: range.offset ?? 0, length: range.length ?? Number.MAX_SAFE_INTEGER }, stat.size);
    if (wanted.length === 0) {
      giveBack();
      return { ...emptyStream(wanted.offset, stat.size), stat };
    }
    const { capabilities } = session;
    let offset = capabilities.restart === false ? 0 : wanted.offset;
    let answer = await session.transfer(`RETR ${path}`, offset, signal);
    if ("code" in answer && offset > 0 && (UNKNOWN_COMMAND.has(answer.code) || answer.code === 503)) {
      capabilities.restart = false;
      offset = 0;
      answer = await session.transfer(`RETR ${path}`, offset, signal);
    }
    if ("code" in answer) {
      // What was set by REST must not hold for the next file.
      if (offset > 0) session.close();
      throw replyError(answer, url);
    }
    if (offset > 0) capabilities.restart = true;
    const length = wanted.offset + wanted.length - offset;
    const toEnd = wanted.offset + wanted.length === stat.size;
    const body = ftpBody(session, answer, {
      url,
      length,
      toEnd,
      headersMs: root.timeouts.headersMs,
      clock: root.clock,
      giveBack,
    });
    const stream = streamBody(body, { url, offset, announced: length, timeouts: root.timeouts, signal, clock: root.clock });
    return { stat, offset, length, body: lend ? stream.body : copied(stream.body), cancel: stream.cancel };
  });
}

export async function read(
  root: FtpRoot,
  key: string,
  range: ByteRange | undefined,
  readOptions: StoreReadOptions,
): Promise<Uint8Array | undefined> {
  if (range) checkRange(range);
  const stream = await begin(root, key, range ?? {}, readOptions);
  if (!stream) return undefined;
  const skip = Math.min(range?.offset ?? 0, stream.stat.size ?? 0) - stream.offset;
  if (skip > WASTE_BYTES_MAX) {
    await stream.cancel();
    throw protocol(
      ftpUrl(root, key),
      "cannot begin in the middle of a file",
      "download the file first: only its beginning can be read from this server",
      "no",
    );
  }
  return collect(stream, skip, ftpUrl(root, key));
}

/** The wanted bytes of a stream that may begin earlier. What came before an error stays with it. */
async function collect(stream: ByteStream, skip: number, url: string): Promise<Uint8Array> {
  const length = (stream.length ?? 0) - skip;
  const whole = allocate(length, url);
  let at = -skip;
  try {
    for await (const piece of stream.body) {
      const wanted = at < 0 ? piece.subarray(Math.min(piece.length, -at)) : piece;
      whole.set(wanted, Math.max(0, at));
      at += piece.length;
    }
  } catch (error) {
    if (!isEmporiumError(error) || error.code === "CANCELLED") throw error;
    throw withPartial(error, {
      bytes: whole.subarray(0, Math.max(0, at)),
      etag: stream.stat.weak ? undefined : stream.stat.etag,
    });
  }
  return whole;
}
