import { EmporiumError, type ErrorFacts } from "../../core/errors.js";
import { redact } from "../../core/redact.js";
import { networkError, parseRetryAfter, protocol, statusError } from "../../net/errors.js";
import { conflict } from "../upload.js";

/**
 * The parts of an SDK error that are kept. The SDK's own holds the whole request, with its signature, and must not reach a log.
 */
class S3Fault extends Error {
  override readonly name = "S3Fault";
  constructor(
    /** S3's own code, or a name of the SDK's. */
    readonly code: string,
    readonly status: number | undefined,
    message: string,
    readonly retryAfter: string | undefined,
  ) {
    super(message);
  }
}

/** The fault behind one of our errors. */
export function faultOf(error: unknown): S3Fault | undefined {
  return error instanceof Error && error.cause instanceof S3Fault ? error.cause : undefined;
}

function toFault(thrown: Error): S3Fault {
  const { $metadata, $response, Code } = thrown as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number; headers?: Record<string, string> };
    Code?: unknown;
  };
  // An error document that cannot be parsed: the SDK's words for that tell about the SDK.
  if ($response !== undefined && thrown.name === "Error") return new S3Fault("", $response.statusCode, "", undefined);
  return new S3Fault(
    typeof Code === "string" && Code !== "" ? Code : thrown.name,
    $metadata?.httpStatusCode ?? $response?.statusCode,
    redact(thrown.message),
    $response?.headers?.["retry-after"],
  );
}

const THROTTLED = new Set([
  "SlowDown",
  "SlowDownRead",
  "SlowDownWrite",
  "Throttling",
  "ThrottlingException",
  "RequestLimitExceeded",
  "TooManyRequests",
  "ServiceUnavailable",
  "BandwidthLimitExceeded",
]);
const DAMAGED = new Set([
  "BadDigest",
  "InvalidDigest",
  "XAmzContentSHA256Mismatch",
  "XAmzContentChecksumMismatch",
  "IncompleteBody",
]);
const NO_CREDENTIALS = new Set(["CredentialsProviderError", "TokenProviderError"]);

/** Any error of the AWS SDK as one of ours. The class comes from S3's code, then from the status, never from words. */
export function s3Error(thrown: unknown, url: string, nowMs: number): EmporiumError {
  if (!(thrown instanceof Error)) return networkError(thrown, url);
  const fault = toFault(thrown);
  const { code, status, message } = fault;
  const retryAfterMs = parseRetryAfter(fault.retryAfter, nowMs);
  const facts: ErrorFacts = { place: { url }, cause: fault };
  const said = `${url}: ${message || code}${message.includes(code) ? "" : ` (${code})`}`;
  if (NO_CREDENTIALS.has(code)) {
    const hint = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; a public bucket is read with --anonymous";
    return new EmporiumError("STORE_DENIED", `${url}: no credentials were found`, { ...facts, hint });
  }
  if (THROTTLED.has(code) && status !== undefined && status >= 400) {
    return new EmporiumError("STORE_THROTTLED", said, { ...facts, retry: "later", retryAfterMs });
  }
  if (DAMAGED.has(code)) return new EmporiumError("STORE_PROTOCOL", said, { ...facts, retry: "later" });
  switch (code) {
    case "PreconditionFailed":
      return caused(conflict(url), fault);
    case "ConditionalRequestConflict":
      return new EmporiumError("STORE_CONFLICT", said, { ...facts, retry: "later" });
    case "OperationAborted":
    case "InternalError":
    case "RequestTimeout":
      return new EmporiumError("STORE_UNAVAILABLE", said, { ...facts, retry: "later", retryAfterMs });
    case "RequestTimeTooSkewed":
      // The SDK has taken the server's time from this answer and signs the next request with it.
      return new EmporiumError("STORE_DENIED", said, { ...facts, retry: "now", hint: "set this machine's clock" });
    case "NoSuchBucket": {
      const hint = "check the name of the bucket, and the region or endpoint";
      return new EmporiumError("STORE_ABSENT", said, { ...facts, hint });
    }
    case "KeyTooLongError":
    case "KeyTooLong":
      return new EmporiumError("NAME_UNSAFE", said, { ...facts, hint: "shorten the name or its folders" });
    case "NoSuchUpload": {
      const hint = "run again: the upload was finished or aborted meanwhile";
      return new EmporiumError("STORE_FAILED", said, { ...facts, hint });
    }
    case "PermanentRedirect":
    case "AuthorizationHeaderMalformed":
      return new EmporiumError("STORE_FAILED", said, { ...facts, hint: "give the region of the bucket" });
  }
  if (status === undefined) return networkError(thrown, url);
  if (status === 412) return caused(conflict(url), fault);
  if (status === 409) return new EmporiumError("STORE_CONFLICT", said, { ...facts, retry: "later" });
  if (status < 300) return caused(notS3(url), fault);
  const detail = message && message !== code ? `${code}: ${message}` : code || "not in the form of S3";
  return caused(statusError(status, url, { retryAfterMs, detail }), fault);
}

/** A log-in page, say, is XML enough to pass for a reply in which everything is missing. */
export function notS3(url: string): EmporiumError {
  return protocol(url, "answers with what is not an S3 reply", "check the endpoint: it may be a web page's");
}

function caused(error: EmporiumError, cause: S3Fault): EmporiumError {
  return new EmporiumError(error.code, error.message, { ...error.facts, cause });
}
