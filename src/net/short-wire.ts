import type { LookupFunction } from "node:net";
import { type Clock, systemClock } from "../core/clock.js";
import type { Timeouts } from "./body.js";
import { Connection, IdleConnections, requestHead } from "./connection.js";
import type { ReplyHead } from "./head.js";

/**
 * HTTP/1.1 for many small bodies, either way: one system call sends head and body, and answers go into a reused buffer. A request costs
 * a third of a general client's, which matters for bodies of some 10 kB. Nothing is followed; a request is sent again only where the
 * server had closed the idle connection before it.
 */
export interface ShortWire {
  /** The body's memory may be reused when this resolves, but not when it rejects. */
  put(target: string, headers: Headers, body: Uint8Array, signal?: AbortSignal): Promise<PutReply>;
  /**
   * @param room memory for an answer of so many bytes; undefined: it is not wanted, and its connection is closed
   * @returns without `bytes` where there was no room for them, or the answer does not tell their number
   */
  get(target: string, headers: Headers, room: Room, signal?: AbortSignal): Promise<GetReply>;
  /** Breaks off what is on its way. */
  close(): void;
}

type Headers = Readonly<Record<string, string>>;
type Room = (head: ReplyHead, length: number) => Uint8Array | undefined;

interface PutReply {
  readonly head: ReplyHead;
  /** The answer's body, cut at 64 KiB. */
  readonly text: string;
}

interface GetReply {
  readonly head: ReplyHead;
  readonly bytes: Uint8Array | undefined;
}

export interface ShortWireOptions {
  /** The buffer of each connection. Default: for answers that are some headers. */
  readonly readBytes?: number | undefined;
  /** Resolves host names. Default: the system's resolver. */
  readonly lookup?: LookupFunction | undefined;
  /** Real time by default: a server does not wait for a test's clock. */
  readonly clock?: Clock | undefined;
}

const READ_BYTES = 16 * 1024;
const TEXT_MAX = 64 * 1024;
/** Checks of the connections in `stallMs`. */
const LOOKS = 6;

export function shortWire(
  origin: string,
  timeouts: Pick<Timeouts, "connectMs" | "stallMs">,
  { readBytes = READ_BYTES, lookup, clock = systemClock }: ShortWireOptions = {},
): ShortWire {
  const url = new URL(origin);
  const settings = { connectMs: timeouts.connectMs, readBytes, clock, lookup };
  const idle = new IdleConnections(clock);
  const watch = stallWatch(timeouts.stallMs, clock);

  /** @param again the request does the same when it is sent twice */
  async function exchange<Reply extends { reusable: boolean }>(
    again: boolean,
    signal: AbortSignal | undefined,
    over: (connection: Connection) => Promise<Reply>,
  ): Promise<Reply> {
    for (;;) {
      signal?.throwIfAborted();
      const used = idle.take(origin);
      const connection = used ?? (await Connection.open(url, settings));
      if (!used) watch.open(connection);
      const stop = () => connection.socket.destroy(new Error("stopped"));
      signal?.addEventListener("abort", stop, { once: true });
      watch.busy(connection, true);
      try {
        signal?.throwIfAborted();
        const reply = await over(connection);
        if (reply.reusable) idle.keep(origin, connection);
        else connection.socket.destroy();
        return reply;
      } catch (error) {
        connection.socket.destroy();
        if (!used || connection.answered || !again) throw error;
      } finally {
        signal?.removeEventListener("abort", stop);
        watch.busy(connection, false);
      }
    }
  }

  return {
    async put(target, headers, body, signal) {
      const head = requestHead("PUT", target, headers, body.length);
      // the result of a conditional first request cannot be told from that of the second
      const again = !("if-match" in headers || "if-none-match" in headers);
      const { reusable: _, ...reply } = await exchange(again, signal, (connection) => replyOver(connection, head, body));
      return reply;
    },
    async get(target, headers, room, signal) {
      const head = requestHead("GET", target, headers);
      const { reusable: _, ...reply } = await exchange(true, signal, (connection) => bodyOver(connection, head, room));
      return reply;
    },
    close: () => watch.close(),
  };
}

function replyOver(connection: Connection, request: string, body: Uint8Array): Promise<PutReply & { reusable: boolean }> {
  return new Promise((resolve, reject) => {
    const { socket } = connection;
    connection.ask(request, body, {
      onHead(head, framing) {
        let text = "";
        const finish = () => {
          // an answer that comes before the body has gone leaves the rest of it in the way
          const reusable = framing.ended && framing.reusable && socket.writableLength === 0 && !socket.destroyed;
          resolve({ head, text, reusable });
        };
        connection.onClose = (error) => (framing.atClose() ? finish() : reject(error));
        return (bytes) => {
          try {
            for (const piece of framing.take(bytes)) if (text.length < TEXT_MAX) text += Buffer.from(piece).toString("utf8");
            if (framing.ended) finish();
          } catch (error) {
            reject(error);
            socket.destroy();
          }
          return true;
        };
      },
      onClose: reject,
    });
  });
}

function bodyOver(connection: Connection, request: string, room: Room): Promise<GetReply & { reusable: boolean }> {
  return new Promise((resolve, reject) => {
    const { socket } = connection;
    connection.ask(request, undefined, {
      onHead(head, framing) {
        const bytes = framing.bytesToCome === undefined ? undefined : room(head, framing.bytesToCome);
        if (!bytes) {
          resolve({ head, bytes, reusable: false });
          return () => false;
        }
        let at = 0;
        connection.onClose = reject;
        return (some) => {
          try {
            for (const piece of framing.take(some)) {
              bytes.set(piece, at);
              at += piece.length;
            }
            if (framing.ended) resolve({ head, bytes, reusable: framing.reusable && !socket.destroyed });
          } catch (error) {
            reject(error);
            socket.destroy();
          }
          return true;
        };
      },
      onClose: reject,
    });
  });
}

/** Closes connections that move no byte for `stallMs` during a request. One timer for all costs less than one each. */
function stallWatch(stallMs: number, clock: Clock) {
  const open = new Map<Connection, { busy: boolean; moved: number; sinceMs: number }>();
  let watching: AbortController | undefined;

  async function look(stop: AbortSignal): Promise<void> {
    for (;;) {
      await clock.sleep(stallMs / LOOKS, stop);
      const now = clock.monotonic();
      for (const [connection, state] of open) {
        const moved = state.busy ? connection.movedBytes : -1;
        if (state.moved !== moved || moved < 0) Object.assign(state, { moved, sinceMs: now });
        else if (now - state.sinceMs >= stallMs)
          connection.socket.destroy(new Error(`nothing came or went for ${stallMs / 1000} s`));
      }
    }
  }

  function gone(connection: Connection): void {
    open.delete(connection);
    if (open.size === 0) watching?.abort();
  }

  return {
    open(connection: Connection): void {
      open.set(connection, { busy: false, moved: -1, sinceMs: clock.monotonic() });
      connection.socket.on("close", () => gone(connection));
      if (open.size > 1) return;
      watching = new AbortController();
      look(watching.signal).catch(() => {});
    },
    busy(connection: Connection, busy: boolean): void {
      const state = open.get(connection);
      if (state) state.busy = busy;
    },
    close(): void {
      for (const connection of [...open.keys()]) connection.socket.destroy(new Error("stopped"));
    },
  };
}
