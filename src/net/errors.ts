import { cancelled } from "../core/cancel.js";
import { type Clock, systemClock } from "../core/clock.js";
import { EmporiumError, type ErrorCode, isEmporiumError } from "../core/errors.js";
import { redact } from "../core/redact.js";
import { withPartial } from "./partial.js";

/** Patience with a server. A connection that carries less than `bytesPerSecondMin` for `stallMs` is taken for dead. */
export interface Patience {
  connectMs: number;
  headersMs: number;
  stallMs: number;
  bytesPerSecondMin: number;
}

export const PATIENCE: Patience = { connectMs: 10_000, headersMs: 15_000, stallMs: 30_000, bytesPerSecondMin: 1024 };

export interface BodyRequest {
  url: string;
  /** Bytes to pass over first. */
  skip?: number;
  /** Bytes wanted after them. Infinity: to the end. */
  length: number;
  /** Bytes that will come in all, where the answer says so. */
  announced: number | undefined;
  etag: string | undefined;
  patience: Patience;
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
  const { url, skip = 0, length, announced, patience, signal, clock = systemClock } = request;
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
    patience,
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
          `${redact(url)}: less than ${patience.bytesPerSecondMin} bytes a second came for ${patience.stallMs / 1000} s`,
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
  patience: Patience,
  seen: () => number,
  done: AbortSignal,
  stalled: () => void,
): Promise<void> {
  const marks: number[] = [];
  while (!done.aborted) {
    try {
      await clock.sleep(patience.stallMs / 6, done);
    } catch {
      return;
    }
    marks.push(seen());
    if (marks.length >= 6) {
      const before = marks.length > 6 ? marks.shift()! : 0;
      if (seen() - before < (patience.bytesPerSecondMin * patience.stallMs) / 1000) return stalled();
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

export function protocol(url: string, fault: string, hint?: string, retry: "no" | "later" = "later"): EmporiumError {
  return new EmporiumError("STORE_PROTOCOL", `${redact(url)}: the server ${fault}`, { place: { url: redact(url) }, hint, retry });
}

/** `Retry-After`, in seconds or as a date. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Math.round(Number(header) * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

/** A status that is no success. The class comes from the number alone, never from words. */
export function statusError(
  status: number,
  url: string,
  { retryAfterMs, detail }: { retryAfterMs?: number | undefined; detail?: string } = {},
): EmporiumError {
  const shown = redact(url);
  const place = { url: shown };
  const what = `${shown}: the server answers ${status}${detail ? ` (${redact(detail)})` : ""}`;
  if (status === 401 || status === 407) {
    return new EmporiumError("STORE_DENIED", what, { place, hint: "give credentials: they are missing, wrong or expired" });
  }
  if (status === 403 || status === 451) {
    return new EmporiumError("STORE_DENIED", what, {
      place,
      hint: "check that you may read this, and that a signed link has not expired",
    });
  }
  if (status === 404 || status === 410) {
    return new EmporiumError("STORE_ABSENT", what, { place, hint: "check the address" });
  }
  if (status === 429) return new EmporiumError("STORE_THROTTLED", what, { place, retry: "later", retryAfterMs });
  if (status === 503) {
    // A pause that the server names is a request to be called less often; without one it may just be restarting.
    const code: ErrorCode = retryAfterMs === undefined ? "STORE_UNAVAILABLE" : "STORE_THROTTLED";
    return new EmporiumError(code, what, { place, retry: "later", retryAfterMs });
  }
  if (status >= 500 || status === 408 || status === 425) {
    return new EmporiumError("STORE_UNAVAILABLE", what, {
      place,
      retry: status === 501 || status === 505 ? "no" : "later",
      retryAfterMs,
    });
  }
  return new EmporiumError("STORE_FAILED", what, { place });
}

const PERMANENT: Record<string, string> = {
  ENOTFOUND: "check the host name and your connection",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another host: check the address",
  CERT_HAS_EXPIRED: "the server's certificate has expired: tell its administrator",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is not signed by anyone known: set NODE_EXTRA_CA_CERTS if you trust it",
  SELF_SIGNED_CERT_IN_CHAIN: "set NODE_EXTRA_CA_CERTS to your organisation's certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "set NODE_EXTRA_CA_CERTS to your organisation's certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "set NODE_EXTRA_CA_CERTS to your organisation's certificate",
};

/** A failure below HTTP: no connection, a broken one, no answer in time. All but wrong names and certificates may pass. */
export function networkError(thrown: unknown, url: string): EmporiumError {
  if (isEmporiumError(thrown)) return thrown;
  const codes = errorCodes(thrown);
  const shown = redact(url);
  const permanent = codes.find((code) => code in PERMANENT);
  const message = redact(thrown instanceof Error ? thrown.message || (codes[0] ?? thrown.name) : String(thrown));
  return new EmporiumError(
    "STORE_UNAVAILABLE",
    `${shown}: ${message}${codes[0] && !message.includes(codes[0]) ? ` (${codes[0]})` : ""}`,
    {
      place: { url: shown },
      retry: permanent ? "no" : "later",
      hint: permanent ? PERMANENT[permanent] : "check the connection, or try again later",
      cause: thrown,
    },
  );
}

const UNREACHABLE = new Set([
  "ENETUNREACH",
  "ENETDOWN",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "ECONNREFUSED",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Whether no connection came about at all: the host, or the whole network, is not there. */
export function isUnreachable(error: unknown): boolean {
  return errorCodes(error).some((code) => UNREACHABLE.has(code));
}

/** Codes of an error, of its cause and of the errors that it joins (IPv4 and IPv6 tried side by side). */
function errorCodes(thrown: unknown): string[] {
  if (!(thrown instanceof Error)) return [];
  const own = "code" in thrown && typeof thrown.code === "string" ? [thrown.code] : [];
  const inner = thrown instanceof AggregateError ? thrown.errors.flatMap(errorCodes) : [];
  return [...own, ...inner, ...errorCodes(thrown.cause)];
}
