import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { S3Client } from "@aws-sdk/client-s3";
import { cancelled } from "../../core/cancel.js";
import type { Clock } from "../../core/clock.js";
import type { EmporiumError } from "../../core/errors.js";
import type { Timeouts } from "../../net/body.js";
import { networkError } from "../../net/errors.js";
import { shortWire } from "../../net/short-wire.js";
import { s3Error } from "./errors.js";
import { encodeKey, isProtected, requestSigner, type S3Credentials, UNSIGNED } from "./sign.js";

/** Larger bodies gain nothing, and the SDK goes on with them where this one cannot. */
const SHORT_BYTES_MAX = 8 * 1024 * 1024;

/** Answers that the SDK knows to handle: it finds the region, the time or fresh credentials, and asks once more. */
const FOR_THE_SDK = new Set([
  "PermanentRedirect",
  "TemporaryRedirect",
  "Redirect",
  "AuthorizationHeaderMalformed",
  "RequestTimeTooSkewed",
  "ExpiredToken",
]);

/** Address of a bucket's requests, and the scope of their signatures. Plain data, for worker threads. */
export interface WayFacts {
  /** Scheme, host and port: `http://host:port`. */
  readonly origin: string;
  /** Value of the `Host` header. */
  readonly host: string;
  /** Path before the bucket's key: `/`, or `/bucket/`. */
  readonly before: string;
  readonly region: string;
  readonly service: string;
  /** The server knows checksums. */
  readonly sums: boolean;
  /** Milliseconds that the server's clock is ahead. */
  readonly aheadMs: number;
  readonly timeouts: Timeouts;
}

/** Everything with which code outside of this store sends requests the same way. */
export interface LearntWay {
  readonly facts: WayFacts;
  /** The credentials; fresh ones when the old ones have ended. */
  credentials(): Promise<S3Credentials>;
}

/**
 * PUT of small bodies without the SDK's layers, which cost several times what sending 40 kB does. Region, endpoint, profile and
 * bucket rules stay the SDK's: address and signing scope are taken from its first successful request.
 */
export interface ShortWay {
  /** Undefined when this request is one for the SDK. @throws {EmporiumError} as `s3Error` makes them */
  put(request: ShortRequest): Promise<Taken | undefined>;
}

export interface ShortRequest {
  /** The bucket's key, not encoded. */
  fullKey: string;
  body: Uint8Array;
  /** Headers by their lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** Address for messages. */
  url: string;
  signal: AbortSignal | undefined;
}

/** Facts from the server about a body that it took. */
export interface Taken {
  etag: string | undefined;
  /** CRC-32 in base64, where the server checked one. */
  crc32: string | undefined;
  encryption: string | undefined;
}

/** An answer as it came. */
export interface ShortAnswer extends Refusal {
  readonly taken: Taken;
}

/** An answer with an error; `code` is undefined where its document has none. */
export interface Refusal {
  readonly status: number;
  /** S3's own code. */
  readonly code: string | undefined;
  readonly message: string;
  readonly retryAfter: string | undefined;
}

/** Signs and sends requests. Each is tried once. */
export function shortSender(facts: WayFacts, clock: Clock) {
  const { origin, host, before, region, service, timeouts, aheadMs } = facts;
  const wire = shortWire(origin, timeouts);
  const sign = requestSigner(region, service);
  const { protocol, hostname } = new URL(origin);
  const isSafe = isProtected(protocol, hostname);
  return {
    async put(
      fullKey: string,
      body: Uint8Array,
      headers: Readonly<Record<string, string>>,
      credentials: S3Credentials,
      signal?: AbortSignal,
    ): Promise<ShortAnswer> {
      const bodySha256 = isSafe ? UNSIGNED : createHash("sha256").update(body).digest("hex");
      const request = {
        method: "PUT",
        host,
        path: before + encodeKey(fullKey),
        query: {},
        headers,
        bodySha256,
        nowMs: clock.now() + aheadMs,
      };
      const signed = sign(request, credentials);
      const { head, text } = await wire.put(signed.target, signed.headers, body, signal);
      return {
        status: head.status,
        taken: {
          etag: head.header("etag"),
          crc32: head.header("x-amz-checksum-crc32"),
          encryption: head.header("x-amz-server-side-encryption"),
        },
        ...refusalOf(text),
        retryAfter: head.header("retry-after"),
      };
    },
    close: () => wire.close(),
  };
}

