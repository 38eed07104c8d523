import type { Socket } from "node:net";
import { FTPContext, FTPError } from "basic-ftp";
import { cancelled, throwIfCancelled } from "../../core/cancel.js";
import type { Clock } from "../../core/clock.js";
import { EmporiumError } from "../../core/errors.js";
import { redact, type Secret } from "../../core/redact.js";
import type { Timeouts } from "../../net/body.js";
import { networkError, protocol } from "../../net/errors.js";
import type { AddressGate } from "../../net/gate.js";
import { type FtpReply, lost, passivePort, replyError } from "./errors.js";
import { connectLent, type LentSocket } from "./lent-socket.js";

export interface FtpHost {
  host: string;
  port: number;
  user: string;
  password: Secret | string;
  timeouts: Timeouts;
  clock: Clock;
  gate: AddressGate | undefined;
}

/** Capabilities of a server, learned from its answers and shared by its connections. */
export interface FtpCapabilities {
  extendedPassive: boolean;
  /** Undefined until it was tried. */
  restart: boolean | undefined;
  machineListing: boolean | undefined;
  /** The answer to `FEAT`, in upper case, without parameters. */
  features: ReadonlySet<string> | undefined;
}

/** A reply that promises data, and the data. */
export interface FtpTransfer {
  data: LentSocket;
  /** The last reply, after the data or instead of them. */
  done: Promise<FtpReply>;
}

/** One control connection, logged in. Commands go one after the other; text is bytes, each a character (Latin-1). */
export interface FtpSession {
  readonly capabilities: FtpCapabilities;
  /** Where the login begins: what paths of a URL are relative to. Ends with `/`. */
  readonly home: string;
  readonly alive: boolean;
  /** The reply, whatever its code. Throws STORE_UNAVAILABLE (`later`) when the connection is lost; it is closed then. */
  ask(command: string, signal: AbortSignal | undefined): Promise<FtpReply>;
  /** Begins a transfer, from a byte on. Without the promise of data the reply comes back. */
  transfer(command: string, restartAt: number, signal: AbortSignal | undefined): Promise<FtpTransfer | FtpReply>;
  /** Whether the event loop waits for it. */
  hold(held: boolean): void;
  close(): void;
}

/** Replies that belong to transfers: in answer to anything else they are late, and what follows would answer the wrong question. */
const LATE = new Set([225, 226, 250, 426, 451]);

/**
 * Connects and logs in.
 *
 * @throws {EmporiumError} STORE_THROTTLED when the server has too many connections, STORE_DENIED, STORE_UNAVAILABLE.
 */
