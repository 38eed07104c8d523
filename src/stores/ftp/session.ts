import { cancelled, throwIfCancelled } from "../../core/cancel.js";
import { EmporiumError } from "../../core/errors.js";
import { redact } from "../../core/redact.js";
import { connectControl, type FtpControl, type FtpHost, lastReply } from "./control.js";
import { type FtpCapabilities, openData } from "./data.js";
import { type FtpReply, lost, replyError } from "./errors.js";
import type { LentSocket } from "./lent-socket.js";

/** A reply that promises data, and the data. */
export interface FtpTransfer {
  data: LentSocket;
  /** The last reply, after the data or instead of them. */
  done: Promise<FtpReply>;
}

/** One control connection, logged in. Commands go one after the other; text is bytes, each a character (Latin-1). */
export interface FtpSession {
  readonly capabilities: FtpCapabilities;
  /** Folder in which the login begins, with `/` at its end: paths of a URL are relative to it. */
  readonly home: string;
  readonly alive: boolean;
  /** The reply, whatever its code. Throws STORE_UNAVAILABLE (`later`) when the connection is lost; it is closed then. */
  ask(command: string, signal: AbortSignal | undefined): Promise<FtpReply>;
  /** Begins a transfer, from a byte on. Without the promise of data the reply comes back. */
  transfer(command: string, restartAt: number, signal: AbortSignal | undefined): Promise<FtpTransfer | FtpReply>;
  /** Sets whether the event loop waits for the connection. */
  hold(held: boolean): void;
  close(): void;
}

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
  throwIfCancelled(signal);
  const control = await connectControl(to, url);
  const { context, ask } = control;
  const { headersMs } = to.timeouts;
  let home: string;
  try {
    home = await logIn(to, control, capabilities, url, signal);
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
      const data = await openData(to, control, capabilities, url, stop);
      return transferOn({ control, data, command, restartAt, headersMs, url, stop });
    },
    hold(held) {
      if (held) context.socket.ref();
      else context.socket.unref();
    },
    close: () => context.close(),
  };
}

/** @returns the folder in which the login begins, with a `/` at its end. */
async function logIn(
  { user, password, timeouts }: FtpHost,
  { context, greeting, within, ask }: FtpControl,
  capabilities: FtpCapabilities,
  url: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  refuseAbove(await within(timeouts.headersMs, greeting, signal), url);
  let reply = await within(timeouts.headersMs, lastReply(context, `USER ${user}`), signal);
  if (reply.code === 331) {
    const word = typeof password === "string" ? password : password.reveal();
    reply = await within(timeouts.headersMs, lastReply(context, `PASS ${word}`), signal);
  }
  refuseAbove(reply, url);
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
  if (!path?.startsWith("/")) return "/";
  return path.endsWith("/") ? path : `${path}/`;
}

function refuseAbove(reply: FtpReply, url: string): void {
  if (reply.code < 300) return;
  if (reply.code === 421) {
    throw new EmporiumError("STORE_THROTTLED", `${redact(url)}: the server answers ${redact(reply.message)}`, {
      place: { url: redact(url) },
      retry: "later",
      hint: "use fewer connections, or try again later",
    });
  }
  throw replyError(reply, url);
}

interface Transferring {
  control: FtpControl;
  data: LentSocket;
  command: string;
  restartAt: number;
  headersMs: number;
  url: string;
  stop: AbortSignal | undefined;
}

async function transferOn({
  control,
  data,
  command,
  restartAt,
  headersMs,
  url,
  stop,
}: Transferring): Promise<FtpTransfer | FtpReply> {
  const { context, within, ask } = control;
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
    if (await within(headersMs, promise, stop)) return { data, done };
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
}