/** @param onWay called once, when the way is known. */
export function shortWay(
  client: S3Client,
  timeouts: Timeouts,
  clock: Clock,
  onWay: (way: LearntWay) => void = () => {},
): ShortWay {
  let way: { facts: WayFacts; sender: ReturnType<typeof shortSender> } | undefined;
  const credentials = () => client.config.credentials();

  learnWay(client, "PutObjectCommand", timeouts, (facts) => {
    if (way) return;
    way = { facts, sender: shortSender(facts, clock) };
    onWay({ facts, credentials });
  });

  return {
    async put({ fullKey, body, headers, url, signal }) {
      if (!way || body.length > SHORT_BYTES_MAX) return undefined;
      const { sender } = way;
      const answer = await sender.put(fullKey, body, headers, await credentials(), signal).catch((error: unknown) => {
        throw signal?.aborted ? cancelled(signal) : networkError(error, url);
      });
      if (answer.status >= 200 && answer.status < 300) return answer.taken;
      if (isForTheSdk(answer)) {
        way = undefined;
        return undefined;
      }
      throw refusalError(answer, url, clock.now());
    },
  };
}

/** Calls `learnt` with the way that a successful command of the SDK went. */
export function learnWay(client: S3Client, command: string, timeouts: Timeouts, learnt: (facts: WayFacts) => void): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const { statusCode = 0 } = result.response as { statusCode?: number };
      if (context.commandName === command && statusCode >= 200 && statusCode < 300) {
        const key = (args.input as { Key?: string }).Key ?? "";
        const facts = wayOf(args.request as SentRequest, key, timeouts, client.config.systemClockOffset);
        if (facts) learnt(facts);
      }
      return result;
    },
    { step: "deserialize", priority: "low", name: `emporiumWayOf${command}` },
  );
}

/** Code and message of an error document. */
export function refusalOf(text: string): Pick<Refusal, "code" | "message"> {
  return { code: element(text, "Code"), message: element(text, "Message") ?? "" };
}

export function isForTheSdk({ status, code }: Refusal): boolean {
  return (status >= 300 && status < 400) || (code !== undefined && FOR_THE_SDK.has(code));
}

export function refusalError({ status, code, message, retryAfter }: Refusal, url: string, nowMs: number): EmporiumError {
  const facts = {
    $metadata: { httpStatusCode: status },
    $response: { statusCode: status, headers: { "retry-after": retryAfter } },
  };
  return s3Error(Object.assign(new Error(message), { name: code ?? "Error", ...facts }), url, nowMs);
}

/** Encryptions under which an object's ETag is no MD5 of what is read. */
export const KEYED: ReadonlySet<string> = new Set(["aws:kms", "aws:kms:dsse"]);

/** True if the server certainly has the intended bytes: by the checksum that it verified, or by the MD5 that is its tag. */
export function isProven({ etag, crc32: echoed, encryption }: Taken, crc: string | undefined, body: Uint8Array): boolean {
  const md5 = /^"?([0-9a-f]{32})"?$/.exec(etag ?? "")?.[1];
  if ((crc !== undefined && echoed === crc) || md5 === undefined || KEYED.has(encryption ?? "")) return true;
  return createHash("md5").update(body).digest("hex") === md5;
}

/** The CRC-32 as headers carry it: four bytes, big-endian, in base64. @param crc where it is known */
export function crcHeader(body: Uint8Array, crc = crc32(body)): string {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString("base64");
}

/** A request that the SDK made of a command, after signing. */
interface SentRequest {
  protocol: string;
  hostname: string;
  port?: number | undefined;
  path: string;
  headers: Record<string, string>;
}

/** Undefined if requests are not signed the plain way: anonymous, several regions at once, sessions of directory buckets. */
function wayOf(
  { protocol, hostname, port, path, headers }: SentRequest,
  key: string,
  timeouts: Timeouts,
  aheadMs = 0,
): WayFacts | undefined {
  const scope = /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request,/.exec(headers.authorization ?? "");
  const encoded = encodeKey(key);
  if (!scope || !path.endsWith(`/${encoded}`) || headers["x-amz-s3session-token"] !== undefined) return undefined;
  const address = port === undefined ? hostname : `${hostname}:${port}`;
  return {
    origin: `${protocol}//${address}`,
    host: headers.host ?? address,
    before: path.slice(0, path.length - encoded.length),
    region: scope[1]!,
    service: scope[2]!,
    sums: headers["x-amz-checksum-crc32"] !== undefined,
    aheadMs,
    timeouts,
  };
}

/** Text of an element of S3's error documents, which are flat. */
function element(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found?.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => ENTITIES[entity]!);
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
