import { EmporiumError, type ErrorCode, isEmporiumError } from "../core/errors.js";
import { redact } from "../core/redact.js";

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
    const hint = "check that you may read this, and that a signed link has not expired";
    return new EmporiumError("STORE_DENIED", what, { place, hint });
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

/** What Node says with the name of a system call. */
const IN_WORDS: Record<string, string> = {
  ENOTFOUND: "the name of the host cannot be resolved",
  EAI_AGAIN: "the name of the host cannot be resolved at present",
  ECONNREFUSED: "the connection is refused: no server listens there",
  ECONNRESET: "the connection was broken off",
  ETIMEDOUT: "no connection came about in time",
  UND_ERR_CONNECT_TIMEOUT: "no connection came about in time",
  EPIPE: "the connection was broken off",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
};

/** What a connection that failed is told as, with its code: "the connection is refused: no server listens there (ECONNREFUSED)". Undefined for other errors. */
export function connectionInWords(thrown: unknown): string | undefined {
  const known = errorCodes(thrown).find((code) => code in IN_WORDS);
  return known && `${IN_WORDS[known]} (${known})`;
}

/** A failure below HTTP: no connection, a broken one, no answer in time. All but wrong names and certificates may pass. */
export function networkError(thrown: unknown, url: string): EmporiumError {
  if (isEmporiumError(thrown)) return thrown;
  const codes = errorCodes(thrown);
  const shown = redact(url);
  const permanent = codes.find((code) => code in PERMANENT);
  const own = thrown instanceof Error ? thrown.message || (codes[0] ?? thrown.name) : String(thrown);
  const message = redact(connectionInWords(thrown) ?? own);
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
