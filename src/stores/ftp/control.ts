import type { Socket } from "node:net";
import { FTPContext, FTPError } from "basic-ftp";
import { cancelled, throwIfCancelled } from "../../core/cancel.js";
import type { Clock } from "../../core/clock.js";
import type { Secret } from "../../core/redact.js";
import type { Timeouts } from "../../net/body.js";
import { networkError } from "../../net/errors.js";
import type { AddressGate } from "../../net/gate.js";
import { type FtpReply, lost } from "./errors.js";

export interface FtpHost {
  host: string;
  port: number;
  user: string;
  password: Secret | string;
  timeouts: Timeouts;
  clock: Clock;
  gate: AddressGate | undefined;
}

/** Replies to transfers. As a reply to another command they are late, and the next reply would answer the wrong command. */
const LATE = new Set([225, 226, 250, 426, 451]);

/** A control connection, before anybody is logged in. */
export interface FtpControl {
  readonly context: FTPContext;
  /** The server's first reply. */
  readonly greeting: Promise<FtpReply>;
  /** Ends the connection after a timeout, or when it is no longer needed. */
  within<T>(ms: number, work: Promise<T>, stop: AbortSignal | undefined): Promise<T>;
  /** The reply, whatever its code. */
  ask(command: string, stop: AbortSignal | undefined): Promise<FtpReply>;
}

/** @throws {EmporiumError} STORE_UNAVAILABLE, ADDRESS_REFUSED */
export async function connectControl(to: FtpHost, url: string): Promise<FtpControl> {
  const { timeouts, clock } = to;
  const { context, greeting } = await connected(to, url);
  return { context, greeting, within, ask };

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
}

/** Resolves with a connected socket. Its errors go to its reader, if any. */
export async function opened(socket: Socket, what: string, { timeouts, clock }: FtpHost, url: string): Promise<Socket> {
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

async function connected(to: FtpHost, url: string): Promise<Pick<FtpControl, "context" | "greeting">> {
  const { host, port, gate } = to;
  let last: unknown;
  for (const one of gate ? await resolved(gate, host, url) : [host]) {
    const attempt = new LineContext(0, "latin1");
    const first = lastReply(attempt, undefined);
    first.catch(() => {});
    try {
      const socket = attempt.socket;
      socket.setNoDelay(true);
      socket.connect({ host: one, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 300 });
      await Promise.race([opened(socket, one, to, url), first]);
      return { context: attempt, greeting: first };
    } catch (thrown) {
      attempt.close();
      last = thrown;
    }
  }
  throw networkError(last, url);
}

/** A reply is complete when its line has ended. The library would also parse a partial one, and read half of a port number. */
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
export function lastReply(context: FTPContext, command: string | undefined, onPreliminary = () => {}): Promise<FtpReply> {
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
