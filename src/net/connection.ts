import { connect as connectPlain, isIP, type LookupFunction, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import type { Clock } from "../core/clock.js";
import { bodyFraming, type Framing, headReader, type ReplyHead } from "./head.js";

/** Takes bytes as they come. Returns whether more are wanted now. */
export type Consumer = (bytes: Uint8Array) => boolean;

export interface ConnectionSettings {
  connectMs: number;
  /** Size of the buffer into which all bytes of this connection are read. The next bytes overwrite it: a consumer must copy. */
  readBytes: number;
  clock: Clock;
  /** Resolves host names. Default: the system's resolver. */
  lookup?: LookupFunction | undefined;
}

export interface ReplyListener {
  /** The head of the final answer is there. Gives the consumer of the body, which gets what is there of it at once. */
  onHead(head: ReplyHead, framing: Framing): Consumer;
  /** The connection has failed, or was closed. */
  onClose(error: Error): void;
}

/** The second address of a host is tried after so long: one of IPv4 and IPv6 may be dead. */
const FAMILY_MS = 300;
/** Servers close idle connections after 5 s and more. */
const IDLE_MS = 4_000;

function socketTo(url: URL, { readBytes, lookup }: ConnectionSettings, consumer: Consumer): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const secure = url.protocol === "https:";
  const options = {
    host,
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: FAMILY_MS,
    noDelay: true,
    keepAlive: true,
    ...(lookup ? { lookup } : {}),
    onread: {
      buffer: new Uint8Array(readBytes),
      callback: (count: number, buffer: Uint8Array) => {
        const bytes = buffer.subarray(0, count);
        // TLS hands over all that it has deciphered, piece by piece, whether it was asked to stop or not.
        return consumer(secure ? new Uint8Array(bytes) : bytes);
      },
    },
  };
  // `tls.connect` takes every option of `net.connect`, which its types do not say of `onread`.
  const secured: ConnectionOptions = { ...options, servername: isIP(host) === 0 ? host : "", ALPNProtocols: ["http/1.1"] };
  return secure ? connectTls(secured) : connectPlain(options);
}

/** HTTP/1.1 over one socket, one request at a time. Reading stops while the consumer wants no more. */
export class Connection {
  /** Since when nothing is under way. */
  idleSinceMs = 0;
  /** A byte of the answer to the last request has come. */
  answered = false;
  onClose: (error: Error) => void = () => {};
  readonly socket: Socket;
  #consumer: Consumer = () => true;
  #fault: Error | undefined;

  private constructor(url: URL, settings: ConnectionSettings) {
    this.socket = socketTo(url, settings, (bytes) => this.#consumer(bytes));
    this.socket.on("error", (error) => {
      this.#fault = error;
    });
    this.socket.on("end", () => this.socket.destroy());
    this.socket.on("close", () => this.onClose(this.fault));
  }

  /** @throws {Error} ETIMEDOUT after `connectMs`, or what the socket says */
  static async open(url: URL, settings: ConnectionSettings, signal?: AbortSignal): Promise<Connection> {
    const connection = new Connection(url, settings);
    const { socket } = connection;
    const over = new AbortController();
    void settings.clock.sleep(settings.connectMs, over.signal).then(
      () =>
        socket.destroy(Object.assign(new Error(`no connection within ${settings.connectMs / 1000} s`), { code: "ETIMEDOUT" })),
      () => {},
    );
    const stop = () => socket.destroy();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once(url.protocol === "https:" ? "secureConnect" : "connect", resolve);
        socket.once("error", reject);
        socket.once("close", () => reject(new Error("the connection was closed while it was made")));
      });
    } finally {
      over.abort();
      signal?.removeEventListener("abort", stop);
    }
    return connection;
  }

  /** Why the socket is closed. */
  get fault(): Error {
    return this.#fault ?? new Error("the server closed the connection");
  }

  /** Bytes either way; what the system has taken counts as gone. */
  get movedBytes(): number {
    return this.socket.bytesRead + this.socket.bytesWritten - this.socket.writableLength;
  }

  /** Head and body leave in one system call. */
  ask(head: string, body: Uint8Array | undefined, { onHead, onClose }: ReplyListener): void {
    const { socket } = this;
    this.answered = false;
    this.onClose = onClose;
    const read = headReader();
    this.#consumer = (bytes) => {
      this.answered = true;
      try {
        const found = read(bytes);
        if (!found) return true;
        this.#consumer = onHead(found.head, bodyFraming(found.head));
        return this.#consumer(found.rest);
      } catch (error) {
        onClose(error as Error);
        socket.destroy();
        return false;
      }
    };
    if (socket.destroyed) {
      onClose(this.fault);
      return;
    }
    socket.ref();
    socket.cork();
    socket.write(head, "latin1");
    if (body) socket.write(body);
    socket.uncork();
    socket.resume();
  }

  /** Nothing is under way until the next request. `onGone` is called when the server closes the connection meanwhile. */
  rest(idleSinceMs: number, onGone: () => void): void {
    this.idleSinceMs = idleSinceMs;
    this.onClose = onGone;
    // Whatever comes unasked is no answer.
    this.#consumer = () => {
      this.socket.destroy();
      return false;
    };
    this.socket.unref();
    this.socket.resume();
  }
}

/** Connections of which each server can be asked again. */
export class IdleConnections {
  readonly #byOrigin = new Map<string, Connection[]>();
  constructor(private readonly clock: Clock) {}

  /** The one that was used last, unless the server may be about to close it. */
  take(origin: string): Connection | undefined {
    const list = this.#byOrigin.get(origin);
    for (let one = list?.pop(); one; one = list!.pop()) {
      if (!this.isStale(one) && !one.socket.destroyed) return one;
      one.socket.destroy();
    }
    return undefined;
  }

  keep(origin: string, connection: Connection): void {
    const list = this.#byOrigin.get(origin) ?? [];
    this.#byOrigin.set(origin, list);
    connection.rest(this.clock.monotonic(), () => {
      const at = list.indexOf(connection);
      if (at >= 0) list.splice(at, 1);
    });
    list.push(connection);
    while (this.isStale(list[0]!)) list.shift()!.socket.destroy();
  }

  private isStale({ idleSinceMs }: Connection): boolean {
    return this.clock.monotonic() - idleSinceMs > IDLE_MS;
  }
}

/** @param length of the body, if there is one. @throws {TypeError} if a line end would allow the injection of a header. */
export function requestHead(method: string, target: string, headers: Readonly<Record<string, string>>, length?: number): string {
  let text = `${method} ${plain(target)} HTTP/1.1\r\n`;
  for (const name in headers) text += `${plain(name)}: ${plain(headers[name]!)}\r\n`;
  return length === undefined ? `${text}\r\n` : `${text}content-length: ${length}\r\n\r\n`;
}

function plain(text: string): string {
  if (/[\0\r\n]/.test(text)) throw new TypeError("a header holds a line end");
  return text;
}
