import { concat } from "../core/bytes.js";
import { cancelled } from "../core/cancel.js";
import { type Clock, systemClock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import { redact } from "../core/redact.js";
import { counted } from "../core/units.js";
import { networkError, protocol } from "./errors.js";
import { withPartial } from "./partial.js";

/**
 * Milliseconds that a server may take. A connection that carries less than `bytesPerSecondMin` for `stallMs` is taken for dead.
 */
export interface Timeouts {
  connectMs: number;
  headersMs: number;
  stallMs: number;
  bytesPerSecondMin: number;
}

export const TIMEOUTS: Timeouts = { connectMs: 10_000, headersMs: 15_000, stallMs: 30_000, bytesPerSecondMin: 1024 };

export interface BodyRequest {
  url: string;
  /** Bytes to pass over first. */
  skip?: number;
  /** Bytes wanted after them. Infinity: to the end. */
  length: number;
  /** Bytes that will come in all, where the answer says so. */
  announced: number | undefined;
  etag: string | undefined;
  /** Memory of the caller's for so many bytes, where their number is known; undefined: there is none. */
  room?: ((length: number) => Uint8Array | undefined) | undefined;
  timeouts: Timeouts;
  signal: AbortSignal | undefined;
  /** Real time by default: a server does not wait for a test's clock. */
  clock?: Clock;
}

/** A body that can be read and dropped, as undici and the AWS SDK give it. */
export interface Body extends AsyncIterable<Uint8Array> {
  destroy(error?: Error): unknown;
}

/**
 * Reads the wanted bytes of a body and drops the rest. Returns fewer only if the body ended as announced.
 *
 * @throws {EmporiumError} STORE_UNAVAILABLE (`later`) if the connection breaks, ends early or stalls, with the bytes received
 *   (`partialOf`).
 */
export async function readBody(body: Body, request: BodyRequest): Promise<{ bytes: Uint8Array; ended: boolean }> {
  const { url, skip = 0, length, announced, timeouts, signal, clock = systemClock } = request;
  const expected = announced === undefined ? undefined : Math.max(0, Math.min(length, announced - skip));
  const pieces: Uint8Array[] = [];
  let whole = expected === undefined ? undefined : (request.room?.(expected) ?? allocate(expected, url));
  let got = 0;
  let seen = 0;
  let ended = false;
  const finished = new AbortController();
  let stalled = false;
  const stop = () => body.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  const beganMs = clock.monotonic();
  void isStalled(timeouts, clock, finished.signal, () => ({ waitedMs: clock.monotonic() - beganMs, seen })).then((silent) => {
    stalled = silent;
    if (silent) body.destroy();
  });
  try {
    for await (const chunk of body) {
      const from = Math.max(0, skip - seen);
      seen += chunk.length;
      if (from < chunk.length) {
        const piece = chunk.subarray(from, from + Math.min(chunk.length - from, length - got));
        if (whole && got + piece.length <= whole.length) whole.set(piece, got);
        else if (whole) throw protocol(url, `sent more than the ${announced} bytes that it announced`);
        else pieces.push(piece.slice());
        got += piece.length;
      }
      // where all that was announced is there, only the end is read on: a connection whose answer is left before it is not used again
      if (got >= length && (announced === undefined || seen < announced)) break;
    }
    ended = got < length || (announced !== undefined && seen >= announced);
    if (stalled || signal?.aborted) throw new Error("stopped");
    if (announced !== undefined && got < expected!)
      throw new Error(`the connection ended after ${seen} of ${counted(announced, "byte")}`);
  } catch (thrown) {
    if (signal?.aborted) throw cancelled(signal);
    const error = stalled ? stalledError(url, seen, timeouts) : networkError(thrown, url);
    whole ??= concat(pieces);
    throw withPartial(error, { bytes: whole.subarray(0, got), etag: request.etag });
  } finally {
    finished.abort();
    signal?.removeEventListener("abort", stop);
    if (!ended) body.destroy();
  }
  return { bytes: whole ? whole.subarray(0, got) : concat(pieces), ended };
}

/** Looks so many times in `stallMs` whether enough came. */
const LOOKS = 6;

/**
 * Resolves true once less than the least speed was seen over `stallMs` of waiting; false when the body is over.
 *
 * @param now how long the body was waited for, and the bytes that came.
 */
export async function isStalled(
  { stallMs, bytesPerSecondMin }: Timeouts,
  clock: Clock,
  over: AbortSignal,
  now: () => { waitedMs: number; seen: number },
): Promise<boolean> {
  const marks = [now()];
  for (;;) {
    try {
      await clock.sleep(stallMs / LOOKS, over);
    } catch {
      return false;
    }
    const mark = now();
    while (marks.length > 1 && marks[1]!.waitedMs <= mark.waitedMs - stallMs) marks.shift();
    const [oldest] = marks;
    if (mark.waitedMs - oldest!.waitedMs >= stallMs && mark.seen - oldest!.seen < (bytesPerSecondMin * stallMs) / 1000)
      return true;
    marks.push(mark);
  }
}

/** The error for a body that stalled. @param byte byte of the object at which it stalled */
export function stalledError(url: string, byte: number, { bytesPerSecondMin, stallMs }: Timeouts): EmporiumError {
  return new EmporiumError(
    "STORE_UNAVAILABLE",
    `${redact(url)}: less than ${counted(bytesPerSecondMin, "byte")} a second came for ${stallMs / 1000} s`,
    { place: { url: redact(url), byte }, retry: "later", hint: "check the connection, or try again later" },
  );
}

/** Memory for a body of known length. @throws {EmporiumError} MEMORY_LIMIT */
export function allocate(size: number, url: string): Uint8Array {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    const hint = "read it by ranges";
    throw new EmporiumError("MEMORY_LIMIT", `${redact(url)}: ${counted(size, "byte does", "bytes do")} not fit into one buffer`, {
      cause,
      hint,
    });
  }
}
