import {
  type $Command,
  S3Client,
  type S3ClientConfig,
  type S3ClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from "@aws-sdk/client-s3";
import { cancelled, throwIfCancelled } from "../../core/cancel.js";
import type { Clock } from "../../core/clock.js";
import { LIMITS } from "../../core/limits.js";
import { markSecret } from "../../core/redact.js";
import type { Timeouts } from "../../net/body.js";
import { networkError } from "../../net/errors.js";
import { type AddressGate, refusalIn } from "../../net/gate.js";
import { type DirectGet, directGet } from "./direct-get.js";
import { type LearntWay, type ShortWay, shortWay } from "./direct-put.js";
import { faultOf, s3Error } from "./errors.js";
import { isProtected, UNSIGNED } from "./sign.js";

export interface S3Access {
  bucket: string;
  /** Ask without credentials. */
  anonymous?: boolean | undefined;
  /** Default: environment, profile, `us-east-1`. */
  region?: string | undefined;
  /** Default: environment, profile, Amazon's. With an endpoint the bucket stands in the path, as other servers want it. */
  endpoint?: string | undefined;
  /** Default: environment, profile, machine role, as every AWS tool finds them. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined;
  /** Profile of the AWS configuration to use where the environment holds no credentials and names no profile. */
  profile?: string | undefined;
  /** Called once, when it is known how to send small bodies without the SDK: several threads may then send them. */
  onWay?: ((way: LearntWay) => void) | undefined;
  /**
   * Maps `https://<bucket>.s3.amazonaws.com/<key>` to the address that is really requested (mirrors, tests). A changed address
   * passes no gate.
   */
  rebase?: ((url: string) => string) | undefined;
  gate?: AddressGate | undefined;
}

export interface AskOptions {
  signal?: AbortSignal | undefined;
  /** The request carries a body, so its answer may take longer than that of a question. */
  upload?: boolean | undefined;
}

/** One command in, its output out: the SDK's own overloads, narrowed to that. */
export type Ask<Nothing> = <Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  command: $Command<Input, Output, S3ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
  url: string,
  options: AskOptions,
) => Promise<Output | Nothing>;

export interface S3Sender {
  ask: Ask<never>;
  /** As `ask`; undefined when there is no such object. */
  askOrNothing: Ask<undefined>;
  /** Small bodies; answers undefined until a command has gone well. */
  short: ShortWay;
  /** Objects and their ranges; answers undefined until a command has gone well. */
  direct: DirectGet;
}

/** Sends commands, once each, and turns every failure into one of ours. */
export function s3Client(access: S3Access, timeouts: Timeouts, clock: Clock): S3Sender {
  let client: Promise<S3Client> | undefined;
  let short: ShortWay | undefined;
  let direct: DirectGet | undefined;

  /**
   * Connects on the first command. Every request goes the SDK's way where addresses are changed or watched, or nothing is signed.
   */
  async function connected(): Promise<S3Client> {
    const made = await connect(access, timeouts);
    if (access.anonymous || access.rebase || access.gate) return made;
    short = shortWay(made, timeouts, clock, access.onWay);
    direct = directGet(made, timeouts, clock);
    return made;
  }

  const ask: Ask<never> = async (command, url, { signal, upload = false }) => {
    throwIfCancelled(signal);
    client ??= connected();
    const stop = new AbortController();
    const forward = () => stop.abort(signal?.reason);
    signal?.addEventListener("abort", forward, { once: true });
    let late = false;
    const answered = new AbortController();
    if (!upload) {
      void clock.sleep(timeouts.headersMs, answered.signal).then(
        () => {
          late = true;
          stop.abort();
        },
        () => {},
      );
    }
    try {
      return await (await client).send(command, { abortSignal: stop.signal });
    } catch (thrown) {
      if (signal?.aborted) throw cancelled(signal);
      if (late) throw networkError(new Error(`no answer within ${timeouts.headersMs / 1000} s`), url);
      throw refusalIn(thrown) ?? s3Error(thrown, url, clock.now());
    } finally {
      answered.abort();
      signal?.removeEventListener("abort", forward);
    }
  };

  return {
    ask,
    short: { put: async (request) => short?.put(request) },
    direct: { get: async (request) => direct?.get(request) },
    askOrNothing: async (command, url, options) => {
      try {
        return await ask(command, url, options);
      } catch (error) {
        const fault = faultOf(error);
        if (fault?.status === 404 && fault.code !== "NoSuchBucket") return undefined;
        throw error;
      }
    },
  };
}

