import { chmodSync, mkdirSync, rmSync, statSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { asEmporiumError, EmporiumError } from "../../../core/errors.js";
import type { Log } from "../../../core/log.js";
import { type SessionOptions, serveClient } from "./session.js";
import { wireOf } from "./wire.js";

/** Connections at a time: more are refused, and the client is told nothing since a refusal must cost nothing. */
const CLIENTS_MAX = 64;
const KEEP_ALIVE_MS = 10_000;

/** Address at which clients connect: a socket file of this machine, or a port. */
export type Address = { readonly socket: string } | { readonly host: string; readonly port: number };

export interface ClientServer {
  /** `unix:/path` or `tcp://host:port`. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves every client that connects, each with its own memory and its own share of the blocks.
 *
 * @throws {EmporiumError} USAGE for a socket in a folder that others can enter, or a port without a token; TARGET_LOCKED where another server
 *   has the socket.
 */
export async function listenForClients(at: Address, options: SessionOptions, log: Log): Promise<ClientServer> {
  if ("host" in at && options.token === undefined) throw new EmporiumError("USAGE", "a port is served with a token only");
  if ("socket" in at) await prepareSocket(at.socket);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket));
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    serveClient(wireOf(socket, socket), options).then(
      ({ batches, bytes }) => log.info("a client has ended", { batches, bytes }),
      (thrown: unknown) => {
        if (options.signal.aborted) return;
        const { code, message } = asEmporiumError(thrown);
        log.warn(`a client's stream failed: ${message}`, { code });
      },
    );
  });
  server.maxConnections = CLIENTS_MAX;
  await opened(server, at);
  return {
    address: addressOf(server, at),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function opened(server: Server, at: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const where = "socket" in at ? at.socket : `${at.host}:${at.port}`;
    server.once("error", (cause) =>
      reject(new EmporiumError("STORE_FAILED", `${where} cannot be opened: ${cause.message}`, { cause })),
    );
    const ready = () => {
      if ("socket" in at) chmodSync(at.socket, 0o600);
      resolve();
    };
    if ("socket" in at) server.listen(at.socket, ready);
    else server.listen(at.port, at.host, ready);
  });
}

function addressOf(server: Server, at: Address): string {
  if ("socket" in at) return `unix:${at.socket}`;
  const { address, port, family } = server.address() as AddressInfo;
  return `tcp://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

/**
 * Makes the folder of a socket, for its owner alone: whoever may enter it may connect. Removes a socket that nobody listens at.
 */
async function prepareSocket(path: string): Promise<void> {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode, uid } = statSync(folder);
  if ((mode & 0o077) !== 0 || (process.getuid && uid !== process.getuid())) {
    throw new EmporiumError("USAGE", `${folder}: other users can enter the folder of the socket`, {
      hint: `name a socket in a folder of mode 0700 (a folder that does not exist yet is created so)`,
    });
  }
  if (await answers(path)) throw new EmporiumError("TARGET_LOCKED", `${path}: another server listens at this socket`);
  rmSync(path, { force: true });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
