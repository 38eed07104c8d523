import { createHash } from "node:crypto";
import { Agent, request as undiciRequest } from "undici";
import { cancelled, throwIfCancelled } from "../core/cancel.js";
import { type Clock, systemClock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import type { Json } from "../core/json.js";
import { LIMITS } from "../core/limits.js";
import { type Log, silentLog } from "../core/log.js";
import type { Random } from "../core/random.js";
import { redact } from "../core/redact.js";
import { networkError, PATIENCE, type Patience, parseRetryAfter, readBody, statusError } from "../net/errors.js";
import { publicLookup, refusalIn, refused, resolveName } from "../net/gate.js";
import { type RetryPolicy, retried, retries } from "../net/retry.js";
import { type Bases, rebased } from "./bases.js";
import { type CookieJar, cookieJar } from "./cookies.js";
import { notFound, replyFault } from "./faults.js";
import { checkAddress, isListed } from "./hosts.js";
import type { NetReply, NetRequest, Portal, PortalNet, RequestRecord } from "./portal.js";
import { type RateGate, rateGate } from "./rate-gate.js";
import { decodeText, decompressed, jsonOf, tooLong } from "./reply-body.js";

export interface DoorOptions {
  clock?: Clock | undefined;
  random?: Random | undefined;
  signal?: AbortSignal | undefined;
  log?: Log | undefined;
  /** Mirrors and tests (`--portal-base`). */
  bases?: Bases | undefined;
  /** Requests a second of one host, below what the host itself asks for. */
  perSecond?: number | undefined;
  /** The pace of a host, where others ask the same host beside this door. Default: one of the door's own for each. */
  gate?: ((host: string) => RateGate) | undefined;
  /** What a name resolves to. Default: the system's resolver. */
  resolve?: ((host: string) => Promise<readonly string[]>) | undefined;
  patience?: Partial<Patience> | undefined;
  agentName?: string | undefined;
}

/** The way out for all adapters: one pool of connections and one pace per host. */
export interface Door {
  /**
   * What one adapter gets for one target. `typed`: addresses that a person gave; their hosts are trusted whatever they are, also on
   * this machine.
   */
  open(portal: Pick<Portal, "name" | "hosts">, typed?: readonly string[]): PortalNet;
  close(): Promise<void>;
}

/** What hosts ask of their users, in requests that begin in a second; everybody else gets `PER_SECOND`. */
const HOST_PER_SECOND: Readonly<Record<string, number>> = {
  "idr.openmicroscopy.org": 4,
  "ftp.ebi.ac.uk": 4,
  "www.ebi.ac.uk": 4,
};
const PER_SECOND = 10;
/** A mirror, or a test's server, often stands for several hosts: the strictest pace of all. */
const PER_SECOND_MIRROR = 4;

const POLICY: RetryPolicy = { tries: 5, baseMs: 500, capMs: 30_000, retryAfterMsMax: 5 * 60_000 };
const REDIRECTS_MAX = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  bytes: Uint8Array;
}

