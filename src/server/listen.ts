import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { EmporiumError } from "../core/errors.js";
import { type Log, silentLog } from "../core/log.js";
import { Bodies } from "./bodies.js";
import { type Handler, onlyReading, refusal } from "./handler.js";

export interface ListenOptions {
  /** Default 127.0.0.1: nobody but this machine. */
  host?: string | undefined;
  /** Default 0: any that is free. */
  port?: number | undefined;
  /** Further names that the server goes by, `name` or `name:port`. Needed on loopback only, where other names are refused. */
  names?: readonly string[] | undefined;
  /** Requests that are answered at the same time; more are sent away with 503. Default 256. */
  requestsMax?: number | undefined;
  /** What may stand before `localhost` in a name of this server: `data` for `data.localhost:8080`. */
  subdomains?: readonly string[] | undefined;
  /** Paths that take a body with POST, and of how many bytes at most. Everywhere else there is only reading. */
  posts?: Readonly<Record<string, number>> | undefined;
  /** How whoever wants to write is refused, for clients that read more than the status. Default: in words. */
  refuseWriting?: ((path: string) => Response) | undefined;
  log?: Log | undefined;
}

export interface Listening {
  /** `http://127.0.0.1:8080`, without a last `/`. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests and ends those under way. */
  close(): Promise<void>;
}

const CONNECTIONS_MAX = 1024;
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 5_000;
/** A client that takes nothing for so long is gone. */
const IDLE_MS = 60_000;

/**
 * Serves a handler over HTTP.
 *
 * On loopback the `Host` header must be an address of this machine: a page elsewhere whose name is made to resolve here would otherwise read
 * everything in the name of its own origin.
 *
 * @throws {EmporiumError} STORE_FAILED where the port cannot be had.
 */
export async function listen(
  handler: Handler,
  {
    host = "127.0.0.1",
    port = 0,
    names = [],
    subdomains = [],
    requestsMax = 256,
    posts = {},
    refuseWriting = onlyReading,
    log = silentLog,
  }: ListenOptions = {},
): Promise<Listening> {
  const bodies = new Bodies(posts);
  let isOurs = (_name: string | undefined): boolean => true;
  let underWay = 0;
  const server = createServer(async (incoming, outgoing) => {
    underWay++;
    try {
      const response =
        underWay > requestsMax
          ? refusal(503, "too many requests at once", { "retry-after": "1" })
          : await answer(incoming, { handler, refuseWriting, isOurs, bodies });
      await send(response, incoming, outgoing);
    } catch (error) {
      log.error(error instanceof Error ? error.message : String(error), { url: incoming.url });
      if (outgoing.headersSent) outgoing.destroy();
      else await send(refusal(500, "this failed"), incoming, outgoing).catch(() => outgoing.destroy());
    } finally {
      underWay--;
    }
  });
  server.maxConnections = CONNECTIONS_MAX;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.timeout = IDLE_MS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(host, port, error)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  if (isLoopback(address.address)) {
    const own = ["localhost", "127.0.0.1", "[::1]", ...subdomains.map((name) => `${name}.localhost`)];
    const known = new Set([...own.map((name) => `${name}:${address.port}`), ...(address.port === 80 ? own : []), ...names]);
    isOurs = (name) => name !== undefined && known.has(name.toLowerCase());
  }
  const shown = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${shown}:${address.port}`,
    port: address.port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answering {
  handler: Handler;
  refuseWriting: (path: string) => Response;
  isOurs: (host: string | undefined) => boolean;
  bodies: Bodies;
}

async function answer(incoming: IncomingMessage, { handler, refuseWriting, isOurs, bodies }: Answering): Promise<Response> {
  const { method = "GET", url = "", headers } = incoming;
  if (isNamedTwice(incoming)) return refusal(400, "a request has one host");
  if (!isOurs(headers.host)) return refusal(421, "this server does not go by that name");
  // `new URL` would take the dots away and show a path that nobody asked for.
  if (!url.startsWith("/") || url.includes("\\") || hasDotSegment(url)) return refusal(400, "this is no path of this server");
  const target = new URL(`http://localhost${url}`);
  const path = target.pathname.slice(1);
  if (method === "POST" && bodies.isTaken(target.pathname)) {
    return bodies.take(incoming, target.pathname, (body) =>
      handler(new Request(target, { method, headers: pairs(headers), body }), path),
    );
  }
  if (!/^(?:GET|HEAD|OPTIONS)$/.test(method)) return refuseWriting(path);
  return handler(new Request(target, { method, headers: pairs(headers) }), path);
}

/** Node hands over the first; who stands before this server may have gone by another. */
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

async function send(response: Response, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const headers = Object.fromEntries(response.headers);
  // What a client sends along with a request that is refused is not waited for.
  const sends = incoming.headers["transfer-encoding"] !== undefined || Number(incoming.headers["content-length"] ?? 0) > 0;
  if (sends && !incoming.complete) {
    headers.connection = "close";
  }
  outgoing.writeHead(response.status, headers);
  if (!response.body || incoming.method === "HEAD") {
    outgoing.end();
    return;
  }
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || outgoing.destroyed) break;
      if (!outgoing.write(value)) await drained(outgoing);
    }
    outgoing.end();
  } finally {
    await reader.cancel().catch(() => {}); // a body that failed has said so already
  }
}

/** Until more can be written, or nobody reads any more. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off("drain", done).off("close", done);
      resolve();
    };
    outgoing.on("drain", done).on("close", done);
    if (outgoing.destroyed) done();
  });
}

function isLoopback(address: string): boolean {
  return /^127\./.test(address) || address === "::1" || /^::ffff:127\./.test(address);
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): EmporiumError {
  const why =
    { EADDRINUSE: "another program has this port", EACCES: "this port needs more rights" }[cause.code ?? ""] ?? cause.message;
  return new EmporiumError("STORE_FAILED", `cannot listen on ${host}:${port}: ${why}`, { cause, hint: "choose another port" });
}
