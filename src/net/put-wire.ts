import { connect as connectPlain, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { type Clock, systemClock } from "../core/clock.js";
import type { Timeouts } from "./body.js";
import { bodyFraming, type Framing, headReader, type ReplyHead } from "./head.js";

/**
 * PUT over HTTP/1.1 for many small bodies: head and body leave in one system call, the answer is read into a buffer that stays. Per request it costs about a
 * third of what a general client does, which for bodies of some ten kilobytes is most of all there is.
 */
export interface PutWire {
  /**
   * One request, tried once; only where the server had closed an idle connection it goes over a fresh one. The body's memory is free again when
   * this resolves, and not when it rejects.
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
/** Servers close idle connections after 5 s and more. */
const IDLE_MS = 4_000;
const FAMILY_MS = 300;
/** How often a span of timeouts is looked at. */
const LOOKS = 6;

export function putWire(origin: string, timeouts: Pick<Timeouts, "connectMs" | "stallMs">, clock: Clock = systemClock): PutWire {
  const url = new URL(origin);
  const open = new Set<Connection>();
  const idle: Connection[] = [];
  let watching: AbortController | undefined;

  /** Whoever has moved no byte for a whole span is dead. One timer for all: one for each request would cost more than the request. */
  async function watch(stop: AbortSignal): Promise<void> {
    const marks = new Map<Connection, { moved: number; since: number }>();
    while (open.size > 0) {
      await clock.sleep(timeouts.stallMs / LOOKS, stop);
      for (const connection of [...marks.keys()]) if (!open.has(connection)) marks.delete(connection);
      for (const connection of open) {
        const now = clock.monotonic();
        const mark = marks.get(connection);
        const moved = connection.busy ? connection.moved() : -1;
        if (mark?.moved !== moved || moved < 0) marks.set(connection, { moved, since: now });
        else if (now - mark.since >= timeouts.stallMs)
          connection.destroy(new Error(`nothing came or went for ${timeouts.stallMs / 1000} s`));
      }
    }
  }
  function watched(connection: Connection): Connection {
    open.add(connection);
    connection.onGone = () => {
      open.delete(connection);
      const at = idle.indexOf(connection);
      if (at >= 0) idle.splice(at, 1);
      if (open.size === 0) watching?.abort();
    };
    if (open.size === 1) {
      watching = new AbortController();
      watch(watching.signal).catch(() => {});
    }
    return connection;
  }

  return {
    async put(target, headers, body, signal) {
      const head = headOf(target, headers, body.length);
      for (;;) {
        signal?.throwIfAborted();
        let connection = idle.pop();
        const used = connection !== undefined;
        if (connection && clock.monotonic() - connection.idleSinceMs > IDLE_MS) {
          connection.destroy();
          continue;
        }
        connection ??= watched(await connected(url, timeouts.connectMs, clock));
        const stop = () => connection?.destroy(new Error("stopped"));
        signal?.addEventListener("abort", stop, { once: true });
        try {
          signal?.throwIfAborted();
          const reply = await connection.ask(head, body);
          if (connection.reusable) {
            connection.idleSinceMs = clock.monotonic();
            idle.push(connection);
          } else connection.destroy();
          return reply;
        } catch (error) {
          connection.destroy();
          // what a condition made of the first request cannot be told from what it makes of the second
          if (!used || connection.answered || "if-match" in headers || "if-none-match" in headers) throw error;
        } finally {
          signal?.removeEventListener("abort", stop);
        }
      }
    },
    close() {
      for (const connection of [...open]) connection.destroy(new Error("stopped"));
    },
  };
}

function headOf(target: string, headers: Readonly<Record<string, string>>, length: number): string {
  let text = `PUT ${plain(target)} HTTP/1.1\r\n`;
  for (const name in headers) text += `${name}: ${plain(headers[name]!)}\r\n`;
  return `${text}content-length: ${length}\r\n\r\n`;
}

/** Nobody brings a line of his own. */
function plain(text: string): string {
  if (/[\0\r\n]/.test(text)) throw new TypeError("a header holds a line end");
  return text;
}

async function connected(url: URL, timeoutMs: number, clock: Clock): Promise<Connection> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const secure = url.protocol === "https:";
  const connection = new Connection();
  const wiring = {
    host,
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: FAMILY_MS,
    noDelay: true,
    onread: {
      buffer: new Uint8Array(READ_BYTES),
      callback: (count: number, buffer: Uint8Array) => {
        connection.take(buffer.subarray(0, count));
        return true;
      },
    },
  };
  // `tls.connect` takes every option of `net.connect`, which its types do not say of `onread`
  const secured: ConnectionOptions = { ...wiring, servername: isIP(host) === 0 ? host : "", ALPNProtocols: ["http/1.1"] };
  const socket = secure ? connectTls(secured) : connectPlain(wiring);
  const over = new AbortController();
  void clock.sleep(timeoutMs, over.signal).then(
    () => socket.destroy(Object.assign(new Error(`no connection within ${timeoutMs / 1000} s`), { code: "ETIMEDOUT" })),
    () => {},
  );
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once(secure ? "secureConnect" : "connect", resolve);
      socket.once("error", reject);
      socket.once("close", () => reject(new Error("the connection was closed while it was made")));
    });
  } finally {
    over.abort();
  }
  connection.use(socket);
  return connection;
}

