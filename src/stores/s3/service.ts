import { createHash } from "node:crypto";
import type { Clock } from "../../core/clock.js";
import { readBody, TIMEOUTS } from "../../net/body.js";
import { type HttpReply, httpClient } from "../../net/client.js";
import { networkError } from "../../net/errors.js";
import type { AwsAccess } from "./access.js";
import { requestSigner } from "./sign.js";

const REPLY_BYTES = 64 * 2 ** 20;

/** A request to a service of AWS beside S3: small, with a small answer. */
export interface ServiceCall {
  readonly method: "GET" | "POST";
  /** `https://batch.eu-west-1.amazonaws.com`, without a last `/`. */
  readonly endpoint: string;
  /** Path, which begins with `/`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ServiceReply {
  readonly status: number;
  header(name: string): string | undefined;
  readonly text: string;
}

export interface AwsService {
  /** One request, without repetitions. @throws {EmporiumError} STORE_UNAVAILABLE, STORE_DENIED without credentials, STORE_PROTOCOL */
  send(request: ServiceCall, signal?: AbortSignal | undefined): Promise<ServiceReply>;
  close(): Promise<void>;
}

/** Speaks to a service of AWS in its own interface, by Signature Version 4. @param service as signatures have it: `batch`, `states` */
export function awsService(service: string, access: AwsAccess, clock: Clock): AwsService {
  const client = httpClient(TIMEOUTS);
  const sign = requestSigner(access.region, service);
  return {
    async send({ method, endpoint, path, headers, body }, signal) {
      const { origin, host } = new URL(endpoint);
      const url = `${origin}${path}`;
      const bodySha256 = createHash("sha256").update(body).digest("hex");
      const facts = { method, host, path, query: {}, headers, bodySha256, nowMs: clock.now() };
      const { host: _, ...signed } = sign(facts, await access.credentials()).headers; // the client sets it
      const exchange = { method, shown: url, headers: signed, ...(method === "GET" ? {} : { body }), signal };
      const reply: HttpReply = await client.send(url, exchange);
      const { bytes } = await readBody(reply.body, {
        ...{ url, length: REPLY_BYTES, announced: undefined, etag: undefined, timeouts: TIMEOUTS, signal },
      }).catch((error: unknown) => {
        throw networkError(error, url);
      });
      return { status: reply.status, header: (name) => reply.header(name), text: new TextDecoder().decode(bytes) };
    },
    close: () => client.close(),
  };
}

/**
 * Endpoint of a service: from the variables of AWS's own programs, or else of the region.
 *
 * @param name in addresses: `states`
 * @param variable in variables: `SFN` of `AWS_ENDPOINT_URL_SFN`
 */
export function serviceEndpoint(
  name: string,
  variable: string,
  region: string,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const given = env[`AWS_ENDPOINT_URL_${variable}`] || env.AWS_ENDPOINT_URL;
  return (given || `https://${name}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`).replace(/\/$/, "");
}
