import type { LookupFunction } from "node:net";
import { type Clock, systemClock } from "../core/clock.js";
import type { Body, Timeouts } from "./body.js";
import { Connection, type Consumer, IdleConnections, requestHead } from "./connection.js";
import type { Framing, ReplyHead } from "./head.js";

/**
 * GET over HTTP/1.1 for long bodies. Node allocates a buffer for every 64 KiB, which costs several times the transfer; here each
 * connection reads into one buffer. (1 GiB over loopback: 0.25 s of processor time against 1.2 s.)
 */
export interface WireReply extends ReplyHead {
  body: WireBody;
}

/** Pieces are lent: each is good until the next one is asked for. */
export interface WireBody extends Body {
  dump(options?: { limit: number }): Promise<void>;
}

export interface WireOptions {
  timeouts: Pick<Timeouts, "connectMs" | "headersMs">;
  /** Resolves host names. Default: the system's resolver. */
  lookup?: LookupFunction | undefined;
  /** Real time by default: a server does not wait for a test's clock. */
  clock?: Clock | undefined;
}

export interface WireRequest {
  headers: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
}

/** The buffer of one connection. */
const READ_BYTES = 512 * 1024;

/** Idle connections of clients that check no addresses: stores of many folders of one host share them. */
const shared = new IdleConnections(systemClock);

/** Sends one request, once; follows nothing, tries nothing again but what a server's closing of an idle connection made void. */
export function httpWire(options: WireOptions): (url: URL, request: WireRequest) => Promise<WireReply> {
  const { timeouts, lookup, clock = systemClock } = options;
  // A caller that checks addresses has its own connections.
  const idle = lookup ? new IdleConnections(clock) : shared;
  const settings = { connectMs: timeouts.connectMs, readBytes: READ_BYTES, clock, lookup };

  return async (url, { headers, signal }) => {
    const head = requestHead("GET", `${url.pathname}${url.search}`, { host: url.host, connection: "keep-alive", ...headers });
    for (;;) {
      signal?.throwIfAborted();
      const used = idle.take(url.origin);
      const connection = used ?? (await Connection.open(url, settings, signal));
      const exchange = { headersMs: timeouts.headersMs, clock, signal, onFree: () => idle.keep(url.origin, connection) };
      try {
        return await replyOver(connection, head, exchange);
      } catch (error) {
        if (!used || connection.answered || !connection.socket.destroyed || signal?.aborted) throw error;
      }
    }
  };
}

interface Exchange {
  headersMs: number;
  clock: Clock;
  signal: AbortSignal | undefined;
  /** The body has ended, and the connection can be used again. */
  onFree(): void;
}

async function replyOver(
  connection: Connection,
  head: string,
  { headersMs, clock, signal, onFree }: Exchange,
): Promise<WireReply> {
  const { socket } = connection;
  const answered = new AbortController();
  void clock.sleep(headersMs, answered.signal).then(
    () => socket.destroy(new Error(`no answer within ${headersMs / 1000} s`)),
    () => {},
  );
  const stop = () => socket.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  const end = () => signal?.removeEventListener("abort", stop);
  try {
    return await new Promise<WireReply>((resolve, onClose) => {
      connection.ask(head, undefined, {
        onHead(found, framing) {
          const { body, consumer } = lentBody(connection, framing, end, onFree);
          resolve({ ...found, body });
          return consumer;
        },
        onClose,
      });
    });
  } catch (error) {
    end();
    throw error;
  } finally {
    answered.abort();
  }
}

/** A body whose pieces are views of the connection's buffer: reading stops while one is lent. */
function lentBody(connection: Connection, framing: Framing, end: () => void, onFree: () => void) {
  const { socket } = connection;
  const lent: Uint8Array[] = [];
  let failure: unknown;
  let gone = false;
  let over = false;
  let wake: (() => void) | undefined;

  connection.onClose = (error) => {
    gone = true;
    if (!framing.atClose()) failure ??= error;
    finish();
    wake?.();
  };
  const consumer: Consumer = (bytes) => {
    try {
      lent.push(...framing.take(bytes));
    } catch (error) {
      failure = error;
      socket.destroy();
    }
    if (lent.length === 0 && !framing.ended && failure === undefined) return true;
    wake?.();
    return false;
  };

  /** The socket is free for another request, once all that was lent is given back. */
  function finish(): void {
    if (over) return;
    over = true;
    end();
    if (gone || failure !== undefined || !framing.reusable || !framing.ended || socket.destroyed) socket.destroy();
    else onFree();
  }
  async function next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      const piece = lent.shift();
      if (piece) return { done: false, value: piece };
      if (failure !== undefined) {
        finish();
        throw failure;
      }
      if (framing.ended || over || gone) {
        finish();
        return { done: true, value: undefined };
      }
      socket.resume();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = undefined;
    }
  }
  const destroy = () => {
    failure ??= over ? undefined : new Error("the body was dropped");
    lent.length = 0;
    if (!framing.ended) socket.destroy();
    finish();
    wake?.();
  };
  const iterator = {
    next,
    async return() {
      if (!over && !(framing.ended && lent.length === 0)) destroy();
      else finish();
      return { done: true as const, value: undefined };
    },
  };
  const body: WireBody = {
    [Symbol.asyncIterator]: () => iterator,
    destroy,
    async dump({ limit } = { limit: Number.POSITIVE_INFINITY }) {
      if ((framing.bytesToCome ?? 0) > limit) return void destroy();
      for (let seen = 0; ; ) {
        const step = await next();
        if (step.done) return;
        seen += step.value.length;
        if (seen > limit) return void destroy();
      }
    },
  };
  return { body, consumer };
}
