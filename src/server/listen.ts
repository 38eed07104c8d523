import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIPv6 } from "node:net";
import { hostname } from "node:os";
import { type Clock, systemClock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import { type Log, silentLog } from "../core/log.js";
import { isLoopback } from "../net/public-address.js";
import { Bodies, type BodyLimit, postsTo } from "./bodies.js";
import { type ConnectionLimits, limitConnections } from "./connections.js";
import { type Handler, onlyReading, refusal } from "./handler.js";
import { hostRefusals } from "./host-names.js";
import { type SendOptions, type SlowestClient, send } from "./send.js";

export interface ListenOptions {
  /** Address to listen at. Default 127.0.0.1: nobody but this machine. */
  host?: string | undefined;
  /** Default 0: any free port. */
  port?: number | undefined;
  /** Further names of the server, `name` or `name:port`. Needed only on loopback, where other names are refused. */
  names?: readonly string[] | undefined;
  /**
   * Requests that are worked on at the same time; more are refused with 503. A request that waits for its client, or for events, does not count.
   * Default 256.
   */
  requestsMax?: number | undefined;
  /** Default: 1024 in all, half of them for one address. */
  connections?: ConnectionLimits | undefined;
  /** A client that reads more slowly is disconnected. Default: 160 KiB in 20 s, which is 8 KiB/s. */
  slowest?: SlowestClient | undefined;
  /** Clock by which slow clients are measured. */
  clock?: Clock | undefined;
  /** Labels that may stand before `localhost` in a name of this server: `data` for `data.localhost:8080`. */
  subdomains?: readonly string[] | undefined;
  /** Limits of request bodies, by path. Default: none is taken; all is read-only. */
  bodies?: BodyLimit | undefined;
  /** The refusal of a write request, for clients that read more than the status. Default: in words. */
  refuseWriting?: ((path: string) => Response) | undefined;
  log?: Log | undefined;
}

export interface Listening {
  /** `http://127.0.0.1:8080`, without a last `/`. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, waits a few seconds for those under way, and ends the rest. */
  close(): Promise<void>;
}

const CONNECTIONS: ConnectionLimits = { total: 1024, perAddress: 512 };
const SLOWEST: SlowestClient = { bytes: 160 * 1024, ms: 20_000 };
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 5_000;
/** Milliseconds between two checks of the connections against the two limits above. */
const CHECK_MS = 1_000;
/** Milliseconds that answers under way have when the server closes: fewer than a program has that is told to stop. */
const DRAIN_MS = 3_000;
/** A client that takes nothing for so many milliseconds is gone. */
const IDLE_MS = 60_000;

/**
 * Serves a handler over HTTP.
 *
 * On loopback the `Host` header must be an address of this machine. Otherwise a foreign page whose name resolves to this machine
 * could read everything as its own origin.
 *
 * `Request.url` begins with the URL at which the client reached this server: its `Host` if that is one of ours, otherwise the IP
 * address. A name that a client invents is never part of an answer.
 *
 * @throws {EmporiumError} STORE_FAILED if the port cannot be opened.
 */
export async function listen(
  handler: Handler,
  {
    host = "127.0.0.1",
    port = 0,
    names = [],
    subdomains = [],
    requestsMax = 256,
    connections: limits = CONNECTIONS,
    slowest = SLOWEST,
    clock = systemClock,
    bodies: bodyLimit = postsTo({}),
    refuseWriting = onlyReading,
    log = silentLog,
  }: ListenOptions = {},
): Promise<Listening> {
  const bodies = new Bodies();
  const known = new Set(names.map((name) => name.toLowerCase()));
  let isOurs = (_name: string | undefined): boolean => true;
  const refuseHost = hostRefusals(() => known, log);
  let working = 0;
  let closing = false;
  let whenDone = () => {};
  const underWay = new Set<ServerResponse>();
  const server = createServer({ connectionsCheckingInterval: CHECK_MS }, async (incoming, outgoing) => {
    let works = false;
    const gone = new AbortController();
    underWay.add(outgoing);
    outgoing.once("close", () => {
      underWay.delete(outgoing);
      if (underWay.size === 0) whenDone();
      // who has had all of the answer waits for nothing more
      if (!outgoing.writableFinished) gone.abort();
    });
    const whileWaiting = async (wait: Promise<void>) => {
      if (!works) return wait;
      working--;
      await wait.finally(() => working++);
    };
    const options: SendOptions = { slowest, clock, whileWaiting };
    const limited: Handler = async (request, path) => {
      if (working >= requestsMax) return busy();
      works = true;
      working++;
      return handler(request, path);
    };
    try {
      const response =
        closing || connections.isRefused(incoming.socket)
          ? busy({ connection: "close" })
          : await answer(incoming, {
              ...{ handler: limited, refuseWriting, isOurs, refuseHost, known, bodies, bodyLimit, signal: gone.signal },
            });
      // nothing is worked on while a stream of events has none
      if (works && response.headers.get("content-type") === "text/event-stream") {
        works = false;
        working--;
      }
      await send(response, incoming, outgoing, options);
    } catch (error) {
      log.error(error instanceof Error ? error.message : String(error), { url: incoming.url });
      if (outgoing.headersSent) outgoing.destroy();
      else await send(refusal(500, "this failed"), incoming, outgoing, options).catch(() => outgoing.destroy());
    } finally {
      if (works) working--;
    }
  });
  const connections = limitConnections(server, limits, clock);
  const address = await opened(server, port, host);
  if (isLoopback(address.address)) {
    const own = ["127.0.0.1", "localhost", "[::1]", ...subdomains.map((name) => `${name}.localhost`)];
    for (const name of [...own.map((one) => `${one}:${address.port}`), ...(address.port === 80 ? own : [])]) known.add(name);
    isOurs = (name) => name !== undefined && known.has(name.toLowerCase());
  } else known.add(`${hostname().toLowerCase()}:${address.port}`);
  // where every address of the machine is listened at, this one reaches it too
  const one = address.address.replace(/^0\.0\.0\.0$/, "127.0.0.1").replace(/^::$/, "::1");
  const shown = isIPv6(one) ? `[${one}]` : one;
  return {
    url: `http://${shown}:${address.port}`,
    port: address.port,
    async close() {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const done = new Promise<void>((resolve) => (whenDone = resolve));
      for (const outgoing of underWay) endConnection(outgoing);
      const enough = new AbortController();
      if (underWay.size > 0) await Promise.race([done, clock.sleep(DRAIN_MS, enough.signal).catch(() => {})]);
      enough.abort();
      server.closeAllConnections(); // also those that were opened ahead and have asked for nothing
      await closed;
    },
  };
}

/** Closes the connection after the answer: one that is kept alive would keep the server running. */
function endConnection(outgoing: ServerResponse): void {
  outgoing.shouldKeepAlive = false;
  const { socket } = outgoing; // an answer that is finished has none
  if (outgoing.headersSent) outgoing.once("finish", () => socket?.end());
}

async function opened(server: Server, port: number, host: string): Promise<AddressInfo> {
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.timeout = IDLE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(host, port, error)));
    server.listen(port, host, resolve);
  });
  return server.address() as AddressInfo;
}