export function openDoor(options: DoorOptions = {}): Door {
  const {
    clock = systemClock,
    random = Math.random,
    signal,
    log = silentLog,
    bases = new Map(),
    agentName = "emporium",
  } = options;
  const { resolve = resolveName, perSecond = Number.POSITIVE_INFINITY } = options;
  const patience = { ...PATIENCE, ...options.patience };
  const common = { headersTimeout: patience.headersMs, bodyTimeout: 0, connections: LIMITS.requestsPerHost };
  const trusted = new Agent({ ...common, connect: { timeout: patience.connectMs, autoSelectFamily: true } });
  const guarded = new Agent({
    ...common,
    connect: { timeout: patience.connectMs, autoSelectFamily: true, lookup: publicLookup(resolve) },
  });
  const gates = new Map<string, RateGate>();

  function gateOf(host: string, mirror: string | undefined): RateGate {
    const key = mirror === undefined ? host : new URL(mirror).host;
    const pace = mirror === undefined ? (HOST_PER_SECOND[host] ?? PER_SECOND) : PER_SECOND_MIRROR;
    const gate = gates.get(key) ?? rateGate(Math.max(1, Math.floor(Math.min(pace, perSecond))), clock);
    gates.set(key, gate);
    return gate;
  }

  function open(portal: Pick<Portal, "name" | "hosts">, typed: readonly string[] = []): PortalNet {
    const typedOrigins = new Set(typed.filter((text) => URL.canParse(text)).map((text) => new URL(text).origin));
    const jar = cookieJar();
    const requests: RequestRecord[] = [];

    /** One request of one hop; nothing is followed, nothing is tried again. */
    async function once(url: URL, method: string, request: NetRequest): Promise<Answer> {
      const mirror = rebased(url, bases, portal.name);
      const trust = mirror !== undefined || typedOrigins.has(url.origin);
      if (!trust) checkAddress(url.href, portal.hosts);
      else if (!typedOrigins.has(url.origin) && !isListed(url.hostname, portal.hosts)) {
        throw refused(url.href, `${url.hostname} is none of the portal's hosts`);
      }
      const gate = options.gate?.(url.host) ?? gateOf(url.hostname, mirror);
      const leave = await gate.enter(signal).catch((error: unknown) => {
        throw signal?.aborted ? cancelled(signal) : error;
      });
      try {
        const way = { agent: trust ? trusted : guarded, shown: url.href, jar, host: url.host };
        return await exchange(mirror ?? url.href.split("#", 1)[0]!, method, request, way);
      } finally {
        leave();
      }
    }

    async function again(url: URL, method: string, request: NetRequest): Promise<Answer> {
      const tries = retries(POLICY, {
        clock,
        random,
        log,
        signal,
        exhausted(error, failed) {
          const answer = "answer" in error ? (error.answer as Answer) : undefined;
          if (answer) record(url.href, answer);
          return exhausted(error, url.href, failed);
        },
      });
      return retried(
        tries,
        async () => {
          throwIfCancelled(signal);
          const answer = await once(url, method, request);
          const error = failureOf(answer, url.href, clock);
          if (error?.facts.retry !== "later") return answer;
          throw Object.assign(error, { answer });
        },
        redact(url.href),
      );
    }

    function record(url: string, { status, bytes }: Answer): void {
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      requests.push({ url: redact(url), status, sha256, retrieved_at: new Date(clock.now()).toISOString() });
    }

    async function follow(text: string, request: NetRequest): Promise<{ answer: Answer; url: string } | undefined> {
      const { method = "GET" } = request;
      let url = addressOf(text);
      for (let hop = 0; ; hop++) {
        const answer = await again(url, method, request);
        record(url.href, answer);
        const location = REDIRECTS.has(answer.status) && method === "GET" ? headerOf(answer, "location") : undefined;
        if (location === undefined) {
          if (answer.status === 404 || answer.status === 410) return undefined;
          const error = failureOf(answer, url.href, clock);
          if (error) throw error;
          return { answer, url: url.href };
        }
        if (hop >= REDIRECTS_MAX) throw replyFault(text, `it redirects more than ${REDIRECTS_MAX} times`);
        if (!URL.canParse(location, url.href)) throw replyFault(text, "it redirects to what is no address");
        const next = new URL(location, url);
        if (url.protocol === "https:" && next.protocol === "http:") throw refused(next.href, "it leads from https to http");
        url = next;
      }
    }

    async function find(text: string, request: NetRequest = {}): Promise<string | undefined> {
      const found = await follow(text, request);
      return found && decodeText(found.answer.bytes, headerOf(found.answer, "content-type"));
    }

    async function findJson(text: string, request: NetRequest = {}): Promise<Json | undefined> {
      const body = await find(text, { ...request, headers: { accept: "application/json", ...request.headers } });
      return body === undefined ? undefined : jsonOf(body, text);
    }

    return {
      requests,
      findText: find,
      findJson,
      async getText(text, request) {
        return (await find(text, request)) ?? absent(text);
      },
      async getJson(text, request) {
        return (await findJson(text, request)) ?? absent(text);
      },
      async head(text, { redirection = false } = {}) {
        const url = addressOf(text);
        let answer = await again(url, "HEAD", {});
        const expected = REDIRECTS.has(answer.status) || (redirection && answer.status < 400);
        const nothing = expected && headerOf(answer, "location") === undefined;
        if ([400, 403, 405, 501].includes(answer.status) || nothing) {
          record(url.href, answer);
          // A range, so that a file behind a server without HEAD is not fetched whole.
          answer = await again(url, "GET", { headers: { range: "bytes=0-0" }, bytesMax: PROBE_BYTES_MAX });
        }
        record(url.href, answer);
        const last = answer;
        return { url: url.href, status: last.status, header: (name) => headerOf(last, name) } satisfies NetReply;
      },
    };
  }

  async function exchange(
    address: string,
    method: string,
    { headers = {}, body, bytesMax = LIMITS.replyBytes }: NetRequest,
    { agent, shown, jar, host }: { agent: Agent; shown: string; jar: CookieJar; host: string },
  ): Promise<Answer> {
    const cookie = jar.header(host);
    const reply = await undiciRequest(address, {
      method: method as "GET",
      dispatcher: agent,
      headers: {
        "user-agent": agentName,
        accept: "*/*",
        "accept-encoding": "identity",
        ...(cookie === undefined ? {} : { cookie }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body ?? null,
      signal: signal ?? null,
    }).catch((error: unknown) => {
      throw signal?.aborted ? cancelled(signal) : (refusalIn(error) ?? networkError(error, shown));
    });
    reply.body.on("error", () => {});
    jar.keep(host, reply.headers["set-cookie"]);
    const answer = { status: reply.statusCode, headers: reply.headers, bytes: new Uint8Array(0) };
    const length = headerOf(answer, "content-length");
    const announced = length !== undefined && /^\d+$/.test(length) && method !== "HEAD" ? Number(length) : undefined;
    if (method === "HEAD") {
      await reply.body.dump({ limit: 1024 }).catch(() => {});
      return answer;
    }
    if (headers.range !== undefined) {
      reply.body.destroy();
      return answer;
    }
    if (announced !== undefined && announced > bytesMax) {
      reply.body.destroy();
      throw tooLong(shown, announced, bytesMax);
    }
    const { bytes } = await readBody(reply.body, {
      url: shown,
      length: bytesMax + 1,
      announced,
      etag: undefined,
      patience,
      signal,
    });
    if (bytes.length > bytesMax) throw tooLong(shown, bytes.length, bytesMax);
    return { ...answer, bytes: await decompressed(bytes, headerOf(answer, "content-encoding"), shown, bytesMax) };
  }

  return {
    open,
    close: async () => {
      await Promise.all([trusted.destroy(), guarded.destroy()]);
    },
  };
}

const PROBE_BYTES_MAX = 64 * 1024;

function addressOf(text: string): URL {
  if (!URL.canParse(text)) throw refused(text, "it is no valid address");
  return new URL(text);
}

function headerOf({ headers }: Pick<Answer, "headers">, name: string): string | undefined {
  const value = headers[name];
  const text = Array.isArray(value) ? value[0] : value;
  // Header bytes arrive one a character; short links send UTF-8 in `Location`.
  if (text === undefined || !/[\u0080-\u00ff]/.test(text)) return text;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(text, "latin1"));
  } catch {
    return text;
  }
}

/** Undefined for what is an answer: success, redirection, absence. */
function failureOf(answer: Answer, url: string, clock: Clock): EmporiumError | undefined {
  const { status } = answer;
  if ((status >= 200 && status < 400) || status === 404 || status === 410) return undefined;
  return statusError(status, url, { retryAfterMs: parseRetryAfter(headerOf(answer, "retry-after"), clock.now()) });
}

function exhausted(error: EmporiumError, url: string, tries: number): EmporiumError {
  return new EmporiumError("NETWORK", `${error.message}; tried ${tries} time${tries === 1 ? "" : "s"}`, {
    place: { url: redact(url) },
    hint: error.facts.hint ?? "try again later, or name a mirror with --portal-base",
    cause: error,
  });
}

function absent(url: string): never {
  throw notFound(url, "it does not exist");
}
