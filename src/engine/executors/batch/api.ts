import type { Clock } from "../../../core/clock.js";
import { EmporiumError, isEmporiumError } from "../../../core/errors.js";
import type { Random } from "../../../core/random.js";
import { redact } from "../../../core/redact.js";
import { parseRetryAfter } from "../../../net/errors.js";
import { type RetryPolicy, retried, retries } from "../../../net/retry.js";
import type { AwsAccess } from "../../../stores/s3/access.js";
import { awsService, type ServiceReply } from "../../../stores/s3/service.js";

/** Batch answers 429 at some tens of requests a second; an account shares them. */
const POLICY: RetryPolicy = { tries: 8, baseMs: 500, capMs: 20_000, retryAfterMsMax: 60_000 };
const THROTTLED = /^(TooManyRequests|Throttling|RequestLimitExceeded)/;
const EXPIRED = /^(ExpiredToken|RequestExpired)/;

export interface BatchApiOptions {
  /** `https://batch.eu-west-1.amazonaws.com` */
  readonly endpoint: string;
  readonly access: AwsAccess;
  readonly clock: Clock;
  readonly random: Random;
  /** Tries, and pauses between them, after an answer that may pass. */
  readonly policy?: RetryPolicy | undefined;
}

/** One of AWS Batch's operations, by the name in its address: `submitjob`. */
export type BatchApi = <T>(operation: string, body: object, options?: { changes?: boolean }) => Promise<T>;

/**
 * AWS Batch's REST interface (AWS Batch API Reference, 2016-08-10): JSON by POST, Signature Version 4.
 *
 * `changes`: a request that is not repeated where it may have been carried out already; 429 says that it was not.
 *
 * @throws {EmporiumError} (each call) ENGINE_SILENT, ENGINE_REFUSED, STORE_DENIED
 */
export function batchApi({ endpoint, access, clock, random, policy = POLICY }: BatchApiOptions): BatchApi {
  const service = awsService("batch", access, clock);
  const headers = { "content-type": "application/json" };

  return async <T>(operation: string, body: object, { changes = false } = {}): Promise<T> => {
    const text = JSON.stringify(body);
    const url = `${endpoint}/v1/${operation}`;
    const tries = retries(policy, { clock, random, exhausted: (error) => silent(url, error.message, error) });
    return retried(tries, async () => {
      const path = `/v1/${operation}`;
      const reply = await service.send({ method: "POST", endpoint, path, headers, body: text }).catch((error: unknown) => {
        const passing = isEmporiumError(error) && error.code === "STORE_UNAVAILABLE";
        throw passing && changes ? silent(url, error.message, error) : error;
      });
      if (reply.status >= 200 && reply.status < 300) return parsed<T>(reply.text, url);
      throw refusal(reply, url, changes, clock.now());
    });
  };
}

function parsed<T>(text: string, url: string): T {
  try {
    // TerminateJob succeeds with an empty body
    return JSON.parse(text === "" ? "{}" : text) as T;
  } catch (cause) {
    throw silent(url, `${url} answers with what is not JSON`, cause);
  }
}

function silent(url: string, message: string, cause?: unknown): EmporiumError {
  return new EmporiumError("ENGINE_SILENT", `AWS Batch does not answer (${message})`, {
    place: { url },
    hint: "jobs that it has may still be running; check the region of the profile and your connection, or try again later",
    cause,
  });
}

function refusal(reply: ServiceReply, url: string, changes: boolean, nowMs: number): EmporiumError {
  const { status } = reply;
  const { type, message } = faultOf(reply);
  const said = redact(`${url}: ${message === "" ? `status ${status}` : message}${type === "" ? "" : ` (${type})`}`);
  const place = { url };
  const retryAfterMs = parseRetryAfter(reply.header("retry-after"), nowMs);
  if (status === 429 || THROTTLED.test(type)) {
    return new EmporiumError("STORE_THROTTLED", said, { place, retry: "later", retryAfterMs });
  }
  if (EXPIRED.test(type)) {
    const hint = "log in again (aws sso login, or new AWS_… variables), then run the same command: the token has expired";
    return new EmporiumError("STORE_DENIED", said, { place, hint });
  }
  if (status === 401 || status === 403) {
    const hint = "use credentials that allow batch:SubmitJob, DescribeJobs, ListJobs, DescribeJobQueues and TerminateJob";
    return new EmporiumError("STORE_DENIED", said, { place, hint });
  }
  if (status >= 500) {
    return changes ? silent(url, said) : new EmporiumError("STORE_UNAVAILABLE", said, { place, retry: "later", retryAfterMs });
  }
  return new EmporiumError("ENGINE_REFUSED", said, { place, hint: hintOf(message) });
}

/** Type and message of an error, as REST-JSON has them. */
function faultOf(reply: ServiceReply): { type: string; message: string } {
  let body: { __type?: unknown; message?: unknown; Message?: unknown } = {};
  try {
    body = JSON.parse(reply.text) as typeof body;
  } catch {
    // a proxy's page, say
  }
  const type = reply.header("x-amzn-errortype") ?? (typeof body.__type === "string" ? body.__type : "");
  const message = body.message ?? body.Message;
  return { type: type.replace(/[:#].*$/, ""), message: typeof message === "string" ? message : "" };
}

function hintOf(message: string): string {
  if (/queue/i.test(message))
    return "name a job queue as queue of the profile, or with --queue; aws batch describe-job-queues lists them";
  if (/definition/i.test(message))
    return "name a job definition as batch.definition of the profile; aws batch describe-job-definitions lists them";
  return "change the profile or the job definition as AWS Batch says";
}
