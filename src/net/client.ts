import type { Agent } from "undici";
import { cancelled } from "../core/cancel.js";
import type { Body, Timeouts } from "./body.js";
import { networkError } from "./errors.js";
import { type AddressGate, refusalIn } from "./gate.js";
import { httpWire } from "./wire.js";

export interface HttpExchange {
  method: string;
  /** The address for messages: without secrets. */
  shown: string;
  headers?: Readonly<Record<string, string>> | undefined;
  body?: string | undefined;
  /** Resolves and checks the host's addresses. Default: the system resolves, nothing is checked. */
  gate?: AddressGate | undefined;
  signal?: AbortSignal | undefined;
  /** A long body is to come: its pieces are lent, each good until the next one is asked for. GET only. */
  long?: boolean | undefined;
}

export interface HttpReply {
  status: number;
  /** The value of a header, the first where there are several. */
  header(name: string): string | undefined;
  /** Every value of a header. */
  headers(name: string): readonly string[];
  body: Body & { dump(options?: { limit: number }): Promise<void> };
}

/** The one HTTP client: reuses connections, applies timeouts, checks addresses. Does not follow redirections or retry. */
export interface HttpClient {
  readonly timeouts: Timeouts;
  /** @throws {EmporiumError} STORE_UNAVAILABLE, ADDRESS_REFUSED, CANCELLED */
  send(url: string, exchange: HttpExchange): Promise<HttpReply>;
  close(): Promise<void>;
}

/** The second address of a host is tried after so long: one of IPv4 and IPv6 may be dead. */
const FAMILY_MS = 300;

/** @param connections to one host, those for long bodies not counted. Default: no limit */
export function httpClient(timeouts: Timeouts, connections?: number): HttpClient {
  const agents = new Map<AddressGate | undefined, Agent>();
  const wires = new Map<AddressGate | undefined, ReturnType<typeof httpWire>>();

  function agentOf(gate: AddressGate | undefined, undici: typeof import("undici")): Agent {
    const made =
      agents.get(gate) ??
      new undici.Agent({
        connect: {
          timeout: timeouts.connectMs,
          autoSelectFamily: true,
          autoSelectFamilyAttemptTimeout: FAMILY_MS,
          ...(gate ? { lookup: gate.lookup } : {}),
        },
        headersTimeout: timeouts.headersMs,
        bodyTimeout: 0, // whoever reads the body watches its speed
        ...(connections === undefined ? {} : { connections }),
      });
    agents.set(gate, made);
    return made;
  }

  function wireOf(gate: AddressGate | undefined): ReturnType<typeof httpWire> {
    const made = wires.get(gate) ?? httpWire({ timeouts, lookup: gate?.lookup });
    wires.set(gate, made);
    return made;
  }

  async function exchanged(url: string, { method, headers = {}, body, gate, signal, long }: HttpExchange): Promise<HttpReply> {
    if (long) {
      const { status, header, body: lent } = await wireOf(gate)(new URL(url), { headers, signal });
      return replyOf(status, (name) => [header(name) ?? []].flat(), lent);
    }
    const undici = await import("undici"); // most commands ask nobody
    const reply = await undici.request(url, {
      method: method as "GET",
      dispatcher: agentOf(gate, undici),
      headers: { ...headers },
      body: body ?? null,
      signal: signal ?? null,
    });
    // An aborted body reports no error after it was dropped.
    reply.body.on("error", () => {});
    return replyOf(reply.statusCode, (name) => [reply.headers[name] ?? []].flat(), reply.body);
  }

  return {
    timeouts,
    send: (url, exchange) =>
      exchanged(url, {
        ...exchange,
        headers: { "user-agent": "emporium", accept: "*/*", "accept-encoding": "identity", ...exchange.headers },
      }).catch((error: unknown) => {
        throw exchange.signal?.aborted ? cancelled(exchange.signal) : (refusalIn(error) ?? networkError(error, exchange.shown));
      }),
    close: async () => {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

function replyOf(status: number, values: (name: string) => string[], body: HttpReply["body"]): HttpReply {
  const headers = (name: string) => values(name).map(headerText);
  return { status, header: (name) => headers(name)[0], headers, body };
}

/** Header bytes arrive one a character; some servers send UTF-8 in `Location`. */
function headerText(value: string): string {
  if (!/[\u0080-\u00ff]/.test(value)) return value;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(value, "latin1"));
  } catch {
    return value;
  }
}

/** Ends an unwanted body. A short one is read, so that the connection can be reused. */
export async function drop({ body }: Pick<HttpReply, "body">): Promise<void> {
  await body.dump({ limit: 64 * 1024 }).catch(() => {});
}