/** One request at a time over one socket. */
class Connection {
  idleSinceMs = 0;
  onGone: () => void = () => {};
  /** A byte of the answer has come. */
  answered = false;
  reusable = false;
  private socket: Socket | undefined;
  private waiting: { resolve(reply: PutReply): void; reject(error: Error): void } | undefined;
  private read = headReader();
  private head: ReplyHead | undefined;
  private framing: Framing | undefined;
  private text = "";

  get busy(): boolean {
    return this.waiting !== undefined;
  }

  /** Bytes either way; what the system has taken counts as gone. */
  moved(): number {
    return (this.socket?.bytesRead ?? 0) + (this.socket?.bytesWritten ?? 0) - (this.socket?.writableLength ?? 0);
  }

  use(socket: Socket): void {
    this.socket = socket;
    socket.on("error", (error) => this.gone(error));
    socket.on("end", () => socket.destroy());
    socket.on("close", () => this.gone(new Error("the server closed the connection")));
    socket.unref();
  }

  ask(head: string, body: Uint8Array): Promise<PutReply> {
    const socket = this.socket!;
    this.answered = false;
    this.reusable = false;
    this.read = headReader();
    this.head = undefined;
    this.framing = undefined;
    this.text = "";
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      if (socket.destroyed) {
        this.gone(new Error("the server closed the connection"));
        return;
      }
      socket.ref();
      socket.cork();
      socket.write(head, "latin1");
      socket.write(body);
      socket.uncork();
    });
  }

  take(bytes: Uint8Array): void {
    // whatever comes unasked is no answer
    if (!this.waiting) {
      this.destroy();
      return;
    }
    this.answered = true;
    try {
      let rest = bytes;
      if (!this.framing) {
        const found = this.read(bytes);
        if (!found) return;
        this.head = found.head;
        this.framing = bodyFraming(found.head);
        rest = found.rest;
      }
      for (const piece of this.framing.take(rest))
        if (this.text.length < TEXT_MAX) this.text += Buffer.from(piece).toString("utf8");
      if (this.framing.ended) this.finish();
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  destroy(error?: Error): void {
    this.socket?.destroy();
    this.gone(error ?? new Error("the connection was dropped"));
  }

  private finish(): void {
    const { waiting, socket } = this;
    this.waiting = undefined;
    // an answer that comes before the body has gone leaves the rest of it in the way
    this.reusable = this.framing!.reusable && socket!.writableLength === 0 && !socket!.destroyed;
    socket!.unref();
    waiting!.resolve({ head: this.head!, text: this.text });
  }

  private gone(error: Error): void {
    const { waiting } = this;
    this.onGone();
    if (!waiting) return;
    if (this.framing?.atClose()) this.finish();
    else {
      this.waiting = undefined;
      waiting.reject(error);
    }
  }
}
