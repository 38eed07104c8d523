import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../core/clock.js";

export interface ConnectionLimits {
  /** Connections of all clients together. */
  readonly total: number;
  /** Connections from one address. */
  readonly perAddress: number;
}

export interface Connections {
  /** The connection exceeds the limit: every request on it is answered with 503. */
  isRefused(socket: Socket): boolean;
}

/**
 * Milliseconds that a refused connection has to send its request, so that it gets a reply; and the number of refused connections
 * that get one.
 */
const REFUSAL_MS = 2_000;
const REFUSALS_MAX = 256;
/** Milliseconds before a connection that was just opened, or just got its answer, counts as idle. */
const IDLE_MS = 1_000;

/**
 * Limits the connections of a server. If the limit is reached, a new connection replaces the one that has been idle longest, from
 * the same address if that has too many. It is refused only if all connections are busy.
 */
export function limitConnections(server: Server, { total, perAddress }: ConnectionLimits, clock: Clock): Connections {
  const open = new Map<Socket, string>();
  const perClient = new Map<string, number>();
  /** Idle connections and since when they are, the longest idle first. */
  const idle = new Map<Socket, number>();
  const refused = new Set<Socket>();

  server.on("connection", (socket: Socket) => {
    const address = socket.remoteAddress ?? "";
    const isRoom =
      ((perClient.get(address) ?? 0) < perAddress || closeIdle(address)) && (open.size < total || closeIdle(undefined));
    if (!isRoom) return refuse(socket);
    open.set(socket, address);
    perClient.set(address, (perClient.get(address) ?? 0) + 1);
    idle.set(socket, clock.monotonic());
    socket.once("close", () => forget(socket));
  });
  server.on("request", ({ socket }, response) => {
    idle.delete(socket);
    response.once("close", () => {
      if (open.has(socket) && !socket.destroyed) idle.set(socket, clock.monotonic());
    });
  });
  return { isRefused: (socket) => refused.has(socket) };

  function closeIdle(of: string | undefined): boolean {
    for (const [socket, since] of idle) {
      if (clock.monotonic() - since < IDLE_MS) return false;
      if (of !== undefined && open.get(socket) !== of) continue;
      forget(socket);
      socket.destroy();
      return true;
    }
    return false;
  }

  function forget(socket: Socket): void {
    const address = open.get(socket);
    if (address === undefined) return;
    open.delete(socket);
    idle.delete(socket);
    const left = perClient.get(address)! - 1;
    if (left === 0) perClient.delete(address);
    else perClient.set(address, left);
  }

  function refuse(socket: Socket): void {
    if (refused.size >= REFUSALS_MAX) {
      socket.destroy();
      return;
    }
    refused.add(socket);
    const over = new AbortController();
    clock.sleep(REFUSAL_MS, over.signal).then(
      () => socket.destroy(),
      () => {},
    );
    socket.once("close", () => {
      over.abort();
      refused.delete(socket);
    });
  }
}
