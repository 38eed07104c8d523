import { cancelled } from "../core/cancel.js";
import { type Clock, systemClock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import { redact } from "../core/redact.js";
import { networkError, protocol } from "./errors.js";
import { withPartial } from "./partial.js";

/** How long a server may take. A connection that carries less than `bytesPerSecondMin` for `stallMs` is taken for dead. */
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
 * Reads the wanted bytes of a body and drops the rest. Fewer bytes come back only where the body ended as announced.
 *
 * @throws {EmporiumError} STORE_UNAVAILABLE (`later`) when the connection breaks, ends early or stalls; the bytes that came stay with
 *   the error (`partialOf`).
 */
export async function readBody(body: Body, request: BodyRequest): Promise<{ bytes: Uint8Array; ended: boolean }> {
  const { url, skip = 0, length, announced, timeouts, signal, clock = systemClock } = request;
  const expected = announced === undefined ? undefined : Math.max(0, Math.min(length, announced - skip));
  const pieces: Uint8Array[] = [];
  let whole = expected === undefined ? undefined : allocate(expected, url);
  let got = 0;
  let seen = 0;
  let ended = false;
  const finished = new AbortController();
  let stalled = false;
  const stop = () => body.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  void watch(
    clock,
    timeouts,
    () => seen,
    finished.signal,
    () => {
      stalled = true;
      body.destroy();
    },
  );
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
      if (got >= length) break;
    }
    ended = got < length || (announced !== undefined && seen >= announced);
    if (stalled || signal?.aborted) throw new Error("stopped");
    if (announced !== undefined && got < expected!) throw new Error(`the connection ended after ${seen} of ${announced} bytes`);
  } catch (thrown) {
    if (signal?.aborted) throw cancelled(signal);
    const error = stalled
      ? new EmporiumError(
          "STORE_UNAVAILABLE",
          `${redact(url)}: less than ${timeouts.bytesPerSecondMin} bytes a second came for ${timeouts.stallMs / 1000} s`,
          {
            place: { url: redact(url), byte: seen },
            retry: "later",
            hint: "check the connection, or try again later",
          },
        )
      : networkError(thrown, url);
    whole ??= join(pieces, got);
    throw withPartial(error, { bytes: whole.subarray(0, got), etag: request.etag });
  } finally {
    finished.abort();
    signal?.removeEventListener("abort", stop);
    if (!ended) body.destroy();
  }
  return { bytes: whole ? whole.subarray(0, got) : join(pieces, got), ended };
}

/** Looks six times a span whether enough came in the last span. */
async function watch(
  clock: Clock,
  timeouts: Timeouts,
  seen: () => number,
  done: AbortSignal,
  stalled: () => void,
): Promise<void> {
  const marks: number[] = [];
  while (!done.aborted) {
    try {
      await clock.sleep(timeouts.stallMs / 6, done);
    } catch {
      return;
    }
    marks.push(seen());
    if (marks.length >= 6) {
      const before = marks.length > 6 ? marks.shift()! : 0;
      if (seen() - before < (timeouts.bytesPerSecondMin * timeouts.stallMs) / 1000) return stalled();
    }
  }
}

function allocate(size: number, url: string): Uint8Array {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    throw new EmporiumError("MEMORY_LIMIT", `${redact(url)}: ${size} bytes do not fit into one buffer`, {
      cause,
      hint: "read it by ranges",
    });
  }
}

function join(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