/** A client for a bucket, with credentials and region as every AWS tool finds them. */
export async function connect(access: S3Access, timeouts: Timeouts): Promise<S3Client> {
  const { bucket, anonymous, region, endpoint, credentials, rebase } = access;
  const { env } = process;
  const profile = env.AWS_PROFILE || env.AWS_ACCESS_KEY_ID ? undefined : access.profile;
  const home = `https://${bucket}.s3.amazonaws.com/`;
  const moved = rebase !== undefined && rebase(home) !== home;
  const gate = moved ? undefined : access.gate;
  const agent = { keepAlive: true, maxSockets: 2 * LIMITS.requestsPerHost, ...(gate ? { lookup: gate.lookup } : {}) };
  // The SDK would tell every user on standard error which Node it will want one day.
  env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  for (const name of ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]) markSecret(env[name]);
  markSecret(credentials?.secretAccessKey);
  const config: S3ClientConfig = {
    maxAttempts: 1,
    followRegionRedirects: true,
    // A name with dots does not fit the certificates of `*.s3.amazonaws.com`.
    forcePathStyle: [endpoint, env.AWS_ENDPOINT_URL_S3, env.AWS_ENDPOINT_URL].some(Boolean) || bucket.includes("."),
    // We send our own sums, and compare lengths; the SDK's would read every body a second time.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      socketTimeout: timeouts.stallMs,
      httpAgent: agent,
      httpsAgent: agent,
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(profile === undefined ? {} : { profile }),
    ...(anonymous ? { credentials: { accessKeyId: "", secretAccessKey: "" }, signer: { sign: async (request) => request } } : {}),
  };
  const made = (more: S3ClientConfig) => {
    const fresh = new S3Client({ ...config, ...more });
    if (!moved && !anonymous) withUnsignedBodies(fresh);
    return withAddresses(fresh, bucket, moved ? rebase : undefined, gate);
  };
  const client = made({});
  if (region !== undefined) return client;
  try {
    await client.config.region();
    return client;
  } catch {
    client.destroy();
    return made({ region: "us-east-1" });
  }
}

/** The SDK would hash each body for its signature, also where TLS protects it. */
function withUnsignedBodies(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { protocol, hostname, headers } = args.request as {
        protocol: string;
        hostname: string;
        headers: Record<string, string>;
      };
      if (headers["x-amz-checksum-crc32"] !== undefined && isProtected(protocol, hostname))
        headers["x-amz-content-sha256"] = UNSIGNED;
      return next(args);
    },
    { step: "build", name: "emporiumUnsignedBodies" },
  );
}

/** Every request, last thing before it is sent: to where the bucket's own address leads, or through the gate. */
function withAddresses(client: S3Client, bucket: string, rebase: S3Access["rebase"], gate: AddressGate | undefined): S3Client {
  if (!rebase && !gate) return client;
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as {
        protocol: string;
        hostname: string;
        port?: number;
        path: string;
        headers: Record<string, string>;
      };
      const { protocol, hostname, port, path } = request;
      gate?.check(new URL(`${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}`));
      if (rebase) {
        const key = hostname.startsWith(`${bucket}.`) ? path : path.slice(bucket.length + 1);
        const to = new URL(rebase(`https://${bucket}.s3.amazonaws.com${key === "" ? "/" : key}`));
        Object.assign(request, {
          protocol: to.protocol,
          hostname: to.hostname,
          port: to.port === "" ? undefined : Number(to.port),
        });
        request.path = to.pathname;
        request.headers.host = to.host;
      }
      return next(args);
    },
    { step: "finalizeRequest", priority: "low", name: "emporiumAddresses" },
  );
  return client;
}