export async function openFtpSession(
  to: FtpHost,
  capabilities: FtpCapabilities,
  url: string,
  signal: AbortSignal | undefined,
): Promise<FtpSession> {
  const { host, port, user, password, timeouts, clock, gate } = to;
  throwIfCancelled(signal);
  const addresses = gate ? await resolved(gate, host, url) : [host];
  const { context, greeting } = await connected(addresses, port);
  let home = "/";

  /** Ends the connection when nothing comes in time, or nobody wants it any more. */
  async function within<T>(ms: number, work: Promise<T>, stop: AbortSignal | undefined): Promise<T> {
    const over = new AbortController();
    const abort = () => context.closeWithError(new Error("cancelled"));
    stop?.addEventListener("abort", abort, { once: true });
    void clock.sleep(ms, over.signal).then(
      () => context.closeWithError(new Error(`no answer within ${ms / 1000} s`)),
      () => {},
    );
    try {
      return await work;
    } catch (thrown) {
      if (stop?.aborted) throw cancelled(stop);
      throw lost(thrown, url);
    } finally {
      over.abort();
      stop?.removeEventListener("abort", abort);
    }
  }

  async function ask(command: string, stop: AbortSignal | undefined): Promise<FtpReply> {
    throwIfCancelled(stop);
    const reply = await within(timeouts.headersMs, lastReply(context, command), stop);
    const late = LATE.has(reply.code) && !/^(?:CWD|PWD)/.test(command);
    if (reply.code === 421 || late) {
      context.closeWithError(new Error(`the server answers ${reply.message} to ${command.split(" ", 1)[0]}`));
      throw lost(new Error(reply.message), url);
    }
    return reply;
  }

  /** The address that a reply names is not looked at: data come from where the commands go, or from nowhere. */
  async function openData(stop: AbortSignal | undefined): Promise<LentSocket> {
    const address = context.socket.remoteAddress;
    if (address === undefined) throw lost(new Error("the connection is gone"), url);
    if (capabilities.extendedPassive) {
      const reply = await ask("EPSV", stop);
      const dataPort = passivePort(reply);
      // Some firewalls let the command through, and not the connection that it asks for.
      if (dataPort !== undefined) {
        const data = await dataSocket(address, dataPort).catch((error: unknown) => {
          if (context.socket.remoteFamily === "IPv6") throw error;
          return undefined;
        });
        if (data) return data;
      } else if (reply.code < 500) throw replyError(reply, url);
      capabilities.extendedPassive = false;
    }
    const reply = await ask("PASV", stop);
    const dataPort = passivePort(reply);
    if (reply.code >= 400) throw replyError(reply, url);
    if (dataPort === undefined) throw protocol(url, `answers PASV with "${reply.message}"`);
    return dataSocket(address, dataPort);
  }

  async function dataSocket(address: string, dataPort: number): Promise<LentSocket> {
    const data = connectLent({ host: address, port: dataPort });
    await opened(data.socket, `data connection to port ${dataPort}`);
    return data;
  }

  /** Resolves with a socket that is connected, and whose errors reach whoever reads it, or nobody. */
  async function opened(socket: Socket, what: string): Promise<Socket> {
    const over = new AbortController();
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve).once("error", reject);
        clock
          .sleep(timeouts.connectMs, over.signal)
          .then(() => reject(new Error(`${what}: no connection within ${timeouts.connectMs / 1000} s`)))
          .catch(() => {});
      });
      socket.on("error", () => {});
      return socket;
    } catch (thrown) {
      socket.on("error", () => {}).destroy();
      throw networkError(thrown, url);
    } finally {
      over.abort();
    }
  }

  async function connected(hosts: readonly string[], at: number) {
    let last: unknown;
    for (const one of hosts) {
      const attempt = new LineContext(0, "latin1");
      const first = lastReply(attempt, undefined);
      first.catch(() => {});
      try {
        const socket = attempt.socket;
        socket.setNoDelay(true);
        socket.connect({ host: one, port: at, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 300 });
        await Promise.race([opened(socket, one), first]);
        return { context: attempt, greeting: first };
      } catch (thrown) {
        attempt.close();
        last = thrown;
      }
    }
    throw networkError(last, url);
  }

  async function logIn(): Promise<void> {
    refuseAbove(await within(timeouts.headersMs, greeting, signal));
    let reply = await within(timeouts.headersMs, lastReply(context, `USER ${user}`), signal);
    if (reply.code === 331) {
      const word = typeof password === "string" ? password : password.reveal();
      reply = await within(timeouts.headersMs, lastReply(context, `PASS ${word}`), signal);
    }
    refuseAbove(reply);
    if (capabilities.features === undefined) {
      const { code, message } = await ask("FEAT", signal);
      const lines = code === 211 ? message.split("\n").slice(1, -1) : [];
      capabilities.features = new Set(lines.map((line) => line.trim().split(/\s/, 1)[0]!.toUpperCase()));
    }
    if (capabilities.features.has("UTF8")) await ask("OPTS UTF8 ON", signal);
    const type = await ask("TYPE I", signal);
    if (type.code >= 400) throw replyError(type, url);
    const { code, message } = await ask("PWD", signal);
    const path = code === 257 ? /"((?:[^"]|"")*)"/.exec(message)?.[1]?.replaceAll('""', '"') : undefined;
    if (path?.startsWith("/")) home = path.endsWith("/") ? path : `${path}/`;
  }

  function refuseAbove(reply: FtpReply): void {
    if (reply.code < 300) return;
    if (reply.code === 421) {
      throw new EmporiumError("STORE_THROTTLED", `${redact(url)}: the server answers ${redact(reply.message)}`, {
        place: { url: redact(url) },
        retry: "later",
        hint: "the server has too many connections: use fewer, or try again later",
      });
    }
    throw replyError(reply, url);
  }

  try {
    await logIn();
  } catch (error) {
    context.close();
    throw error;
  }

  return {
    capabilities,
    home,
    get alive() {
      return !context.closed;
    },
    ask,
    async transfer(command, restartAt, stop) {
      const data = await openData(stop);
      try {
        if (restartAt > 0) {
          const reply = await ask(`REST ${restartAt}`, stop);
          if (reply.code !== 350) {
            data.socket.destroy();
            return reply;
          }
        }
        let begun: (promised: boolean) => void = () => {};
        const promise = new Promise<boolean>((resolve) => {
          begun = resolve;
        });
        const done = lastReply(context, command, () => begun(true));
        done.then(
          () => begun(false),
          () => begun(false),
        );
        if (await within(timeouts.headersMs, promise, stop)) return { data, done };
        const reply = await done.catch((thrown: unknown) => {
          if (stop?.aborted) throw cancelled(stop);
          throw lost(thrown, url);
        });
        // Some send everything, and the last reply, before the promise.
        if (reply.code < 300) return { data, done };
        data.socket.destroy();
        return reply;
      } catch (error) {
        data.socket.destroy();
        throw error;
      }
    },
    hold(held) {
      if (held) context.socket.ref();
      else context.socket.unref();
    },
    close: () => context.close(),
  };
}

/** A reply counts when its line has ended: the library takes what has come for whole, and would read the half of a port number. */
class LineContext extends FTPContext {
  private begun = "";

  protected override _onControlSocketData(chunk: string): void {
    this.begun = (this.begun ?? "") + chunk;
    const end = this.begun.lastIndexOf("\n") + 1;
    if (end === 0 && this.begun.length > LINE_LENGTH_MAX) this.closeWithError(new Error("a reply without an end"));
    if (end === 0) return;
    const whole = this.begun.slice(0, end);
    this.begun = this.begun.slice(end);
    super._onControlSocketData(whole);
  }
}

const LINE_LENGTH_MAX = 64 * 1024;

/** The first reply that is not preliminary. Errors of the server are replies too; a lost connection rejects. */
function lastReply(context: FTPContext, command: string | undefined, onPreliminary = () => {}): Promise<FtpReply> {
  return context.handle(command, (reply, task) => {
    if (reply instanceof FTPError) task.resolve({ code: reply.code, message: reply.message });
    else if (reply instanceof Error) task.reject(reply);
    else if (reply.code < 200) onPreliminary();
    else task.resolve(reply);
  }) as Promise<FtpReply>;
}

async function resolved(gate: AddressGate, host: string, url: string): Promise<readonly string[]> {
  try {
    return await gate.resolve(host);
  } catch (error) {
    throw networkError(error, url);
  }
}
