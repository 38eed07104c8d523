import { createHash } from "node:crypto";
import type { S3Client } from "@aws-sdk/client-s3";
import { cancelled } from "../../core/cancel.js";
import type { Clock } from "../../core/clock.js";
import { readBody, type Timeouts } from "../../net/body.js";
import { networkError } from "../../net/errors.js";
import { httpWire, type WireBody } from "../../net/wire.js";
import { isForTheSdk, learnWay, refusalError, refusalOf, type WayFacts } from "./direct-put.js";
import { encodeKey, requestSigner } from "./sign.js";

/**
 * GET without the SDK's layers and Node's buffers, which cost more than decoding what comes: each connection reads into one buffer. Region, endpoint,
 * profile and bucket rules stay the SDK's: address and signing scope are taken from its first successful GET.
 */
export interface DirectGet {
  /** Undefined when this request is one for the SDK. @throws {EmporiumError} as `s3Error` makes them */
  get(request: GetRequest): Promise<Got | undefined>;
}

export interface GetRequest {
  /** The bucket's key, not encoded. */
  fullKey: string;
  /** Headers by their lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** Address for messages. */
  url: string;
  signal: AbortSignal | undefined;
}

/** An answer with status 200 or 206. */
export interface Got {
  header(name: string): string | undefined;
  body: WireBody;
}

const ERROR_BYTES_MAX = 64 * 1024;
/** SHA-256 of no bytes: a GET has no body. */
const EMPTY_SHA256 = createHash("sha256").digest("hex");

export function directGet(client: S3Client, timeouts: Timeouts, clock: Clock): DirectGet {
  let way: { facts: WayFacts; sign: ReturnType<typeof requestSigner> } | undefined;
  const send = httpWire({ timeouts });

  learnWay(client, "GetObjectCommand", timeouts, (facts) => {
    way ??= { facts, sign: requestSigner(facts.region, facts.service) };
  });

  return {
    async get({ fullKey, headers, url, signal }) {
      if (!way) return undefined;
      const { facts, sign } = way;
      const { origin, host, before, aheadMs } = facts;
      const request = { method: "GET", host, path: before + encodeKey(fullKey), query: {}, headers, bodySha256: EMPTY_SHA256 };
      const signed = sign({ ...request, nowMs: clock.now() + aheadMs }, await client.config.credentials());
      const answer = await send(new URL(origin + signed.target), { headers: signed.headers, signal }).catch((error: unknown) => {
        throw signal?.aborted ? cancelled(signal) : networkError(error, url);
      });
      const { status, header, body } = answer;
      if (status === 200 || status === 206) return { header, body };
      const announced = header("content-length");
      const wanted = { url, length: ERROR_BYTES_MAX, announced: announced === undefined ? undefined : Number(announced) };
      const { bytes } = await readBody(body, { ...wanted, etag: undefined, timeouts, signal });
      const refusal = { status, ...refusalOf(new TextDecoder().decode(bytes)), retryAfter: header("retry-after") };
      if (isForTheSdk(refusal)) {
        way = undefined;
        return undefined;
      }
      throw refusalError(refusal, url, clock.now());
    },
  };
}
