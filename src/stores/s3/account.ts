import type { Clock } from "../../core/clock.js";
import type { Log } from "../../core/log.js";
import type { Random } from "../../core/random.js";
import { parseRetryAfter, statusError } from "../../net/errors.js";
import { hostPace } from "../../net/pace.js";
import { retried, retries } from "../../net/retry.js";
import { awsAccess } from "./access.js";
import { type AwsService, awsService, serviceEndpoint } from "./service.js";

/** A request to a service of AWS beside S3: small, with a small answer. */
export interface ServiceRequest {
  /** Name of the service in signatures and addresses: `states`, `sts`. */
  readonly service: string;
  /** Name of the service in variables: `SFN` of `AWS_ENDPOINT_URL_SFN`. */
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

/** Requests in a second: as many as the reference's processes side by side; less when the service asks for it. */
const PER_SECOND = 20;
const POLICY = { tries: 8, baseMs: 500, capMs: 30_000, retryAfterMsMax: 10 * 60_000 };
const THROTTLED = /throttl|TooManyRequests|RequestLimitExceeded|SlowDown/i;

/** The account that the environment or a profile names. Credentials are looked for at the first request. */
export async function awsAccount({ clock, random, log, signal }: AccountOptions): Promise<AwsAccount> {
  const { env } = process;
  const access = await awsAccess((region) => serviceEndpoint("sts", "STS", region, env), {}, clock);
  const { region } = access;
  const services = new Map<string, AwsService>();
  const pace = hostPace(clock, { perSecond: PER_SECOND });

  async function once({ service, variable, method, headers, body }: ServiceRequest): Promise<ServiceAnswer> {
    if (!services.has(service)) services.set(service, awsService(service, access, clock));
    const endpoint = serviceEndpoint(service, variable, region, env);
    const { status, text, header } = await services.get(service)!.send({ method, endpoint, path: "/", headers, body }, signal);
    const isThrottled = status === 429 || (status >= 400 && THROTTLED.test(codeOf(text)));
    if (!isThrottled && status < 500) return { status, text };
    const retryAfterMs = parseRetryAfter(header("retry-after"), clock.now());
    throw statusError(isThrottled ? 429 : status, endpoint, { retryAfterMs, detail: codeOf(text) });
  }

  return {
    region,
    ask: (request) =>
      retried(retries(POLICY, { clock, random, log, signal }), () => pace.run(() => once(request), signal), request.service),
    close: async () => {
      for (const service of services.values()) await service.close();
    },
  };
}

/** The name of a refusal, of JSON and of XML: `ExecutionAlreadyExists`. */
export function codeOf(text: string): string {
  const found = /"__type"\s*:\s*"(?:[^"#]*#)?([^"]*)"/.exec(text) ?? /<Code>([^<]*)<\/Code>/.exec(text);
  return found?.[1] ?? "";
}
