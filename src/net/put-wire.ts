import { type Clock, systemClock } from "../core/clock.js";
import type { Timeouts } from "./body.js";
import { Connection, IdleConnections, requestHead } from "./connection.js";
import type { ReplyHead } from "./head.js";

/**
 * PUT over HTTP/1.1 for many small bodies: one system call sends head and body, and the answer goes into a reused buffer. A
 * request costs a third of a general client's, which matters for bodies of some 10 kB.
 */
export interface PutWire {
  /**
   * One request, tried once; over a fresh connection if the server had closed the idle one. The body's memory may be reused when
   * this resolves, but not when it rejects.
   */
  put(target: string, headers: Readonly<Record<string, string>>, body: Uint8Array, signal?: AbortSignal): Promise<PutReply>;
  /** Breaks off what is on its way. */
  close(): void;
}

export interface PutReply {
  readonly head: ReplyHead;
  /** The answer's body, cut at 64 KiB. */
  readonly text: string;
}

/** For answers, which are some headers. */
const READ_BYTES = 16 * 1024;
const TEXT_MAX = 64 * 1024;
/** How often in `stallMs` connections are looked at. */
const LOOKS = 6;

export function putWire(origin: string, timeouts: Pick<Timeouts, "connectMs" | "stallMs">, clock: Clock = systemClock): PutWire {
  const url = new URL(origin);
  const settings = { connectMs: timeouts.connectMs, readBytes: READ_BYTES, clock };
  const idle = new IdleConnections(clock);
  const watch = stallWatch(timeouts.stallMs, clock);

  return {
    async put(target, headers, body, signal) {
      const head = requestHead("PUT", target, headers, body.length);
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
          const { reusable, ...reply } = await replyOver(connection, head, body);
          if (reusable) idle.keep(origin, connection);
          else connection.socket.destroy();
          return reply;
        } catch (error) {
          connection.socket.destroy();
          // The result of a conditional first request cannot be told from that of the second.
          if (!used || connection.answered || "if-match" in headers || "if-none-match" in headers) throw error;
        } finally {
          signal?.removeEventListener("abort", stop);
          watch.busy(connection, false);
        }
      }
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