interface Answering {
  handler: Handler;
  refuseWriting: (path: string) => Response;
  isOurs: (host: string | undefined) => boolean;
  refuseHost: (host: string | undefined) => Response;
  /** Host names that may stand in answers. */
  known: ReadonlySet<string>;
  bodies: Bodies;
  bodyLimit: BodyLimit;
  /** Aborted when the client is gone. */
  signal: AbortSignal;
}

async function answer(
  incoming: IncomingMessage,
  { handler, refuseWriting, isOurs, refuseHost, known, bodies, bodyLimit, signal }: Answering,
): Promise<Response> {
  const { method = "GET", url = "", headers } = incoming;
  if (isNamedTwice(incoming)) return refusal(400, "a request must name exactly one host");
  if (!isOurs(headers.host)) return refuseHost(headers.host);
  // `new URL` would remove the dots and give a path that was not requested.
  if (!url.startsWith("/") || url.includes("\\") || hasDotSegment(url)) return refusal(400, "not a path of this server");
  const target = new URL(`${originOf(incoming, known)}${url}`);
  const path = target.pathname.slice(1);
  const told = [...pairs(headers).filter(([name]) => name !== CLIENT_ADDRESS), clientOf(incoming)];
  const limit = bodyLimit(method, target.pathname);
  if (limit !== undefined) {
    return bodies.take(incoming, limit, (body) =>
      handler(withSignal(new Request(target, { method, headers: told, body }), signal), path),
    );
  }
  if (!/^(?:GET|HEAD|OPTIONS)$/.test(method)) return refuseWriting(path);
  return handler(withSignal(new Request(target, { method, headers: told }), signal), path);
}

/**
 * A request with a signal set on it, rather than given to the constructor: a signal of its own that follows this one costs more
 * than the rest of the request.
 */
function withSignal(request: Request, signal: AbortSignal): Request {
  return Object.defineProperty(request, "signal", { value: signal });
}

/** Header of a request: the address that its connection came from, whatever the client says. */
export const CLIENT_ADDRESS = "x-client-address";

function clientOf({ socket }: IncomingMessage): [string, string] {
  return [CLIENT_ADDRESS, socket.remoteAddress ?? ""];
}

/** The URL at which the client reached this server: by its `Host` header if that name is known, otherwise by IP address. */
function originOf({ headers, socket }: IncomingMessage, known: ReadonlySet<string>): string {
  const named = headers.host?.toLowerCase();
  if (named !== undefined && known.has(named)) return `http://${named}`;
  const { localAddress = "127.0.0.1", localPort } = socket;
  const address = localAddress.replace(/^::ffff:(?=\d+\.)/, "").replace(/%.*$/, "");
  return `http://${isIPv6(address) ? `[${address}]` : address}:${localPort}`;
}

function busy(headers: Readonly<Record<string, string>> = {}): Response {
  return refusal(503, "too many requests at once", { "retry-after": "1", ...headers });
}

/** Whether a request has two `Host` headers. Node hands over the first; a proxy before this server may have gone by the other. */
function isNamedTwice({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.filter((word, i) => i % 2 === 0 && word.toLowerCase() === "host").length > 1;
}

function hasDotSegment(url: string): boolean {
  const path = url.split(/[?#]/, 1)[0]!;
  return path.split("/").some((segment) => /^\.{1,2}$/.test(segment.replace(/%2e/gi, ".")));
}

function pairs(headers: IncomingMessage["headers"]): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
  );
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): EmporiumError {
  const otherPort = "choose another port with --port, or 0 for any free one";
  const otherHost = "give --host an address of this machine: 127.0.0.1 for this machine alone, 0.0.0.0 for all of its networks";
  const [why, hint] = {
    EADDRINUSE: ["the port is in use by another program", otherPort],
    EACCES: ["this port needs administrator rights", otherPort],
    EADDRNOTAVAIL: ["this machine does not have the address", otherHost],
    ENOTFOUND: ["the name of the host cannot be resolved", otherHost],
    EAI_AGAIN: ["the name of the host cannot be resolved", otherHost],
  }[cause.code ?? ""] ?? [cause.message, otherPort];
  return new EmporiumError("STORE_FAILED", `cannot listen on ${host}:${port}: ${why}`, { cause, hint });
}
