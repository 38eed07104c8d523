import { EmporiumError } from "../core/errors.js";
import { isLoopback } from "../net/public-address.js";
import { turns } from "../system/parallel.js";
import { CLIENT_ADDRESS } from "./listen.js";
import type { ServedMemory } from "./memory-shares.js";

const UNDER_WAY_CLIENT = 8;
/** Number of planes that one client may have under way or waiting: it leaves room for others. */
const ASKED_CLIENT = 32;
/**
 * The same limit for chunks: more than the hundred connections of a Python program (aiohttp), half of the requests that the
 * server works on.
 */
const CHUNKS_CLIENT = 128;
const UNDER_WAY_MAX = 64;

interface Client {
  readonly turn: ReturnType<typeof turns>;
  readonly place: ReturnType<typeof turns>;
  /** Planes, and below chunks, of the client that are under way or wait. */
  planes: number;
  chunks: number;
}

/** Turns for planes and chunks, by client. */
export function planeTurns(memory: ServedMemory) {
  const { limits } = memory;
  const clients = new Map<string, Client>();
  const place = turns(limits.planes);
  let planes = 0;
  let planeBytes = 0;
  memory.watch("planes", () => planeBytes);

  return async (request: Request, bytes: number, of: "plane" | "chunk" = "plane"): Promise<() => void> => {
    const address = clientOf(request);
    const client = clients.get(address) ?? {
      turn: turns(UNDER_WAY_CLIENT),
      // who does not read leaves room for others
      place: turns(limits.planes / 2),
      planes: 0,
      chunks: 0,
    };
    const refused = (says: string): EmporiumError =>
      new EmporiumError("STORE_THROTTLED", `too many requests: ${says} are already in progress`, {
        retry: "later",
        retryAfterMs: 1000,
        hint: "ask again in a second",
      });
    if (of === "chunk") {
      if (client.chunks >= CHUNKS_CLIENT) throw refused(`${CHUNKS_CLIENT} chunks of one client`);
      client.chunks++;
    } else {
      if (planes >= UNDER_WAY_MAX) throw refused(`${UNDER_WAY_MAX} planes`);
      if (client.planes >= ASKED_CLIENT) throw refused(`${ASKED_CLIENT} planes of one client`);
      client.planes++;
      planes++;
    }
    clients.set(address, client);
    const leave = [await client.turn(), await client.place(bytes), await place(bytes)];
    planeBytes += bytes;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      planeBytes -= bytes;
      for (const one of leave) one();
      if (of === "chunk") client.chunks--;
      else {
        client.planes--;
        planes--;
      }
      if (client.planes + client.chunks === 0) clients.delete(address);
    };
  };
}

/**
 * Identity of the client of a request. A proxy on this machine has many clients, whom it names. A program here that claims to be
 * one gains no more than being another client.
 */
function clientOf({ headers }: Request): string {
  const address = headers.get(CLIENT_ADDRESS) ?? "";
  const named = isLoopback(address) ? headers.get("x-forwarded-for")?.split(",").at(-1)?.trim() : undefined;
  return named || address;
}
