import { Agent, request as undiciRequest } from "undici";
import { cancelled, throwIfCancelled } from "../core/cancel.js";
import { redact, type Secret } from "../core/redact.js";
import { type Body, networkError, type Patience, protocol } from "./errors.js";
import { type AddressGate, publicGate, type Resolve, refusalIn, resolveName } from "./gate.js";
import { httpWire } from "./wire.js";

export interface HttpRequestOptions {
  /** The whole `Authorization` header; goes to the origin of `home` alone. */
  authorization?: Secret | undefined;
  /** The gate of every request. Default: none for the host and port that a person named, `publicGate` for every other that it redirects to. */
  gate?: AddressGate | undefined;
  /** Without `gate`: redirections may lead to private networks and any port. */
  allowPrivate?: boolean | undefined;
  /** Where an address is really asked for (mirrors, tests). What it changes passes no gate, for a person named the place. */
  rebase?: ((url: string) => string) | undefined;
  /** What a name resolves to. Default: the system's resolver. */
  resolve?: Resolve | undefined;
}

export interface HttpRequest {
  method: "GET" | "HEAD";
  url: string;
  /** The address for messages: without secrets. */
  shown: string;
  headers?: Readonly<Record<string, string>> | undefined;
  signal?: AbortSignal | undefined;
  /** A long body is to come: its pieces are lent, each good until the next one is asked for. GET only. */
  long?: boolean | undefined;
}

export interface HttpAnswer {
  /** As `shown` of the request. */
  url: string;
  /** Where the answer came from, after redirections. */
  finalUrl: string;
  status: number;
  header(name: string): string | undefined;
  body: Body & { dump(options?: { limit: number }): Promise<void> };
}

type Wire = ReturnType<typeof httpWire>;

const REDIRECTS_MAX = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Sends requests, once each, and follows redirections: five at most, never from https to http, credentials dropped at the first other
 * origin, every hop checked.
 *
 * @param home an address of the origin that the credentials are for.
 */
export function httpRequests(
  home: string,
  patience: Patience,
  { authorization, gate, allowPrivate, rebase = (url) => url, resolve = resolveName }: HttpRequestOptions,
): (request: HttpRequest) => Promise<HttpAnswer> {
  const homeOrigin = new URL(home).origin;
  const agentOf = (guard: AddressGate | undefined) =>
    new Agent({
      connect: {
        timeout: patience.connectMs,
        autoSelectFamily: true,
        autoSelectFamilyAttemptTimeout: 300,
        ...(guard ? { lookup: guard.lookup } : {}),
      },
      headersTimeout: patience.headersMs,
      bodyTimeout: 0, // whoever reads the body watches its speed
    });
  const elsewhere = gate ?? publicGate(resolve, { allowPrivate });
  let agents: { open: Agent; guarded: Agent } | undefined;
  let wires: { open: Wire; guarded: Wire } | undefined;

  /** A server may send us into our own network no more than a stranger may: it can be old, or taken over. */
  const guardOf = (url: string) => (gate || new URL(url).origin === homeOrigin ? gate : elsewhere);

  /** One exchange, over whichever way suits the body. */
  async function exchange(
    url: string,
    guarded: boolean,
    { method, long, signal }: HttpRequest,
    headers: Record<string, string>,
  ): Promise<Pick<HttpAnswer, "status" | "header" | "body">> {
    if (long) {
      wires ??= { open: httpWire({ patience }), guarded: httpWire({ patience, lookup: elsewhere.lookup }) };
      return (guarded ? wires.guarded : wires.open)(new URL(url), { headers, signal });
    }
    agents ??= { open: agentOf(undefined), guarded: agentOf(elsewhere) };
    const dispatcher = guarded ? agents.guarded : agents.open;
    const reply = await undiciRequest(url, { method, dispatcher, headers, signal: signal ?? null });
    // An aborted body reports to nobody after it was dropped.
    reply.body.on("error", () => {});
    const header = (name: string) => {
      const value = reply.headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    return { status: reply.statusCode, header, body: reply.body };
  }

  return async (request) => {
    const { url: first, shown, headers, signal } = request;
    let url = first;
    for (let hop = 0; ; hop++) {
      throwIfCancelled(signal);
      const asked = rebase(url);
      const guard = asked === url ? guardOf(url) : undefined;
      guard?.check(new URL(url));
      const auth: Record<string, string> =
        authorization && new URL(asked).origin === homeOrigin ? { authorization: authorization.reveal() } : {};
      const reply = await exchange(asked, guard !== undefined, request, {
        "user-agent": "emporium",
        accept: "*/*",
        "accept-encoding": "identity",
        ...auth,
        ...headers,
      }).catch((error: unknown) => {
        throw signal?.aborted ? cancelled(signal) : (refusalIn(error) ?? networkError(error, shown));
      });
      const answer: HttpAnswer = { url: shown, finalUrl: url, ...reply };
      const location = reply.header("location");
      if (!REDIRECTS.has(reply.status) || location === undefined) return answer;
      await drop(answer);
      if (hop >= REDIRECTS_MAX)
        throw protocol(shown, `redirects more than ${REDIRECTS_MAX} times`, "check the address in a browser", "no");
      url = nextHop(url, location, shown);
    }
  };
}

/** Ends a body that nobody wants; a short one is read so that the connection can be used again. */
export async function drop({ body }: HttpAnswer): Promise<void> {
  await body.dump({ limit: 64 * 1024 }).catch(() => {});
}

function nextHop(from: string, location: string, shown: string): string {
  if (!URL.canParse(location, from)) throw protocol(shown, "redirects to what is no address", undefined, "no");
  const next = new URL(location, from);
  if (next.protocol !== "https:" && next.protocol !== "http:")
    throw protocol(shown, `redirects to ${redact(next.protocol)}`, undefined, "no");
  if (new URL(from).protocol === "https:" && next.protocol === "http:") {
    throw protocol(shown, "redirects from https to http, which is not followed", "ask for an https address", "no");
  }
  next.username = "";
  next.password = "";
  return next.href;
}
