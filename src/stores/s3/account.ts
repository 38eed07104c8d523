import { createHash } from "node:crypto";
import type { Clock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import type { Log } from "../../core/log.js";
import type { Random } from "../../core/random.js";
import { readBody, TIMEOUTS } from "../../net/body.js";
import { httpClient } from "../../net/client.js";
import { networkError, parseRetryAfter, statusError } from "../../net/errors.js";
import { hostPace } from "../../net/pace.js";
import { retried, retries } from "../../net/retry.js";
import { connect } from "./client.js";
import { requestSigner } from "./sign.js";

/** A request to a service of AWS beside S3: small, with a small answer. */
export interface ServiceRequest {
  /** As signatures and addresses have it: `states`, `sts`. */
  readonly service: string;
  /** As variables have it: `SFN` of `AWS_ENDPOINT_URL_SFN`. */
  readonly variable: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer that is no failure of the way to it. A status of 400 or more is the service's own refusal. */
export interface ServiceAnswer {
  readonly status: number;
  readonly text: string;
}

/** An account of AWS, with the credentials that the S3 store takes. */
export interface AwsAccount {
  readonly region: string;
  /** @throws {EmporiumError} STORE_UNAVAILABLE, STORE_THROTTLED after several tries; STORE_DENIED without credentials; CANCELLED */
  ask(request: ServiceRequest): Promise<ServiceAnswer>;
  close(): Promise<void>;
}

export interface AccountOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
}

/** As many as the reference's processes side by side; less when the service asks for it. */
const PER_SECOND = 20;
const POLICY = { tries: 8, baseMs: 500, capMs: 30_000, retryAfterMsMax: 10 * 60_000 };
const REPLY_BYTES = 8 * 1024 * 1024;
const THROTTLED = /throttl|TooManyRequests|RequestLimitExceeded|SlowDown/i;

/** @throws {EmporiumError} STORE_DENIED where no credentials are found */
export async function awsAccount({ clock, random, log, signal }: AccountOptions): Promise<AwsAccount> {
  const { config } = await connect({ bucket: "account" }, TIMEOUTS);
  const region = await config.region();
  const credentials = () =>
    config.credentials().catch((cause: unknown) => {
      throw new EmporiumError("STORE_DENIED", "no credentials of AWS are found", {
        hint: "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        cause,
      });
    });
  const client = httpClient(TIMEOUTS);
  const pace = hostPace(clock, { perSecond: PER_SECOND });

  async function once({ service, variable, method, headers, body }: ServiceRequest): Promise<ServiceAnswer> {
    const url = new URL(endpointOf(service, variable, region));
    const bodySha256 = createHash("sha256").update(body).digest("hex");
    const facts = { method, host: url.host, path: "/", query: {}, headers, bodySha256, nowMs: clock.now() };
    const signed = requestSigner(region, service)(facts, await credentials());
    const shown = url.origin;
    const exchange = { method, shown, headers: signed.headers, ...(method === "GET" ? {} : { body }), signal };
    const reply = await client.send(shown, exchange);
    const { bytes } = await readBody(reply.body, {
      url: shown,
      length: REPLY_BYTES,
      announced: undefined,
      etag: undefined,
      timeouts: TIMEOUTS,
      signal,
    }).catch((error: unknown) => {
      throw networkError(error, shown);
    });
    const text = new TextDecoder().decode(bytes);
    const { status } = reply;
    const isThrottled = status === 429 || (status >= 400 && THROTTLED.test(codeOf(text)));
    if (!isThrottled && status < 500) return { status, text };
    const retryAfterMs = parseRetryAfter(reply.header("retry-after"), clock.now());
    throw statusError(isThrottled ? 429 : status, shown, { retryAfterMs, detail: codeOf(text) });
  }

  return {
    region,
    ask: (request) =>
      retried(retries(POLICY, { clock, random, log, signal }), () => pace.run(() => once(request), signal), request.service),
    close: () => client.close(),
  };
}

function endpointOf(service: string, variable: string, region: string): string {
  const { env } = process;
  return env[`AWS_ENDPOINT_URL_${variable}`] || env.AWS_ENDPOINT_URL || `https://${service}.${region}.amazonaws.com`;
}

/** The name of a refusal, of JSON and of XML: `ExecutionAlreadyExists`. */
export function codeOf(text: string): string {
  const found = /"__type"\s*:\s*"(?:[^"#]*#)?([^"]*)"/.exec(text) ?? /<Code>([^<]*)<\/Code>/.exec(text);
  return found?.[1] ?? "";
}
