import { createHash } from "node:crypto";
import { throwIfCancelled } from "../core/cancel.js";
import type { Clock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import type { Json } from "../core/json.js";
import { LIMITS } from "../core/limits.js";
import { redact } from "../core/redact.js";
import { counted } from "../core/units.js";
import { type Env, envOf, type GivenEnv } from "../engine/env.js";
import { TIMEOUTS, type Timeouts } from "../net/body.js";
import { type HttpClient, httpClient } from "../net/client.js";
import { parseRetryAfter, statusError } from "../net/errors.js";
import { type AddressGate, publicGate, type Resolve, refused, resolveName } from "../net/gate.js";
import { HOST_PER_SECOND, type HostPace, hostPace } from "../net/pace.js";
import { isRedirect, nextHop, REDIRECTS_MAX } from "../net/redirects.js";
import { type RetryPolicy, retried, retries } from "../net/retry.js";
import { type Answer, readAnswer } from "./answer.js";
import { type Bases, rebased } from "./bases.js";
import { cookieJar } from "./cookies.js";
import { notFound, replyFault } from "./faults.js";
import { checkAddress, isListed } from "./hosts.js";
import type { NetReply, NetRequest, Portal, PortalNet, RequestRecord } from "./portal.js";
import { decodeText, jsonOf } from "./reply-body.js";

export interface PortalClientOptions extends GivenEnv {
  /** Other base URLs of portals, for mirrors and tests (`--portal-base`). */
  bases?: Bases | undefined;
  /** Requests a second of one host, below what the host itself asks for. */
  perSecond?: number | undefined;
  /** The rate limit of a host, if other code requests from it too. Default: the client has its own for each host. */
  pace?: ((host: string) => HostPace) | undefined;
  /** Resolves host names. Default: the system's resolver. */
  resolve?: Resolve | undefined;
  timeouts?: Partial<Timeouts> | undefined;
  agentName?: string | undefined;
}

/** The HTTP client of all adapters: one pool of connections, one pace for each host. */
export interface PortalClient {
  /**
   * The client of one adapter for one target. `typed`: addresses that a person gave; their hosts are trusted whatever they are,
   * also on this machine.
   */
  open(portal: Pick<Portal, "name" | "hosts">, typed?: readonly string[]): PortalNet;
  close(): Promise<void>;
}

/** Requests in a second of a host that asks for nothing else. */
const PER_SECOND = 10;
/** A mirror or a test server often stands for several hosts: the strictest of their rate limits applies. */
const PER_SECOND_MIRROR = 4;

const POLICY: RetryPolicy = { tries: 5, baseMs: 500, capMs: 30_000, retryAfterMsMax: 5 * 60_000 };

interface Context extends Env {
  readonly bases: Bases;
  readonly agentName: string;
  readonly client: HttpClient;
  /** Gate for addresses that no person typed. */
  readonly gate: AddressGate;
  /** @param mirror where the host is really asked */
  paceOf(url: URL, mirror: string | undefined): HostPace;
}

export function portalClient(options: PortalClientOptions = {}): PortalClient {
  const env = envOf(options);
  const { bases = new Map(), resolve = resolveName, perSecond = Number.POSITIVE_INFINITY, agentName = "emporium" } = options;
  const client = httpClient({ ...TIMEOUTS, ...options.timeouts }, LIMITS.requestsPerHost);
  const paces = new Map<string, HostPace>();

  function paceOf(url: URL, mirror: string | undefined): HostPace {
    if (options.pace) return options.pace(url.host);
    const key = mirror === undefined ? url.hostname : new URL(mirror).host;
    const known = mirror === undefined ? (HOST_PER_SECOND[url.hostname] ?? PER_SECOND) : PER_SECOND_MIRROR;
    const pace = paces.get(key) ?? hostPace(env.clock, { perSecond: Math.max(1, Math.floor(Math.min(known, perSecond))) });
    paces.set(key, pace);
    return pace;
  }

  const context = { ...env, bases, agentName, client, gate: publicGate(resolve), paceOf };
  return { open: (portal, typed = []) => portalNet(context, portal, typed), close: () => client.close() };
}

function portalNet(context: Context, portal: Pick<Portal, "name" | "hosts">, typed: readonly string[]): PortalNet {
  const { clock } = context;
  const requests: RequestRecord[] = [];
  const ask = asker(context, portal, typed, record);

  function record(url: string, { status, bytes }: Answer): void {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    requests.push({ url: redact(url), status, sha256, retrieved_at: new Date(clock.now()).toISOString() });
  }

  /** Follows redirections; undefined where there is no such thing. */
  async function follow(text: string, request: NetRequest): Promise<Answer | undefined> {
    const { method = "GET" } = request;
    let url = addressOf(text);
    for (let hop = 0; ; hop++) {
      const answer = await ask(url, method, request);
      const location = isRedirect(answer.status) && method === "GET" ? answer.header("location") : undefined;
      if (location === undefined) {
        if (answer.status === 404 || answer.status === 410) return undefined;
        const error = failureOf(answer, url.href, clock);
        if (error) throw error;
        return answer;
      }
      if (hop >= REDIRECTS_MAX) throw replyFault(text, `redirected more than ${REDIRECTS_MAX} times`);
      url = redirected(url, location, text);
    }
  }

  async function findText(text: string, request: NetRequest = {}): Promise<string | undefined> {
    const answer = await follow(text, request);
    return answer && decodeText(answer.bytes, answer.header("content-type"));
  }

  async function findJson(text: string, request: NetRequest = {}): Promise<Json | undefined> {
    const body = await findText(text, { ...request, headers: { accept: "application/json", ...request.headers } });
    return body === undefined ? undefined : jsonOf(body, text);
  }

  async function head(text: string, { redirection = false } = {}): Promise<NetReply> {
    const url = addressOf(text);
    let answer = await ask(url, "HEAD", {});
    const expected = isRedirect(answer.status) || (redirection && answer.status < 400);
    const nothing = expected && answer.header("location") === undefined;
    if ([400, 403, 405, 501].includes(answer.status) || nothing) {
      // A range, so that a file behind a server without HEAD is not fetched whole.
      answer = await ask(url, "GET", { headers: { range: "bytes=0-0" }, bytesMax: PROBE_BYTES_MAX });
    }
    return { url: url.href, status: answer.status, header: answer.header };
  }

  return {
    requests,
    findText,
    findJson,
    getText: async (text, request) => (await findText(text, request)) ?? absent(text),
    getJson: async (text, request) => (await findJson(text, request)) ?? absent(text),
    head,
  };
}

/**
 * One request, retried if that may help: within the host's rate limit, and through the address gate unless a person trusts the
 * URL. Redirections are not followed.
 *
 * @param record called with the answer, and with the last one before giving up.
 */
function asker(
  context: Context,
  portal: Pick<Portal, "name" | "hosts">,
  typed: readonly string[],
  record: (url: string, answer: Answer) => void,
) {
  const { clock, signal, client } = context;
  const typedOrigins = new Set(typed.filter((text) => URL.canParse(text)).map((text) => new URL(text).origin));
  const jar = cookieJar();

  async function once(url: URL, method: string, request: NetRequest): Promise<Answer> {
    const { headers, body } = request;
    const mirror = rebased(url, context.bases, portal.name);
    const trust = mirror !== undefined || typedOrigins.has(url.origin);
    if (!trust) checkAddress(url.href, portal.hosts);
    else if (!typedOrigins.has(url.origin) && !isListed(url.hostname, portal.hosts)) {
      throw refused(url.href, `${url.hostname} is none of the portal's hosts`);
    }
    const replied = await context.paceOf(url, mirror).request(signal);
    try {
      const cookie = jar.header(url.host);
      const reply = await client.send(mirror ?? url.href.split("#", 1)[0]!, {
        method,
        shown: url.href,
        gate: trust ? undefined : context.gate,
        headers: {
          "user-agent": context.agentName,
          ...(cookie === undefined ? {} : { cookie }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body,
        signal,
      });
      jar.keep(url.host, reply.headers("set-cookie"));
      return await readAnswer(reply, method, request, { shown: url.href, timeouts: client.timeouts, signal });
    } finally {
      replied();
    }
  }

  return async (url: URL, method: string, request: NetRequest): Promise<Answer> => {
    const exhausted = (error: EmporiumError, failed: number) => {
      if ("answer" in error) record(url.href, error.answer as Answer);
      return givenUp(error, url.href, failed);
    };
    const attempt = async () => {
      throwIfCancelled(signal);
      const answer = await once(url, method, request);
      const error = failureOf(answer, url.href, clock);
      if (error?.facts.retry !== "later") return answer;
      throw Object.assign(error, { answer });
    };
    const answer = await retried(retries(POLICY, { ...context, exhausted }), attempt, redact(url.href));
    record(url.href, answer);
    return answer;
  };
}

const PROBE_BYTES_MAX = 64 * 1024;

function addressOf(text: string): URL {
  if (!URL.canParse(text)) throw refused(text, "the URL is not valid");
  return new URL(text);
}

function redirected(from: URL, location: string, asked: string): URL {
  const next = nextHop(from.href, location);
  if ("url" in next) return new URL(next.url);
  if (next.fault === "no address") throw replyFault(asked, "redirected to something that is not an address");
  if (next.fault === "scheme") throw refused(next.to.href, `${next.to.protocol} is not allowed here`);
  throw refused(next.to.href, "the redirection leads from https to http");
}

/** Undefined for what is an answer: success, redirection, absence. */
function failureOf(answer: Answer, url: string, clock: Clock): EmporiumError | undefined {
  const { status } = answer;
  if ((status >= 200 && status < 400) || status === 404 || status === 410) return undefined;
  return statusError(status, url, { retryAfterMs: parseRetryAfter(answer.header("retry-after"), clock.now()) });
}

function givenUp(error: EmporiumError, url: string, tries: number): EmporiumError {
  return new EmporiumError("NETWORK", `${error.message}; tried ${counted(tries, "time")}`, {
    place: { url: redact(url) },
    hint: error.facts.hint ?? "try again later, or name a mirror with --portal-base",
    cause: error,
  });
}

function absent(url: string): never {
  throw notFound(url, "no such page");
}
